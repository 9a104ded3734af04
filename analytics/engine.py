"""From scans to alarms: judge each scan, keep what changed, then tell."""

import asyncio
import json
import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, replace
from functools import partial

import structlog

from analytics.acts import AlarmActs
from analytics.alarm import Event, after
from analytics.conditions import Condition, conditions_of
from analytics.config import Judging
from analytics.judge import Finding, Judge, JudgeState
from analytics.model import Alarm, AlarmKind, AlarmState, Guidance
from analytics.records import Records, RecordsError, Stores
from analytics.standing import Standing, Told
from analytics.turn import Terms, Turn
from collector.board import Subscription
from collector.clock import Clock
from collector.model import NANOSECONDS, Scan
from collector.site import Name, Plant

STATE = "judge"
RETRY_S = 1.0
EXPIRE_EVERY_S = 1.0
DELAYS_EVERY_S = 1.0
HELD_UP_S = 5.0
QUEUE = 20_000
MOST_AT_ONCE = 200
LOSS = "system/engine"
JUDGED = (AlarmKind.PROCESS, AlarmKind.MONITORING_LOST)

LookBack = Callable[[Judge, float], Awaitable[None]]
"""Shows a judge what was seen in the last so many seconds."""
Keep = Callable[[Stores], Awaitable[None]]

log = structlog.get_logger()


