"""The course of one condition over many samples at once, run by run instead of scan by scan."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from analytics.rules.terms import Flags
from collector.model import Instants


@dataclass(slots=True)
class Delays:
    """What a condition is in the midst of: whether it holds and since when a delay runs."""

    holds: bool
    beginning_ns: int
    ending_ns: int


@dataclass(frozen=True, slots=True)
class Course:
    """What each of many samples of one condition says, and when they came, rising."""

    begins: Flags
    ends: Flags
    silent: Flags
    at_ns: Instants


def run_course(
    course: Course, on_ns: int, off_ns: int, state: Delays
) -> Iterator[tuple[int, bool]]:
    """Yield each place at which the condition began or ended, and move `state` on.

    The outcome is that of looking at the samples one by one.
    """
    begins, ends = course.begins & ~course.silent, course.ends & ~course.silent
    calm = ~begins & ~course.silent
    changes = (np.diff(begins) | np.diff(ends) | np.diff(calm)).nonzero()[0] + 1
    bounds = [0, *changes.tolist(), len(begins)]
    for start, end in pairwise(bounds):
        place = start
        while place < end:
            if state.holds:
                found = _towards_calm(course, (place, end), bool(ends[start]), off_ns, state)
            else:
                says = (bool(begins[start]), bool(calm[start]))
                found = _towards_alarm(course, (place, end), says, on_ns, state)
            if found is None:
                break
            yield found, state.holds
            place = found + 1


def _towards_alarm(
    course: Course, run: tuple[int, int], says: tuple[bool, bool], on_ns: int, state: Delays
) -> int | None:
    """Return the place in `run` at which the condition began, if it did."""
    begins, calm = says
    state.ending_ns = 0
    if calm:
        state.beginning_ns = 0
    if not begins:
        return None
    state.beginning_ns = state.beginning_ns or int(course.at_ns[run[0]])
    place = _reached(course, run, state.beginning_ns + on_ns)
    if place is not None:
        state.holds, state.beginning_ns = True, 0
    return place


def _towards_calm(
    course: Course, run: tuple[int, int], ends: bool, off_ns: int, state: Delays
) -> int | None:
    """Return the place in `run` at which the condition ended, if it did."""
    state.beginning_ns = 0
    if not ends:
        state.ending_ns = 0
        return None
    state.ending_ns = state.ending_ns or int(course.at_ns[run[0]])
    place = _reached(course, run, state.ending_ns + off_ns)
    if place is not None:
        state.holds, state.ending_ns = False, 0
    return place


def _reached(course: Course, run: tuple[int, int], due_ns: int) -> int | None:
    place = max(run[0], int(np.searchsorted(course.at_ns, due_ns)))
    return place if place < run[1] else None
