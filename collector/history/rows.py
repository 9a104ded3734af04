"""How a scan stands as one row of the history, and how rows become columns again."""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Final

import numpy as np
from numpy.typing import NDArray

from collector.model import Instants, Qualities, Scan, Slots, Values

SCAN_COLUMNS = "layout, tags, received_ns, source_ns, sources, quality, figures"
RECEIVED_NS: Final = 2
SOURCE_NS: Final = 3
"""The places of two times; the source time is None where the samples have their own."""

Row = tuple[int | None, bytes | None, int, int | None, bytes | None, bytes | None, bytes]
"""Layout, tags where there is none, received, one source time or each, quality, figures."""


@dataclass(frozen=True, slots=True)
class StoredScan:
    """A scan as the log holds it; its slots are the history's tag keys."""

    seq: int
    device: str
    scan: Scan


@dataclass(frozen=True, slots=True)
class Samples:
    """The samples of many scans of one device in the order of the log, as flat columns.

    `seq` and `received_ns` have one figure for each scan; `rows` tells for each sample
    which scan it belongs to, and `edges` where each scan begins and the last one ends.
    """

    seq: NDArray[np.int64]
    received_ns: Instants
    edges: NDArray[np.int64]
    rows: NDArray[np.int64]
    keys: Slots
    source_ns: Instants
    values: Values
    quality: Qualities


@dataclass(frozen=True, slots=True)
class Course:
    """One tag's samples in the order of their source time."""

    source_ns: Instants
    values: Values
    quality: Qualities

    def between(self, from_ns: int, to_ns: int) -> "Course":
        """Return the part from `from_ns` to before `to_ns`."""
        begin, end = np.searchsorted(self.source_ns, (from_ns, to_ns))
        part = slice(int(begin), int(end))
        return Course(self.source_ns[part], self.values[part], self.quality[part])


def in_key_order(scan: Scan, key_of_slot: Slots) -> Scan:
    """Return `scan` by the tags' lasting keys, samples of one tag in the order they had."""
    keys = key_of_slot[scan.slots]
    if bool((keys[1:] > keys[:-1]).all()):
        return Scan(keys, scan.values, scan.quality, scan.source_ns, scan.received_ns)
    order = np.argsort(keys, kind="stable")
    return Scan(
        slots=keys[order],
        values=scan.values[order],
        quality=scan.quality[order],
        source_ns=scan.source_ns[order],
        received_ns=scan.received_ns,
    )


def scan_row(scan: Scan, layout: int | None) -> Row:
    """Return the row for `scan` by keys; what is the same for all its samples stands once."""
    first_ns = int(scan.source_ns[0])
    uniform = bool((scan.source_ns == first_ns).all())
    good = not scan.quality.any()
    return (
        layout,
        None if layout is not None else scan.slots.astype("<i4").tobytes(),
        scan.received_ns,
        first_ns if uniform else None,
        None if uniform else scan.source_ns.astype("<i8").tobytes(),
        None if good else scan.quality.tobytes(),
        scan.values.astype("<f8").tobytes(),
    )


def row_scan(row: Row, layouts: dict[int, Slots]) -> Scan:
    """Return the scan that `scan_row` wrote; its slots are the history's tag keys."""
    layout, tags, received_ns, source_ns, sources, quality, figures = row
    keys = layouts[layout] if layout is not None else np.frombuffer(tags or b"", dtype="<i4")
    return Scan(
        slots=keys,
        values=np.frombuffer(figures, dtype="<f8"),
        quality=np.frombuffer(quality, dtype=np.uint8)
        if quality is not None
        else np.zeros(len(keys), dtype=np.uint8),
        source_ns=np.frombuffer(sources, dtype="<i8")
        if sources is not None
        else np.full(len(keys), source_ns, dtype=np.int64),
        received_ns=received_ns,
    )


def is_whole(row: Row, layouts: dict[int, Slots]) -> bool:
    """Return whether a row can be made a scan again: its columns are there and of one length."""
    layout, tags, received_ns, source_ns, sources, quality, figures = row
    known = layouts.get(layout) if layout is not None else None
    if known is None and not isinstance(tags, bytes):
        return False
    width = len(known) if known is not None else len(tags or b"") // 4
    lengths = [(figures, 8 * width)]
    if quality is not None:
        lengths.append((quality, width))
    if sources is not None or source_ns is None:
        lengths.append((sources or b"", 8 * width))
    whole = all(isinstance(part, bytes) and len(part) == size for part, size in lengths)
    return width > 0 and whole and isinstance(received_ns, int)


def gather_courses(
    rows: Sequence[Row], layouts: dict[int, Slots], wanted: Iterable[int]
) -> dict[int, Course]:
    """Return the course of each wanted tag key over `rows`, sorted by source time.

    Samples of one instant stay in the order of the rows. Rows of one layout that
    follow on each other are decoded together, whatever their number.
    """
    keys = sorted(set(wanted))
    parts: dict[int, list[Course]] = {key: [] for key in keys}
    for layout, same in _by_layout(rows):
        if layout is None:
            for row in same:
                _pick(row_scan(row, layouts), parts)
        else:
            _gather_layout(same, layouts[layout], parts)
    return {key: join_courses(parts[key]) for key in keys}


