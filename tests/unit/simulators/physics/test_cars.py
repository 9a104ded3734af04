"""Two cars of a jig-back."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.physics.cars import CarsState, speed_limit_mps, step
from simulators.physics.line import LineInputs, LineShape

SHAPE = LineShape(length_m=1362, rise_m=328, carriers=2, places=60, rated_mps=10.0)
TOWERS_M = (318.0, 724.0, 1085.0)


@settings(max_examples=20, deadline=None)
@given(dt=st.sampled_from([0.1, 0.5, 1.2]), seed=st.integers(0, 2**32))
def test_cars_stay_on_the_line_and_turn_round_with_people(dt: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    state, headings = CarsState(), set()
    for _ in range(int(900 / dt)):
        speed = speed_limit_mps(SHAPE, state, TOWERS_M)
        state = step(state, LineInputs(speed, 300, 200), dt, rng, SHAPE)
        headings.add(state.heading)
        assert 0 <= state.position_m <= SHAPE.length_m
        assert 0 <= state.people.riding_up <= SHAPE.places
        assert 0 <= state.people.riding_down <= SHAPE.places
    assert headings == {1, -1}
    assert state.people.carried_up > 0


def test_cars_pass_towers_slowly_and_stand_still_in_the_station() -> None:
    away = CarsState(position_m=500, dwell_s=0)
    at_tower = CarsState(position_m=318, dwell_s=0)
    assert speed_limit_mps(SHAPE, away, TOWERS_M) == 10.0
    assert speed_limit_mps(SHAPE, at_tower, TOWERS_M) == 8.0
    assert speed_limit_mps(SHAPE, CarsState(), TOWERS_M) == 0.0


def test_cars_wait_while_nobody_may_board() -> None:
    state = CarsState(dwell_s=1.0)
    for _ in range(100):
        state = step(
            state, LineInputs(0.0, 100, 100, boarding=False), 1.0, np.random.default_rng(1), SHAPE
        )
    assert state.dwell_s > 0
