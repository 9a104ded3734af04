"""Read publish answers of an OPC UA server from their bytes into columns."""

import math
import struct
from dataclasses import dataclass, field
from struct import Struct
from typing import Any

from asyncua import ua
from asyncua.common.utils import Buffer, NotEnoughData
from asyncua.ua.ua_binary import struct_from_binary
from asyncua.ua.uaerrors import UaError

DATA_CHANGE = 811  # numeric node ids of the binary encodings, OPC UA part 6
STATUS_CHANGE = 820
PUBLISH_RESPONSE = 829

FILETIME_1970 = 11_644_473_600 * 10_000_000
# A scan counts nanoseconds in 64 bits, which end in the year 2262.
LAST_FILETIME = FILETIME_1970 + (2**63 - 1) // 100
NO_TIME = 0
IMPOSSIBLE_TIME = -1

# What a data value carries, by the bits of its first byte.
VALUE, STATUS, SOURCE, SERVER, SOURCE_PICO, SERVER_PICO = (1 << bit for bit in range(6))
# The built-in types that are one figure, from Boolean to Double.
FIGURES = dict(enumerate("?bBhHiIqQfd", start=1))

# The built-in types of a fixed size, in bytes: Null, Boolean to Double, DateTime, Guid, StatusCode.
SIZES = {0: 0, **{kind: Struct(f"<{letter}").size for kind, letter in FIGURES.items()}}
SIZES |= {13: 8, 14: 16, 19: 4}
DATA_VALUE, VARIANT = 23, 24
DEEPEST = 8

_HEAD = Struct("<IBB")
_LONG = Struct("<I")
_INSTANT = Struct("<q")
_COUNT = Struct("<i")


class WireError(Exception):
    """The bytes are no publish answer; the text says what is wrong with them."""


@dataclass(slots=True)
class Columns:
    """Samples in the order of coming; instants in ns since 1970, or NO_TIME, IMPOSSIBLE_TIME."""

    handles: list[int] = field(default_factory=list)
    raw: list[float] = field(default_factory=list)
    status: list[int] = field(default_factory=list)
    source_ns: list[int] = field(default_factory=list)

    def __len__(self) -> int:
        """Return the number of samples."""
        return len(self.handles)

    def add(self, handle: int, raw: float, status: int, filetime: int) -> None:
        """Put one sample at the end."""
        self.handles.append(handle)
        self.raw.append(raw)
        self.status.append(status)
        self.source_ns.append(nanoseconds(filetime))


@dataclass(frozen=True, slots=True)
class Publication:
    """One publish answer: of which subscription, its number, and what it brought.

    `ended` is the status with which the server ends the subscription, 0 while it
    goes on. Without samples and end the answer only keeps the subscription alive.
    """

    subscription: int
    number: int
    columns: Columns
    ended: int
    has_news: bool


# All that reading bytes by the library and by us can come to.
HOSTILE = (
    struct.error,
    NotEnoughData,
    UaError,
    ValueError,
    IndexError,
    TypeError,
    RecursionError,
    OverflowError,
)


def nanoseconds(filetime: int) -> int:
    """Return a wire instant as ns since 1970: NO_TIME for none, IMPOSSIBLE_TIME if not to 2262."""
    if FILETIME_1970 <= filetime <= LAST_FILETIME:
        return (filetime - FILETIME_1970) * 100
    return IMPOSSIBLE_TIME if filetime else NO_TIME


def read_publication(body: bytes) -> Publication:
    """Return what one publish answer says; WireError on anything else.

    What is no single figure becomes NaN. Figures with a source time, as almost every
    server sends them, take a short way.
    """
    try:
        return _read(body)
    except HOSTILE as error:
        words = " ".join(str(error).split())
        message = f"a publish answer of {len(body)} bytes cannot be read: {words}"
        raise WireError(message) from error


