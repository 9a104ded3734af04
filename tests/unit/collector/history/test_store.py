"""What was acknowledged as kept is kept, and what cannot be kept says so."""

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from collector.clock import Clock
from collector.gaps import Cause, Gap
from collector.history.rows import SCAN_COLUMNS, gather_courses, row_scan, scan_row
from collector.history.schema import TABLES, HistoryError, open_writer
from collector.history.store import History
from collector.history.writer import COMMIT_EVERY_S
from collector.model import Quality, Scan, join_scans, lost_scan
from tests.unit.collector.words import BEGIN_NS, modbus, plant, scan, tag

SPEED, FORCE, GUST = "north.drive.speed", "north.drive.force", "north.wind.gust"
PLANT = plant(modbus("drive", tag(SPEED, 0), tag(FORCE, 1)), modbus("wind", tag(GUST, 0)))
HOUR_NS = 3600 * 10**9


@contextmanager
def history(path: Path) -> Iterator[History]:
    one = History(path, PLANT, Clock())
    try:
        yield one
    finally:
        one.close()


@st.composite
def scans(draw: st.DrawFn) -> Scan:
    slots = draw(st.lists(st.integers(0, 9), min_size=1, max_size=12))
    count = len(slots)
    instants = st.integers(0, 2**62)
    sources = draw(
        st.one_of(
            st.lists(instants, min_size=count, max_size=count),
            instants.map(lambda at: [at] * count),
        )
    )
    bits = draw(hnp.arrays(np.uint64, count))
    return Scan(
        slots=np.array(slots, dtype=np.int32),
        values=bits.view(np.float64),
        quality=np.array(
            draw(st.lists(st.sampled_from(list(Quality)), min_size=count, max_size=count)),
            dtype=np.uint8,
        ),
        source_ns=np.array(sources, dtype=np.int64),
        received_ns=draw(instants),
    )


def same(one: Scan, other: Scan) -> bool:
    return (
        one.slots.tolist() == other.slots.tolist()
        and one.values.tobytes() == other.values.tobytes()
        and one.quality.tolist() == other.quality.tolist()
        and one.source_ns.tolist() == other.source_ns.tolist()
        and one.received_ns == other.received_ns
    )


@given(scans(), st.booleans())
def test_a_scan_comes_back_to_the_last_bit(one: Scan, laid_out: bool) -> None:
    row = scan_row(one, 3 if laid_out else None)
    assert same(row_scan(row, {3: one.slots}), one)


@given(st.lists(scans(), max_size=8), st.booleans())
def test_courses_are_what_was_put_in_by_tag_and_source_time(
    kept: list[Scan], laid_out: bool
) -> None:
    layouts = {number: one.slots for number, one in enumerate(kept)}
    rows = [scan_row(one, number if laid_out else None) for number, one in enumerate(kept)]
    courses = gather_courses(rows, layouts, range(10))
    for key in range(10):
        wanted = sorted(
            (int(one.source_ns[at]), one.values[at].tobytes(), int(one.quality[at]))
            for one in kept
            for at in np.flatnonzero(one.slots == key)
        )
        course = courses[key]
        found = zip(course.source_ns.tolist(), course.values, course.quality.tolist(), strict=True)
        assert sorted((at, value.tobytes(), how) for at, value, how in found) == wanted
        assert course.source_ns.tolist() == sorted(course.source_ns.tolist())


