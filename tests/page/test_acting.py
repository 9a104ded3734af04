"""Acting from the screens: by keyboard, under a name, and never twice."""

import pytest
from playwright.sync_api import Browser, Page

from tests.page.screens import PHONE, Dress, ask, dressed, show

pytestmark = [pytest.mark.browser, pytest.mark.slow]

MOST_TABS = 160


def _tab_to(page: Page, testid: str) -> bool:
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        focused = page.evaluate("document.activeElement?.dataset.testid ?? ''")
        if focused == testid:
            return True
    return False


def test_an_alarm_is_acknowledged_by_keyboard_under_a_name(
    page_server: str, browser: Browser
) -> None:
    alarms = ask(page_server, "/api/alarms?state=open")["alarms"]
    waiting = [one for one in alarms if one["state"] == "unacknowledged"]
    if not waiting:
        pytest.skip("the monitor has no unacknowledged alarm")
    alarm = waiting[-1]["id"]
    with dressed(browser, Dress()) as page:
        show(page, page_server, "#/alarms", "alarms")
        assert _tab_to(page, f"ack-{alarm}")
        page.keyboard.press("Enter")
        page.wait_for_selector("[data-testid='actor-name']:focus")
        page.keyboard.type("值班长 张")
        page.keyboard.press("Enter")
        page.wait_for_selector(f"[data-testid='ack-{alarm}']", state="detached")
    after = ask(page_server, "/api/alarms?state=all&limit=500")["alarms"]
    mine = next(one for one in after if one["id"] == alarm)
    assert mine["acknowledged_by"] == "值班长 张"


def test_a_focused_button_shows_its_focus(page_server: str, browser: Browser) -> None:
    with dressed(browser, Dress()) as page:
        show(page, page_server, "#/", "overview")
        assert _tab_to(page, "sound")
        width = page.evaluate("getComputedStyle(document.activeElement).outlineWidth")
        assert width == "3px"


def test_without_a_name_nothing_is_acknowledged(page_server: str, browser: Browser) -> None:
    alarms = ask(page_server, "/api/alarms?state=open")["alarms"]
    waiting = [one for one in alarms if one["state"] in ("unacknowledged", "returned")]
    if not waiting:
        pytest.skip("the monitor has no alarm to acknowledge")
    alarm = waiting[0]
    with dressed(browser, Dress()) as page:
        show(page, page_server, "#/alarms", "alarms")
        page.get_by_test_id(f"ack-{alarm['id']}").click()
        page.keyboard.press("Escape")
        page.wait_for_timeout(500)
    after = ask(page_server, "/api/alarms?state=open")["alarms"]
    assert next(one for one in after if one["id"] == alarm["id"])["state"] == alarm["state"]


def test_a_decision_is_not_signed_before_one_is_chosen(page_server: str, browser: Browser) -> None:
    heads = ask(page_server, "/api/consultations")["consultations"]
    waiting = [head for head in heads if head["state"] == "open"]
    if not waiting:
        pytest.skip("the monitor has no open consultation")
    head = waiting[0]
    before = ask(page_server, f"/api/consultations/{head['id']}")["decisions"]
    with dressed(browser, Dress(PHONE)) as page:
        show(page, page_server, f"#/consultations/{head['id']}", "consultation")
        page.get_by_test_id(f"decide-{head['ropeways'][0]}").click()
        page.get_by_test_id("decision-save").click()
        page.wait_for_timeout(500)
        assert page.locator("dialog").is_visible()
    assert ask(page_server, f"/api/consultations/{head['id']}")["decisions"] == before
