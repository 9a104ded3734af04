"""Who is told when: steps, quiet hours, floods, first causes; for any roster and any instant."""

from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from analytics.model import Alarm, AlarmState
from analytics.notify.plan import (
    MINUTE_NS,
    Call,
    Moment,
    Round,
    consequences,
    in_flood,
    plan,
    wants_call,
)
from analytics.notify.terms import Telling
from analytics.records import Callout
from collector.model import NANOSECONDS
from tests.unit.analytics.notify_words import a_telling, person
from tests.unit.analytics.records_words import an_alarm

ZONE = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 1, 5, 12, tzinfo=ZONE)


def ns(at: datetime = NOON) -> int:
    return int(at.timestamp()) * NANOSECONDS


def a_call(number: int = 1, waited_min: float | None = None, **other: Any) -> Call:
    """A call for an alarm; told `waited_min` minutes ago where that is given."""
    alarm = replace(an_alarm(f"source_{number}"), id=number, **other)
    callout = Callout(number, number, ns())
    if waited_min is None:
        return Call(callout, alarm)
    told = replace(callout, step=0, first_told_ns=ns())
    return Call(told, alarm, waited_ns=int(waited_min * MINUTE_NS))


def planned(*calls: Call, telling: Telling | None = None, **moment: Any) -> Round:
    now = Moment(moment.pop("at_ns", ns()), ZONE, **moment)
    return plan(calls, telling or a_telling(), now)


def told(found: Round) -> list[tuple[str, tuple[str, ...]]]:
    return [(one.channel, one.people) for one in found.messages]


def test_a_group_gets_one_message_and_each_person_their_own() -> None:
    found = planned(a_call())
    assert told(found) == [
        ("group", ("zhang.wei", "li.na")),
        ("sms", ("zhang.wei",)),
        ("sms", ("li.na",)),
    ]


def test_the_next_step_comes_only_after_its_minutes_and_only_once() -> None:
    assert not planned(a_call(waited_min=4.9)).messages
    found = planned(a_call(waited_min=5))
    assert told(found) == [("mail", ("chief",))]
    (due,) = found.told
    again = replace(due.call, callout=replace(due.call.callout, step=due.step))
    assert not planned(replace(again, waited_ns=60 * MINUTE_NS)).messages


@given(st.floats(0, 1000))
def test_priority_3_is_told_once_and_never_escalated(waited_min: float) -> None:
    assert planned(a_call(priority=3)).messages
    assert not planned(a_call(waited_min=waited_min, priority=3)).messages


def test_where_nobody_is_on_duty_the_next_step_is_told_at_once() -> None:
    nobody = a_telling(
        duty=[
            person("chief", ["chief"], [("mail", "c@x.test")]),
            person("w", ["operator"], [("sms", "1")], turns=[{"days": ["sun"]}]),
        ]
    )
    assert told(planned(a_call(), telling=nobody)) == [("mail", ("chief",))]


def test_a_call_that_nobody_can_be_told_of_is_named_until_somebody_comes_on_duty() -> None:
    sunday = [{"days": ["sun"]}]
    telling = a_telling(
        duty=[
            person("w", ["operator"], [("sms", "1")], turns=sunday),
            person("chief", ["chief"], [("mail", "c@x.test")], turns=sunday),
        ]
    )
    found = planned(a_call(), telling=telling)
    assert (len(found.untold), found.told) == (1, ())
    later = planned(a_call(), telling=telling, at_ns=ns(datetime(2026, 1, 11, 1, tzinfo=ZONE)))
    assert (later.untold, told(later)) == ((), [("sms", ("w",))])


QUIET = {"alarm_class": "operating", "begins": "22:00", "ends": "06:00"}
HOURS = st.integers(0, 23)


@given(HOURS, st.integers(1, 3), st.sampled_from(["operating", "safety"]))
def test_quiet_hours_hold_back_their_class_alone_and_never_priority_1(
    hour: int, priority: int, alarm_class: str
) -> None:
    telling = a_telling(quiet_hours=[QUIET])
    call = a_call(priority=priority, alarm_class=alarm_class)
    found = planned(call, telling=telling, at_ns=ns(NOON.replace(hour=hour)))
    quiet = (hour >= 22 or hour < 6) and alarm_class == "operating" and priority != 1
    assert bool(found.messages) != quiet
    assert not found.untold


