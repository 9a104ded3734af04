"""A history is checked, copied and put back without a doubt about what it holds."""

import asyncio
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

import pytest

from collector.history.schema import HistoryError
from collector.history.sealer import Sealer
from collector.history.store import History
from collector.history.upkeep import backup, check, restore
from tests.unit.collector.history.test_sealer import (
    LATER,
    LATER_NS,
    PLANT,
    SPEED,
    hour_of_scans,
    kept,
)
from tests.unit.collector.words import BEGIN_NS, scan

PAGE_BYTES = 4096


def quiet(done: int, total: int) -> None:
    assert done <= max(total, done)


async def sealed_history(path: Path, hours: int = 3) -> None:
    scans = [one for hour in range(hours) for one in hour_of_scans(hour * 3600, 1000)]
    async with kept(path, scans) as history:
        while await Sealer(history, LATER).seal():
            pass


async def speeds(path: Path) -> list[float]:
    history = History(path, PLANT, LATER)
    try:
        found: list[float] = (await history.courses([SPEED], 0, LATER_NS))[SPEED].values.tolist()
    finally:
        await asyncio.to_thread(history.close)
    return found


async def test_a_whole_history_has_nothing_to_find(tmp_path: Path) -> None:
    await sealed_history(tmp_path / "history.sqlite")
    told: list[tuple[int, int]] = []
    found = check(tmp_path / "history.sqlite", lambda done, total: told.append((done, total)))
    assert found == []
    assert told[-1][0] == told[-1][1] > 0


async def test_damaged_samples_are_named_with_their_tag_and_hour(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    await sealed_history(path)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            "UPDATE block SET body = zeroblob(length(body)) WHERE id = "
            "(SELECT min(block.id) FROM block JOIN tag ON tag.key = tag WHERE tag.id = ?)",
            (SPEED,),
        )
    (finding,) = check(path, quiet)
    assert (finding.tag, finding.from_ns) == (SPEED, BEGIN_NS - 250_000_000)
    assert "samples cannot be read" in finding.words


async def test_every_page_may_be_damaged_and_the_rest_is_still_served(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    await sealed_history(path)
    whole = path.read_bytes()
    before = await speeds(path)
    served = 0
    for page in range(1, len(whole) // PAGE_BYTES, 3):
        spoilt = bytearray(whole)
        begin = page * PAGE_BYTES + 100
        spoilt[begin : begin + 64] = bytes(64)
        damaged = tmp_path / f"page_{page}.sqlite"
        damaged.write_bytes(bytes(spoilt))
        # Where the root of a table is hit, one sentence is all that can be had.
        with suppress(HistoryError):
            assert all("\n" not in one.words for one in check(damaged, quiet))
            served += len(await speeds(damaged))
    assert served > len(before)


async def test_a_copy_beside_a_busy_writer_is_of_one_instant_and_comes_to_an_end(
    tmp_path: Path,
) -> None:
    path, copy = tmp_path / "history.sqlite", tmp_path / "copy.sqlite"
    async with kept(path, hour_of_scans(0, 3000)) as history:
        copying = asyncio.create_task(asyncio.to_thread(backup, path, copy, quiet))
        second = 3000
        while not copying.done():
            for one in hour_of_scans(second, 50):
                history.append(one)
            second += 50
            await history.committed()
        await copying
    assert check(copy, quiet) == []
    found = await speeds(copy)
    assert 3000 <= len(found) <= second
    assert found == (await speeds(path))[: len(found)]


async def test_a_backup_is_put_back_and_what_stood_there_is_kept(tmp_path: Path) -> None:
    path, copy, aside = (tmp_path / name for name in ("history.sqlite", "copy", "aside.sqlite"))
    await sealed_history(path, 2)
    backup(path, copy, quiet)
    async with kept(path, [scan(PLANT, {SPEED: 77.0}, 90_000)]):
        pass
    later = await speeds(path)
    restore(copy, path, aside, quiet)
    assert await speeds(path) == later[:-1]
    assert await speeds(aside) == later


async def test_a_damaged_backup_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    path, copy = tmp_path / "history.sqlite", tmp_path / "copy"
    await sealed_history(path, 1)
    backup(path, copy, quiet)
    with closing(sqlite3.connect(copy)) as connection, connection:
        connection.execute("UPDATE block SET minutes = x'00'")
    before = await speeds(path)
    with pytest.raises(HistoryError, match="nothing was changed"):
        restore(copy, path, tmp_path / "aside", quiet)
    assert await speeds(path) == before
    assert not (tmp_path / "aside").exists()


def test_what_is_no_history_is_said_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(HistoryError, match=r"none\.sqlite"):
        check(tmp_path / "none.sqlite", quiet)
    with pytest.raises(HistoryError, match=r"none\.sqlite"):
        backup(tmp_path / "none.sqlite", tmp_path / "copy", quiet)
    assert not list(tmp_path.glob("copy*"))
