"""Stored days judged again: what live raised, and what other rules would raise."""

import asyncio
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.config import Judging
from analytics.model import Activation
from analytics.replay import Difference, Replay, stored_scans
from collector.model import Quality
from tests.unit.analytics.judging_words import (
    GUST,
    OTHER_GUST,
    SPEED,
    Reading,
    a_judging,
    a_plant,
    a_rule,
    scans_of,
)
from tests.unit.analytics.station_words import Desk, a_desk
from tests.unit.collector.words import BEGIN_NS

pytestmark = pytest.mark.usefixtures("either_database")

RULES = [
    a_rule(high=20, deadband=2, on_delay_s=1, off_delay_s=2, alarm_class="operating"),
    a_rule("rate", kind="rate", tag=GUST, change=10, within_s=3),
    a_rule("apart", kind="deviation", tag=GUST, other=OTHER_GUST, most=8),
]
CLOSED = {"ropeway": "north", "while": [{"tag": SPEED, "below": 0.1}], "after_s": 3}
READINGS: st.SearchStrategy[Reading] = st.sampled_from(
    [5.0, 17.0, 19.0, 21.0, 25.0, Quality.BAD_SOURCE, Quality.BAD_DEVICE_LOST]
)
WHOLE = (0, 2**62)


async def again(desk: Desk, judging: Judging, span: tuple[int, int] = WHOLE) -> list[Activation]:
    await desk.history.committed()
    replay = Replay(a_plant(), judging)
    async for scans in stored_scans(desk.history, a_plant(), *span):
        await replay.see(scans)
    return replay.activations


def plain(activations: list[Activation]) -> list[Any]:
    return sorted((one.raised_ns, one.source, one.returned_ns) for one in activations)


@pytest.mark.parametrize("either_database", ["sqlite"], indirect=True)  # judged many times over
@settings(max_examples=15)
@given(
    st.lists(st.tuples(READINGS, READINGS, st.sampled_from([0.0, 3.0])), min_size=25, max_size=60)
)
def test_replay_gives_the_alarms_that_live_gave(rows: list[Any]) -> None:

    judging = a_judging(*RULES, closed=[CLOSED])
    courses = dict(zip([GUST, OTHER_GUST, SPEED], zip(*rows, strict=True), strict=True))

    async def compare() -> None:
        with tempfile.TemporaryDirectory() as folder:
            async with a_desk(Path(folder), judging=judging) as desk:
                for one in scans_of(courses):
                    await desk.see([one])
                live = await desk.records.alarms.activations(*WHOLE)
                assert plain(await again(desk, judging)) == plain(live)

    asyncio.run(compare())


async def test_only_the_span_asked_for_is_judged(tmp_path: Path) -> None:
    judging = a_judging(a_rule(high=20))
    async with a_desk(tmp_path, judging=judging) as desk:
        await desk.see(scans_of({GUST: [25.0, 5.0] * 10}))
        begin_ns, end_ns = BEGIN_NS + 6 * 10**9, BEGIN_NS + 10 * 10**9
        found = await again(desk, judging, (begin_ns, end_ns))
        assert [one.raised_ns for one in found] == [begin_ns, begin_ns + 2 * 10**9]


async def test_other_rules_show_what_would_be_gone_and_what_would_be_new(tmp_path: Path) -> None:
    judging, others = a_judging(a_rule(high=20)), a_judging(a_rule(high=24), a_rule("low", low=1))
    async with a_desk(tmp_path, judging=judging) as desk:
        await desk.see(scans_of({GUST: [5.0, 21.0, 5.0, 25.0, 0.0]}))
        difference = Difference(tuple(await again(desk, judging)), tuple(await again(desk, others)))
        assert [one.raised_ns for one in difference.gone] == [BEGIN_NS + 10**9]
        assert [one.source for one in difference.new] == [f"low/{GUST}/L"]


async def test_tags_that_the_plant_no_longer_has_are_left_out(tmp_path: Path) -> None:
    judging = a_judging(a_rule(high=20))
    async with a_desk(tmp_path, judging=judging) as desk:
        await desk.see(scans_of({GUST: [25.0], OTHER_GUST: [25.0]}))
        await desk.history.committed()
        whole = a_plant()
        wind = next(one for one in whole.device if one.id == "wind")
        kept = wind.model_copy(update={"tags": wind.tags[:1]})
        devices = tuple(kept if one.id == "wind" else one for one in whole.device)
        smaller = whole.model_copy(update={"device": devices})
        replay = Replay(smaller, judging)
        async for scans in stored_scans(desk.history, smaller, *WHOLE):
            assert [len(scan) for scan in scans] == [1]
            await replay.see(scans)
        assert [one.source for one in replay.activations] == [f"gust/{GUST}/H"]
