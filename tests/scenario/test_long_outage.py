"""Days without InfluxDB: nothing is lost, screens go on, and it is soon caught up with."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import numpy as np
import pytest

from collector.board import Board
from collector.clock import Clock, TimeBase
from collector.history.influx import InfluxServer, InfluxSettings
from collector.history.lines import LineRenderer
from collector.history.sealer import Sealer
from collector.history.sender import Pace, Sender
from collector.history.store import History
from collector.model import NANOSECONDS, Scan
from collector.site import Plant
from tests.contract.influx_parts import points_of
from tests.servers.influx_server import Account, Influxd
from tests.unit.collector.words import BEGIN_NS, modbus, plant, tag

pytestmark = [pytest.mark.slow, pytest.mark.influx]

DEVICES, TAGS = 10, 30
SECONDS_AT_ONCE = 60
SLOWEST_LOOK_S = 0.25
TIMES_REAL_TIME = 20


def site() -> Plant:
    """Return three hundred tags on ten devices."""
    return plant(
        *(
            modbus(
                f"plc_{device}",
                *(
                    tag(f"north.place_{device:02}.q{at:02}", 2 * at, scale=0.1)
                    for at in range(TAGS)
                ),
            )
            for device in range(DEVICES)
        )
    )


@dataclass(slots=True)
class Station:
    """A board and a history, fed as collectors feed them: one scan a device a second."""

    history: History
    board: Board
    looks_s: list[float] = field(default_factory=list)
    second: int = 0

    def feed(self, raw: np.ndarray) -> None:
        """Publish and append the scans of the next second."""
        for device in range(DEVICES):
            at_ns = BEGIN_NS + self.second * NANOSECONDS + device * 7_000_000
            scan = Scan(
                slots=np.arange(device * TAGS, (device + 1) * TAGS, dtype=np.int32),
                values=raw[self.second % len(raw), device] * 0.1,
                quality=np.zeros(TAGS, dtype=np.uint8),
                source_ns=np.full(TAGS, at_ns, dtype=np.int64),
                received_ns=at_ns + 2_000_000,
            )
            self.board.publish(scan)
            self.history.append(scan)
        self.second += 1

    def clock(self) -> Clock:
        """Return a clock that stands at the newest second."""
        return Clock(TimeBase(origin_ns=BEGIN_NS + self.second * NANOSECONDS, speed=1e-9))

    async def look(self) -> None:
        """Do what a screen does again and again: ask for the last ten minutes of a gauge."""
        names = [f"north.place_{device:02}.q00" for device in range(3)]
        while True:
            began_s = time.perf_counter()
            end_ns = BEGIN_NS + self.second * NANOSECONDS
            await self.history.spans(names, (end_ns - 600 * NANOSECONDS, end_ns), 300)
            self.looks_s.append(time.perf_counter() - began_s)
            await asyncio.sleep(0.1)


def figures() -> np.ndarray:
    """Return an hour of whole figures that wander as an instrument's do: second, device, tag."""
    steps = np.random.default_rng(7).integers(-2, 3, (3600, DEVICES, TAGS))
    return (np.cumsum(steps, axis=0) + 500).astype(np.float64)


async def outage(station: Station, hours: int) -> None:
    """Let `hours` pass as fast as they can be kept, sealing as they end."""
    raw = figures()
    for second in range(hours * 3600):
        station.feed(raw)
        if second % SECONDS_AT_ONCE == 0:
            await station.history.committed()
        if second % 3600 == 3599:
            while await Sealer(station.history, station.clock()).seal():
                pass


async def caught_up(station: Station, sending: Sender) -> float:
    """Feed on in real time until the server has all of the outage; return samples a second."""
    raw = figures()
    await station.history.committed()
    behind = station.history.health.newest_seq
    began_s, began_sent = time.perf_counter(), sending.state.sent
    while sending.state.cursor < behind:
        station.feed(raw)
        await asyncio.sleep(1.0)
    return (sending.state.sent - began_sent) / (time.perf_counter() - began_s)


def count_of(account: Account, bucket: str) -> int:
    """Return how many values the server holds."""
    with httpx.Client(base_url=account.url, timeout=300) as client:
        answer = client.get(
            "/query",
            params={"db": bucket, "q": "SELECT count(*) FROM /.*/"},
            headers={"Authorization": f"Token {account.token}"},
        )
    (result,) = answer.raise_for_status().json()["results"]
    return sum(int(sum(row[1:])) for one in result["series"] for row in one["values"])


async def assert_ends_agree(station: Station, account: Account, bucket: str, of: Plant) -> None:
    """Compare the first and the last of what was kept, value for value."""
    names = await station.history.tag_ids()
    first = await station.history.read_after(0, 50_000)
    last = await station.history.read_after(station.history.health.newest_seq - 2000, 50_000)
    for stored in (first, last):
        wanted = points_of(stored, names, of)
        instants = [key[2] for key in wanted]
        held = await asyncio.to_thread(account.points, bucket, (min(instants), max(instants)))
        assert {key: held.get(key) for key in wanted} == wanted


@pytest.mark.parametrize(
    "hours",
    [
        pytest.param(2, marks=pytest.mark.timeout(240)),
        pytest.param(72, marks=[pytest.mark.soak, pytest.mark.timeout(3600)]),
    ],
)
async def test_hours_without_influxdb_cost_nothing_and_are_caught_up(
    hours: int, influxd_program: Path, tmp_path: Path
) -> None:
    of = site()
    influxd = Influxd(influxd_program, tmp_path / "influxd")
    influxd.start()
    with influxd.account.bucket() as bucket:
        influxd.stop()
        history = History(tmp_path / "history.sqlite", of, Clock())
        station = Station(history, Board(len(of.slots())))
        async with sender_to(influxd.account, bucket, history, of) as sending:
            await unharmed_by_the_outage(station, sending, hours)
            await asyncio.to_thread(influxd.start)
            rate = await caught_up(station, sending)
            assert rate > TIMES_REAL_TIME * DEVICES * TAGS, f"{rate:.0f} samples/s"
            await history.committed()
            while sending.state.cursor < history.health.newest_seq:
                await asyncio.sleep(0.2)
            held = await asyncio.to_thread(count_of, influxd.account, bucket)
            assert held == station.second * DEVICES * TAGS
            await assert_ends_agree(station, influxd.account, bucket, of)
            print(f"{hours} h caught up with at {rate:.0f} samples/s")
        await asyncio.to_thread(history.close)
    influxd.stop()


@asynccontextmanager
async def sender_to(
    account: Account, bucket: str, history: History, of: Plant
) -> AsyncIterator[Sender]:
    server = InfluxServer(InfluxSettings(account.url, account.token, account.org, bucket))
    groups = {one.id: one.group for one in of.tags()}
    render = LineRenderer(of.site.name.en, await history.tag_ids(), groups).render
    pace = Pace(chance=lambda: 0.0, longest_wait_s=2.0)
    sending = Sender(history, server, render, Clock(), pace)
    task = asyncio.create_task(sending.run())
    try:
        yield sending
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        server.close()


async def unharmed_by_the_outage(station: Station, sending: Sender, hours: int) -> None:
    """Let the outage pass while screens look on, and find that they never waited long."""
    looking = asyncio.create_task(station.look())
    await outage(station, hours)
    looking.cancel()
    # Two hours are some forty looks: the two worst may be the machine's.
    assert np.percentile(station.looks_s, 95) < SLOWEST_LOOK_S, sorted(station.looks_s)[-5:]
    assert sending.state.state == "waiting"
    assert (station.history.health.dropped, sending.state.sent) == (0, 0)
