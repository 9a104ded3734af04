"""Sealing changes where samples stand, never what is read."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.clock import Clock, TimeBase
from collector.gaps import Cause, Gap
from collector.history import sealer, spans
from collector.history.rollup import HOUR_NS, MINUTE_NS
from collector.history.rows import StoredScan
from collector.history.sealer import Sealer
from collector.history.store import History
from collector.history.upkeep import check
from collector.model import Quality, Scan
from tests.unit.collector.words import BEGIN_NS, modbus, plant, scan, tag

SPEED, FORCE, GUST = "north.drive.speed", "north.drive.force", "north.wind.gust"
TAGS = (SPEED, FORCE, GUST)
PLANT = plant(modbus("drive", tag(SPEED, 0, scale=0.1), tag(FORCE, 1)), modbus("wind", tag(GUST)))
NS = 10**9
LATER_NS = BEGIN_NS + 1000 * HOUR_NS
# A clock that has gone far enough for every hour of these tests to be over.
LATER = Clock(TimeBase(origin_ns=LATER_NS, speed=1e-9))


@asynccontextmanager
async def kept(path: Path, scans: list[Scan]) -> AsyncIterator[History]:
    history = History(path, PLANT, LATER)
    try:
        for one in scans:
            history.append(one)
        await history.committed()
        yield history
    finally:
        await asyncio.to_thread(history.close)


def hour_of_scans(begin_s: float, count: int, every_s: float = 1.0) -> list[Scan]:
    rng = np.random.default_rng(int(begin_s))
    return [
        scan(
            PLANT,
            {SPEED: round(float(rng.normal(5, 0.1)), 1), FORCE: float(rng.integers(200, 260))},
            begin_s + at * every_s,
            source_s=begin_s + at * every_s - 0.25,
        )
        for at in range(count)
    ]


def flat(scans: list[StoredScan]) -> list[tuple[object, ...]]:
    return [
        (
            one.seq,
            one.device,
            one.scan.received_ns,
            one.scan.slots.tolist(),
            one.scan.values.tobytes(),
            one.scan.quality.tolist(),
            one.scan.source_ns.tolist(),
        )
        for one in scans
    ]


READINGS = st.dictionaries(
    st.sampled_from(TAGS[:2]),
    st.one_of(
        st.floats(-100, 100),
        st.integers(-500, 500).map(lambda raw: raw * 0.1),
        st.sampled_from([Quality.BAD_DEVICE_LOST, Quality.BAD_FROZEN, Quality.UNCERTAIN_CLOCK]),
    ),
    min_size=1,
)
WIND = st.fixed_dictionaries({GUST: st.floats(0, 40)})
# Some sources are days late, some twins of others, some ahead.
SCANS = st.lists(
    st.tuples(
        st.one_of(READINGS, WIND),
        st.integers(0, 3 * 3600),
        st.sampled_from([0.0, 0.0, 0.5, 90000.0, -3.0]),
    ),
    max_size=30,
)


@settings(max_examples=60, deadline=None)
@given(SCANS, st.integers(1, 40))
def test_log_and_past_are_the_same_before_and_after_sealing(
    drawn: list[tuple[dict[str, float | Quality], int, float]], at_once: int
) -> None:
    scans = [
        scan(PLANT, readings, at_s, source_s=at_s - late_s)
        for readings, at_s, late_s in sorted(drawn, key=lambda one: one[1])
    ]

    async def looked(folder: str) -> None:
        path = Path(folder) / "history.sqlite"
        async with kept(path, scans) as history:
            before = await everything(history, at_once)
            while await Sealer(history, LATER).seal():
                pass
            assert await everything(history, at_once) == before
            with closing(sqlite3.connect(path)) as connection:
                assert connection.execute("SELECT count(*) FROM scan").fetchone() == (0,)

    with TemporaryDirectory() as folder:
        asyncio.run(looked(folder))


async def log_of(history: History, at_once: int) -> list[StoredScan]:
    log: list[StoredScan] = []
    while part := await history.read_after(log[-1].seq if log else 0, at_once):
        log.extend(part)
    return log


async def everything(history: History, at_once: int) -> list[object]:
    """Return all that can be read: the log in small parts, courses, and spans of every kind."""
    log = await log_of(history, at_once)
    begin_ns, end_ns = BEGIN_NS - 48 * HOUR_NS, BEGIN_NS + 48 * HOUR_NS
    courses = await history.courses(TAGS, begin_ns, end_ns)
    found: list[object] = [flat(log)]
    found += [
        (one.source_ns.tolist(), one.values.tobytes(), one.quality.tolist())
        for one in courses.values()
    ]
    for count in (2000, 40):
        spans = await history.spans(TAGS, (begin_ns, end_ns), count)
        for one in spans.by_key.values():
            found.append((spans.span_ns, one.begin_ns.tolist(), one.samples.tolist()))
            columns = (one.lowest, one.mean, one.highest, one.good_share)
            found.append([(np.round(column, 6) + 0.0).tolist() for column in columns].__repr__())
    return found


async def test_an_hour_is_sealed_when_it_is_over_and_the_present_one_is_not(
    tmp_path: Path,
) -> None:
    begin_s = (-(-BEGIN_NS // HOUR_NS) * HOUR_NS - BEGIN_NS) / NS
    scans = hour_of_scans(begin_s + 3000, 1000)
    async with kept(tmp_path / "history.sqlite", scans) as history:
        now = Clock(TimeBase(origin_ns=BEGIN_NS + int((begin_s + 4001) * NS), speed=1e-9))
        one = Sealer(history, now)
        assert await one.seal()
        assert not await one.seal()
        with closing(sqlite3.connect(history.path)) as connection:
            segments = connection.execute("SELECT from_seq, to_seq, samples FROM segment")
            assert segments.fetchall() == [(1, 600, 1200)]
            assert connection.execute("SELECT count(*) FROM scan").fetchone() == (400,)
        course = (await history.courses([SPEED], 0, LATER_NS))[SPEED]
        assert len(course.values) == 1000


async def test_a_busy_site_is_sealed_before_its_hour_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealer, "MOST_SAMPLES", 100)
    begin_s = (-(-BEGIN_NS // HOUR_NS) * HOUR_NS - BEGIN_NS) / NS
    now = Clock(TimeBase(origin_ns=BEGIN_NS + int((begin_s + 200) * NS), speed=1e-9))
    async with kept(tmp_path / "history.sqlite", hour_of_scans(begin_s, 170)) as history:
        one = Sealer(history, now)
        while await one.seal():
            pass
        with closing(sqlite3.connect(history.path)) as connection:
            sizes = connection.execute("SELECT samples FROM segment").fetchall()
        assert sizes == [(100,)] * 3
        assert len(await log_of(history, 10**6)) == 170


async def test_spans_above_half_an_hour_are_made_of_hours_where_samples_are_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spans, "MOST_RAW_SAMPLES", 10)
    within = (BEGIN_NS - HOUR_NS, BEGIN_NS + 5 * HOUR_NS)
    async with kept(tmp_path / "history.sqlite", hour_of_scans(0, 100)) as history:
        while await Sealer(history, LATER).seal():
            pass
        for count, span_ns in ((12, 30 * MINUTE_NS), (11, HOUR_NS)):
            found = await history.spans([SPEED], within, count)
            assert found.span_ns == span_ns
            assert next(iter(found.by_key.values())).samples.sum() == 100


async def test_late_data_correct_the_hours_that_were_sealed_long_ago(tmp_path: Path) -> None:
    scans = hour_of_scans(0, 100)
    late = scan(PLANT, {SPEED: 40.0, FORCE: 1.0}, 7200, source_s=50.5)
    async with kept(tmp_path / "history.sqlite", scans) as history:
        one = Sealer(history, LATER)
        while await one.seal():
            pass
        history.append(late)
        await history.committed()
        for _ in range(2):
            spans = await history.spans([SPEED], (BEGIN_NS - HOUR_NS, BEGIN_NS + 4 * HOUR_NS), 3)
            speeds = next(iter(spans.by_key.values()))
            assert spans.span_ns % HOUR_NS == 0
            assert np.nanmax(speeds.highest) == 40.0
            assert speeds.samples.sum() == 101
            while await one.seal():
                pass


async def test_a_kill_between_sealing_and_clearing_shows_nothing_twice(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    async with kept(path, hour_of_scans(0, 50)) as history:
        before = await everything(history, 1000)
        stretch, done = await history.read(lambda c: sealer.grown(c, None, LATER_NS))
        assert done
        assert stretch is not None
        one = Sealer(history, LATER)
        segment = await history.read(lambda c: one._sealed(c, stretch))
        await history.committed(lambda c: sealer.keep_segment(c, segment))
        assert await everything(history, 1000) == before
    async with kept(path, []) as history:
        assert await everything(history, 1000) == before
        assert not await Sealer(history, LATER).seal()
        assert await everything(history, 1000) == before
        with closing(sqlite3.connect(path)) as connection:
            assert connection.execute("SELECT count(*) FROM scan").fetchone() == (0,)


async def test_the_newest_scan_of_a_device_is_known_also_when_all_is_sealed(
    tmp_path: Path,
) -> None:
    path = tmp_path / "history.sqlite"
    async with kept(path, hour_of_scans(0, 50)) as history:
        while await Sealer(history, LATER).seal():
            pass
    async with kept(path, []) as history:
        assert await history.last_received_ns() == {"drive": BEGIN_NS + 49 * NS}
        assert history.health.newest_seq == 50
        history.append(scan(PLANT, {GUST: 1.0}, 10**5))
        await history.committed()
        assert [one.seq for one in await history.read_after(50, 10)] == [51]


async def test_damage_is_named_by_its_hour_and_everything_else_is_served(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    scans = [*hour_of_scans(0, 30), *hour_of_scans(7200, 30), scan(PLANT, {GUST: 5.0}, 7300)]
    async with kept(path, scans) as history:
        one = Sealer(history, LATER)
        while await one.seal():
            pass
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute(
                "UPDATE block SET body = randomblob(length(body)) WHERE id = "
                "(SELECT min(block.id) FROM block JOIN tag ON tag.key = tag WHERE tag.id = ?)",
                (SPEED,),
            )
        past = await history.past([SPEED, FORCE, GUST], BEGIN_NS - HOUR_NS, LATER_NS)
        sizes = [len(course.values) for course in past.courses.values()]
        assert sizes == [30, 60, 1]
        (damage,) = past.damaged
        assert (damage.from_ns, damage.to_ns) == (
            BEGIN_NS - NS // 4,
            BEGIN_NS + 29 * NS - NS // 4 + 1,
        )
        assert len(await log_of(history, 10**6)) == 61
        spans = await history.spans([SPEED], (BEGIN_NS - MINUTE_NS, BEGIN_NS + 3 * HOUR_NS), 100)
        assert len(spans.damaged) == 1


@pytest.mark.parametrize(
    "spoiling",
    [
        "sources = x'0011'",
        "figures = x'00'",
        "quality = x'000000000000'",
        "layout = 999",
        "layout = NULL, tags = NULL",
    ],
)
async def test_a_damaged_scan_is_set_aside_and_holds_up_nothing(
    tmp_path: Path, spoiling: str
) -> None:
    path = tmp_path / "history.sqlite"
    scans = [*hour_of_scans(0, 20), scan(PLANT, {GUST: 5.0}, 21)]
    async with kept(path, scans) as history:
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute(f"UPDATE scan SET {spoiling} WHERE seq = 3")
        others = [one for one in range(1, 22) if one != 3]
        assert [one.seq for one in await history.read_after(0, 10**6)] == others
        past = await history.past([SPEED, GUST], 0, LATER_NS)
        assert [len(course.values) for course in past.courses.values()] == [19, 1]
        assert {one.from_ns for one in past.damaged} == {BEGIN_NS + 2 * NS}
        sealer = Sealer(history, LATER)
        while await sealer.seal():
            pass
        assert (sealer.failing, sealer.damaged) == ("", 1)
        assert [one.seq for one in await history.read_after(0, 10**6)] == others
        with closing(sqlite3.connect(path)) as connection:
            assert connection.execute("SELECT seq FROM damaged_scan").fetchall() == [(3,)]
            assert connection.execute("SELECT count(*) FROM scan").fetchone() == (0,)
        ((_, gap),) = await history.gaps(0, LATER_NS)
        before, after = (scans[at].received_ns for at in (1, 3))
        assert gap == Gap("drive", before, after, Cause.DAMAGED)
        (found,) = check(path, lambda *_: None)
        assert found.words.startswith("scan 3 of device drive, received 20")


async def test_scans_that_cannot_be_read_one_after_the_other_are_one_gap(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    scans = hour_of_scans(0, 10)
    async with kept(path, scans) as history:
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("UPDATE scan SET figures = x'01' WHERE seq IN (1, 4, 5, 9, 10)")
        sealer = Sealer(history, LATER)
        while await sealer.seal():
            pass
        gaps = [(one.from_ns, one.to_ns) for _, one in await history.gaps(0, LATER_NS)]
    at = [one.received_ns for one in scans]
    assert sorted(gaps) == [(at[0], at[1]), (at[2], at[5]), (at[7], at[9])]
