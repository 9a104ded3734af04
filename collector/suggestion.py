"""Find how registers must be read to give the value that a person reads off the panel."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Literal

from collector.codec import Placed, compile_decoder
from collector.site import REGISTERS, ModbusTag

Order = Literal["big", "little"]

ORDERS: tuple[Order, ...] = ("big", "little")
# One too low is a manual that counts from 1; one too high, one that was corrected twice.
ADDRESS_STEPS = (0, -1, 1)
SCALES = (1.0, 0.1, 0.01, 0.001, 0.0001, 10.0, 100.0, 1000.0)
# What moves between the glance at the panel and the read.
LEEWAY_SHARE = 0.005
MOST = 8


@dataclass(frozen=True, slots=True)
class Panel:
    """What a person read: the figure, and by how much its last digit may be off."""

    value: float
    rounding: float

    @staticmethod
    def read(text: str) -> "Panel":
        """Return the figure that `text` shows; ValueError where it is none."""
        value = float(text)
        if not math.isfinite(value):
            message = f"'{text}' is no figure"
            raise ValueError(message)
        mantissa, _, exponent = text.lower().partition("e")
        decimals = len(mantissa.partition(".")[2])
        return Panel(value, 0.5 * 10.0 ** (int(exponent or 0) - decimals))

    def misfit(self, value: float) -> float:
        """Return how far `value` is off, 1 being as far as can be believed."""
        allowed = self.rounding + LEEWAY_SHARE * abs(self.value)
        return abs(value - self.value) / allowed


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One way to read a tag; `plausibility` is 0 to 1, all suggestions together 1."""

    address: int
    type: str
    word_order: Order
    byte_order: Order
    scale: float
    value: float
    plausibility: float


@dataclass(frozen=True, slots=True)
class _Way:
    address: int
    type: str
    word_order: Order
    byte_order: Order

    @property
    def long(self) -> bool:
        return REGISTERS[self.type] > 1


def suggest(as_set: Placed, words: Mapping[int, int], panel: Panel) -> tuple[Suggestion, ...]:
    """Return the ways to read `words` that give the panel's figure, likeliest first.

    `words` are the registers around the tag by address, as numbers of 16 bits;
    `as_set` is how the site file reads it. At most eight are returned; none where
    nothing fits, and none for zero, which every empty register would fit. What is
    likely: what is set already, plain addresses, whole numbers with small powers of
    ten, floats without any scale, and a small misfit.
    """
    if panel.value == 0:
        return ()
    found: list[tuple[float, _Way, float, float]] = []
    for way in _ways(as_set, words):
        raw = _decoded(as_set.tag, way, words)
        for scale in (*SCALES, as_set.tag.scale):
            value = raw * scale + as_set.tag.offset
            if math.isfinite(value) and panel.misfit(value) <= 1:
                doubt = _doubt(as_set, way, scale) + panel.misfit(value)
                found.append((doubt, way, scale, value))
    return _ranked(found)


def _ways(as_set: Placed, words: Mapping[int, int]) -> Iterator[_Way]:
    kinds = [kind for kind in REGISTERS if kind != "bool"]
    for step, kind, word, octet in product(ADDRESS_STEPS, kinds, ORDERS, ORDERS):
        address = as_set.tag.address + step
        width = REGISTERS[kind]
        if width == 1 and word != as_set.word_order:
            continue  # one register has no order of words
        if all(address + place in words for place in range(width)):
            yield _Way(address, kind, word, octet)


def _decoded(tag: ModbusTag, way: _Way, words: Mapping[int, int]) -> float:
    """Return the raw figure, decoded as the monitor itself would decode it."""
    changed = {"address": way.address, "type": way.type, "bit": None, "min": None, "max": None}
    plain = tag.model_copy(update={**changed, "scale": 1.0, "offset": 0.0})
    width = REGISTERS[way.type]
    answer = b"".join(words[way.address + at].to_bytes(2, "big") for at in range(width))
    placed = Placed(0, plain, way.word_order, way.byte_order)
    values, _ = compile_decoder(way.address, width, [placed]).decode(answer)
    return float(values[0])


def _doubt(as_set: Placed, way: _Way, scale: float) -> float:
    """Return how unlikely the way is by itself: 0 is what is set."""
    tag = as_set.tag
    is_float = way.type.startswith("float")
    doubt = 2.5 * abs(way.address - tag.address)
    if way.type != tag.type:
        doubt += 2.0 if way.type in ("int64", "uint64", "float64") else 1.0
    doubt += 0.5 * (way.long and way.word_order != as_set.word_order)
    doubt += 1.5 * (way.byte_order != as_set.byte_order)
    if scale != tag.scale:
        doubt += 0.5 + 0.4 * abs(math.log10(scale / tag.scale)) if scale * tag.scale > 0 else 2.0
    return doubt + 3.0 * (is_float and scale not in (1.0, tag.scale))


def _ranked(found: Sequence[tuple[float, _Way, float, float]]) -> tuple[Suggestion, ...]:
    best: dict[tuple[_Way, float], tuple[float, float]] = {}
    for doubt, way, scale, value in found:
        if (way, scale) not in best or doubt < best[way, scale][0]:
            best[way, scale] = doubt, value
    ordered = sorted(best.items(), key=lambda one: one[1][0])[:MOST]
    whole = sum(math.exp(-doubt) for _, (doubt, _) in ordered)
    return tuple(
        Suggestion(
            address=way.address,
            type=way.type,
            word_order=way.word_order,
            byte_order=way.byte_order,
            scale=scale,
            value=value,
            plausibility=math.exp(-doubt) / whole,
        )
        for (way, scale), (doubt, value) in ordered
    )
