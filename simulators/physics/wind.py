"""Wind on many masts: slow means, gust bursts that travel from mast to mast with a lag."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

HISTORY_S = 400
COMMON_SHARE = 0.7  # correlation between towers 0.5 to 0.8: domain 8.3 [D]
TURBULENCE = 0.16
MOST_MPS = 60.0
BURST_EVERY_S = 170.0
SLOW_S = 2700.0


@dataclass(frozen=True, slots=True)
class Masts:
    """Where the masts stand downwind of the first, and how exposed each is."""

    downwind_m: Floats
    exposure: Floats


@dataclass(frozen=True, slots=True)
class WindInputs:
    """Local hour, and per mast the mean that is forced (NaN: none) and how slowly."""

    hour: float
    forced_mps: Floats
    rise_s: Floats


@dataclass(frozen=True, slots=True)
class WindState:
    """Per mast: mean, its own turbulence, and the running means that stations report."""

    mean: Floats
    own: Floats
    gust_3s: Floats
    mean_2min: Floats
    mean_10min: Floats
    common: Floats
    owed_s: float = 0.0
    slow: float = 0.0
    burst_left_s: float = 0.0
    burst_share: float = 0.0
    direction_deg: float = 250.0


def base_mps(hour: float) -> float:
    """Return the mean wind of an ordinary day: calm mornings, a breeze after noon."""
    return 3.4 + 1.1 * math.sin(math.tau * (hour - 9.0) / 24.0)


def still(masts: Masts, hour: float) -> WindState:
    """Return the wind of an ordinary day at `hour`, before any turbulence."""
    mean = base_mps(hour) * masts.exposure
    own = np.zeros_like(mean)
    return WindState(
        mean=mean,
        own=own,
        gust_3s=mean.copy(),
        mean_2min=mean.copy(),
        mean_10min=mean.copy(),
        common=np.zeros(HISTORY_S),
    )


def step(
    state: WindState,
    inputs: WindInputs,
    dt_s: float,
    rng: np.random.Generator,
    masts: Masts,
) -> WindState:
    """Return the wind `dt_s` later; every speed stays between 0 and 60 m/s.

    The reported means are exponential ones of the same length, near enough to the
    block means of a real station.
    """
    slow = _drift(state.slow, SLOW_S, dt_s, rng.standard_normal())
    ordinary = max(0.6, base_mps(inputs.hour) + 0.7 * slow) * masts.exposure
    forced = ~np.isnan(inputs.forced_mps)
    goal = np.where(forced, inputs.forced_mps, ordinary)
    mean = goal + (state.mean - goal) * np.exp(-dt_s / inputs.rise_s)
    common, owed_s, burst_left_s, burst_share = _advance_common(state, dt_s, rng)
    kept = math.exp(-dt_s / 4.0)
    own = kept * state.own + math.sqrt(1 - kept * kept) * rng.standard_normal(len(mean))
    lag_s = masts.downwind_m / np.maximum(mean.mean(), 2.0)
    back = np.minimum(lag_s, HISTORY_S - 1).astype(np.int64)
    felt = common[HISTORY_S - 1 - back]
    unrest = TURBULENCE * (
        COMMON_SHARE * felt + math.sqrt(1 - COMMON_SHARE**2) * np.clip(own, -3, 3)
    )
    speed = np.clip(mean * (1.0 + unrest), 0.0, MOST_MPS)
    return WindState(
        mean=mean,
        own=own,
        gust_3s=_running(state.gust_3s, speed, dt_s / 1.5),
        mean_2min=_running(state.mean_2min, speed, dt_s / 60.0),
        mean_10min=_running(state.mean_10min, speed, dt_s / 300.0),
        common=common,
        owed_s=owed_s,
        slow=slow,
        burst_left_s=burst_left_s,
        burst_share=burst_share,
        direction_deg=(state.direction_deg + rng.normal(0, 0.25) * math.sqrt(dt_s)) % 360.0,
    )


def _advance_common(
    state: WindState, dt_s: float, rng: np.random.Generator
) -> tuple[Floats, float, float, float]:
    """Push whole seconds of the shared turbulence into its history, bursts included."""
    owed_s = state.owed_s + dt_s
    count = min(int(owed_s), HISTORY_S)
    left_s, share = state.burst_left_s, state.burst_share
    if count == 0:
        return state.common, owed_s, left_s, share
    common = np.roll(state.common, -count)
    burst = share if left_s > 0 else 0.0
    value = float(state.common[-1]) - burst
    for place in range(HISTORY_S - count, HISTORY_S):
        value = _drift(value, 9.0, 1.0, float(np.clip(rng.standard_normal(), -3, 3)))
        left_s -= 1.0
        if left_s <= 0 and rng.random() < 1.0 / BURST_EVERY_S:
            # Bursts of 20 to 40 s, 20 to 50 % above the mean: domain 8.3 [D].
            left_s, share = rng.uniform(20, 40), rng.uniform(1.2, 3.2)
        common[place] = value + (share if left_s > 0 else 0.0)
    return common, owed_s - int(owed_s), left_s, share


def _drift(value: float, time_s: float, dt_s: float, draw: float) -> float:
    kept = math.exp(-dt_s / time_s)
    return kept * value + math.sqrt(1.0 - kept * kept) * draw


def _running(mean: Floats, value: Floats, share: float) -> Floats:
    return value + (mean - value) * math.exp(-share)
