"""A TCP proxy that does to a connection what cables, switches and crashes do."""

import asyncio
import socket
import struct
from collections.abc import Callable
from types import TracebackType
from typing import Self

CHUNK_BYTES = 65536
# Linger for no time at all: closing then sends a reset instead of a farewell.
RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class FaultProxy:
    """Stands on a free port before `host`:`port` and passes everything on, until told otherwise.

    `heard` is given every piece of bytes that a client sends, in order per connection.
    Use as an async context manager; the port stays the same through every fault.
    """

    def __init__(self, host: str, port: int, heard: Callable[[bytes], None] | None = None) -> None:
        self.port = 0
        self.connections = 0
        self._upstream = (host, port)
        self._heard = heard
        self._listener: asyncio.Server | None = None
        self._lines: dict[asyncio.Task[None], _Line] = {}
        self._open = asyncio.Event()
        self._open.set()
        self._delay_s = 0.0
        self._answer_bytes: int | None = None

    async def __aenter__(self) -> Self:
        """Listen."""
        await self._listen()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Drop everyone and stop listening."""
        await self.refuse()

    async def heal(self) -> None:
        """Pass everything on again; what a black hole held back arrives now."""
        self._delay_s, self._answer_bytes = 0.0, None
        self._open.set()
        if self._listener is None:
            await self._listen()

    async def refuse(self) -> None:
        """Refuse every connection and reset those that stand: the process is gone."""
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.close()
        await self.reset()

    async def reset(self) -> None:
        """Reset the connections that stand; new ones are taken."""
        lines, self._lines = self._lines, {}
        for task, line in lines.items():
            line.reset()
            task.cancel()
        await asyncio.gather(*lines, return_exceptions=True)

    def black_hole(self) -> None:
        """Take connections and bytes and let nothing through, either way: a cut cable."""
        self._open.clear()

    def delay(self, seconds: float) -> None:
        """Hold each piece back for `seconds`."""
        self._delay_s = seconds

    def reset_mid_answer(self, after_bytes: int) -> None:
        """Reset each connection once that many bytes of an answer went through."""
        self._answer_bytes = after_bytes

    def half_open(self) -> None:
        """Let those connected now hear nothing for ever, unclosed; new connections pass."""
        for line in self._lines.values():
            line.silent = True

    async def _listen(self) -> None:
        self._listener = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._listener.sockets[0].getsockname()[1]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.connections += 1
        line = self._lines[task] = _Line(writer)
        try:
            await self._open.wait()
            answers, upstream = await asyncio.open_connection(*self._upstream)
            line.ends.append(upstream)
            async with asyncio.TaskGroup() as pumps:
                pumps.create_task(self._pump(line, reader, upstream, asked=True))
                pumps.create_task(self._pump(line, answers, writer, asked=False))
        except* OSError:
            line.reset()
        except* asyncio.CancelledError:
            line.reset()
        finally:
            self._lines.pop(task, None)
            line.close()

    async def _pump(
        self,
        line: "_Line",
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        *,
        asked: bool,
    ) -> None:
        passed = 0
        while piece := await reader.read(CHUNK_BYTES):
            await asyncio.sleep(self._delay_s)
            await self._open.wait()
            if line.silent:
                await asyncio.Event().wait()
            if asked and self._heard is not None:
                self._heard(piece)
            if not asked and self._answer_bytes is not None:
                writer.write(piece[: max(0, self._answer_bytes - passed)])
                passed += len(piece)
                if passed >= self._answer_bytes:
                    await writer.drain()
                    raise ConnectionResetError
                continue
            passed += len(piece)
            writer.write(piece)
            await writer.drain()
        if not line.silent and writer.can_write_eof():
            writer.write_eof()


class _Line:
    """One client's connection and, once made, the one to the server behind."""

    def __init__(self, client: asyncio.StreamWriter) -> None:
        self.silent = False
        self.ends = [client]

    def reset(self) -> None:
        for end in self.ends:
            found: socket.socket | None = end.get_extra_info("socket")
            if found is not None and found.fileno() >= 0:
                found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
            end.transport.abort()

    def close(self) -> None:
        for end in self.ends:
            end.close()
