"""The judging tables must speak of what is there, once each."""

from copy import deepcopy
from typing import Any

import pytest

from analytics.config import parse_judging
from tests.unit.analytics.judging_words import E_STOP, GUST, SPEED, a_plant, a_rule
from tests.unit.collector.words import NAME

INSTRUMENT = {
    "id": "head",
    "ropeway": "north",
    "running": E_STOP,
    "position": SPEED,
    "lma": SPEED,
    "lf": SPEED,
    "test_point": SPEED,
    "pass_counter": SPEED,
}
PLAN = {
    "id": "weekly",
    "ropeway": "north",
    "rope": "haul",
    "weekday": "monday",
    "hour": 8,
    "title": NAME,
}


PLANT_TABLES = a_plant().model_dump(mode="json")


def faults(**tables: Any) -> list[str]:
    return parse_judging({**PLANT_TABLES, **tables})[1]


def test_good_tables_have_no_faults() -> None:
    judging, found = parse_judging({**PLANT_TABLES, "rule": [a_rule(high=20)]})
    assert judging is not None
    assert len(judging.rule) == 1
    assert found == []


def test_what_stands_twice_is_named_in_every_table() -> None:
    rules = [a_rule(high=20), a_rule(high=30), a_rule("other", high=1)]
    found = faults(rule=rules, rope_instrument=[INSTRUMENT] * 2, inspection=[PLAN] * 2)
    assert [one for one in found if "stands" in one] == [
        "rule 'gust': stands 2 times; ids must be unique",
        "rope_instrument 'head': stands 2 times; ids must be unique",
        "inspection 'weekly': stands 2 times; ids must be unique",
    ]


def test_what_is_not_in_the_plant_is_named() -> None:
    rules = [a_rule(tags=[GUST, "north.tower_99.gust"], high=20)]
    instrument = {**INSTRUMENT, "lf": "north.rope.lf", "ropeway": "west"}
    assert faults(rule=rules, rope_instrument=[instrument], inspection=[PLAN]) == [
        "rule 'gust': no tag 'north.tower_99.gust'",
        "rope_instrument 'head': no tag 'north.rope.lf'",
        "rope_instrument 'head': no ropeway 'west'",
        "inspection 'weekly': no rope 'haul' of ropeway 'north'",
    ]


def test_every_fault_of_every_rule_is_named_with_the_rule() -> None:
    rules = [a_rule(high=20, priority=9), a_rule("other", hihg=3), {"id": "bare"}]
    places = [fault.split(":")[0] for fault in faults(rule=rules)]
    assert {place.split("'")[1] for place in places} == {"gust", "other", "bare"}
    assert "rule 'other' hihg" in places
    assert "rule 'bare'" in places


def ranged(least: float, most: float) -> dict[str, Any]:
    """Return the plant's tables with a range for the gust."""
    tables = deepcopy(PLANT_TABLES)
    for device in tables["device"]:
        for tag in device["tags"]:
            if tag["id"] == GUST:
                tag |= {"min": least, "max": most}
    return tables


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        ({"high": 15, "deadband": 16}, "high 15 with 16 would end at -1"),
        ({"low": 50, "deadband": 16}, "low 50 with 16 would end at 66"),
        ({"high": 15, "deadband": 15}, ""),
        ({"low": 50, "deadband": 10}, ""),
    ],
)
def test_a_deadband_that_no_value_can_come_back_over_is_refused(
    limits: dict[str, Any], words: str
) -> None:
    found = parse_judging({**ranged(0, 60), "rule": [a_rule(**limits)]})[1]
    assert (found != []) == bool(words)
    assert all("rule 'gust' deadband" in fault and words in fault for fault in found)
