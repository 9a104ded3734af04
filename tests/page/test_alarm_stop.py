"""While alarms cannot be kept no page looks calm."""

import sqlite3
from contextlib import closing

import pytest
from playwright.sync_api import Browser, Page

from tests.page.screens import PHONE, SCREENSHOTS, Dress, dressed, show
from tests.scenario.rehearsal import Rehearsal

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(240)]


def test_alarms_that_cannot_be_kept_stand_in_big_letters_on_every_page(
    silent: Rehearsal, browser: Browser
) -> None:
    records = silent.folder / "data" / "records.sqlite"
    with (
        closing(sqlite3.connect(records, isolation_level=None)) as other,
        dressed(browser, Dress()) as wall,
        dressed(browser, Dress(PHONE, "en", "dark")) as phone,
    ):
        show(wall, silent.url, "#/", "overview")
        show(phone, silent.url, "#/trends", "trends")
        assert wall.get_by_test_id("alarm-stop").count() == 0
        other.execute("BEGIN IMMEDIATE")
        for page, words in ((wall, "报警已停顿"), (phone, "ALARMS STAND STILL")):
            stop = page.get_by_test_id("alarm-stop")
            stop.wait_for(timeout=60_000)
            assert words in stop.inner_text()
            assert stop.get_attribute("role") == "alert"
        assert "没有活动报警" not in wall.inner_text("body")
        _take_pictures(wall, phone)
        other.execute("ROLLBACK")
        for page in (wall, phone):
            page.get_by_test_id("alarm-stop").wait_for(state="detached", timeout=30_000)
        # What waited is told now: the silent PLC.
        wall.locator(".banner .what").wait_for(timeout=30_000)


def _take_pictures(wall: Page, phone: Page) -> None:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    wall.screenshot(path=SCREENSHOTS / "alarm-stop-wall-zh.png")
    phone.screenshot(path=SCREENSHOTS / "alarm-stop-phone-en.png")
