"""The embedded history: every scan appended once, committed in groups by one thread."""

import asyncio
import queue
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import structlog

from collector.clock import Clock
from collector.gaps import Cause, Gap
from collector.history.rows import (
    Course,
    gather_courses,
    in_slot_order,
    load_layouts,
    row_scan,
    scan_row,
)
from collector.history.schema import HistoryError, open_writer, reading
from collector.model import NANOSECONDS, Scan, Slots
from collector.site import Plant

COMMIT_EVERY_S = 0.2
RETRY_S = 1.0
MOST_WAITING = 200_000
SLOWEST_ARRIVAL_NS = 120 * NANOSECONDS
SCAN_COLUMNS = "layout, tags, received_ns, source_ns, sources, quality, figures"

Work = Callable[[sqlite3.Connection], None]

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class StoredScan:
    """A scan as the log holds it; its slots are the history's tag keys."""

    seq: int
    device: str
    scan: Scan


@dataclass(slots=True)
class StoreHealth:
    """How well the history keeps up."""

    failing: str = ""
    last_commit_ns: int = 0
    newest_seq: int = 0
    appended: int = 0
    scans: int = 0
    dropped: int = 0
    commit_s: deque[float] = field(default_factory=lambda: deque(maxlen=600))

    @property
    def waiting(self) -> int:
        """How many scans are not on the disk yet."""
        return self.appended - self.scans


