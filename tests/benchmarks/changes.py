"""Measures for how long a change of many rules holds up everything else in the monitor."""

import asyncio
import time
from collections.abc import Awaitable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from analytics.engine import QUEUE, Engine
from analytics.judge import Judge
from analytics.records import Records
from analytics.rule_desk import RuleDesk, rules_at_start
from analytics.rules_text import rules_text
from collector.board import Board
from collector.clock import Clock
from tests.benchmarks.alarms import judging_of
from tests.benchmarks.plants import Job, plant

Result = TypeVar("Result")

SITES = (Job(devices=10, tags=100, period_s=0.1), Job(devices=100, tags=100, period_s=0.1))
TURN_S = 0.005


@dataclass(frozen=True, slots=True)
class Step:
    """How long one step of a change took, and the longest that nothing else had its turn."""

    words: str
    took_s: float
    held_up_ms: float


class _Turns:
    """Asks for a turn of the event loop all the time, and notes how late it comes."""

    def __init__(self) -> None:
        self.latest_s = 0.0

    async def run(self) -> None:
        """Ask until cancelled."""
        while True:
            asked_s = time.perf_counter()
            await asyncio.sleep(TURN_S)
            self.latest_s = max(self.latest_s, time.perf_counter() - asked_s - TURN_S)


def measure_change(job: Job) -> list[Step]:
    """Propose, approve and take up as many rules as `job` has tags, on a real engine."""
    with TemporaryDirectory() as folder:
        return asyncio.run(_measured(job, Path(folder)))


async def _measured(job: Job, folder: Path) -> list[Step]:
    of, clock = plant(job, range(1, job.devices + 1)), Clock()
    async with Records.open(folder / "records.sqlite", clock.now_ns) as records:
        scans = Board(job.devices * job.tags).subscribe("engine", QUEUE)
        judging = await rules_at_start(records, of, judging_of(job), clock.now_ns())
        engine = Engine(of, judging, records, scans, clock)
        await engine.restore()
        desk = RuleDesk(of, engine, records, clock, _nothing_before)
        await desk.restore()
        return await _change(desk, engine, rules_text(judging_of(job, on_delay_s=1.0)))


async def _change(desk: RuleDesk, engine: Engine, text: str) -> list[Step]:
    turns = _Turns()
    asking = asyncio.create_task(turns.run())
    steps: list[Step] = []

    async def timed(words: str, work: Awaitable[Result]) -> Result:
        turns.latest_s, begun_s = 0.0, time.perf_counter()
        found = await work
        took_s = time.perf_counter() - begun_s
        await asyncio.sleep(2 * TURN_S)
        steps.append(Step(words, took_s, turns.latest_s * 1000))
        return found

    await timed("write the rules in force as text", desk.text())
    one = await timed("check and keep a proposal", desk.propose(text, "measured", "one"))
    await timed("approve it", desk.approve(one.id, "another", None))
    await timed("take it up", desk.take_up_due())
    asking.cancel()
    if engine.terms.rule_set != one.version:
        message = "the rules were not taken up"
        raise RuntimeError(message)
    return steps


async def _nothing_before(_: Judge, __: float) -> None:
    """Limits look back at nothing."""


def report_changes() -> Iterator[str]:
    """Measure a change at each size and yield the lines of a table."""
    yield "| rules | step | s | nothing else for, ms |"
    yield "| --- | --- | --- | --- |"
    for job in SITES:
        for one in measure_change(job):
            rules = job.devices * job.tags
            yield f"| {rules:,} | {one.words} | {one.took_s:.2f} | {one.held_up_ms:.0f} |"
