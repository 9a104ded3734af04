"""Publishes samples on a real OPC UA session without the cost of a server: a process of its own.

`python -m tests.benchmarks.opcua_publisher TAGS SAMPLES PER_S`. A server of asyncua's answers
whatever opens the session, the subscription and its items. Publish requests never reach it:
they wait here, and are answered `PER_S` times a second with an answer that was encoded once,
whose numbers, times and values alone are written anew. On SIGUSR1 it stops publishing and
says how many samples it has sent.
"""

import asyncio
import logging
import signal
import sys
import time
from asyncio import StreamReader, StreamWriter
from collections import deque
from datetime import UTC
from struct import Struct
from typing import Any

import numpy as np
from asyncua import ua
from asyncua.common.utils import Buffer
from asyncua.ua.ua_binary import struct_from_binary, struct_to_binary
from numpy.typing import NDArray

from tests.contract.opcua_parts import Peer
from tests.ports import free_port

BODY = 24  # header, channel, token, sequence and request, eight and four times four bytes
SEQUENCE = Struct("<I")
PUBLISH_REQUEST = b"\x01\x00\x3a\x03"
CREATED = b"\x01\x00\x16\x03"
FILETIME_1970 = 11_644_473_600 * 10_000_000
MARKS = (0x1122334455667788, 0x0102030405060708)


class Answers:
    """Publish answers for `tags` tags, so many samples each, over and over in the same order."""

    def __init__(self, tags: int, samples: int) -> None:
        self.sent = 0
        self._samples = samples
        self._turns = tags // samples
        when = ua.DateTime(2026, 11, 23, tzinfo=UTC)
        change: Any = ua.DataChangeNotification()
        for row in range(samples):
            value = ua.Variant(-1.0, ua.VariantType.Double)
            at = ua.DataValue(value, SourceTimestamp=when, ServerTimestamp=when)
            change.MonitoredItems.append(ua.MonitoredItemNotification(row, at))
        response: Any = ua.PublishResponse()
        response.Parameters.SubscriptionId = MARKS[1] & 0xFFFFFFFF
        response.Parameters.NotificationMessage.SequenceNumber = MARKS[0] & 0xFFFFFFFF
        response.Parameters.NotificationMessage.NotificationData = [change]
        self._body = bytearray(struct_to_binary(response))
        self._subscription = self._body.index(SEQUENCE.pack(MARKS[1] & 0xFFFFFFFF))
        self._number = self._body.index(SEQUENCE.pack(MARKS[0] & 0xFFFFFFFF))
        item = struct_to_binary(change.MonitoredItems[0])
        first = self._body.index(item)
        fields: Any = {
            "names": ["handle", "value", "source", "server"],
            "formats": ["<u4", "<f8", "<i8", "<i8"],
            "offsets": [0, 6, len(item) - 16, len(item) - 8],
            "itemsize": len(item),
        }
        self._items: NDArray[Any] = np.frombuffer(
            self._body,
            np.dtype(fields),
            count=samples,
            offset=first,
        )

    def silence(self, subscription: int) -> bytes:
        """Return the body of an answer that only says that the subscription lives."""
        response: Any = ua.PublishResponse()
        response.Parameters.SubscriptionId = subscription
        number = self.sent // self._samples + 1
        response.Parameters.NotificationMessage.SequenceNumber = number
        return struct_to_binary(response)

    def next(self, subscription: int) -> bytes:
        """Return the body of the next answer."""
        number = self.sent // self._samples
        turn = number % self._turns
        self._items["handle"] = np.arange(turn * self._samples, (turn + 1) * self._samples)
        self._items["value"] = number // self._turns + 1
        now = time.time_ns() // 100 + FILETIME_1970
        self._items["source"] = self._items["server"] = now
        SEQUENCE.pack_into(self._body, self._subscription, subscription)
        SEQUENCE.pack_into(self._body, self._number, number + 1)
        self.sent += self._samples
        return bytes(self._body)


