"""From scans to alarms: kept before told, and the same however the scans come."""

import asyncio
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.engine import STATE
from analytics.model import Alarm, AlarmKind, AlarmState
from analytics.records import RecordMissing, RecordsRefused
from collector.model import Quality
from tests.databases import held, look
from tests.unit.analytics.judging_words import DISTANCE, GUST, Reading, a_rule, scans_of
from tests.unit.analytics.records_words import an_alarm
from tests.unit.analytics.station_words import a_desk

pytestmark = pytest.mark.usefixtures("either_database")

HIGH = f"gust/{GUST}/H"
GUSTY = a_rule(high=20, deadband=2, off_delay_s=2)
READINGS: st.SearchStrategy[Reading] = st.sampled_from([5.0, 17.0, 19.0, 25.0, Quality.BAD_SOURCE])


async def test_an_alarm_is_on_the_disk_before_anyone_is_told_of_it(tmp_path: Path) -> None:
    async with a_desk(tmp_path, GUSTY) as desk:
        kept: list[int] = []

        def told(alarm: Alarm) -> None:
            query = f"SELECT count(*) FROM alarm WHERE id = {alarm.id}"
            kept.extend(look(tmp_path / "records.sqlite", query)[0])

        desk.engine.tell(told)
        await desk.see(scans_of({GUST: [5.0, 25.0, 26.0]}))
        assert kept == [1]
        assert desk.states() == {HIGH: "unacknowledged"}


async def test_an_alarm_goes_its_whole_way(tmp_path: Path) -> None:
    async with a_desk(tmp_path, GUSTY) as desk:
        await desk.see(scans_of({GUST: [25.0]}))
        (alarm,) = desk.engine.alarms
        assert (alarm.value, alarm.limit, alarm.ropeway) == (25.0, 20.0, "north")
        await desk.engine.acts.acknowledge(alarm.id, "王磊", "减速")
        assert desk.states() == {HIGH: "acknowledged"}
        await desk.see(scans_of({GUST: [5.0] * 4}, begin_s=1))
        assert desk.states() == {}
        closed = await desk.records.alarms.get(alarm.id)
        assert closed.state is AlarmState.NORMAL
        assert closed.closed_ns == scans_of({GUST: [0.0]}, begin_s=3)[0].received_ns


async def test_an_alarm_that_went_by_itself_waits_to_be_seen(tmp_path: Path) -> None:
    async with a_desk(tmp_path, GUSTY) as desk:
        await desk.see(scans_of({GUST: [25.0, 5.0, 5.0, 5.0]}))
        assert desk.states() == {HIGH: "returned"}
        (alarm,) = desk.engine.alarms
        await desk.see(scans_of({GUST: [25.0]}, begin_s=4))
        assert desk.states() == {HIGH: "unacknowledged"}
        assert [one.id for one in desk.engine.alarms] == [alarm.id]


async def test_acknowledging_twice_is_refused(tmp_path: Path) -> None:
    async with a_desk(tmp_path, GUSTY) as desk:
        await desk.see(scans_of({GUST: [25.0]}))
        (alarm,) = desk.engine.alarms
        seen = await desk.engine.acts.acknowledge(alarm.id, "王磊", "")
        with pytest.raises(RecordsRefused, match="already"):
            await desk.engine.acts.acknowledge(alarm.id, "李工", "")
        assert (await desk.records.alarms.get(alarm.id)).acknowledged_by == "王磊"
        await desk.see(scans_of({GUST: [5.0] * 4}, begin_s=1))
        with pytest.raises(RecordsRefused, match="over"):
            await desk.engine.acts.acknowledge(seen.id, "李工", "")
        with pytest.raises(RecordMissing):
            await desk.engine.acts.acknowledge(999, "李工", "")


async def test_two_who_acknowledge_at_once_do_not_both_succeed(tmp_path: Path) -> None:
    async with a_desk(tmp_path, GUSTY) as desk:
        await desk.see(scans_of({GUST: [25.0]}))
        (alarm,) = desk.engine.alarms
        both = await asyncio.gather(
            *[desk.engine.acts.acknowledge(alarm.id, name, "") for name in ("王磊", "李工")],
            return_exceptions=True,
        )
        assert sorted(type(one).__name__ for one in both) == ["Alarm", "RecordsRefused"]


async def test_a_restart_raises_nothing_again_and_forgets_no_delay(tmp_path: Path) -> None:
    slow = a_rule(high=20, on_delay_s=4, off_delay_s=4)
    readings: list[Reading] = [25.0] * 6 + [5.0] * 6
    scans = scans_of({GUST: readings})
    for one in scans:
        async with a_desk(tmp_path, slow) as desk:
            await desk.see([one])
    async with a_desk(tmp_path, slow) as desk:
        (alarm,) = await desk.records.alarms.recent()
        assert desk.states() == {HIGH: "returned"}
        assert alarm.raised_ns == scans[4].received_ns
        assert alarm.returned_ns == scans[10].received_ns


async def test_an_alarm_whose_rule_is_gone_waits_only_to_be_seen(tmp_path: Path) -> None:
    async with a_desk(tmp_path, GUSTY) as desk:
        await desk.see(scans_of({GUST: [25.0]}))
        await desk.engine.raise_alarm(an_alarm("rope/haul/end_1", kind=AlarmKind.ROPE))
    async with a_desk(tmp_path) as desk:
        assert desk.states() == {HIGH: "returned", "rope/haul/end_1": "unacknowledged"}


