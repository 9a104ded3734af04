"""Make rope tests of the instruments' passes, and alarms and tasks of what they find."""

import json
from dataclasses import replace
from typing import Any

import structlog

from analytics.brief import Evidence
from analytics.config import RopeInstrument
from analytics.engine import Engine
from analytics.inspection import missed_instants, tests_that_fulfil
from analytics.model import (
    Alarm,
    AlarmKind,
    AlarmState,
    Guidance,
    RopeTest,
    Task,
    TaskState,
    Verdict,
)
from analytics.plain import figure, milliseconds, name_table
from analytics.records import Closing, Records, RecordsError
from analytics.rope.discard import judge
from analytics.rope.ends import Fit, trend_of
from analytics.rope.passes import Found, InstrumentCourses, finished_passes, pass_of
from collector.clock import Clock
from collector.history.schema import HistoryError
from collector.model import NANOSECONDS, UNCERTAIN_FROM
from collector.site import Name, Rope, Ropeway, TestPoint

LOOK_EVERY_S = 0.25
KEEP_EVERY_S = 600
LATE_ARRIVAL_S = 60
SPECIAL_WITHIN_S = 24 * 3600
ROPE_PRIORITY = 2
BEYOND = (Verdict.ACTION, Verdict.DISCARD)
SPECIAL = "rope_special"

log = structlog.get_logger()


