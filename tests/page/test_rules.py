"""Rules are changed from the page: faults by their place, replayed, signed by another person."""

import pytest
from playwright.sync_api import Browser, Page

from tests.page.screens import NEW_PASSWORD, Dress, ask, dressed, newcomer, show

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def _become_leader(page: Page, server: str) -> None:
    """Have the browser be a duty leader, who proposed nothing."""
    cookie = newcomer(server, "page-leader", "带班 赵", "duty_leader")
    name, _, value = cookie.partition("=")
    page.context.add_cookies([{"name": name, "value": value, "url": server}])


def test_a_change_of_rules_goes_its_whole_way(page_server: str, browser: Browser) -> None:
    version = ask(page_server, "/api/rules")["version"]
    with dressed(browser, Dress()) as page:
        show(page, page_server, "#/rules", "rules")
        page.get_by_test_id("propose").click()
        text = page.get_by_test_id("rules-text")
        rules = text.input_value()
        text.fill(rules.replace('kind = "limit"', 'kind = "guess"', 1))
        page.get_by_test_id("check-rules").click()
        assert "kind" in page.get_by_test_id("rule-faults").inner_text()
        high = next(line for line in rules.splitlines() if line.startswith("high = "))
        text.fill(rules.replace(high, "high = 12.5", 1))
        page.get_by_test_id("rules-why").fill("夏季阵风限值下调")
        page.get_by_test_id("propose-save").click()
        page.wait_for_selector("main[data-page='rule-set']")
        assert "high = 12.5" in page.get_by_test_id("rules-diff").inner_text()
        page.get_by_test_id("replay-1").click()
        page.get_by_test_id("replayed").wait_for(timeout=40_000)
        assert page.get_by_test_id("approve").count() == 0
        where = page.url
    with dressed(browser, Dress()) as page:
        _become_leader(page, page_server)
        page.goto(where)
        page.get_by_test_id("approve").click()
        page.get_by_test_id("signature").fill(NEW_PASSWORD)
        page.get_by_test_id("sign").click()
        page.locator("dialog").wait_for(state="detached")
        page.get_by_text("现行，自").wait_for(timeout=15_000)
    assert ask(page_server, "/api/rules")["version"] != version
