"""Publish answers are read as the library reads them, and no bytes bring a traceback."""

import math
import struct
from contextlib import suppress
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest
from asyncua import ua
from asyncua.common.utils import Buffer
from asyncua.ua.ua_binary import struct_from_binary, struct_to_binary
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.drivers.opcua_wire import (
    IMPOSSIBLE_TIME,
    NO_TIME,
    Publication,
    WireError,
    nanoseconds,
    read_publication,
)

WHEN = ua.DateTime(2026, 11, 23, tzinfo=UTC)
INSTANTS = st.datetimes(datetime(1970, 1, 2), datetime(2200, 1, 1))  # noqa: DTZ001
INTEGERS = {
    ua.VariantType.SByte: (-(2**7), 2**7 - 1),
    ua.VariantType.Byte: (0, 2**8 - 1),
    ua.VariantType.Int16: (-(2**15), 2**15 - 1),
    ua.VariantType.UInt16: (0, 2**16 - 1),
    ua.VariantType.Int32: (-(2**31), 2**31 - 1),
    ua.VariantType.UInt32: (0, 2**32 - 1),
    ua.VariantType.Int64: (-(2**63), 2**63 - 1),
    ua.VariantType.UInt64: (0, 2**64 - 1),
}
FIGURES = st.one_of(
    st.builds(ua.Variant, st.booleans(), st.just(ua.VariantType.Boolean)),
    st.builds(ua.Variant, st.floats(), st.just(ua.VariantType.Double)),
    st.builds(ua.Variant, st.floats(width=32), st.just(ua.VariantType.Float)),
    *(st.builds(ua.Variant, st.integers(*span), st.just(kind)) for kind, span in INTEGERS.items()),
)
OTHERS = st.one_of(
    st.builds(ua.Variant, st.text(max_size=9), st.just(ua.VariantType.String)),
    st.builds(ua.Variant, st.binary(max_size=9), st.just(ua.VariantType.ByteString)),
    st.builds(
        ua.Variant, st.lists(st.floats(), min_size=1, max_size=3), st.just(ua.VariantType.Double)
    ),
    st.just(ua.Variant(None, ua.VariantType.Null)),
    st.builds(ua.Variant, st.uuids(), st.just(ua.VariantType.Guid)),
    st.just(ua.Variant(ua.LocalizedText("索道", "zh"), ua.VariantType.LocalizedText)),
    st.just(ua.Variant(ua.QualifiedName("name", 3), ua.VariantType.QualifiedName)),
    st.just(ua.Variant(ua.NodeId.from_string("ns=3;s=text"), ua.VariantType.NodeId)),
    st.just(ua.Variant(ua.NodeId.from_string("ns=3;i=70000"), ua.VariantType.NodeId)),
    st.just(ua.Variant([[1, 2], [3, 4]], ua.VariantType.Int32)),
    st.just(ua.Variant([ua.Variant("in"), ua.Variant(1)], ua.VariantType.Variant)),
    st.just(ua.Variant(ua.Range(0.0, 1.0), ua.VariantType.ExtensionObject)),
    st.just(ua.Variant([ua.DataValue(ua.Variant(2.0))], ua.VariantType.DataValue)),
    st.just(ua.Variant(WHEN, ua.VariantType.DateTime)),
    st.just(ua.Variant(ua.StatusCode(ua.UInt32(5)), ua.VariantType.StatusCode)),
)
STATUSES = st.sampled_from([0, 0x40930000, 0x808C0000, 0x480])


@st.composite
def data_values(draw: st.DrawFn) -> ua.DataValue:
    at = st.none() | INSTANTS.map(lambda one: one.replace(tzinfo=UTC))
    source, server = draw(at), draw(at)
    return ua.DataValue(
        Value=draw(st.none() | FIGURES | OTHERS),
        StatusCode=ua.StatusCode(ua.UInt32(draw(STATUSES))),
        SourceTimestamp=source,  # type: ignore[arg-type]
        ServerTimestamp=server,  # type: ignore[arg-type]
        SourcePicoseconds=draw(st.none() | st.just(7)) if source else None,  # type: ignore[arg-type]
        ServerPicoseconds=draw(st.none() | st.just(7)) if server else None,  # type: ignore[arg-type]
    )


def answer(values: list[ua.DataValue], number: int = 3, available: int = 0) -> bytes:
    response = ua.PublishResponse()
    response.Parameters = ua.PublishResult(SubscriptionId=7)
    response.Parameters.AvailableSequenceNumbers = list(range(available))
    message = ua.NotificationMessage(SequenceNumber=number)
    if values:
        change = ua.DataChangeNotification()
        change.MonitoredItems = [
            ua.MonitoredItemNotification(ClientHandle=row, Value=value)
            for row, value in enumerate(values)
        ]
        message.NotificationData = [change]
    response.Parameters.NotificationMessage = message
    return struct_to_binary(response)


