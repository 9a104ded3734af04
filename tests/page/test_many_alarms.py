"""Ten thousand events from one cause: the list opens at once, and the operator sees one line."""

import asyncio
import statistics
import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Browser

from analytics.model import AlarmKind
from analytics.records import Records
from collector.clock import Clock
from tests.page.screens import Dress, ask, dressed, show
from tests.scenario.rehearsal import Rehearsal
from tests.unit.analytics.records_words import an_alarm

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(240)]

EVENTS = 10_000
OPENS_WITHIN_MS = 300
# From the touch on the link to the first line that is laid out.
OPEN = """() => new Promise((done) => {
  const begin = performance.now();
  location.hash = '#/alarms';
  const line = 'main[data-page=alarms] li.alarm';
  const shown = () => document.querySelector(line)?.getClientRects().length;
  const look = () => requestAnimationFrame(shown() ? () => done(performance.now() - begin) : look);
  look();
})"""


async def _raise_all(records: Records) -> None:
    async with records.transaction() as stores:
        first = replace(an_alarm(), source="system/cause", kind=AlarmKind.SYSTEM, priority=1)
        cause = await stores.alarms.raise_alarm(first)
        for number in range(EVENTS - 1):
            one = replace(first, source=f"system/follows/{number}", cause=cause.id, priority=2)
            await stores.alarms.raise_alarm(one)


@pytest.fixture(scope="module")
def flooded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A monitor whose records hold ten thousand open alarms that follow from one."""
    rehearsal = Rehearsal(tmp_path_factory.mktemp("flooded"), "silent_plc")

    async def keep() -> None:
        folder = rehearsal.folder / "data"
        async with Records.open(folder / "records.sqlite", Clock().now_ns) as records:
            await _raise_all(records)

    # Playwright's loop runs in this thread already.
    thread = threading.Thread(target=lambda: asyncio.run(keep()))
    thread.start()
    thread.join()
    with rehearsal:
        yield rehearsal.url


def test_the_list_opens_at_once_and_shows_one_line(flooded: str, browser: Browser) -> None:
    with dressed(browser, Dress()) as page:
        show(page, flooded, "#/", "overview")
        opened_ms = []
        for _ in range(5):
            opened_ms.append(page.evaluate(OPEN))
            page.evaluate("location.hash = '#/tasks'")
            page.wait_for_selector("main[data-page='tasks']")
            page.wait_for_timeout(300)
        print(f"opened in {[round(one) for one in opened_ms]} ms")
        assert statistics.median(opened_ms) < OPENS_WITHIN_MS
        page.evaluate(OPEN)
        lines = page.locator("main li.alarm").filter(visible=True)
        ours = [text for text in lines.all_inner_texts() if "七号支架阵风" in text]
        assert len(ours) == 1
        assert f"{EVENTS - 1}" in page.locator("details.following summary").first.inner_text()


def test_what_the_page_was_not_sent_is_given_on_asking(flooded: str) -> None:
    listed = ask(flooded, "/api/alarms?state=open&limit=5")["alarms"]
    cause = next(one["id"] for one in listed if one["source"] == "system/cause")
    found = ask(flooded, f"/api/alarms/{cause}/consequences?limit=1000")
    assert (len(found["alarms"]), found["all"]) == (1000, EVENTS - 1)
