"""Measures the embedded history: what appending and sealing cost, and what samples weigh."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from collector.clock import Clock, TimeBase
from collector.history.sealer import Sealer
from collector.history.store import History
from collector.model import NANOSECONDS, Scan
from collector.site import Plant
from tests.benchmarks.mountain import Mountain, samples_of
from tests.benchmarks.plants import Job, plant
from tests.benchmarks.spent import Cost, Spent, cost_of, spending

BEGIN_NS = 1_790_000_000 * NANOSECONDS
# A clock that has gone far enough for every hour to be over: sealing does not wait.
LATER = Clock(TimeBase(origin_ns=BEGIN_NS + 400 * 86_400 * NANOSECONDS, speed=1e-9))
MADE_SCANS = 500
WINDOWS = 5
HIGHEST = 65_536


@asynccontextmanager
async def opened(folder: Path, read: Plant) -> AsyncIterator[History]:
    """Lend a new history in `folder`."""
    history = History(folder / "history.sqlite", read, LATER)
    try:
        yield history
    finally:
        await asyncio.to_thread(history.close)


def measure_append(tags: int, samples: int, windows: int = WINDOWS) -> Cost:
    """Append whole scans of one device as fast as they are taken, until they are on the disk."""
    scans = made_scans(tags)
    rounds = max(1, samples // (tags * len(scans)))

    async def found() -> list[Spent]:
        spent = []
        with TemporaryDirectory() as folder:
            job = Job(devices=1, tags=tags, period_s=0.1)
            async with opened(Path(folder), plant(job, [1])) as history:
                for _ in range(windows):
                    with spending() as window:
                        for _ in range(rounds):
                            for scan in scans:
                                history.append(scan)
                        await history.committed()
                    spent.append(window)
                if history.health.dropped:
                    message = f"{history.health.dropped} scans were dropped: fewer at a time"
                    raise RuntimeError(message)
        return spent

    appended = rounds * len(scans) * tags
    return cost_of(f"append scans of {tags:,} tags", asyncio.run(found()), appended)


def made_scans(tags: int, count: int = MADE_SCANS) -> list[Scan]:
    """Return polls of one device at 100 ms whose registers all move."""
    rng = np.random.default_rng(tags)
    values = rng.integers(0, HIGHEST, size=(count, tags)).astype(np.float64)
    slots = np.arange(tags, dtype=np.int32)
    scans = []
    for at in range(count):
        source_ns = BEGIN_NS + at * NANOSECONDS // 10 + int(rng.exponential(1e6))
        scans.append(
            Scan(
                slots,
                values[at],
                np.zeros(tags, dtype=np.uint8),
                np.full(tags, source_ns, dtype=np.int64),
                source_ns + 1_000_000,
            )
        )
    return scans


@dataclass(frozen=True, slots=True)
class Weight:
    """What a sealed history weighs: bytes by part, for so many samples."""

    samples: int
    parts: dict[str, int]
    raw_bytes: int

    @property
    def whole(self) -> float:
        """Bytes of the whole file for each sample."""
        return self.parts["whole file"] / self.samples

    def lines(self) -> Iterator[str]:
        """Yield the lines of a table."""
        yield "| part | bytes a sample |"
        yield "| --- | --- |"
        for name, size in self.parts.items():
            yield f"| {name} | {size / self.samples:.3f} |"
        yield f"| before sealing, as rows | {self.raw_bytes / self.samples:.2f} |"


def measure_sealing(hours: float) -> tuple[list[Cost], Weight]:
    """Keep so many hours of the bundled mountain, seal them, and read the log back."""
    mountain = Mountain()
    scans = list(mountain.scans(hours * 3600))
    samples = samples_of(scans)

    async def found(folder: Path) -> tuple[list[Cost], int]:
        async with opened(folder, mountain.plant) as history:
            with spending() as append:
                for scan in scans:
                    history.append(scan)
                await history.committed()
            raw_bytes = _bytes_in_use(history.path)
            with spending() as seal:
                while await Sealer(history, LATER).seal():
                    pass
            with spending() as unseal:
                unsealed = await _read_log(history)
            if unsealed != samples:
                message = f"{samples} samples were kept and {unsealed} came back"
                raise RuntimeError(message)
        costs = [
            cost_of("append the mountain's scans", [append], samples),
            cost_of("seal them: roll up, pack, write, clear the rows", [seal], samples),
            cost_of("read the sealed log back, scan by scan", [unseal], samples),
        ]
        return costs, raw_bytes

    with TemporaryDirectory() as name:
        costs, raw_bytes = asyncio.run(found(Path(name)))
        return costs, Weight(samples, weigh(Path(name) / "history.sqlite"), raw_bytes)


async def _read_log(history: History) -> int:
    samples = seq = 0
    while scans := await history.read_after(seq, 500_000):
        seq = scans[-1].seq
        samples += samples_of([one.scan for one in scans])
    return samples


def _bytes_in_use(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        pages, free, size = (
            connection.execute(f"PRAGMA {word}").fetchone()[0]
            for word in ("page_count", "freelist_count", "page_size")
        )
    return int((pages - free) * size)


def weigh(path: Path) -> dict[str, int]:
    """Return the bytes of each part of a sealed history, and of all pages in use.

    Packed parts are told by their own length; a table's rest is its other columns, and
    the room that pages are left with.
    """
    with closing(sqlite3.connect(path)) as connection:
        body, minutes = connection.execute(
            "SELECT sum(length(body)), sum(length(minutes)) FROM block"
        ).fetchone()
        pages = dict(connection.execute("SELECT name, sum(pgsize) FROM dbstat GROUP BY name"))
    indexes = ("block_by_time", "block_by_segment")
    found = {
        "samples (block bodies)": int(body),
        "minutes": int(minutes),
        "hours": pages["hour"],
        "times and order (axes)": pages["axis"],
        "indexes of blocks": sum(pages[name] for name in indexes),
        "rest of the block table": pages["block"] - body - minutes,
    }
    whole = sum(pages.values())
    found["everything else"] = whole - sum(found.values())
    found["whole file"] = whole
    return found
