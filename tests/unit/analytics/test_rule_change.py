"""Taking up rules while scans come: what both sets know goes on as if nothing had been."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.conditions import Condition, conditions_of
from analytics.config import Judging
from analytics.judge import Judge
from tests.unit.analytics.judging_words import (
    GUST,
    a_judging,
    a_plant,
    scans_of,
)
from tests.unit.analytics.test_rule_desk import OLD

pytestmark = pytest.mark.usefixtures("either_database")


@settings(max_examples=20)
@given(st.lists(st.sampled_from([5.0, 19.0, 25.0]), min_size=4, max_size=12), st.integers(1, 3))
def test_taking_up_the_same_rules_changes_nothing_that_is_judged(
    gusts: list[float], cut: int
) -> None:
    def judged(*, change: bool) -> list[tuple[str, bool, int]]:
        judge = Judge(_conditions(a_judging(OLD)))
        found = judge.judge_all(scans_of({GUST: gusts[:cut]}))
        if change:
            other = Judge(_conditions(a_judging(OLD)))
            other.restore(judge.state())
            other.remember(judge.newest())
            judge = other
        found += judge.judge_all(scans_of({GUST: gusts[cut:]}, begin_s=cut))
        return [(one.condition.source, one.holds, one.at_ns) for one in found]

    assert judged(change=True) == judged(change=False)


def _conditions(judging: Judging) -> list[Condition]:
    return conditions_of(a_plant(), judging.rule)
