"""Judge magnetic rope tests: trace, discard criteria, weekly trend."""

from analytics.rope.discard import judge, verdict_of, worst_windows
from analytics.rope.ends import Fit, Trend, TrendPoint, theil_sen, trend_of
from analytics.rope.trace import RopePass, trace_of

__all__ = [
    "Fit",
    "RopePass",
    "Trend",
    "TrendPoint",
    "judge",
    "theil_sen",
    "trace_of",
    "trend_of",
    "verdict_of",
    "worst_windows",
]