async def test_what_was_appended_is_read_back_after_a_restart(tmp_path: Path) -> None:
    kept = [
        scan(PLANT, {SPEED: 5.25, FORCE: Quality.BAD_OUT_OF_RANGE}, 1, source_s=0.5),
        scan(PLANT, {GUST: 7.5}, 1.2),
        scan(PLANT, {SPEED: 5.5, FORCE: 250.0}, 2, source_s=1.5),
    ]
    with history(tmp_path / "history.sqlite") as store:
        for one in kept:
            store.append(one)
        await store.committed()
    with history(tmp_path / "history.sqlite") as store:
        stored = await store.read_after(0, 1000)
        names = await store.tag_ids()
        courses = await store.courses([SPEED, FORCE, GUST], BEGIN_NS, BEGIN_NS + HOUR_NS)
    assert [one.device for one in stored] == ["drive", "wind", "drive"]
    slots = PLANT.slots()
    for held, wanted in zip(stored, kept, strict=True):
        assert [slots[names[key]] for key in held.scan.slots.tolist()] == wanted.slots.tolist()
        assert held.scan.values.tobytes() == wanted.values.tobytes()
        assert held.scan.quality.tolist() == wanted.quality.tolist()
        assert held.scan.source_ns.tolist() == wanted.source_ns.tolist()
        assert held.scan.received_ns == wanted.received_ns
    assert courses[SPEED].values.tolist() == [5.25, 5.5]
    assert courses[FORCE].quality.tolist() == [Quality.BAD_OUT_OF_RANGE, 0]
    assert courses[GUST].source_ns.tolist() == [kept[1].received_ns]


async def test_tags_keep_their_history_when_the_site_file_is_rearranged(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    with history(path) as store:
        store.append(scan(PLANT, {SPEED: 5.0, FORCE: 6.0}))
    turned = plant(modbus("wind", tag(GUST, 0)), modbus("new", tag(FORCE, 1), tag(SPEED, 0)))
    store = History(path, turned, Clock())
    store.append(scan(turned, {FORCE: 60.0, SPEED: 50.0}, 1))
    await store.committed()
    courses = await store.courses([SPEED, FORCE], BEGIN_NS, BEGIN_NS + HOUR_NS)
    store.close()
    assert courses[SPEED].values.tolist() == [5.0, 50.0]
    assert courses[FORCE].values.tolist() == [6.0, 60.0]


async def test_the_order_of_the_samples_in_a_scan_leaves_no_trace_on_the_disk(
    tmp_path: Path,
) -> None:
    path = tmp_path / "history.sqlite"
    with history(path) as store:
        for at in range(20):
            turned = {SPEED: 1.0, FORCE: 2.0} if at % 2 else {FORCE: 2.0, SPEED: 1.0}
            one = scan(PLANT, turned, at)
            store.append(join_scans([one] * (at % 5 + 1)))
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM layout").fetchone() == (1,)


async def test_many_scans_share_one_commit(tmp_path: Path) -> None:
    with history(tmp_path / "history.sqlite") as store:
        for at in range(500):
            store.append(scan(PLANT, {GUST: float(at)}, at * 0.001))
        await store.committed()
        assert len(store.health.commit_s) <= 2
        assert (store.health.scans, store.health.waiting) == (500, 0)


async def test_a_scan_is_on_the_disk_a_moment_after_it_came(tmp_path: Path) -> None:
    with history(tmp_path / "history.sqlite") as store:
        store.append(scan(PLANT, {GUST: 1.0}))
        await asyncio.sleep(COMMIT_EVERY_S + 0.15)
        assert len(await store.read_after(0, 10)) == 1


WRITER = """
import asyncio, sys
from pathlib import Path
from collector.clock import Clock
from collector.history.store import History
from tests.unit.collector.history.test_store import GUST, PLANT
from tests.unit.collector.words import scan

async def main():
    store = History(Path(sys.argv[1]), PLANT, Clock())
    number = 0
    while True:
        for _ in range(50):
            number += 1
            store.append(scan(PLANT, {GUST: float(number)}, number * 0.001))
        await store.committed()
        print(number, flush=True)

asyncio.run(main())
"""


async def test_a_kill_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True
    )
    assert writer.stdout is not None
    told = [int(writer.stdout.readline()) for _ in range(4)]
    writer.send_signal(signal.SIGKILL)
    told += [int(line) for line in writer.stdout]
    writer.wait()
    writer.stdout.close()
    with history(path) as store:
        kept = await store.courses([GUST], BEGIN_NS, BEGIN_NS + HOUR_NS)
    numbers = kept[GUST].values.tolist()
    assert numbers == [float(one) for one in range(1, len(numbers) + 1)]
    assert len(numbers) >= told[-1]


