"""A disk that is full or may not be written to is seen at once, damages nothing and is survived."""

import asyncio
import os
import sqlite3
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import numpy as np
import pytest

from collector.clock import Clock, TimeBase
from collector.gaps import Cause
from collector.history import store as stores
from collector.history.schema import HistoryError
from collector.history.sealer import Sealer
from collector.history.store import History
from collector.history.thinner import Thinner
from collector.keeping import GB, Keeping
from tests.unit.collector.words import BEGIN_NS, modbus, plant, scan, tag

SPEED, FORCE = "north.drive.speed", "north.drive.force"
PLANT = plant(modbus("drive", tag(SPEED, 0), tag(FORCE, 1)))
HOUR_NS = 3600 * 10**9
LATER_NS = BEGIN_NS + 1000 * HOUR_NS
LATER = Clock(TimeBase(origin_ns=LATER_NS, speed=1e-9))
DISK_BYTES = 12_000_000


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small file system of its own; only root may make one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode != 0:
        words = f"no small disk can be made here: {made.stderr.strip() or 'not root'}"
        if os.environ.get("CI") == "true":
            pytest.fail(words)
        pytest.skip(words)
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@asynccontextmanager
async def kept(folder: Path) -> AsyncIterator[History]:
    history = History(folder / "history.sqlite", PLANT, LATER)
    try:
        yield history
    finally:
        await asyncio.to_thread(history.close)


def append_hour(history: History, hour: int, count: int = 900) -> None:
    noise = np.random.default_rng(hour).normal(5, 1, (count, 2)).tolist()
    for at, (speed, force) in enumerate(noise):
        history.append(scan(PLANT, {SPEED: speed, FORCE: force}, hour * 3600 + at))


async def seal(history: History) -> None:
    await history.committed()
    while await Sealer(history, LATER).seal():
        pass


def fill(folder: Path) -> Path:
    """Let somebody else take all that is left of the disk."""
    ballast = folder / "somebody_elses.log"
    with ballast.open("wb") as file:
        try:
            while file.write(bytes(65536)):
                file.flush()
        except OSError:
            pass
    return ballast


async def until(holds: Callable[[], bool], within_s: float = 10.0) -> None:
    async with asyncio.timeout(within_s):
        while not holds():
            await asyncio.sleep(0.02)


async def read_speeds(history: History) -> np.ndarray:
    return (await history.courses([SPEED], 0, LATER_NS))[SPEED].values


def assert_sound(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


async def test_a_full_disk_is_seen_holds_everything_back_and_is_survived(disk: Path) -> None:
    async with kept(disk) as history:
        append_hour(history, 0)
        await seal(history)
        before = await read_speeds(history)
        ballast = fill(disk)
        for hour in range(1, 30):
            append_hour(history, hour)
        await until(lambda: "full" in history.health.failing)
        assert (await read_speeds(history))[:900].tolist() == before.tolist()
        assert history.health.waiting > 0
        ballast.unlink()
        await asyncio.wait_for(history.committed(), 20)
        assert (history.health.failing, history.health.waiting) == ("", 0)
        assert history.health.dropped == 0
        await seal(history)
        speeds = await read_speeds(history)
        assert len(speeds) == 30 * 900
        assert speeds[:900].tolist() == before.tolist()
    assert_sound(disk / "history.sqlite")


async def test_what_does_not_fit_into_memory_either_is_a_gap_that_names_the_store(
    disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stores, "MOST_SAMPLES_WAITING", 20_000)
    async with kept(disk) as history:
        await history.committed()
        ballast = fill(disk)
        for hour in range(30):
            append_hour(history, hour)
        await until(lambda: "full" in history.health.failing)
        assert history.health.dropped > 0
        ballast.unlink()
        await asyncio.wait_for(history.committed(), 20)
        append_hour(history, 30, 1)
        await history.committed()
        (gap,) = [gap for _, gap in await history.gaps(0, LATER_NS)]
        assert (gap.device, gap.cause) == ("drive", Cause.STORE_FULL)
        course = (await history.courses([SPEED], 0, LATER_NS))[SPEED]
        assert len(course.values) + history.health.dropped == 30 * 900 + 1
        assert not ((course.source_ns > gap.from_ns) & (course.source_ns < (gap.to_ns or 0))).any()
        assert course.source_ns[-2] < gap.from_ns


async def test_a_disk_that_runs_short_thins_the_oldest_before_it_is_full(disk: Path) -> None:
    keeping = Keeping(raw_days=1000, disk_gb=1, free_gb=6_000_000 / GB)
    async with kept(disk) as history:
        thinner = Thinner(history, keeping, LATER)
        hours = 0
        while not thinner.state.samples:
            append_hour(history, hours, 3000)
            hours += 1
            await seal(history)
            await thinner.thin()
            assert history.health.failing == ""
            assert hours < 400
        assert "of the disk" in thinner.state.short or thinner.state.short == ""
        speeds = await read_speeds(history)
        assert len(speeds) == 3000 * hours - thinner.state.samples // 2
        spans = await history.spans([SPEED], (0, LATER_NS), 2000)
        assert sum(int(one.samples.sum()) for one in spans.by_key.values()) == 3000 * hours
    assert_sound(disk / "history.sqlite")


async def test_a_disk_that_turns_read_only_is_seen_and_survived(disk: Path) -> None:
    async with kept(disk) as history:
        append_hour(history, 0)
        await seal(history)
        # No file system turns read-only under an open file just for a test; this is what
        # SQLite then answers.
        history._writer._connection.execute("PRAGMA query_only = ON")
        append_hour(history, 1)
        await until(lambda: "readonly" in history.health.failing)
        assert len(await read_speeds(history)) == 900
        history._writer._connection.execute("PRAGMA query_only = OFF")
        await asyncio.wait_for(history.committed(), 20)
        assert (history.health.failing, len(await read_speeds(history))) == ("", 1800)


async def test_a_start_on_a_read_only_disk_is_one_clear_line(disk: Path) -> None:
    async with kept(disk) as history:
        append_hour(history, 0)
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    with pytest.raises(HistoryError, match="is the folder writable"):
        History(disk / "history.sqlite", PLANT, LATER)
    subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)
    async with kept(disk) as history:
        assert len(await read_speeds(history)) == 900
