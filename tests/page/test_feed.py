"""What the screens say when frames are lost, stop, or bring values that cannot be believed."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, WebSocketRoute

from tests.page.screens import Dress, ask, dressed, show

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SAYS_SO_WITHIN_S = 2.0
TOLERANCE_S = 0.5

Frame = dict[str, Any]
Change = Callable[[Frame], Frame | None]


class Wire:
    """The live socket between page and monitor, where frames can be changed or held."""

    def __init__(self, page: Page) -> None:
        self.change: Change = lambda frame: frame
        self.snapshots = 0
        page.route_web_socket("**/api/live", self._carry)

    def _carry(self, route: WebSocketRoute) -> None:
        server = route.connect_to_server()

        def pass_on(message: str | bytes) -> None:
            frame = json.loads(message)
            self.snapshots += frame["kind"] == "snapshot"
            changed = self.change(frame)
            if changed is not None:
                route.send(json.dumps(changed))

        server.on_message(pass_on)


def _speed_slot(server: str) -> tuple[int, str, float]:
    site = ask(server, "/api/site")
    slot = site["ropeways"][0]["speed"]
    tag = site["tags"][slot]
    scan_s = next(d["scan_s"] for d in site["devices"] if d["id"] == tag["device"])
    return slot, tag["id"], float(scan_s)


def _in_frame(frame: Frame, slot: int) -> int | None:
    slots = frame["slots"]
    if slots is None:
        return slot
    return slots.index(slot) if slot in slots else None


def _hold(_: Frame) -> None:
    """Let nothing through."""


def _with_quality(slot: int, quality: int) -> Change:
    def change(frame: Frame) -> Frame:
        at = _in_frame(frame, slot)
        if at is not None:
            frame["quality"][at] = quality
            # The device may be away just now; the test is about the quality alone.
            frame["values"][at] = frame["values"][at] or 4.2
        return frame

    return change


def _around(slot: int, first: int, last: int) -> list[list[int]]:
    """Return the runs that are left of one run without `slot`."""
    if not first <= slot <= last:
        return [[first, last]]
    return [run for run in ([first, slot - 1], [slot + 1, last]) if run[0] <= run[1]]


def _without(slot: int) -> Change:
    def change(frame: Frame) -> Frame:
        at = _in_frame(frame, slot)
        if frame["slots"] is not None and at is not None:
            for column in ("slots", "values", "quality", "source_ms", "good_ms"):
                if column in frame:
                    del frame[column][at]
        frame["seen"] = [
            run for first, last in frame.get("seen", []) for run in _around(slot, first, last)
        ]
        return frame

    return change


def _shown(page: Page, tag: str, quality: str) -> str:
    found = page.wait_for_selector(
        f".ind[data-tag='{tag}'][data-quality='{quality}']", timeout=15000
    )
    return found.query_selector(".value").inner_text()  # type: ignore[union-attr]


@pytest.mark.parametrize("where", ["#/", "#/alarms", "#/tasks", "#/health"])
def test_a_stopped_feed_is_said_within_two_seconds(
    page_server: str, browser: Browser, where: str
) -> None:
    with dressed(browser, Dress()) as page:
        wire = Wire(page)
        show(page, page_server, where, where.removeprefix("#/") or "overview")
        wire.change = _hold
        stopped = time.monotonic()
        page.wait_for_selector(".feed-stop >> visible=true", timeout=6000)
        assert time.monotonic() - stopped <= SAYS_SO_WITHIN_S + TOLERANCE_S
        assert page.locator("body").get_attribute("data-feed") == "stopped"
        wire.change = lambda frame: frame
        page.wait_for_selector("body[data-feed='live']", timeout=20000)
        assert page.locator(".feed-stop").count() == 0


def test_a_hole_in_the_numbering_brings_a_new_snapshot(page_server: str, browser: Browser) -> None:
    with dressed(browser, Dress()) as page:
        wire = Wire(page)
        show(page, page_server, "#/", "overview")
        before = wire.snapshots
        lost: list[int] = []

        def lose_one(frame: Frame) -> Frame | None:
            if frame["kind"] == "delta" and not lost:
                lost.append(frame["n"])
                return None
            return frame

        wire.change = lose_one
        page.wait_for_timeout(3000)
        assert lost
        assert wire.snapshots == before + 1
        assert page.locator("body").get_attribute("data-feed") == "live"


@pytest.mark.parametrize("quality", [128, 130, 132, 134])
def test_a_bad_value_is_a_dash_with_its_reason(
    page_server: str, browser: Browser, quality: int
) -> None:
    slot, tag, _ = _speed_slot(page_server)
    with dressed(browser, Dress()) as page:
        wire = Wire(page)
        wire.change = _with_quality(slot, quality)
        show(page, page_server, "#/", "overview")
        assert _shown(page, tag, "bad") == "—"
        reason = page.locator(f".ind[data-tag='{tag}'] small").inner_text()
        assert reason.strip() != ""


def test_an_uncertain_value_is_shown_in_italics_with_dots(
    page_server: str, browser: Browser
) -> None:
    slot, tag, _ = _speed_slot(page_server)
    with dressed(browser, Dress()) as page:
        wire = Wire(page)
        wire.change = _with_quality(slot, 64)
        show(page, page_server, "#/", "overview")
        assert _shown(page, tag, "uncertain") != "—"
        value = page.locator(f".ind[data-tag='{tag}'] .value")
        style = "e => [getComputedStyle(e).fontStyle, getComputedStyle(e).textDecorationStyle]"
        assert value.evaluate(style) == ["italic", "dotted"]


def test_a_value_that_is_no_longer_sent_becomes_old(page_server: str, browser: Browser) -> None:
    slot, tag, scan_s = _speed_slot(page_server)
    with dressed(browser, Dress()) as page:
        wire = Wire(page)
        wire.change = _with_quality(slot, 0)
        show(page, page_server, "#/", "overview")
        _shown(page, tag, "good")
        wire.change = _without(slot)
        begun = time.monotonic()
        assert _shown(page, tag, "old") == "—"
        assert time.monotonic() - begun <= 2 * scan_s + 1 + 2


def test_a_value_that_stays_is_not_told_again_and_never_looks_old(
    page_server: str, browser: Browser
) -> None:
    slot, tag, scan_s = _speed_slot(page_server)
    told: list[int] = []

    def still(frame: Frame) -> Frame:
        """Let the value be sent once, and then only that it is read."""
        at = _in_frame(frame, slot)
        if told and frame["slots"] is not None and at is not None:
            for column in ("slots", "values", "quality", "source_ms", "good_ms"):
                del frame[column][at]
        elif at is not None:
            frame["quality"][at], frame["values"][at] = 0, 4.2
            told.append(frame["n"])
        return frame

    with dressed(browser, Dress()) as page:
        wire = Wire(page)
        wire.change = still
        show(page, page_server, "#/", "overview")
        _shown(page, tag, "good")
        page.wait_for_timeout((2 * scan_s + 1 + 2) * 1000)
        assert page.locator(f".ind[data-tag='{tag}'][data-quality='good']").count() > 0
        wire.change = _without(slot)
        assert _shown(page, tag, "old") == "—"
        wire.change = still
        _shown(page, tag, "good")
