"""Values as registers, against bytes written by hand after the Modbus specification."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.site import ModbusDevice, ModbusTag
from simulators.plc import registers_of, swapped


def registers(value: float, tag: dict[str, Any], device: dict[str, Any] | None = None) -> list[int]:
    entry = {"id": "a.b.c", "address": 0, **tag}
    made = ModbusDevice.model_validate(
        {
            "id": "plc",
            "ropeway": "site",
            "protocol": "modbus_tcp",
            "host": "127.0.0.1",
            "tags": [entry],
            **(device or {}),
        }
    )
    return registers_of(ModbusTag.model_validate(entry), made, value)


@pytest.mark.parametrize(
    ("kind", "value", "big"),
    [
        ("int16", -2, [0xFFFE]),
        ("uint16", 0xABCD, [0xABCD]),
        ("int32", -2, [0xFFFF, 0xFFFE]),
        ("uint32", 0x12345678, [0x1234, 0x5678]),
        ("float32", 6.0, [0x40C0, 0x0000]),
        ("float32", -1.5, [0xBFC0, 0x0000]),
        ("int64", -2, [0xFFFF, 0xFFFF, 0xFFFF, 0xFFFE]),
        ("uint64", 0x0001000200030004, [1, 2, 3, 4]),
        ("float64", 1.0, [0x3FF0, 0, 0, 0]),
        ("float64", 0.1, [0x3FB9, 0x9999, 0x9999, 0x999A]),
    ],
)
def test_every_type_in_every_order_has_the_bytes_of_the_specification(
    kind: str, value: float, big: list[int]
) -> None:
    tag = {"type": kind}
    little_words = {**tag, "word_order": "little"}
    assert registers(value, tag) == big
    assert registers(value, little_words) == big[::-1]
    assert registers(value, {**tag, "byte_order": "little"}) == [swapped(word) for word in big]
    assert registers(value, {**little_words, "byte_order": "little"}) == [
        swapped(word) for word in big[::-1]
    ]
    # The device's own order holds where the tag says nothing.
    assert registers(value, tag, {"word_order": "little"}) == big[::-1]
    assert registers(value, tag, {"byte_order": "little"}) == [swapped(word) for word in big]


def test_swapping_turns_the_two_bytes_of_a_register() -> None:
    assert swapped(0x1234) == 0x3412


def test_scale_and_offset_are_taken_off_and_the_figure_is_rounded() -> None:
    assert registers(12.34, {"type": "int16", "scale": 0.1}) == [123]
    assert registers(-40.0, {"type": "uint16", "scale": 0.5, "offset": -50.0}) == [20]


def test_a_figure_that_does_not_fit_stops_at_the_end_of_its_type() -> None:
    assert registers(1e9, {"type": "int16"}) == [0x7FFF]
    assert registers(-1e9, {"type": "int16"}) == [0x8000]
    assert registers(-1, {"type": "uint16"}) == [0]


def test_no_number_is_sent_as_the_highest_figure() -> None:
    assert registers(float("nan"), {"type": "int16"}) == [0x7FFF]
    assert registers(float("nan"), {"type": "uint16"}) == [0xFFFF]


@settings(deadline=None)
@given(
    value=st.floats(-1e12, 1e12),
    kind=st.sampled_from(["int16", "uint16", "int32", "uint32", "int64", "uint64", "float64"]),
    scale=st.sampled_from([0.001, 0.1, 1.0, 10.0]),
)
def test_every_register_is_sixteen_bits(value: float, kind: str, scale: float) -> None:
    assert all(0 <= word <= 0xFFFF for word in registers(value, {"type": kind, "scale": scale}))
