"""What a page shows and cannot renew is said to be old; nothing stays calm by standing still."""

import pytest
from playwright.sync_api import Browser, Route

from tests.page.screens import Dress, dressed, show

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(180)]

UNREADABLE = {"title": {"zh": "记录暂时无法保存", "en": "records cannot be kept now"}, "detail": ""}


def test_a_page_says_since_when_parts_of_it_are_not_renewed(
    page_server: str, browser: Browser
) -> None:
    unreadable = False

    def answer(route: Route) -> None:
        if unreadable:
            route.fulfill(status=503, json=UNREADABLE)
        else:
            route.fallback()

    with dressed(browser, Dress()) as page:
        page.route("**/api/health", answer)
        show(page, page_server, "#/health", "health")
        chip = page.get_by_test_id("unanswered")
        assert chip.count() == 0
        unreadable = True
        chip.wait_for(timeout=30_000)
        assert "未更新：记录暂时无法保存" in chip.inner_text()
        page.goto(f"{page_server}/#/tasks")
        chip.wait_for(state="detached")
        page.goto(f"{page_server}/#/health")
        chip.wait_for()
        unreadable = False
        chip.wait_for(state="detached", timeout=30_000)
