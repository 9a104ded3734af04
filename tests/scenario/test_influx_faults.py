"""After every answer that an InfluxDB can give, devices, history and InfluxDB agree."""

import asyncio
import os
import signal
import time
from pathlib import Path

import pytest

from tests.faultproxy import FaultProxy
from tests.influx_gate import InfluxGate
from tests.scenario.witnessed import Witnessed, drain, witnessed
from tests.servers.influx_server import Influxd

pytestmark = [pytest.mark.slow, pytest.mark.influx, pytest.mark.timeout(180)]

FAULT_S = 1.2
MADE_BY_HAND = (
    "500 Internal Server Error",
    "503 Service Unavailable",
    "429 Too Many Requests\r\nRetry-After: 1",
    "401 Unauthorized",
    "404 Not Found",
    "413 Request Entity Too Large",
    "400 Bad Request",
)


async def suffer(proxy: FaultProxy, gate: InfluxGate, influxd: Influxd) -> None:
    """Let one fault follow the other, each over before the next."""
    for status in MADE_BY_HAND:
        gate.answers.append(status)
        await asyncio.sleep(FAULT_S)
    gate.lost = 2
    await asyncio.sleep(FAULT_S)
    gate.slow_s = 0.5
    await asyncio.sleep(FAULT_S)
    gate.slow_s = 0.0
    await proxy.refuse()
    await asyncio.sleep(FAULT_S)
    await proxy.heal()
    proxy.black_hole()
    await asyncio.sleep(FAULT_S)
    await proxy.heal()
    await asyncio.to_thread(influxd.stop)
    await asyncio.to_thread(influxd.start)
    await asyncio.sleep(FAULT_S)


async def test_every_answer_that_a_server_can_give_costs_not_one_sample(
    either_influxd: Influxd, tmp_path: Path
) -> None:
    account = either_influxd.account
    port = int(account.url.rsplit(":", 1)[1])
    with account.bucket() as bucket:
        async with (
            InfluxGate("127.0.0.1", port) as gate,
            FaultProxy("127.0.0.1", gate.port) as proxy,
            witnessed(tmp_path, account, bucket, proxy.port) as watched,
        ):
            child = await watched.monitors.start()
            await asyncio.sleep(FAULT_S)
            await suffer(proxy, gate, either_influxd)
            ended_s = await _end(watched, child)
            await drain(watched.monitors, watched.history)
            await watched.assert_all_agree([ended_s])
            assert {status.split()[0] for status in MADE_BY_HAND} <= set(gate.given)
            assert gate.given["lost"] == 2


async def _end(watched: Witnessed, child: int) -> float:
    """End the monitor as its user would; return when."""
    ended_s = time.time()
    os.kill(child, signal.SIGTERM)
    await watched.monitors.gone()
    return ended_s
