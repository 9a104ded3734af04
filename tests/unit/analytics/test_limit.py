"""A rule that can never be right is refused with a reason."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from analytics.model import Advised
from analytics.rules.limit import LEVELS, LimitRule
from tests.unit.analytics.judging_words import GUST, OTHER_GUST, a_rule


def rule(**other: Any) -> LimitRule:
    return LimitRule.model_validate(a_rule(**other))


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({}, "at least one of high"),
        ({"tags": [], "high": 1}, "give 'tag' or 'tags'"),
        ({"high": 20, "high_high": 15}, "must rise"),
        ({"high": 20, "high_high": 20}, "must rise"),
        ({"low": 5, "high": 1}, "must rise"),
        ({"low": 0, "high": 10, "deadband": 5}, "no band between"),
        ({"high": 20, "deadband": -1}, "greater than or equal to 0"),
        ({"high": 20, "on_delay_s": -1}, "greater than or equal to 0"),
        ({"high": 20, "priority": 4}, "1, 2 or 3"),
        ({"high": 20, "respond_within_s": 0}, "greater than 0"),
        ({"high": 20, "latch": True}, "Extra inputs"),
        ({"high": 20, "tags": [GUST, OTHER_GUST, GUST]}, "more than once"),
        ({"high": 20, "tag": GUST, "tags": [GUST]}, "more than once"),
    ],
)
def test_a_rule_that_contradicts_itself_is_refused(wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        rule(**wrong)


@pytest.mark.parametrize("key", ["high", "low_low", "deadband", "on_delay_s", "off_delay_s"])
@pytest.mark.parametrize("figure", [math.nan, math.inf])
def test_a_limit_that_nothing_can_reach_is_refused(key: str, figure: float) -> None:
    with pytest.raises(ValidationError, match=r"finite number|greater than or equal"):
        rule(**{"high": 20, key: figure})


@given(st.lists(st.integers(-50, 50), min_size=4, max_size=4, unique=True), st.data())
def test_limits_come_out_as_they_were_given(figures: list[int], data: st.DataObject) -> None:
    order = ("low_low", "low", "high", "high_high")
    given_levels = data.draw(st.sets(st.sampled_from(order), min_size=1))
    rising = {
        level: float(figure)
        for level, figure in zip(order, sorted(figures), strict=True)
        if level in given_levels
    }
    found = {level: limit for level, limit, _, _ in rule(**rising).limits()}
    assert found == rising
    assert list(found) == [level for level in LEVELS if level in rising]


def test_priorities_and_advice_of_the_urgent_levels_follow_the_others() -> None:
    for priority, urgent in ((1, 1), (2, 1), (3, 2)):
        (_, _, plain, _), (_, _, high_high, advice) = rule(
            high=1, high_high=2, priority=priority, advice="slow"
        ).limits()
        assert (plain, high_high, advice) == (priority, urgent, Advised.SLOW)
