"""The first command on a fresh machine: where it cannot go on, one line says what to do."""

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "requirements" / "environment.py"
NEEDED = ("pyproject.toml", "requirements")
AS_PYTHON_38 = """
import runpy, sys
sys.version_info = (3, 8, 10, "final", 0)
sys.argv = ["environment.py", "core"]
runpy.run_path({script!r}, run_name="__main__")
"""


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """What the script needs of the project, in a folder of its own."""
    folder = tmp_path / "clone"
    folder.mkdir()
    for name in NEEDED:
        source = ROOT / name
        copy = shutil.copytree if source.is_dir() else shutil.copy
        copy(source, folder / name)
    return folder


def run(clone: Path, **environment: str) -> tuple[int, list[str]]:
    """Run the script in `clone`; return its exit code and what it said."""
    answer = subprocess.run(
        [sys.executable, str(clone / "requirements" / "environment.py"), "core"],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return answer.returncode, answer.stdout.splitlines()


def test_an_old_python_can_read_the_script() -> None:
    ast.parse(SCRIPT.read_text(), feature_version=(3, 4))


def test_an_old_python_is_told_in_one_line_which_one_is_needed() -> None:
    answer = subprocess.run(
        [sys.executable, "-c", AS_PYTHON_38.format(script=str(SCRIPT))],
        env={"PATH": "/nonexistent"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 1
    assert answer.stdout.count("\n") == 1
    assert "Python 3.11 or newer is needed and this is 3.8" in answer.stdout
    assert answer.stderr == ""


def test_a_python_without_venv_and_pip_names_the_package_to_install(
    clone: Path, tmp_path: Path
) -> None:
    guarded = tmp_path / "guarded"
    guarded.mkdir()
    for module in ("ensurepip", "pip"):
        (guarded / f"{module}.py").write_text("raise ImportError")
    code, lines = run(clone, PYTHONPATH=str(guarded))
    assert code == 1
    assert "apt-get install python3" in lines[-1]
    assert not any("Traceback" in line for line in lines)


@pytest.mark.slow
def test_a_download_that_fails_is_one_line_that_names_the_log(clone: Path) -> None:
    code, lines = run(
        clone,
        PIP_INDEX_URL="http://127.0.0.1:9/simple",
        PIP_FIND_LINKS="",
        PIP_NO_CACHE_DIR="1",
        PIP_RETRIES="0",
    )
    assert code == 1
    assert "download" in lines[-1]
    assert "run the same command again" in lines[-1]
    assert "build/environment.log" in lines[-1]
    assert not any("Traceback" in line for line in lines)
    assert (clone / "build" / "environment.log").read_text()