@given(
    st.integers(0, 366 * 24 * 60),
    st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "America/St_Johns"]),
)
def test_quiet_hours_go_by_what_the_wall_clock_shows(minutes: int, zone: str) -> None:
    at_ns = ns(datetime(2026, 1, 1, tzinfo=ZONE)) + minutes * MINUTE_NS
    shown = datetime.fromtimestamp(at_ns / NANOSECONDS, ZoneInfo(zone))
    alarm = replace(an_alarm(), priority=2, alarm_class="operating")
    waits = a_telling(quiet_hours=[QUIET]).waits(alarm, at_ns, ZoneInfo(zone))
    assert waits == (shown.hour >= 22 or shown.hour < 6)


def test_in_a_flood_each_channel_gets_one_message_with_the_first_cause_first() -> None:
    calls = [a_call(one, raised_ns=ns() + one, priority=2) for one in range(1, 30)]
    calls[20] = replace(calls[20], folded=40)
    found = planned(*calls, flood=True)
    assert found.digest
    assert told(found) == [
        ("group", ("zhang.wei", "li.na")),
        ("sms", ("zhang.wei",)),
        ("sms", ("li.na",)),
    ]
    for message in found.messages:
        order = [due.call.alarm.id for due in message.dues]
        assert order == [21, *(one for one in range(1, 30) if one != 21)]


@given(st.floats(0, 10), st.integers(1, 3))
def test_the_next_digest_waits_its_minutes_and_priority_1_only_one(
    passed_min: float, priority: int
) -> None:
    passed_ns = int(passed_min * MINUTE_NS)
    found = planned(a_call(priority=priority), flood=True, digest_ns=ns() - passed_ns)
    wait_min = 1 if priority == 1 else 3
    assert bool(found.messages) == (passed_ns >= wait_min * MINUTE_NS)


def test_a_clock_set_back_does_not_hold_up_the_next_digest() -> None:
    assert planned(a_call(), flood=True, digest_ns=ns() + 3600 * NANOSECONDS).messages


def test_a_flood_begins_above_ten_and_ends_below_five_in_ten_minutes() -> None:
    second = NANOSECONDS
    begun = [one * second for one in range(11)]
    telling = a_telling()
    assert not in_flood(begun[:10], 20 * second, telling)
    assert in_flood(begun, 20 * second, telling)
    assert in_flood(begun, 605 * second, telling), "five are left"
    assert not in_flood(begun, 606 * second, telling), "four are left"


ALARMS = st.builds(
    lambda number, state, cause, priority: replace(
        an_alarm(f"s{number}"), id=number, state=state, cause=cause, priority=priority
    ),
    st.integers(1, 6),
    st.sampled_from([one for one in AlarmState if one is not AlarmState.NORMAL]),
    st.none() | st.integers(1, 6),
    st.integers(1, 3),
)


@given(st.lists(ALARMS, unique_by=lambda one: one.id))
def test_nobody_is_called_for_what_is_seen_or_hidden_or_told_with_its_cause(
    alarms: list[Alarm],
) -> None:
    standing = {one.id: one for one in alarms}
    for alarm in alarms:
        if not wants_call(alarm, standing):
            continue
        assert alarm.state in (AlarmState.UNACKNOWLEDGED, AlarmState.RETURNED)
        cause = standing.get(alarm.cause or 0)
        assert cause is None or cause.hidden or cause.priority > alarm.priority
    assert sum(consequences(alarms).values()) == sum(one.cause is not None for one in alarms)


@given(
    st.lists(
        st.tuples(st.integers(1, 3), st.none() | st.floats(0, 30), st.integers(0, 3)), max_size=8
    ),
    st.booleans(),
)
def test_every_call_is_told_or_waits_or_is_named_untold_and_no_person_twice(
    wishes: list[tuple[int, float | None, int]], flood: bool
) -> None:
    calls = [
        replace(a_call(number + 1, waited, priority=priority), folded=folded)
        for number, (priority, waited, folded) in enumerate(wishes)
    ]
    found = planned(*calls, flood=flood)
    told_calls = {due.call for due in found.told}
    assert not told_calls & set(found.untold)
    in_messages = {due for one in found.messages for due in one.dues}
    assert in_messages == set(found.told)
    places = [(one.channel, one.people) for one in found.messages]
    assert not flood or len(set(places)) == len(places)
    for message in found.messages:
        assert len(set(message.people)) == len(message.people)
        assert len(set(message.dues)) == len(message.dues)
