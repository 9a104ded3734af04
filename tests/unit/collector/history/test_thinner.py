"""Old samples become roll-ups by plan, the oldest first, and never in silence."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import numpy as np

from collector.history.rollup import HOUR_NS
from collector.history.sealer import Sealer
from collector.history.store import History
from collector.history.thinner import Thinner
from collector.keeping import GB, Keeping
from tests.unit.collector.history.test_sealer import (
    FORCE,
    LATER,
    LATER_NS,
    PLANT,
    SPEED,
    hour_of_scans,
    kept,
    log_of,
)
from tests.unit.collector.words import BEGIN_NS, scan

DAYS = (LATER_NS - BEGIN_NS) / (24 * HOUR_NS)
ROOMY = {"disk_gb": 10.0, "free_gb": 0.0}


async def sealed(history: History) -> None:
    while await Sealer(history, LATER).seal():
        pass


async def raw_and_rolled(history: History, tags: Sequence[str] = (SPEED,)) -> tuple[int, int, int]:
    """Return how many samples, samples in minutes and samples in hours can be read."""
    span = (BEGIN_NS - HOUR_NS, BEGIN_NS + 12 * HOUR_NS)
    courses = await history.courses(tags, *span)
    minutes = await history.spans(tags, span, 300)
    hours = await history.spans(tags, span, 5)
    return (
        sum(len(one.values) for one in courses.values()),
        sum(int(one.samples.sum()) for one in minutes.by_key.values()),
        sum(int(one.samples.sum()) for one in hours.by_key.values()),
    )


async def test_samples_go_when_their_time_is_over_and_minutes_when_theirs_is(
    tmp_path: Path,
) -> None:
    scans = [*hour_of_scans(0, 30), *hour_of_scans(7200, 30)]
    async with kept(tmp_path / "history.sqlite", scans) as history:
        await sealed(history)
        keeping = Keeping(raw_days=DAYS - 1 / 24, minute_days=10 * DAYS, **ROOMY)
        await Thinner(history, keeping, LATER).thin()
        assert await raw_and_rolled(history) == (30, 60, 60)
        keeping = Keeping(raw_days=1, minute_days=DAYS - 1 / 24, **ROOMY)
        thinner = Thinner(history, keeping, LATER)
        await thinner.thin()
        assert await raw_and_rolled(history) == (0, 30, 60)
        assert thinner.state.samples == 0
        assert await log_of(history, 1000) == []


async def test_what_a_record_cites_is_kept_for_good(tmp_path: Path) -> None:
    scans = [*hour_of_scans(0, 30), *hour_of_scans(7200, 30)]
    async with kept(tmp_path / "history.sqlite", scans) as history:
        history.cite("consultation/1", [SPEED], BEGIN_NS + 10**9, BEGIN_NS + 2 * 10**9)
        await sealed(history)
        keeping = Keeping(raw_days=1, minute_days=2, **ROOMY)
        await Thinner(history, keeping, LATER).thin()
        assert (await raw_and_rolled(history))[0] == 30
        assert (await raw_and_rolled(history, [FORCE]))[0] == 0
        assert (await raw_and_rolled(history))[2] == 60


async def test_a_full_history_thins_its_oldest_samples_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    noise = np.random.default_rng(1).normal(5, 1, (6 * 1500, 2)).tolist()
    scans = [
        scan(PLANT, {SPEED: speed, FORCE: force}, number // 1500 * 3600 + number % 1500)
        for number, (speed, force) in enumerate(noise)
    ]
    async with kept(path, scans) as history:
        await sealed(history)
        history.move_cursor("influxdb", len(scans))
        await history.committed()
        filled = (await Thinner(history, Keeping(**ROOMY), LATER).room()).filled
        cap = Keeping(raw_days=1000, disk_gb=0.9 * filled / GB, free_gb=0)
        thinner = Thinner(history, cap, LATER)
        await thinner.thin()
        assert thinner.state.samples > 0
        assert thinner.state.short == ""
        assert (await thinner.room()).filled <= 0.9 * filled
        raw, minutes, hours = await raw_and_rolled(history, [SPEED, FORCE])
        assert raw == 2 * len(scans) - thinner.state.samples
        assert (minutes, hours) == (2 * len(scans), 2 * len(scans))
        course = (await history.courses([SPEED], 0, LATER_NS))[SPEED]
        assert course.source_ns.min() > thinner.state.until_ns - 10**9


async def test_samples_that_a_receiver_never_got_are_counted_when_they_go(tmp_path: Path) -> None:
    async with kept(tmp_path / "history.sqlite", hour_of_scans(0, 40)) as history:
        await sealed(history)
        history.move_cursor("influxdb", 3)
        await history.committed()
        thinner = Thinner(history, Keeping(disk_gb=1e-9, free_gb=0), LATER)
        await thinner.thin()
        assert (thinner.state.samples, thinner.state.unsent) == (80, 80)
        assert "fills its" in thinner.state.short


async def test_too_little_room_on_the_disk_thins_too(tmp_path: Path) -> None:
    async with kept(tmp_path / "history.sqlite", hour_of_scans(0, 40)) as history:
        await sealed(history)
        thinner = Thinner(history, Keeping(free_gb=10**9), LATER)
        await thinner.thin()
        assert thinner.state.samples == 80
        assert "of the disk are left" in thinner.state.short


async def test_thinning_leaves_a_sound_file(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    async with kept(path, hour_of_scans(0, 400)) as history:
        await sealed(history)
        await Thinner(history, Keeping(disk_gb=1e-9, free_gb=0), LATER).thin()
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