@pytest.mark.parametrize("either_database", ["sqlite"], indirect=True)  # judged many times over
@settings(max_examples=12, deadline=None)
@given(st.lists(READINGS, min_size=3, max_size=15), st.data())
def test_scans_give_the_same_alarms_in_one_go_one_by_one_and_in_groups(
    readings: list[Reading], data: st.DataObject
) -> None:
    scans = scans_of({GUST: readings})
    cuts = sorted(data.draw(st.sets(st.integers(1, len(scans) - 1))))
    groups = [scans[a:b] for a, b in zip([0, *cuts], [*cuts, len(scans)], strict=True)]

    async def outcome(parts: list[list[object]]) -> list[Alarm]:
        with tempfile.TemporaryDirectory() as folder:
            async with a_desk(Path(folder), GUSTY) as desk:
                for part in parts:
                    await desk.engine.judge_scans(part)  # type: ignore[arg-type]
                return await desk.records.alarms.recent()

    async def compare() -> None:
        whole = await outcome([list(scans)])
        assert await outcome([list(group) for group in groups]) == whole
        assert await outcome([[one] for one in scans]) == whole

    asyncio.run(compare())


async def test_a_database_that_is_held_is_tried_again_until_it_is_free(tmp_path: Path) -> None:
    async with a_desk(tmp_path, GUSTY, patience_s=0.05) as desk:
        with held(tmp_path / "records.sqlite"):
            judging = asyncio.create_task(desk.see(scans_of({GUST: [25.0]})))
            async with asyncio.timeout(10):
                while not desk.engine.failing:
                    await asyncio.sleep(0.02)
            assert desk.states() == {}
        await asyncio.wait_for(judging, 10)
        assert desk.states() == {HIGH: "unacknowledged"}
        assert desk.engine.failing == ""


async def test_the_gravest_alarm_comes_first_then_the_newest(tmp_path: Path) -> None:
    rules = [
        a_rule(high=15, high_high=20),
        a_rule("near", tag=DISTANCE, low=10, priority=2),
    ]
    async with a_desk(tmp_path, *rules) as desk:
        await desk.see(scans_of({GUST: [16.0, 16.0, 25.0], DISTANCE: [50.0, 5.0, 5.0]}))
        assert [alarm.source for alarm in desk.engine.alarms] == [
            f"gust/{GUST}/HH",
            f"near/{DISTANCE}/L",
            HIGH,
        ]


async def test_an_alarm_that_no_scan_raised_is_raised_once_and_ends(tmp_path: Path) -> None:
    async with a_desk(tmp_path) as desk:
        told: list[Alarm] = []
        desk.engine.tell(told.append)
        first = await desk.engine.raise_alarm(an_alarm("rope/haul/end_1", kind=AlarmKind.ROPE))
        again = await desk.engine.raise_alarm(replace(first, value=7.0))
        assert again == first
        await desk.engine.end_alarm("rope/haul/end_1")
        await desk.engine.end_alarm("rope/haul/end_2")
        assert desk.states() == {"rope/haul/end_1": "returned"}
        assert {alarm.id for alarm in told} == {first.id}


async def test_losing_our_own_scans_is_an_alarm_of_its_own(tmp_path: Path) -> None:
    async with a_desk(tmp_path, GUSTY) as desk:
        running = asyncio.create_task(desk.engine.run())
        for one in scans_of({GUST: [5.0] * 1100}, step_s=0.01):
            desk.board.publish(one)
        async with asyncio.timeout(10):
            while "system/engine" not in desk.states():
                await asyncio.sleep(0.02)
        running.cancel()
        (alarm,) = desk.engine.alarms
        assert alarm.kind is AlarmKind.SYSTEM
        assert alarm.priority == 1
        assert desk.engine.dropped == 100


async def test_delays_are_kept_now_and_then_but_an_alarm_at_once(tmp_path: Path) -> None:
    readings: list[Reading] = [5.0, 25.0, 5.0, 25.0, 25.0]
    scans = scans_of({GUST: readings}, step_s=4)
    async with a_desk(tmp_path, a_rule(high=20, deadband=2, on_delay_s=3)) as desk:
        await desk.see(scans[:2])
        begun = await desk.records.state.kept(STATE)
        assert begun is not None
        assert HIGH in begun
        # A delay that is broken off within the hour is not written down by itself, ...
        await desk.engine.judge_scans(scans[2:3], delays_every_s=3600)
        assert await desk.records.state.kept(STATE) == begun
        # ... but is with the next alarm.
        await desk.engine.judge_scans(scans[3:], delays_every_s=3600)
        assert [one.source for one in await desk.records.alarms.open_alarms()] == [HIGH]
        assert await desk.records.state.kept(STATE) != begun


async def test_a_delay_that_moved_is_kept_when_its_time_has_come(tmp_path: Path) -> None:
    scans = scans_of({GUST: [5.0, 25.0, 25.0]})
    async with a_desk(tmp_path, a_rule(high=20, on_delay_s=60)) as desk:
        await desk.see(scans[:1])
        before = await desk.records.state.kept(STATE)
        await desk.engine.judge_scans(scans[1:2], delays_every_s=0.0)
        begun = await desk.records.state.kept(STATE)
        assert begun is not None
        assert begun != before
        assert HIGH in begun
