"""Measures how long it takes to open the past: a day, a month, a year, many tags."""

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from collector.history.rollup import HOUR_NS
from collector.history.rows import Samples
from collector.history.sealer import Segment, Stretch, keep_segment
from collector.history.segments import seal_device
from collector.history.store import History
from collector.model import NANOSECONDS, Scan
from tests.benchmarks.keeping import BEGIN_NS, opened
from tests.benchmarks.plants import Job, plant

BUCKETS = 1000
LOOKS = 30
HOUR_S = 3600
DAY_NS = 24 * HOUR_NS
SEGMENTS_AT_ONCE = 24
LATE_NS = 2_000_000
HIGHEST = 4096

Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Length:
    """How long a past is to be: all tags for some days, the first one alone before that."""

    tags: int = 50
    days_of_all: int = 31
    days_of_one: int = 334


@dataclass(frozen=True, slots=True)
class Looked:
    """How long it took to open a past, each of some times."""

    words: str
    found_ms: tuple[float, ...]
    most_ms: float | None = None

    def share_ms(self, share: float) -> float:
        """Return the time that `share` of the looks did not pass."""
        ordered = sorted(self.found_ms)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


class LongPast:
    """A history that is written sealed, hour by hour, as the sealer would have left it.

    Every tag has a sample a second, a walk of whole figures like a 12-bit instrument's.
    The newest hour is appended as it would be, so that it is hot.
    """

    def __init__(self, history: History, length: Length) -> None:
        self._history = history
        self._length = length
        self._rng = np.random.default_rng(1)
        self._seq = 1
        self._at_ns = BEGIN_NS // DAY_NS * DAY_NS

    async def build(self) -> int:
        """Write it all; return the instant at which it ends."""
        every_tag = np.arange(1, self._length.tags + 1, dtype=np.int32)
        await self._write_sealed(every_tag[:1], self._length.days_of_one * 24)
        await self._write_sealed(every_tag, self._length.days_of_all * 24 - 1)
        await self._history.committed(partial(_number_from, seq=self._seq - 1))
        for scan in self._hot(len(every_tag)):
            self._history.append(scan)
        await self._history.committed()
        return self._at_ns + HOUR_NS

    async def _write_sealed(self, keys: NDArray[np.int32], hours: int) -> None:
        waiting: list[Segment] = []
        for at in range(hours):
            waiting.append(self._segment(keys))
            if len(waiting) == SEGMENTS_AT_ONCE or at == hours - 1:
                await self._history.committed(partial(_keep_all, segments=waiting))
                waiting = []

    def _segment(self, keys: NDArray[np.int32]) -> Segment:
        source_ns, received_ns = self._times()
        count = HOUR_S * len(keys)
        samples = Samples(
            seq=np.arange(self._seq, self._seq + HOUR_S, dtype=np.int64),
            received_ns=received_ns,
            edges=np.arange(HOUR_S + 1, dtype=np.int64) * len(keys),
            rows=np.repeat(np.arange(HOUR_S, dtype=np.int64), len(keys)),
            keys=np.tile(keys, HOUR_S),
            source_ns=np.repeat(source_ns, len(keys)),
            values=self._walk(len(keys)).ravel(),
            quality=np.zeros(count, dtype=np.uint8),
        )
        sealed = seal_device(1, samples, self._history.linears, lambda: None)
        ends = (self._seq, self._seq + HOUR_S - 1)
        stretch = Stretch(*ends, int(received_ns[0]), int(received_ns[-1]), count)
        self._seq += HOUR_S
        self._at_ns += HOUR_NS
        return Segment(stretch, (sealed,))

    def _times(self) -> tuple[Counts, Counts]:
        ticks = self._at_ns + np.arange(HOUR_S, dtype=np.int64) * NANOSECONDS
        source_ns = ticks + self._rng.exponential(LATE_NS, HOUR_S).astype(np.int64)
        return source_ns, source_ns + LATE_NS

    def _walk(self, tags: int) -> NDArray[np.float64]:
        steps = self._rng.integers(-2, 3, size=(HOUR_S, tags))
        return ((HIGHEST // 2 + np.cumsum(steps, axis=0)) % HIGHEST).astype(np.float64)

    def _hot(self, tags: int) -> Iterator[Scan]:
        source_ns, received_ns = self._times()
        slots = np.arange(tags, dtype=np.int32)
        quality = np.zeros(tags, dtype=np.uint8)
        for at, values in enumerate(self._walk(tags)):
            instants = np.full(tags, source_ns[at], dtype=np.int64)
            yield Scan(slots, values, quality, instants, int(received_ns[at]))


def _keep_all(connection: sqlite3.Connection, segments: Sequence[Segment]) -> None:
    for one in segments:
        keep_segment(connection, one)


def _number_from(connection: sqlite3.Connection, seq: int) -> None:
    """Let the log go on after what was written sealed."""
    connection.execute("DELETE FROM sqlite_sequence WHERE name = 'scan'")
    connection.execute("INSERT INTO sqlite_sequence (name, seq) VALUES ('scan', ?)", (seq,))


def measure_reading(length: Length, looks: int = LOOKS) -> tuple[list[Looked], float]:
    """Build a long past and open parts of it; return also how many seconds building took."""

    async def found(folder: Path) -> tuple[list[Looked], float]:
        job = Job(devices=1, tags=length.tags, period_s=1.0)
        async with opened(folder, plant(job, [1])) as history:
            began_s = time.monotonic()
            end_ns = await LongPast(history, length).build()
            built_s = time.monotonic() - began_s
            return [one async for one in _look(history, length, end_ns, looks)], built_s

    with TemporaryDirectory() as name:
        return asyncio.run(found(Path(name)))


@dataclass(frozen=True, slots=True)
class _Wish:
    """A kind of look: so many tags, so long a span, before the hot hour or up to now."""

    words: str
    tags: int
    days: float
    newest: bool = False
    most_ms: float | None = None


def _wishes(length: Length) -> Iterator[_Wish]:
    month = min(30.0, length.days_of_all - 1)
    year = length.days_of_all + length.days_of_one
    yield _Wish("1 tag x 1 day, sealed", 1, 1.0, most_ms=10.0)
    yield _Wish("1 tag x the newest 24 h, an hour of it not sealed", 1, 1.0, True, 10.0)
    yield _Wish(f"1 tag x {month:g} days", 1, month)
    yield _Wish(f"1 tag x {month:g} days up to now", 1, month, newest=True)
    yield _Wish(f"1 tag x {year} days up to now", 1, year, True, 100.0)
    yield _Wish(f"{length.tags} tags x 1 day, sealed", length.tags, 1.0, most_ms=250.0)
    yield _Wish(f"{length.tags} tags x the newest 24 h", length.tags, 1.0, True, 250.0)
    yield _Wish(f"{length.tags} tags x {month:g} days", length.tags, month)


async def _look(history: History, length: Length, end_ns: int, looks: int) -> AsyncIterator[Looked]:
    """Yield each kind of look, each time at another tag and another part of the past."""
    names = [f"line.d0.t{number}" for number in range(length.tags)]
    chance = Random(1)
    for wish in _wishes(length):
        found_ms = []
        for _ in range(looks):
            # Only the first tag reaches back further than all others do.
            one = names[0] if wish.days > length.days_of_all else chance.choice(names)
            tags = names if wish.tags > 1 else [one]
            span_ns = int(wish.days * DAY_NS)
            room_ns = length.days_of_all * DAY_NS - span_ns - HOUR_NS
            ago_ns = 0 if wish.newest else HOUR_NS + chance.randrange(max(1, room_ns))
            within = (end_ns - ago_ns - span_ns, end_ns - ago_ns)
            began_s = time.perf_counter()
            spans = await history.spans(tags, within, BUCKETS)
            found_ms.append((time.perf_counter() - began_s) * 1000)
            if not all(part.samples.any() for part in spans.by_key.values()):
                message = f"{wish.words}: nothing was found"
                raise RuntimeError(message)
        yield Looked(wish.words, tuple(found_ms), wish.most_ms)


def look_table(looked: Sequence[Looked]) -> Iterator[str]:
    """Yield the lines of a table of looks."""
    yield f"| to about {BUCKETS:,} spans | p50 ms | p95 ms | longest ms |"
    yield "| --- | --- | --- | --- |"
    for one in looked:
        p50, p95, longest = (one.share_ms(share) for share in (0.5, 0.95, 1.0))
        yield f"| {one.words} | {p50:.1f} | {p95:.1f} | {longest:.1f} |"