class RopeDesk:
    """Turn each finished pass into one rope test, once, whatever restarts in between.

    Passes are found in the history, from where the last look ended: a restart in the
    middle of a pass loses nothing that was kept.
    """

    def __init__(self, evidence: Evidence, records: Records, engine: Engine, clock: Clock) -> None:
        self.revision = 0
        self._evidence = evidence
        self._records = records
        self._engine = engine
        self._clock = clock
        self._ways = {way.id: way for way in evidence.plant.ropeway}
        self._ropes = {rope.id: rope for way in self._ways.values() for rope in way.ropes}
        self._looked_ns: dict[str, int] = {}
        self._kept_ns: dict[str, int] = {}
        self._counted: dict[str, float] = {}
        self._seen_running: set[str] = set()

    async def run(self) -> None:
        """Look for finished passes until cancelled, first for those of an earlier run."""
        instruments = self._evidence.judging().rope_instrument
        for instrument in instruments:
            await self._take_up(instrument)
        while True:
            for instrument in instruments:
                try:
                    await self._look(instrument)
                except (RecordsError, HistoryError) as error:
                    log.warning("rope test cannot be kept yet", reason=str(error))
            await self._clock.sleep(LOOK_EVERY_S * self._clock.speed)

    async def trend(self, rope_id: str, point_id: str) -> dict[str, Any] | None:
        """Return the weekly trend of a test point (docs/reference/api.md), if it is known."""
        rope = self._ropes.get(rope_id)
        if rope is None or point_id not in {point.id for point in rope.test_points}:
            return None
        tests = await self._records.tests.listed(rope_id, point_id, 1000)
        trend = trend_of(tests, rope)
        due_ns = [
            task.due_ns
            for plan in self._evidence.judging().inspection
            if plan.rope == rope_id
            for task in await self._records.tasks.of_plan(plan.id)
        ]
        tolerance_ns = max(
            (plan.tolerance_ns for plan in self._evidence.judging().inspection), default=0
        )
        missed = missed_instants(due_ns, tests, tolerance_ns, self._clock.now_ns())
        return {
            "rope": rope_id,
            "test_point": point_id,
            "window_d": trend.window_d if trend else None,
            "limit_pct": trend.limit_pct if trend else None,
            "action_pct": trend.limit_pct * rope.action_share if trend else None,
            "tests": [
                {
                    "id": point.test,
                    "ended_ms": milliseconds(point.ended_ns),
                    "loss_pct": figure(point.loss_pct),
                    "verdict": point.verdict.value,
                }
                for point in (trend.points if trend else ())
            ],
            "missed": [milliseconds(at) for at in missed],
            "fit": _fit_table(trend.fit) if trend and trend.fit else None,
            "fit_reason": name_table(trend.reason) if trend and not trend.fit else None,
        }

    async def close_task(self, task_id: int, closing: Closing) -> Task:
        """Close a task by name.

        A weekly task is joined to the test that shows it done, where there is one. A
        special inspection that passes ends the alarm that asked for it.
        """
        task = await self._records.tasks.get(task_id)
        shown = await self._shown_by(task)
        if shown:
            closing = replace(closing, test=shown[-1].id)
        closed = await self._records.tasks.close(task_id, closing)
        if closed.kind == SPECIAL and closed.result == "pass" and closed.alarm is not None:
            await self._engine.end_alarm(_source(closed.rope or "", closed.test_point or ""))
        self.revision += 1
        return closed

    async def _shown_by(self, task: Task) -> tuple[RopeTest, ...]:
        plans = [plan for plan in self._evidence.judging().inspection if plan.id == task.plan]
        if not plans or task.rope is None:
            return ()
        tests = await self._records.tests.listed(task.rope, None, 1000)
        return tests_that_fulfil(task, plans[0], self._ropes[task.rope], tests)

    async def _take_up(self, instrument: RopeInstrument) -> None:
        """Go on where the last run had looked to; the very first begins now, and says so."""
        kept = await self._records.state.kept(_cursor(instrument))
        begin_ns = int(json.loads(kept)) if kept else self._clock.now_ns() - NANOSECONDS
        self._looked_ns[instrument.id] = begin_ns
        if not kept:
            await self._keep_cursor(instrument)

    async def _look(self, instrument: RopeInstrument) -> None:
        counted, runs = self._shown(instrument)
        if runs:
            self._seen_running.add(instrument.id)
        ended = not runs and instrument.id in self._seen_running
        # Some instruments count when a pass begins, some when it ends, some a little later.
        if counted is None or (self._counted.get(instrument.id) == counted and not ended):
            await self._move_on(instrument, idle=counted is not None and not runs)
            return
        now_ns = self._clock.now_ns()
        courses = await self._courses(instrument, self._looked_ns[instrument.id], now_ns)
        for found in finished_passes(courses.running, now_ns):
            await self._record(instrument, courses, found)
            self._looked_ns[instrument.id] = found.to_ns
            await self._keep_cursor(instrument)
        self._counted[instrument.id] = counted
        if not runs:
            self._seen_running.discard(instrument.id)

    def _shown(self, instrument: RopeInstrument) -> tuple[float | None, bool]:
        """Return the board's pass counter, None where it is not known, and whether a pass runs."""
        board = self._evidence.board
        counter, running = self._slot(instrument.pass_counter), self._slot(instrument.running)
        if max(board.quality[counter], board.quality[running]) >= UNCERTAIN_FROM:
            return None, False
        return float(board.values[counter]), bool(board.values[running] > 0.5)

    async def _move_on(self, instrument: RopeInstrument, idle: bool) -> None:
        """Let the next look begin later, while the instrument stands idle."""
        if idle and instrument.id in self._counted:
            looked_ns = self._clock.now_ns() - LATE_ARRIVAL_S * NANOSECONDS
            self._looked_ns[instrument.id] = max(self._looked_ns[instrument.id], looked_ns)
            kept_ns = self._kept_ns.get(instrument.id, 0)
            if self._looked_ns[instrument.id] - kept_ns > KEEP_EVERY_S * NANOSECONDS:
                await self._keep_cursor(instrument)

    async def _keep_cursor(self, instrument: RopeInstrument) -> None:
        looked_ns = self._looked_ns[instrument.id]
        await self._records.state.keep(_cursor(instrument), json.dumps(looked_ns))
        self._kept_ns[instrument.id] = looked_ns

    async def _courses(
        self, instrument: RopeInstrument, from_ns: int, to_ns: int
    ) -> InstrumentCourses:
        history = self._evidence.history
        await history.committed()
        courses = await history.courses(instrument.tags(), from_ns, to_ns)
        return InstrumentCourses(
            running=courses[instrument.running],
            position=courses[instrument.position],
            lma=courses[instrument.lma],
            lf=courses[instrument.lf],
            test_point=courses[instrument.test_point],
            pass_counter=courses[instrument.pass_counter],
        )

    async def _record(
        self, instrument: RopeInstrument, courses: InstrumentCourses, found: Found
    ) -> None:
        read = pass_of(courses, found)
        place = self._place(instrument, read[1]) if read else None
        if read is None or place is None:
            log.warning("pass of an unknown test point", instrument=instrument.id)
            return
        rope, point = place
        test, trace = judge(read[0], rope, point)
        kept = await self._records.tests.add(test, trace)
        cited = f"rope_test/{kept.id}"
        self._evidence.history.cite(cited, instrument.tags(), kept.started_ns, kept.ended_ns)
        log.info("rope test", rope=rope.id, point=point.id, verdict=kept.verdict.value)
        self.revision += 1
        if kept.verdict in BEYOND:
            if kept.alarm is None:
                await self._alarm(self._ways[instrument.ropeway], rope, point, kept)
        elif kept.complete:
            await self._engine.end_alarm(_source(rope.id, point.id))

    async def _alarm(self, way: Ropeway, rope: Rope, point: TestPoint, test: RopeTest) -> None:
        """Have an alarm and an inspection stand; the test's link comes last, for it ends this."""
        raised = await self._engine.raise_alarm(_rope_alarm(way, rope, point, test))
        if not await self._inspection_waits(raised):
            special = _special_task(way, rope, point, replace(test, alarm=raised.id))
            opening = replace(special, opened_ns=self._clock.now_ns())
            task = await self._records.tasks.open_task(opening)
            await self._engine.link_task(raised.id, task.id)
        await self._records.tests.link_alarm(test.id, raised.id)

    async def _inspection_waits(self, alarm: Alarm) -> bool:
        if alarm.task is None:
            return False
        return (await self._records.tasks.get(alarm.task)).state is not TaskState.DONE

    def _place(self, instrument: RopeInstrument, code: int) -> tuple[Rope, TestPoint] | None:
        way = self._ways[instrument.ropeway]
        return next(
            (
                (rope, point)
                for rope in way.ropes
                for point in rope.test_points
                if point.code == code
            ),
            None,
        )

    def _slot(self, tag: str) -> int:
        return self._evidence.plant.slots()[tag]


