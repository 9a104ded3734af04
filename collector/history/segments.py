"""Turn a finished stretch of the log into one block per tag, and back into its scans."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from collector.history.blocks import (
    Axis,
    Column,
    Linear,
    pack_axis,
    pack_column,
)
from collector.history.rollup import Rollup, pack_rollup, roll_up_runs, run_begins
from collector.history.rows import Samples, StoredScan
from collector.model import Scan, Slots

# Enough for one sweep to cost little, and few enough to fit into a processor's cache.
SAMPLES_AT_ONCE = 100_000
BLOCKS_AT_ONCE = 20


@dataclass(frozen=True, slots=True)
class PackedAxis:
    """The scans of one device in a segment, packed."""

    device: int
    seq: bytes
    received_ns: bytes
    source_ns: bytes


@dataclass(frozen=True, slots=True)
class PackedBlock:
    """The samples of one tag in a segment, packed, with their minutes and hours."""

    tag: int
    device: int
    first_ns: int
    last_ns: int
    samples: int
    minutes: bytes
    body: bytes
    hours: Rollup


@dataclass(frozen=True, slots=True)
class SealedDevice:
    """What one device brought in a segment, sealed."""

    axis: PackedAxis
    blocks: tuple[PackedBlock, ...]


def seal_device(
    device: int, samples: Samples, linears: Mapping[int, Linear], pause: Callable[[], None]
) -> SealedDevice:
    """Return the samples of one device's scans as one block per tag.

    `linears` gives the scaling of each tag key that is known; it makes blocks small and
    changes nothing else. `pause` is called after every few blocks, so that a busy machine
    is shared.
    """
    # The latest: a server's quiet tags all have it, and a poll has but one.
    latest_ns = np.maximum.reduceat(samples.source_ns, samples.edges[:-1])
    axis = Axis(samples.seq, samples.received_ns, latest_ns)
    blocks: list[PackedBlock] = []
    for tag, column, rolled in _tag_by_tag(samples):
        body = pack_column(column, axis, linears.get(tag, Linear()))
        blocks.append(_block(tag, device, column, rolled, body))
        if len(blocks) % BLOCKS_AT_ONCE == 0:
            pause()
    seq, received_ns, source_ns = pack_axis(axis)
    return SealedDevice(PackedAxis(device, seq, received_ns, source_ns), tuple(blocks))


def unseal_device(
    name: str, axis: Axis, columns: Sequence[tuple[int, Column]]
) -> Iterator[StoredScan]:
    """Yield the scans of one device as the log held them, from the columns by tag key.

    The samples of a scan stand in the order of their keys, those of one tag in theirs.
    Scans of all the same tags share the array of their keys.
    """
    if _is_table(columns):
        yield from _rows_of_table(name, axis, columns)
        return
    rows = np.concatenate([column.rows for _, column in columns])
    keys = np.repeat(
        np.array([tag for tag, _ in columns], dtype=np.int32),
        [len(column) for _, column in columns],
    )
    order = np.lexsort((keys, rows))
    values = np.concatenate([column.values for _, column in columns])[order]
    quality = np.concatenate([column.quality for _, column in columns])[order]
    source_ns = np.concatenate([column.source_ns for _, column in columns])[order]
    keys = keys[order]
    edges = np.searchsorted(rows[order], np.arange(len(axis) + 1)).tolist()
    seqs, received = axis.seq.tolist(), axis.received_ns.tolist()
    for at, (begin, end) in enumerate(pairwise(edges)):
        if begin == end:
            continue
        part = slice(begin, end)
        scan = Scan(keys[part], values[part], quality[part], source_ns[part], received[at])
        yield StoredScan(seqs[at], name, scan)


def _is_table(columns: Sequence[tuple[int, Column]]) -> bool:
    """Return whether each tag has one sample in each of the same scans: a device polled whole."""
    tags, first = [tag for tag, _ in columns], columns[0][1].rows
    rising = bool((np.diff(first) > 0).all())
    return rising and tags == sorted(tags) and all(_same(first, one.rows) for _, one in columns)


def _rows_of_table(
    name: str, axis: Axis, columns: Sequence[tuple[int, Column]]
) -> Iterator[StoredScan]:
    """Yield the scans of a table: turning it is far cheaper than sorting its samples."""
    keys = np.array([tag for tag, _ in columns], dtype=np.int32)
    rows = columns[0][1].rows
    whole = zip(
        axis.seq[rows].tolist(),
        np.stack([column.values for _, column in columns], axis=1),
        np.stack([column.quality for _, column in columns], axis=1),
        np.stack([column.source_ns for _, column in columns], axis=1),
        axis.received_ns[rows].tolist(),
        strict=True,
    )
    for seq, values, quality, source_ns, received_ns in whole:
        yield StoredScan(seq, name, Scan(keys, values, quality, source_ns, received_ns))


def _same(some: NDArray[np.int64], others: NDArray[np.int64]) -> bool:
    return some is others or np.array_equal(some, others)


def _tag_by_tag(samples: Samples) -> Iterator[tuple[int, Column, tuple[Rollup, Rollup]]]:
    """Yield each tag's samples in the order of the log, with their minutes and hours."""
    order = _by_key(samples.keys)
    edges = np.append(run_begins(samples.keys[order]), len(order))
    for begin, end in _sweeps(edges):
        picked = order[edges[begin] : edges[end]]
        source_ns, values = samples.source_ns[picked], samples.values[picked]
        rows, quality = samples.rows[picked], samples.quality[picked]
        runs = edges[begin : end + 1] - edges[begin]
        rolled = roll_up_runs(runs, source_ns, values, quality)
        for (first, last), both in zip(pairwise(runs.tolist()), rolled, strict=True):
            run = slice(first, last)
            column = Column(rows[run], source_ns[run], values[run], quality[run])
            yield int(samples.keys[picked[first]]), column, both


def _sweeps(edges: NDArray[np.intp]) -> Iterator[tuple[int, int]]:
    """Yield from which to before which run to go at once: few samples, or one long run."""
    begin = 0
    while begin < len(edges) - 1:
        reach = int(np.searchsorted(edges, edges[begin] + SAMPLES_AT_ONCE, side="right")) - 1
        end = max(begin + 1, reach)
        yield begin, end
        begin = end


def _block(
    tag: int, device: int, column: Column, rolled: tuple[Rollup, Rollup], body: bytes
) -> PackedBlock:
    minutes, hours = rolled
    return PackedBlock(
        tag=tag,
        device=device,
        first_ns=int(column.source_ns.min()),
        last_ns=int(column.source_ns.max()),
        samples=len(column),
        minutes=pack_rollup(minutes),
        body=body,
        hours=hours,
    )


def _by_key(keys: Slots) -> NDArray[np.intp]:
    """Return the stable order of `keys`; narrow figures are sorted in one sweep."""
    known = np.unique(keys)
    if len(known) >= 1 << 16:
        return np.argsort(keys, kind="stable")
    place = np.zeros(int(known[-1]) + 1, dtype=np.uint16)
    place[known] = np.arange(len(known))
    return np.argsort(place[keys], kind="stable")
