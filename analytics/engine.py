"""From scans to alarms: judge each scan, keep what changed, then tell."""

import asyncio
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, replace

import structlog

from analytics.alarm import Event, after
from analytics.conditions import Condition, conditions_of
from analytics.config import Judging
from analytics.judge import Finding, Judge, JudgeState
from analytics.model import Alarm, AlarmKind, AlarmState, Guidance
from analytics.records import Records, RecordsError, RecordsRefused, Stores
from collector.board import Subscription
from collector.clock import Clock
from collector.model import Scan
from collector.site import WHOLE_SITE, Name, Plant

STATE = "judge"
RETRY_S = 1.0
QUEUE = 20_000
LOSS = "system/engine"
JUDGED = (AlarmKind.PROCESS, AlarmKind.MONITORING_LOST)

log = structlog.get_logger()

Told = Callable[[Alarm], None]


class Engine:
    """Judge every scan and hold the open alarms.

    A change is on the disk before anyone is told of it. Open alarms, which
    conditions hold and which delays run survive a restart; what was raised before
    is not raised again.
    """

    def __init__(
        self, plant: Plant, judging: Judging, records: Records, scans: Subscription, clock: Clock
    ) -> None:
        self.conditions: dict[str, Condition] = {
            condition.source: condition for condition in conditions_of(plant, judging.rule)
        }
        self.judge = Judge(list(self.conditions.values()))
        self.revision = 0
        self.failing = ""
        self.last_scan_ns = 0
        self._records = records
        self._scans = scans
        self._clock = clock
        self._open: dict[str, Alarm] = {}
        self._told: list[Told] = []
        self._kept_state = JudgeState((), {}, {})
        self._dropped_told = 0
        self._turn = asyncio.Lock()

    @property
    def alarms(self) -> tuple[Alarm, ...]:
        """The open alarms, gravest first, then newest."""
        return tuple(
            sorted(self._open.values(), key=lambda alarm: (alarm.priority, -alarm.raised_ns))
        )

    @property
    def dropped(self) -> int:
        """How many scans were lost because judging did not keep up."""
        return self._scans.dropped

    def tell(self, told: Told) -> None:
        """Call `told` with each alarm that was raised, after it is on the disk."""
        self._told.append(told)

    async def restore(self) -> None:
        """Take up the alarms and delays that an earlier run left."""
        self._open = {alarm.source: alarm for alarm in await self._records.alarms.open_alarms()}
        kept = await self._records.state.kept(STATE)
        if kept is not None:
            self._kept_state = JudgeState(**json.loads(kept))
        holding = {
            alarm.source
            for alarm in self._open.values()
            if alarm.state in (AlarmState.UNACKNOWLEDGED, AlarmState.ACKNOWLEDGED)
        }
        self.judge.restore(replace(self._kept_state, holding=tuple(holding)))
        for alarm in self.alarms:
            if alarm.kind in JUDGED and alarm.source not in self.conditions:
                # Its rule is gone from the site file: nothing would ever end it.
                await self.end_alarm(alarm.source)

    async def run(self) -> None:
        """Judge scans as they come, until cancelled; scans lost on the way are an alarm."""
        while True:
            scans = await self._scans.take()
            await self.judge_scans(scans)
            try:
                await self._tell_loss()
            except RecordsError as error:
                self._say_failing(str(error))

    async def judge_scans(self, scans: Sequence[Scan]) -> None:
        """Judge `scans` in order and keep what changed; waits for a disk that refuses."""
        findings = [finding for scan in scans for finding in self.judge.judge(scan)]
        self.last_scan_ns = scans[-1].received_ns
        while True:
            try:
                await self._keep(findings)
            except RecordsError as error:
                self._say_failing(str(error))
                await self._clock.sleep(RETRY_S * self._clock.speed)
            else:
                self.failing = ""
                return

    async def acknowledge(self, alarm_id: int, name: str, comment: str) -> Alarm:
        """Note that `name` has seen the alarm; RecordsRefused where there is nothing to see."""
        async with self._turn:
            alarm = next((one for one in self._open.values() if one.id == alarm_id), None)
            if alarm is None:
                await self._records.alarms.get(alarm_id)
                raise RecordsRefused("报警已结束，无需确认", "the alarm is over")
            now_ns = self._clock.now_ns()
            changed = after(alarm, Event.ACKNOWLEDGED, now_ns, name, comment)
            if changed is alarm:
                raise RecordsRefused("报警已被确认", "the alarm has been acknowledged already")
            changed = await self._records.alarms.change(changed, who=name)
            self._hold([changed])
            return changed

    async def raise_alarm(self, alarm: Alarm) -> Alarm:
        """Raise an alarm that no scan raised (its id is ignored), or renew the open one."""
        async with self._turn:
            kept = await self._raise(self._records, alarm)
            self._hold([kept])
        self._tell_of([kept])
        return kept

    async def end_alarm(self, source: str) -> None:
        """Note that the condition behind the open alarm of `source`, if any, is over."""
        async with self._turn:
            alarm = self._open.get(source)
            if alarm is not None:
                returned = after(alarm, Event.RETURNED, self._clock.now_ns())
                self._hold([await self._records.alarms.change(returned)])

    async def link_consultation(self, alarm_id: int, consultation: int) -> None:
        """Join the alarm to the consultation that deals with it."""
        await self._link(alarm_id, lambda alarm: replace(alarm, consultation=consultation))

    async def link_task(self, alarm_id: int, task: int) -> None:
        """Join the alarm to the task that it opened."""
        await self._link(alarm_id, lambda alarm: replace(alarm, task=task))

    async def _link(self, alarm_id: int, joined: Callable[[Alarm], Alarm]) -> None:
        async with self._turn:
            alarm = await self._records.alarms.get(alarm_id)
            self._hold([await self._records.alarms.change(joined(alarm))])

    async def _tell_loss(self) -> None:
        """Raise the alarm of lost scans, or end it once judging keeps up again."""
        dropped = self.dropped
        if dropped > self._dropped_told:
            await self.raise_alarm(_loss_alarm(dropped - self._dropped_told, self._clock.now_ns()))
            self._dropped_told = dropped
        elif LOSS in self._open and self._open[LOSS].state is not AlarmState.RETURNED:
            await self.end_alarm(LOSS)

    async def _keep(self, findings: Iterable[Finding]) -> None:
        findings = list(findings)
        state = self.judge.state()
        if not findings and state == self._kept_state:
            return
        async with self._turn:
            async with self._records.transaction() as records:
                changed = [await self._apply(records, finding) for finding in findings]
                await records.state.keep(STATE, json.dumps(asdict(state)))
            self._kept_state = state
            known = [alarm for alarm in changed if alarm is not None]
            self._hold(known)
        raised = {finding.condition.source for finding in findings if finding.holds}
        self._tell_of([alarm for alarm in known if alarm.source in raised])

    async def _apply(self, records: Stores, finding: Finding) -> Alarm | None:
        if finding.holds:
            return await self._raise(records, _alarm_of(finding))
        alarm = await records.alarms.open_of(finding.condition.source)
        if alarm is None:
            return None
        return await records.alarms.change(after(alarm, Event.RETURNED, finding.at_ns))

    async def _raise(self, records: Stores | Records, alarm: Alarm) -> Alarm:
        kept = await records.alarms.raise_alarm(alarm)
        again = after(kept, Event.RAISED, alarm.raised_ns)
        return kept if again is kept else await records.alarms.change(again)

    def _hold(self, alarms: Iterable[Alarm]) -> None:
        for alarm in alarms:
            if alarm.open:
                self._open[alarm.source] = alarm
            else:
                self._open.pop(alarm.source, None)
            self.revision += 1

    def _tell_of(self, alarms: Iterable[Alarm]) -> None:
        for alarm in alarms:
            for told in self._told:
                told(alarm)

    def _say_failing(self, reason: str) -> None:
        if reason != self.failing:
            log.error("alarms cannot be kept", reason=reason)
        self.failing = reason


def _alarm_of(finding: Finding) -> Alarm:
    condition = finding.condition
    return Alarm(
        id=0,
        source=condition.source,
        rule=condition.rule,
        level=condition.level,
        kind=condition.kind,
        tag=condition.tag,
        ropeway=None if condition.ropeway == WHOLE_SITE else condition.ropeway,
        priority=condition.priority,
        state=AlarmState.UNACKNOWLEDGED,
        name=condition.name,
        value=finding.value,
        limit=condition.limit,
        unit=condition.unit,
        guidance=condition.guidance,
        raised_ns=finding.at_ns,
    )


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
