"""A Modbus TCP device made by hand from the specification: it answers, or does as it is told."""

import asyncio
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

CODES = {"coil": 1, "discrete_input": 2, "holding_register": 3, "input_register": 4}
ILLEGAL_FUNCTION, ILLEGAL_ADDRESS, ILLEGAL_VALUE = 1, 2, 3


@dataclass(slots=True)
class Unit:
    """One unit's registers and bits; every address holds something.

    `refuse` gives the exception code for (function, address, count), 0 for none;
    `delay_s` waits before each answer; a `silent` unit never answers.
    """

    words: list[int] = field(default_factory=lambda: [at * 7919 % 65536 for at in range(65536)])
    bits: list[bool] = field(default_factory=lambda: [at * 31 % 7 < 3 for at in range(65536)])
    refuse: Callable[[int, int, int], int] = lambda *_: 0
    delay_s: float = 0.0
    silent: bool = False
    asked: list[tuple[int, int, int]] = field(default_factory=list)
    asked_at_s: list[float] = field(default_factory=list)

    def body(self, pdu: bytes) -> bytes:
        """Return the answer to one request."""
        function = pdu[0]
        if function not in CODES.values() or len(pdu) != 5:
            return bytes((function | 0x80, ILLEGAL_FUNCTION))
        address, count = struct.unpack(">HH", pdu[1:])
        self.asked.append((function, address, count))
        self.asked_at_s.append(asyncio.get_running_loop().time())
        code = self.refuse(function, address, count)
        if address + count > 65536:
            code = ILLEGAL_ADDRESS
        if not 1 <= count <= (125 if function >= 3 else 2000):
            code = ILLEGAL_VALUE
        if code:
            return bytes((function | 0x80, code))
        held = self._words(address, count) if function >= 3 else self._bits(address, count)
        return bytes((function, len(held))) + held

    def _words(self, address: int, count: int) -> bytes:
        return b"".join(word.to_bytes(2, "big") for word in self.words[address : address + count])

    def _bits(self, address: int, count: int) -> bytes:
        packed = sum(bit << at for at, bit in enumerate(self.bits[address : address + count]))
        return packed.to_bytes((count + 7) // 8, "little")


class ModbusServer:
    """Units behind one port, answered one request after the other, as a gateway does.

    `spoil` is given the right answer and returns the pieces that go
    out instead, one write each; None closes the connection.
    Use as an async context manager.
    """

    def __init__(self, **units: Unit) -> None:
        self.units = {int(name.removeprefix("unit_")): unit for name, unit in units.items()}
        self.port = 0
        self.connections = 0
        self.overlapping = 0
        self.spoil: Callable[[bytes], list[bytes] | None] | None = None
        self._in_work = 0
        self._listener: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> Self:
        """Listen on a free port."""
        self._listener = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._listener.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Drop everyone and stop listening."""
        assert self._listener is not None
        self._listener.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def hang_up(self) -> None:
        """Close every connection; new ones are taken."""
        for writer in self._writers:
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._writers.add(writer)
        self.connections += 1
        try:
            while True:
                header = await reader.readexactly(7)
                body = await reader.readexactly(int.from_bytes(header[4:6], "big") - 1)
                self._in_work += 1
                self.overlapping = max(self.overlapping, self._in_work)
                try:
                    await self._answer(header, body, writer)
                finally:
                    self._in_work -= 1
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            self._writers.discard(writer)
            writer.close()

    async def _answer(self, header: bytes, body: bytes, writer: asyncio.StreamWriter) -> None:
        unit = self.units[header[6]]
        answer = unit.body(body)
        await asyncio.sleep(unit.delay_s)
        if unit.silent:
            return
        frame = header[:4] + (len(answer) + 1).to_bytes(2, "big") + header[6:7] + answer
        pieces = [frame] if self.spoil is None else self.spoil(frame)
        if pieces is None:
            raise ConnectionResetError
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.001 if len(pieces) > 1 else 0)
