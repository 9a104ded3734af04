"""A monitor to look at: the demo mountain while a storm goes over it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.scenario.rehearsal import Rehearsal

STORM_S = 90.0
STANDING = Path(__file__).with_name("standing_storm.toml")


@pytest.fixture(scope="session")
def page_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give the address of a running monitor with its screens and something on every page."""
    with Rehearsal(tmp_path_factory.mktemp("pages"), "approaching_storm") as storm:
        storm.wait_until("there is something to see", lambda: _has_something(storm), STORM_S)
        # In fast time it would take a core throughout, and pile up days to look at.
        storm.go_on(STANDING)
        storm.wait_until("the storm is on again", lambda: _is_on(storm), STORM_S)
        yield storm.url


@pytest.fixture
def silent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    """Give a monitor of its own whose north drive PLC falls silent soon."""
    with Rehearsal(tmp_path_factory.mktemp("silent"), "silent_plc") as rehearsal:
        yield rehearsal


def _has_something(storm: Rehearsal) -> bool:
    lists = (("/api/alarms", "alarms"), ("/api/consultations", "consultations"))
    tests = storm.get("/api/rope-tests")["tests"]
    return bool(tests) and all(storm.get(path)[name] for path, name in lists)


def _is_on(storm: Rehearsal) -> bool:
    alarms = storm.get("/api/alarms")["alarms"]
    return any(one["state"] == "unacknowledged" and one["active"] for one in alarms)
