"""Read the log and the past of tags, whether it is still hot or sealed."""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

from collector.history.blocks import (
    Axis,
    BlockError,
    Column,
    unpack_axis,
    unpack_column,
    unpack_integers,
)
from collector.history.rollup import Rollup, unpack_rollup
from collector.history.rows import (
    SCAN_COLUMNS,
    SOURCE_NS,
    Course,
    Row,
    StoredScan,
    gather_courses,
    is_whole,
    join_courses,
    load_layouts,
    row_scan,
)
from collector.history.segments import unseal_device
from collector.model import Instants

SEALED = "(SELECT coalesce(max(to_seq), 0) FROM segment)"


@dataclass(frozen=True, slots=True)
class Damage:
    """Samples of one tag that a damaged file no longer gives back."""

    tag: int
    from_ns: int
    to_ns: int
    words: str


@dataclass(frozen=True, slots=True)
class Past:
    """The courses of tags by key, and what of them is damaged."""

    courses: dict[int, Course]
    damaged: tuple[Damage, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a block stands, and what it holds."""

    block: int
    tag: int
    segment: int
    device: int
    first_ns: int
    last_ns: int


def whole_places(rows: Iterable[tuple[int, ...]]) -> list[Place]:
    """Return where blocks stand, but for rows that a damaged page has emptied."""
    return [Place(*row) for row in rows if None not in row]


class Blocks:
    """The sealed blocks of one look at the file: axes unpacked once, damage gathered.

    A block is whole for a course where its own bytes and its source times are; with
    `whole_axes` all that its axis holds must be.
    """

    def __init__(self, connection: sqlite3.Connection, *, whole_axes: bool = False) -> None:
        self.damaged: list[Damage] = []
        self._connection = connection
        self._whole_axes = whole_axes
        self._axes: dict[tuple[int, int], Axis] = {}
        self._times: dict[tuple[int, int], Instants] = {}

    def columns(self, places: Iterable[Place]) -> Iterator[tuple[Place, Column]]:
        """Yield the samples of each block that is whole; the others are in `damaged`."""
        for place in places:
            with self._gathering(place):
                axis_ns = self._source_ns(place.segment, place.device)
                yield place, unpack_column(self._part("body", place), axis_ns)

    def minutes(self, places: Iterable[Place]) -> Iterator[Rollup]:
        """Yield the minutes of each block that is whole; the others are in `damaged`."""
        for place in places:
            with self._gathering(place):
                packed = self._part("minutes", place)
                if packed:
                    yield unpack_rollup(packed)

    def axis(self, segment: int, device: int) -> Axis:
        """Return the axis of a device in a segment; BlockError where it is damaged or gone."""
        if (segment, device) not in self._axes:
            columns = self._axis_columns("seq, received_ns, source_ns", segment, device)
            self._axes[segment, device] = unpack_axis(columns)
        return self._axes[segment, device]

    def _source_ns(self, segment: int, device: int) -> Instants:
        if self._whole_axes:
            return self.axis(segment, device).source_ns
        if (segment, device) not in self._times:
            (packed,) = self._axis_columns("source_ns", segment, device)
            self._times[segment, device] = unpack_integers(packed)
        return self._times[segment, device]

    def _axis_columns(self, names: str, segment: int, device: int) -> tuple[Any, ...]:
        sql = f"SELECT {names} FROM axis WHERE segment = ? AND device = ?"  # noqa: S608 - own words
        row: tuple[Any, ...] | None = self._connection.execute(sql, (segment, device)).fetchone()
        if row is None:
            message = "its times are gone"
            raise BlockError(message)
        return row

    def _part(self, name: Literal["body", "minutes"], place: Place) -> bytes:
        sql = f"SELECT {name} FROM block WHERE id = ?"  # noqa: S608 - own words
        row = self._connection.execute(sql, (place.block,)).fetchone()
        return row[0] if row else b""

    def forget_axes(self) -> None:
        """Let the axes go that were unpacked so far: whoever reads everything needs each once."""
        self._axes.clear()
        self._times.clear()

    @contextmanager
    def _gathering(self, place: Place) -> Iterator[None]:
        try:
            yield
        except (BlockError, sqlite3.DatabaseError) as error:
            words = str(error)
            self.damaged.append(Damage(place.tag, place.first_ns, place.last_ns + 1, words))


def read_past(
    connection: sqlite3.Connection, keys: Sequence[int], from_ns: int, to_ns: int
) -> Past:
    """Return the course of each tag key from `from_ns` to before `to_ns`.

    A block that cannot be read is told, and everything else is given.
    """
    blocks = Blocks(connection)
    hot = hot_courses(connection, keys, (from_ns, to_ns), blocks.damaged)
    courses = {}
    for key in keys:
        parts = [
            Course(column.source_ns, column.values, column.quality)
            for _, column in blocks.columns(places_of(connection, key, from_ns, to_ns, raw=True))
        ]
        joined = join_courses([*parts, hot[key]]) if parts else hot[key]
        courses[key] = joined.between(from_ns, to_ns)
    return Past(courses, tuple(blocks.damaged))


def hot_courses(
    connection: sqlite3.Connection,
    keys: Sequence[int],
    within: tuple[int, int],
    damaged: list[Damage],
) -> dict[int, Course]:
    """Return the course of each tag key as far as it is not sealed yet.

    Rows that cannot be read are left out, and added to `damaged`.
    """
    marks = ", ".join("?" * len(keys))
    devices = connection.execute(
        f"SELECT DISTINCT device FROM held WHERE tag IN ({marks})",  # noqa: S608 - only marks
        tuple(keys),
    ).fetchall()
    layouts = load_layouts(connection)
    rows = [row for (device,) in devices for row in _hot_rows(connection, device, *within)]
    try:
        return gather_courses(rows, layouts, keys)
    except (
        ValueError,
        LookupError,
        TypeError,
    ):  # looking at each row would cost as much as reading it
        spoilt = [row for row in rows if not is_whole(row, layouts)]
        damaged.extend(_hot_damage(row, key) for row in spoilt for key in keys)
        return gather_courses([row for row in rows if is_whole(row, layouts)], layouts, keys)


def _hot_damage(row: Row, key: int) -> Damage:
    return Damage(key, row[2], row[2] + 1, "a scan received then cannot be read")


def _hot_rows(connection: sqlite3.Connection, device: int, from_ns: int, to_ns: int) -> list[Row]:
    """Return the rows of a device that touch the span; samples of one instant as in the log."""
    touching = (
        "FROM scan INDEXED BY scan_by_time WHERE device = ? AND last_ns >= ? AND first_ns < ? "
        f"AND seq > {SEALED} ORDER BY last_ns, first_ns, seq"
    )
    within = (device, from_ns, to_ns)
    rows = connection.execute(f"SELECT {SCAN_COLUMNS} {touching}", within).fetchall()
    # Where all samples of a scan are of one instant, those of one tag and instant now stand
    # by their numbers, and only those must.
    if all(row[SOURCE_NS] is not None for row in rows):
        return rows
    seqs = connection.execute(f"SELECT seq {touching}", within).fetchall()
    if seqs == sorted(seqs):
        return rows
    order = sorted(range(len(rows)), key=seqs.__getitem__)
    return [rows[at] for at in order]


def places_of(
    connection: sqlite3.Connection, key: int, from_ns: int, to_ns: int, *, raw: bool
) -> list[Place]:
    """Return the blocks of a tag that touch the span; with `raw` those that have samples."""
    found = connection.execute(
        "SELECT id, tag, segment, device, first_ns, last_ns FROM block INDEXED BY block_by_time "
        "WHERE tag = ? AND last_ns >= ? AND first_ns < ? AND raw >= ? ORDER BY segment",
        (key, from_ns, to_ns, raw),
    )
    return whole_places(found)


def scans_after(connection: sqlite3.Connection, seq: int) -> Iterator[StoredScan]:
    """Yield the scans after `seq` that are not sealed yet, in order.

    What is damaged is left out; `ropewatch history check` names it.
    """
    layouts = load_layouts(connection)
    rows = connection.execute(
        f"SELECT seq, id, {SCAN_COLUMNS} FROM scan "  # noqa: S608 - own constants
        f"JOIN device ON device.key = scan.device WHERE seq > max(?, {SEALED}) ORDER BY seq",
        (seq,),
    )
    for number, device, *columns in rows:
        row: Row = tuple(columns)
        if is_whole(row, layouts):
            yield StoredScan(number, device, row_scan(row, layouts))


def sealed_after(connection: sqlite3.Connection, seq: int) -> tuple[int, int] | None:
    """Return number and last scan of the first segment that has samples of scans after `seq`."""
    row = connection.execute(
        "SELECT id, to_seq FROM segment WHERE to_seq > ? AND NOT thinned ORDER BY to_seq LIMIT 1",
        (seq,),
    ).fetchone()
    return None if row is None else (int(row[0]), int(row[1]))


def read_segment(connection: sqlite3.Connection, segment: int) -> list[StoredScan]:
    """Return all scans of a sealed segment in the order of the log.

    What is damaged is left out; `ropewatch history check` names it.
    """
    blocks = Blocks(connection, whole_axes=True)
    scans: list[StoredScan] = []
    devices = connection.execute(
        "SELECT key, id FROM axis JOIN device ON device.key = axis.device WHERE segment = ?",
        (segment,),
    ).fetchall()
    for key, name in devices:
        places = connection.execute(
            "SELECT id, tag, segment, device, first_ns, last_ns FROM block "
            "WHERE segment = ? AND device = ? AND raw ORDER BY tag",
            (segment, key),
        ).fetchall()
        whole = [(place.tag, column) for place, column in blocks.columns(whole_places(places))]
        if whole:
            scans.extend(unseal_device(name, blocks.axis(segment, key), whole))
    scans.sort(key=lambda one: one.seq)
    return scans


def newest_seq(connection: sqlite3.Connection) -> int:
    """Return the number that the newest scan got, 0 where there was none; none comes twice."""
    row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'scan'").fetchone()
    return int(row[0]) if row else 0


def seq_before(connection: sqlite3.Connection, received_ns: int) -> int:
    """Return the number of the last scan before those received at an instant, or a little less."""
    sealed = connection.execute(
        "SELECT from_seq FROM segment WHERE to_ns >= ? ORDER BY to_seq LIMIT 1", (received_ns,)
    ).fetchone()
    if sealed is not None:
        return int(sealed[0]) - 1
    sql = f"SELECT min(seq) FROM scan WHERE received_ns >= ? AND seq > {SEALED}"  # noqa: S608
    (first,) = connection.execute(sql, (received_ns,)).fetchone()
    return newest_seq(connection) if first is None else int(first) - 1


def last_received(connection: sqlite3.Connection) -> dict[str, int]:
    """Return when each device's newest kept scan was received."""
    blocks = Blocks(connection)
    found: dict[str, int] = {}
    for key, name in connection.execute("SELECT key, id FROM device").fetchall():
        sql = "SELECT max(received_ns) FROM scan WHERE device = ?"
        (newest,) = connection.execute(sql, (key,)).fetchone()
        if newest is None:
            newest = _last_sealed(connection, blocks, key)
        if newest is not None:
            found[name] = int(newest)
    return found


def _last_sealed(connection: sqlite3.Connection, blocks: Blocks, device: int) -> int | None:
    sql = "SELECT max(segment) FROM axis WHERE device = ?"
    (segment,) = connection.execute(sql, (device,)).fetchone()
    return None if segment is None else int(blocks.axis(segment, device).received_ns.max())
