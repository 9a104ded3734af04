"""Thunder cells."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.physics.storm import (
    MOST_KVM,
    OUT_OF_RANGE_KM,
    Cell,
    StormState,
    step,
)


def drift(start_km: float, seconds: float, rate: float = 4, seed: int = 1) -> list[StormState]:
    rng, state, states = np.random.default_rng(seed), StormState(), []
    for second in range(int(seconds)):
        left_km = max(abs(start_km - second * 45 / 3600), 0.1)
        state = step(state, Cell(left_km, 250, 7, rate), 1.0, rng)
        states.append(state)
    return states


def test_fair_weather_has_a_small_field_and_no_strikes() -> None:
    rng, state = np.random.default_rng(1), StormState()
    for _ in range(600):
        state = step(state, None, 1.0, rng)
        assert 0.0 < state.field_kvm < 0.5
    assert (state.distance_km, state.level, state.strikes) == (OUT_OF_RANGE_KM, 0, ())


def test_an_approaching_cell_comes_nearer_and_raises_level_and_field() -> None:
    states = drift(40, 3200)
    assert 30 < states[300].distance_km < 45
    assert states[-1].distance_km < 10
    assert states[-1].level == 3
    assert max(abs(state.field_kvm) for state in states[-900:]) > 4
    assert {np.sign(state.field_kvm) for state in states[-1500:]} == {1.0, -1.0}


def test_strikes_come_at_about_the_rate_of_the_cell() -> None:
    assert 3 < drift(12, 3600, rate=4)[-1].strikes_total / 60 < 5


def test_a_dead_cell_leaves_fair_weather_behind() -> None:
    rng, state = np.random.default_rng(1), drift(5, 300)[-1]
    for _ in range(1200):
        state = step(state, None, 1.0, rng)
    assert state.strikes == ()
    assert abs(state.field_kvm) < 0.5


@settings(max_examples=30, deadline=None)
@given(
    km=st.floats(0.1, 60),
    rate=st.floats(0, 600),
    dt=st.sampled_from([0.1, 1.0, 4.0]),
    seed=st.integers(0, 2**32),
)
def test_what_is_shown_stays_in_range(km: float, rate: float, dt: float, seed: int) -> None:
    rng, state = np.random.default_rng(seed), StormState()
    for _ in range(60):
        state = step(state, Cell(km, 10, 7, rate), dt, rng)
        assert abs(state.field_kvm) <= MOST_KVM
        assert 0 < state.distance_km <= OUT_OF_RANGE_KM
        assert 0 <= state.bearing_deg < 360
