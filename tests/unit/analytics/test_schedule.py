"""Inspection work comes due once each, over restarts and leaps of the clock."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path

import pytest

from analytics.model import AlarmKind, TaskState
from analytics.records import Closing
from analytics.schedule import InspectionDesk, Schedule
from collector.clock import Clock, simulated_time
from tests.unit.analytics.judging_words import a_judging
from tests.unit.analytics.station_words import Desk, a_desk, about_now
from tests.unit.analytics.test_config import PLAN
from tests.unit.analytics.test_rope_tests import PLANT

pytestmark = pytest.mark.usefixtures("either_database")

DAY_S = 86_400.0
JUDGING = a_judging(inspection=[PLAN])
OVERDUE = "overdue/weekly"


@asynccontextmanager
async def inspecting(
    folder: Path, now_s: float = 0.0
) -> AsyncIterator[tuple[Desk, InspectionDesk]]:
    async with a_desk(folder, after_s=now_s, of=PLANT, judging=JUDGING) as desk:
        yield desk, InspectionDesk(PLANT, JUDGING, desk.records, desk.engine, desk.clock)


async def test_doing_it_again_changes_nothing(tmp_path: Path) -> None:
    async with inspecting(tmp_path) as (desk, inspections):
        await inspections.reconcile()
        first = await desk.records.tasks.listed()
        entries = await desk.records.journal.entries()
        for _ in range(3):
            await inspections.reconcile()
        await asyncio.gather(*[inspections.reconcile() for _ in range(3)])
        assert await desk.records.tasks.listed() == first
        assert await desk.records.journal.entries() == entries
    assert 1 <= len(first) <= 2


async def test_a_restart_opens_nothing_twice(tmp_path: Path) -> None:
    known = []
    for number in range(3):
        async with inspecting(tmp_path, number * 60.0) as (desk, inspections):
            await inspections.reconcile()
            known.append([task.id for task in await desk.records.tasks.listed()])
    assert known[0] == known[1] == known[2]


async def test_weeks_that_a_clock_leaps_over_are_all_there_each_once(tmp_path: Path) -> None:
    async with inspecting(tmp_path) as (desk, inspections):
        await inspections.reconcile()
        desk.clock.base = about_now(5 * 7 * DAY_S)
        await inspections.reconcile()
        due = [task.due_ns for task in await desk.records.tasks.listed()]
        assert len(due) == len(set(due)) >= 5
        weeks = {(later - earlier) / 1e9 / DAY_S for earlier, later in pairwise(due)}
        assert weeks == {7.0}


async def test_a_clock_that_leaps_back_takes_nothing_away(tmp_path: Path) -> None:
    async with inspecting(tmp_path, 14 * DAY_S) as (desk, inspections):
        await inspections.reconcile()
        before = await desk.records.tasks.listed()
        desk.clock.base = about_now(0)
        await inspections.reconcile()
        assert await desk.records.tasks.listed() == before


async def test_overdue_work_is_one_alarm_until_it_is_done(tmp_path: Path) -> None:
    async with inspecting(tmp_path) as (desk, inspections):
        await inspections.reconcile()
        desk.clock.base = about_now(3 * 7 * DAY_S)
        for _ in range(2):
            await inspections.reconcile()
        (alarm,) = desk.engine.alarms
        assert (alarm.source, alarm.kind) == (OVERDUE, AlarmKind.OVERDUE)
        late = await desk.records.tasks.listed(TaskState.OVERDUE)
        assert len(late) >= 2
        for task in late:
            assert desk.states() == {OVERDUE: "unacknowledged"}
            await desk.records.tasks.close(task.id, Closing("李工", "pass", desk.clock.now_ns()))
            await inspections.reconcile()
        assert desk.states() == {OVERDUE: "returned"}
        await inspections.reconcile()
        assert desk.states() == {OVERDUE: "returned"}


async def test_the_schedule_works_at_once_and_again_and_again() -> None:
    times: list[int] = []

    async def work() -> None:
        times.append(1)

    schedule = Schedule(Clock(simulated_time(0, 200.0)), work)
    schedule.start()
    async with asyncio.timeout(5):
        while len(times) < 3:
            await asyncio.sleep(0.05)
    schedule.stop()
    await asyncio.sleep(0.7)
    assert len(times) <= 4
