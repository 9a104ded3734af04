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
from collector.history.rollup import HOUR_NS, MINUTE_NS, Rollup, merge, pack_rollup, roll_up
from collector.history.rows import Samples, StoredScan
from collector.model import Scan, Slots


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
    changes nothing else. `pause` is called after each block, so that a busy machine is
    shared.
    """
    # The latest: a server's quiet tags all have it, and a poll has but one.
    latest_ns = np.maximum.reduceat(samples.source_ns, samples.edges[:-1])
    axis = Axis(samples.seq, samples.received_ns, latest_ns)
    order = _by_key(samples.keys)
    keys = samples.keys[order]
    begins = np.flatnonzero(np.diff(keys, prepend=keys[0] - 1))
    blocks = []
    for begin, end in zip(begins, [*begins[1:], len(keys)], strict=True):
        picked = order[begin:end]
        column = Column(
            samples.rows[picked],
            samples.source_ns[picked],
            samples.values[picked],
            samples.quality[picked],
        )
        tag = int(keys[begin])
        blocks.append(_packed(tag, device, column, axis, linears.get(tag, Linear())))
        pause()
    seq, received_ns, source_ns = pack_axis(axis)
    return SealedDevice(PackedAxis(device, seq, received_ns, source_ns), tuple(blocks))


def unseal_device(
    name: str, axis: Axis, columns: Sequence[tuple[int, Column]]
) -> Iterator[StoredScan]:
    """Yield the scans of one device as the log held them, from the columns by tag key.

    The samples of a scan stand in the order of their keys, those of one tag in theirs.
    """
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


def _packed(tag: int, device: int, column: Column, axis: Axis, linear: Linear) -> PackedBlock:
    minutes = roll_up(column.source_ns, column.values, column.quality, MINUTE_NS)
    return PackedBlock(
        tag=tag,
        device=device,
        first_ns=int(column.source_ns.min()),
        last_ns=int(column.source_ns.max()),
        samples=len(column),
        minutes=pack_rollup(minutes),
        body=pack_column(column, axis, linear),
        hours=merge([minutes], HOUR_NS),
    )


def _by_key(keys: Slots) -> NDArray[np.intp]:
    """Return the stable order of `keys`; narrow figures are sorted in one sweep."""
    known = np.unique(keys)
    if len(known) >= 1 << 16:
        return np.argsort(keys, kind="stable")
    place = np.zeros(int(known[-1]) + 1, dtype=np.uint16)
    place[known] = np.arange(len(known))
    return np.argsort(place[keys], kind="stable")
