"""The life of one alarm as a table of transitions (ISA-18.2 / IEC 62682, domain 7.1)."""

from dataclasses import dataclass, replace
from enum import StrEnum

from analytics.model import HIDDEN, Alarm, AlarmState


class Event(StrEnum):
    """What may happen to an alarm."""

    RAISED = "raised"
    RETURNED = "returned"
    ACKNOWLEDGED = "acknowledged"
    RESET = "reset"
    SHELVED = "shelved"
    UNSHELVED = "unshelved"
    SUPPRESSED = "suppressed"
    UNSUPPRESSED = "unsuppressed"
    TAKEN_OUT = "taken_out"
    PUT_BACK = "put_back"


@dataclass(frozen=True, slots=True)
class By:
    """Who does it and why; to hide an alarm also who else signs and until when."""

    who: str = ""
    comment: str = ""
    second: str | None = None
    until_ns: int | None = None


NOBODY = By()

HIDES = {
    Event.SHELVED: AlarmState.SHELVED,
    Event.SUPPRESSED: AlarmState.SUPPRESSED,
    Event.TAKEN_OUT: AlarmState.OUT_OF_SERVICE,
}
SHOWN = (
    AlarmState.UNACKNOWLEDGED,
    AlarmState.ACKNOWLEDGED,
    AlarmState.RETURNED,
    AlarmState.LATCHED,
)

TRANSITIONS: dict[tuple[AlarmState, Event, bool], AlarmState] = {
    (AlarmState.UNACKNOWLEDGED, Event.ACKNOWLEDGED, True): AlarmState.ACKNOWLEDGED,
    (AlarmState.UNACKNOWLEDGED, Event.RETURNED, True): AlarmState.RETURNED,
    (AlarmState.ACKNOWLEDGED, Event.RETURNED, True): AlarmState.RETURNED,
    (AlarmState.RETURNED, Event.RAISED, False): AlarmState.UNACKNOWLEDGED,
    (AlarmState.RETURNED, Event.ACKNOWLEDGED, False): AlarmState.RETURNED,
    (AlarmState.LATCHED, Event.RAISED, False): AlarmState.UNACKNOWLEDGED,
    (AlarmState.LATCHED, Event.RESET, False): AlarmState.NORMAL,
    **{
        (state, event, active): hidden
        for event, hidden in HIDES.items()
        for state in SHOWN
        for active in (True, False)
    },
    **{
        (state, event, active): AlarmState.OUT_OF_SERVICE
        for event in (Event.TAKEN_OUT,)
        for state in (AlarmState.SHELVED, AlarmState.SUPPRESSED)
        for active in (True, False)
    },
    **{(state, Event.RAISED, False): state for state in HIDDEN},
    **{(state, Event.RETURNED, True): state for state in HIDDEN},
    (AlarmState.SHELVED, Event.UNSHELVED, True): AlarmState.UNACKNOWLEDGED,
    (AlarmState.SHELVED, Event.UNSHELVED, False): AlarmState.RETURNED,
    (AlarmState.SUPPRESSED, Event.UNSUPPRESSED, True): AlarmState.UNACKNOWLEDGED,
    (AlarmState.SUPPRESSED, Event.UNSUPPRESSED, False): AlarmState.RETURNED,
    (AlarmState.OUT_OF_SERVICE, Event.PUT_BACK, True): AlarmState.UNACKNOWLEDGED,
    (AlarmState.OUT_OF_SERVICE, Event.PUT_BACK, False): AlarmState.RETURNED,
}
"""Every change there is, by state, event and whether the condition holds.

Whatever is not here leaves the alarm as it stands. A state RETURNED that needs nobody
any more is settled at once: see `after`.
"""


def after(alarm: Alarm, event: Event, at_ns: int, by: By = NOBODY) -> Alarm:
    """Return `alarm` after `event`; the same object where nothing changes.

    An alarm that was announced is never normal before someone has acknowledged it,
    unless its class does not ask for it; a latching one waits to be reset as well.
    Acknowledging never ends a condition. What comes back from being hidden while its
    condition holds is unacknowledged.
    """
    state = TRANSITIONS.get((alarm.state, event, alarm.active))
    if state is None:
        return alarm
    changed = _shown_again(_put_aside(replace(alarm, state=state), event, at_ns, by))
    if event is Event.ACKNOWLEDGED:
        changed = replace(
            changed,
            acknowledged_ns=at_ns,
            acknowledged_by=by.who,
            acknowledged_comment=by.comment,
        )
    if event is Event.RETURNED:
        changed = replace(changed, active=False, returned_ns=at_ns)
    if event is Event.RAISED:
        changed = replace(_unseen(changed), active=True, returned_ns=None)
    return _settled(changed, at_ns)


def confirmed(alarm: Alarm, at_ns: int, by: By) -> Alarm:
    """Return `alarm` with who says that action was taken; once, and after acknowledging."""
    if alarm.acknowledged_ns is None or alarm.confirmed_ns is not None:
        return alarm
    return replace(alarm, confirmed_ns=at_ns, confirmed_by=by.who, confirmed_comment=by.comment)


def born_hidden(alarm: Alarm, reason: str) -> Alarm:
    """Return a new alarm as it is raised while the design suppresses it."""
    return replace(
        alarm,
        state=AlarmState.SUPPRESSED,
        announced=False,
        aside_reason=reason,
        aside_ns=alarm.raised_ns,
    )


def _put_aside(alarm: Alarm, event: Event, at_ns: int, by: By) -> Alarm:
    if event not in HIDES:
        return alarm
    return replace(
        alarm,
        aside_by=by.who or None,
        aside_second=by.second,
        aside_reason=by.comment,
        aside_ns=at_ns,
        aside_until_ns=by.until_ns,
    )


def _shown_again(alarm: Alarm) -> Alarm:
    if alarm.hidden or alarm.aside_ns is None:
        return alarm
    shown = replace(
        alarm,
        aside_by=None,
        aside_second=None,
        aside_reason="",
        aside_ns=None,
        aside_until_ns=None,
    )
    return replace(_unseen(shown), announced=True) if shown.active else shown


def _unseen(alarm: Alarm) -> Alarm:
    return replace(alarm, acknowledged_ns=None, acknowledged_by=None, acknowledged_comment="")


def _settled(alarm: Alarm, at_ns: int) -> Alarm:
    """Return `alarm` latched or normal where its condition is over and nobody need see it."""
    never_told = not alarm.announced and not alarm.active
    if alarm.state is AlarmState.SUPPRESSED and never_told:
        alarm = replace(alarm, state=AlarmState.NORMAL)
    seen = alarm.acknowledged_ns is not None or not alarm.must_be_acknowledged or never_told
    if alarm.state is AlarmState.RETURNED and seen:
        latched = alarm.latching and alarm.announced
        alarm = replace(alarm, state=AlarmState.LATCHED if latched else AlarmState.NORMAL)
    if alarm.state is AlarmState.NORMAL:
        alarm = replace(alarm, closed_ns=at_ns)
    return alarm
