"""The trace of a pass: in order of position, nothing found made smaller."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from analytics.rope import trace_of
from analytics.rope.trace import RopePass, covered_share, highest_fault
from tests.unit.analytics.rope_words import a_trace

SAMPLES = st.lists(
    st.tuples(
        st.sampled_from([-0.05, 0.0, 0.05, 0.1, 0.15, float("nan")]),
        st.one_of(st.floats(-1, 10), st.just(float("nan"))),
        st.one_of(st.floats(-50, 50), st.just(float("nan"))),
    ),
    max_size=20,
)


@given(SAMPLES)
def test_each_position_keeps_the_worst_that_was_found_there(
    samples: list[tuple[float, float, float]],
) -> None:
    position_m, lma_pct, faults = np.array(samples, dtype=float).reshape(-1, 3).T
    source_ns = np.arange(len(samples), dtype=np.int64)
    trace = trace_of(RopePass(1, position_m, lma_pct, faults, source_ns))
    worst: dict[float, tuple[float, float]] = {}
    for position, lma, lf in samples:
        if np.isfinite(position) and np.isfinite(lma):
            old_lma, old_lf = worst.get(position, (-np.inf, np.nan))
            worst[position] = max(old_lma, lma), np.fmax(old_lf, abs(lf))
    assert list(trace.position_m) == sorted(worst)
    for position, lma, lf in zip(trace.position_m, trace.lma_pct, trace.lf, strict=True):
        assert lma == worst[position][0]
        np.testing.assert_equal(abs(lf), worst[position][1])


def test_the_highest_fault_is_told_without_its_sign() -> None:
    position = np.array([0.0, 0.05, 0.1])
    faults = np.array([np.nan, 3.0, -8.0])
    trace = trace_of(RopePass(1, position, position * 0, faults, np.arange(3)))
    assert highest_fault(trace) == (8.0, 0.1)


def test_only_the_test_points_own_length_counts_as_covered() -> None:
    position: NDArray[np.float64] = np.arange(-40, 141, dtype=np.float64) * 0.05
    trace = a_trace(position, position)
    assert covered_share(trace, 10.0, 0.243) == 0.7
    assert covered_share(trace, 5.0, 0.243) == 1.0
    assert covered_share(trace, 5.0, 0.04) == 0.0
