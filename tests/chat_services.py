"""Real servers on loopback that speak as group robots, gateways and mail servers do."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

TAKEN = {
    "/robot/send": {"errcode": 0, "errmsg": "ok"},
    "/cgi-bin/webhook/send": {"errcode": 0, "errmsg": "ok"},
    "/open-apis/bot/v2/hook/": {"code": 0, "data": {}, "msg": "success"},
    "/sms": {"result": "0", "msg": "accepted"},
}

Script = Callable[[str], "Answer"]


@dataclass(frozen=True)
class Answer:
    """What the server says; `after_s` late, or never where it is None."""

    status: int = 200
    body: Any = None
    headers: tuple[tuple[str, str], ...] = ()
    after_s: float | None = 0.0


@dataclass(frozen=True)
class Asked:
    """One request as it came."""

    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: dict[str, Any]

    @property
    def text(self) -> str:
        """What people would read."""
        told: str = self.body["text"]["content"] if "text" in self.body else ""
        return told or self.body.get("content", {}).get("text", "")


@dataclass
class Robots:
    """A server of robots: takes everything until a test gives it other answers."""

    port: int = 0
    asked: list[Asked] = field(default_factory=list)
    answers: dict[str, Script] = field(default_factory=dict)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def texts(self, path: str = "") -> list[str]:
        return [one.text for one in self.asked if one.path.startswith(path)]

    def refuse(self, path: str, answer: Answer) -> None:
        """Have every request under `path` answered so."""
        self.answers[path] = lambda _: answer

    def heal(self) -> None:
        self.answers.clear()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._serve(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        first, *rest = head.split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in rest if ": " in line)
        raw = dict(line.split(": ", 1) for line in rest if ": " in line)
        body = json.loads(await reader.readexactly(int(headers["content-length"])))
        target = urlsplit(first.split(" ")[1])
        query = {key: values[0] for key, values in parse_qs(target.query).items()}
        self.asked.append(Asked(target.path, query, raw, body))
        answer = self._answer(target.path)
        if answer.after_s is None:
            await asyncio.Event().wait()
        await asyncio.sleep(answer.after_s or 0)
        said = answer.body if isinstance(answer.body, str) else json.dumps(answer.body)
        lines = [f"HTTP/1.1 {answer.status} said", f"Content-Length: {len(said.encode())}"]
        lines += [f"{name}: {value}" for name, value in answer.headers]
        writer.write("\r\n".join([*lines, "Connection: close", "", said]).encode())
        await writer.drain()

    def _answer(self, path: str) -> Answer:
        for begin, script in self.answers.items():
            if path.startswith(begin):
                return script(path)
        return next(Answer(body=body) for begin, body in TAKEN.items() if path.startswith(begin))


@dataclass
class Mail:
    """A mail server: takes everything, or refuses as told."""

    port: int = 0
    letters: list[str] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    refuses: str = ""
    silent: bool = False
    logins: list[str] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._serve(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.silent:
            await asyncio.Event().wait()

        async def say(line: str) -> None:
            writer.write(f"{line}\r\n".encode())
            await writer.drain()

        await say("220 mail.test ready")
        while line := (await reader.readline()).decode().strip():
            verb = line.split(" ")[0].upper()
            if verb == "DATA":
                await say("354 go on")
                self.letters.append((await reader.readuntil(b"\r\n.\r\n")).decode())
            await say(self._reply(verb, line))
            if verb == "QUIT":
                return

    def _reply(self, verb: str, line: str) -> str:
        if verb == "EHLO":
            return "250-mail.test\r\n250 AUTH PLAIN LOGIN"
        if verb == "AUTH":
            self.logins.append(line)
            return "235 2.7.0 accepted"
        if verb == "RCPT":
            if not self.refuses:
                self.recipients.append(line)
            return self.refuses or "250 ok"
        return "221 bye" if verb == "QUIT" else "250 ok"


Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def robots() -> AsyncIterator[Robots]:
    """Serve robots while the body lasts."""
    found = Robots()
    async with _served(found.serve) as found.port:
        yield found


@asynccontextmanager
async def mail() -> AsyncIterator[Mail]:
    """Serve mail while the body lasts."""
    found = Mail()
    async with _served(found.serve) as found.port:
        yield found


@asynccontextmanager
async def _served(serve: Serve) -> AsyncIterator[int]:
    under_way: set[asyncio.Task[None]] = set()

    async def tracked(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            under_way.add(task)
            task.add_done_callback(under_way.discard)
        with suppress(asyncio.CancelledError):  # asked for below, to end black holes
            await serve(reader, writer)

    server = await asyncio.start_server(tracked, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in list(under_way):
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)
