"""What one OPC UA notification costs in CPU time: `python -m tests.benchmarks.opcua`."""

import asyncio
import random
import struct
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC
from typing import Any

import numpy as np
from asyncua import ua
from asyncua.client.ua_client import UASocketProtocol
from asyncua.common.utils import Buffer
from asyncua.ua.ua_binary import struct_from_binary, struct_to_binary

from collector.board import Board
from collector.drivers.opcua_publish import Publishing
from collector.drivers.opcua_rows import TagRows
from collector.drivers.opcua_wire import Publication, read_publication
from tests.contract.opcua_parts import device_with

TAGS = 1000
ANSWERS_PER_SCAN = 10
SOCKET_ANSWERS = 600
WHEN = ua.DateTime(2026, 11, 23, tzinfo=UTC)


def answer(samples: int, number: int) -> bytes:
    """A publish answer with so many doubles, both times given, as servers send them."""
    change: Any = ua.DataChangeNotification()
    for row in range(samples):
        value = ua.Variant(random.random(), ua.VariantType.Double)
        at = ua.DataValue(value, SourceTimestamp=WHEN, ServerTimestamp=WHEN)
        change.MonitoredItems.append(ua.MonitoredItemNotification(row, at))
    response: Any = ua.PublishResponse()
    response.Parameters.SubscriptionId = 7
    response.Parameters.NotificationMessage.SequenceNumber = number
    response.Parameters.NotificationMessage.NotificationData = [change]
    return struct_to_binary(response)


def cost_s(work: Callable[[], object], seconds: float = 1.0) -> float:
    """CPU seconds of one call, the best of three rounds."""
    rounds = []
    for _ in range(3):
        times, begun = 0, time.process_time()
        while time.process_time() - begun < seconds:
            work()
            times += 1
        rounds.append((time.process_time() - begun) / times)
    return min(rounds)


class Sink:
    """Everything behind the decoder: rows, quality, board and a subscriber."""

    def __init__(self) -> None:
        names = [f"n{number}" for number in range(TAGS)]
        self.rows = TagRows(device_with(4840, names), 0, skew_s=1e9)
        self.board = Board(TAGS)
        self.reader = self.board.subscribe("benchmark", 100)
        self.answers = 0
        self.samples = 0

    def take(self, publication: Publication) -> None:
        """Take one answer; a scan ends after every ten."""
        self.rows.arrive(publication.columns, time.time_ns())
        self.answers += 1
        self.samples += len(publication.columns)
        if self.answers % ANSWERS_PER_SCAN == 0:
            self.board.publish(self.rows.scan(np.zeros(1, dtype=np.int64), time.time_ns()))
            self.reader.take_now()


async def from_the_socket(bodies: list[bytes]) -> tuple[float, Sink, Counter[str]]:
    """CPU seconds for answers in the bytes of their messages, through transport and requests."""
    protocol, sink, counted = UASocketProtocol(timeout=4), Sink(), Counter[str]()
    protocol.connection_made(_Nowhere())  # type: ignore[arg-type]
    publishing = Publishing(protocol, sink.take, counted)
    publishing.start(1)
    await asyncio.sleep(0.05)
    begun = time.process_time()
    for number in range(1, SOCKET_ANSWERS + 1):
        body = bodies[number % len(bodies)]
        header = struct.pack("<4sIIIII", b"MSGF", 24 + len(body), 0, 0, number, number)
        protocol.data_received(header + body)
        for _ in range(4):  # as long as it takes until the next request waits
            await asyncio.sleep(0)
    await asyncio.sleep(0.05)
    spent_s = time.process_time() - begun
    publishing.check()
    await publishing.stop()
    return spent_s, sink, counted


class _Nowhere:
    def write(self, data: bytes) -> None:
        """Send nothing anywhere."""

    def close(self) -> None:
        """Close nothing."""


def main() -> None:
    """Measure, and say what was measured in one line each."""
    bodies = [answer(TAGS, number) for number in range(1, 9)]
    few, sink = answer(10, 1), Sink()
    lines = {
        "decode, 1000 in an answer": (lambda: read_publication(bodies[0]), TAGS),
        "decode, 10 in an answer": (lambda: read_publication(few), 10),
        "asyncua's decode, 1000 in an answer": (
            lambda: struct_from_binary(ua.PublishResponse, Buffer(bodies[0])),
            TAGS,
        ),
        "decode, quality, board, subscriber": (
            lambda: sink.take(read_publication(bodies[0])),
            TAGS,
        ),
    }
    for words, (work, samples) in lines.items():
        each_us = cost_s(work) / samples * 1e6
        print(f"{words}: {each_us:.3f} us a notification, {1e6 / each_us:,.0f}/s")
    spent_s, all_taken, _ = asyncio.run(from_the_socket(bodies))
    taken, sent = all_taken.samples, SOCKET_ANSWERS * TAGS
    each_us = spent_s / taken * 1e6
    print(f"socket's bytes to subscriber: {each_us:.3f} us a notification, {1e6 / each_us:,.0f}/s")
    print(f"of {sent} sent, {taken} arrived; 60,000/s take {each_us * 6:.1f} % of a core")


if __name__ == "__main__":
    main()
