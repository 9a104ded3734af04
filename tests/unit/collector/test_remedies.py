"""For every kind of error that a driver can bring there is something to do."""

import re
from pathlib import Path

import pytest

import collector
from collector.drivers.opcua_session import REASONS
from collector.remedies import REMEDIES, UNKNOWN, remedy

DRIVERS = Path(collector.__path__[0]) / "drivers"
SAID = re.compile(r'DriverError\(\s*"(\w+)"')


def kinds() -> list[str]:
    written = {kind for path in DRIVERS.glob("*.py") for kind in SAID.findall(path.read_text())}
    return sorted(written | {kind for _, kind, _ in REASONS} | {"service"})


@pytest.mark.parametrize("kind", kinds())
def test_a_person_is_told_what_to_do(kind: str) -> None:
    advice = remedy(kind)
    assert advice is not UNKNOWN
    assert advice.zh
    assert advice.en
    assert len(advice.en) < 160


def test_kinds_are_found_in_every_driver() -> None:
    assert {"host", "gateway", "untrusted", "certificate_ended", "slow"} <= set(kinds())


def test_no_advice_is_for_what_never_happens() -> None:
    assert REMEDIES.keys() - set(kinds()) == {"certificate_ends"}
