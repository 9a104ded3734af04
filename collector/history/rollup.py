"""Roll samples up into equal spans: least, greatest, sum, count and count of good ones."""

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from collector.history.blocks import LEVEL, BlockError, steps_between
from collector.model import NANOSECONDS, Instants, Qualities, Quality, Values

MINUTE_NS = 60 * NANOSECONDS
HOUR_NS = 3600 * NANOSECONDS
MINUTES = HOUR_NS // MINUTE_NS

Counts = NDArray[np.int64]
COLUMNS = 6
BYTES = 8


@dataclass(frozen=True, slots=True)
class Rollup:
    """Spans in the order of time, each named by the instant at which it begins.

    `lowest`, `highest` and `total` are of the good samples alone, NaN (total 0) where
    there is none; `samples` counts all, `good` the good ones.
    """

    at_ns: Instants
    lowest: Values
    highest: Values
    total: Values
    samples: Counts
    good: Counts

    def __len__(self) -> int:
        """Return the number of spans."""
        return len(self.at_ns)

    def between(self, from_ns: int, to_ns: int) -> "Rollup":
        """Return the spans that begin from `from_ns` to before `to_ns`."""
        begin, end = np.searchsorted(self.at_ns, (from_ns, to_ns))
        return self.picked(slice(int(begin), int(end)))

    def picked(self, which: slice | NDArray[np.intp]) -> "Rollup":
        """Return the spans at `which`, in that order."""
        return Rollup(
            self.at_ns[which],
            self.lowest[which],
            self.highest[which],
            self.total[which],
            self.samples[which],
            self.good[which],
        )


def roll_up(source_ns: Instants, values: Values, quality: Qualities, span_ns: int) -> Rollup:
    """Return the spans of `span_ns` that hold samples; the samples may come in any order."""
    return _rolled(source_ns // span_ns * span_ns, values, quality)


def roll_up_runs(
    edges: NDArray[np.intp], source_ns: Instants, values: Values, quality: Qualities
) -> Iterator[tuple[Rollup, Rollup]]:
    """Yield the minutes and the hours of each run of samples, in the order of the runs.

    `edges` tells where each run begins and the last one ends. All are rolled up in one
    sweep: what short runs cost is mostly the calls.
    """
    widths = edges[1:] - edges[:-1]
    first = int(source_ns.min()) // HOUR_NS
    reach = int(source_ns.max()) // HOUR_NS - first + 1
    runs = np.repeat(np.arange(len(widths)) * reach * MINUTES, widths)
    # Minutes and hours are numbered on from run to run, so that none spans two of them.
    minutes = _rolled(runs + (source_ns // MINUTE_NS - first * MINUTES), values, quality)
    hours = _joined(replace(minutes, at_ns=minutes.at_ns // MINUTES))
    yield from zip(
        _by_run(minutes, len(widths), reach * MINUTES, (first * MINUTES, MINUTE_NS)),
        _by_run(hours, len(widths), reach, (first, HOUR_NS)),
        strict=True,
    )


def _by_run(numbered: Rollup, runs: int, reach: int, unit: tuple[int, int]) -> Iterator[Rollup]:
    """Yield the spans of each run, named by their instants again."""
    first, span_ns = unit
    edges = np.searchsorted(numbered.at_ns, np.arange(runs + 1) * reach).tolist()
    spans = replace(numbered, at_ns=(numbered.at_ns % reach + first) * span_ns)
    for begin, end in pairwise(edges):
        yield spans.picked(slice(begin, end))


def _rolled(at_ns: Instants, values: Values, quality: Qualities) -> Rollup:
    good = (quality == Quality.GOOD) & np.isfinite(values)
    figures = np.where(good, values, np.nan)
    total = np.where(good, values, 0.0)
    ones = np.ones(len(values), dtype=np.int64)
    return _joined(Rollup(at_ns, figures, figures, total, ones, good.astype(np.int64)))


def merge(parts: Sequence[Rollup], span_ns: int) -> Rollup:
    """Return the spans of `span_ns` that hold the spans of all `parts`, each once.

    `span_ns` is a multiple of theirs. What came late is a part of its own.
    """
    whole = Rollup(
        np.concatenate([part.at_ns for part in parts]) // span_ns * span_ns,
        np.concatenate([part.lowest for part in parts]),
        np.concatenate([part.highest for part in parts]),
        np.concatenate([part.total for part in parts]),
        np.concatenate([part.samples for part in parts]),
        np.concatenate([part.good for part in parts]),
    )
    return _joined(whole)


NOTHING = Rollup(
    np.empty(0, dtype=np.int64),
    np.empty(0),
    np.empty(0),
    np.empty(0),
    np.empty(0, dtype=np.int64),
    np.empty(0, dtype=np.int64),
)


def _joined(spans: Rollup) -> Rollup:
    """Return spans with each instant once, in order."""
    if not len(spans):
        return spans
    if not bool((spans.at_ns[1:] >= spans.at_ns[:-1]).all()):
        order = np.argsort(spans.at_ns, kind="stable")
        spans = spans.picked(order)
    begins = run_begins(spans.at_ns)
    return Rollup(
        spans.at_ns[begins],
        np.fmin.reduceat(spans.lowest, begins),
        np.fmax.reduceat(spans.highest, begins),
        np.add.reduceat(spans.total, begins),
        np.add.reduceat(spans.samples, begins),
        np.add.reduceat(spans.good, begins),
    )


def run_begins(ordered: NDArray[np.signedinteger]) -> NDArray[np.intp]:
    """Return where in `ordered`, one number at least, another number begins."""
    fresh = np.ones(len(ordered), dtype=np.bool_)
    np.not_equal(ordered[1:], ordered[:-1], out=fresh[1:])
    return np.flatnonzero(fresh)


def pack_rollup(spans: Rollup) -> bytes:
    """Return spans packed without loss."""
    steps = steps_between(spans.at_ns)
    steps[:1] = spans.at_ns[:1]
    columns = (
        steps,
        spans.lowest.view(np.int64),
        spans.highest.view(np.int64),
        spans.total.view(np.int64),
        spans.samples,
        spans.good,
    )
    planes = np.stack(columns).astype("<i8").view(np.uint8).reshape(-1, BYTES)
    return zlib.compress(np.ascontiguousarray(planes.T).tobytes(), LEVEL)


def unpack_rollup(packed: bytes) -> Rollup:
    """Return what `pack_rollup` packed; BlockError where it is damaged."""
    try:
        planes = np.frombuffer(zlib.decompress(packed), dtype=np.uint8).reshape(BYTES, -1)
        columns = np.ascontiguousarray(planes.T).view("<i8").reshape(COLUMNS, -1)
    except (zlib.error, ValueError) as error:
        raise BlockError(str(error)) from error
    at, lowest, highest, total, samples, good = columns
    return Rollup(
        np.cumsum(at),
        lowest.view(np.float64),
        highest.view(np.float64),
        total.view(np.float64),
        samples,
        good,
    )
