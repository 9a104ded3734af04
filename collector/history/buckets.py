"""Cut a course into equal spans for drawing, never bridging what is missing."""

from dataclasses import dataclass

import numpy as np

from collector.history.rollup import NOTHING, Counts, Rollup
from collector.history.rows import Course
from collector.model import Instants, Quality, Values


@dataclass(frozen=True, slots=True)
class Buckets:
    """A course cut into equal spans: NaN in a span without a good sample.

    `samples` counts all samples of a span, `good_share` how many of them are good.
    """

    begin_ns: Instants
    lowest: Values
    mean: Values
    highest: Values
    good_share: Values
    samples: Counts


def cut_buckets(course: Course, from_ns: int, to_ns: int, count: int) -> Buckets:
    """Return `count` equal spans from `from_ns` to `to_ns` with min, mean, max of good samples.

    A span without samples has a good share of 0; bad samples count against it but
    never into its figures, so that nothing is bridged and nothing invented.
    """
    # Whole numbers: a float does not hold an instant in nanoseconds exactly.
    edges = from_ns + np.arange(count + 1, dtype=np.int64) * (to_ns - from_ns) // count
    begins = np.searchsorted(course.source_ns, edges)
    inside = slice(int(begins[0]), int(begins[-1]))
    samples = np.diff(begins)
    filled = np.flatnonzero(samples)
    starts = begins[filled] - begins[0]
    values = course.values[inside]
    good = (course.quality[inside] == Quality.GOOD) & np.isfinite(values)
    if not len(filled):
        return _spread(edges[:-1], filled, NOTHING, samples)
    figures = np.where(good, values, np.nan)
    rolled = Rollup(
        edges[filled],
        np.fmin.reduceat(figures, starts),
        np.fmax.reduceat(figures, starts),
        np.add.reduceat(np.where(good, values, 0.0), starts),
        samples[filled],
        np.add.reduceat(good.astype(np.int64), starts),
    )
    return _spread(edges[:-1], filled, rolled, samples)


def spread_rollup(spans: Rollup, begin_ns: int, span_ns: int, count: int) -> Buckets:
    """Return `count` spans of `span_ns` from `begin_ns` on; those without samples are empty."""
    begins = begin_ns + np.arange(count, dtype=np.int64) * span_ns
    at = (spans.at_ns - begin_ns) // span_ns
    samples = np.zeros(count, dtype=np.int64)
    samples[at] = spans.samples
    return _spread(begins, at, spans, samples)


def _spread(begin_ns: Instants, at: Instants, spans: Rollup, samples: Counts) -> Buckets:
    """Put each of `spans` at its place among the spans that begin at `begin_ns`."""
    lowest, mean, highest = (np.full(len(begin_ns), np.nan) for _ in range(3))
    share = np.zeros(len(begin_ns))
    lowest[at], highest[at] = spans.lowest, spans.highest
    with np.errstate(invalid="ignore", divide="ignore"):
        mean[at] = spans.total / spans.good
    share[at] = spans.good / spans.samples
    return Buckets(begin_ns, lowest, mean, highest, share, samples)
