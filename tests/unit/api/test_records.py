"""The commands that copy and move the records answer by words and by their code."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from analytics.records import Records
from api import proof, records
from tests.databases import drop_all
from tests.servers.postgres_server import PASSWORD, Postgres
from tests.unit.analytics.records_words import NOON_NS, an_alarm


@pytest.fixture
async def folder(tmp_path: Path) -> Path:
    place = tmp_path / "kept"
    async with Records.open(place / "records.sqlite", lambda: NOON_NS) as kept:
        for count in range(3):
            await kept.alarms.raise_alarm(an_alarm(f"s{count}"))
    return place


@pytest.fixture
def environment(postgres: Postgres, tmp_path: Path) -> Iterator[dict[str, str]]:
    postgres.make_database("t0")
    word = tmp_path / "word"
    word.write_text(postgres.url("t0").render_as_string(hide_password=False))
    yield {"ROPEWATCH_RECORDS_URL_FILE": str(word)}
    drop_all(postgres.url())


def run(*words: object, **environment: str) -> Result:
    done = CliRunner().invoke(records.app, [str(word) for word in words], env=environment)
    assert PASSWORD not in done.output
    assert "Traceback" not in done.output
    return done


def test_a_copy_is_written_once_and_verifies(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "copy.sqlite"
    done = run("export", "--data", folder, "--out", out)
    assert (done.exit_code, "whole, 3 entries" in done.output) == (0, True), done.output
    assert CliRunner().invoke(proof.app, ["verify", str(out)]).exit_code == 0
    again = run("export", "--data", folder, "--out", out)
    assert (again.exit_code, "name a new file" in again.output) == (1, True)


def test_a_copy_of_altered_records_is_written_and_code_1_says_so(
    folder: Path, tmp_path: Path
) -> None:
    with closing(sqlite3.connect(folder / "records.sqlite")) as connection:
        connection.execute("DROP TRIGGER alarm_stays")
        connection.commit()
    done = run("export", "--data", folder, "--out", tmp_path / "copy.sqlite")
    assert done.exit_code == 1
    assert "trigger alarm_stays: missing" in done.output
    assert "written, but not whole" in done.output


def test_what_cannot_be_copied_is_told_in_one_line(folder: Path, tmp_path: Path) -> None:
    for data, out in ((tmp_path / "nowhere", tmp_path / "c"), (folder, tmp_path / "no" / "c")):
        done = run("export", "--data", data, "--out", out)
        assert done.exit_code == 1
        assert len(done.output.strip().splitlines()) == 1


def test_records_move_to_postgresql_and_are_exported_from_there(
    folder: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    early = run("export", "--data", folder, "--out", tmp_path / "early.sqlite", **environment)
    assert (early.exit_code, "ropewatch records move" in early.output) == (1, True)
    moved = run("move", "--data", folder, **environment)
    assert (moved.exit_code, "moved 3 entries" in moved.output) == (0, True), moved.output
    assert not (folder / "records.sqlite").exists()
    assert (folder / "records.moved.sqlite").exists()
    out = tmp_path / "copy.sqlite"
    done = run("export", "--data", folder, "--out", out, **environment)
    assert (done.exit_code, "whole, 3 entries" in done.output) == (0, True), done.output


def test_a_move_without_a_database_or_of_nothing_is_told_in_one_line(
    folder: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    nowhere = run("move", "--data", folder, ROPEWATCH_RECORDS_URL="")
    assert (nowhere.exit_code, "ROPEWATCH_RECORDS_URL is not set" in nowhere.output) == (1, True)
    nothing = run("move", "--data", tmp_path / "empty", **environment)
    assert (nothing.exit_code, "no such file" in nothing.output) == (1, True)
    assert (folder / "records.sqlite").exists()
