"""What a sender does with each answer, from a server of our own that says what it is told."""

import asyncio
import gzip
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from collector.history.sender import Verdict, verdict_of
from tests.contract.influx_parts import all_sent, client, opened, scans, sender
from tests.servers.influx_server import Account

NEGATIVE_SPEED = 2
TOKEN = "the-token-of-the-answerer"


@dataclass
class Answerer:
    """Answers each write with the next of `answers`, then with 204; keeps what it took."""

    answers: list[str] = field(default_factory=list)
    most_lines: int = 1_000_000
    bad: str = "\n"
    sizes: list[int] = field(default_factory=list)
    stored: list[str] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
                assert "content-encoding: gzip" in head
                length = int(head.split("content-length:")[1].split("\r\n")[0])
                lines = gzip.decompress(await reader.readexactly(length)).decode().split("\n")
                writer.write(self._answer(lines).encode())
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def _answer(self, lines: list[str]) -> str:
        self.sizes.append(len(lines))
        status = self.answers.pop(0) if self.answers else "204 No Content"
        if len(lines) > self.most_lines:
            status = "413 Request Entity Too Large"
        if any(self.bad in line for line in lines):
            status = "422 Unprocessable Entity"
        if status.startswith("204"):
            self.stored += lines
            return "HTTP/1.1 204 No Content\r\n\r\n"
        return f"HTTP/1.1 {status}\r\nContent-Length: 2\r\n\r\n{{}}"


@asynccontextmanager
async def answering(answerer: Answerer) -> AsyncIterator[Account]:
    server = await asyncio.start_server(answerer.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield Account(f"http://127.0.0.1:{port}", TOKEN, "ropewatch")
    finally:
        server.close()


async def test_too_big_is_halved_until_it_fits_and_remembered(tmp_path: Path) -> None:
    answerer = Answerer(most_lines=30)
    async with answering(answerer) as account:
        with opened(tmp_path) as history, client(account, "any") as server:
            for scan in scans(160):
                history.append(scan)
            await history.committed()
            sending = await sender(history, server)
            while await sending.send() == 0.0:
                pass
            assert await all_sent(history, sending)
    assert [size for size in answerer.sizes if size > answerer.most_lines] == [200, 100, 50]
    assert len(answerer.stored) == len(set(answerer.stored)) == 320


@pytest.mark.parametrize("status", ["429 Too Many Requests", "503 Service Unavailable"])
async def test_a_busy_server_is_given_the_time_it_asks_for(tmp_path: Path, status: str) -> None:
    answerer = Answerer([f"{status}\r\nRetry-After: 7"])
    async with answering(answerer) as account:
        with opened(tmp_path) as history, client(account, "any") as server:
            history.append(next(scans(1)))
            await history.committed()
            sending = await sender(history, server)
            assert await sending.send() == 7.0
            assert sending.state.state == "waiting"
            assert sending.state.cursor == 0
            assert answerer.stored == []
            await sending.send()
            assert await all_sent(history, sending)


async def test_each_failure_waits_longer_up_to_a_bound(tmp_path: Path) -> None:
    answerer = Answerer(["500 Internal Server Error"] * 5)
    async with answering(answerer) as account:
        with opened(tmp_path) as history, client(account, "any") as server:
            history.append(next(scans(1)))
            await history.committed()
            sending = await sender(history, server)
            waits_s = [await sending.send() for _ in range(5)]
    assert waits_s == [0.05, 0.1, 0.2, 0.2, 0.2]


async def test_what_is_no_influxdb_is_never_believed(tmp_path: Path) -> None:
    answerer = Answerer(["200 OK"])
    async with answering(answerer) as account:
        with opened(tmp_path) as history, client(account, "any") as server:
            history.append(next(scans(1)))
            await history.committed()
            sending = await sender(history, server)
            await sending.send()
            assert sending.state.state == "refused"
            assert "INFLUXDB_URL" in sending.state.reason
            assert sending.state.cursor == 0


async def test_one_bad_line_among_many_costs_few_requests(tmp_path: Path) -> None:
    answerer = Answerer(bad="speed=-")
    async with answering(answerer) as account:
        with opened(tmp_path) as history, client(account, "any") as server:
            history.append(next(scans(1, seed=NEGATIVE_SPEED)))
            for scan in scans(90, first=2):
                if scan.values[0] >= 0 or not np.isfinite(scan.values[0]):
                    history.append(scan)
            await history.committed()
            sending = await sender(history, server)
            await sending.send()
            assert await all_sent(history, sending)
            assert sending.state.dead_letters == 1
    assert len(answerer.sizes) < 20
    assert [line for line in answerer.stored if answerer.bad in line] == []


async def test_nobody_listening_is_waiting_and_the_token_is_nowhere(tmp_path: Path) -> None:
    async with answering(Answerer()) as account:
        pass
    with opened(tmp_path) as history, client(account, "any") as server:
        history.append(next(scans(1)))
        await history.committed()
        sending = await sender(history, server)
        assert await sending.send() > 0
        assert sending.state.state == "waiting"
        assert "refused" in sending.state.reason
        assert TOKEN not in repr(sending.state)


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (204, Verdict.DONE),
        (0, Verdict.LATER),
        (408, Verdict.LATER),
        (429, Verdict.LATER),
        (500, Verdict.LATER),
        (504, Verdict.LATER),
        (413, Verdict.TOO_BIG),
        (400, Verdict.BAD_LINES),
        (422, Verdict.BAD_LINES),
        (200, Verdict.CONFIGURATION),
        (302, Verdict.CONFIGURATION),
        (401, Verdict.CONFIGURATION),
        (403, Verdict.CONFIGURATION),
        (404, Verdict.CONFIGURATION),
    ],
)
def test_only_204_says_stored(status: int, verdict: Verdict) -> None:
    assert verdict_of(status) is verdict


async def test_a_history_that_cannot_be_read_is_waited_for_and_loses_nothing(
    tmp_path: Path,
) -> None:
    answerer = Answerer()
    async with answering(answerer) as account:
        with opened(tmp_path) as history, client(account, "any") as server:
            for scan in scans(10):
                history.append(scan)
            await history.committed()
            sending = await sender(history, server)
            aside = history.path.rename(history.path.with_name("aside"))
            await sending.send()
            assert sending.state.state == "waiting"
            assert str(history.path) in sending.state.reason
            aside.rename(history.path)
            await sending.send()
            assert await all_sent(history, sending)
