"""The life of an alarm: what is not in the table cannot happen."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.alarm import TRANSITIONS, Event, after
from analytics.model import Alarm, AlarmState
from tests.unit.analytics.records_words import NOON_NS, an_alarm

EVENTS = st.lists(st.sampled_from(list(Event)), max_size=12)


def lived(events: list[Event]) -> list[Alarm]:
    """Return the alarm after each event, a second apart."""
    life = [an_alarm()]
    for number, event in enumerate(events, 1):
        life.append(after(life[-1], event, NOON_NS + number, "王磊", "看到了"))
    return life


def test_nothing_leads_out_of_normal() -> None:
    assert {state for state, _ in TRANSITIONS} == set(AlarmState) - {AlarmState.NORMAL}


@given(EVENTS)
def test_an_alarm_is_never_normal_before_someone_has_acknowledged_it(events: list[Event]) -> None:
    for alarm in lived(events):
        if alarm.state is AlarmState.NORMAL:
            assert alarm.acknowledged_by == "王磊"
            assert alarm.returned_ns is not None
        assert (alarm.state is AlarmState.NORMAL) == (alarm.closed_ns is not None)
        assert alarm.open == (alarm.closed_ns is None)


@given(EVENTS)
def test_acknowledging_never_ends_a_condition(events: list[Event]) -> None:
    holds = True
    for event, (before, alarm) in zip(events, pairwise(lived(events)), strict=True):
        if not before.open:
            assert alarm is before
            continue
        holds = event is Event.RAISED or (holds and event is not Event.RETURNED)
        assert (alarm.state in (AlarmState.UNACKNOWLEDGED, AlarmState.ACKNOWLEDGED)) == holds


@given(EVENTS)
def test_what_is_not_in_the_table_changes_nothing(events: list[Event]) -> None:
    for event, (before, alarm) in zip(events, pairwise(lived(events)), strict=True):
        assert ((before.state, event) in TRANSITIONS) == (alarm is not before)


@given(EVENTS)
def test_what_it_was_raised_with_never_changes(events: list[Event]) -> None:
    first, last = an_alarm(), lived(events)[-1]
    for name in ("source", "rule", "level", "value", "limit", "raised_ns", "priority"):
        assert getattr(last, name) == getattr(first, name)


@pytest.mark.parametrize(
    ("events", "state"),
    [
        ([], "unacknowledged"),
        ([Event.RETURNED], "returned"),
        ([Event.RETURNED, Event.RAISED], "unacknowledged"),
        ([Event.RETURNED, Event.ACKNOWLEDGED], "normal"),
        ([Event.ACKNOWLEDGED], "acknowledged"),
        ([Event.ACKNOWLEDGED, Event.RAISED], "acknowledged"),
        ([Event.ACKNOWLEDGED, Event.RETURNED], "normal"),
        ([Event.ACKNOWLEDGED, Event.RETURNED, Event.RAISED], "normal"),
    ],
)
def test_the_lives_that_operators_see(events: list[Event], state: str) -> None:
    assert lived(events)[-1].state == state


def test_who_acknowledged_and_when_stands_in_the_alarm() -> None:
    alarm = lived([Event.ACKNOWLEDGED])[-1]
    assert (alarm.acknowledged_ns, alarm.acknowledged_by) == (NOON_NS + 1, "王磊")
    assert alarm.acknowledged_comment == "看到了"


def test_a_return_that_was_taken_back_is_not_shown() -> None:
    assert lived([Event.RETURNED, Event.RAISED])[-1].returned_ns is None
