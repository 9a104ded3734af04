"""The tensioning: force that ripples as carriers pass, a carriage that follows the rope."""

import math
from dataclasses import dataclass

import numpy as np

STEEL_PER_K = 11.5e-6  # domain 8.3 [D]
REFERENCE_C = 15.0
CARRIAGE_S = 40.0
BAR_PER_NOMINAL = 104.0


@dataclass(frozen=True, slots=True)
class TensionShape:
    """Nominal force, rope stiffness EA, loop length and the carriage's stroke."""

    nominal_n: float
    stiffness_n: float
    loop_m: float
    stroke_m: float


@dataclass(frozen=True, slots=True)
class TensionInputs:
    """What acts on the rope: riders' pull, its heat, speed, carriers, bounce (-1 to 1), wind."""

    load_n: float
    rope_c: float
    carriers_passed: float
    running_share: float
    bounce: float
    wind_mps: float


@dataclass(frozen=True, slots=True)
class TensionState:
    """Force at the tension sheave and the carriage's place on its stroke."""

    force_n: float
    carriage_m: float
    noise: float = 0.0
    pumping: bool = False


def resting(shape: TensionShape, inputs: TensionInputs) -> TensionState:
    """Return the tensioning where it comes to rest under steady inputs."""
    return TensionState(shape.nominal_n, _carriage_goal(shape, inputs))


def pressure_bar(shape: TensionShape, state: TensionState) -> float:
    """Return the hydraulic pressure that holds the force."""
    return BAR_PER_NOMINAL * state.force_n / shape.nominal_n


def step(
    state: TensionState,
    inputs: TensionInputs,
    dt_s: float,
    rng: np.random.Generator,
    shape: TensionShape,
) -> TensionState:
    """Return the tensioning `dt_s` later; force within 25 % of nominal, carriage on its stroke."""
    kept = math.exp(-dt_s / 3.0)
    spread = 0.002 + 0.008 * (inputs.wind_mps / 15.0) ** 2
    noise = kept * state.noise + math.sqrt(1 - kept * kept) * spread * float(
        np.clip(rng.standard_normal(), -3, 3)
    )
    # Ripple of 1 to 3 % at the carriers' frequency: domain 8.3 [D].
    ripple = 0.015 * inputs.running_share * math.sin(math.tau * inputs.carriers_passed)
    swing = 0.09 * inputs.bounce
    share = min(max(ripple + swing + noise, -0.25), 0.25)
    goal_m = _carriage_goal(shape, inputs)
    moved_m = (goal_m - state.carriage_m) * (1.0 - math.exp(-dt_s / CARRIAGE_S))
    return TensionState(
        force_n=shape.nominal_n * (1.0 + share),
        carriage_m=min(max(state.carriage_m + moved_m, 0.0), shape.stroke_m),
        noise=noise,
        pumping=abs(goal_m - state.carriage_m) > 0.03,
    )


def _carriage_goal(shape: TensionShape, inputs: TensionInputs) -> float:
    warm_m = STEEL_PER_K * shape.loop_m * (inputs.rope_c - REFERENCE_C)
    pulled_m = shape.loop_m * 0.4 * abs(inputs.load_n) / shape.stiffness_n
    goal_m = 0.4 * shape.stroke_m + 0.5 * (warm_m + pulled_m)
    return min(max(goal_m, 0.0), shape.stroke_m)