class Engine:
    """Judge every scan and hold the open alarms.

    A change is on the disk before anyone is told of it. Open alarms, which
    conditions hold, which delays run and what is hidden until when survive a restart;
    what was raised before is not raised again.
    """

    def __init__(
        self, plant: Plant, judging: Judging, records: Records, scans: Subscription, clock: Clock
    ) -> None:
        self.judging = judging
        # One table of conditions for good: whoever looks one up sees those in force.
        self.conditions, self.judge, self.terms = _prepared(plant, judging)
        self._plant = plant
        self.failing = ""
        self.last_scan_ns = 0
        self.standing = Standing(records)
        self.acts = AlarmActs(
            self.standing, records, self.conditions, lambda: self.terms, clock.now_ns
        )
        self._records = records
        self._scans = scans
        self._clock = clock
        self._closed: frozenset[str] = frozenset()
        self._kept_state = JudgeState((), {}, {})
        self._kept_s = -math.inf
        self._dropped_told = 0
        self._working_on_ns: int | None = None
        self._working_from_s = 0.0

    @property
    def alarms(self) -> tuple[Alarm, ...]:
        """The open alarms, gravest first, then newest; hidden ones too."""
        return self.standing.alarms

    @property
    def closed(self) -> frozenset[str]:
        """The ropeways that count as closed now."""
        return self._closed

    @property
    def revision(self) -> int:
        """A number that grows with every change of an open alarm."""
        return self.standing.revision

    @property
    def dropped(self) -> int:
        """How many scans were lost because judging did not keep up."""
        return self._scans.dropped

    @property
    def unjudged_ns(self) -> int | None:
        """The instant from which on nothing is judged and kept; None while none waits for long.

        A disk or a database that refuses holds up every alarm, and so does one that does
        not answer at all.
        """
        since_ns = self._working_on_ns
        if since_ns is None:
            return None
        # By both clocks: one that is set back must not hide it, nor must catching up.
        behind_s = (self._clock.now_ns() - since_ns) / NANOSECONDS
        working_s = self._clock.steady_s() - self._working_from_s
        held_up = max(behind_s, working_s) > HELD_UP_S * self._clock.speed
        return since_ns if held_up else None

    def tell(self, told: Told) -> None:
        """Call `told` with each alarm that was raised or shown again, once on the disk."""
        self.standing.tell(told)

    async def restore(self) -> None:
        """Take up the alarms and delays that an earlier run left."""
        await self.standing.restore()
        kept = await self._records.state.kept(STATE)
        if kept is not None:
            self._kept_state = JudgeState(**json.loads(kept))
        closing = {
            source
            for source in self._kept_state.holding
            if source in self.conditions and not self.conditions[source].is_alarm
        }
        holding = closing | {alarm.source for alarm in self.alarms if alarm.active}
        self.judge.restore(replace(self._kept_state, holding=tuple(holding)))
        self._closed = frozenset(self.conditions[source].ropeway for source in closing)
        async with self.standing.turn, self._records.transaction() as records:
            turn = self._new_turn(records)
            await self._settle(turn, self.conditions)
        self.standing.show(turn.changed.values())

    async def take_up(self, judging: Judging, look_back: LookBack, keep: Keep) -> None:
        """Judge by other rules from now on; `keep` is part of the same transaction.

        A condition that stands in both goes on as it was, with its delay and its open
        alarm. What only the old rules knew is over, and what only the new ones know
        begins with what was seen last; `look_back` shows a judge the past that its
        kinds look back to. RecordsError where it cannot be kept: then the old rules
        stay in force.
        """
        conditions, judge, terms = await asyncio.to_thread(_prepared, self._plant, judging)
        await look_back(judge, judging.looks_back_s())
        async with self.standing.turn:
            closed = frozenset(one for one in self._closed if f"closed/{one}" in conditions)
            async with self._records.transaction() as records:
                turn = Turn(records.alarms, terms, self.standing.by_source, closed)
                await self._settle(turn, conditions)
                await keep(records)
            # Nothing is waited for from here on: no scan falls between the two.
            judge.restore(self.judge.state())
            judge.remember(self.judge.newest())
            self.judge, self.judging, self.terms, self._closed = judge, judging, terms, closed
            self.conditions.clear()
            self.conditions.update(conditions)
            self.standing.show(turn.changed.values())
        self.standing.announce(turn.fresh.values())

    async def run(self) -> None:
        """Judge scans as they come and end what expires, until cancelled."""
        await asyncio.gather(self._judge_all(), self._expire_all())

    async def judge_scans(self, scans: Sequence[Scan], *, delays_every_s: float = 0.0) -> None:
        """Judge `scans` in order and keep what changed; waits for a disk that refuses.

        Alarms are kept at once. Delays that merely began or were broken off are kept at
        most every `delays_every_s`: what a kill loses of them is that old.
        """
        self._working_on_ns, self._working_from_s = scans[0].received_ns, self._clock.steady_s()
        findings = self.judge.judge_all(scans)
        self.last_scan_ns = scans[-1].received_ns
        while True:
            try:
                await self._keep(findings, delays_every_s)
            except RecordsError as error:
                self._say_failing(str(error))
                await self._clock.sleep(RETRY_S * self._clock.speed)
            else:
                self.failing = ""
                self._working_on_ns = None
                return

    async def raise_alarm(self, alarm: Alarm) -> Alarm:
        """Raise an alarm that no scan raised (its id is ignored), or renew the open one."""
        async with self.standing.turn:
            async with self._records.transaction() as records:
                turn = self._new_turn(records)
                kept = await turn.raise_alarm(replace(alarm, rule_set=self.terms.rule_set))
            self.standing.show(turn.changed.values())
        self.standing.announce([kept])
        return kept

    async def end_alarm(self, source: str) -> None:
        """Note that the condition behind the open alarm of `source`, if any, is over."""
        await self._move(source, Event.RETURNED)

    async def link_consultation(self, alarm_id: int, consultation: int) -> None:
        """Join the alarm to the consultation that deals with it."""
        await self._link(alarm_id, lambda alarm: replace(alarm, consultation=consultation))

    async def link_task(self, alarm_id: int, task: int) -> None:
        """Join the alarm to the task that it opened."""
        await self._link(alarm_id, lambda alarm: replace(alarm, task=task))

    async def _judge_all(self) -> None:
        while True:
            scans = await self._scans.take()
            for begin in range(0, len(scans), MOST_AT_ONCE):
                part = scans[begin : begin + MOST_AT_ONCE]
                await self.judge_scans(part, delays_every_s=DELAYS_EVERY_S)
                await asyncio.sleep(0)  # after a hold-up, reading goes on beside catching up
            try:
                await self._tell_loss()
            except RecordsError as error:
                self._say_failing(str(error))

    async def _expire_all(self) -> None:
        while True:
            try:
                await self.acts.expire()
            except RecordsError as error:
                self._say_failing(str(error))
            await self._clock.sleep(EXPIRE_EVERY_S * self._clock.speed)

    async def _move(self, source: str, event: Event) -> None:
        async with self.standing.turn:
            alarm = self.standing.by_source.get(source)
            if alarm is None:
                return
            moved = after(alarm, event, self._clock.now_ns())
            if moved is not alarm:
                self.standing.show([await self._records.alarms.change(moved)])

    async def _link(self, alarm_id: int, joined: Callable[[Alarm], Alarm]) -> None:
        async with self.standing.turn:
            alarm = await self._records.alarms.get(alarm_id)
            self.standing.show([await self._records.alarms.change(joined(alarm))])

    async def _tell_loss(self) -> None:
        """Raise the alarm of lost scans, or end it once judging keeps up again."""
        dropped = self.dropped
        if dropped > self._dropped_told:
            await self.raise_alarm(_loss_alarm(dropped - self._dropped_told, self._clock.now_ns()))
            self._dropped_told = dropped
        elif LOSS in self.standing.by_source:
            await self.end_alarm(LOSS)

    async def _settle(self, turn: Turn, conditions: Mapping[str, Condition]) -> None:
        """End what no rule knows any more, and show what nothing hides any more."""
        now_ns = self._clock.now_ns()
        for alarm in self.alarms:
            if alarm.kind in JUDGED and alarm.source not in conditions:
                await turn.move(alarm, Event.RETURNED, now_ns)
            elif not turn.terms.hides(alarm, turn.closed):
                await turn.move(alarm, Event.UNSUPPRESSED, now_ns)

    async def _keep(self, findings: Sequence[Finding], delays_every_s: float) -> None:
        if not findings and not self._delays_due(delays_every_s):
            return
        async with self.standing.turn:
            state = self.judge.state()
            # Other rules may have been taken up while this waited for its turn.
            findings = [one for one in findings if one.condition.source in self.conditions]
            turn = await self._records.at_once(partial(self._apply, findings, state))
            self._kept_state, self._kept_s = state, self._clock.steady_s()
            self._closed = turn.closed
            self.standing.show(turn.changed.values())
        self.standing.announce(turn.fresh.values())

    async def _apply(self, findings: Sequence[Finding], state: JudgeState, records: Stores) -> Turn:
        turn = self._new_turn(records)
        for finding in findings:
            await turn.apply(finding)
        await records.state.keep(STATE, json.dumps(asdict(state)))
        return turn

    def _delays_due(self, every_s: float) -> bool:
        """Return whether delays changed and were last kept long enough ago."""
        if self._clock.steady_s() - self._kept_s < every_s * self._clock.speed:
            return False
        return self.judge.state() != self._kept_state

    def _new_turn(self, records: Stores) -> Turn:
        return Turn(records.alarms, self.terms, self.standing.by_source, self._closed)

    def _say_failing(self, reason: str) -> None:
        if reason != self.failing:
            log.error("alarms cannot be kept", reason=reason)
        self.failing = reason


def _prepared(plant: Plant, judging: Judging) -> tuple[dict[str, Condition], Judge, Terms]:
    """Return all that is judged by: with thousands of rules it takes seconds to make."""
    found = {one.source: one for one in conditions_of(plant, judging.rule, judging.closed)}
    return found, Judge(list(found.values())), Terms.of(plant, judging)


def _loss_alarm(scans: int, at_ns: int) -> Alarm:
    return Alarm(
        id=0,
        source=LOSS,
        rule="scans_lost",
        level="lost",
        kind=AlarmKind.SYSTEM,
        tag=None,
        ropeway=None,
        priority=1,
        state=AlarmState.UNACKNOWLEDGED,
        name=Name(zh="报警判断跟不上采集", en="Judging does not keep up with reading"),
        value=float(scans),
        limit=None,
        unit="",
        guidance=Guidance(
            consequence=Name(
                zh=f"{scans} 次扫描未经判断，可能漏报", en=f"{scans} scans were never judged"
            ),
            response=Name(
                zh="现场值守读数，检查监控主机的负荷与磁盘",
                en="Post someone on site; check the monitor's load and disk",
            ),
            respond_within_s=300,
        ),
        raised_ns=at_ns,
    )
