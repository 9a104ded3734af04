"""What is exported is what was kept, to the nanosecond and the last bit."""

import csv
from pathlib import Path

import numpy as np
import pytest
from pyarrow import parquet

from collector.history.export import Wanted, export, rfc3339
from collector.history.schema import HistoryError
from collector.history.sealer import Sealer
from collector.model import Quality
from tests.unit.collector.history.test_sealer import (
    FORCE,
    GUST,
    LATER,
    PLANT,
    SPEED,
    hour_of_scans,
    kept,
)
from tests.unit.collector.words import BEGIN_NS, scan

DAY_NS = 86_400 * 10**9


def quiet(done: int, total: int) -> None:
    assert done <= total


async def a_history(path: Path) -> None:
    scans = [
        *hour_of_scans(0, 20),
        scan(PLANT, {GUST: Quality.BAD_DEVICE_LOST}, 30),
        *hour_of_scans(100_000, 20),
    ]
    async with kept(path, scans) as history:
        while await Sealer(history, LATER).seal():
            pass


async def test_csv_holds_every_sample_of_the_span(tmp_path: Path) -> None:
    path, out = tmp_path / "history.sqlite", tmp_path / "out.csv"
    await a_history(path)
    wanted = Wanted([SPEED, GUST], BEGIN_NS, BEGIN_NS + 2 * DAY_NS, out)
    exported = export(path, wanted, quiet)
    with out.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == exported.samples == 40
    assert {row["tag"] for row in rows} == {SPEED, GUST}
    lost = [row for row in rows if row["tag"] == GUST]
    assert [(row["value"], row["quality_name"]) for row in lost] == [("", "bad_device_lost")]
    first = next(row for row in rows if row["tag"] == SPEED)
    assert first["time"] == rfc3339(BEGIN_NS + 750_000_000)
    assert exported.damaged == ()


async def test_parquet_holds_the_same(tmp_path: Path) -> None:
    path, out = tmp_path / "history.sqlite", tmp_path / "out.parquet"
    await a_history(path)
    exported = export(path, Wanted([], BEGIN_NS - DAY_NS, BEGIN_NS + 2 * DAY_NS, out), quiet)
    table = parquet.read_table(out)
    assert table.num_rows == exported.samples == 81
    tags = np.array(table.column("tag").to_pylist())
    assert set(tags) == {SPEED, FORCE, GUST}
    times = table.column("time").cast("int64").to_numpy()
    assert times[tags == SPEED].min() == BEGIN_NS - 250_000_000
    assert table.column("value").null_count == 1


def test_instants_are_written_to_the_nanosecond() -> None:
    assert rfc3339(1_790_000_000_000_000_001) == "2026-09-21T14:13:20.000000001Z"


async def test_an_unknown_tag_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    await a_history(path)
    with pytest.raises(HistoryError, match=r"knows no tag north\.drive\.gone"):
        export(path, Wanted(["north.drive.gone"], 0, 1, tmp_path / "out.csv"), quiet)
    assert [one.name for one in tmp_path.glob("out*")] == []


async def test_a_file_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    await a_history(path)
    out = tmp_path / "no" / "folder" / "out.csv"
    with pytest.raises(HistoryError, match="is there room"):
        export(path, Wanted([SPEED], BEGIN_NS, BEGIN_NS + 1, out), quiet)
