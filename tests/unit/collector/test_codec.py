"""What pymodbus puts into registers comes out as the same values."""

import math
import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymodbus.client.mixin import ModbusClientMixin
from pymodbus.pdu.utils import pack_bitstring

from collector.codec import Order, Placed, compile_decoder
from collector.model import Quality
from collector.site import ModbusTag

KINDS = {kind.name.lower(): kind for kind in ModbusClientMixin.DATATYPE}
NUMBERS = {
    "int16": st.integers(-(2**15), 2**15 - 1),
    "uint16": st.integers(0, 2**16 - 1),
    "int32": st.integers(-(2**31), 2**31 - 1),
    "uint32": st.integers(0, 2**32 - 1),
    "int64": st.integers(-(2**63), 2**63 - 1),
    "uint64": st.integers(0, 2**64 - 1),
    "float32": st.floats(width=32),
    "float64": st.floats(),
}
ORDERS: st.SearchStrategy[Order] = st.sampled_from(("big", "little"))


def placed(
    address: int,
    slot: int = 0,
    word_order: Order = "big",
    byte_order: Order = "big",
    **other: Any,
) -> Placed:
    one = ModbusTag.model_validate({"id": "north.drive.speed", "address": address, **other})
    return Placed(slot, one, word_order, byte_order)


def on_wire(words: list[int], byte_order: Order) -> bytes:
    return b"".join(word.to_bytes(2, byte_order) for word in words)


@given(st.data())
def test_every_type_in_every_order_is_what_pymodbus_encoded(data: st.DataObject) -> None:
    kinds = data.draw(st.lists(st.sampled_from(sorted(NUMBERS)), min_size=1, max_size=12))
    tags, wire, wanted, address = [], b"", {}, data.draw(st.integers(0, 60_000))
    first = address
    for slot, kind in enumerate(kinds):
        hole = data.draw(st.integers(0, 3))
        word_order, byte_order = data.draw(ORDERS), data.draw(ORDERS)
        number = data.draw(NUMBERS[kind])
        words = ModbusClientMixin.convert_to_registers(number, KINDS[kind], word_order)
        wire += b"\xff\xff" * hole + on_wire(words, byte_order)
        address += hole
        tags.append(placed(address, slot, word_order, byte_order, type=kind))
        address += len(words)
        wanted[slot] = float(number)
    decoder = compile_decoder(first, address - first, data.draw(st.permutations(tags)))
    values, quality = decoder.decode(wire)
    for slot, value, how in zip(decoder.slots.tolist(), values, quality, strict=True):
        if math.isfinite(wanted[slot]):
            assert value == wanted[slot]
            assert how == Quality.GOOD
        else:
            assert math.isnan(value)
            assert how == Quality.BAD_NOT_A_NUMBER


