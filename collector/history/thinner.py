"""Thin old samples to roll-ups: when their time is over, or sooner where the disk is short."""

import asyncio
import shutil
import sqlite3
from dataclasses import dataclass, replace
from functools import partial

import structlog

from collector.clock import Clock
from collector.history.schema import HistoryError
from collector.history.store import History
from collector.keeping import GB, Keeping

LOOK_EVERY_S = 20.0

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Room:
    """How much disk the history fills and what is left, in bytes.

    What is free inside the file counts as left: it is filled first.
    """

    filled: int
    left: int

    def short_of(self, keeping: Keeping) -> str:
        """Return why samples must go before their time; nothing where there is room."""
        if self.filled > keeping.disk_gb * GB:
            return f"the history fills its {keeping.disk_gb:g} GB"
        if self.left < keeping.free_gb * GB:
            return f"less than {keeping.free_gb:g} GB of the disk are left"
        return ""


@dataclass(frozen=True, slots=True)
class Thinning:
    """What was thinned before its time since the start, and why it goes on.

    `room` is None until the first look.
    """

    short: str = ""
    room: Room | None = None
    samples: int = 0
    unsent: int = 0
    until_ns: int = 0


class Thinner:
    """Keeps one history within what `keeping` says, for as long as its task runs.

    The overflow policy: the oldest samples go first and their roll-ups stay; samples
    that a record cites, minutes and hours never go for want of room. Each time is
    logged, counted in `state`, and an alarm of the station's.
    """

    def __init__(self, history: History, keeping: Keeping, clock: Clock) -> None:
        self.state = Thinning()
        self._history = history
        self._keeping = keeping
        self._clock = clock

    async def run(self) -> None:
        """Look every so often until cancelled."""
        while True:
            try:
                await self.thin()
            except HistoryError as error:
                log.warning("history cannot be thinned now", reason=str(error))
            await asyncio.sleep(LOOK_EVERY_S)

    async def thin(self) -> None:
        """Thin what is over its time, and more where the disk is short."""
        now_ns = self._clock.now_ns()
        expired = f"thinned = 0 AND to_ns < {now_ns - self._keeping.raw_ns}"
        while (segment := await self._oldest(expired)) is not None:
            await self._history.committed(partial(_thin, segment=segment))
        faded = f"thinned = 1 AND to_ns < {now_ns - self._keeping.minute_ns}"
        while (segment := await self._oldest(faded)) is not None:
            await self._history.committed(partial(_fade, segment=segment))
        await self._make_room()

    async def room(self) -> Room:
        """Return how much disk is filled and left."""
        filled, free = await self._history.read(_pages)
        disk = await asyncio.to_thread(shutil.disk_usage, self._history.path.parent)
        return Room(filled, disk.free + free)

    async def _make_room(self) -> None:
        """Thin the oldest segments until there is room, or nothing left to thin."""
        room = await self.room()
        short = room.short_of(self._keeping)
        while short and (segment := await self._oldest("thinned = 0")) is not None:
            samples, to_ns, unsent = await self._history.read(partial(_told, segment=segment))
            await self._history.committed(partial(_thin, segment=segment))
            log.warning("samples thinned before their time", reason=short, samples=samples)
            state = self.state
            self.state = replace(
                state,
                samples=state.samples + samples,
                unsent=state.unsent + unsent,
                until_ns=max(state.until_ns, to_ns),
            )
            room = await self.room()
            short = room.short_of(self._keeping)
        self.state = replace(self.state, short=short, room=room)

    async def _oldest(self, where: str) -> int | None:
        sql = f"SELECT id FROM segment WHERE {where} ORDER BY to_seq LIMIT 1"  # noqa: S608 - own words
        row = await self._history.read(lambda connection: connection.execute(sql).fetchone())
        return None if row is None else int(row[0])


def _pages(connection: sqlite3.Connection) -> tuple[int, int]:
    """Return the bytes of the file that are in use, and those that are free within it."""
    count, free, size = (
        connection.execute(f"PRAGMA {word}").fetchone()[0]
        for word in ("page_count", "freelist_count", "page_size")
    )
    return (count - free) * size, free * size


def _told(connection: sqlite3.Connection, segment: int) -> tuple[int, int, int]:
    """Return how many samples a segment has, until when, and how many some receiver still lacks."""
    samples, to_ns, unsent = connection.execute(
        "SELECT samples, to_ns, samples * EXISTS (SELECT 1 FROM cursor WHERE seq < to_seq) "
        "FROM segment WHERE id = ?",
        (segment,),
    ).fetchone()
    return samples, to_ns, unsent


def _thin(connection: sqlite3.Connection, segment: int) -> None:
    """Let the samples of a segment go, but for those that a record cites; minutes stay."""
    connection.execute(
        "UPDATE block SET body = NULL, raw = 0 WHERE segment = ? AND NOT EXISTS ("
        "SELECT 1 FROM citation WHERE citation.tag = block.tag "
        "AND citation.from_ns <= block.last_ns AND citation.to_ns >= block.first_ns)",
        (segment,),
    )
    connection.execute(
        "DELETE FROM axis WHERE segment = ? AND NOT EXISTS (SELECT 1 FROM block "
        "WHERE block.segment = axis.segment AND block.device = axis.device AND raw)",
        (segment,),
    )
    connection.execute("UPDATE segment SET thinned = 1 WHERE id = ?", (segment,))


def _fade(connection: sqlite3.Connection, segment: int) -> None:
    """Let the minutes of a thinned segment go; its hours stay."""
    connection.execute("UPDATE block SET minutes = NULL WHERE segment = ? AND raw", (segment,))
    connection.execute("DELETE FROM block WHERE segment = ? AND NOT raw", (segment,))
    connection.execute("UPDATE segment SET thinned = 2 WHERE id = ?", (segment,))
