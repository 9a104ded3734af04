"""Killed by signal 9 between an alarm and its messages, the monitor tells it once, and for sure."""

import asyncio
import random
import sqlite3
import sys
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from analytics.records.proof import prove
from tests.chat_services import Answer, Robots, robots

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]


async def monitor(folder: Path, address: str, stage: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.scenario.notice_monitor",
        str(folder),
        address,
        stage,
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )


async def kill_at(folder: Path, address: str, stage: str, after_s: float = 0.0) -> None:
    running = await monitor(folder, address, stage)
    assert running.stdout is not None
    assert (await running.stdout.readline()).decode().strip() == stage
    await asyncio.sleep(after_s)
    running.kill()
    assert await running.wait() == -9


async def finish(folder: Path, address: str) -> None:
    running = await monitor(folder, address, "finish")
    async with asyncio.timeout(30):
        assert await running.wait() == 0


def told(server: Robots) -> Counter[str]:
    """How often each person or group was told."""
    return Counter(one.body.get("to", one.path) for one in server.asked)


ONCE = Counter({"/robot/send": 1, "13800000001": 1, "13800000002": 1})


@pytest.mark.parametrize("stage", ["committed", "kept"])
async def test_killed_before_anything_was_sent_everyone_is_told_just_once(
    stage: str, tmp_path: Path
) -> None:
    async with robots() as server:
        await kill_at(tmp_path, server.address, stage)
        assert server.asked == []
        await finish(tmp_path, server.address)
        await finish(tmp_path, server.address)
        assert told(server) == ONCE
    assert prove(tmp_path / "records.sqlite").faults == ()


@pytest.mark.timeout(180)
async def test_killed_while_sending_nobody_is_left_out_and_no_message_is_made_anew(
    tmp_path: Path,
) -> None:
    chance = random.Random(9)
    for number in range(6):
        folder = tmp_path / str(number)
        async with robots() as server:
            late = Answer(body={"errcode": 0, "result": "0"}, after_s=0.1)
            server.refuse("/", late)
            await kill_at(folder, server.address, "sending", chance.uniform(0.0, 0.4))
            await finish(folder, server.address)
            counts = told(server)
            assert set(counts) == set(ONCE)
            # Only what was in the service's hands at the kill may come a second time.
            assert max(counts.values()) <= 2
        with closing(sqlite3.connect(folder / "records.sqlite")) as connection:
            rows = connection.execute("SELECT state, count(*) FROM notice GROUP BY state")
            assert rows.fetchall() == [("delivered", 3)]
        assert prove(folder / "records.sqlite").faults == ()