@pytest.mark.parametrize(
    ("kind", "word_order", "byte_order", "wire", "value"),
    [
        ("float32", "big", "big", "42f6e979", 123.456),
        ("float32", "little", "big", "e97942f6", 123.456),
        ("float32", "big", "little", "f64279e9", 123.456),
        ("float32", "little", "little", "79e9f642", 123.456),
        ("int16", "big", "big", "fffe", -2),
        ("int16", "big", "little", "feff", -2),
        ("uint32", "little", "big", "56781234", 0x12345678),
        ("int64", "little", "big", "fffeffffffffffff", -2),
        ("float64", "big", "big", "c000000000000000", -2),
    ],
)
def test_known_registers_decode_to_known_values(
    kind: str, word_order: Order, byte_order: Order, wire: str, value: float
) -> None:
    one = placed(7, word_order=word_order, byte_order=byte_order, type=kind)
    answer = bytes.fromhex(wire)
    values, _ = compile_decoder(7, len(answer) // 2, [one]).decode(answer)
    assert values[0] == pytest.approx(value, rel=1e-6)


@given(st.integers(0, 10**8 - 1), ORDERS, ORDERS, st.booleans())
def test_decimal_digits_are_read_as_they_are_written(
    figure: int, word_order: Order, byte_order: Order, short: bool
) -> None:
    figure %= 10**4 if short else 10**8
    digits = f"{figure:04}" if short else f"{figure:08}"
    words = [int(digits[at : at + 4], 16) for at in range(0, len(digits), 4)]
    if word_order == "little":
        words.reverse()
    one = placed(0, 0, word_order, byte_order, type="bcd16" if short else "bcd32")
    values, quality = compile_decoder(0, len(words), [one]).decode(on_wire(words, byte_order))
    assert (values[0], quality[0]) == (figure, Quality.GOOD)


@given(st.integers(0, 0xFFFFFFFF))
def test_a_digit_above_nine_is_no_number(raw: int) -> None:
    one = placed(0, type="bcd32", min=0, max=10**9)
    values, quality = compile_decoder(0, 2, [one]).decode(raw.to_bytes(4, "big"))
    if f"{raw:x}".isdecimal():
        assert (values[0], quality[0]) == (int(f"{raw:x}"), Quality.GOOD)
    else:
        assert math.isnan(values[0])
        assert quality[0] == Quality.BAD_NOT_A_NUMBER


@given(st.integers(0, 0xFFFF), ORDERS)
def test_bits_packed_in_a_register_come_out_one_by_one(word: int, byte_order: Order) -> None:
    tags = [placed(3, bit, byte_order=byte_order, type="bool", bit=bit) for bit in range(16)]
    decoder = compile_decoder(3, 1, tags)
    values, _ = decoder.decode(on_wire([word], byte_order))
    by_slot = dict(zip(decoder.slots.tolist(), values.tolist(), strict=True))
    assert by_slot == {bit: float(word >> bit & 1) for bit in range(16)}


@given(st.lists(st.booleans(), min_size=1, max_size=200), st.data())
def test_a_table_of_bits_decodes_to_what_pymodbus_packed(
    bits: list[bool], data: st.DataObject
) -> None:
    first = data.draw(st.integers(0, 1000))
    chosen = data.draw(st.sets(st.integers(0, len(bits) - 1), min_size=1))
    tags = [placed(first + at, at, table="discrete_input", type="bool") for at in sorted(chosen)]
    decoder = compile_decoder(first, len(bits), tags)
    values, quality = decoder.decode(pack_bitstring(bits))
    assert values.tolist() == [float(bits[at]) for at in decoder.slots]
    assert not quality.any()


def test_scale_and_offset_are_applied_before_the_range_is_checked() -> None:
    one = placed(0, scale=0.1, offset=-40, min=-40, max=85)
    values, quality = compile_decoder(0, 1, [one]).decode((1250).to_bytes(2, "big"))
    assert values[0] == pytest.approx(85)
    assert quality[0] == Quality.GOOD


@pytest.mark.parametrize("raw", [-101, 101])
def test_a_value_outside_its_range_keeps_its_figure_and_is_bad(raw: int) -> None:
    one = placed(0, type="int16", min=-100, max=100)
    values, quality = compile_decoder(0, 1, [one]).decode(struct.pack(">h", raw))
    assert values[0] == raw
    assert quality[0] == Quality.BAD_OUT_OF_RANGE


@pytest.mark.parametrize("raw", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_becomes_nan_and_bad_whatever_the_range(raw: float) -> None:
    one = placed(0, type="float32", min=0, max=10)
    values, quality = compile_decoder(0, 2, [one]).decode(struct.pack(">f", raw))
    assert math.isnan(values[0])
    assert quality[0] == Quality.BAD_NOT_A_NUMBER


def test_a_figure_that_overflows_when_scaled_is_no_number() -> None:
    one = placed(0, type="float64", scale=1e300)
    values, quality = compile_decoder(0, 4, [one]).decode(struct.pack(">d", 1e300))
    assert math.isnan(values[0])
    assert quality[0] == Quality.BAD_NOT_A_NUMBER


@pytest.mark.parametrize("size", [0, 3, 5, 6])
def test_an_answer_of_another_size_is_refused(size: int) -> None:
    decoder = compile_decoder(0, 2, [placed(0, type="float32")])
    with pytest.raises(ValueError, match="4 were asked for"):
        decoder.decode(bytes(size))


def test_a_decoder_gives_back_nothing_of_an_earlier_answer() -> None:
    decoder = compile_decoder(0, 1, [placed(0)])
    first, _ = decoder.decode(b"\x00\x01")
    second, _ = decoder.decode(b"\x00\x02")
    assert (first[0], second[0]) == (1, 2)
    assert not np.shares_memory(first, second)
