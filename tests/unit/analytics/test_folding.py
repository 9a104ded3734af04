"""Ten thousand events from one cause are one line, and a flood is said as one."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from analytics.folding import MOST_CONSEQUENCES, FloodWatch, folded
from analytics.kpi import KpiTerms
from analytics.model import Alarm, AlarmState
from collector.model import NANOSECONDS
from tests.unit.analytics.records_words import NOON_NS, an_alarm

TERMS = KpiTerms()


def alarm(number: int, cause: int | None = None, **other: object) -> Alarm:
    words = {"id": number, "source": f"s/{number}", "cause": cause, **other}
    return replace(an_alarm(), **words)  # type: ignore[arg-type]


def test_ten_thousand_consequences_are_counted_and_a_screen_of_them_is_listed() -> None:
    open_alarms = [alarm(1), *(alarm(number, cause=1) for number in range(2, 10_002))]
    shown, left_out = folded(open_alarms)
    assert len(shown) == 1 + MOST_CONSEQUENCES
    assert left_out == {1: 10_000 - MOST_CONSEQUENCES}


def test_what_is_hidden_is_never_left_out() -> None:
    hidden = [alarm(number, cause=1, state=AlarmState.SHELVED) for number in range(2, 102)]
    shown, left_out = folded([alarm(1), *hidden])
    assert len(shown) == 101
    assert left_out == {}


def test_a_consequence_whose_cause_is_over_stands_for_itself() -> None:
    shown, left_out = folded([alarm(number, cause=1) for number in range(2, 102)])
    assert (len(shown), left_out) == (100, {})


@given(st.lists(st.integers(0, 40), max_size=120))
def test_every_alarm_is_shown_or_counted(causes: list[int]) -> None:
    alarms = [alarm(at + 1, cause=of or None) for at, of in enumerate(causes)]
    shown, left_out = folded(alarms, most=3)
    assert len(shown) + sum(left_out.values()) == len(alarms)
    assert [one.id for one in shown] == sorted(one.id for one in shown)


def flooding(seconds: list[float], at_s: float) -> tuple[bool, int]:
    watch = FloodWatch()
    for number, second in enumerate(seconds):
        watch.note(alarm(number + 1, raised_ns=NOON_NS + int(second * NANOSECONDS)))
    found = watch.state(NOON_NS + int(at_s * NANOSECONDS), TERMS)
    return found.on, found.alarms


def test_a_flood_begins_above_ten_and_ends_below_five_in_ten_minutes() -> None:
    eleven = [float(number) for number in range(11)]
    assert flooding(eleven[:10], 20) == (False, 10)
    assert flooding(eleven, 20) == (True, 11)
    assert flooding(eleven, 605) == (True, 5)
    assert flooding(eleven, 608) == (False, 2)


def test_what_follows_from_another_alarm_makes_no_flood() -> None:
    watch = FloodWatch()
    for number in range(1, 1001):
        watch.note(alarm(number, cause=1 if number > 1 else None))
    assert watch.state(NOON_NS + NANOSECONDS, TERMS).alarms == 1