def _by_layout(rows: Sequence[Row]) -> Iterator[tuple[int | None, Sequence[Row]]]:
    """Yield the runs of rows of one layout; mostly there is but one."""
    if len({row[0] for row in rows}) == 1:
        yield rows[0][0], rows
        return
    for layout, same in groupby(rows, key=itemgetter(0)):
        yield layout, list(same)


def _gather_layout(rows: Sequence[Row], keys: Slots, parts: dict[int, list[Course]]) -> None:
    # Columns at once: an hour of scans is thousands of rows, and each loop over them counts.
    _, _, _, source_ns, sources, quality, figures = zip(*rows, strict=True)
    width = len(keys)
    values = np.frombuffer(b"".join(figures), dtype="<f8").reshape(-1, width)
    qualities = _qualities(quality, width)
    instants = _instants(source_ns, sources, width)
    if not len(values) == len(qualities) == len(instants) == len(rows):
        message = "its columns have different lengths"
        raise ValueError(message)
    for column, key in enumerate(keys.tolist()):
        if key in parts:
            parts[key].append(Course(instants[:, column], values[:, column], qualities[:, column]))


def _qualities(quality: Sequence[bytes | None], width: int) -> Qualities:
    """Return the quality of each sample, row by row."""
    if not any(quality):
        return np.broadcast_to(np.uint8(0), (len(quality), width))
    good = bytes(width)
    told = b"".join([one or good for one in quality])
    return np.frombuffer(told, dtype=np.uint8).reshape(-1, width)


def _instants(
    source_ns: Sequence[int | None], sources: Sequence[bytes | None], width: int
) -> Instants:
    """Return the source time of each sample, row by row."""
    if None not in source_ns and not any(sources):
        shared = np.array(source_ns, dtype=np.int64)
        return np.broadcast_to(shared[:, None], (len(source_ns), width))
    each = [
        np.full(width, at) if own is None else np.frombuffer(own, dtype="<i8")
        for at, own in zip(source_ns, sources, strict=True)
    ]
    return np.concatenate(each).reshape(-1, width)


def _pick(scan: Scan, parts: dict[int, list[Course]]) -> None:
    width = len(scan.slots)
    if not 0 < width == len(scan.values) == len(scan.quality) == len(scan.source_ns):
        message = "its columns have different lengths"
        raise ValueError(message)
    for at, key in enumerate(scan.slots.tolist()):
        if key in parts:
            one = slice(at, at + 1)
            parts[key].append(Course(scan.source_ns[one], scan.values[one], scan.quality[one]))


def join_courses(parts: Sequence[Course]) -> Course:
    """Return one course of all `parts`, by source time, those of one instant in their order."""
    if not parts:
        empty = np.empty(0)
        return Course(empty.astype(np.int64), empty, empty.astype(np.uint8))
    source_ns = np.concatenate([part.source_ns for part in parts])
    values = np.concatenate([part.values for part in parts])
    quality = np.concatenate([part.quality for part in parts])
    if bool((source_ns[1:] >= source_ns[:-1]).all()):
        return Course(source_ns, values, quality)
    order = np.argsort(source_ns, kind="stable")
    return Course(source_ns[order], values[order], quality[order])


def load_layouts(connection: sqlite3.Connection) -> dict[int, Slots]:
    """Return the tag keys of every layout that the history knows."""
    return {
        number: np.frombuffer(tags, dtype="<i4")
        for number, tags in connection.execute("SELECT id, tags FROM layout")
    }


def flatten(rows: Sequence[tuple[int, Row]], layouts: dict[int, Slots]) -> Samples:
    """Return the samples of numbered rows of one device as flat columns; at least one row."""
    keys = [
        layouts[row[0]] if row[0] is not None else np.frombuffer(row[1] or b"", dtype="<i4")
        for _, row in rows
    ]
    widths = np.array([len(one) for one in keys], dtype=np.int64)
    edges = np.concatenate((np.zeros(1, dtype=np.int64), np.cumsum(widths)))
    uniform = np.array([row[3] if row[3] is not None else 0 for _, row in rows], dtype=np.int64)
    source_ns = np.repeat(uniform, widths)
    for at, (_, row) in enumerate(rows):
        if row[4] is not None:
            source_ns[edges[at] : edges[at + 1]] = np.frombuffer(row[4], dtype="<i8")
    quality = b"".join(
        row[5] if row[5] is not None else bytes(int(width))
        for (_, row), width in zip(rows, widths, strict=True)
    )
    return Samples(
        seq=np.array([seq for seq, _ in rows], dtype=np.int64),
        received_ns=np.array([row[2] for _, row in rows], dtype=np.int64),
        edges=edges,
        rows=np.repeat(np.arange(len(rows), dtype=np.int64), widths),
        keys=np.concatenate(keys),
        source_ns=source_ns,
        values=np.frombuffer(b"".join(row[6] for _, row in rows), dtype="<f8"),
        quality=np.frombuffer(quality, dtype=np.uint8),
    )
