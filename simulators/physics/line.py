"""People on a circulating ropeway: who waits, who rides, and how they pull the rope."""

import math
from dataclasses import dataclass, replace

import numpy as np

GRAVITY_MPS2 = 9.81
PERSON_KG = 75.0  # domain 8.3 [D]
RATE_WINDOW_S = 300.0


@dataclass(frozen=True, slots=True)
class LineShape:
    """What does not change about a line; `carriers` counts those out of the stations."""

    length_m: float
    rise_m: float
    carriers: float
    places: int
    rated_mps: float

    @property
    def spacing_m(self) -> float:
        """Rope between two carriers."""
        return 2.0 * self.length_m / self.carriers


@dataclass(frozen=True, slots=True)
class LineInputs:
    """Rope speed, people arriving per hour, and whether anyone may board."""

    speed_mps: float
    up_per_h: float
    down_per_h: float
    boarding: bool = True


@dataclass(frozen=True, slots=True)
class LineState:
    """People as fractions: a flow, not heads. Rates are means over some minutes."""

    riding_up: float = 0.0
    riding_down: float = 0.0
    queue_bottom: float = 0.0
    queue_top: float = 0.0
    carried_up: float = 0.0
    carried_down: float = 0.0
    up_per_h: float = 0.0
    down_per_h: float = 0.0
    carriers_passed: float = 0.0

    @property
    def riding(self) -> float:
        """All people between the stations."""
        return self.riding_up + self.riding_down


def capacity_per_h(shape: LineShape, speed_mps: float) -> float:
    """Return people per hour and direction: 3600 n v / s (domain 8.2 [V73])."""
    return 3600.0 * shape.places * speed_mps / shape.spacing_m


def interval_s(shape: LineShape, speed_mps: float) -> float:
    """Return the seconds between carriers; the longest shown while standing still."""
    return min(shape.spacing_m / max(speed_mps, 1e-3), 6000.0)


def pull_n(shape: LineShape, state: LineState) -> float:
    """Return the force that the riders put on the drive, negative when they push."""
    slope = shape.rise_m / shape.length_m
    return (state.riding_up - state.riding_down) * PERSON_KG * GRAVITY_MPS2 * slope


def settled(shape: LineShape, inputs: LineInputs) -> LineState:
    """Return the line as it is after hours of the same flow, to start a day from."""
    most = capacity_per_h(shape, inputs.speed_mps)
    up, down = min(inputs.up_per_h, most), min(inputs.down_per_h, most)
    hours = shape.length_m / max(inputs.speed_mps, 0.1) / 3600.0
    return LineState(riding_up=up * hours, riding_down=down * hours, up_per_h=up, down_per_h=down)


def step(
    state: LineState,
    inputs: LineInputs,
    dt_s: float,
    rng: np.random.Generator,
    shape: LineShape,
) -> LineState:
    """Return the line `dt_s` later; arrivals are Poisson, riders never exceed places."""
    seats = capacity_per_h(shape, inputs.speed_mps) / 3600.0 * dt_s if inputs.boarding else 0.0
    waiting_bottom = state.queue_bottom + rng.poisson(inputs.up_per_h / 3600.0 * dt_s)
    waiting_top = state.queue_top + rng.poisson(inputs.down_per_h / 3600.0 * dt_s)
    boarded_up, boarded_down = min(waiting_bottom, seats), min(waiting_top, seats)
    leaving = min(1.0, inputs.speed_mps * dt_s / shape.length_m)
    share = 1.0 - math.exp(-dt_s / RATE_WINDOW_S)
    per_h = 3600.0 / dt_s
    return replace(
        state,
        riding_up=state.riding_up * (1.0 - leaving) + boarded_up,
        riding_down=state.riding_down * (1.0 - leaving) + boarded_down,
        queue_bottom=waiting_bottom - boarded_up,
        queue_top=waiting_top - boarded_down,
        carried_up=state.carried_up + boarded_up,
        carried_down=state.carried_down + boarded_down,
        up_per_h=state.up_per_h + share * (boarded_up * per_h - state.up_per_h),
        down_per_h=state.down_per_h + share * (boarded_down * per_h - state.down_per_h),
        carriers_passed=state.carriers_passed + inputs.speed_mps * dt_s / shape.spacing_m,
    )
