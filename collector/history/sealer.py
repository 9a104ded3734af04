"""Seal finished hours of the log into compressed blocks, beside everything else."""

import asyncio
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import structlog

from collector.clock import Clock
from collector.gaps import Cause
from collector.history.reading import SEALED
from collector.history.rollup import HOUR_NS, MINUTE_NS
from collector.history.rows import (
    RECEIVED_NS,
    SCAN_COLUMNS,
    Row,
    Samples,
    flatten,
    is_whole,
    load_layouts,
)
from collector.history.schema import HistoryError
from collector.history.segments import PackedBlock, SealedDevice, seal_device
from collector.history.store import History

LOOK_EVERY_S = 5.0
# What fits into memory while it is sealed; a busier site has several segments an hour.
MOST_SAMPLES = 4_000_000
FINISHED_AFTER_NS = MINUTE_NS
ROWS_AT_ONCE = 2_000
PAUSE_S = 0.0005

MERGE_HOUR = """
INSERT INTO hour (tag, at_ns, lowest, highest, total, samples, good) VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (tag, at_ns) DO UPDATE SET
    lowest = min(coalesce(lowest, excluded.lowest), coalesce(excluded.lowest, lowest)),
    highest = max(coalesce(highest, excluded.highest), coalesce(excluded.highest, highest)),
    total = total + excluded.total, samples = samples + excluded.samples,
    good = good + excluded.good
"""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Stretch:
    """A finished stretch of the log, by the numbers of its scans and when they were received."""

    from_seq: int
    to_seq: int
    from_ns: int
    to_ns: int
    samples: int

    @property
    def ends_ns(self) -> int:
        """The end of the hour in which it began."""
        return (self.from_ns // HOUR_NS + 1) * HOUR_NS

    def with_scan(self, seq: int, received_ns: int, samples: int) -> "Stretch":
        """Return it with the next scan of the log."""
        to_ns = max(self.to_ns, received_ns)
        return replace(self, to_seq=seq, to_ns=to_ns, samples=self.samples + samples)


@dataclass(frozen=True, slots=True)
class Hole:
    """What of a device's scans cannot be read between two that can, by their instants."""

    device: int
    seqs: tuple[int, ...]
    from_ns: int
    to_ns: int


@dataclass(frozen=True, slots=True)
class Segment:
    """One stretch, sealed; `holes` are its scans that cannot be read."""

    stretch: Stretch
    devices: tuple[SealedDevice, ...]
    holes: tuple[Hole, ...] = ()


class Sealer:
    """Seals one history for as long as its task runs; the log loses nothing by a kill.

    What cannot be sealed stays as rows, which are read all the same: `failing` says why,
    and nothing else is held up by it. A row that is damaged is set aside as it is, so that
    it holds up nothing; `damaged` counts these.
    """

    def __init__(self, history: History, clock: Clock) -> None:
        self.failing = ""
        self.damaged = 0
        self._history = history
        self._clock = clock
        self._growing: Stretch | None = None

    async def run(self) -> None:
        """Look every few seconds until cancelled."""
        while True:
            try:
                while await self.seal():
                    pass
                self.failing = ""
            except HistoryError as error:
                if str(error) != self.failing:
                    log.warning("history cannot be sealed now", reason=str(error))
                self.failing = str(error)
            await asyncio.sleep(LOOK_EVERY_S)

    async def seal(self) -> bool:
        """Seal the oldest stretch and clear its rows, if it is finished; say whether it was."""
        now_ns, known = self._clock.now_ns(), self._growing
        stretch, done = await self._history.read(
            lambda connection: grown(connection, known, now_ns)
        )
        self._growing = None if done else stretch
        if stretch is not None and done:
            segment = await self._history.read(lambda connection: self._sealed(connection, stretch))
            await self._history.committed(lambda connection: keep_segment(connection, segment))
            self._note_damaged(segment)
        while await self._history.read(_rows_left):
            await self._history.committed(_clear_rows)
        return done

    def _sealed(self, connection: sqlite3.Connection, stretch: Stretch) -> Segment:
        layouts = load_layouts(connection)
        devices = connection.execute(
            "SELECT DISTINCT device FROM scan WHERE seq BETWEEN ? AND ?",
            (stretch.from_seq, stretch.to_seq),
        ).fetchall()
        sealed: list[SealedDevice] = []
        holes: list[Hole] = []
        for (device,) in devices:
            found = connection.execute(
                f"SELECT seq, {SCAN_COLUMNS} FROM scan "  # noqa: S608 - own constant
                "WHERE seq BETWEEN ? AND ? AND device = ? ORDER BY seq",
                (stretch.from_seq, stretch.to_seq, device),
            )
            rows = [(row[0], row[1:]) for row in found]
            whole = [one for one in rows if is_whole(one[1], layouts)]
            holes += _holes(device, [seq for seq, _ in rows], whole, stretch)
            if whole:
                sealed.append(self._sealed_device(device, flatten(whole, layouts), stretch))
        return Segment(stretch, tuple(sealed), tuple(holes))

    def _sealed_device(self, device: int, samples: Samples, stretch: Stretch) -> SealedDevice:
        try:
            return seal_device(device, samples, self._history.linears, self._pause)
        except (ArithmeticError, ValueError, LookupError) as error:
            scans = f"scans {stretch.from_seq} to {stretch.to_seq} of device {device}"
            message = f"history {self._history.path}: {scans} cannot be sealed: {error}"
            raise HistoryError(message) from error

    def _note_damaged(self, segment: Segment) -> None:
        damaged = [seq for hole in segment.holes for seq in hole.seqs]
        self.damaged += len(damaged)
        if damaged:
            words = "scans cannot be read and were set aside"
            log.warning(words, scans=len(damaged), first=min(damaged))

    def _pause(self) -> None:
        self._clock.wait(PAUSE_S)


def _holes(
    device: int, seqs: Sequence[int], whole: Sequence[tuple[int, Row]], stretch: Stretch
) -> Iterator[Hole]:
    """Yield each run of scans that cannot be read, from the scan before it to the one after."""
    received_ns = {seq: row[RECEIVED_NS] for seq, row in whole}
    begin_ns = stretch.from_ns
    for known, run in groupby(seqs, key=received_ns.__contains__):
        some = tuple(run)
        if known:
            begin_ns = received_ns[some[-1]]
            continue
        after = next((seq for seq in seqs if seq > some[-1]), None)
        end_ns = stretch.to_ns if after is None else received_ns[after]
        yield Hole(device, some, begin_ns, max(end_ns, begin_ns + 1))


def grown(
    connection: sqlite3.Connection, known: Stretch | None, now_ns: int
) -> tuple[Stretch | None, bool]:
    """Return the oldest stretch that is not sealed, as far as it is now, and whether it is over.

    It is over with the hour in which its first scan was received, or when it holds as
    many samples as fit into memory. Only rows newer than `known` are looked at.
    """
    stretch = known
    rows = connection.execute(
        "SELECT seq, received_ns, length(figures) / 8 FROM scan "  # noqa: S608 - own constant
        f"WHERE seq > max(?, {SEALED}) ORDER BY seq",
        (stretch.to_seq if stretch else 0,),
    )
    for seq, received_ns, samples in rows:
        if stretch is None:
            stretch = Stretch(seq, seq, received_ns, received_ns, samples)
        elif received_ns >= stretch.ends_ns:
            return stretch, True
        else:
            stretch = stretch.with_scan(seq, received_ns, samples)
        if stretch.samples >= MOST_SAMPLES:
            return stretch, True
    return stretch, stretch is not None and now_ns >= stretch.ends_ns + FINISHED_AFTER_NS


def keep_segment(connection: sqlite3.Connection, segment: Segment) -> None:
    """Write a sealed segment and its hours; from its commit on the rows of the log are stale."""
    stretch = segment.stretch
    number = connection.execute(
        "INSERT INTO segment (from_seq, to_seq, from_ns, to_ns, samples) VALUES (?, ?, ?, ?, ?)",
        (stretch.from_seq, stretch.to_seq, stretch.from_ns, stretch.to_ns, stretch.samples),
    ).lastrowid
    connection.executemany(
        f"INSERT INTO damaged_scan (seq, device, {SCAN_COLUMNS}) "  # noqa: S608 - own constant
        f"SELECT seq, device, {SCAN_COLUMNS} FROM scan WHERE seq = ?",
        [(seq,) for hole in segment.holes for seq in hole.seqs],
    )
    connection.executemany(
        "INSERT OR IGNORE INTO gap (device, from_ns, to_ns, cause, recovered) "
        "SELECT id, ?, ?, ?, 0 FROM device WHERE key = ?",
        [(one.from_ns, one.to_ns, Cause.DAMAGED.value, one.device) for one in segment.holes],
    )
    for device in segment.devices:
        axis = device.axis
        connection.execute(
            "INSERT INTO axis (segment, device, seq, received_ns, source_ns) "
            "VALUES (?, ?, ?, ?, ?)",
            (number, axis.device, axis.seq, axis.received_ns, axis.source_ns),
        )
        connection.executemany(
            "INSERT INTO block (tag, segment, device, first_ns, last_ns, samples, minutes, body) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (b.tag, number, b.device, b.first_ns, b.last_ns, b.samples, b.minutes, b.body)
                for b in device.blocks
            ],
        )
        connection.executemany(MERGE_HOUR, [row for b in device.blocks for row in _hour_rows(b)])


def _hour_rows(block: PackedBlock) -> Iterator[tuple[object, ...]]:
    hours = block.hours
    columns = zip(
        hours.at_ns.tolist(),
        hours.lowest.tolist(),
        hours.highest.tolist(),
        hours.total.tolist(),
        hours.samples.tolist(),
        hours.good.tolist(),
        strict=True,
    )
    # SQLite has no NaN: it keeps one as NULL, which is "none" here.
    return ((block.tag, *row) for row in columns)


def _rows_left(connection: sqlite3.Connection) -> bool:
    sql = f"SELECT EXISTS (SELECT 1 FROM scan WHERE seq <= {SEALED})"  # noqa: S608
    return bool(connection.execute(sql).fetchone()[0])


def _clear_rows(connection: sqlite3.Connection) -> None:
    """Delete some rows that are sealed: few at once, so that no commit is long."""
    connection.execute(
        f"DELETE FROM scan WHERE seq IN (SELECT seq FROM scan WHERE seq <= {SEALED} "  # noqa: S608
        "ORDER BY seq LIMIT ?)",
        (ROWS_AT_ONCE,),
    )
