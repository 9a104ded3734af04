"""Judge a rope test: the worst loss over every reference length, against its limits."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from analytics.model import RopeTest, Trace, Verdict, WindowLoss
from analytics.rope.trace import (
    RopePass,
    covered_share,
    has_gap,
    highest_fault,
    mean_speed_mps,
    trace_of,
)
from collector.model import Values
from collector.site import LossLimit, Rope, TestPoint

LEAST_COVERED = 0.95
UNLIMITED_STEP_D = 6.0
WATCH_SHARE = 0.5
WARNING_SHARE = 0.7
ROUNDING = 1e-9  # 5.4 of 6 must not fall short of 0.9


def judge(rope_pass: RopePass, rope: Rope, point: TestPoint) -> tuple[RopeTest, Trace]:
    """Return the rope test (id 0) of a pass over `point`, and the trace it rests on.

    The pass must have at least one sample, whether usable or not.

    A pass that covers less than 95 % of the test point, or that has a gap wider
    than the shortest reference length, is not complete.
    """
    trace = trace_of(rope_pass)
    widest_m = widest_step_m(rope)
    share = covered_share(trace, point.length_m, widest_m)
    windows = worst_windows(trace, rope)
    complete = bool(windows) and share >= LEAST_COVERED and not has_gap(trace, widest_m)
    lf_max, lf_position_m = highest_fault(trace)
    test = RopeTest(
        id=0,
        rope=rope.id,
        test_point=point.id,
        pass_number=rope_pass.number,
        started_ns=int(rope_pass.source_ns.min()),
        ended_ns=int(rope_pass.source_ns.max()),
        complete=complete,
        covered_share=share,
        speed_mps=mean_speed_mps(rope_pass),
        windows=windows,
        lf_max=lf_max,
        lf_position_m=lf_position_m,
        verdict=verdict_of(windows, rope.action_share, complete),
    )
    return test, trace


def verdict_of(windows: Sequence[WindowLoss], action_share: float, complete: bool) -> Verdict:
    """Return the verdict of the window that uses up most of its limit (domain 1.8).

    Under half normal, from 50 % watch, from 70 % warning, from `action_share` (90 %
    [D] unless the site says otherwise) action, from 100 % discard. An incomplete
    pass says "incomplete" and never that all is well; but loss that it did find
    beyond the action level stands.
    """
    share = max((window.share for window in windows), default=0.0) + ROUNDING
    if share >= 1.0:
        return Verdict.DISCARD
    if share >= action_share:
        return Verdict.ACTION
    if not complete:
        return Verdict.INCOMPLETE
    if share >= WARNING_SHARE:
        return Verdict.WARNING
    return Verdict.WATCH if share >= WATCH_SHARE else Verdict.NORMAL


def worst_windows(trace: Trace, rope: Rope) -> tuple[WindowLoss, ...]:
    """Return the worst mean loss over each of the rope's reference lengths.

    All lengths of the rope apply at once (domain 1.4). Between samples the loss is
    taken to run straight, and the worst place is found exactly, not only at
    samples. A window never bridges a gap; where no measured stretch holds a whole
    window, that length is left out: this pass cannot judge it. On a loop measured
    all round, windows run across position zero.
    """
    loop_m = rope.length_m if rope.loop else None
    stretches = tuple(_stretches(trace, widest_step_m(rope), loop_m))
    found = (_worst_of(stretches, limit, rope) for limit in rope.limits)
    return tuple(window for window in found if window is not None)


def widest_step_m(rope: Rope) -> float:
    """Return the widest step between samples that leaves no defect unseen.

    It is the rope's shortest reference length.
    """
    shortest_d = min((limit.window_d for limit in rope.limits), default=UNLIMITED_STEP_D)
    return shortest_d * rope.diameter_mm / 1000


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Rope measured without a gap; `area` is the loss summed up to each position.

    On a whole loop (`round_m` above zero) it is laid down twice in a row, and a
    window may begin anywhere in the first turn.
    """

    position_m: Values
    lma_pct: Values
    area: Values
    round_m: float = 0.0

    def starts(self, window_m: float) -> tuple[float, float] | None:
        """Return the first and last place where a whole window can begin."""
        first = float(self.position_m[0])
        if self.round_m:
            return (first, first + self.round_m) if window_m <= self.round_m else None
        last = float(self.position_m[-1]) - window_m
        if last < first - 1e-9 * window_m:
            return None
        return first, max(first, last)

    def summed(self, at_m: Values) -> Values:
        """Return the loss summed from the beginning to each of `at_m`, exactly."""
        last = len(self.position_m) - 2
        left = np.clip(np.searchsorted(self.position_m, at_m, "right") - 1, 0, last)
        step = at_m - self.position_m[left]
        rise = np.diff(self.lma_pct)[left] / np.diff(self.position_m)[left]
        summed: Values = self.area[left] + (self.lma_pct[left] + rise * step / 2) * step
        return summed


