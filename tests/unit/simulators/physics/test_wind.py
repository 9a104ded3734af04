"""Wind on many masts."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from simulators.physics.wind import Masts, WindInputs, WindState, step, still

MASTS = Masts(np.array([0.0, 400.0, 1200.0]), np.array([1.0, 1.0, 1.0]))


def blow(
    seconds: float, mean_mps: float, seed: int = 1, dt: float = 0.5
) -> tuple[WindState, NDArray[np.float64]]:
    rng = np.random.default_rng(seed)
    inputs = WindInputs(14.0, np.full(3, mean_mps), np.full(3, 30.0))
    state, gusts = still(MASTS, 14.0), []
    for _ in range(round(seconds / dt)):
        state = step(state, inputs, dt, rng, MASTS)
        gusts.append(state.gust_3s)
    return state, np.array(gusts)


def test_gusts_stand_a_fifth_to_a_whole_above_the_mean() -> None:
    state, gusts = blow(3600, 10.0)
    assert 8.5 < state.mean_10min.mean() < 12.5
    highest = gusts[600:].max(axis=0)
    assert (highest > 12.0).all()
    assert (highest < 21.0).all()


def test_a_gust_reaches_the_next_mast_after_the_way_over_the_wind() -> None:
    _, gusts = blow(5400, 10.0)
    unrest = gusts[1200:] - gusts[1200:].mean(axis=0)
    lags = range(161)
    together = [np.corrcoef(unrest[: len(unrest) - lag, 0], unrest[lag:, 1])[0, 1] for lag in lags]
    best = int(np.argmax(together))
    assert 60 <= best <= 100  # 400 m at 10 m/s are 40 s, 80 steps
    assert together[best] > 0.45  # 0.5 to 0.8 before the running mean: domain 8.3 [D]


def test_the_same_seed_blows_the_same_wind() -> None:
    assert np.array_equal(blow(200, 9.0, seed=7)[1], blow(200, 9.0, seed=7)[1])
    assert not np.array_equal(blow(200, 9.0, seed=7)[1], blow(200, 9.0, seed=8)[1])


@settings(max_examples=30, deadline=None)
@given(mean=st.floats(0, 45), dt=st.sampled_from([0.1, 1.0, 2.5]), seed=st.integers(0, 2**32))
def test_no_wind_is_negative_or_beyond_reason(mean: float, dt: float, seed: int) -> None:
    state, gusts = blow(100 * dt, mean, seed, dt)
    assert (gusts >= 0).all()
    assert (gusts <= 60).all()
    assert 0 <= state.direction_deg < 360
