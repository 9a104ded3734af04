"""Acting from the screens: by keyboard, under the name of who is logged in, and signed."""

import pytest
from playwright.sync_api import Browser, Page

from tests.page.screens import (
    LISTS,
    NEW_PASSWORD,
    PHONE,
    SCREENSHOTS,
    Dress,
    address,
    ask,
    dressed,
    newcomer,
    show,
    unfold,
)
from tests.people import LOGIN, NAME, PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.slow]

MOST_TABS = 160


def _tab_to(page: Page, testid: str) -> bool:
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        focused = page.evaluate("document.activeElement?.dataset.testid ?? ''")
        if focused == testid:
            return True
    return False


def test_an_alarm_is_acknowledged_by_keyboard_under_the_name_of_the_session(
    page_server: str, browser: Browser
) -> None:
    alarms = ask(page_server, "/api/alarms?state=open")["alarms"]
    waiting = [one for one in alarms if one["state"] == "unacknowledged"]
    if not waiting:
        pytest.skip("the monitor has no unacknowledged alarm")
    alarm = waiting[-1]["id"]
    with dressed(browser, Dress()) as page:
        show(page, page_server, "#/alarms", "alarms")
        unfold(page)
        assert _tab_to(page, f"ack-{alarm}")
        page.keyboard.press("Enter")
        page.wait_for_selector(f"[data-testid='ack-{alarm}']", state="detached")
    after = ask(page_server, "/api/alarms?state=all&limit=500")["alarms"]
    mine = next(one for one in after if one["id"] == alarm)
    assert mine["acknowledged_by"] == NAME


def test_a_focused_button_shows_its_focus(page_server: str, browser: Browser) -> None:
    with dressed(browser, Dress()) as page:
        show(page, page_server, "#/", "overview")
        assert _tab_to(page, "sound")
        width = page.evaluate("getComputedStyle(document.activeElement).outlineWidth")
        assert width == "3px"


