"""Nobody who sees little or works by keyboard alone meets a serious obstacle (axe-core)."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.page.screens import LISTS, ONES, PHONE, Dress, address, dressed, show

pytestmark = [pytest.mark.browser, pytest.mark.slow]

AXE = Path(__file__).parents[2] / "dashboards" / "node_modules" / "axe-core" / "axe.min.js"
GRAVE = {"serious", "critical"}
RUN = "async () => (await axe.run(document, {resultTypes: ['violations']})).violations"


def obstacles(page: Page) -> list[str]:
    """Return what axe-core calls serious or critical: the rule, and where it is broken."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found: list[dict[str, Any]] = page.evaluate(RUN)
    return [
        f"{one['id']}: {node['target']} {node['failureSummary']}"
        for one in found
        if one["impact"] in GRAVE
        for node in one["nodes"]
    ]


@pytest.mark.parametrize("name", [*LISTS, *ONES])
@pytest.mark.parametrize(
    "dress",
    [Dress(), Dress(PHONE, "en", "dark")],
    ids=["wall zh light", "phone en dark"],
)
def test_no_page_holds_a_serious_obstacle(
    page_server: str, browser: Browser, name: str, dress: Dress
) -> None:
    where = address(page_server, name)
    assert where is not None
    with dressed(browser, dress) as page:
        show(page, page_server, where, name)
        assert "\n".join(obstacles(page)) == ""


@pytest.mark.parametrize("dress", [Dress(), Dress(PHONE, "en", "dark")], ids=["wall", "phone"])
def test_the_door_holds_no_serious_obstacle(
    page_server: str, browser: Browser, dress: Dress
) -> None:
    with dressed(browser, dress) as page:
        page.goto(f"{page_server}/")
        page.wait_for_selector("main[data-page='log-in']")
        assert "\n".join(obstacles(page)) == ""


def test_the_dialogs_hold_no_serious_obstacle(page_server: str, browser: Browser) -> None:
    with dressed(browser, Dress()) as page:
        show(page, page_server, "#/people", "people")
        for button in ("add-person", "add-key"):
            page.get_by_test_id(button).click()
            page.locator("dialog[open]").wait_for()
            assert "\n".join(obstacles(page)) == ""
            page.keyboard.press("Escape")
            page.locator("dialog[open]").wait_for(state="detached")
