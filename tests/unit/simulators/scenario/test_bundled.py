"""The bundled scenarios' physics bring about what their files expect to be noticed."""

from collections.abc import Iterator

import pytest

from collector.model import NANOSECONDS
from simulators.plant import Plant
from simulators.scenario import (
    Scenario,
    orders_at,
    programme_of,
    read_scenario,
    scenario_path,
    upsets_at,
)
from simulators.serve import Signals
from tests.unit.simulators.parts import MORNING_NS, mountain

STEP_S = 0.5
SLOW_MPS, STOP_MPS = 15.0, 20.0  # domain 3.4 [D]


def played(name: str) -> tuple[Scenario, Iterator[tuple[float, Signals]]]:
    site = mountain()
    scenario = read_scenario(scenario_path(name), site)
    plant = Plant(
        site,
        programme_of(scenario, site, None),
        lambda elapsed_s: MORNING_NS + round(elapsed_s * NANOSECONDS),
    )
    signals = Signals(plant)

    def course() -> Iterator[tuple[float, Signals]]:
        while plant.elapsed_s < scenario.length_s:
            at_s = plant.elapsed_s + STEP_S
            plant.step(at_s, orders_at(scenario, at_s))
            signals.turn(upsets_at(scenario, at_s))
            yield at_s, signals

    return scenario, course()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["gust_front", "approaching_storm"])
def test_gusts_pass_their_limits_for_three_seconds_in_the_expected_span(name: str) -> None:
    scenario, course = played(name)
    limits = {"H": SLOW_MPS, "HH": STOP_MPS}
    wanted = [one for one in scenario.expect if one.kind == "alarm" and one.level]
    held = dict.fromkeys(wanted, 0.0)
    noticed: dict[object, float] = {}
    for at_s, signals in course:
        for one in wanted:
            above = signals.read(one.target) >= limits[one.level or ""]
            held[one] = held[one] + STEP_S if above else 0.0
            if held[one] >= 3.0:
                noticed.setdefault(one, at_s)
    for one in wanted:
        assert one.after_s < noticed[one] < one.by_s - 5, one


@pytest.mark.slow
def test_the_storm_comes_within_ten_kilometres_and_leaves_calm_behind() -> None:
    _, course = played("approaching_storm")
    distances, last = [], None
    for at_s, last in course:
        distances.append((at_s, last.read("site.lightning.distance")))
    assert max(km for at_s, km in distances if 300 < at_s < 360) < 41
    assert min(km for at_s, km in distances if at_s < 1620) < 10
    assert last is not None
    assert last.read("site.lightning.distance") == 63
    assert last.read("north.tower_07.wind_gust_3s") < 12
    assert last.read("north.drive.speed") > 5


@pytest.mark.slow
def test_the_frozen_cup_stands_still_while_its_neighbours_turn() -> None:
    _, course = played("frozen_anemometer")
    cup, neighbours = set(), []
    for at_s, signals in course:
        if 95 < at_s < 1195:
            cup.add(signals.read("south.tower_04.wind_gust_3s"))
            neighbours.append(signals.read("south.tower_03.wind_gust_3s"))
    assert len(cup) == 1
    assert sum(gust > 5 for gust in neighbours) > 0.95 * len(neighbours)
