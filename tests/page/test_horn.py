"""The horn says one thing for an alarm, to those who want to hear it."""

import sqlite3
from contextlib import closing

import pytest
from playwright.sync_api import Browser, Page

from tests.page.screens import Dress, dressed, show
from tests.scenario.rehearsal import Rehearsal

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(240)]

# What the page has the browser sound, noted on its way; the sound itself is the browser's.
LISTEN = """
window.tones = [];
const start = OscillatorNode.prototype.start;
OscillatorNode.prototype.start = function (when) {
  window.tones.push(this.frequency.value);
  return start.call(this, when);
};
"""
GRAVEST = [880, 660]
GRAVE = [660, 550]


def test_the_horn_blows_once_for_an_alarm_and_once_for_a_stop_and_never_where_it_is_off(
    silent: Rehearsal, browser: Browser
) -> None:
    records = silent.folder / "data" / "records.sqlite"
    with (
        closing(sqlite3.connect(records, isolation_level=None)) as other,
        dressed(browser, Dress()) as heard,
        dressed(browser, Dress()) as muted,
        dressed(browser, Dress()) as untouched,
    ):
        for page in (heard, muted, untouched):
            page.add_init_script(LISTEN)
            show(page, silent.url, "#/", "overview")
            assert "未启用" in _sound(page)
        for page in (heard, muted):
            page.get_by_test_id("sound").click()
            page.wait_for_selector(".sound-on")
        muted.get_by_test_id("sound").click()
        muted.wait_for_selector(".sound-muted")

        heard.locator(".banner .what").wait_for(timeout=40_000)
        assert _tones(heard) in (GRAVEST, GRAVE)
        other.execute("BEGIN IMMEDIATE")
        for page in (heard, muted, untouched):
            page.get_by_test_id("alarm-stop").wait_for(timeout=60_000)
        assert _tones(heard) == GRAVEST
        heard.wait_for_timeout(2_000)  # it stands still for many frames, and is told once
        other.execute("ROLLBACK")
        heard.get_by_test_id("alarm-stop").wait_for(state="detached", timeout=30_000)
        assert _tones(heard) == []

        assert "静音" in _sound(muted)
        assert "未启用" in _sound(untouched)
        for page in (muted, untouched):
            assert _tones(page) == []


def _sound(page: Page) -> str:
    return page.get_by_test_id("sound").inner_text()


def _tones(page: Page) -> list[int]:
    """Return what the page sounded since it was asked last."""
    page.wait_for_timeout(300)
    return [int(one) for one in page.evaluate("window.tones.splice(0)")]
