"""A thinned trace shows every peak of the whole one and bridges nothing."""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from analytics.model import Trace
from analytics.rope.thinned import thinned

NOTHING = Trace((), (), ())


@st.composite
def traces(draw: st.DrawFn) -> Trace:
    count = draw(st.integers(1, 3000))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    steps = rng.uniform(0.009, 0.011, count)
    for at in draw(st.lists(st.integers(0, count - 1), max_size=3)):
        steps[at] = 2.0
    lma, lf = rng.normal(0, 0.3, count), rng.normal(0, 5, count)
    for at in draw(st.lists(st.integers(0, count - 1), max_size=5)):
        lma[at] = draw(st.floats(3, 9))
        lf[at] = draw(st.floats(40, 90)) * draw(st.sampled_from([-1, 1]))
    return Trace(tuple(np.cumsum(steps).tolist()), tuple(lma.tolist()), tuple(lf.tolist()))


@given(traces(), st.integers(100, 2000))
def test_the_greatest_and_the_least_of_both_signals_survive(trace: Trace, points: int) -> None:
    few = thinned(trace, points)
    assert np.nanmax(few.lma_pct) == max(trace.lma_pct)
    assert np.nanmin(few.lma_pct) == min(trace.lma_pct)
    assert np.nanmax(np.abs(few.lf)) == np.max(np.abs(trace.lf))
    assert list(few.position_m) == sorted(few.position_m)


@given(traces(), st.integers(100, 2000))
def test_each_sample_that_is_shown_is_one_of_the_trace(trace: Trace, points: int) -> None:
    whole = set(zip(trace.position_m, trace.lma_pct, trace.lf, strict=True))
    few = thinned(trace, points)
    shown = list(zip(few.position_m, few.lma_pct, few.lf, strict=True))
    assert {one for one in shown if not math.isnan(one[1])} <= whole
    assert few.position_m[0] == trace.position_m[0]
    assert few.position_m[-1] == trace.position_m[-1]
    assert len(shown) <= points + 150


def test_a_wide_step_is_a_hole_and_not_a_line() -> None:
    position = (0.0, 0.01, 0.02, 0.03, 5.0, 5.01, 5.02)
    few = thinned(Trace(position, (1.0,) * 7, (2.0,) * 7), 100)
    hole = [at for at, loss in enumerate(few.lma_pct) if math.isnan(loss)]
    assert [round(few.position_m[at], 6) for at in hole] == [2.515]
    assert len(few.position_m) == 8


def test_nothing_stays_nothing() -> None:
    assert thinned(NOTHING, 100) == NOTHING
