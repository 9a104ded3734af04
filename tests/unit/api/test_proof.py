"""The commands that prove the records answer by words and by their code."""

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from analytics.records import Records
from api.proof import app
from tests.unit.analytics.records_words import NOON_NS, an_alarm


@pytest.fixture
async def folder(tmp_path: Path) -> Path:
    place = tmp_path / "kept"
    async with Records.open(place / "records.sqlite", lambda: NOON_NS) as records:
        for count in range(3):
            await records.alarms.raise_alarm(an_alarm(f"s{count}"))
    return place


def run(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def test_a_checkpoint_signs_and_a_whole_folder_is_told_by_code_0(folder: Path) -> None:
    out = folder.parent / "checkpoint.json"
    assert run("checkpoint", folder, "--out", out).exit_code == 0
    key = json.loads(out.read_text())["public_key"]
    whole = run("verify", folder, "--checkpoint", out, "--key", key)
    assert (whole.exit_code, "whole, 3 entries" in whole.output) == (0, True)
    other = run("verify", folder, "--checkpoint", out, "--key", "0" * 64)
    assert (other.exit_code, "not with the one expected" in other.output) == (1, True)


def test_an_altered_record_is_named_with_code_1_and_is_not_signed(folder: Path) -> None:
    copy = folder.parent / "copy.sqlite"
    shutil.copy(folder / "records.sqlite", copy)
    with closing(sqlite3.connect(copy)) as connection:
        connection.execute("DROP TRIGGER alarm_fixed")
        connection.execute("UPDATE alarm SET value = 1 WHERE id = 2")
        connection.commit()
    found = run("verify", copy)
    assert (found.exit_code, "alarm 2: altered since entry 2" in found.output) == (1, True)
    assert run("checkpoint", copy, "--out", folder.parent / "c.json").exit_code == 1
    assert not (folder.parent / "c.json").exists()


def test_bad_input_is_told_in_one_line(folder: Path) -> None:
    bad = folder.parent / "bad.json"
    bad.write_text("[]")
    for words in (["nowhere"], [bad], [folder, "--checkpoint", bad], [folder, "--key", "00"]):
        told = run("verify", *words)
        assert told.exit_code in (1, 2)
        assert len(told.output.strip().splitlines()) == 1
