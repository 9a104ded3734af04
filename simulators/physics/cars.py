"""Two cars of a jig-back: where they are, who rides, and when they leave again."""

import math
from dataclasses import dataclass, field, replace

import numpy as np

from simulators.physics.line import (
    RATE_WINDOW_S,
    LineInputs,
    LineShape,
    LineState,
)

DWELL_S = 75.0
BRAKING_MPS2 = 0.35
CREEP_MPS = 0.3  # domain 8.1 [V21]
TOWER_REACH_M = 12.0
TOWER_SHARE = 0.8


@dataclass(frozen=True, slots=True)
class CarsState:
    """Car 1 at `position_m` going by `heading` (1 up, -1 down); car 2 mirrors it."""

    position_m: float = 0.0
    heading: int = 1
    dwell_s: float = DWELL_S
    people: LineState = field(default_factory=LineState)


def speed_limit_mps(shape: LineShape, state: CarsState, towers_m: tuple[float, ...]) -> float:
    """Return what the programme allows here: zero at rest, slow at towers and ends."""
    if state.dwell_s > 0:
        return 0.0
    left_m = shape.length_m - state.position_m if state.heading > 0 else state.position_m
    limit = max(CREEP_MPS, math.sqrt(2.0 * BRAKING_MPS2 * max(left_m - 2.0, 0.0)))
    cars = (state.position_m, shape.length_m - state.position_m)
    if any(abs(car - tower) < TOWER_REACH_M for car in cars for tower in towers_m):
        limit = min(limit, TOWER_SHARE * shape.rated_mps)
    return min(limit, shape.rated_mps)


def step(
    state: CarsState,
    inputs: LineInputs,
    dt_s: float,
    rng: np.random.Generator,
    shape: LineShape,
) -> CarsState:
    """Return the cars `dt_s` later; they change people and turn round in the stations."""
    people = _arrive(state.people, inputs, dt_s, rng)
    if state.dwell_s > 0:
        left_s = state.dwell_s - dt_s
        if left_s > 0 or not inputs.boarding:
            return replace(state, dwell_s=max(left_s, dt_s), people=people)
        return replace(state, dwell_s=0.0, people=_board(people, shape.places))
    position_m = state.position_m + state.heading * inputs.speed_mps * dt_s
    if 0.0 < position_m < shape.length_m:
        return replace(state, position_m=position_m, people=people)
    return CarsState(
        position_m=min(max(position_m, 0.0), shape.length_m),
        heading=-state.heading,
        dwell_s=DWELL_S,
        people=replace(people, riding_up=0.0, riding_down=0.0),
    )


def _arrive(
    people: LineState, inputs: LineInputs, dt_s: float, rng: np.random.Generator
) -> LineState:
    share = 1.0 - math.exp(-dt_s / (4.0 * RATE_WINDOW_S))
    return replace(
        people,
        queue_bottom=people.queue_bottom + rng.poisson(inputs.up_per_h / 3600 * dt_s),
        queue_top=people.queue_top + rng.poisson(inputs.down_per_h / 3600 * dt_s),
        up_per_h=people.up_per_h * (1.0 - share),
        down_per_h=people.down_per_h * (1.0 - share),
    )


def _board(people: LineState, places: int) -> LineState:
    up, down = min(people.queue_bottom, places), min(people.queue_top, places)
    each_per_h = 3600.0 / (4.0 * RATE_WINDOW_S)
    return replace(
        people,
        riding_up=up,
        riding_down=down,
        queue_bottom=people.queue_bottom - up,
        queue_top=people.queue_top - down,
        carried_up=people.carried_up + up,
        carried_down=people.carried_down + down,
        up_per_h=people.up_per_h + up * each_per_h,
        down_per_h=people.down_per_h + down * each_per_h,
    )
