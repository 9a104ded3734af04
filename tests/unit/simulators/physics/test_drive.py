"""The drive: ramps, regeneration, cold start, bounds."""

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.physics.drive import (
    DriveInputs,
    DriveShape,
    DriveState,
    Stop,
    step,
    torque_share,
)

SHAPE = DriveShape(mass_kg=80_000, friction_n=17_000, most_n=85_000, rated_mps=6.0)


def course(
    state: DriveState, inputs: DriveInputs, seconds: float, dt: float = 0.1
) -> Iterator[DriveState]:
    rng = np.random.default_rng(1)
    for _ in range(round(seconds / dt)):
        state = step(state, inputs, dt, rng, SHAPE)
        yield state


def running(pull_n: float = 0.0, wind_mps: float = 3.0) -> DriveInputs:
    return DriveInputs(target_mps=6.0, pull_n=pull_n, wind_mps=wind_mps, ambient_c=15)


@pytest.mark.parametrize(
    ("stop", "seconds", "metres"),
    [("normal", 15, 45), ("service", 10, 30), ("safety", 5, 15)],
)
def test_stops_take_the_time_and_way_of_their_brake(
    stop: Stop, seconds: float, metres: float
) -> None:
    inputs = DriveInputs(6.0, 0, 3, 15, stop)
    states = list(course(DriveState(speed_mps=6.0, warm=1), inputs, 30))
    moving = [state for state in states if state.speed_mps > 0]
    assert len(moving) * 0.1 == pytest.approx(seconds, abs=0.3)  # domain 8.3 [D]
    assert states[-1].travel_m == pytest.approx(metres, rel=0.05)


def test_the_rope_bounces_after_a_hard_stop_and_comes_to_rest() -> None:
    inputs = DriveInputs(6.0, 0, 3, 15, "safety")
    states = list(course(DriveState(speed_mps=6.0), inputs, 120))
    assert max(state.bounce for state in states) > 0.9
    assert states[-1].bounce < 0.01


def test_a_downhill_peak_drives_the_drive() -> None:
    *_, last = course(DriveState(speed_mps=6.0, warm=1), running(pull_n=-33_000), 60)
    assert last.power_w == pytest.approx(-96_000, rel=0.3)  # about -80 kW: domain 8.3 [D]
    assert torque_share(SHAPE, last) < 0
    assert last.energy_j == 0


def test_a_cold_drive_pulls_harder_than_a_warm_one() -> None:
    *_, cold = course(DriveState(speed_mps=6.0, warm=0), running(wind_mps=0), 5)
    *_, warm = course(DriveState(speed_mps=6.0, warm=1), running(wind_mps=0), 5)
    assert 1.08 < cold.force_n / warm.force_n < 1.25  # +10 to 20 %: domain 8.3 [D]


def test_brakes_lose_their_pressure_when_they_hold() -> None:
    *_, last = course(
        DriveState(speed_mps=6.0, service_bar=112, safety_bar=118),
        DriveInputs(6.0, 0, 3, 15, "safety"),
        20,
    )
    assert last.service_bar < 1
    assert last.safety_bar < 1


@settings(deadline=None)
@given(
    target=st.floats(0, 12),
    pull=st.floats(-1e6, 1e6),
    wind=st.floats(0, 60),
    stop=st.sampled_from(["", "normal", "service", "safety"]),
    dt=st.floats(0.05, 4),
    seed=st.integers(0, 2**32),
)
def test_force_speed_and_heat_stay_bounded(  # noqa: PLR0913, PLR0917
    target: float, pull: float, wind: float, stop: Stop, dt: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    state = DriveState(speed_mps=3.0)
    for _ in range(40):
        before = state
        state = step(state, DriveInputs(target, pull, wind, 20, stop), dt, rng, SHAPE)
        assert abs(state.force_n) <= SHAPE.most_n
        assert 0 <= state.speed_mps <= max(3.0, target)
        assert state.speed_mps - before.speed_mps <= 0.3 * dt + 1e-9
        assert before.speed_mps - state.speed_mps <= 1.2 * dt + 1e-9
        assert state.energy_j >= before.energy_j
        assert -50 < state.motor_c < 250
