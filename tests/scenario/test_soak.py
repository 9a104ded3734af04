"""How a soak lays its course; its run is `make soak`, and a short one beside the scenarios."""

import tomllib
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from collector.sitefile import read_plant
from simulators.scenario import read_scenario, scenario_path
from tests.benchmarks.plants import toml
from tests.scenario.rehearsal import MOUNTAIN
from tests.scenario.soak import LONG, REST_S, SHORT, Findings, course_of, legs_of


def tables() -> dict[str, Any]:
    return {name: tomllib.loads(scenario_path(name).read_text("utf-8")) for name in (*SHORT, *LONG)}


@pytest.mark.parametrize("minutes", [2.5, 5, 26, 60])
def test_legs_follow_each_other_and_end_in_time(minutes: float) -> None:
    legs = legs_of(minutes, tables())
    assert legs[0].begin_s == 0
    assert all(one.end_s == two.begin_s for one, two in pairwise(legs))
    assert minutes * 60 - 130 < legs[-1].end_s <= minutes * 60


def test_an_hour_holds_every_scenario_of_the_soak() -> None:
    assert {leg.scenario for leg in legs_of(60, tables())} == {*SHORT, *LONG}


def test_a_course_is_its_scenarios_moved(tmp_path: Path) -> None:
    known = tables()
    legs = legs_of(5, known)
    path = tmp_path / "course.toml"
    path.write_text(toml(course_of(legs, known)), "utf-8")
    course = read_scenario(path, read_plant(MOUNTAIN))
    assert course.clock.speed == 1
    assert len(course.change) == sum(len(known[leg.scenario]["change"]) for leg in legs)
    second = next(one for one in course.change if one.at_s >= legs[1].begin_s)
    assert second.at_s == known[legs[1].scenario]["change"][0]["at_s"] + legs[1].begin_s
    assert max(one.by_s for one in course.expect) < legs[-1].end_s - REST_S / 2


def test_memory_that_grows_after_warming_up_is_seen_and_warming_up_is_none() -> None:
    warming = [(float(second), 100.0 + min(second, 500) / 10, 0.0) for second in range(0, 3600, 5)]
    leaking = [(float(second), 150.0 + second / 100, 0.0) for second in range(0, 3600, 5)]
    assert Findings(lasted_s=3600, memory=warming).growth() == 1.0
    assert Findings(lasted_s=3600, memory=leaking).growth() > 1.1
