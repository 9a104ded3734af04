"""Every pass becomes one rope test, and one beyond its limit one alarm and one inspection."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from analytics.model import RopeTest, Task, TaskState, Verdict
from analytics.records import Closing
from analytics.rope_tests import RopeDesk
from collector.model import Quality, Scan
from tests.unit.analytics.judging_words import a_judging
from tests.unit.analytics.station_words import Desk, a_desk, about_now
from tests.unit.collector.test_site import rope
from tests.unit.collector.words import BEGIN_NS, modbus, plant, ropeway, scan, tag

pytestmark = pytest.mark.usefixtures("either_database")

QUANTITIES = ("running", "position", "lma", "lf", "test_point", "pass_counter")
TAGS = {one: f"north.rope_test.{one}" for one in QUANTITIES}
LIMITS = [{"window_d": 6, "loss_pct": 6, "source": "test"}]
PLANT = plant(
    modbus("instrument", *[tag(TAGS[one], at) for at, one in enumerate(QUANTITIES)]),
    ropeway=[ropeway(TAGS["position"], ropes=[rope("haul", 1, 2, limits=LIMITS)])],
)
JUDGING = a_judging(rope_instrument=[{"id": "head", "ropeway": "north", **TAGS}])
SAMPLE_S, STEP_M, LENGTH_M = 2.0, 0.05, 2.0
PASS_S = SAMPLE_S * (LENGTH_M / STEP_M + 1)
SOURCE = "rope/haul/end_0"


def a_pass(
    begin_s: float, loss_pct: float = 1.0, count: int = 1, counts_at: str = "end"
) -> Iterator[Scan]:
    """Yield the scans of one pass; the counter goes up to `count` where `counts_at` says."""
    samples = round(LENGTH_M / STEP_M) + 1
    for at in range(samples + 1):
        ended = at == samples
        counted = counts_at == "begin" or (ended and counts_at == "end")
        yield reading(
            begin_s + at * SAMPLE_S,
            running=not ended,
            position=min(at, samples - 1) * STEP_M,
            lma=loss_pct,
            counter=count if counted else count - 1,
        )


def reading(
    at_s: float, running: bool = False, position: float = 0.0, lma: float = 0.0, counter: int = 0
) -> Scan:
    figures = (float(running), position, lma, 1.0, 1.0, float(counter))
    return scan(PLANT, dict(zip(TAGS.values(), figures, strict=True)), at_s)


@asynccontextmanager
async def at_the_rope(folder: Path, now_s: float = 0.0) -> AsyncIterator[tuple[Desk, RopeDesk]]:
    async with a_desk(folder, after_s=now_s, of=PLANT, judging=JUDGING) as desk:
        ropes = RopeDesk(desk.evidence, desk.records, desk.engine, desk.clock)
        running = asyncio.create_task(ropes.run())
        await asyncio.sleep(0.05)
        try:
            yield desk, ropes
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running


async def shown(desk: Desk, scans: Iterator[Scan]) -> None:
    """Let the instrument say `scans`, and let it be as late as they are."""
    last_ns = 0
    for one in scans:
        desk.board.publish(one)
        desk.history.append(one)
        last_ns = one.received_ns
    desk.clock.base = about_now((last_ns - BEGIN_NS) / 1e9 + 1)


async def found(desk: Desk, count: int) -> list[RopeTest]:
    """Return the tests, oldest first, once there are `count` and the last one is dealt with."""
    async with asyncio.timeout(10):
        while True:
            tests = await desk.records.tests.listed()
            cursor = int(await desk.records.state.kept("passes/head") or 0)
            if len(tests) >= count and cursor >= tests[0].ended_ns:
                return tests[::-1]
            await asyncio.sleep(0.02)


async def until(desk: Desk, holds: Callable[[Desk], bool]) -> None:
    async with asyncio.timeout(10):
        while not holds(desk):
            await asyncio.sleep(0.05)


async def special(desk: Desk) -> list[Task]:
    return [task for task in await desk.records.tasks.listed() if task.kind == "rope_special"]


async def test_a_pass_becomes_one_test_with_its_raw_trace(tmp_path: Path) -> None:
    async with at_the_rope(tmp_path) as (desk, _):
        await shown(desk, a_pass(1.0))
        (test,) = await found(desk, 1)
        trace = await desk.records.tests.trace(test.id)
    assert (test.rope, test.test_point, test.pass_number) == ("haul", "end_0", 1)
    assert (test.verdict, test.complete) == (Verdict.NORMAL, True)
    assert test.started_ns == BEGIN_NS + 10**9
    assert len(trace.position_m) == round(LENGTH_M / STEP_M) + 1
    assert set(trace.lma_pct) == {1.0}


@pytest.mark.parametrize("counts_at", ["begin", "end", "later"])
async def test_it_does_not_matter_when_the_instrument_counts(
    tmp_path: Path, counts_at: str
) -> None:
    async with at_the_rope(tmp_path) as (desk, _):
        await shown(desk, iter([reading(0.0)]))
        await asyncio.sleep(0.4)
        scans = list(a_pass(60.0, counts_at=counts_at))
        for part in (scans[:20], scans[20:]):
            await shown(desk, iter(part))
            await asyncio.sleep(0.4)
        await shown(desk, iter([reading(61 + PASS_S + at, counter=1) for at in range(3)]))
        (test,) = await found(desk, 1)
        assert test.complete
        assert test.started_ns == BEGIN_NS + 60 * 10**9


async def test_a_restart_in_the_middle_of_a_pass_loses_nothing(tmp_path: Path) -> None:
    scans = list(a_pass(1.0))
    async with at_the_rope(tmp_path) as (desk, _):
        await shown(desk, iter(scans[:15]))
        await asyncio.sleep(0.4)
    async with at_the_rope(tmp_path, now_s=31.0) as (desk, _):
        await shown(desk, iter(scans[15:]))
        (test,) = await found(desk, 1)
        assert test.complete


async def test_a_pass_that_is_found_twice_is_one_test(tmp_path: Path) -> None:
    async with at_the_rope(tmp_path) as (desk, _):
        await shown(desk, a_pass(1.0, loss_pct=5.8))
        await until(desk, lambda desk: bool(desk.engine.alarms))
        await found(desk, 1)
        await desk.records.state.keep("passes/head", json.dumps(BEGIN_NS))
    async with at_the_rope(tmp_path, now_s=160.0) as (desk, _):
        await shown(desk, iter([reading(160.0, counter=1)]))
        assert len(await found(desk, 1)) == 1
        assert len(desk.engine.alarms) == 1
        assert len(await special(desk)) == 1


async def test_a_pass_with_a_hole_is_kept_as_incomplete(tmp_path: Path) -> None:
    async with at_the_rope(tmp_path) as (desk, _):
        scans = list(a_pass(1.0))
        await shown(desk, iter(scans[:10] + scans[25:]))
        (test,) = await found(desk, 1)
        assert (test.verdict, test.complete) == (Verdict.INCOMPLETE, False)


async def test_a_pass_of_an_unknown_test_point_is_no_test_and_no_crash(tmp_path: Path) -> None:
    async with at_the_rope(tmp_path) as (desk, _):
        for one in a_pass(1.0):
            one.values[4] = 99.0
            await shown(desk, iter([one]))
        await asyncio.sleep(0.7)
        await shown(desk, a_pass(200.0, count=2))
        (test,) = await found(desk, 1)
        assert test.pass_number == 2


async def test_loss_beyond_the_action_level_is_one_alarm_and_one_inspection(
    tmp_path: Path,
) -> None:
    async with at_the_rope(tmp_path) as (desk, _):
        for week in range(2):
            await shown(desk, a_pass(1.0 + week * 300, loss_pct=5.8, count=week + 1))
            await found(desk, week + 1)
        tests = (await desk.records.tests.listed())[::-1]
        (alarm,) = desk.engine.alarms
        (task,) = await special(desk)
    assert [test.verdict for test in tests] == [Verdict.ACTION] * 2
    assert {test.alarm for test in tests} == {alarm.id}
    assert (alarm.source, alarm.task, alarm.kind) == (SOURCE, task.id, "rope")
    assert alarm.value == pytest.approx(5.8)
    assert alarm.limit == pytest.approx(5.4)
    assert (task.state, task.alarm, task.test) == (TaskState.DUE, alarm.id, tests[0].id)
    assert task.due_ns > alarm.raised_ns


async def test_an_inspection_that_passes_ends_the_alarm_and_a_failed_one_does_not(
    tmp_path: Path,
) -> None:
    async with at_the_rope(tmp_path) as (desk, ropes):
        await shown(desk, a_pass(1.0, loss_pct=5.8))
        await found(desk, 1)
        (task,) = await special(desk)
        await ropes.close_task(task.id, Closing("李工", "fail", desk.clock.now_ns()))
        assert desk.states() == {SOURCE: "unacknowledged"}
        await shown(desk, a_pass(300.0, loss_pct=5.9, count=2))
        await found(desk, 2)
        failed, again = sorted(await special(desk), key=lambda task: task.id)
        assert (failed.state, again.state) == (TaskState.DONE, TaskState.DUE)
        await ropes.close_task(again.id, Closing("李工", "pass", desk.clock.now_ns()))
        assert desk.states() == {SOURCE: "returned"}


async def test_loss_found_again_after_a_passed_inspection_asks_for_another(
    tmp_path: Path,
) -> None:
    async with at_the_rope(tmp_path) as (desk, ropes):
        await shown(desk, a_pass(1.0, loss_pct=5.8))
        await found(desk, 1)
        (task,) = await special(desk)
        await ropes.close_task(task.id, Closing("李工", "pass", desk.clock.now_ns()))
        await shown(desk, a_pass(300.0, loss_pct=5.9, count=2))
        await found(desk, 2)
        assert desk.states() == {SOURCE: "unacknowledged"}
        waiting = [task for task in await special(desk) if task.state is TaskState.DUE]
        assert len(waiting) == 1
        assert desk.engine.alarms[0].task == waiting[0].id


async def test_a_crash_after_the_alarm_still_opens_the_inspection(tmp_path: Path) -> None:
    async with at_the_rope(tmp_path) as (desk, ropes):

        async def crashed(*_: object) -> Task:
            raise asyncio.CancelledError

        ropes._records.tasks.open_task = crashed  # type: ignore[method-assign,assignment]
        await shown(desk, a_pass(1.0, loss_pct=5.8))
        await until(desk, lambda desk: bool(desk.engine.alarms))
        await asyncio.sleep(0.3)
        assert await special(desk) == []
    async with at_the_rope(tmp_path, now_s=160.0) as (desk, _):
        await shown(desk, iter([reading(160.0, counter=1)]))
        await asyncio.sleep(0.7)
        (task,) = await special(desk)
        assert [test.alarm for test in await desk.records.tests.listed()] == [task.alarm]


async def test_a_good_pass_ends_the_alarm_and_an_incomplete_one_does_not(tmp_path: Path) -> None:
    async with at_the_rope(tmp_path) as (desk, _):
        await shown(desk, a_pass(1.0, loss_pct=5.8))
        await found(desk, 1)
        part = [one for one in a_pass(300.0, count=2) if one.values[1] > 1.5]
        await shown(desk, iter(part))
        await found(desk, 2)
        assert desk.states() == {SOURCE: "unacknowledged"}
        await shown(desk, a_pass(600.0, count=3))
        await found(desk, 3)
        assert desk.states() == {SOURCE: "returned"}


async def test_a_lost_instrument_makes_no_tests(tmp_path: Path) -> None:
    async with at_the_rope(tmp_path) as (desk, _):
        lost = dict.fromkeys(TAGS.values(), Quality.BAD_DEVICE_LOST)
        await shown(desk, iter([scan(PLANT, lost, at) for at in range(5)]))
        await asyncio.sleep(0.4)
        assert await desk.records.tests.listed() == []


async def test_a_trend_lists_every_test_and_is_none_for_what_is_not_known(tmp_path: Path) -> None:
    async with at_the_rope(tmp_path) as (desk, ropes):
        await shown(desk, a_pass(1.0, loss_pct=3.2))
        await found(desk, 1)
        trend = await ropes.trend("haul", "end_0")
        assert trend is not None
        assert [(one["loss_pct"], one["verdict"]) for one in trend["tests"]] == [(3.2, "watch")]
        assert (trend["limit_pct"], trend["action_pct"]) == (6, pytest.approx(5.4))
        assert await ropes.trend("haul", "end_9") is None
        assert await ropes.trend("other", "end_0") is None
