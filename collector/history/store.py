"""The embedded history: every scan appended once, committed in groups by one thread."""

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from collector.clock import Clock
from collector.gaps import Cause, Gap
from collector.history.blocks import Linear
from collector.history.letters import DeadLetter, drop_letters, read_letters
from collector.history.log import Log
from collector.history.reading import (
    Past,
    last_received,
    newest_seq,
    read_past,
)
from collector.history.rows import SCAN_COLUMNS, Course, StoredScan, in_key_order, scan_row
from collector.history.schema import open_writer, reading
from collector.history.spans import Spans, read_spans
from collector.history.writer import Health, Work, Writer
from collector.model import Scan, Slots
from collector.site import Plant

Found = TypeVar("Found")

# About 200 MB of memory while a disk refuses; at 300 samples a second seven hours.
MOST_SAMPLES_WAITING = 8_000_000


class History:
    """The one store of a station; it is open from its making until `close`.

    Appending never waits for the disk: a thread of its own commits what has come,
    at most 250 ms apart. Where the disk refuses, scans wait in memory, up to a
    stated number of samples; what is more is dropped, counted, and a gap of the cause
    "store full". HistoryError where it cannot be opened.
    """

    def __init__(self, path: Path, plant: Plant, clock: Clock) -> None:
        self.path = path
        self._clock = clock
        connection = open_writer(path)
        tags = {tag.id: device.id for device in plant.device for tag in device.tags}
        device_keys = _keys(connection, "device", list(dict.fromkeys(tags.values())))
        tag_keys = _keys(connection, "tag", list(tags))
        self._device_names = list(tags.values())
        self._device_of_slot = [device_keys[device] for device in self._device_names]
        self._key_of_slot = np.array([tag_keys[tag] for tag in tags], dtype=np.int32)
        self._whole = _whole_devices(self._device_of_slot, self._key_of_slot)
        self.linears = {tag_keys[tag.id]: Linear(tag.scale, tag.offset) for tag in plant.tags()}
        connection.executemany(
            "INSERT OR IGNORE INTO held (tag, device) VALUES (?, ?)",
            zip(self._key_of_slot.tolist(), self._device_of_slot, strict=True),
        )
        self._layouts: dict[int, int] = {}
        self._dropped: dict[str, tuple[int, int]] = {}
        self._log = Log(path)
        newest = newest_seq(connection)
        self._writer = Writer(path, connection, clock, self._layouts.clear)
        self.health.newest_seq = newest

    @property
    def health(self) -> Health:
        """How well the history keeps up."""
        return self._writer.health

    def append(self, scan: Scan) -> None:
        """Keep `scan`; returns at once."""
        if not len(scan):
            return
        if self.health.samples_waiting + len(scan) > MOST_SAMPLES_WAITING:
            self._drop(scan)
            return
        if self._dropped and not self.health.failing:
            self._tell_dropped()

        def insert(connection: sqlite3.Connection) -> None:
            self._insert(connection, scan)

        self._writer.append(insert, len(scan))

    def size_bytes(self) -> int:
        """Return how much disk the history takes."""
        files = (self.path, self.path.with_name(self.path.name + "-wal"))
        return sum(file.stat().st_size for file in files if file.exists())

    def keep_gap(self, gap: Gap) -> None:
        """Enter or renew a row of the gap ledger."""
        times = (gap.from_ns, gap.to_ns)
        row = (gap.device, gap.tag or "", *times, gap.cause.value, gap.recovered)
        self._write(
            "INSERT INTO gap (device, tag, from_ns, to_ns, cause, recovered) "
            "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (device, tag, from_ns, cause) "
            "DO UPDATE SET to_ns = excluded.to_ns, recovered = excluded.recovered",
            row,
        )

    def cite(self, record: str, tags: Sequence[str], from_ns: int, to_ns: int) -> None:
        """Keep the samples of `tags` over the span for good, because `record` rests on them."""
        for tag in tags:
            self._write(
                "INSERT OR IGNORE INTO citation (record, tag, from_ns, to_ns) "
                "SELECT ?, key, ?, ? FROM tag WHERE id = ?",
                (record, from_ns, to_ns, tag),
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

    async def committed(self, work: Work | None = None) -> None:
        """Return when everything appended before, and `work`, is on the disk."""
        await asyncio.wrap_future(self._writer.tell(work))

    async def cursor(self, name: str) -> int:
        """Return the last sequence number that `name` has been served, 0 at first."""
        rows = await self._rows("SELECT seq FROM cursor WHERE name = ?", (name,))
        return int(rows[0][0]) if rows else 0

    async def dead_letters(self, cursor: str) -> int:
        """Return how many lines of `cursor` were refused for good."""
        sql = "SELECT count(*) FROM dead_letter WHERE cursor = ?"
        return int((await self._rows(sql, (cursor,)))[0][0])

    async def letters(self, cursor: str, limit: int) -> list[DeadLetter]:
        """Return the oldest lines of `cursor` that were refused for good, with the words."""
        await self.committed()
        return await self.read(partial(read_letters, cursor=cursor, limit=limit))

    async def drop_letters(self, numbers: Sequence[int]) -> int:
        """Forget dead letters by their numbers; return how many there were."""
        sql = "SELECT count(*) FROM dead_letter"
        ((before,),) = await self._rows(sql)
        await self.committed(partial(drop_letters, numbers=numbers))
        ((after,),) = await self._rows(sql)
        return int(before - after)

    async def seq_at(self, received_ns: int) -> int:
        """Return the number of the last scan before those received at an instant, or a little less.

        Inside a sealed segment it is the segment's beginning.
        """
        return await self._log.seq_at(received_ns)

    async def last_received_ns(self) -> dict[str, int]:
        """Return when each device's newest kept scan was received."""
        return await self.read(last_received)

    async def tag_ids(self) -> dict[int, str]:
        """Return the id of each tag key in the log, also of tags no longer read."""
        return await self._log.tag_ids()

    async def gaps(self, from_ns: int, to_ns: int, limit: int = 500) -> list[tuple[int, Gap]]:
        """Return at most `limit` of the ledger's rows that touch the span, newest first."""
        sql = (
            "SELECT id, device, from_ns, to_ns, cause, recovered, tag FROM gap "
            "WHERE from_ns < ? AND coalesce(to_ns, ?) >= ? ORDER BY from_ns DESC, id DESC LIMIT ?"
        )
        return [
            (number, Gap(device, begin, end, Cause(cause), bool(recovered), tag or None))
            for number, device, begin, end, cause, recovered, tag in await self._rows(
                sql, (to_ns, to_ns, from_ns, limit)
            )
        ]

    async def open_gaps(self) -> list[Gap]:
        """Return the ledger's rows that nobody has closed."""
        sql = "SELECT device, from_ns, cause, tag FROM gap WHERE to_ns IS NULL ORDER BY id"
        return [
            Gap(device, begin, None, Cause(cause), tag=tag or None)
            for device, begin, cause, tag in await self._rows(sql)
        ]

    async def read_after(self, seq: int, limit_samples: int) -> list[StoredScan]:
        """Return the scans after `seq` in order, about `limit_samples`, at least one."""
        return await self._log.read_after(seq, limit_samples)

    async def past(self, tags: Sequence[str], from_ns: int, to_ns: int) -> Past:
        """Return the courses of `tags`, by tag key, and what is damaged; KeyError if unknown."""
        return await self.read(
            lambda connection: read_past(connection, _keys_of(connection, tags), from_ns, to_ns)
        )

    async def courses(self, tags: Sequence[str], from_ns: int, to_ns: int) -> dict[str, Course]:
        """Return the course of each tag from `from_ns` to before `to_ns`; KeyError if unknown."""
        past = await self.past(tags, from_ns, to_ns)
        return dict(zip(tags, past.courses.values(), strict=True))

    async def spans(self, tags: Sequence[str], within: tuple[int, int], count: int) -> Spans:
        """Return the past of `tags`, by tag key, in equal spans; KeyError if unknown."""
        return await self.read(
            lambda connection: read_spans(connection, _keys_of(connection, tags), within, count)
        )

    async def read(self, look: Callable[[sqlite3.Connection], Found]) -> Found:
        """Return what `look` finds, called in a worker thread with one unchanging view."""

        def found() -> Found:
            with reading(self.path) as connection:
                return look(connection)

        return await asyncio.to_thread(found)

    def close(self) -> None:
        """Commit what waits and close the file; what a disk refuses now is given up aloud."""
        self._writer.close()

    def _drop(self, scan: Scan) -> None:
        self.health.dropped += 1
        device = self._device_names[int(scan.slots[0])]
        from_ns, _ = self._dropped.get(device, (scan.received_ns, 0))
        self._dropped[device] = (from_ns, scan.received_ns)

    def _tell_dropped(self) -> None:
        """Enter what was dropped, now that the disk takes it again."""
        for device, (from_ns, to_ns) in self._dropped.items():
            self.keep_gap(Gap(device, from_ns, to_ns, Cause.STORE_FULL))
        self._dropped.clear()

    def _write(self, sql: str, row: tuple[object, ...]) -> None:
        def work(connection: sqlite3.Connection) -> None:
            connection.execute(sql, row)

        self._writer.ask(work)

    async def _rows(self, sql: str, row: tuple[object, ...] = ()) -> list[tuple[Any, ...]]:
        return await self.read(lambda connection: connection.execute(sql, row).fetchall())

    def _insert(self, connection: sqlite3.Connection, arrived: Scan) -> None:
        device = self._device_of_slot[int(arrived.slots[0])]
        scan = in_key_order(arrived, self._key_of_slot)
        row = scan_row(scan, self._layout(connection, device, scan.slots))
        ends = (int(scan.source_ns.min()), int(scan.source_ns.max()))
        inserted = connection.execute(
            f"INSERT INTO scan (device, first_ns, last_ns, {SCAN_COLUMNS}) "  # noqa: S608 - own constant
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (device, *ends, *row),
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


def _whole_devices(devices: Sequence[int], keys: Slots) -> dict[int, bytes]:
    """Return the tag keys of each device, in their order, as a layout holds them."""
    of_slot = np.array(devices)
    return {
        device: np.sort(keys[of_slot == device]).astype("<i4").tobytes()
        for device in dict.fromkeys(devices)
    }


def _keys(connection: sqlite3.Connection, table: str, ids: list[str]) -> dict[str, int]:
    """Return the lasting key of each id, giving one to those that are new."""
    connection.executemany(
        f"INSERT OR IGNORE INTO {table} (id) VALUES (?)",  # noqa: S608 - own names
        [(one,) for one in ids],
    )
    return dict(connection.execute(f"SELECT id, key FROM {table}"))  # noqa: S608


def _keys_of(connection: sqlite3.Connection, tags: Sequence[str]) -> list[int]:
    known = dict(connection.execute("SELECT id, key FROM tag"))
    return [known[tag] for tag in tags]
