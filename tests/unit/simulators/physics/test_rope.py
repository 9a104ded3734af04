"""A pass of the rope-test head."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.physics.rope import SPACING_M, Defect, Trace, duration_s, run_pass


def trace(defects: tuple[Defect, ...] = (), weeks: float = 0, seed: int = 1) -> Trace:
    rng, signature = np.random.default_rng(seed), np.random.default_rng(99)
    return run_pass(13.0, defects, weeks, rng, signature)


def test_a_pass_over_thirteen_metres_takes_about_a_minute() -> None:
    assert 50 < duration_s(13.0) < 55
    assert len(trace()) == 261
    assert trace().position_m[-1] == pytest.approx(13.0)


def test_sound_rope_reads_within_the_noise() -> None:
    assert np.abs(trace().lma_pct).max() < 0.5
    assert np.abs(trace().lf_mv).max() < 60


@settings(deadline=None)
@given(
    at=st.floats(0.5, 12.0),
    length=st.floats(0.3, 0.9),
    loss=st.floats(1.5, 20),
    seed=st.integers(0, 2**32),
)
def test_a_planted_defect_is_read_where_and_as_great_as_it_was_planted(
    at: float, length: float, loss: float, seed: int
) -> None:
    found = trace((Defect(at, length, loss),), seed=seed)
    inside = (found.position_m > at + 0.1) & (found.position_m < at + length - 0.1)
    assert found.lma_pct[inside].mean() == pytest.approx(loss, abs=0.45)
    worst = found.position_m[int(np.argmax(found.lma_pct))]
    assert at - 0.15 <= worst <= at + length + 0.15
    outside = (found.position_m < at - 0.2) | (found.position_m > at + length + 0.2)
    assert found.lma_pct[outside].max() < 0.6


def test_a_fault_shorter_than_the_averaging_length_reads_low() -> None:
    found = trace((Defect(6.0, 0.02, 10.0),))
    assert 0.5 < found.lma_pct.max() < 4


def test_local_faults_show_as_peaks_where_metal_ends() -> None:
    found = trace((Defect(6.0, 0.5, 4.0),))
    at = found.position_m[int(np.argmax(found.lf_mv))]
    assert at == pytest.approx(6.0, abs=2 * SPACING_M)
    assert found.lf_mv.max() > 150


def test_a_defect_grows_by_its_weekly_share() -> None:
    growing = Defect(6.0, 0.4, 0.5, growth_pct_per_week=0.245)
    assert growing.loss_at(20) == pytest.approx(5.4)
    assert trace((growing,), weeks=20).lma_pct.max() == pytest.approx(5.4, abs=0.4)


def test_the_same_rope_has_the_same_signature_in_every_pass() -> None:
    first, second = trace(seed=1).lma_pct, trace(seed=2).lma_pct
    assert not np.array_equal(first, second)
    assert np.corrcoef(first, second)[0, 1] > 0.3
    assert np.array_equal(trace(seed=1).lma_pct, first)
