"""The figures of the alarms: counted as the standard counts them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.kpi import KpiTerms, Measure, floods_of, reckon
from analytics.model import Activation
from collector.model import NANOSECONDS

DAY_NS = 86_400 * NANOSECONDS
TERMS = KpiTerms()


def at(second: float, source: str = "a", lasts_s: float | None = 300, **other: Any) -> Activation:
    begin = round(second * NANOSECONDS)
    words: dict[str, Any] = {
        "source": source,
        "priority": 3,
        "ropeway": "north",
        "raised_ns": begin,
        "returned_ns": None if lasts_s is None else begin + round(lasts_s * NANOSECONDS),
        "announced": True,
    }
    return Activation(**words | other)


def measured(*activations: Activation) -> dict[str, float | None]:
    found = reckon(activations, 0, DAY_NS, TERMS)
    return {one.id: one.value for one in found.measures}


def test_a_quiet_day_keeps_every_target() -> None:
    found = reckon([at(3600 * hour, f"s{hour}") for hour in range(24)], 0, DAY_NS, TERMS)
    states = {one.id: one.state for one in found.measures}
    assert "bad" not in {states[one] for one in states if one != "top_ten_share"}
    values = {one.id: one.value for one in found.measures}
    assert values["per_day"] == pytest.approx(24)
    assert values["per_hour"] == pytest.approx(1)
    assert values["per_10min"] == pytest.approx(1 / 6)


def test_a_flood_begins_above_ten_and_ends_below_five_in_ten_minutes() -> None:
    instants = [second * NANOSECONDS for second in range(0, 110, 10)]
    ((begin, end),) = floods_of(instants, DAY_NS, TERMS)
    assert begin == 100 * NANOSECONDS
    # The seventh leaves the window at 660 s: four are left.
    assert end == 660 * NANOSECONDS
    assert list(floods_of(instants[:10], DAY_NS, TERMS)) == []


@given(st.lists(st.integers(0, 7200), max_size=80).map(sorted))
def test_a_flood_is_what_counting_every_second_says(seconds: list[int]) -> None:
    floods, flooding = [], False
    for now in range(7200 + 1):
        count = sum(now - 600 < one <= now for one in seconds)
        was = flooding
        flooding = count >= 5 if flooding else count > 10
        if flooding != was:
            floods.append(now)
    if flooding:
        floods.append(7200)
    # One flood may end and another begin within the same second.
    spans = list(floods_of([one * NANOSECONDS for one in seconds], 7200 * NANOSECONDS, TERMS))
    assert [edge // NANOSECONDS for span in spans if span[0] < span[1] for edge in span] == floods


def test_three_within_a_minute_chatter_and_two_do_not() -> None:
    restless = [at(0, "b", 5), at(25, "b", 5), at(59, "b", 5)]
    found = reckon([*restless, at(0, "c"), at(30, "c")], 0, DAY_NS, TERMS)
    assert found.chattering == ("b",)


def test_what_goes_at_once_and_does_not_come_again_is_fleeting() -> None:
    assert measured(at(0, lasts_s=9), at(500, lasts_s=11))["fleeting"] == 1
    assert measured(at(0, lasts_s=9), at(30, lasts_s=11))["fleeting"] == 0


def test_what_holds_longer_than_a_day_is_stale_whether_it_ended_or_not() -> None:
    found = reckon([at(0, "x", None), at(10, "y", 90_000), at(20, "z")], 0, 2 * DAY_NS, TERMS)
    assert found.stale == ("x", "y")


def test_what_nobody_was_told_of_does_not_count() -> None:
    assert measured(at(0, announced=False))["per_day"] == 0


def test_the_wait_for_an_acknowledgement_is_a_median() -> None:
    waits = [at(0, f"s{one}", acknowledged_ns=one * NANOSECONDS) for one in (10, 20, 90)]
    assert measured(*waits)["acknowledged_s"] == 20
    assert measured(at(5, acknowledged_ns=1))["acknowledged_s"] is None


def test_shares_are_of_all_that_was_told() -> None:
    found = measured(*[at(n, f"s{n}", priority=1 if n < 2 else 3) for n in range(40)])
    assert found["priority_1_share"] == pytest.approx(0.05)
    assert found["top_ten_share"] == pytest.approx(0.25)
    assert found["most_in_10min"] == 40


@pytest.mark.parametrize(
    ("value", "state"), [(1, "good"), (2, "watch"), (3, "bad"), (None, "unknown")]
)
def test_a_figure_keeps_its_target_its_limit_or_neither(value: float | None, state: str) -> None:
    assert Measure("x", value, 1, 2).state == state
