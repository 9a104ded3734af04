"""Packs columns of samples into compressed blocks, and back to the very last bit."""

import zlib
from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray

from collector.model import Instants, Qualities, Values

Rows = NDArray[np.int64]
Integers = NDArray[np.int64]

# Level 1 packs the noise of instruments as tightly as level 9 does, in a quarter of the time.
LEVEL = 1
WIDTHS = (1, 2, 4, 8)
WHOLE_UP_TO = 2.0**53
MOST_STEP = 2**63 - 1
NO_NUMBER = int(np.array([np.nan]).view(np.int64)[0])


class BlockError(Exception):
    """A block is damaged: it cannot be unpacked."""


@dataclass(frozen=True, slots=True)
class Axis:
    """The scans of one device in one segment, in the order of the log.

    `source_ns` holds the source time that most samples of the scan have.
    """

    seq: Integers
    received_ns: Instants
    source_ns: Instants

    def __len__(self) -> int:
        """Return the number of scans."""
        return len(self.seq)


@dataclass(frozen=True, slots=True)
class Column:
    """The samples of one tag in one segment, in the order of the log.

    `rows` tells for each sample which scan of the axis brought it.
    """

    rows: Rows
    source_ns: Instants
    values: Values
    quality: Qualities

    def __len__(self) -> int:
        """Return the number of samples."""
        return len(self.values)


@dataclass(frozen=True, slots=True)
class Linear:
    """How a tag's raw figures become values: most values are whole figures behind it."""

    scale: float = 1.0
    offset: float = 0.0


class _Body(msgspec.Struct, array_like=True, frozen=True):
    """One packed column; None where nothing differs from what the axis says."""

    count: int
    rows: bytes | None
    moved: bytes | None
    moves: bytes | None
    quality: bytes | int
    values: bytes


class _Whole(msgspec.Struct, array_like=True, frozen=True):
    """Packed whole numbers: all the same, differences, or distances from the first."""

    count: int
    first: int
    step: int = 0
    width: int = 0
    differences: bool = False
    body: bytes = b""


class _Figures(msgspec.Struct, array_like=True, frozen=True):
    """Packed values: which form the whole numbers have, and where there is no number."""

    form: int
    scale: float
    offset: float
    holes: bytes | None
    whole: bytes


LINEAR, DECIMAL, SINGLE, BITS = range(4)
DECIMALS = tuple((DECIMAL, Linear(10.0**places)) for places in range(7))


def pack_axis(axis: Axis) -> tuple[bytes, bytes, bytes]:
    """Return sequence numbers, times of receiving and source times, each packed."""
    return (
        pack_integers(axis.seq),
        pack_integers(axis.received_ns),
        pack_integers(axis.source_ns),
    )


def unpack_axis(packed: tuple[bytes, bytes, bytes]) -> Axis:
    """Return what `pack_axis` packed; BlockError where it is damaged."""
    return Axis(*(unpack_integers(one) for one in packed))


def pack_column(column: Column, axis: Axis, linear: Linear) -> bytes:
    """Return one tag's samples as a block; `linear` only helps to pack tightly."""
    expected_ns = axis.source_ns[column.rows]
    with np.errstate(over="ignore"):
        moves = column.source_ns - expected_ns
    moved = np.flatnonzero(moves)
    first = int(column.quality[0])
    whole = len(column) == len(axis) and bool((column.rows == np.arange(len(axis))).all())
    body = _Body(
        count=len(column),
        rows=None if whole else pack_integers(column.rows),
        moved=pack_integers(moved.astype(np.int64)) if len(moved) else None,
        moves=pack_integers(moves[moved]) if len(moved) else None,
        quality=first
        if bool((column.quality == first).all())
        else zlib.compress(column.quality.tobytes(), LEVEL),
        values=pack_values(column.values, linear),
    )
    return msgspec.msgpack.encode(body)


def unpack_column(packed: bytes, axis_ns: Instants) -> Column:
    """Return what `pack_column` packed, by the axis's source times.

    BlockError where it is damaged.
    """
    try:
        body = msgspec.msgpack.decode(packed, type=_Body)
        rows = np.arange(body.count) if body.rows is None else unpack_integers(body.rows)
        source_ns = axis_ns[rows]
        if body.moved is not None and body.moves is not None:
            with np.errstate(over="ignore"):
                source_ns[unpack_integers(body.moved)] += unpack_integers(body.moves)
        values = unpack_values(body.values)
        quality = _quality(body)
    except (msgspec.DecodeError, zlib.error, ValueError, IndexError, OverflowError) as error:
        raise BlockError(str(error)) from error
    if not len(rows) == len(values) == len(quality) == body.count:
        message = "its columns have different lengths"
        raise BlockError(message)
    return Column(rows, source_ns, values, quality)


def _quality(body: _Body) -> Qualities:
    if isinstance(body.quality, int):
        return np.full(body.count, body.quality, dtype=np.uint8)
    return np.frombuffer(zlib.decompress(body.quality), dtype=np.uint8)


