"""The commands that look after a history say what they did, and what is wrong in one line."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from api.cli import app
from collector.folder import claimed
from collector.history.store import History
from tests.unit.collector.history.test_export import a_history
from tests.unit.collector.history.test_sealer import LATER, PLANT, SPEED
from tests.unit.collector.history.test_upkeep import speeds

SPAN = ("--from", "2026-09-21T00:00+00:00", "--to", "2026-09-23T08:00+08:00")


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(app, ["history", *map(str, words)])


async def test_a_history_is_checked_exported_and_backed_up(tmp_path: Path) -> None:
    await a_history(tmp_path / "history.sqlite")
    checked = run("check", tmp_path)
    assert (checked.exit_code, checked.output.endswith(": whole\n")) == (0, True)
    exported = run("export", tmp_path, "--out", tmp_path / "o.csv", "--tags", SPEED, *SPAN)
    assert (exported.exit_code, exported.output) == (0, f"{tmp_path}/o.csv: 40 samples\n")
    backed = run("backup", tmp_path, "--out", tmp_path / "copy.sqlite")
    assert backed.exit_code == 0
    again = run("backup", tmp_path, "--out", tmp_path / "copy.sqlite")
    assert (again.exit_code, "--force" in again.output) == (2, True)


async def test_a_backup_is_restored_unless_the_folder_is_in_use(tmp_path: Path) -> None:
    await a_history(tmp_path / "history.sqlite")
    before = await speeds(tmp_path / "history.sqlite")
    run("backup", tmp_path, "--out", tmp_path / "copy.sqlite")
    other = tmp_path / "other"
    with claimed(other):
        refused = run("restore", tmp_path / "copy.sqlite", other)
    assert (refused.exit_code, "in use by process" in refused.output) == (1, True)
    assert run("restore", tmp_path / "copy.sqlite", other).exit_code == 0
    assert await speeds(other / "history.sqlite") == before


async def test_dead_letters_are_listed_written_and_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    history = History(path, PLANT, LATER)
    for number in range(2):
        history.bury("influxdb", f"wind,tag=a value={number}", "400: field type conflict")
    await history.committed()
    history.close()
    listed = run("letters", tmp_path)
    assert listed.exit_code == 0
    assert listed.output.count("400: field type conflict\nwind,tag=a value=") == 2
    assert listed.output.endswith("2 dead letters\n")
    with claimed(tmp_path):
        refused = run("letters", tmp_path, "--drop")
    assert (refused.exit_code, "in use by process" in refused.output) == (2, True)
    out = tmp_path / "letters.lp"
    dropped = run("letters", tmp_path, "--out", out, "--drop")
    assert (dropped.exit_code, dropped.output.endswith("2 forgotten\n")) == (0, True)
    assert [line for line in out.read_text().splitlines() if line[0] != "#"] == [
        "wind,tag=a value=0",
        "wind,tag=a value=1",
    ]
    assert run("letters", tmp_path).output == "0 dead letters\n"
    nowhere = run("letters", tmp_path, "--out", tmp_path / "none" / "letters.lp")
    assert (nowhere.exit_code, nowhere.output.count("\n")) == (2, 1)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--from", "yesterday", "--to", "2026-09-23"), "--from yesterday: give an instant"),
        (("--from", "2026-09-23", "--to", "2026-09-21"), "is not after"),
        ((*SPAN, "--tags", "a.b.c"), "knows no tag a.b.c"),
    ],
)
async def test_a_wrong_export_is_one_line_and_code_2(
    tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    await a_history(tmp_path / "history.sqlite")
    refused = run("export", tmp_path, "--out", tmp_path / "o.csv", *words)
    assert refused.exit_code == 2
    assert said in refused.output
    assert refused.output.count("\n") == 1
