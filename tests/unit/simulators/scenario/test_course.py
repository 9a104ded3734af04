"""What a script asks at one moment."""

from itertools import pairwise
from typing import Any

import pytest

from collector.model import NANOSECONDS
from simulators.scenario import (
    Mode,
    Scenario,
    orders_at,
    programme_of,
    read_scenario,
    scenario_path,
    time_base,
    upsets_at,
)
from tests.unit.simulators.parts import WEEK_S, mountain


def script(*changes: dict[str, Any]) -> Scenario:
    return Scenario.model_validate(
        {"name": {"zh": "试", "en": "Trial"}, "length_s": 60, "change": changes}
    )


def test_a_change_holds_from_its_begin_to_its_end() -> None:
    wind = script(
        {"kind": "wind", "target": "north", "at_s": 10, "for_s": 5, "mean_mps": 12, "rise_s": 3}
    )
    assert orders_at(wind, 9.9).wind == {}
    assert orders_at(wind, 10).wind["north"].mean_mps == 12
    assert orders_at(wind, 15).wind == {}


def test_of_two_changes_the_later_holds() -> None:
    two = script(
        {"kind": "speed", "target": "north", "at_s": 20, "speed_mps": 2},
        {"kind": "speed", "target": "north", "at_s": 10, "speed_mps": 4},
    )
    assert orders_at(two, 15).speed_mps == {"north": 4}
    assert orders_at(two, 25).speed_mps == {"north": 2}


def test_a_storm_comes_straight_on_and_goes_away_on_the_other_side() -> None:
    storm = script({"kind": "storm", "at_s": 0, "distance_km": 10, "speed_kmh": 60})
    near, gone = orders_at(storm, 300).cell, orders_at(storm, 1200).cell
    assert near is not None
    assert gone is not None
    assert near.distance_km == pytest.approx(5)
    assert gone.distance_km == pytest.approx(10)
    assert (near.bearing_deg, gone.bearing_deg) == (250, 70)


def test_signals_and_devices_are_upset_without_touching_the_plant() -> None:
    upset = script(
        {"kind": "freeze", "target": "a.b.c", "at_s": 0},
        {"kind": "set", "target": "a.b.d", "at_s": 0, "value": 5},
        {"kind": "status", "target": "a.b.e", "at_s": 0, "status": "bad"},
        {"kind": "slow", "target": "plc", "at_s": 0, "delay_s": 3},
    )
    now = upsets_at(upset, 1)
    assert now.frozen == {"a.b.c"}
    assert now.forced == {"a.b.d": 5}
    assert now.status == {"a.b.e": "bad"}
    assert now.modes == {"plc": (Mode.SLOW, 3)}
    assert orders_at(upset, 1).stop == {}


def test_half_a_year_repeats_exactly_week_by_week() -> None:
    scenario = read_scenario(scenario_path("rope_half_year"), mountain())
    base = time_base(scenario, 0, None)
    second = NANOSECONDS / base.speed
    starts = [base.site_ns(round((240 * week + 20) * second)) for week in range(26)]
    assert {later - sooner for sooner, later in pairwise(starts)} == {int(WEEK_S) * NANOSECONDS}


def test_without_an_origin_site_time_begins_now() -> None:
    base = time_base(script(), 123_000, 4.0)
    assert (base.anchor_ns, base.origin_ns, base.speed) == (123_000, 123_000, 4.0)


def test_a_script_without_passes_leaves_the_ordinary_ones() -> None:
    assert programme_of(script(), mountain(), None).passes is None
    assert programme_of(script(), mountain(), 9).seed == 9


def test_what_shifts_grows_and_what_is_reversed_or_removed_is_named() -> None:
    upset = script(
        {"kind": "shift", "target": "a.b.c", "at_s": 10, "by": 2, "per_s": 0.5},
        {"kind": "reverse", "target": "a.b.d", "at_s": 10},
        {"kind": "remove", "target": "a.b.e", "at_s": 10, "for_s": 5},
    )
    assert upsets_at(upset, 9).shifted == {}
    found = upsets_at(upset, 14)
    assert found.shifted == {"a.b.c": 4.0}
    assert found.reversed == frozenset({"a.b.d"})
    assert found.removed == frozenset({"a.b.e"})
    assert upsets_at(upset, 15).removed == frozenset()


@pytest.mark.parametrize("mode", [one for one in Mode if one is not Mode.ANSWERING])
def test_every_way_to_misbehave_can_be_asked_for(mode: Mode) -> None:
    asked = script({"kind": mode.value, "target": "plc", "at_s": 0})
    assert upsets_at(asked, 1).modes["plc"][0] is mode