def _stretch(position_m: Values, lma_pct: Values, round_m: float = 0.0) -> _Stretch:
    steps = np.diff(position_m) * (lma_pct[1:] + lma_pct[:-1]) / 2
    area = np.concatenate(([0.0], np.cumsum(steps)))
    return _Stretch(position_m, lma_pct, area, round_m)


def _stretches(trace: Trace, widest_m: float, loop_m: float | None) -> Iterator[_Stretch]:
    position, lma = np.array(trace.position_m), np.array(trace.lma_pct)
    if loop_m is not None and len(position) and np.ptp(position) >= loop_m:
        position, lma = _once_round(position, lma, loop_m)
    if len(position) < 2:
        return
    breaks = np.flatnonzero(np.diff(position) > widest_m * (1 + 1e-9)) + 1
    parts = list(zip(np.split(position, breaks), np.split(lma, breaks), strict=True))
    if loop_m is not None and position[0] + loop_m - position[-1] <= widest_m * (1 + 1e-9):
        last_position, last_lma = parts.pop()
        next_position, next_lma = parts[0] if parts else (last_position, last_lma)
        joined = np.concatenate((last_position, next_position + loop_m))
        round_m = 0.0 if parts else loop_m
        if not parts:  # the second turn must reach its own end
            joined = np.append(joined, joined[0] + 2 * loop_m)
            next_lma = np.append(next_lma, last_lma[0])
        yield _stretch(joined, np.concatenate((last_lma, next_lma)), round_m)
        parts = parts[1:]
    for part_position, part_lma in parts:
        if len(part_position) > 1:
            yield _stretch(part_position, part_lma)


def _once_round(position: Values, lma: Values, loop_m: float) -> tuple[Values, Values]:
    """Lay a trace longer than the loop on one turn; the larger loss stays."""
    round_pass = RopePass(
        number=0,
        position_m=np.mod(position, loop_m),
        lma_pct=lma,
        lf=np.zeros(len(position)),
        source_ns=np.zeros(len(position), dtype=np.int64),
    )
    once = trace_of(round_pass)
    return np.array(once.position_m), np.array(once.lma_pct)


def _worst_of(stretches: Sequence[_Stretch], limit: LossLimit, rope: Rope) -> WindowLoss | None:
    window_m = limit.window_d * rope.diameter_mm / 1000
    places = (_worst_place(stretch, window_m) for stretch in stretches)
    worst = max((place for place in places if place is not None), default=None)
    if worst is None:
        return None
    loss_pct, position_m = worst
    past_zero = rope.loop and position_m >= rope.length_m
    return WindowLoss(
        window_d=limit.window_d,
        loss_pct=loss_pct,
        position_m=position_m - rope.length_m if past_zero else position_m,
        limit_pct=limit.loss_pct,
    )


def _worst_place(stretch: _Stretch, window_m: float) -> tuple[float, float] | None:
    ends = stretch.starts(window_m)
    if ends is None:
        return None
    first, last = ends
    at_samples = np.concatenate((stretch.position_m, stretch.position_m - window_m))
    inside = at_samples[(at_samples > first) & (at_samples < last)]
    knots = np.unique(np.concatenate(([first, last], inside)))
    # Between knots the loss gained per step falls or rises straight: where it
    # crosses zero from above, the window reads most.
    gain = np.interp(knots + window_m, stretch.position_m, stretch.lma_pct) - np.interp(
        knots, stretch.position_m, stretch.lma_pct
    )
    tops = np.flatnonzero((gain[:-1] > 0) & (gain[1:] < 0))
    crossing = gain[tops] / (gain[tops] - gain[tops + 1])
    starts = np.concatenate((knots, knots[tops] + np.diff(knots)[tops] * crossing))
    loss = (stretch.summed(starts + window_m) - stretch.summed(starts)) / window_m
    place = int(np.argmax(loss))
    return float(loss[place]), float(starts[place])
