"""The weekly trend of a test point: how fast it loses metal, and how long it lasts."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from analytics.model import RopeTest, Verdict
from collector.model import NANOSECONDS, Values
from collector.site import Name, Rope

WEEK_NS = 7 * 86_400 * NANOSECONDS
LEAST_TESTS = 3
LEAST_SPAN_WEEKS = 26.0
FARTHEST_WEEKS = 260.0
REPEATABILITY_PCT = 1.0
CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """What one test read over the trend's reference length; NaN if it could not."""

    test: int
    ended_ns: int
    loss_pct: float
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Fit:
    """The growth of loss in % of area per week, with the bounds of its interval.

    `weeks_to_limit` counts from the newest test: the earliest and the latest week,
    None when no growth leads there within five years.
    """

    slope_pct_per_week: float
    low: float
    high: float
    weeks_to_limit: tuple[float, float] | None
    from_ns: int
    to_ns: int


@dataclass(frozen=True, slots=True)
class Trend:
    """The course of one test point over its governing reference length.

    Where there is no `fit`, `reason` says why not.
    """

    window_d: float
    limit_pct: float
    points: tuple[TrendPoint, ...]
    fit: Fit | None
    reason: Name


def trend_of(
    tests: Sequence[RopeTest], rope: Rope, repeatability_pct: float = REPEATABILITY_PCT
) -> Trend | None:
    """Return the trend of one test point's `tests`, oldest first; None without limits.

    It follows the reference length that uses up most of its limit in the newest
    complete test. Only complete tests are fitted, and only three or more over at
    least six months (26 weeks) whose change exceeds twice the repeatability, 1 % of
    area unless the instrument is known to do better (domain 1.3 [G], 1.8 [D]).
    """
    if not rope.limits:
        return None
    ordered = sorted(tests, key=lambda test: test.ended_ns)
    window_d, limit_pct = _governing(ordered, rope)
    points = tuple(_point(test, window_d) for test in ordered)
    fitted = [
        point
        for point, test in zip(points, ordered, strict=True)
        if test.complete and math.isfinite(point.loss_pct)
    ]
    fit, reason = _fit(fitted, limit_pct, repeatability_pct)
    return Trend(window_d, limit_pct, points, fit, reason)


def theil_sen(weeks: Values, loss_pct: Values) -> tuple[float, float, float]:
    """Return the median slope between all pairs, and the bounds of its 95 % interval.

    The bounds are order statistics of the slopes by the variance of Kendall's sum
    (Sen 1968): no chance is drawn. Needs two different instants.
    """
    first, second = np.triu_indices(len(weeks), k=1)
    apart = weeks[second] - weeks[first]
    told = apart > 0
    slopes = np.sort((loss_pct[second] - loss_pct[first])[told] / apart[told])
    count = len(weeks)
    sigma = math.sqrt(count * (count - 1) * (2 * count + 5) / 18)
    reach = NormalDist().inv_cdf((1 + CONFIDENCE) / 2) * sigma
    low = max(0, math.floor((len(slopes) - reach) / 2) - 1)
    high = min(len(slopes) - 1, math.ceil((len(slopes) + reach) / 2))
    return float(np.median(slopes)), float(slopes[low]), float(slopes[high])


def _governing(ordered: Sequence[RopeTest], rope: Rope) -> tuple[float, float]:
    judged = [test for test in ordered if test.complete and test.windows]
    if not judged:
        return rope.limits[0].window_d, rope.limits[0].loss_pct
    worst = max(judged[-1].windows, key=lambda window: window.share)
    return worst.window_d, worst.limit_pct


def _point(test: RopeTest, window_d: float) -> TrendPoint:
    losses = [window.loss_pct for window in test.windows if window.window_d == window_d]
    loss_pct = losses[0] if losses else math.nan
    return TrendPoint(test.id, test.ended_ns, loss_pct, test.verdict)


def _fit(
    points: Sequence[TrendPoint], limit_pct: float, repeatability_pct: float
) -> tuple[Fit | None, Name]:
    if len(points) < LEAST_TESTS:
        return None, _lacking(
            f"只有 {len(points)} 次完整检测，至少需要 {LEAST_TESTS} 次",
            f"{len(points)} complete tests, at least {LEAST_TESTS} needed",
        )
    instants = np.array([point.ended_ns - points[0].ended_ns for point in points])
    weeks, loss_pct = instants / WEEK_NS, np.array([point.loss_pct for point in points])
    if weeks[-1] < LEAST_SPAN_WEEKS:
        return None, _lacking(
            f"跨度 {weeks[-1]:.0f} 周，至少需要 {LEAST_SPAN_WEEKS:.0f} 周",
            f"{weeks[-1]:.0f} weeks, at least {LEAST_SPAN_WEEKS:.0f} needed",
        )
    slope, low, high = theil_sen(weeks, loss_pct)
    change_pct, least_pct = abs(slope) * weeks[-1], 2 * repeatability_pct
    if change_pct <= least_pct:
        return None, _lacking(
            f"变化 {change_pct:.1f} %，未超过重复性的两倍 {least_pct:.1f} %",
            f"change of {change_pct:.1f} % is within twice the repeatability, {least_pct:.1f} %",
        )
    fit = Fit(
        slope_pct_per_week=slope,
        low=low,
        high=high,
        weeks_to_limit=_weeks_to_limit(weeks, loss_pct, limit_pct),
        from_ns=points[0].ended_ns,
        to_ns=points[-1].ended_ns,
    )
    return fit, Name(zh="", en="")


def _weeks_to_limit(
    weeks: Values, loss_pct: Values, limit_pct: float
) -> tuple[float, float] | None:
    """Count from the higher of line and newest reading, at the steepest growth known.

    Growth that has become faster of late brings the early end nearer, so that the
    earlier date shows (domain 1.8 [D]); it never moves the late end.
    """
    slope, low, high = theil_sen(weeks, loss_pct)
    line = float(np.median(loss_pct - slope * weeks)) + slope * float(weeks[-1])
    left_pct = limit_pct - max(line, float(loss_pct[-1]))
    if left_pct <= 0:
        return 0.0, 0.0
    half = len(weeks) // 2
    late = theil_sen(weeks[half:], loss_pct[half:])[0] if len(weeks) - half >= 3 else high
    earliest = _weeks(left_pct, max(high, late))
    if earliest >= FARTHEST_WEEKS:
        return None
    return earliest, _weeks(left_pct, low)


def _weeks(left_pct: float, slope: float) -> float:
    return min(left_pct / slope, FARTHEST_WEEKS) if slope > 0 else FARTHEST_WEEKS


def _lacking(zh: str, en: str) -> Name:
    return Name(zh=f"数据不足（{zh}）", en=f"not enough data ({en})")