def by_the_library(body: bytes) -> list[tuple[int, float, int, int]]:
    """The same answer, read wholly by the library: microseconds, as it keeps no finer time."""
    found = []
    parsed: Any = struct_from_binary(ua.PublishResponse, Buffer(body))
    for part in parsed.Parameters.NotificationMessage.NotificationData or ():
        for item in part.MonitoredItems:
            value = item.Value.Value.Value if item.Value.Value is not None else None
            raw = float(value) if isinstance(value, bool | int | float) else math.nan
            at = item.Value.SourceTimestamp or item.Value.ServerTimestamp
            since = (at - datetime(1970, 1, 1, tzinfo=UTC)) if at else None
            micros = (
                since.days * 86_400_000_000 + since.seconds * 1_000_000 + since.microseconds
                if since
                else 0
            )
            status = item.Value.StatusCode.value if item.Value.StatusCode else 0
            found.append((item.ClientHandle, raw, status, micros))
    return found


def by_us(found: Publication) -> list[tuple[int, float, int, int]]:
    one = found.columns
    micros = [at // 1000 for at in one.source_ns]
    return list(zip(one.handles, map(float, one.raw), one.status, micros, strict=True))


@given(st.lists(data_values(), max_size=12), st.integers(0, 5))
def test_every_sample_is_read_as_the_library_reads_it(
    values: list[ua.DataValue], available: int
) -> None:
    body = answer(values, available=available)
    found = read_publication(body)
    assert (found.subscription, found.number, found.ended) == (7, 3, 0)
    assert found.has_news is bool(values)
    ours, theirs = by_us(found), by_the_library(body)
    assert [str(one) for one in ours] == [str(one) for one in theirs]  # NaN equals NaN so


@given(st.lists(data_values(), min_size=1, max_size=4), st.data())
@settings(max_examples=100)
def test_bytes_that_were_changed_are_refused_or_read_never_more(
    values: list[ua.DataValue], data: st.DataObject
) -> None:
    body = bytearray(answer(values))
    for _ in range(data.draw(st.integers(1, 4))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(body)))
    for hostile in (bytes(body), bytes(body[:cut])):
        refused_or_whole(hostile)


def refused_or_whole(hostile: bytes) -> None:
    with suppress(WireError):
        columns = read_publication(hostile).columns
        lengths = {len(columns.handles), len(columns.raw), len(columns.status)}
        assert lengths == {len(columns.source_ns)}
        assert len(columns) * 5 <= len(hostile)


@pytest.mark.slow
def test_a_million_hostile_values_bring_no_traceback() -> None:
    chance = Random(4)
    kinds = [ua.Variant(1.5), ua.Variant(True), ua.Variant(7, ua.VariantType.UInt16)]
    kinds += [ua.Variant("text"), ua.Variant([1.0, 2.0])]
    whole = answer([ua.DataValue(kinds[row % 5], SourceTimestamp=WHEN) for row in range(50)])
    for _ in range(20_000):
        body = bytearray(whole)
        for _ in range(chance.randrange(1, 20)):
            body[chance.randrange(40, len(body))] = chance.randrange(256)
        refused_or_whole(bytes(body))


@given(st.binary(max_size=200))
def test_any_bytes_are_refused_in_one_line(body: bytes) -> None:
    with pytest.raises(WireError, match=r"^[^\n]*$"):
        read_publication(body)


def test_the_end_of_a_subscription_is_told_with_its_status() -> None:
    response = ua.PublishResponse()
    response.Parameters = ua.PublishResult(SubscriptionId=7)
    change = ua.StatusChangeNotification(Status=ua.StatusCode(ua.UInt32(0x800A0000)))
    response.Parameters.NotificationMessage.NotificationData = [change]
    assert read_publication(struct_to_binary(response)).ended == 0x800A0000


def test_a_refusal_of_the_server_is_no_answer() -> None:
    response = ua.PublishResponse()
    response.ResponseHeader.ServiceResult = ua.StatusCode(ua.UInt32(0x80790000))
    with pytest.raises(WireError, match="BadNoSubscription"):
        read_publication(struct_to_binary(response))


def test_instants_outside_what_a_scan_can_say_are_told_apart() -> None:
    begin = 11_644_473_600 * 10_000_000
    assert nanoseconds(0) == NO_TIME
    assert nanoseconds(begin + 1) == 100
    assert nanoseconds(begin - 1) == IMPOSSIBLE_TIME
    assert nanoseconds(2**63 - 1) == IMPOSSIBLE_TIME
    assert nanoseconds(-5) == IMPOSSIBLE_TIME


def test_a_count_that_cannot_be_is_refused_before_anything_is_made_of_it() -> None:
    body = bytearray(answer([ua.DataValue(ua.Variant(1.0))]))
    at = body.rindex(struct.pack("<i", 1) + struct.pack("<I", 0))
    body[at : at + 4] = struct.pack("<i", 2**31 - 1)
    with pytest.raises(WireError, match="2147483647 samples stand in"):
        read_publication(bytes(body))
