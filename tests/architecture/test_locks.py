"""The locks say what is installed and never where it comes from."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
SCREENS_LOCK = ROOT / "dashboards" / "package-lock.json"


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_no_python_lock_holds_an_address(lock: Path) -> None:
    assert "://" not in lock.read_text()


@pytest.mark.parametrize("name", ["core.txt", "dev.txt"])
def test_every_locked_python_package_has_a_hash(name: str) -> None:
    entries = (ROOT / "requirements" / name).read_text().replace("\\\n", " ").splitlines()
    pinned = [line for line in entries if "==" in line and not line.startswith("#")]
    assert pinned
    assert [line for line in pinned if "--hash=sha256:" not in line] == []


def test_dev_pins_what_core_pins() -> None:
    core, dev = (_pins(ROOT / "requirements" / name) for name in ("core.txt", "dev.txt"))
    assert core - dev == set()


def test_the_lock_of_the_screens_holds_hashes_and_no_address() -> None:
    packages = json.loads(SCREENS_LOCK.read_text())["packages"]
    fetched = {name: entry for name, entry in packages.items() if name}
    assert [name for name, entry in fetched.items() if "integrity" not in entry] == []
    assert [text for text in _texts(fetched) if "://" in text] == []


def test_the_lock_of_the_screens_is_the_lock_of_their_packages() -> None:
    wanted = json.loads((ROOT / "dashboards" / "package.json").read_text())
    locked = json.loads(SCREENS_LOCK.read_text())["packages"][""]
    for kind in ("dependencies", "devDependencies"):
        assert locked.get(kind) == wanted.get(kind)


def _pins(lock: Path) -> set[str]:
    return {line.rstrip(" \\") for line in lock.read_text().splitlines() if "==" in line}


def _texts(value: object, key: str = "") -> Iterator[str]:
    """Yield every text but those that ask for money."""
    if key == "funding":
        return
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _texts(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
    elif isinstance(value, str):
        yield value