@pytest.mark.parametrize("content", [b"this is no database at all" * 100, b"SQLite format 3\0junk"])
def test_a_damaged_file_is_said_in_one_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "history.sqlite"
    path.write_bytes(content)
    with pytest.raises(HistoryError, match=r"history .*history.sqlite: ") as refusal:
        History(path, PLANT, Clock())
    assert "\n" not in str(refusal.value)


def test_a_folder_that_cannot_be_made_is_said_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(HistoryError, match="is the folder writable"):
        History(tmp_path / "file" / "history.sqlite", PLANT, Clock())


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission_is_said_in_one_sentence(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(HistoryError, match="is the folder writable"):
        History(tmp_path / "history.sqlite", PLANT, Clock())


def test_a_history_of_a_newer_program_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(HistoryError, match="made by a newer Ropewatch"):
        open_writer(path)


async def until(holds: Callable[[], bool], within_s: float = 5.0) -> None:
    async with asyncio.timeout(within_s):
        while not holds():
            await asyncio.sleep(0.02)


@contextmanager
def full_disk(store: History) -> Iterator[None]:
    """Let the file grow no further, as SQLite does where the disk is full."""
    store._writer._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    pages = store._writer._connection.execute("PRAGMA page_count").fetchone()[0]
    store._writer._connection.execute(f"PRAGMA max_page_count = {pages}")
    yield
    store._writer._connection.execute("PRAGMA max_page_count = 1000000")


def large(number: int) -> Scan:
    return join_scans([scan(PLANT, {GUST: float(number)}, number + at / 1000) for at in range(999)])


async def test_a_disk_that_refuses_is_seen_and_nothing_is_lost_when_it_recovers(
    tmp_path: Path,
) -> None:
    with history(tmp_path / "history.sqlite") as store:
        await store.committed()
        with full_disk(store):
            for number in range(3):
                store.append(large(number))
            await until(lambda: "full" in store.health.failing)
            assert store.health.waiting == 3
            assert store.health.dropped == 0
        await store.committed()
        assert (store.health.failing, store.health.waiting) == ("", 0)
        kept = await store.courses([GUST], BEGIN_NS, BEGIN_NS + HOUR_NS)
    assert len(kept[GUST].values) == 3 * 999


async def test_a_history_can_be_closed_while_the_disk_refuses(tmp_path: Path) -> None:
    store = History(tmp_path / "history.sqlite", PLANT, Clock())
    await store.committed()
    with full_disk(store):
        store.append(large(0))
        await until(lambda: bool(store.health.failing))
        closing_thread = threading.Thread(target=store.close, daemon=True)
        closing_thread.start()
        await asyncio.to_thread(closing_thread.join, 4.0)
        assert not closing_thread.is_alive()
        assert store.health.dropped == 1
        store._writer._connection = sqlite3.connect(":memory:")  # for what is left of the full disk
    store.close()


async def test_the_gap_ledger_keeps_one_row_for_each_gap(tmp_path: Path) -> None:
    with history(tmp_path / "history.sqlite") as store:
        store.keep_gap(Gap("wind", 10, None, Cause.DEVICE_LOST))
        store.keep_gap(Gap("wind", 10, 50, Cause.DEVICE_LOST))
        store.keep_gap(Gap("drive", 60, None, Cause.NOT_POLLED))
        await store.committed()
        assert [gap for _, gap in await store.gaps(0, 100)] == [
            Gap("drive", 60, None, Cause.NOT_POLLED),
            Gap("wind", 10, 50, Cause.DEVICE_LOST),
        ]
        assert [gap.device for _, gap in await store.gaps(51, 100)] == ["drive"]
        assert [gap.device for _, gap in await store.gaps(0, 60)] == ["wind"]


async def test_cursors_and_dead_letters_are_kept(tmp_path: Path) -> None:
    with history(tmp_path / "history.sqlite") as store:
        assert await store.cursor("influxdb") == 0
        store.move_cursor("influxdb", 7)
        store.move_cursor("influxdb", 9)
        store.bury("influxdb", "line", "words")
    with history(tmp_path / "history.sqlite") as store:
        assert await store.cursor("influxdb") == 9
        assert await store.dead_letters("influxdb") == 1
        assert await store.dead_letters("other") == 0


async def test_scans_are_read_in_parts_of_about_the_wanted_size(tmp_path: Path) -> None:
    with history(tmp_path / "history.sqlite") as store:
        for at in range(10):
            store.append(scan(PLANT, {SPEED: 1.0, FORCE: 2.0}, at))
        await store.committed()
        first = await store.read_after(0, 6)
        assert len(first) == 3
        assert len(await store.read_after(first[-1].seq, 1000)) == 7
        assert len(await store.read_after(0, 1)) == 1
        assert await store.last_received_ns() == {"drive": BEGIN_NS + 9 * 10**9}


async def test_an_unknown_tag_has_no_course(tmp_path: Path) -> None:
    with history(tmp_path / "history.sqlite") as store, pytest.raises(KeyError):
        await store.courses(["north.drive.gone"], 0, 1)


async def test_an_empty_scan_is_no_row(tmp_path: Path) -> None:
    with history(tmp_path / "history.sqlite") as store:
        store.append(lost_scan(np.empty(0, dtype=np.int32), Quality.GOOD, BEGIN_NS))
        await store.committed()
        assert store.health.appended == 0


async def test_a_history_that_cannot_be_read_is_said_in_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    with history(path) as store:
        await store.committed()
        path.rename(tmp_path / "elsewhere")
        with pytest.raises(HistoryError, match=r"history .*history.sqlite"):
            await store.courses([GUST], 0, 1)
        with pytest.raises(HistoryError, match=r"history .*history.sqlite"):
            await store.gaps(0, 1)
        with pytest.raises(HistoryError, match=r"history .*history.sqlite"):
            await store.read_after(0, 1)


async def test_who_stops_waiting_for_the_disk_disturbs_nobody(tmp_path: Path) -> None:
    with history(tmp_path / "history.sqlite") as store:
        impatient = asyncio.create_task(store.committed())
        await asyncio.sleep(0.02)
        impatient.cancel()
        store.append(scan(PLANT, {GUST: 1.0}))
        await asyncio.wait_for(store.committed(), 5)
        assert len(await store.read_after(0, 10)) == 1


async def test_a_history_of_the_first_version_is_taken_over_with_all_its_scans(
    tmp_path: Path,
) -> None:
    path = tmp_path / "history.sqlite"
    keys = np.array([1, 2], dtype=np.int32)
    old = [scan(PLANT, {SPEED: float(at), FORCE: 2.0}, at, source_s=at - 0.5) for at in range(5)]
    old.append(replace(old[-1], source_ns=old[-1].source_ns - np.array([9, 0])))
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(TABLES)
        connection.executescript(
            "CREATE INDEX scan_by_device ON scan (device, received_ns); PRAGMA user_version = 1"
        )
        connection.execute("INSERT INTO device VALUES (1, 'drive')")
        connection.executemany("INSERT INTO tag VALUES (?, ?)", [(1, SPEED), (2, FORCE)])
        connection.executemany("INSERT INTO held VALUES (?, 1)", [(1,), (2,)])
        connection.execute("INSERT INTO layout VALUES (1, 1, ?)", (keys.tobytes(),))
        connection.execute("INSERT INTO gap VALUES (1, 'drive', 7, NULL, 'device_lost', 0)")
        for one in old:
            connection.execute(
                f"INSERT INTO scan (device, {SCAN_COLUMNS}) VALUES (1, ?, ?, ?, ?, ?, ?, ?)",
                scan_row(replace(one, slots=keys), 1),
            )
        connection.commit()
    with history(path) as store:
        store.append(scan(PLANT, {SPEED: 5.0, FORCE: 2.0}, 5))
        await store.committed()
        courses = await store.courses([SPEED], BEGIN_NS - HOUR_NS, BEGIN_NS + HOUR_NS)
        assert [one.seq for one in await store.read_after(0, 1000)] == [1, 2, 3, 4, 5, 6, 7]
        assert await store.open_gaps() == [Gap("drive", 7, None, Cause.DEVICE_LOST)]
    assert sorted(courses[SPEED].values.tolist()) == [0.0, 1.0, 2.0, 3.0, 4.0, 4.0, 5.0]
