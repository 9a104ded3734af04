"""Tension force and carriage."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.physics.tension import TensionInputs, TensionShape, TensionState, resting, step

SHAPE = TensionShape(nominal_n=284_000, stiffness_n=71e6, loop_m=4236, stroke_m=5.0)


def inputs(rope_c: float = 15, load_n: float = 0, passed: float = 0) -> TensionInputs:
    return TensionInputs(load_n, rope_c, passed, 1.0, 0.0, 3.0)


def test_thirty_kelvin_move_the_carriage_by_seven_tenths_of_a_metre() -> None:
    cold, warm = resting(SHAPE, inputs(-5)), resting(SHAPE, inputs(25))
    assert warm.carriage_m - cold.carriage_m == pytest.approx(0.72, rel=0.03)  # domain 8.3 [D]


def test_load_moves_the_carriage() -> None:
    assert resting(SHAPE, inputs(load_n=60_000)).carriage_m > resting(SHAPE, inputs()).carriage_m


def test_force_ripples_by_some_percent_as_carriers_pass() -> None:
    rng, state, forces = np.random.default_rng(1), resting(SHAPE, inputs()), []
    for turn in range(400):
        state = step(state, inputs(passed=turn / 80), 0.2, rng, SHAPE)
        forces.append(state.force_n / SHAPE.nominal_n)
    assert 0.02 < max(forces) - min(forces) < 0.08


@settings(deadline=None)
@given(
    load=st.floats(-1e6, 1e6),
    rope_c=st.floats(-60, 120),
    passed=st.floats(0, 1e5),
    wind=st.floats(0, 60),
    bounce=st.floats(-1, 1),
    dt=st.floats(0.05, 4),
)
def test_force_and_carriage_stay_within_what_is_built(  # noqa: PLR0913, PLR0917
    load: float, rope_c: float, passed: float, wind: float, bounce: float, dt: float
) -> None:
    rng, state = np.random.default_rng(1), TensionState(SHAPE.nominal_n, 2.0)
    for _ in range(20):
        given_now = TensionInputs(load, rope_c, passed, 1.0, bounce, wind)
        state = step(state, given_now, dt, rng, SHAPE)
        assert 0.74 * SHAPE.nominal_n < state.force_n < 1.26 * SHAPE.nominal_n
        assert 0 <= state.carriage_m <= SHAPE.stroke_m
