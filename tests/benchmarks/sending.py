"""Measures the sender: from the log, as lines, compressed, into a real InfluxDB 2."""

import asyncio
import os
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from collector.clock import Clock
from collector.history.influx import InfluxServer, InfluxSettings
from collector.history.lines import LineRenderer
from collector.history.sealer import Sealer
from collector.history.sender import CURSOR, Pace, Sender
from collector.history.store import History
from collector.model import Scan
from collector.site import Plant
from tests.benchmarks.keeping import LATER, made_scans, opened
from tests.benchmarks.load import SERVER_CORE
from tests.benchmarks.mountain import Mountain, samples_of
from tests.benchmarks.plants import Job, plant
from tests.benchmarks.spent import Cost, Spent, cost_of, on_core_of_readers, spending
from tests.servers.influx_server import Account, Influxd

DEVICE_TAGS = 1000
WINDOWS = 3


@contextmanager
def throw_away_server(program: Path) -> Iterator[Account]:
    """Run an InfluxDB of our own on the load server's core, its data in a folder that goes."""
    with TemporaryDirectory() as folder:
        server = Influxd(program, Path(folder))
        try:
            with on_core_of_readers(SERVER_CORE if len(os.sched_getaffinity(0)) > 1 else 0):
                server.start()
            yield server.account
        finally:
            server.stop()


def measure_sending(account: Account, mountain_s: float, scans_of_one: int) -> list[Cost]:
    """Send the bundled mountain and whole scans of 1,000 tags, each hot and sealed."""
    mountain = Mountain()
    plain = plant(Job(devices=1, tags=DEVICE_TAGS, period_s=0.1), [1])
    kinds: tuple[tuple[str, Plant, Sequence[Scan]], ...] = (
        ("the bundled mountain", mountain.plant, list(mountain.scans(mountain_s))),
        (f"scans of {DEVICE_TAGS:,} tags", plain, made_scans(DEVICE_TAGS, scans_of_one)),
    )
    return [
        asyncio.run(_sent(f"{words}, {state}", account, read, scans, sealed=state == "sealed"))
        for words, read, scans in kinds
        for state in ("hot", "sealed")
    ]


async def _sent(
    words: str, account: Account, read: Plant, scans: Sequence[Scan], *, sealed: bool
) -> Cost:
    """Send `scans` to a fresh bucket in each window."""
    spent = []
    with TemporaryDirectory() as folder:
        async with opened(Path(folder), read) as history:
            for scan in scans:
                history.append(scan)
            await history.committed()
            while sealed and await Sealer(history, LATER).seal():
                pass
            for _ in range(WINDOWS):
                with account.bucket() as bucket:
                    spent.append(await _window(history, read, account, bucket))
                history.move_cursor(CURSOR, 0)
                await history.committed()
    return cost_of(words, spent, samples_of(scans))


async def _window(history: History, read: Plant, account: Account, bucket: str) -> Spent:
    settings = InfluxSettings(account.url, account.token, account.org, bucket)
    groups = {tag.id: tag.group for tag in read.tags()}
    renderer = LineRenderer(read.site.name.en, await history.tag_ids(), groups)
    with closing(InfluxServer(settings)) as server:
        pace = Pace(chance=Random(1).random)
        sender = Sender(history, server, renderer.render, Clock(), pace)
        with spending() as spent:
            await sender.finish()
    if sender.state.state != "idle" or sender.state.dead_letters:
        message = f"the server did not take it all: {sender.state}"
        raise RuntimeError(message)
    return spent
