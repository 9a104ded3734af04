"""Cut a course into equal spans for drawing, never bridging what is missing."""

from dataclasses import dataclass

import numpy as np

from collector.history.rows import Course
from collector.model import Instants, Quality, Values


@dataclass(frozen=True, slots=True)
class Buckets:
    """A course cut into equal spans: NaN in a span without a good sample."""

    begin_ns: Instants
    lowest: Values
    mean: Values
    highest: Values
    good_share: Values


def cut_buckets(course: Course, from_ns: int, to_ns: int, count: int) -> Buckets:
    """Return `count` equal spans from `from_ns` to `to_ns` with min, mean, max of good samples.

    A span without samples has a good share of 0; bad samples count against it but
    never into its figures, so that nothing is bridged and nothing invented.
    """
    # Whole numbers: a float does not hold an instant in nanoseconds exactly.
    edges = from_ns + np.arange(count + 1, dtype=np.int64) * (to_ns - from_ns) // count
    inside = (course.source_ns >= from_ns) & (course.source_ns < to_ns)
    source_ns, values = course.source_ns[inside], course.values[inside]
    good = (course.quality[inside] == Quality.GOOD) & np.isfinite(values)
    at = np.minimum(np.searchsorted(edges, source_ns, side="right") - 1, count - 1)
    total = np.bincount(at, minlength=count).astype(np.float64)
    places, figures = at[good], values[good]
    number = np.bincount(places, minlength=count).astype(np.float64)
    lowest, highest = np.full(count, np.inf), np.full(count, -np.inf)
    np.minimum.at(lowest, places, figures)
    np.maximum.at(highest, places, figures)
    empty = number == 0
    lowest[empty], highest[empty] = np.nan, np.nan
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.bincount(places, weights=figures, minlength=count) / number
        share = np.where(total > 0, number / total, 0.0)
    return Buckets(edges[:-1], lowest, mean, highest, share)
