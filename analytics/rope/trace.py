"""From the raw columns of a pass to a trace that can be judged."""

import math
from dataclasses import dataclass

import numpy as np

from analytics.model import Trace
from collector.model import NANOSECONDS, Instants, Values

SAME_PLACE_M = 1e-6


@dataclass(frozen=True, slots=True)
class RopePass:
    """What the instrument said during one pass: equal columns, as they came.

    `position_m` counts from the reference mark of the test point; `lma_pct` is the
    loss of metallic area (positive is loss), `lf` the local-fault signal in the
    instrument's unit; NaN where a sample was not good.
    """

    number: int
    position_m: Values
    lma_pct: Values
    lf: Values
    source_ns: Instants


def trace_of(rope_pass: RopePass) -> Trace:
    """Return the samples in the order of position, each position once.

    Where a position was measured more than once, the larger loss and the larger
    local fault stay: standing still must not thin out what was found. Samples
    without position or loss are left out, and so are missing from what is covered.
    """
    usable = np.isfinite(rope_pass.position_m) & np.isfinite(rope_pass.lma_pct)
    position = rope_pass.position_m[usable]
    if not len(position):
        return Trace((), (), ())
    order = np.argsort(position, kind="stable")
    position = position[order]
    first = np.flatnonzero(np.diff(position, prepend=-np.inf) > SAME_PLACE_M)
    lma = np.maximum.reduceat(rope_pass.lma_pct[usable][order], first)
    lf = rope_pass.lf[usable][order]
    upper, lower = np.fmax.reduceat(lf, first), np.fmin.reduceat(lf, first)
    lf = np.where(np.abs(lower) > np.abs(upper), lower, upper)
    return Trace(
        position_m=tuple(position[first].tolist()),
        lma_pct=tuple(lma.tolist()),
        lf=tuple(lf.tolist()),
    )


def covered_share(trace: Trace, length_m: float, widest_m: float) -> float:
    """Return the share of `length_m` from the mark that steps up to `widest_m` cover."""
    position = np.clip(np.array(trace.position_m), 0.0, length_m)
    steps = np.diff(np.array(trace.position_m))
    # Rounding must not turn a step of exactly the widest into a gap.
    covered = np.diff(position)[steps <= widest_m * (1 + 1e-9)]
    return min(1.0, float(covered.sum()) / length_m)


def has_gap(trace: Trace, widest_m: float) -> bool:
    """Return whether any step between neighbours is wider than `widest_m`."""
    return bool(np.any(np.diff(np.array(trace.position_m)) > widest_m * (1 + 1e-9)))


def highest_fault(trace: Trace) -> tuple[float, float]:
    """Return the largest local fault, without its sign, and where; NaN without any."""
    faults = np.abs(np.array(trace.lf))
    if not np.any(np.isfinite(faults)):
        return math.nan, math.nan
    place = int(np.nanargmax(faults))
    return float(faults[place]), trace.position_m[place]


def mean_speed_mps(rope_pass: RopePass) -> float:
    """Return how fast the head went over the rope; NaN where it did not move."""
    position = rope_pass.position_m[np.isfinite(rope_pass.position_m)]
    if len(position) < 2:
        return math.nan
    took_s = float(np.ptp(rope_pass.source_ns)) / NANOSECONDS
    return float(np.ptp(position)) / took_s if took_s > 0 else math.nan
