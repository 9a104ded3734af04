"""Tells what a piece of work in this process costs: elapsed and processor time a sample."""

import os
import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.benchmarks.measure import READER_CORE, Figure
from tests.benchmarks.table import Goal


@dataclass(slots=True)
class Spent:
    """Seconds that a piece of work took, by the wall clock and of the processor."""

    wall_s: float = 0.0
    core_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Cost:
    """What the windows of one kind of work showed, for each sample."""

    words: str
    wall_us: Figure
    core_us: Figure

    @property
    def per_s(self) -> Figure:
        """Samples in a second of the wall clock."""
        wall = self.wall_us
        return Figure(1e6 / wall.median, 1e6 / wall.most, 1e6 / wall.least)


@dataclass(slots=True)
class Report:
    """Lines for people and the goals that they were held to."""

    lines: list[str] = field(default_factory=list)
    goals: list[Goal] = field(default_factory=list)


@contextmanager
def spending() -> Iterator[Spent]:
    """Fill in what the body took; all threads of this process count."""
    spent = Spent()
    began_s, used_s = time.perf_counter(), time.process_time()
    try:
        yield spent
    finally:
        spent.wall_s = time.perf_counter() - began_s
        spent.core_s = time.process_time() - used_s


def cost_of(words: str, windows: Sequence[Spent], samples: int) -> Cost:
    """Return what each of `samples` cost in `windows`, each of so many."""
    return Cost(
        words,
        figure_of([one.wall_s / samples * 1e6 for one in windows]),
        figure_of([one.core_s / samples * 1e6 for one in windows]),
    )


def figure_of(found: Sequence[float]) -> Figure:
    """Return the median with the least and the most."""
    return Figure(statistics.median(found), min(found), max(found))


def cost_table(costs: Sequence[Cost]) -> Iterator[str]:
    """Yield the lines of a table of costs."""
    yield "| what | samples/s | CPU µs a sample |"
    yield "| --- | --- | --- |"
    for one in costs:
        yield f"| {one.words} | {one.per_s.words(0)} | {one.core_us.words(3)} |"


@contextmanager
def on_core_of_readers(core: int = READER_CORE) -> Iterator[None]:
    """Bind this thread, and what it starts, to a core of its own, where there are two."""
    allowed = os.sched_getaffinity(0)
    if len(allowed) < 2:
        yield
        return
    os.sched_setaffinity(0, {sorted(allowed)[core]})
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)