class History:
    """The one store of a station; it is open from its making until `close`.

    Appending never waits for the disk: a thread of its own commits what has come,
    at most 250 ms apart. Where the disk refuses, scans wait in memory, up to a
    stated number, and the health says so. HistoryError where it cannot be opened.
    """

    def __init__(self, path: Path, plant: Plant, clock: Clock) -> None:
        self.path = path
        self.health = StoreHealth()
        self._clock = clock
        self._queue: queue.SimpleQueue[Work | None] = queue.SimpleQueue()
        self._writer = open_writer(path)
        tags = {tag.id: device.id for device in plant.device for tag in device.tags}
        device_keys = _keys(self._writer, "device", list(dict.fromkeys(tags.values())))
        tag_keys = _keys(self._writer, "tag", list(tags))
        self._device_of_slot = [device_keys[device] for device in tags.values()]
        self._key_of_slot = np.array([tag_keys[tag] for tag in tags], dtype=np.int32)
        self._whole = _whole_devices(self._device_of_slot, self._key_of_slot)
        self._writer.executemany(
            "INSERT OR IGNORE INTO held (tag, device) VALUES (?, ?)",
            zip(self._key_of_slot.tolist(), self._device_of_slot, strict=True),
        )
        self._layouts: dict[int, int] = {}
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._commit_loop, name="history", daemon=True)
        self._thread.start()

    def append(self, scan: Scan) -> None:
        """Keep `scan`; returns at once."""
        if not len(scan):
            return
        if self.health.waiting >= MOST_WAITING:
            self.health.dropped += 1
            return
        self.health.appended += 1
        self._queue.put(_Append(self._insert, scan))

    def size_bytes(self) -> int:
        """Return how much disk the history takes."""
        files = (self.path, self.path.with_name(self.path.name + "-wal"))
        return sum(file.stat().st_size for file in files if file.exists())

    def keep_gap(self, gap: Gap) -> None:
        """Enter or renew a row of the gap ledger."""
        row = (gap.device, gap.from_ns, gap.to_ns, gap.cause.value, gap.recovered)
        self._write(
            "INSERT INTO gap (device, from_ns, to_ns, cause, recovered) "
            "VALUES (?, ?, ?, ?, ?) ON CONFLICT (device, from_ns, cause) "
            "DO UPDATE SET to_ns = excluded.to_ns, recovered = excluded.recovered",
            row,
        )

    def move_cursor(self, name: str, seq: int) -> None:
        """Note that `name` has been served up to and with `seq`."""
        self._write(
            "INSERT INTO cursor (name, seq) VALUES (?, ?) "
            "ON CONFLICT (name) DO UPDATE SET seq = excluded.seq",
            (name, seq),
        )

    def bury(self, cursor: str, line: str, words: str) -> None:
        """Keep a line that a server refused for good, with the server's words."""
        self._write(
            "INSERT INTO dead_letter (cursor, at_ns, line, words) VALUES (?, ?, ?, ?)",
            (cursor, self._clock.now_ns(), line, words),
        )

    async def committed(self) -> None:
        """Return when everything appended before this call is on the disk."""
        done: Future[None] = Future()
        # From now on nobody can cancel it: who stops waiting must not stop the writer.
        done.set_running_or_notify_cancel()
        self._queue.put(_Committed(done))
        await asyncio.wrap_future(done)

    async def cursor(self, name: str) -> int:
        """Return the last sequence number that `name` has been served, 0 at first."""
        rows = await self._read("SELECT seq FROM cursor WHERE name = ?", (name,))
        return int(rows[0][0]) if rows else 0

    async def dead_letters(self, cursor: str) -> int:
        """Return how many lines of `cursor` were refused for good."""
        sql = "SELECT count(*) FROM dead_letter WHERE cursor = ?"
        return int((await self._read(sql, (cursor,)))[0][0])

    async def last_received_ns(self) -> dict[str, int]:
        """Return when each device's newest kept scan was received."""
        sql = "SELECT id, (SELECT max(received_ns) FROM scan WHERE device = device.key) FROM device"
        return {device: int(ns) for device, ns in await self._read(sql) if ns is not None}

    async def tag_ids(self) -> dict[int, str]:
        """Return the id of each tag key in the log, also of tags no longer read."""
        return {int(key): str(tag) for key, tag in await self._read("SELECT key, id FROM tag")}

    async def gaps(self, from_ns: int, to_ns: int, limit: int = 500) -> list[tuple[int, Gap]]:
        """Return at most `limit` of the ledger's rows that touch the span, newest first."""
        sql = (
            "SELECT id, device, from_ns, to_ns, cause, recovered FROM gap "
            "WHERE from_ns < ? AND coalesce(to_ns, ?) >= ? ORDER BY from_ns DESC, id DESC LIMIT ?"
        )
        return [
            (number, Gap(device, begin, end, Cause(cause), bool(recovered)))
            for number, device, begin, end, cause, recovered in await self._read(
                sql, (to_ns, to_ns, from_ns, limit)
            )
        ]

    async def open_gaps(self) -> list[Gap]:
        """Return the ledger's rows that nobody has closed."""
        sql = "SELECT device, from_ns, cause FROM gap WHERE to_ns IS NULL ORDER BY id"
        return [
            Gap(device, begin, None, Cause(cause)) for device, begin, cause in await self._read(sql)
        ]

    async def read_after(self, seq: int, limit_samples: int) -> list[StoredScan]:
        """Return the scans after `seq` in order, about `limit_samples`, at least one."""
        return await asyncio.to_thread(self._scans_after, seq, limit_samples)

    async def courses(self, tags: Sequence[str], from_ns: int, to_ns: int) -> dict[str, Course]:
        """Return the course of each tag from `from_ns` to before `to_ns`; KeyError if unknown."""
        return await asyncio.to_thread(self._courses, tuple(tags), from_ns, to_ns)

    def close(self) -> None:
        """Commit what waits and close the file; what a disk refuses now is given up aloud."""
        self._closing.set()
        self._queue.put(None)
        self._thread.join()
        self._writer.close()

    def _write(self, sql: str, row: tuple[object, ...]) -> None:
        def work(connection: sqlite3.Connection) -> None:
            connection.execute(sql, row)

        self._queue.put(work)

    async def _read(self, sql: str, row: tuple[object, ...] = ()) -> list[tuple[Any, ...]]:
        def read() -> list[tuple[Any, ...]]:
            with reading(self.path) as connection:
                return connection.execute(sql, row).fetchall()

        return await asyncio.to_thread(read)

    def _scans_after(self, seq: int, limit_samples: int) -> list[StoredScan]:
        found: list[StoredScan] = []
        samples = 0
        with reading(self.path) as connection:
            layouts = load_layouts(connection)
            rows = connection.execute(
                f"SELECT seq, id, {SCAN_COLUMNS} FROM scan "  # noqa: S608 - own constant
                "JOIN device ON device.key = scan.device WHERE seq > ? ORDER BY seq",
                (seq,),
            )
            for number, device, *row in rows:
                scan = row_scan(tuple(row), layouts)
                samples += len(scan)
                if found and samples > limit_samples:
                    break
                found.append(StoredScan(number, device, scan))
        return found

    def _courses(self, tags: tuple[str, ...], from_ns: int, to_ns: int) -> dict[str, Course]:
        with reading(self.path) as connection:
            known = dict(connection.execute("SELECT id, key FROM tag"))
            keys = {tag: known[tag] for tag in tags}
            layouts = load_layouts(connection)
            marks = ", ".join("?" * len(keys))
            devices = connection.execute(
                f"SELECT DISTINCT device FROM held WHERE tag IN ({marks})",  # noqa: S608
                tuple(keys.values()),
            ).fetchall()
            rows = [
                row
                for (device,) in devices
                for row in connection.execute(
                    f"SELECT {SCAN_COLUMNS} FROM scan WHERE device = ? "  # noqa: S608
                    "AND received_ns >= ? AND received_ns < ?",
                    (device, from_ns, to_ns + SLOWEST_ARRIVAL_NS),
                )
            ]
        courses = gather_courses(rows, layouts, keys.values())
        return {tag: courses[key].between(from_ns, to_ns) for tag, key in keys.items()}

    def _insert(self, connection: sqlite3.Connection, arrived: Scan) -> None:
        scan = in_slot_order(arrived)
        device = self._device_of_slot[int(scan.slots[0])]
        keys = self._key_of_slot[scan.slots]
        row = scan_row(scan, self._layout(connection, device, keys), keys)
        inserted = connection.execute(
            f"INSERT INTO scan (device, {SCAN_COLUMNS}) "  # noqa: S608 - own constant
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (device, *row),
        )
        self.health.newest_seq = inserted.lastrowid or self.health.newest_seq

    def _layout(self, connection: sqlite3.Connection, device: int, keys: Slots) -> int | None:
        """Return the layout of a scan of all the device's tags, None for any other scan."""
        tags = keys.astype("<i4").tobytes()
        if tags != self._whole[device]:
            return None
        if device not in self._layouts:
            connection.execute(
                "INSERT OR IGNORE INTO layout (device, tags) VALUES (?, ?)", (device, tags)
            )
            found = connection.execute(
                "SELECT id FROM layout WHERE device = ? AND tags = ?", (device, tags)
            ).fetchone()
            self._layouts[device] = int(found[0])
        return self._layouts[device]

    def _commit_loop(self) -> None:
        going = True
        while going:
            batch = _take_batch(self._queue)
            going = batch[-1] is not None
            works = [work for work in batch if work is not None]
            while not self._commit(works):
                if not going or self._closing.wait(RETRY_S):
                    self._give_up(works)
                    break

    def _give_up(self, works: list[Work]) -> None:
        """Say what a closing history could not keep."""
        scans = sum(1 for work in works if isinstance(work, _Append))
        self.health.dropped += scans
        log.error("closed with scans that are not kept", scans=scans, reason=self.health.failing)
        for work in works:
            if isinstance(work, _Committed):
                work.done.set_exception(HistoryError(self.health.failing))

    def _commit(self, works: list[Work]) -> bool:
        began_s = self._clock.steady_s()
        try:
            self._writer.execute("BEGIN IMMEDIATE")
            for work in works:
                work(self._writer)
            self._writer.execute("COMMIT")
        except sqlite3.Error as error:
            with suppress(sqlite3.Error):  # where SQLite has rolled back by itself
                self._writer.execute("ROLLBACK")
            self._layouts.clear()
            self.health.failing = f"{self.path}: {error}"
            return False
        self.health.failing = ""
        self.health.last_commit_ns = self._clock.now_ns()
        self.health.commit_s.append((self._clock.steady_s() - began_s) / self._clock.speed)
        self.health.scans += sum(1 for work in works if isinstance(work, _Append))
        for work in works:
            if isinstance(work, _Committed):
                work.done.set_result(None)
        return True


