"""Two tags that cannot both be right are said before anything is read."""

from typing import Any

import pytest

from collector.sitefile import parse_plant
from tests.unit.collector.words import modbus, tables, tag

A, B = "north.drive.a", "north.drive.b"


def faults(*tags: dict[str, Any]) -> list[str]:
    known, found = parse_plant(tables(modbus("plc", *tags)))
    assert known is not None
    return found


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ({"table": "coil", "type": "bool"}, "coil 7"),
        ({"table": "discrete_input", "type": "bool"}, "discrete_input 7"),
        ({"type": "bool", "bit": 3}, "holding_register 7 bit 3"),
    ],
)
def test_two_tags_on_one_bit_are_one_line_that_says_what_to_do(
    place: dict[str, Any], words: str
) -> None:
    assert faults(tag(A, 7, **place), tag(B, 7, **place)) == [
        f"device 'plc': tags '{A}' and '{B}' both read {words}; "
        "correct the address of one, or leave one out"
    ]


def test_a_number_that_begins_inside_another_is_one_line_that_says_what_to_do() -> None:
    assert faults(tag(A, 10, type="float64"), tag(B, 12, type="int16")) == [
        f"device 'plc': tag '{B}' (int16 at holding_register 12) lies in the registers of "
        f"tag '{A}' (float64 at 10); correct the address or the type of one"
    ]


def test_a_number_inside_a_wide_one_is_found_behind_others_too() -> None:
    found = faults(tag(A, 10, type="float64"), tag(B, 11, type="int16"), tag("north.drive.c", 13))
    assert len(found) == 2


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"address": 7, "type": "bool", "bit": 3}, {"address": 7, "type": "bool", "bit": 4}),
        ({"address": 7, "type": "bool", "bit": 3}, {"address": 7}),
        ({"address": 7}, {"address": 7, "scale": 0.1}),
        ({"address": 7, "type": "float32"}, {"address": 9, "type": "float32"}),
        ({"address": 7, "type": "float32"}, {"address": 8, "table": "input_register"}),
    ],
)
def test_what_can_be_meant_is_no_fault(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert faults(tag(A, **one), tag(B, **other)) == []


def test_an_address_that_no_frame_can_hold_is_one_line_with_its_place() -> None:
    _, found = parse_plant(tables(modbus("plc", tag(A, 70_000))))
    assert found == [
        f"device 'plc' tags '{A}' address: addresses go from 0 to 65535, as on the wire; "
        "400001 of a manual is 0 (got 70000)"
    ]
