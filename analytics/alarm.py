"""The life of one alarm as a table of transitions (ISA-18.2 / IEC 62682, domain 7.1)."""

from dataclasses import replace
from enum import StrEnum

from analytics.model import Alarm, AlarmState


class Event(StrEnum):
    """What may happen to an alarm."""

    RAISED = "raised"
    RETURNED = "returned"
    ACKNOWLEDGED = "acknowledged"


TRANSITIONS: dict[tuple[AlarmState, Event], AlarmState] = {
    (AlarmState.UNACKNOWLEDGED, Event.ACKNOWLEDGED): AlarmState.ACKNOWLEDGED,
    (AlarmState.UNACKNOWLEDGED, Event.RETURNED): AlarmState.RETURNED,
    (AlarmState.ACKNOWLEDGED, Event.RETURNED): AlarmState.NORMAL,
    (AlarmState.RETURNED, Event.RAISED): AlarmState.UNACKNOWLEDGED,
    (AlarmState.RETURNED, Event.ACKNOWLEDGED): AlarmState.NORMAL,
}
"""Every change there is; whatever is not here leaves the alarm as it stands."""


def after(alarm: Alarm, event: Event, at_ns: int, who: str = "", comment: str = "") -> Alarm:
    """Return `alarm` after `event`; the same object where nothing changes.

    An alarm is never normal before someone has acknowledged it, and acknowledging
    never ends a condition.
    """
    state = TRANSITIONS.get((alarm.state, event))
    if state is None:
        return alarm
    changed = replace(alarm, state=state)
    if event is Event.ACKNOWLEDGED:
        changed = replace(
            changed, acknowledged_ns=at_ns, acknowledged_by=who, acknowledged_comment=comment
        )
    if event is Event.RETURNED:
        changed = replace(changed, returned_ns=at_ns)
    if event is Event.RAISED:
        changed = replace(changed, returned_ns=None, acknowledged_ns=None, acknowledged_by=None)
    if state is AlarmState.NORMAL:
        changed = replace(changed, closed_ns=at_ns)
    return changed