@dataclass(frozen=True, slots=True)
class _Append:
    """Work that puts one scan into the log."""

    insert: Callable[[sqlite3.Connection, Scan], None]
    scan: Scan

    def __call__(self, connection: sqlite3.Connection) -> None:
        """Insert the scan."""
        self.insert(connection, self.scan)


@dataclass(frozen=True, slots=True)
class _Committed:
    """Work that does nothing but tell when its group is on the disk."""

    done: "Future[None]"

    def __call__(self, connection: sqlite3.Connection) -> None:
        """Do nothing."""


def _whole_devices(devices: Sequence[int], keys: Slots) -> dict[int, bytes]:
    """Return the tag keys of each device, in slot order, as a layout holds them."""
    of_slot = np.array(devices)
    return {
        device: keys[of_slot == device].astype("<i4").tobytes() for device in dict.fromkeys(devices)
    }


def _keys(connection: sqlite3.Connection, table: str, ids: list[str]) -> dict[str, int]:
    """Return the lasting key of each id, giving one to those that are new."""
    connection.executemany(
        f"INSERT OR IGNORE INTO {table} (id) VALUES (?)",  # noqa: S608 - own names
        [(one,) for one in ids],
    )
    return dict(connection.execute(f"SELECT id, key FROM {table}"))  # noqa: S608


def _take_batch(waiting: "queue.SimpleQueue[Work | None]") -> list[Work | None]:
    """Return what came within one commit interval of the first, ending at None."""
    batch = [waiting.get()]
    tick = threading.Event()
    if batch[-1] is not None:
        tick.wait(COMMIT_EVERY_S)
    while batch[-1] is not None:
        try:
            batch.append(waiting.get_nowait())
        except queue.Empty:
            break
    return batch
