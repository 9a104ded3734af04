"""Who is told of what, and when: pure, the instant is an argument."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from analytics.duty import Duty, local_time, on_duty
from analytics.kpi import SLOT_S, KpiTerms, floods_of
from analytics.model import Alarm, AlarmState
from analytics.notify.terms import EscalationStep, Telling
from analytics.records import Callout
from collector.model import NANOSECONDS

MINUTE_NS = 60 * NANOSECONDS
URGENT_MIN = 1.0
"""In a flood priority 1 waits no longer than this: it asks for acting within a minute."""

LOOKS_BACK_NS = 6 * SLOT_S * NANOSECONDS
"""An hour of call-outs tells whether a flood that began earlier still goes on."""

UNSEEN = (AlarmState.UNACKNOWLEDGED, AlarmState.RETURNED)


@dataclass(frozen=True, slots=True)
class Call:
    """An open call-out with its alarm, and how many others stand folded under that one.

    `waited_ns` is how long those told first have known of it.
    """

    callout: Callout
    alarm: Alarm
    folded: int = 0
    waited_ns: int = 0


@dataclass(frozen=True, slots=True)
class Due:
    """A call and the step of the escalation that is told of it now."""

    call: Call
    step: int


@dataclass(frozen=True, slots=True)
class Message:
    """What goes out on one channel, for whom, and what it speaks of, first cause first."""

    channel: str
    people: tuple[str, ...]
    dues: tuple[Due, ...]


@dataclass(frozen=True, slots=True)
class Round:
    """What one look finds: the messages, the steps told, and calls that nobody can be told of."""

    messages: tuple[Message, ...] = ()
    told: tuple[Due, ...] = ()
    untold: tuple[Call, ...] = ()
    digest: bool = False


@dataclass(frozen=True, slots=True)
class Moment:
    """The instant of a look, whether alarms flood, and when a digest last went out."""

    at_ns: int
    zone: ZoneInfo
    flood: bool = False
    digest_ns: int | None = None


def needs_someone(alarm: Alarm) -> bool:
    """Return whether nobody has seen the alarm yet and no one has hidden it."""
    return alarm.state in UNSEEN


def wants_call(alarm: Alarm, standing: Mapping[int, Alarm]) -> bool:
    """Return whether people are called for this alarm by itself.

    What stands under a first cause that is at least as grave is told with that one.
    """
    if not needs_someone(alarm):
        return False
    cause = standing.get(alarm.cause) if alarm.cause is not None else None
    return cause is None or cause.hidden or cause.priority > alarm.priority


def is_meant(alarm: Alarm, steps: Iterable[EscalationStep]) -> bool:
    """Return whether any step is for alarms of this priority."""
    return any(alarm.priority <= step.lowest_priority for step in steps)


def in_flood(begun: Iterable[int], at_ns: int, telling: Telling) -> bool:
    """Return whether call-outs that began at these instants are a flood now."""
    terms = KpiTerms(
        flood_above=telling.notify.flood_above, flood_ends_below=telling.notify.flood_ends_below
    )
    until_ns = at_ns + 1
    lately = sorted(one for one in begun if one < until_ns)
    return any(end_ns == until_ns for _, end_ns in floods_of(lately, until_ns, terms))


def plan(calls: Iterable[Call], telling: Telling, now: Moment) -> Round:
    """Return what goes out now; in a flood one message for each channel, every few minutes."""
    dues, untold = [], []
    reach = _Reach.at(telling, now)
    for call in calls:
        alarm = call.alarm
        if alarm.priority != 1 and alarm.alarm_class in reach.quiet:
            continue
        due = _next_due(call, reach)
        if due is not None:
            dues.append(due)
        elif call.callout.first_told_ns is None and is_meant(alarm, reach.steps):
            untold.append(call)
    if not now.flood:
        messages = [one for due in dues for one in _messages([due], reach)]
        return Round(tuple(messages), tuple(dues), tuple(untold))
    if not dues or not _digest_is_due(dues, telling, now):
        return Round(untold=tuple(untold))
    ordered = sorted(dues, key=_first_cause_first)
    return Round(tuple(_messages(ordered, reach)), tuple(dues), tuple(untold), True)


def consequences(standing: Iterable[Alarm]) -> Counter[int]:
    """Return how many alarms stand under each first cause, by its id."""
    return Counter(one.cause for one in standing if one.cause is not None)


@dataclass(frozen=True, slots=True)
class _Reach:
    """Whom each step reaches at one instant; worked out once for each ropeway."""

    steps: tuple[EscalationStep, ...]
    groups: frozenset[str]
    quiet: frozenset[str]
    duty: tuple[Duty, ...]
    local: datetime
    known: dict[tuple[int, str | None], tuple[tuple[str, str], ...]] = field(default_factory=dict)

    @staticmethod
    def at(telling: Telling, now: Moment) -> "_Reach":
        return _Reach(
            telling.steps(),
            frozenset(one.id for one in telling.channel if one.is_group),
            telling.quiet_classes(now.at_ns, now.zone),
            telling.duty,
            local_time(now.at_ns, now.zone),
        )

    def targets(self, number: int, ropeway: str | None) -> tuple[tuple[str, str], ...]:
        """Return channel and user for each contact that the step tells."""
        found = self.known.get((number, ropeway))
        if found is None:
            step = self.steps[number]
            found = tuple(
                (contact.channel, person.user)
                for person in on_duty(self.duty, step.roles, ropeway, self.local)
                for contact in person.contacts
                if not step.channels or contact.channel in step.channels
            )
            self.known[number, ropeway] = found
        return found


def _next_due(call: Call, reach: _Reach) -> Due | None:
    """Return the next step that is due; one with nobody on duty gives way to the one after."""
    first_ns = call.callout.first_told_ns
    for number in range(call.callout.step + 1, len(reach.steps)):
        step = reach.steps[number]
        if call.alarm.priority > step.lowest_priority:
            continue
        if first_ns is not None and call.waited_ns < int(step.after_min * MINUTE_NS):
            return None
        if reach.targets(number, call.alarm.ropeway):
            return Due(call, number)
    return None


def _digest_is_due(dues: Sequence[Due], telling: Telling, now: Moment) -> bool:
    if now.digest_ns is None or now.digest_ns > now.at_ns:
        return True
    wait_min = telling.notify.digest_every_min
    if any(due.call.alarm.priority == 1 for due in dues):
        wait_min = min(wait_min, URGENT_MIN)
    return now.at_ns - now.digest_ns >= int(wait_min * MINUTE_NS)


def _messages(dues: Sequence[Due], reach: _Reach) -> Iterator[Message]:
    """Yield one message for each channel, or for each person where a channel writes to each."""
    people: dict[tuple[str, str], dict[str, None]] = {}
    about: dict[tuple[str, str], dict[Due, None]] = {}
    for due in dues:
        for channel, user in reach.targets(due.step, due.call.alarm.ropeway):
            place = (channel, "" if channel in reach.groups else user)
            people.setdefault(place, {})[user] = None
            about.setdefault(place, {})[due] = None
    for place, users in people.items():
        yield Message(place[0], tuple(users), tuple(about[place]))


def _first_cause_first(due: Due) -> tuple[bool, int, int]:
    alarm = due.call.alarm
    came_ns = alarm.raised_ns if alarm.source_ns is None else alarm.source_ns
    return (due.call.folded == 0, alarm.priority, came_ns)
