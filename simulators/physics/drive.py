"""The drive: speed on ramps, torque that may turn negative, heat, and brake pressures."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

Stop = Literal["", "normal", "service", "safety"]

STARTING_MPS2 = 0.3
# Normal electric stop, service brake, safety brake: domain 8.3 [D].
STOPPING_MPS2: dict[Stop, float] = {
    "": 0.4,
    "normal": 0.4,
    "service": 0.6,
    "safety": 1.2,
}
RELEASED_BAR = 112.0
BRAKE_S = 0.5
WARM_UP_S = 600.0
COOL_DOWN_S = 7200.0
COLD_SHARE = 0.18  # torque +10 to 20 % when cold: domain 8.3 [D]
BOUNCE_DECAY_S = 15.0
BOUNCE_PERIOD_S = 5.0


@dataclass(frozen=True, slots=True)
class DriveShape:
    """What the drive is built for: moving mass, warm friction, and its greatest pull."""

    mass_kg: float
    friction_n: float
    most_n: float
    rated_mps: float


@dataclass(frozen=True, slots=True)
class DriveInputs:
    """What is asked of the drive, and what pulls at it."""

    target_mps: float
    pull_n: float
    wind_mps: float
    ambient_c: float
    stop: Stop = ""


@dataclass(frozen=True, slots=True)
class DriveState:
    """Motion, force and heat; `bounce` is how far the rope swings after a stop, 0 to 1."""

    speed_mps: float = 0.0
    force_n: float = 0.0
    warm: float = 0.0
    noise: float = 0.0
    motor_c: float = 25.0
    oil_c: float = 22.0
    service_bar: float = 0.0
    safety_bar: float = 0.0
    bounce: float = 0.0
    bounce_phase: float = 0.0
    energy_j: float = 0.0
    running_s: float = 0.0
    travel_m: float = 0.0

    @property
    def swing(self) -> float:
        """Where the bouncing rope is in its swing, -1 to 1."""
        return self.bounce * math.sin(math.tau * self.bounce_phase)

    @property
    def power_w(self) -> float:
        """Power from the mains; negative while the riders drive it (domain 8.3)."""
        return self.force_n * self.speed_mps


def torque_share(shape: DriveShape, state: DriveState) -> float:
    """Return the torque as a share of the greatest, -1 to 1."""
    return state.force_n / shape.most_n


def step(
    state: DriveState,
    inputs: DriveInputs,
    dt_s: float,
    rng: np.random.Generator,
    shape: DriveShape,
) -> DriveState:
    """Return the drive `dt_s` later; force stays within the greatest, speed never jumps."""
    speed = _ramp(state.speed_mps, inputs, dt_s)
    slowing = (speed - state.speed_mps) / dt_s
    moving = speed > 0.0
    goal, pace_s = (1.0, WARM_UP_S) if moving else (0.0, COOL_DOWN_S)
    warm = goal + (state.warm - goal) * math.exp(-dt_s / pace_s)
    noise = _noise(state.noise, inputs.wind_mps, dt_s, rng)
    force = _force(shape, inputs, warm, slowing) + noise * shape.most_n
    braked = inputs.stop in ("service", "safety")
    held = braked or not moving
    force = 0.0 if held else min(max(force, -shape.most_n), shape.most_n)
    safety_bar = 0.0 if inputs.stop == "safety" else RELEASED_BAR + 6
    power = force * speed
    load = abs(force) / shape.most_n * (0.3 + 0.7 * speed / shape.rated_mps)
    halted = state.speed_mps > 0.0 and not moving
    bounce = state.bounce * math.exp(-dt_s / BOUNCE_DECAY_S)
    if halted:
        bounce = max(bounce, min(1.0, STOPPING_MPS2[inputs.stop] / 1.2))
    return DriveState(
        speed_mps=speed,
        force_n=force,
        warm=warm,
        noise=noise,
        motor_c=_toward(state.motor_c, inputs.ambient_c + 12 + 62 * load, dt_s / 900),
        oil_c=_toward(state.oil_c, inputs.ambient_c + 4 + 34 * warm, dt_s / 1500),
        service_bar=_toward(state.service_bar, 0.0 if held else RELEASED_BAR, dt_s / BRAKE_S),
        safety_bar=_toward(state.safety_bar, safety_bar, dt_s / BRAKE_S),
        bounce=bounce,
        bounce_phase=(state.bounce_phase + dt_s / BOUNCE_PERIOD_S) % 1.0,
        energy_j=state.energy_j + max(power, 0.0) * dt_s,
        running_s=state.running_s + (dt_s if moving else 0.0),
        travel_m=state.travel_m + speed * dt_s,
    )


def _ramp(speed_mps: float, inputs: DriveInputs, dt_s: float) -> float:
    target = 0.0 if inputs.stop else inputs.target_mps
    if target >= speed_mps:
        return min(target, speed_mps + STARTING_MPS2 * dt_s)
    return max(target, speed_mps - STOPPING_MPS2[inputs.stop] * dt_s)


def _force(shape: DriveShape, inputs: DriveInputs, warm: float, slowing_mps2: float) -> float:
    friction = shape.friction_n * (1.0 + COLD_SHARE * (1.0 - warm))
    return inputs.pull_n + friction + shape.mass_kg * slowing_mps2


def _noise(noise: float, wind_mps: float, dt_s: float, rng: np.random.Generator) -> float:
    # Wind of 15 m/s adds 3 to 8 % of torque noise: domain 8.3 [D].
    spread = 0.006 + 0.03 * (wind_mps / 15.0) ** 2
    kept = math.exp(-dt_s / 2.0)
    return kept * noise + math.sqrt(1.0 - kept * kept) * spread * float(
        np.clip(rng.standard_normal(), -3, 3)
    )


def _toward(value: float, goal: float, share: float) -> float:
    return goal + (value - goal) * math.exp(-share)