def test_somebody_logs_in_by_keyboard_and_out_again(page_server: str, browser: Browser) -> None:
    with dressed(browser, Dress()) as page:
        page.goto(f"{page_server}/#/alarms")
        page.wait_for_selector("[data-testid='login']:focus")
        page.keyboard.type(LOGIN)
        page.keyboard.press("Tab")
        page.keyboard.type("not the password")
        page.keyboard.press("Enter")
        page.wait_for_selector("[role=alert]")
        page.get_by_test_id("password").fill(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_selector("main[data-page='alarms']")
        page.wait_for_selector("body[data-feed='live']")
        page.get_by_test_id("account").click()
        page.get_by_test_id("log-out").click()
        page.wait_for_selector("main[data-page='log-in']")
        assert page.locator("body").inner_text().count(NAME) == 0


def test_a_wrong_password_signs_nothing(page_server: str, browser: Browser) -> None:
    tasks = ask(page_server, "/api/tasks?state=open")["tasks"]
    task = tasks[0]["id"]
    with dressed(browser, Dress()) as page:
        show(page, page_server, "#/tasks", "tasks")
        page.get_by_test_id(f"close-task-{task}").click()
        page.get_by_test_id("result-pass").check()
        page.get_by_test_id("signature").fill("not the password")
        page.get_by_test_id("task-save").click()
        page.wait_for_selector("dialog [role=alert]")
    after = ask(page_server, "/api/tasks?state=open")["tasks"]
    assert task in [one["id"] for one in after]


def test_a_wall_screen_shows_everything_and_has_no_button_that_acts(
    page_server: str, browser: Browser
) -> None:
    with dressed(browser, Dress()) as page:
        show(page, page_server, "#/people", "people")
        page.get_by_test_id("add-key").click()
        page.get_by_test_id("key-name").fill("大屏")
        page.get_by_test_id("signature").fill(PASSWORD)
        page.get_by_test_id("key-save").click()
        link = page.get_by_test_id("secret").inner_text()
    with dressed(browser, Dress()) as page:
        page.goto(link)
        page.wait_for_selector("main[data-page='overview']")
        page.wait_for_selector("body[data-feed='live']")
        page.goto(f"{page_server}/#/alarms")
        page.wait_for_selector("main[data-page='alarms']")
        assert page.locator("[data-testid^='ack-']").count() == 0
        assert page.locator("[data-testid^='shelve-']").count() == 0


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


def test_the_most_pressing_alarm_stands_on_every_page(page_server: str, browser: Browser) -> None:
    if not ask(page_server, "/api/alarms?state=open")["alarms"]:
        pytest.skip("the monitor has no open alarm")
    with dressed(browser, Dress()) as page:
        for name in LISTS:
            where = address(page_server, name)
            assert where is not None
            show(page, page_server, where, name)
            shown = ".alarms li" if name == "alarms" else ".banner:not(.calm) .what"
            assert page.locator(shown).first.is_visible(), name


def test_an_alarm_is_taken_out_of_service_by_two(page_server: str, browser: Browser) -> None:
    alarms = ask(page_server, "/api/alarms?state=open")["alarms"]
    shown = [one for one in alarms if one["state"] in ("unacknowledged", "acknowledged")]
    if not shown:
        pytest.skip("the monitor has no alarm to take out")
    alarm = shown[-1]
    newcomer(page_server, "page-second", "值班长 钱", "shift_lead")
    with dressed(browser, Dress()) as page:
        show(page, page_server, "#/alarms", "alarms")
        unfold(page)
        page.get_by_test_id(f"take-out-{alarm['id']}").click()
        page.locator("dialog textarea[name=reason]").fill("更换传感器")
        page.locator("dialog input[name=second_login]").fill("page-second")
        page.get_by_test_id("second-password").fill(NEW_PASSWORD)
        page.get_by_test_id("take-out-save").click()
        page.locator("dialog").wait_for(state="detached")
        page.get_by_test_id(f"back-{alarm['id']}").wait_for()
    sheet = ask(page_server, "/api/alarms/hand-over")["out_of_service"]
    (mine,) = [one for one in sheet if one["id"] == alarm["id"]]
    assert (mine["aside"]["by"], mine["aside"]["second"]) == (NAME, "值班长 钱")


def test_a_bypass_is_entered_by_two_and_ended_by_name(page_server: str, browser: Browser) -> None:
    newcomer(page_server, "page-approver", "安全员 孙", "safety_officer")
    with dressed(browser, Dress()) as page:
        show(page, page_server, "#/alarms", "alarms")
        page.get_by_test_id("bypass-enter").click()
        page.locator("dialog input[name=safety_device]").fill("上站 进站门限位")
        page.locator("dialog textarea[name=reason]").fill("限位开关损坏，等待更换")
        page.locator("dialog textarea[name=measures]").fill("专人值守进站口")
        page.locator("dialog input[name=second_login]").fill("page-approver")
        page.get_by_test_id("second-password").fill(NEW_PASSWORD)
        page.get_by_test_id("bypass-save").click()
        page.locator("dialog").wait_for(state="detached")
        (mine,) = ask(page_server, "/api/bypasses")["standing"]
        page.get_by_test_id(f"bypass-end-{mine['id']}").wait_for()
        page.locator(".alarms li", has_text="安全装置已旁路").first.wait_for()
        page.get_by_test_id("bypasses").scroll_into_view_if_needed()
        page.screenshot(path=SCREENSHOTS / "bypass-wall-zh.png")
        with dressed(browser, Dress(PHONE, "en")) as phone:
            show(phone, page_server, "#/alarms", "alarms")
            phone.get_by_test_id(f"bypass-end-{mine['id']}").scroll_into_view_if_needed()
            phone.screenshot(path=SCREENSHOTS / "bypass-phone-en.png")
        page.get_by_test_id(f"bypass-end-{mine['id']}").click()
        page.locator("dialog textarea[name=note]").fill("已更换并试验合格")
        page.get_by_test_id("bypass-end-save").click()
        page.locator("dialog").wait_for(state="detached")
    sheet = ask(page_server, "/api/bypasses")
    assert (sheet["standing"], sheet["ended"][0]["ended_by"]) == ([], NAME)
    assert mine["approvals"][0]["approved_by"] == "安全员 孙"
