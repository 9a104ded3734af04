"""Find the passes of a rope-test instrument in what it said, also across a restart."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from analytics.rope.trace import RopePass
from collector.history.rows import Course
from collector.model import NANOSECONDS, Instants, Quality, Values

LONGEST_SILENCE_NS = 600 * NANOSECONDS


@dataclass(frozen=True, slots=True)
class Found:
    """A pass that is over: from its first to its last instant."""

    from_ns: int
    to_ns: int


@dataclass(frozen=True, slots=True)
class InstrumentCourses:
    """What one instrument's tags said over one span."""

    running: Course
    position: Course
    lma: Course
    lf: Course
    test_point: Course
    pass_counter: Course


def finished_passes(running: Course, now_ns: int) -> Iterator[Found]:
    """Yield each stretch in which the instrument said "running", once it is over.

    Over is what a good "not running" ends, or what was followed by silence of ten
    minutes: the monitor or the instrument was away, and what is there is a part.
    """
    good = running.quality == Quality.GOOD
    instants, on = running.source_ns[good], running.values[good] > 0.5
    begun_ns, last_ns = 0, 0
    for at_ns, is_on in zip(instants.tolist(), on.tolist(), strict=True):
        if begun_ns and at_ns - last_ns > LONGEST_SILENCE_NS:
            yield Found(begun_ns, last_ns)
            begun_ns = 0
        if is_on:
            begun_ns, last_ns = begun_ns or at_ns, at_ns
        elif begun_ns:
            yield Found(begun_ns, at_ns)
            begun_ns = 0
    if begun_ns and now_ns - last_ns > LONGEST_SILENCE_NS:
        yield Found(begun_ns, last_ns)


def pass_of(courses: InstrumentCourses, found: Found) -> tuple[RopePass, int] | None:
    """Return the pass's raw columns and the test point's code; None where it said neither.

    The position leads: each of its samples takes the loss and the local fault that
    held at its instant, for a server tells only what changed.
    """
    position = courses.position.between(found.from_ns, found.to_ns + 1)
    codes = _good_values(courses.test_point.between(found.from_ns, found.to_ns + 1))
    if not len(position.source_ns) or not len(codes):
        return None
    counted = _good_values(courses.pass_counter.between(0, found.to_ns + 1))
    instants = position.source_ns
    rope_pass = RopePass(
        number=int(counted[-1]) if len(counted) else 0,
        position_m=np.where(position.quality == Quality.GOOD, position.values, np.nan),
        lma_pct=_held_at(courses.lma, instants),
        lf=_held_at(courses.lf, instants),
        source_ns=instants,
    )
    # The code of most samples: the instrument may change it a moment early or late.
    code, times = np.unique(codes, return_counts=True)
    return rope_pass, int(code[np.argmax(times)])


def _good_values(course: Course) -> Values:
    good: Values = course.values[course.quality == Quality.GOOD]
    return good


def _held_at(course: Course, instants: Instants) -> Values:
    """Return what the course held at each instant; NaN where that was not good or nothing."""
    at = np.searchsorted(course.source_ns, instants, side="right") - 1
    held = np.full(len(instants), np.nan)
    known = at >= 0
    values = np.where(course.quality == Quality.GOOD, course.values, np.nan)
    held[known] = values[at[known]]
    return held