def pack_integers(whole: Integers) -> bytes:
    """Return whole numbers packed: narrow differences, byte by byte, compressed."""
    count, first = len(whole), int(whole[0]) if len(whole) else 0
    with np.errstate(over="ignore"):
        distances = whole - np.int64(first)
        differences = steps_between(whole)
    if not distances.any():
        return msgspec.msgpack.encode(_Whole(count, first))
    by_difference = _spread(differences) <= _spread(distances)
    chosen = differences if by_difference else distances
    step = abs(int(np.gcd.reduce(chosen)))
    if step > MOST_STEP:  # the one divisor that an instant cannot hold
        step = 1
    steps = chosen // step
    width = _width(steps)
    body = zlib.compress(_by_byte(steps, width), LEVEL)
    return msgspec.msgpack.encode(_Whole(count, first, step, width, by_difference, body))


def steps_between(whole: Integers) -> Integers:
    """Return how far each number is from the one before it; 0 for the first."""
    steps = np.zeros_like(whole)
    np.subtract(whole[1:], whole[:-1], out=steps[1:])
    return steps


def unpack_integers(packed: bytes) -> Integers:
    """Return what `pack_integers` packed; BlockError where it is damaged."""
    try:
        whole = msgspec.msgpack.decode(packed, type=_Whole)
        if not whole.width:
            return np.full(whole.count, whole.first, dtype=np.int64)
        planes = np.frombuffer(zlib.decompress(whole.body), dtype=np.uint8)
        steps = np.ascontiguousarray(planes.reshape(whole.width, whole.count).T)
        with np.errstate(over="ignore"):
            chosen = steps.view(f"<i{whole.width}").ravel().astype(np.int64) * whole.step
            if whole.differences:
                np.cumsum(chosen, out=chosen)
            return chosen + np.int64(whole.first)
    except (msgspec.DecodeError, zlib.error, ValueError, TypeError, OverflowError) as error:
        raise BlockError(str(error)) from error


def pack_values(values: Values, linear: Linear) -> bytes:
    """Return values packed without loss: where they are, as the figures that instruments send."""
    bits = values.view(np.int64)
    empty = bits == NO_NUMBER
    if empty.any() and not empty.all():
        holes, dense = zlib.compress(np.packbits(empty).tobytes(), LEVEL), _filled(values, empty)
    else:
        holes, dense = None, values
    form, used, whole = _whole_form(dense, linear)
    return msgspec.msgpack.encode(
        _Figures(form, used.scale, used.offset, holes, pack_integers(whole))
    )


def unpack_values(packed: bytes) -> Values:
    """Return what `pack_values` packed; BlockError where it is damaged."""
    try:
        figures = msgspec.msgpack.decode(packed, type=_Figures)
        values = _figures(
            figures.form, Linear(figures.scale, figures.offset), unpack_integers(figures.whole)
        )
        if figures.holes is not None:
            flags = np.frombuffer(zlib.decompress(figures.holes), dtype=np.uint8)
            values[np.unpackbits(flags, count=len(values)).astype(bool)] = np.nan
    except (msgspec.DecodeError, zlib.error, ValueError, OverflowError) as error:
        raise BlockError(str(error)) from error
    return values


def _filled(values: Values, empty: NDArray[np.bool_]) -> Values:
    """Return `values` where each hole repeats what stood before it, the first what comes first."""
    at = np.where(empty, 0, np.arange(len(values)))
    at = np.maximum.accumulate(at)
    at[: int(np.argmin(empty))] = int(np.argmin(empty))
    return values[at]


def _whole_form(values: Values, linear: Linear) -> tuple[int, Linear, Integers]:
    """Return the tightest form that gives `values` back bit by bit."""
    if bool(np.isfinite(values).all()):
        for form, used in ((LINEAR, linear), *DECIMALS):
            with np.errstate(over="ignore", invalid="ignore"):
                raw = values * used.scale if form == DECIMAL else _raw(values, used)
            whole = np.rint(raw)
            if np.abs(whole).max(initial=0.0) >= WHOLE_UP_TO:
                continue
            figures = whole.astype(np.int64)
            if _same(_figures(form, used, figures), values):
                return form, used, figures
        with np.errstate(over="ignore"):
            single = values.astype(np.float32)
        if _same(single.astype(np.float64), values):
            return SINGLE, Linear(), single.view(np.int32).astype(np.int64)
    return BITS, Linear(), values.view(np.int64)


def _raw(values: Values, linear: Linear) -> Values:
    return (values - linear.offset) / linear.scale


def _figures(form: int, used: Linear, whole: Integers) -> Values:
    if form == LINEAR:
        return whole.astype(np.float64) * used.scale + used.offset
    if form == DECIMAL:
        return whole.astype(np.float64) / used.scale
    if form == SINGLE:
        return whole.astype(np.int32).view(np.float32).astype(np.float64)
    return whole.view(np.float64)


def _same(one: Values, other: Values) -> bool:
    return bool((one.view(np.int64) == other.view(np.int64)).all())


def _spread(whole: Integers) -> float:
    return float(np.abs(whole.astype(np.float64)).sum())


def _width(whole: Integers) -> int:
    low, high = int(whole.min()), int(whole.max())
    return next(w for w in WIDTHS if -(1 << 8 * w - 1) <= low and high < 1 << 8 * w - 1)


def _by_byte(whole: Integers, width: int) -> bytes:
    """Return all lowest bytes, then all next ones: like stands beside like."""
    narrow = whole.astype(f"<i{width}")
    return narrow.view(np.uint8).reshape(-1, width).T.tobytes()
