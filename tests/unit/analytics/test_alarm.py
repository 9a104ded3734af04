"""The life of an alarm: what is not in the table cannot happen."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.alarm import TRANSITIONS, By, Event, after, born_hidden, confirmed
from analytics.model import HIDDEN, Alarm, AlarmState
from tests.unit.analytics.records_words import NOON_NS, an_alarm

EVENTS = st.lists(st.sampled_from(list(Event)), max_size=16)
KINDS = st.fixed_dictionaries({"latching": st.booleans(), "must_be_acknowledged": st.booleans()})
RAISED, RETURNED, SEEN = Event.RAISED, Event.RETURNED, Event.ACKNOWLEDGED
SHELVED, UNSHELVED, RESET = Event.SHELVED, Event.UNSHELVED, Event.RESET


def lived(events: list[Event], **kind: Any) -> list[Alarm]:
    """Return the alarm after each event, a nanosecond apart."""
    life = [an_alarm(**kind)]
    for number, event in enumerate(events, 1):
        by = By("王磊", "看到了", "李工", NOON_NS + 100)
        life.append(after(life[-1], event, NOON_NS + number, by))
    return life


def test_nothing_leads_out_of_normal() -> None:
    assert {state for state, _, _ in TRANSITIONS} == set(AlarmState) - {AlarmState.NORMAL}


@given(EVENTS, KINDS)
def test_an_alarm_is_never_normal_before_someone_has_acknowledged_it(
    events: list[Event], kind: dict[str, bool]
) -> None:
    for alarm in lived(events, **kind):
        if alarm.state is AlarmState.NORMAL:
            assert not alarm.active
            assert alarm.returned_ns is not None
            assert alarm.acknowledged_by == "王磊" or not kind["must_be_acknowledged"]
        assert (alarm.state is AlarmState.NORMAL) == (alarm.closed_ns is not None)
        assert alarm.open == (alarm.closed_ns is None)


@given(EVENTS, KINDS)
def test_only_the_condition_begins_and_ends_a_condition(
    events: list[Event], kind: dict[str, bool]
) -> None:
    holds = True
    for event, (before, alarm) in zip(events, pairwise(lived(events, **kind)), strict=True):
        if not before.open:
            assert alarm is before
            continue
        holds = event is RAISED or (holds and event is not RETURNED)
        assert alarm.active == holds


@given(EVENTS, KINDS)
def test_what_is_not_in_the_table_changes_nothing(
    events: list[Event], kind: dict[str, bool]
) -> None:
    for event, (before, alarm) in zip(events, pairwise(lived(events, **kind)), strict=True):
        listed = (before.state, event, before.active) in TRANSITIONS
        assert listed == (alarm is not before)


@given(EVENTS, KINDS)
def test_a_latching_alarm_is_normal_only_after_its_reset(
    events: list[Event], kind: dict[str, bool]
) -> None:
    life = lived(events, **{**kind, "latching": True})
    for event, (before, alarm) in zip(events, pairwise(life), strict=True):
        if alarm.state is AlarmState.NORMAL and before.open:
            assert event is RESET


@given(EVENTS, KINDS)
def test_only_a_hidden_alarm_says_who_hid_it(events: list[Event], kind: dict[str, bool]) -> None:
    for alarm in lived(events, **kind):
        assert alarm.hidden == (alarm.aside_ns is not None)
        assert alarm.hidden or (alarm.aside_by, alarm.aside_until_ns) == (None, None)


@given(EVENTS, KINDS)
def test_what_comes_back_while_it_holds_is_unacknowledged(
    events: list[Event], kind: dict[str, bool]
) -> None:
    for before, alarm in pairwise(lived(events, **kind)):
        if before.state in HIDDEN and alarm.state not in HIDDEN and alarm.active:
            assert alarm.state is AlarmState.UNACKNOWLEDGED
            assert alarm.acknowledged_ns is None


@given(EVENTS)
def test_what_it_was_raised_with_never_changes(events: list[Event]) -> None:
    first, last = an_alarm(), lived(events)[-1]
    for name in ("source", "rule", "level", "value", "limit", "raised_ns", "priority"):
        assert getattr(last, name) == getattr(first, name)


@pytest.mark.parametrize(
    ("events", "state"),
    [
        ([], "unacknowledged"),
        ([RETURNED], "returned"),
        ([RETURNED, RAISED], "unacknowledged"),
        ([RETURNED, SEEN], "normal"),
        ([SEEN], "acknowledged"),
        ([SEEN, RAISED], "acknowledged"),
        ([SEEN, RETURNED], "normal"),
        ([SEEN, RETURNED, RAISED], "normal"),
        ([SHELVED], "shelved"),
        ([SHELVED, RETURNED], "shelved"),
        ([SHELVED, UNSHELVED], "unacknowledged"),
        ([SEEN, SHELVED, UNSHELVED], "unacknowledged"),
        ([SHELVED, RETURNED, UNSHELVED], "returned"),
        ([SEEN, SHELVED, RETURNED, UNSHELVED], "normal"),
        ([SEEN, SHELVED, RETURNED, RAISED, RETURNED, UNSHELVED], "returned"),
        ([Event.SUPPRESSED, Event.UNSUPPRESSED], "unacknowledged"),
        ([Event.SUPPRESSED, SHELVED], "suppressed"),
        ([SHELVED, Event.TAKEN_OUT, UNSHELVED], "out_of_service"),
        ([Event.TAKEN_OUT, RETURNED, Event.PUT_BACK], "returned"),
    ],
)
def test_the_lives_that_operators_see(events: list[Event], state: str) -> None:
    assert lived(events)[-1].state == state


@pytest.mark.parametrize(
    ("events", "state"),
    [
        ([SEEN, RETURNED], "latched"),
        ([RETURNED, RESET], "returned"),
        ([RETURNED, SEEN, RESET], "normal"),
        ([SEEN, RESET], "acknowledged"),
        ([SEEN, RETURNED, RAISED], "unacknowledged"),
    ],
)
def test_the_lives_of_a_latching_alarm(events: list[Event], state: str) -> None:
    assert lived(events, latching=True)[-1].state == state


def test_who_acknowledged_and_when_stands_in_the_alarm() -> None:
    alarm = lived([SEEN])[-1]
    assert (alarm.acknowledged_ns, alarm.acknowledged_by) == (NOON_NS + 1, "王磊")
    assert alarm.acknowledged_comment == "看到了"


def test_a_return_that_was_taken_back_is_not_shown() -> None:
    assert lived([RETURNED, RAISED])[-1].returned_ns is None


def test_what_came_and_went_unseen_by_design_leaves_nothing_to_acknowledge() -> None:
    born = born_hidden(an_alarm(latching=True), "closed")
    assert after(born, RETURNED, NOON_NS + 1).state is AlarmState.NORMAL
    assert after(born, Event.UNSUPPRESSED, NOON_NS + 1).state is AlarmState.UNACKNOWLEDGED


def test_action_is_confirmed_once_and_after_the_alarm_was_seen() -> None:
    by = By("王磊", "已减速")
    fresh = an_alarm()
    assert confirmed(fresh, NOON_NS, by) is fresh
    done = confirmed(lived([SEEN])[-1], NOON_NS + 5, by)
    assert (done.confirmed_ns, done.confirmed_by, done.confirmed_comment) == (
        NOON_NS + 5,
        "王磊",
        "已减速",
    )
    assert confirmed(done, NOON_NS + 6, replace(by, who="李工")) is done