def _read(body: bytes) -> Publication:
    buffer = Buffer(body)
    kind = _node_number(buffer)
    if kind != PUBLISH_RESPONSE:
        message = f"it is a message of type {kind}"
        raise ValueError(message)
    struct_from_binary(ua.ResponseHeader, buffer).ServiceResult.check()
    (subscription,) = _LONG.unpack(buffer.read(4))
    buffer.skip(4 * _count(buffer, 4))
    buffer.skip(1)
    (number,) = _LONG.unpack(buffer.read(4))
    buffer.skip(8)
    columns, ended = Columns(), 0
    parts = _count(buffer, 3)
    for _ in range(parts):
        kind, length = _part(buffer)
        end = buffer.cur_pos + length
        if kind == DATA_CHANGE:
            _data_change(body, buffer.cur_pos, end, columns)
        elif kind == STATUS_CHANGE:
            (ended,) = _LONG.unpack_from(body, buffer.cur_pos)
        buffer.skip(length)
    return Publication(subscription, number, columns, ended, has_news=parts > 0)


def _node_number(buffer: Buffer) -> int:
    """Read a numeric node id in its shortest forms, as encodings of the standard have them."""
    form = buffer.read(1)[0]
    if form == 0:
        return buffer.read(1)[0]
    if form == 1:
        return int.from_bytes(buffer.read(3)[1:], "little")
    if form == 2:
        return int.from_bytes(buffer.read(6)[2:], "little")
    message = f"a type is named by a node id of form {form}"
    raise ValueError(message)


def _count(buffer: Buffer, smallest: int) -> int:
    """Read the length of an array whose elements take at least `smallest` bytes."""
    (count,) = _COUNT.unpack(buffer.read(4))
    if count > len(buffer) // smallest:
        message = f"an array of {count} stands in the last {len(buffer)} bytes"
        raise ValueError(message)
    return int(max(count, 0))


def _part(buffer: Buffer) -> tuple[int, int]:
    """Read what an extension object is and how long; a length of 0 where it has no body."""
    kind = _node_number(buffer)
    if buffer.read(1)[0] == 0:
        return 0, 0
    (length,) = _COUNT.unpack(buffer.read(4))
    if not 0 <= length <= len(buffer):
        message = f"a part of {length} bytes stands in the last {len(buffer)}"
        raise ValueError(message)
    return kind, length


def _data_change(body: bytes, at: int, end: int, columns: Columns) -> None:
    (count,) = _COUNT.unpack_from(body, at)
    at += 4
    if count > (end - at) // 5:
        message = f"{count} samples stand in {end - at} bytes"
        raise ValueError(message)
    handles, raw = columns.handles.append, columns.raw.append
    status, source_ns = columns.status.append, columns.source_ns.append
    head, layouts = _HEAD.unpack_from, LAYOUTS
    for _ in range(count):
        handle, mask, kind = head(body, at)
        layout = layouts.get(mask << 8 | kind)
        if layout is None:
            at = _any_sample(body, at, columns)
            continue
        figure, code, filetime = layout.read(body, at)
        handles(handle)
        raw(figure)
        status(code)
        # The bounds of `nanoseconds`, here without a call.
        if FILETIME_1970 <= filetime <= LAST_FILETIME:
            source_ns((filetime - FILETIME_1970) * 100)
        else:
            source_ns(nanoseconds(filetime))
        at += layout.size
    if at > end:
        message = f"{count} samples take more than their {end} bytes"
        raise ValueError(message)


@dataclass(frozen=True, slots=True)
class _Layout:
    """One way a sample may lie on the wire: its size and how its three figures are read."""

    size: int
    read: Any


def _layout(mask: int, letter: str) -> _Layout:
    """Return the layout of a figure with a source time, and what else `mask` says."""
    status = "I" if mask & STATUS else ""
    server = 8 if mask & SERVER else 0
    whole = Struct(f"<6x{letter}{status}q{server}x")
    if mask & STATUS:
        return _Layout(whole.size, whole.unpack_from)
    unpack = whole.unpack_from

    def read(body: bytes, at: int) -> tuple[float, int, int]:
        figure, filetime = unpack(body, at)
        return figure, 0, filetime

    return _Layout(whole.size, read)


LAYOUTS = {
    mask << 8 | kind: _layout(mask, letter)
    for mask in (
        VALUE | SOURCE,
        VALUE | SOURCE | SERVER,
        VALUE | SOURCE | STATUS,
        VALUE | SOURCE | STATUS | SERVER,
    )
    for kind, letter in FIGURES.items()
}


