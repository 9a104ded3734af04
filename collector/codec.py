"""Registers and bits to engineering values: one compiled decoder for each block."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from collector.model import Qualities, Quality, Slots, Values
from collector.site import REGISTERS, ModbusTag, Tag

Order = Literal["big", "little"]

DTYPES = {
    "int16": ">i2",
    "uint16": ">u2",
    "int32": ">i4",
    "uint32": ">u4",
    "float32": ">f4",
    "int64": ">i8",
    "uint64": ">u8",
    "float64": ">f8",
}


@dataclass(frozen=True, slots=True)
class Placed:
    """A tag with its slot and the orders that hold for it."""

    slot: int
    tag: ModbusTag
    word_order: Order
    byte_order: Order


@dataclass(frozen=True, slots=True)
class _Run:
    """Tags of one type: which bytes to gather, and which samples they become."""

    begin: int
    end: int
    gather: NDArray[np.intp]
    dtype: str
    bits: NDArray[np.uint16] | None


@dataclass(frozen=True, slots=True)
class Scaling:
    """Raw figures to engineering units and their range check, for many tags at once."""

    scale: Values
    offset: Values
    lowest: Values
    highest: Values

    def apply(self, raw: Values) -> tuple[Values, Qualities]:
        """Return values and quality; no number becomes NaN, outside the range is bad."""
        with np.errstate(over="ignore", invalid="ignore"):
            values = raw * self.scale + self.offset
            outside = (values < self.lowest) | (values > self.highest)
        quality = np.where(outside, Quality.BAD_OUT_OF_RANGE, Quality.GOOD).astype(np.uint8)
        senseless = ~np.isfinite(values)
        if senseless.any():
            values[senseless] = np.nan
            quality[senseless] = Quality.BAD_NOT_A_NUMBER
        return values, quality

    def pick(self, rows: NDArray[np.intp]) -> "Scaling":
        """Return the scaling of the tags at `rows`, in that order."""
        return Scaling(self.scale[rows], self.offset[rows], self.lowest[rows], self.highest[rows])


def scaling_of(tags: Sequence[Tag]) -> Scaling:
    """Return the scaling of `tags`, in their order; no limit stands for infinity."""
    return Scaling(
        scale=np.array([tag.scale for tag in tags]),
        offset=np.array([tag.offset for tag in tags]),
        lowest=np.array([-np.inf if tag.min is None else tag.min for tag in tags]),
        highest=np.array([np.inf if tag.max is None else tag.max for tag in tags]),
    )


@dataclass(frozen=True, slots=True)
class Decoder:
    """Decode the answer to one block read into samples, without a loop over tags.

    `slots` gives the order of the columns that `decode` returns. 64-bit integers
    become float64 and keep 53 bits, as all values of a scan do.
    """

    slots: Slots
    size_bytes: int
    in_bits: bool
    runs: tuple[_Run, ...]
    bit_offsets: NDArray[np.intp]
    scaling: Scaling

    def decode(self, answer: bytes) -> tuple[Values, Qualities]:
        """Return values and quality of the block's tags.

        `answer` holds the registers as they came on the wire (two bytes each, the
        first the high one), or the packed bits, lowest first. A value that is no
        number becomes NaN and bad; one outside its range keeps its figure and is
        bad. ValueError where the answer has not the size asked for.
        """
        if len(answer) != self.size_bytes:
            message = f"{len(answer)} bytes came, {self.size_bytes} were asked for"
            raise ValueError(message)
        raw = np.frombuffer(answer, dtype=np.uint8)
        values = self._bits(raw) if self.in_bits else self._registers(raw)
        return self.scaling.apply(values)

    def _bits(self, raw: NDArray[np.uint8]) -> Values:
        bits = np.unpackbits(raw, bitorder="little")
        return bits[self.bit_offsets].astype(np.float64)

    def _registers(self, raw: NDArray[np.uint8]) -> Values:
        values = np.empty(len(self.slots))
        for run in self.runs:
            words = raw[run.gather].view(run.dtype)[:, 0]
            if run.bits is not None:
                words = (words.astype(np.uint16) >> run.bits) & 1
            values[run.begin : run.end] = words
        return values


def compile_decoder(address: int, count: int, placed: Sequence[Placed]) -> Decoder:
    """Return the decoder for a block of `count` registers or bits at `address`.

    All of `placed` are in one table and lie wholly inside the block.
    """
    in_bits = placed[0].tag.in_bits
    ordered = sorted(placed, key=lambda one: (one.tag.type, one.tag.address))
    tags = [one.tag for one in ordered]
    return Decoder(
        slots=np.array([one.slot for one in ordered], dtype=np.int32),
        size_bytes=(count + 7) // 8 if in_bits else 2 * count,
        in_bits=in_bits,
        runs=() if in_bits else tuple(_runs(address, ordered)),
        bit_offsets=np.array([tag.address - address for tag in tags], dtype=np.intp),
        scaling=scaling_of(tags),
    )


def _runs(address: int, ordered: Sequence[Placed]) -> list[_Run]:
    runs: list[_Run] = []
    begin = 0
    while begin < len(ordered):
        kind = ordered[begin].tag.type
        end = begin
        while end < len(ordered) and ordered[end].tag.type == kind:
            end += 1
        part = ordered[begin:end]
        is_bit = kind == "bool"
        runs.append(
            _Run(
                begin=begin,
                end=end,
                gather=np.array([_bytes(address, one) for one in part], dtype=np.intp),
                dtype=">u2" if is_bit else DTYPES[kind],
                bits=np.array([one.tag.bit or 0 for one in part], dtype=np.uint16)
                if is_bit
                else None,
            )
        )
        begin = end
    return runs


def _bytes(address: int, placed: Placed) -> list[int]:
    """Return where each byte of the tag stands in the answer, high byte first."""
    first = placed.tag.address - address
    registers = range(first, first + REGISTERS[placed.tag.type])
    ordered = registers if placed.word_order == "big" else reversed(registers)
    pair = (0, 1) if placed.byte_order == "big" else (1, 0)
    return [2 * register + byte for register in ordered for byte in pair]
