"""A gate before a real InfluxDB that passes writes on, or answers them itself as it is told."""

import asyncio
from collections import Counter
from contextlib import suppress
from types import TracebackType
from typing import Self

LENGTH = b"content-length:"


class InfluxGate:
    """Stands on a free port; use as an async context manager.

    `answers` are given in turn instead of asking the server, each a status line and
    headers like "429 Too Many Requests\\r\\nRetry-After: 1"; `lost` so many answers of
    the server are kept back although it stored; `slow_s` waits before each answer.
    """

    def __init__(self, host: str, port: int) -> None:
        self.port = 0
        self.answers: list[str] = []
        self.lost = 0
        self.slow_s = 0.0
        self.given: Counter[str] = Counter()
        self._upstream = (host, port)
        self._listener: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        """Listen."""
        self._listener = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._listener.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop listening and drop everyone."""
        assert self._listener is not None
        self._listener.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            while True:
                request = await _message(reader)
                if not await self._answer(request, writer):
                    return
        except (asyncio.IncompleteReadError, OSError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            writer.close()
            with suppress(ConnectionError, asyncio.CancelledError):
                await writer.wait_closed()

    async def _answer(self, request: bytes, writer: asyncio.StreamWriter) -> bool:
        """Answer one request; False where the answer is lost with the connection."""
        await asyncio.sleep(self.slow_s)
        if self.answers:
            status = self.answers.pop(0)
            self.given[status.split()[0]] += 1
            writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 2\r\n\r\n{{}}".encode())
            await writer.drain()
            return True
        answer = await self._ask_server(request)
        if self.lost:
            self.lost -= 1
            self.given["lost"] += 1
            return False
        writer.write(answer)
        await writer.drain()
        return True

    async def _ask_server(self, request: bytes) -> bytes:
        reader, upstream = await asyncio.open_connection(*self._upstream)
        try:
            upstream.write(request)
            return await _message(reader)
        finally:
            upstream.close()
            with suppress(ConnectionError):
                await upstream.wait_closed()


async def _message(reader: asyncio.StreamReader) -> bytes:
    """Return one whole HTTP message with a known length; a 204 has none."""
    head = await reader.readuntil(b"\r\n\r\n")
    lower = head.lower()
    if LENGTH not in lower:
        return head
    length = int(lower.split(LENGTH)[1].split(b"\r\n")[0])
    return head + await reader.readexactly(length)
