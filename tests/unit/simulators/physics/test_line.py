"""People on a circulating line."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.physics.line import (
    LineInputs,
    LineShape,
    LineState,
    capacity_per_h,
    interval_s,
    pull_n,
    settled,
    step,
)

SHAPE = LineShape(length_m=2088, rise_m=600, carriers=39.4, places=8, rated_mps=6.0)


def test_a_line_like_zhongtianmen_carries_1630_an_hour() -> None:
    assert capacity_per_h(SHAPE, 6.0) == pytest.approx(1630, rel=0.01)  # domain 8.2 [v 23]
    assert interval_s(SHAPE, 6.0) == pytest.approx(17.7, rel=0.01)


def test_half_the_speed_carries_half() -> None:
    assert capacity_per_h(SHAPE, 3.0) == pytest.approx(capacity_per_h(SHAPE, 6.0) / 2)


def test_a_full_load_up_pulls_and_a_full_load_down_pushes() -> None:
    up = settled(SHAPE, LineInputs(6.0, 1630, 0))
    down = settled(SHAPE, LineInputs(6.0, 0, 1630))
    assert pull_n(SHAPE, up) * 6.0 == pytest.approx(200_000, rel=0.05)  # domain 8.3 [D]
    assert pull_n(SHAPE, down) == pytest.approx(-pull_n(SHAPE, up))


@settings(deadline=None)
@given(
    speed=st.floats(0, 6),
    up=st.floats(0, 4000),
    down=st.floats(0, 4000),
    dt=st.floats(0.05, 4),
    seed=st.integers(0, 2**32),
)
def test_riders_never_exceed_the_places_and_nobody_is_lost(
    speed: float, up: float, down: float, dt: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    state = LineState()
    for _ in range(50):
        state = step(state, LineInputs(speed, up, down), dt, rng, SHAPE)
    most = SHAPE.places * SHAPE.length_m / SHAPE.spacing_m
    assert 0 <= state.riding_up <= most * 1.001
    assert 0 <= state.riding_down <= most * 1.001
    assert state.carried_up >= state.riding_up - 1e-6
    assert state.queue_bottom >= 0 <= state.queue_top


def test_nobody_boards_a_line_that_takes_nobody() -> None:
    state = step(
        LineState(queue_bottom=50),
        LineInputs(6.0, 0, 0, boarding=False),
        1.0,
        np.random.default_rng(1),
        SHAPE,
    )
    assert state.riding == 0
    assert state.queue_bottom == 50