class Replay:
    """One session between the driver and the server behind, and what is published on it."""

    def __init__(self, answers: Answers, server_port: int) -> None:
        self.stopped = asyncio.Event()
        self._answers = answers
        self._server_port = server_port
        self._requests: deque[bytes] = deque()
        self._subscription = 0
        self._sequence = 0

    async def join(self, reader: StreamReader, writer: StreamWriter) -> None:
        """Carry what the driver and the server say to each other."""
        theirs, to_server = await asyncio.open_connection("127.0.0.1", self._server_port)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._forth(reader, to_server))
            group.create_task(self._back(theirs, writer))

    async def publish(self, writer: StreamWriter, per_s: float) -> None:
        """Answer waiting requests at the rate, or as soon as there is one; empty once stopped."""
        begun_s, number = time.monotonic(), 0
        while True:
            number += 1
            await asyncio.sleep(max(0.0, begun_s + number / per_s - time.monotonic()))
            while not self._requests:
                await asyncio.sleep(0.001)
            answer = self._answers.silence if self.stopped.is_set() else self._answers.next
            head, body = self._requests.popleft(), answer(self._subscription)
            size = SEQUENCE.pack(BODY + len(body))
            self._send(writer, b"MSGF" + size + head[8:BODY] + body)

    async def _forth(self, reader: StreamReader, writer: StreamWriter) -> None:
        number = 0
        async for message in _messages(reader):
            if message[BODY : BODY + 4] == PUBLISH_REQUEST:
                self._requests.append(message[:BODY])
                continue
            if message.startswith(b"OPN"):
                number = SEQUENCE.unpack_from(message, _opened(message))[0]
                writer.write(message)
            elif message.startswith((b"MSG", b"CLO")):
                number += 1
                writer.write(message[:16] + SEQUENCE.pack(number) + message[20:])
            else:
                writer.write(message)

    async def _back(self, reader: StreamReader, writer: StreamWriter) -> None:
        async for message in _messages(reader):
            if message[BODY : BODY + 4] == CREATED:
                found = struct_from_binary(ua.CreateSubscriptionResponse, Buffer(message[BODY:]))
                self._subscription = found.Parameters.SubscriptionId
            if message.startswith(b"OPN"):
                self._sequence = SEQUENCE.unpack_from(message, _opened(message))[0]
            self._send(writer, message)

    def _send(self, writer: StreamWriter, message: bytes) -> None:
        if message.startswith(b"MSG"):
            self._sequence += 1
            message = message[:16] + SEQUENCE.pack(self._sequence) + message[20:]
        writer.write(message)


async def _messages(reader: StreamReader) -> Any:
    while True:
        try:
            head = await reader.readexactly(8)
            yield head + await reader.readexactly(SEQUENCE.unpack_from(head, 4)[0] - 8)
        except (asyncio.IncompleteReadError, ConnectionError):
            return


def _opened(message: bytes) -> int:
    """Return where the sequence number stands behind a header without certificates."""
    return 12 + 4 + int(SEQUENCE.unpack_from(message, 12)[0]) + 4 + 4


async def main(tags: int, samples: int, per_s: float) -> None:
    """Publish until SIGTERM."""
    # That server hears of no publish request, so it thinks that the subscription has expired.
    logging.disable()
    server = Peer(free_port(), [f"n{number}" for number in range(tags)])
    await server.start()
    answers = Answers(tags, samples)
    replay = Replay(answers, server.port)

    async def joined(reader: StreamReader, writer: StreamWriter) -> None:
        publishing = asyncio.create_task(replay.publish(writer, per_s))
        await replay.join(reader, writer)
        publishing.cancel()

    def stop() -> None:
        replay.stopped.set()
        print(answers.sent, flush=True)

    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGUSR1, stop)
    listener = await asyncio.start_server(joined, "127.0.0.1", 0)
    print(listener.sockets[0].getsockname()[1], flush=True)
    await listener.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])))
