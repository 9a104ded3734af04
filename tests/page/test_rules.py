"""Rules are changed from the page: faults by their place, replayed, signed by another person."""

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.page.screens import (
    NEW_PASSWORD,
    PHONE,
    SCREENSHOTS,
    Dress,
    ask,
    dressed,
    newcomer,
    show,
)

# The limit counts the start of the demo mountain too, and must outlast every wait below.
pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]


def _become_leader(page: Page, server: str) -> None:
    """Have the browser be a duty leader, who proposed nothing."""
    cookie = newcomer(server, "page-leader", "带班 赵", "duty_leader")
    name, _, value = cookie.partition("=")
    page.context.add_cookies([{"name": name, "value": value, "url": server}])


def _hold_up_replay(server: str) -> None:
    """Have the server's process that judges again stand still: there is time to look at it."""
    port = server.rpartition(":")[2].encode()
    deadline_s = time.monotonic() + 20
    while time.monotonic() < deadline_s:
        for words in Path("/proc").glob("[0-9]*/cmdline"):
            with suppress(OSError):
                parent = words.with_name("stat").read_text().rpartition(")")[2].split()[1]
                asked_by = Path(f"/proc/{parent}/cmdline").read_bytes().split(b"\0")
                if b"api.replaying" in words.read_bytes() and port in asked_by:
                    os.kill(int(words.parent.name), signal.SIGSTOP)
                    return
        time.sleep(0.05)
    message = "no replay began"
    raise AssertionError(message)


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
        # The judging gives way to all that is live, so on a busy machine it takes its time.
        page.get_by_test_id("replayed").wait_for(timeout=120_000)
        assert page.get_by_test_id("replay-job").count() == 0
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


def _propose(page: Page, server: str) -> None:
    """Propose another limit and come to the proposal's page."""
    show(page, server, "#/rules", "rules")
    page.get_by_test_id("propose").click()
    text = page.get_by_test_id("rules-text")
    high = next(line for line in text.input_value().splitlines() if line.startswith("high = "))
    text.fill(text.input_value().replace(high, "high = 13.5", 1))
    page.get_by_test_id("rules-why").fill("再下调")
    page.get_by_test_id("propose-save").click()
    page.wait_for_selector("main[data-page='rule-set']")


def test_a_replay_is_watched_and_called_off_from_any_page_of_rules(
    page_server: str, browser: Browser
) -> None:
    with dressed(browser, Dress()) as page:
        _propose(page, page_server)
        page.get_by_test_id("replay-30").click()
        _hold_up_replay(page_server)
        job = page.get_by_test_id("replay-job")
        job.wait_for()
        assert "正在重放" in job.inner_text()
        assert job.get_by_role("progressbar").count() == 1
        assert page.get_by_test_id("replay-1").is_disabled()
        page.reload()
        job.wait_for()
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=SCREENSHOTS / "replay-wall-zh.png")
        with dressed(browser, Dress(PHONE, "en")) as phone:
            show(phone, page_server, "#/rules/1", "rule-set")
            there = phone.get_by_test_id("replay-job")
            there.evaluate("one => one.scrollIntoView({ block: 'center' })")
            assert there.get_by_role("link").count() == 1
            assert there.get_by_test_id("call-off").is_visible()
            phone.screenshot(path=SCREENSHOTS / "replay-phone-en.png")
        page.get_by_test_id("call-off").click()
        page.locator("[data-testid='replay-job'][data-state='called_off']").wait_for()
        assert "已由" in job.inner_text()
        assert page.get_by_test_id("replay-1").is_enabled()
        page.get_by_test_id("withdraw").click()
        page.get_by_test_id("withdraw").wait_for(state="detached")
