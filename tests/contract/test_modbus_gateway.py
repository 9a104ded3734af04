"""What units behind one gateway do to each other: take turns, and nothing worse."""

import asyncio
from typing import Any

from collector.model import Quality
from collector.supervisor import DeviceState
from tests.contract.driver_parts import keeps_its_period
from tests.contract.modbus_parts import GOOD, Rehearsed, refusing, supervised, tags
from tests.modbus_server import ModbusServer, Unit
from tests.unit.collector.words import modbus


def behind(server: ModbusServer, count: int, **other: Any) -> list[dict[str, Any]]:
    """Return `count` units behind one gateway, each with two blocks."""
    return [
        modbus(f"u{n}", *tags(0, 1, 50, name=f"u{n}"), port=server.port, unit=n, **other)
        for n in range(1, count + 1)
    ]


def four_units() -> dict[str, Unit]:
    return {f"unit_{n}": Unit() for n in range(1, 5)}


async def test_units_of_one_gateway_share_one_connection_and_one_request_in_flight() -> None:
    async with (
        ModbusServer(**four_units()) as server,
        supervised(*behind(server, 4, scan_s=0.2)) as here,
    ):
        await asyncio.sleep(1.5)
        assert all(here.quality(one) == {GOOD} for one in here.supervisors)
        # Before the end: one that is cancelled in the midst of a question drops the line.
        assert server.connections == 1
        assert server.overlapping == 1


async def watch_neighbours(here: Rehearsed, seconds: float, *healthy: str) -> None:
    """Assert that for so long the healthy ones are good all the time and keep their period."""
    for name in healthy:
        here.supervisors[name].health.lateness_s.clear()
        here.supervisors[name].health.missed.clear()
    for _ in range(int(seconds / 0.05)):
        await asyncio.sleep(0.05)
        for name in healthy:
            assert here.quality(name) == {GOOD}, name
            assert here.supervisors[name].health.state is DeviceState.ONLINE
    for name in healthy:
        health = here.supervisors[name].health
        assert keeps_its_period(health)
        assert not health.errors


async def test_a_silent_unit_is_lost_alone_and_comes_back_within_five_seconds() -> None:
    async with (
        ModbusServer(**four_units()) as server,
        supervised(*behind(server, 4, scan_s=1.0)) as here,
    ):
        for name in here.supervisors:
            await here.until(name, DeviceState.ONLINE, 4)
        server.units[2].silent = True
        assert await here.until("u2", DeviceState.LOST, 3) < 2.0
        assert here.quality("u2") == {Quality.BAD_DEVICE_LOST}
        assert here.supervisors["u2"].health.errors.keys() == {"timeout"}
        await watch_neighbours(here, 5, "u1", "u3", "u4")
        server.units[2].silent = False
        await here.until("u2", DeviceState.ONLINE, 5)
        assert here.quality("u2") == {GOOD}
        assert server.overlapping == 1


async def test_three_silent_units_of_four_leave_the_fourth_its_period() -> None:
    async with (
        ModbusServer(**four_units()) as server,
        supervised(*behind(server, 4, scan_s=1.0)) as here,
    ):
        for name in here.supervisors:
            await here.until(name, DeviceState.ONLINE, 4)
        for silent in (1, 2, 3):
            server.units[silent].silent = True
        for silent in (1, 2, 3):
            await here.until(f"u{silent}", DeviceState.LOST, 3)
        await watch_neighbours(here, 5, "u4")
        for silent in (1, 2, 3):
            server.units[silent].silent = False
        begun_s = asyncio.get_running_loop().time()
        for silent in (1, 2, 3):
            await here.until(f"u{silent}", DeviceState.ONLINE, 5)
        assert asyncio.get_running_loop().time() - begun_s < 5


async def test_a_slow_unit_takes_its_turns_and_no_more() -> None:
    async with (
        ModbusServer(**four_units()) as server,
        supervised(*behind(server, 4, scan_s=1.0)) as here,
    ):
        for name in here.supervisors:
            await here.until(name, DeviceState.ONLINE, 4)
        server.units[2].delay_s = 0.15
        await watch_neighbours(here, 4, "u1", "u2", "u3", "u4")
        assert server.connections == 1


async def test_a_unit_that_the_gateway_reports_is_lost_and_the_connection_stays() -> None:
    units = four_units()
    units["unit_3"].refuse = refusing(11, 0)
    async with (
        ModbusServer(**units) as server,
        supervised(*behind(server, 4, scan_s=0.5, timeout_s=0.5)) as here,
    ):
        await here.until("u3", DeviceState.LOST, 3)
        for name in ("u1", "u2", "u4"):
            await here.until(name, DeviceState.ONLINE, 4)
        # A unit that was asked and refused before its neighbours came leaves nobody connected.
        opened = server.connections
        await watch_neighbours(here, 3, "u1", "u2", "u4")
        assert here.supervisors["u3"].health.errors.keys() == {"gateway"}
        units["unit_3"].refuse = lambda *_: 0
        await here.until("u3", DeviceState.ONLINE, 5)
        assert server.connections == opened