def _rope_alarm(way: Ropeway, rope: Rope, point: TestPoint, test: RopeTest) -> Alarm:
    worst = max(test.windows, key=lambda window: window.share)
    return Alarm(
        id=0,
        source=_source(rope.id, point.id),
        rule="rope_discard",
        level="rope",
        kind=AlarmKind.ROPE,
        tag=None,
        ropeway=way.id,
        priority=ROPE_PRIORITY,
        state=AlarmState.UNACKNOWLEDGED,
        name=Name(
            zh=f"{rope.name.zh} {point.name.zh} 截面损失（{worst.window_d:g}d）",
            en=f"{rope.name.en} {point.name.en} loss of area ({worst.window_d:g} d)",
        ),
        value=worst.loss_pct,
        limit=worst.limit_pct * rope.action_share,
        unit="%",
        guidance=Guidance(
            consequence=Name(zh="接近或达到报废标准", en="Close to or beyond the discard limit"),
            response=Name(
                zh="停止载客，目视与测径专项检查，专家判定后方可运行",
                en="Carry nobody; inspect by eye and calliper; run again only on expert decision",
            ),
            respond_within_s=3600,
        ),
        raised_ns=test.ended_ns,
    )


def _special_task(way: Ropeway, rope: Rope, point: TestPoint, test: RopeTest) -> Task:
    return Task(
        id=0,
        plan=f"special/{test.alarm}",
        kind=SPECIAL,
        title=Name(
            zh=f"专项检查：{rope.name.zh} {point.name.zh}",
            en=f"Special inspection: {rope.name.en}, {point.name.en}",
        ),
        ropeway=way.id,
        rope=rope.id,
        test_point=point.id,
        due_ns=test.ended_ns + SPECIAL_WITHIN_S * NANOSECONDS,
        opened_ns=test.ended_ns,
        state=TaskState.DUE,
        alarm=test.alarm,
        test=test.id,
    )


def _fit_table(fit: Fit) -> dict[str, Any]:
    return {
        "slope_pct_per_week": fit.slope_pct_per_week,
        "low": fit.low,
        "high": fit.high,
        "weeks_to_limit": fit.weeks_to_limit,
        "from_ms": milliseconds(fit.from_ns),
        "to_ms": milliseconds(fit.to_ns),
    }


def _source(rope: str, point: str) -> str:
    return f"rope/{rope}/{point}"


def _cursor(instrument: RopeInstrument) -> str:
    return f"passes/{instrument.id}"
