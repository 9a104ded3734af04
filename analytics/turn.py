"""One transaction of judging: findings become alarms, raised, ended, hidden or shown again."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from analytics.alarm import By, Event, after, born_hidden
from analytics.conditions import Condition
from analytics.config import AlarmClass, Judging
from analytics.first_cause import Causes
from analytics.judge import Finding
from analytics.model import Alarm, AlarmState
from collector.site import WHOLE_SITE, Plant

CLOSED = "索道停运 ropeway closed"
CLOSING = By(comment=CLOSED)


@dataclass(frozen=True, slots=True)
class Terms:
    """What decides how an alarm is raised, beside its condition."""

    rule_set: str
    classes: Mapping[str, AlarmClass]
    causes: Causes

    @staticmethod
    def of(plant: Plant, judging: Judging) -> "Terms":
        """Return the terms of a plant and its judging."""
        device_of = {tag.id: device.id for device in plant.device for tag in device.tags}
        trips = frozenset(rule.id for rule in judging.rule if rule.trips)
        return Terms(judging.version(), judging.classes(), Causes(trips, device_of))

    def hides(self, alarm: Alarm, closed: frozenset[str]) -> bool:
        """Return whether the design suppresses `alarm` while `closed` are closed."""
        known = self.classes.get(alarm.alarm_class)
        return known is not None and known.hidden_while_closed and alarm.ropeway in closed

    def calm_alarm(self, finding: Finding) -> Alarm:
        """Return an alarm nobody was told of, for a condition that does not hold."""
        alarm = replace(self.alarm_of(finding), active=False, announced=False)
        return replace(alarm, state=AlarmState.RETURNED)

    def alarm_of(self, finding: Finding) -> Alarm:
        """Return the alarm that a condition which began raises."""
        condition = finding.condition
        known = self.classes.get(condition.alarm_class)
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
            alarm_class=condition.alarm_class,
            latching=condition.latching,
            must_be_acknowledged=known.must_be_acknowledged if known else True,
            rule_set=self.rule_set,
            source_ns=finding.source_ns or None,
        )


class AlarmsKept(Protocol):
    """Where a turn keeps alarms: on record, or in memory when stored days are judged again."""

    async def raise_alarm(self, alarm: Alarm) -> Alarm:
        """Keep a new alarm and return it with its id."""
        ...

    async def change(self, alarm: Alarm, *, at_ns: int | None = None) -> Alarm:
        """Keep what has become of an alarm."""
        ...


@dataclass(slots=True)
class Turn:
    """What one transaction changes; nothing outside sees it before it is on the disk."""

    kept: AlarmsKept
    terms: Terms
    standing: Mapping[str, Alarm]
    closed: frozenset[str]
    changed: dict[str, Alarm] = field(default_factory=dict)
    fresh: dict[str, Alarm] = field(default_factory=dict)

    async def apply(self, finding: Finding) -> None:
        """Do what a condition that began or ended calls for."""
        if not finding.condition.is_alarm:
            await self._turn_ropeway(finding)
        elif finding.holds:
            await self.raise_alarm(self.terms.alarm_of(finding))
        else:
            await self.move(self.of(finding.condition), Event.RETURNED, finding.at_ns)

    async def raise_alarm(self, alarm: Alarm) -> Alarm:
        """Raise `alarm` (its id is ignored), or renew the one of its source that is open."""
        standing = self._of(alarm.source)
        if standing is not None:
            await self.move(standing, Event.RAISED, alarm.raised_ns)
            return self._of(alarm.source) or standing
        if self.terms.hides(alarm, self.closed):
            alarm = born_hidden(alarm, CLOSED)
        alarm, consequences = self.terms.causes.join(alarm, self._open())
        kept = await self.kept.raise_alarm(alarm)
        self.changed[alarm.source] = self.fresh[alarm.source] = kept
        for one in consequences:
            self.changed[one.source] = await self.kept.change(replace(one, cause=kept.id))
        return kept

    async def move(self, alarm: Alarm | None, event: Event, at_ns: int) -> None:
        """Have `event` happen to an open alarm; nothing where it changes nothing."""
        if alarm is None:
            return
        moved = after(alarm, event, at_ns)
        if moved is alarm:
            return
        kept = await self.kept.change(moved, at_ns=at_ns)
        self.changed[alarm.source] = kept
        if kept.state is AlarmState.UNACKNOWLEDGED:
            self.fresh[alarm.source] = kept

    def of(self, condition: Condition) -> Alarm | None:
        """Return the open alarm of a condition as this transaction has it."""
        return self._of(condition.source)

    async def _turn_ropeway(self, finding: Finding) -> None:
        ropeway = frozenset({finding.condition.ropeway})
        self.closed = self.closed | ropeway if finding.holds else self.closed - ropeway
        for alarm in list(self._open()):
            if alarm.ropeway not in ropeway:
                continue
            if self.terms.hides(alarm, self.closed):
                await self._suppress(alarm, finding.at_ns)
            elif not finding.holds:
                await self.move(alarm, Event.UNSUPPRESSED, finding.at_ns)

    async def _suppress(self, alarm: Alarm, at_ns: int) -> None:
        hidden = after(alarm, Event.SUPPRESSED, at_ns, CLOSING)
        if hidden is not alarm:
            self.changed[alarm.source] = await self.kept.change(hidden)
            self.fresh.pop(alarm.source, None)

    def _of(self, source: str) -> Alarm | None:
        alarm = self.changed.get(source) or self.standing.get(source)
        return alarm if alarm is not None and alarm.open else None

    def _open(self) -> Iterator[Alarm]:
        for source in {**self.standing, **self.changed}:
            alarm = self._of(source)
            if alarm is not None:
                yield alarm
