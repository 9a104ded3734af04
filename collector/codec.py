"""Registers and bits to engineering values: one compiled decoder for each block."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Literal

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
    "bcd16": ">u2",
    "bcd32": ">u4",
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
    """Tags of one type, side by side in the gathered bytes, and the samples they become."""

    begin: int
    end: int
    first_byte: int
    end_byte: int
    dtype: np.dtype[Any]
    in_digits: bool
    bits: NDArray[np.uint16] | None

    def figures(self, gathered: NDArray[np.uint8]) -> NDArray[Any]:
        """Return the run's raw figures."""
        words: NDArray[Any] = gathered[self.first_byte : self.end_byte].view(self.dtype)
        if self.bits is not None:
            return (words.astype(np.uint16) >> self.bits) & 1
        return _digits(words) if self.in_digits else words


def widening() -> np.errstate:
    """Return the context in which figures are widened to 64 bits.

    A device may well send a signalling NaN; that it cannot be widened quietly is no
    error of ours.
    """
    return np.errstate(invalid="ignore")


def _digits(words: NDArray[Any]) -> Values:
    """Return what the binary coded decimals say; NaN where a digit passes nine."""
    values = np.zeros(len(words))
    for place in range(2 * words.dtype.itemsize):
        digit = words >> (4 * place) & 15
        values += np.where(digit > 9, np.nan, digit * 10.0**place)
    return values


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
            values = raw * self.scale
            values += self.offset
            outside = values < self.lowest
            outside |= values > self.highest
        quality = outside.view(np.uint8) * np.uint8(Quality.BAD_OUT_OF_RANGE)
        senseless = ~np.isfinite(values)
        if senseless.any():
            values[senseless] = np.nan
            quality[senseless] = Quality.BAD_NOT_A_NUMBER
        return values, quality

    @staticmethod
    def joined(parts: "Sequence[Scaling]") -> "Scaling":
        """Return one scaling for the tags of all `parts`, in their order."""
        return Scaling(
            scale=np.concatenate([one.scale for one in parts]),
            offset=np.concatenate([one.offset for one in parts]),
            lowest=np.concatenate([one.lowest for one in parts]),
            highest=np.concatenate([one.highest for one in parts]),
        )

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
    gather: NDArray[np.intp] | None
    bit_offsets: NDArray[np.intp]
    scaling: Scaling

    def decode(self, answer: bytes) -> tuple[Values, Qualities]:
        """Return values and quality of the block's tags.

        `answer` holds the registers as they came on the wire (two bytes each, the
        first the high one), or the packed bits, lowest first. A value that is no
        number becomes NaN and bad; one outside its range keeps its figure and is
        bad. ValueError where the answer has not the size asked for.
        """
        figures = np.empty(len(self.slots))
        with widening():
            self.fill(answer, figures)
        return self.scaling.apply(figures)

    def fill(self, answer: bytes, figures: Values) -> None:
        """Write the raw figures of the block's tags into `figures`, before any scaling.

        To be called while `widening` holds. ValueError where the answer has not the size asked for.
        """
        if len(answer) != self.size_bytes:
            message = f"{len(answer)} bytes came, {self.size_bytes} were asked for"
            raise ValueError(message)
        raw = np.frombuffer(answer, dtype=np.uint8)
        if self.in_bits:
            figures[:] = np.unpackbits(raw, bitorder="little")[self.bit_offsets]
            return
        gathered = raw if self.gather is None else raw[self.gather]
        for run in self.runs:
            figures[run.begin : run.end] = run.figures(gathered)


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
        runs=() if in_bits else tuple(_runs(ordered)),
        gather=None if in_bits else _gather(address, ordered),
        bit_offsets=np.array([tag.address - address for tag in tags], dtype=np.intp),
        scaling=scaling_of(tags),
    )


def _runs(ordered: Sequence[Placed]) -> Iterator[_Run]:
    begin = first_byte = 0
    for kind, group in groupby(ordered, key=lambda one: one.tag.type):
        part = list(group)
        end, end_byte = begin + len(part), first_byte + 2 * REGISTERS[kind] * len(part)
        bits = np.array([one.tag.bit or 0 for one in part], dtype=np.uint16)
        yield _Run(
            begin=begin,
            end=end,
            first_byte=first_byte,
            end_byte=end_byte,
            dtype=np.dtype(DTYPES["uint16" if kind == "bool" else kind]),
            in_digits=kind.startswith("bcd"),
            bits=bits if kind == "bool" else None,
        )
        begin, first_byte = end, end_byte


def _gather(address: int, ordered: Sequence[Placed]) -> NDArray[np.intp] | None:
    """Return which byte of the answer goes where; None where they stand in order already."""
    gather = np.array([at for one in ordered for at in _bytes(address, one)], dtype=np.intp)
    return None if np.array_equal(gather, np.arange(len(gather))) else gather


def _bytes(address: int, placed: Placed) -> list[int]:
    """Return where each byte of the tag stands in the answer, high byte first."""
    first = placed.tag.address - address
    registers = range(first, first + REGISTERS[placed.tag.type])
    ordered = registers if placed.word_order == "big" else reversed(registers)
    pair = (0, 1) if placed.byte_order == "big" else (1, 0)
    return [2 * register + byte for register in ordered for byte in pair]