def _any_sample(body: bytes, at: int, columns: Columns) -> int:
    """Read one sample of whatever shape; return where the next one begins."""
    (handle,) = _LONG.unpack_from(body, at)
    mask = body[at + 4]
    buffer = Buffer(body, at + 5)
    raw = _variant(buffer, DEEPEST) if mask & VALUE else math.nan
    status = _LONG.unpack(buffer.read(4))[0] if mask & STATUS else 0
    source = _instant(buffer, mask & SOURCE, mask & SOURCE_PICO)
    server = _instant(buffer, mask & SERVER, mask & SERVER_PICO)
    columns.add(handle, raw, status, source or server)
    return int(buffer.cur_pos)


def _instant(buffer: Buffer, has_instant: int, has_picoseconds: int) -> int:
    filetime = _INSTANT.unpack(buffer.read(8))[0] if has_instant else 0
    if has_picoseconds:
        buffer.skip(2)
    return int(filetime)


def _variant(buffer: Buffer, depth: int) -> float:
    """Read a variant; NaN where it is no single figure. At most `depth` within one another.

    Not by the library, which a count of two thousand million nothings keeps busy for hours.
    """
    encoding = buffer.read(1)[0]
    kind = encoding & 0x3F
    if kind in FIGURES and encoding == kind:
        whole = Struct(f"<{FIGURES[kind]}")
        return float(whole.unpack(buffer.read(whole.size))[0])
    count = 1
    if encoding & 0x80:
        count = _count(buffer, 1)
    if kind in SIZES:
        buffer.skip(SIZES[kind] * count)
    else:
        for _ in range(count):
            _skip(buffer, kind, depth - 1)
    if encoding & 0x40:
        buffer.skip(4 * _count(buffer, 4))
    return math.nan


def _skip(buffer: Buffer, kind: int, depth: int) -> None:
    """Pass over one value of a built-in type that has no fixed size, OPC UA part 6, 5.2.2."""
    if depth < 0:
        message = "values stand within values without end"
        raise ValueError(message)
    if kind == VARIANT:
        _variant(buffer, depth)
    elif kind == DATA_VALUE:
        mask = buffer.read(1)[0]
        if mask & VALUE:
            _variant(buffer, depth)
        sizes = {STATUS: 4, SOURCE: 8, SERVER: 8, SOURCE_PICO: 2, SERVER_PICO: 2}
        buffer.skip(sum(size for bit, size in sizes.items() if mask & bit))
    elif kind in SKIPS:
        SKIPS[kind](buffer)
    else:
        message = f"a value is of type {kind}"
        raise ValueError(message)


def _skip_text(buffer: Buffer) -> None:
    buffer.skip(_count(buffer, 1))


def _skip_name(buffer: Buffer) -> None:
    buffer.skip(2)
    _skip_text(buffer)


def _skip_localized(buffer: Buffer) -> None:
    mask = buffer.read(1)[0]
    for _ in range((mask & 1) + (mask >> 1 & 1)):
        _skip_text(buffer)


def _skip_object(buffer: Buffer) -> None:
    _skip_node_id(buffer)
    if buffer.read(1)[0]:
        _skip_text(buffer)


def _skip_node_id(buffer: Buffer) -> None:
    form = buffer.read(1)[0]
    fixed = {0: 1, 1: 3, 2: 6, 3: 2, 4: 18, 5: 2}
    if form & 0x3F not in fixed:
        message = f"a node id is of form {form}"
        raise ValueError(message)
    buffer.skip(fixed[form & 0x3F])
    if form & 0x3F in (3, 5):
        _skip_text(buffer)
    if form & 0x80:
        _skip_text(buffer)
    if form & 0x40:
        buffer.skip(4)


# String, ByteString, XmlElement; NodeId and ExpandedNodeId; the other composed types.
SKIPS = {
    **dict.fromkeys((12, 15, 16), _skip_text),
    **dict.fromkeys((17, 18), _skip_node_id),
    20: _skip_name,
    21: _skip_localized,
    22: _skip_object,
}
