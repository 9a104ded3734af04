"""Killed at any instant, the monitor loses no more than its last moment, and doubles nothing."""

import asyncio
import os
import random
import signal
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.faultproxy import FaultProxy
from tests.scenario.witnessed import Forked, drain, witnessed
from tests.servers.influx_server import Influxd

pytestmark = [pytest.mark.slow, pytest.mark.influx]


async def kill_often(
    monitors: Forked, proxy: FaultProxy, influxd: Influxd, kills: int, chance: random.Random
) -> list[float]:
    """Kill one monitor after the other while InfluxDB suffers, and return when each was killed."""
    faults: list[Callable[[], Awaitable[None]]] = [
        proxy.heal,  # twice: drains must be under way at some of the kills
        proxy.heal,
        proxy.refuse,
        _now(proxy.black_hole),
        _now(lambda: proxy.delay(0.3)),
        _now(lambda: proxy.reset_mid_answer(chance.choice((0, 20)))),
    ]
    killed_s = []
    for number in range(kills):
        await proxy.heal()
        await chance.choice(faults)()
        if number % 50 == 25:
            influxd.kill()
        child = await monitors.start()
        await asyncio.sleep(chance.uniform(0.05, 2.0))
        killed_s.append(time.time())
        os.kill(child, signal.SIGKILL)
        await monitors.gone()
        if number % 50 == 25:
            influxd.start()
    await proxy.heal()
    return killed_s


def _now(act: Callable[[], None]) -> Callable[[], Awaitable[None]]:
    async def acted() -> None:
        act()

    return acted


@pytest.mark.parametrize(
    "kills",
    [
        pytest.param(20, marks=pytest.mark.timeout(240)),
        pytest.param(200, marks=[pytest.mark.soak, pytest.mark.timeout(1200)]),
    ],
)
async def test_kills_at_random_instants_cost_a_moment_each_and_nothing_else(
    kills: int, own_influxd: Influxd, tmp_path: Path
) -> None:
    account = own_influxd.account
    port = int(account.url.rsplit(":", 1)[1])
    with account.bucket() as bucket:
        async with (
            FaultProxy("127.0.0.1", port) as proxy,
            witnessed(tmp_path, account, bucket, proxy.port) as watched,
        ):
            chance = random.Random(kills)
            killed_s = await kill_often(watched.monitors, proxy, own_influxd, kills, chance)
            await drain(watched.monitors, watched.history)
            await watched.assert_all_agree(killed_s)
