"""Tables that cannot be true are refused, each with a reason."""

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from collector.site import Device, ModbusDevice, ModbusTag, Plant
from collector.sitefile import parse_plant
from tests.unit.collector.words import NAME, modbus, node, opcua, plant, ropeway, tables, tag

SPEED, FORCE = "north.drive.speed", "north.drive.force"


def faults(*devices: dict[str, Any], **other: Any) -> list[str]:
    known, found = parse_plant(tables(*devices, **other))
    assert known is not None
    return found


def rope(rope_id: str, *codes: int, **other: Any) -> dict[str, Any]:
    return {
        "id": rope_id,
        "name": NAME,
        "kind": "haul",
        "construction": "6x19",
        "diameter_mm": 40,
        "metallic_area_mm2": 600,
        "length_m": 1000,
        "loop": False,
        "test_points": [
            {
                "id": f"end_{place}",
                "name": NAME,
                "kind": "end_socket",
                "code": code,
                "position_m": 1,
                "length_m": 2,
            }
            for place, code in enumerate(codes)
        ],
        **other,
    }


def test_the_order_of_the_tags_gives_the_slots() -> None:
    known = plant(modbus("a", tag(SPEED)), opcua("b", node(FORCE)))
    assert known.slots() == {SPEED: 0, FORCE: 1}


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"type": "bool"}, "needs type 'bool' and 'bit'"),
        ({"bit": 3}, "needs type 'bool' and 'bit'"),
        ({"type": "bool", "bit": 16}, "less than or equal to 15"),
        ({"table": "coil"}, "a coil holds only type 'bool'"),
        ({"table": "coil", "type": "bool", "bit": 1}, "packed bits in registers"),
        ({"address": 65_535, "type": "float32"}, "pass 65535"),
        ({"address": -1}, "greater than or equal to 0"),
        ({"min": 5, "max": 5}, "min 5 is not below max 5"),
        ({"scale": 0}, "scale must not be zero"),
        ({"scale": float("nan")}, "finite number"),
        ({"id": "north.speed"}, "should match pattern"),
        ({"id": "North.Drive.Speed"}, "should match pattern"),
        ({"colour": "red"}, "Extra inputs"),
    ],
)
def test_a_tag_that_no_table_can_hold_is_refused(wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        ModbusTag.model_validate({**tag(SPEED), **wrong})


def test_the_protocol_decides_what_a_device_may_say() -> None:
    adapter: TypeAdapter[Any] = TypeAdapter(Device)
    with pytest.raises(ValidationError, match="Extra inputs"):
        adapter.validate_python(opcua("b", node(FORCE), unit=3))
    with pytest.raises(ValidationError, match="expected tags"):
        adapter.validate_python(modbus("a", tag(SPEED), protocol="profibus"))


@pytest.mark.parametrize(("scan_s", "timeout_s"), [(0.05, 0.2), (0.5, 0.4), (1, 0.8), (60, 3.0)])
def test_a_device_s_time_out_shows_its_loss_within_two_periods(
    scan_s: float, timeout_s: float
) -> None:
    device = ModbusDevice.model_validate(modbus("a", tag(SPEED), scan_s=scan_s))
    assert device.request_timeout_s == pytest.approx(timeout_s)
    own = ModbusDevice.model_validate(modbus("a", tag(SPEED), timeout_s=7))
    assert own.request_timeout_s == 7


def test_ids_that_stand_twice_are_named() -> None:
    found = faults(modbus("a", tag(SPEED), tag(SPEED, 1)), modbus("a", tag(FORCE)))
    assert found == [
        "device 'a': stands 2 times; ids must be unique",
        f"tag '{SPEED}': stands 2 times; ids must be unique",
    ]


def test_tags_and_ropeways_that_are_not_there_are_named_with_who_asks() -> None:
    way = ropeway(
        "north.drive.gone",
        people=FORCE,
        towers=[{"number": 3, "position_m": 1, "altitude_m": 1, "azimuth_deg": 1, "gust": FORCE}],
        indicators=[{"name": NAME, "highest_of": [SPEED, FORCE]}],
        safety_circuits=[{"name": NAME, "tag": FORCE}],
    )
    frozen = {"after_s": 1, "neighbour": FORCE}
    found = faults(
        modbus("a", tag(SPEED, frozen=frozen), tag("west.drive.speed", 1), ropeway="east"),
        ropeway=[way],
    )
    assert found == [
        f"tag '{SPEED}' frozen.neighbour: no tag '{FORCE}'",
        "ropeway 'north' speed: no tag 'north.drive.gone'",
        f"ropeway 'north' people: no tag '{FORCE}'",
        f"ropeway 'north' tower 3 gust: no tag '{FORCE}'",
        f"ropeway 'north' indicator 'name': no tag '{FORCE}'",
        f"ropeway 'north' safety circuit 'name': no tag '{FORCE}'",
        "device 'a': no ropeway 'east'",
        "tag 'west.drive.speed': begins with no ropeway's id, nor 'site'",
    ]


def test_two_test_points_of_one_ropeway_never_share_a_code() -> None:
    way = ropeway(SPEED, ropes=[rope("haul", 1, 2, 2), rope("track", 1)])
    assert faults(modbus("a", tag(SPEED)), ropeway=[way]) == [
        "ropeway 'north': test point code 1 stands 2 times; its instrument could not tell which",
        "ropeway 'north': test point code 2 stands 2 times; its instrument could not tell which",
    ]


def test_two_test_points_of_one_rope_never_share_an_id() -> None:
    twice = rope("haul", 1, 2)
    twice["test_points"][1]["id"] = "end_0"
    found = faults(modbus("a", tag(SPEED)), ropeway=[ropeway(SPEED, ropes=[twice])])
    assert found == ["rope 'haul': test point 'end_0': stands 2 times; ids must be unique"]


def test_a_time_zone_that_nobody_knows_is_refused() -> None:
    wrong = tables(modbus("a", tag(SPEED)), site={"name": NAME, "timezone": "Mars/Olympus"})
    with pytest.raises(ValidationError, match="no time zone 'Mars/Olympus'"):
        Plant.model_validate(wrong)


def test_an_indicator_shows_one_thing() -> None:
    for wrong in ({}, {"tag": SPEED, "highest_of": [SPEED]}):
        with pytest.raises(ValidationError, match="either 'tag' or 'highest_of'"):
            plant(
                modbus("a", tag(SPEED)),
                ropeway=[ropeway(SPEED, indicators=[{"name": NAME, **wrong}])],
            )
