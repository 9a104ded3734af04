"""The past on the trend page: what is missing is hatched, named and never bridged."""

import pytest
from playwright.sync_api import Browser, Page

from tests.page.screens import PHONE, Dress, ask, dressed, show

pytestmark = [pytest.mark.browser, pytest.mark.slow]

# How many points of the drawing have the colour of live values, by tenths of its width.
LIVE_BY_TENTHS = """(selector) => {
  const canvas = document.querySelector(selector + ' canvas');
  const live = getComputedStyle(document.documentElement).getPropertyValue('--live').trim();
  const [r, g, b] = [1, 3, 5].map((at) => parseInt(live.slice(at, at + 2), 16));
  const near = (one, other) => Math.abs(one - other) < 24;
  const { width, height } = canvas;
  const { data } = canvas.getContext('2d').getImageData(0, 0, width, height);
  const found = Array(10).fill(0);
  for (let at = 0; at < data.length; at += 4)
    if (near(data[at], r) && near(data[at + 1], g) && near(data[at + 2], b) && data[at + 3] > 120)
      found[Math.floor((((at / 4) % width) / width) * 10)] += 1;
  return found;
}"""


def opened(page: Page, server: str, span_s: int) -> str:
    """Open the trend of the first ropeway's speed; return the lane's selector."""
    way = ask(server, "/api/site")["ropeways"][0]["id"]
    tag = f"{way}.drive.speed"
    show(page, server, f"#/trends/{tag}~{span_s}~", "trends")
    lane = f"[data-testid='lane-{tag}']"
    page.wait_for_selector(f"{lane} canvas")
    page.wait_for_timeout(500)
    return lane


def test_what_was_before_the_monitor_began_is_not_drawn(page_server: str, browser: Browser) -> None:
    with dressed(browser, Dress()) as page:
        tenths = page.evaluate(LIVE_BY_TENTHS, opened(page, page_server, 28_800))
        assert sum(tenths[1:5]) == 0
        assert sum(tenths[8:]) > 0


def test_a_year_is_shown_from_hours_and_says_so(page_server: str, browser: Browser) -> None:
    with dressed(browser, Dress(language="en")) as page:
        opened(page, page_server, 3600)
        page.get_by_test_id("trend-span-31536000").click()
        said = page.get_by_test_id("trend-resolution").filter(has_text="from hours")
        said.wait_for(timeout=15_000)
        assert "~31536000~" in page.evaluate("decodeURIComponent(location.hash)")


def test_a_tag_is_found_by_its_name_with_the_keyboard_alone(
    page_server: str, browser: Browser
) -> None:
    with dressed(browser, Dress(PHONE)) as page:
        opened(page, page_server, 3600)
        page.get_by_test_id("tag-search").focus()
        page.keyboard.type("middle.drive.torque")
        page.keyboard.press("Enter")
        page.wait_for_selector("[data-testid='lane-middle.drive.torque'] canvas")
        assert "middle.drive.torque" in page.evaluate("decodeURIComponent(location.hash)")


def test_the_ledger_says_why_something_is_missing(page_server: str, browser: Browser) -> None:
    with dressed(browser, Dress()) as page:
        opened(page, page_server, 3600)
        gaps = ask(page_server, "/api/gaps")["gaps"]
        mine = [gap for gap in gaps if gap["device"] == "north_drive_plc"]
        listed = page.get_by_test_id("trend-gaps")
        if mine:
            assert listed.locator("li").count() > 0
        else:
            assert listed.count() == 0
