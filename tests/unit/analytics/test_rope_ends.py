"""The weekly trend: robust, a range, and silent where it does not know."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.model import RopeTest, Verdict, WindowLoss
from analytics.rope import theil_sen, trend_of
from analytics.rope.ends import WEEK_NS, Trend
from tests.unit.analytics.records_words import a_test
from tests.unit.analytics.rope_words import a_rope


def readings(losses: list[float]) -> list[RopeTest]:
    return [
        a_test(
            id=week,
            ended_ns=10**18 + week * WEEK_NS,
            windows=(WindowLoss(6, loss, 1.0, 6), WindowLoss(40, loss / 8, 1.0, 8)),
        )
        for week, loss in enumerate(losses)
    ]


def trend(losses: list[float]) -> Trend:
    found = trend_of(readings(losses), a_rope())
    assert found is not None
    return found


@given(
    st.floats(-0.5, 0.5),
    st.floats(0, 5),
    st.lists(st.floats(0.1, 3), min_size=4, max_size=30),
)
def test_the_planted_slope_of_a_line_is_found_exactly(
    slope: float, start: float, steps: list[float]
) -> None:
    weeks = np.cumsum(steps)
    median, low, high = theil_sen(weeks, start + slope * weeks)
    for found in (median, low, high):
        assert found == pytest.approx(slope, abs=1e-9)


@given(st.integers(0, 2**32), st.floats(-0.3, 0.3))
def test_the_planted_slope_is_found_in_noise_and_wild_readings(seed: int, slope: float) -> None:
    rng = np.random.default_rng(seed)
    weeks = np.arange(40.0)
    losses = 1 + slope * weeks + rng.normal(0, 0.1, 40)
    losses[rng.choice(40, 6, replace=False)] += rng.choice([-5, 5], 6)
    median, low, high = theil_sen(weeks, losses)
    assert median == pytest.approx(slope, abs=0.02)
    assert low <= median <= high


@pytest.mark.slow
def test_the_interval_holds_the_planted_slope_as_often_as_it_says() -> None:
    rng = np.random.default_rng(1)
    weeks = np.arange(27.0)
    held = 0
    for _ in range(400):
        _, low, high = theil_sen(weeks, 0.1 * weeks + rng.normal(0, 0.3, 27))
        held += low <= 0.1 <= high
    assert 0.92 < held / 400 <= 1.0


def test_a_slow_loss_is_foretold_as_a_range() -> None:
    rng = np.random.default_rng(3)
    losses = (0.5 + 0.15 * np.arange(30) + rng.normal(0, 0.1, 30)).tolist()
    found = trend(losses)
    assert found.fit is not None
    assert (found.window_d, found.limit_pct) == (6, 6)
    assert found.fit.low < 0.15 < found.fit.high
    assert found.fit.weeks_to_limit is not None
    earliest, latest = found.fit.weeks_to_limit
    truly = (6 - 0.5 - 0.15 * 29) / 0.15
    assert earliest <= truly <= latest + 1
    assert (found.fit.from_ns, found.fit.to_ns) == (10**18, 10**18 + 29 * WEEK_NS)


def test_growth_that_has_become_faster_brings_the_end_nearer() -> None:
    steady = [0.1 * week for week in range(40)]
    faster = [*steady[:30], *(2.9 + 0.25 * week for week in range(1, 11))]
    fits = [trend(losses).fit for losses in (steady, faster)]
    assert fits[0] is not None
    assert fits[1] is not None
    assert fits[0].weeks_to_limit == pytest.approx((21, 21))
    assert fits[1].weeks_to_limit is not None
    assert fits[1].weeks_to_limit[0] < (6 - faster[-1]) / 0.13


@pytest.mark.parametrize(
    ("losses", "en", "zh"),
    [
        ([], "0 complete tests", "0 次"),
        ([1.0, 5.0], "2 complete tests", "2 次"),
        ([0.2 * week for week in range(26)], "25 weeks, at least 26", "25 周"),
        ([1 + 0.05 * week for week in range(30)], "within twice the repeatability", "重复性"),
    ],
)
def test_what_is_not_known_is_not_foretold(losses: list[float], en: str, zh: str) -> None:
    found = trend(losses)
    assert found.fit is None
    assert found.reason.en.startswith("not enough data (")
    assert en in found.reason.en
    assert zh in found.reason.zh


def test_nothing_is_foretold_beyond_five_years() -> None:
    slow = [1 + 0.004 * week for week in range(700)]
    fit = trend(slow).fit
    assert fit is not None
    assert fit.weeks_to_limit is None
    rng = np.random.default_rng(2)
    unsure = (1 + 0.02 * np.arange(130) + rng.normal(0, 1.5, 130)).tolist()
    fit = trend(unsure).fit
    assert fit is not None
    assert fit.weeks_to_limit is not None
    assert fit.weeks_to_limit[1] <= 260


def test_a_limit_already_reached_is_now() -> None:
    fit = trend([0.2 * week for week in range(40)]).fit
    assert fit is not None
    assert fit.weeks_to_limit == (0.0, 0.0)


def test_a_loss_that_shrinks_leads_to_no_limit() -> None:
    fit = trend([5 - 0.1 * week for week in range(40)]).fit
    assert fit is not None
    assert fit.slope_pct_per_week == pytest.approx(-0.1)
    assert fit.weeks_to_limit is None


def test_incomplete_tests_are_shown_but_not_fitted() -> None:
    tests = readings([0.1 * week for week in range(40)])
    spoilt = replace(tests[20], windows=(), complete=False, verdict=Verdict.INCOMPLETE)
    tests[20] = spoilt
    tests[30] = replace(tests[30], windows=(WindowLoss(6, 50, 0, 6),), complete=False)
    found = trend_of(tests, a_rope())
    assert found is not None
    assert len(found.points) == 40
    assert math.isnan(found.points[20].loss_pct)
    assert found.fit is not None
    assert found.fit.high == pytest.approx(0.1)


def test_the_length_that_uses_up_most_of_its_limit_governs() -> None:
    tests = [
        replace(test, windows=(WindowLoss(6, 1.0, 0, 6), WindowLoss(40, 6.0, 0, 8)))
        for test in readings([0.0] * 3)
    ]
    found = trend_of(tests[::-1], a_rope())
    assert found is not None
    assert (found.window_d, found.limit_pct) == (40, 8)
    assert [point.test for point in found.points] == [0, 1, 2]
    assert trend_of(tests, a_rope(limits=())) is None
