"""From a figure off the panel to word order, byte order, type and scale, the likeliest first."""

import struct
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from collector.codec import Placed
from collector.site import ModbusTag
from collector.suggestion import MOST, Order, Panel, Suggestion, suggest

PACKED = {
    "int16": ">h",
    "uint16": ">H",
    "int32": ">i",
    "uint32": ">I",
    "float32": ">f",
    "int64": ">q",
    "uint64": ">Q",
    "float64": ">d",
}
KINDS = st.sampled_from(sorted(PACKED))
ORDERS = st.sampled_from(["big", "little"])


def registers(kind: str, figure: float, words: str = "big", octets: str = "big") -> list[int]:
    """Return the registers that a PLC would fill, packed by the struct module."""
    raw = struct.pack(PACKED[kind], figure if kind.startswith("float") else round(figure))
    found = [int.from_bytes(raw[at : at + 2], "big") for at in range(0, len(raw), 2)]
    if octets == "little":
        found = [(word & 0xFF) << 8 | word >> 8 for word in found]
    return found if words == "big" else found[::-1]


def around(address: int, own: list[int], fill: int = 0x1F3B) -> dict[int, int]:
    """Return the registers with strangers on both sides."""
    found = {address - 1: fill}
    found |= {address + at: word for at, word in enumerate(own)}
    for at in range(address + len(own), address + 6):
        found[at] = fill
    return found


def as_set(word_order: Order = "big", byte_order: Order = "big", **keys: Any) -> Placed:
    tag = ModbusTag.model_validate({"id": "a.b.c", "address": 100, **keys})
    return Placed(0, tag, word_order, byte_order)


def told(one: Suggestion) -> tuple[str, str, str, float]:
    return one.type, one.word_order, one.byte_order, one.scale


def test_swapped_words_of_a_float_are_found_first() -> None:
    words = around(100, registers("float32", 5.83, "little"))
    first, *_ = suggest(as_set(type="float32"), words, Panel.read("5.83"))
    assert told(first) == ("float32", "little", "big", 1.0)
    assert first.value == pytest.approx(5.83)


def test_what_is_set_and_right_comes_first_and_is_nearly_sure() -> None:
    words = around(100, registers("float32", 287.4))
    first, *_ = suggest(as_set(type="float32"), words, Panel.read("287.4"))
    assert told(first) == ("float32", "big", "big", 1.0)
    assert first.plausibility > 0.5


def test_a_missing_scale_is_found() -> None:
    words = around(100, registers("uint16", 2874))
    first, *_ = suggest(as_set(type="uint16"), words, Panel.read("287.4"))
    assert told(first) == ("uint16", "big", "big", 0.1)


def test_a_float_taken_for_a_register_is_found() -> None:
    words = around(100, registers("float32", 287.4))
    first, *_ = suggest(as_set(type="uint16", scale=0.1), words, Panel.read("287.4"))
    assert told(first) == ("float32", "big", "big", 1.0)


def test_an_address_that_counts_from_one_is_found() -> None:
    words = around(99, registers("float32", -12.75)) | {98: 7}
    found = suggest(as_set(type="float32"), words, Panel.read("-12.75"))
    assert (found[0].address, found[0].type) == (99, "float32")


def test_swapped_bytes_are_found() -> None:
    words = around(100, registers("int16", -312, octets="little"))
    first, *_ = suggest(as_set(type="int16", scale=0.1), words, Panel.read("-31.2"))
    assert told(first) == ("int16", "big", "little", 0.1)


def test_zero_proves_nothing() -> None:
    assert suggest(as_set(type="uint16"), around(100, [0, 0, 0, 0], 0), Panel.read("0.0")) == ()


def test_a_figure_that_nothing_gives_has_no_suggestion() -> None:
    assert suggest(as_set(type="uint16"), around(100, [0xFFFF] * 4, 0xFFFF), Panel.read("3")) == ()


@pytest.mark.parametrize("text", ["", "fast", "nan", "inf", "1,5"])
def test_a_text_that_is_no_figure_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Panel.read(text)


@pytest.mark.parametrize(
    ("text", "value", "rounding"),
    [("5.8", 5.8, 0.05), ("287", 287, 0.5), ("-1.25e3", -1250, 5.0), ("6.00", 6.0, 0.005)],
)
def test_the_last_digit_tells_how_far_the_panel_may_be_off(
    text: str, value: float, rounding: float
) -> None:
    panel = Panel.read(text)
    assert panel.value == value
    assert panel.rounding == pytest.approx(rounding)


@settings(deadline=None, max_examples=150)
@given(
    kind=KINDS,
    words=ORDERS,
    octets=ORDERS,
    figure=st.integers(200, 30_000),
    scale=st.sampled_from([1.0, 0.1, 0.01]),
)
def test_the_true_way_comes_first_where_it_is_set(
    kind: str, words: Order, octets: Order, figure: int, scale: float
) -> None:
    assume(not kind.startswith("float") or scale == 1.0)
    own = registers(kind, figure, words, octets)
    shown = Panel(figure * scale, 0.05)
    placed = as_set(words, octets, type=kind, scale=scale)
    found = suggest(placed, around(100, own), shown)
    first = found[0]
    assert told(first) == (kind, words, octets, scale)
    assert len(found) <= MOST
    assert sum(one.plausibility for one in found) == pytest.approx(1.0)


@settings(deadline=None, max_examples=150)
@given(
    words=st.lists(st.integers(0, 0xFFFF), min_size=6, max_size=6),
    value=st.floats(-1e6, 1e6).filter(lambda value: abs(value) > 1e-3),
)
def test_every_suggestion_gives_the_figure_whatever_the_registers_hold(
    words: list[int], value: float
) -> None:
    panel = Panel(value, 0.05)
    found = suggest(as_set(type="float32"), dict(enumerate(words, 99)), panel)
    assert all(panel.misfit(one.value) <= 1 for one in found)
    ranks = [one.plausibility for one in found]
    assert ranks == sorted(ranks, reverse=True)
