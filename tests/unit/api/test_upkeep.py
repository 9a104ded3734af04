"""The commands that look after a history say what they did, and what is wrong in one line."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from api.cli import app
from collector.folder import claimed
from tests.unit.collector.history.test_export import a_history
from tests.unit.collector.history.test_sealer import SPEED
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
