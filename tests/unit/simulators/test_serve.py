"""What devices show, and the report of what was asked of them."""

import json
from pathlib import Path

import pytest

from simulators.plant import Orders
from simulators.scenario import Upsets
from simulators.serve import Signals, write_report
from tests.unit.simulators.parts import mountain, plant_on, run

GUST = "south.tower_04.wind_gust_3s"


def test_a_frozen_tag_keeps_its_value_while_the_plant_goes_on() -> None:
    plant = plant_on(mountain())
    signals = Signals(plant)
    run(plant, 10, Orders())
    held = signals.read(GUST)
    signals.turn(Upsets(frozen=frozenset({GUST})))
    run(plant, 10, Orders())
    assert signals.read(GUST) == held != plant.value_at(GUST)
    signals.turn(Upsets())
    assert signals.read(GUST) == plant.value_at(GUST)


def test_a_forced_tag_shows_what_the_script_says() -> None:
    signals = Signals(plant_on(mountain()))
    signals.turn(Upsets(forced={GUST: 3276.7}))
    assert signals.read(GUST) == 3276.7


def test_a_shifted_tag_is_off_by_so_much_and_a_reversed_one_has_the_other_sign() -> None:
    plant = plant_on(mountain())
    signals = Signals(plant)
    signals.turn(Upsets(shifted={GUST: 2.5}, reversed=frozenset({"north.drive.speed"})))
    assert signals.read(GUST) == plant.value_at(GUST) + 2.5
    assert signals.read("north.drive.speed") == -plant.value_at("north.drive.speed")


def test_a_stranger_is_an_error_not_a_zero() -> None:
    with pytest.raises(KeyError):
        Signals(plant_on(mountain())).read("north.no.such")


def test_a_report_replaces_the_old_one_whole(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    write_report(path, {"opcua_writes": 1})
    write_report(path, {"opcua_writes": 0})
    assert json.loads(path.read_text()) == {"opcua_writes": 0}
    assert [file.name for file in tmp_path.iterdir()] == ["report.json"]
