"""A day that a device kept and gives late is the same day in all three places.

Its samples are uncertain, as their time is not that of the clock here; none is left out.
"""

import asyncio
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from collector.clock import Clock
from collector.history.log import Log
from collector.history.store import History
from collector.model import NANOSECONDS
from collector.sitefile import read_plant
from tests.contract.opcua_parts import URI, Peer, peer
from tests.influx_gate import InfluxGate
from tests.scenario.equality import assert_stores_agree
from tests.scenario.witnessed import SITE, drain, forked, newest_and_sent
from tests.servers.influx_server import Influxd

pytestmark = [pytest.mark.slow, pytest.mark.influx, pytest.mark.timeout(240)]

NODES = ("Speed", "Force")
DAY_S = 86_400
KEPT_EVERY_S = 10
# Well within the queue that a monitored item asks for.
AT_ONCE = 600
PERIOD_S = 1.0
BREATH_S = 0.001
FAULT = "503 Service Unavailable"
FAULTS_AT = (2, 3, 9)
DEVICE = """
[[device]]
id = "north_drive"
ropeway = "north"
protocol = "opcua"
host = "127.0.0.1"
port = {port}
namespace = "{uri}"
scan_s = {period_s}
tags = [
  {{ id = "north.drive.speed", node = "s=Speed", unit = "m/s" }},
  {{ id = "north.drive.force", node = "s=Force", unit = "kN" }},
]
"""

Served = dict[str, dict[int, float]]


async def give(device: Peer, served: Served, at_ns: int, value: float) -> None:
    """Have both nodes hold a value of an instant, and remember it."""
    for number, node in enumerate(NODES):
        await device.put(node, value + number / 2, at_ns)
        served[f"north.drive.{node.lower()}"][at_ns] = value + number / 2
    # The server publishes from this very loop: a silent one is lost, and its queue with it.
    await asyncio.sleep(BREATH_S)


def parts_of(instants: range) -> Iterator[range]:
    """Yield so many instants at once as the monitor's queue takes."""
    for begin in range(0, len(instants), AT_ONCE):
        yield instants[begin : begin + AT_ONCE]


async def give_the_day(device: Peer, served: Served, gate: InfluxGate, history: Path) -> None:
    """Give what was kept for a day as fast as it is taken; now and then InfluxDB says no."""
    began_s = int(time.time()) - DAY_S
    arrivals = Arrivals(history)
    instants = range(began_s, began_s + DAY_S - KEPT_EVERY_S, KEPT_EVERY_S)
    for number, some in enumerate(parts_of(instants)):
        if number in FAULTS_AT:
            gate.answers.append(FAULT)
        for at_s in some:
            await give(device, served, at_s * NANOSECONDS, float(at_s - began_s))
        # More than the server's queue holds at once would be lost there, as it says itself.
        await arrivals.wait_for(some[-1] * NANOSECONDS)


class Arrivals:
    """Which instants have come to the history, read beside the monitor that writes it."""

    def __init__(self, history: Path) -> None:
        self._log = Log(history)
        self._seq = 0

    async def wait_for(self, at_ns: int) -> None:
        """Return once a sample of that instant is kept."""
        async with asyncio.timeout(30):
            while True:
                for one in await self._log.read_after(self._seq, 100_000):
                    self._seq = one.seq
                    if (one.scan.source_ns == at_ns).any():
                        return
                await asyncio.sleep(PERIOD_S / 10)


async def kept_of(path: Path, site: Path, tag: str) -> dict[int, float]:
    """Return the samples of a tag in the history, of whatever quality."""
    history = History(path, read_plant(site), Clock())
    try:
        course = (await history.courses([tag], 0, 2**62))[tag]
    finally:
        await asyncio.to_thread(history.close)
    return dict(zip(course.source_ns.tolist(), course.values.tolist(), strict=True))


async def test_a_day_that_comes_late_is_the_same_in_history_and_influxdb(
    either_influxd: Influxd, tmp_path: Path
) -> None:
    account = either_influxd.account
    port = int(account.url.rsplit(":", 1)[1])
    site, history = tmp_path / "site.toml", tmp_path / "data" / "history.sqlite"
    served: Served = {f"north.drive.{node.lower()}": {} for node in NODES}
    with account.bucket() as bucket:
        async with InfluxGate("127.0.0.1", port) as gate, peer(NODES) as device:
            text = SITE.format() + DEVICE.format(port=device.port, uri=URI, period_s=PERIOD_S)
            site.write_text(text, "utf-8")
            environment = {
                "INFLUXDB_URL": f"http://127.0.0.1:{gate.port}",
                "INFLUXDB_TOKEN": account.token,
                "INFLUXDB_ORG": account.org,
                "INFLUXDB_BUCKET": bucket,
            }
            await give(device, served, time.time_ns() // 1000 * 1000, -1.0)
            async with forked(site, tmp_path, environment) as monitors:
                child = await monitors.start()
                async with asyncio.timeout(20):
                    while not newest_and_sent(history)[0]:
                        await asyncio.sleep(PERIOD_S / 10)
                await give_the_day(device, served, gate, history)
                await give(device, served, time.time_ns() // 1000 * 1000, -2.0)
                await asyncio.sleep(2 * PERIOD_S)
                os.kill(child, signal.SIGTERM)
                await monitors.gone()
                await drain(monitors, history)
        compared = await asyncio.to_thread(
            assert_stores_agree, history, read_plant(site), account, bucket
        )
    assert gate.given[FAULT.split(maxsplit=1)[0]] == len(FAULTS_AT)
    for tag, samples in served.items():
        kept = await kept_of(history, site, tag)
        assert {at_ns: kept.get(at_ns) for at_ns in samples} == samples
        # What stands between them repeats, by the server's word, a value that it gave.
        assert set(kept.values()) <= set(samples.values())
    assert compared >= sum(map(len, served.values()))
