"""What a Modbus device refuses, and what units of one gateway do to each other."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from random import Random
from typing import Any

import numpy as np
import pytest

from collector.board import Board
from collector.clock import Clock
from collector.drivers import DriverError
from collector.drivers.modbus import ModbusDriver
from collector.drivers.modbus_gateway import gateways_of
from collector.gaps import Gap, GapLedger
from collector.model import Quality, Scan
from collector.service import open_driver
from collector.site import ModbusDevice, Plant
from collector.supervisor import KEPT_LATENESS_S, DeviceState, Supervisor, Surroundings
from tests.modbus_server import ModbusServer, Unit
from tests.unit.collector.words import modbus, plant, tag

GOOD, BAD = Quality.GOOD, Quality.BAD_SOURCE


def tags(*addresses: int, name: str = "drive", **other: Any) -> list[dict[str, Any]]:
    return [tag(f"north.{name}.q{at}", at, **other) for at in addresses]


def driver_on(server: ModbusServer, *of: dict[str, Any], **other: Any) -> ModbusDriver:
    device = ModbusDevice.model_validate(modbus("plc", *of, port=server.port, **other))
    return ModbusDriver(device, 0, Clock())


def by_slot(scan: Scan) -> list[int]:
    return [int(one) for one in scan.quality[np.argsort(scan.slots)]]


def refusing(code: int, *addresses: int) -> Callable[[int, int, int], int]:
    """Refuse every read that touches one of the addresses."""

    def refuse(_: int, address: int, count: int) -> int:
        return code if any(address <= at < address + count for at in addresses) else 0

    return refuse


async def test_only_the_tag_at_an_illegal_address_is_bad_and_it_comes_back_by_itself() -> None:
    unit = Unit(refuse=refusing(2, 7))
    async with ModbusServer(unit_1=unit) as server:
        driver = driver_on(server, *tags(*range(20)))
        await driver.connect()
        wanted = [BAD if at == 7 else GOOD for at in range(20)]
        assert by_slot(await driver.scan()) == wanted
        assert by_slot(await driver.scan()) == wanted
        (refusal,) = driver.classes[0].refusals
        assert refusal.kind == "illegal_address"
        assert refusal.words == "tag 'north.drive.q7' at holding_register 7: illegal address"
        unit.refuse = lambda *_: 0
        scan = await driver.scan()
        assert by_slot(scan) == [GOOD] * 20
        assert sorted(scan.values) == sorted(unit.words[:20])
        assert driver.classes[0].refusals == ()
        await driver.close()


async def test_values_stay_with_their_tags_through_every_split() -> None:
    unit = Unit(refuse=refusing(2, 3, 11, 12, 40))
    async with ModbusServer(unit_1=unit) as server:
        driver = driver_on(server, *tags(*range(30), 40, 41, type="uint16"))
        await driver.connect()
        addresses = [*range(30), 40, 41]
        for _ in range(6):
            scan = await driver.scan()
            for slot, value, how in zip(scan.slots, scan.values, scan.quality, strict=True):
                address = addresses[slot]
                if address in {3, 11, 12, 40}:
                    assert how == BAD
                    assert np.isnan(value)
                else:
                    assert (how, value) == (GOOD, unit.words[address])
        await driver.close()


async def test_refused_tags_cost_one_request_a_scan_however_many_they_are() -> None:
    unit = Unit(refuse=refusing(2, *range(10, 30)))
    async with ModbusServer(unit_1=unit) as server:
        driver = driver_on(server, *tags(*range(40)))
        await driver.connect()
        await driver.scan()
        blocks = len(driver.classes[0]._layout.asked)
        for _ in range(25):
            unit.asked.clear()
            assert Counter(by_slot(await driver.scan())) == {GOOD: 20, BAD: 20}
            assert len(unit.asked) == blocks + 1
        unit.refuse = lambda *_: 0
        for _ in range(20):
            await driver.scan()
        assert by_slot(await driver.scan()) == [GOOD] * 40
        await driver.close()


@pytest.mark.parametrize(
    ("code", "kind"), [(1, "illegal_function"), (3, "illegal_value"), (4, "device_failure")]
)
async def test_a_block_that_the_device_cannot_give_is_bad_and_the_others_are_not(
    code: int, kind: str
) -> None:
    unit = Unit(refuse=refusing(code, 100))
    async with ModbusServer(unit_1=unit) as server:
        driver = driver_on(server, *tags(0, 1, 100, 101))
        await driver.connect()
        assert by_slot(await driver.scan()) == [GOOD, GOOD, BAD, BAD]
        assert len(unit.asked) == 2
        (refusal,) = driver.classes[0].refusals
        assert refusal.kind == kind
        assert refusal.words.startswith("holding_register 100 to 101 (2 tags): ")
        await driver.close()


async def test_a_busy_device_is_asked_again_within_the_period() -> None:
    busy = iter([6, 5, 6])
    async with ModbusServer(unit_1=Unit(refuse=lambda *_: next(busy, 0))) as server:
        driver = driver_on(server, *tags(0), scan_s=1)
        await driver.connect()
        assert by_slot(await driver.scan()) == [GOOD]
        await driver.close()


async def test_a_device_that_stays_busy_is_not_waited_for_longer_than_its_period() -> None:
    async with ModbusServer(unit_1=Unit(refuse=refusing(6, 50))) as server:
        driver = driver_on(server, *tags(0, 50), scan_s=0.5)
        await driver.connect()
        begun_s = asyncio.get_running_loop().time()
        assert by_slot(await driver.scan()) == [GOOD, BAD]
        assert asyncio.get_running_loop().time() - begun_s < 0.5
        assert [one.kind for one in driver.classes[0].refusals] == ["device_busy"]
        await driver.close()


@pytest.mark.parametrize("code", [10, 11])
async def test_a_gateway_that_answers_for_its_target_means_the_unit_is_lost(code: int) -> None:
    async with ModbusServer(unit_1=Unit(refuse=refusing(code, 0))) as server:
        driver = driver_on(server, *tags(0))
        await driver.connect()
        with pytest.raises(DriverError, match="unit 1: gateway ") as lost:
            await driver.scan()
        assert lost.value.kind == "gateway"
        await driver.close()


async def test_a_device_that_hangs_up_between_two_scans_is_read_all_the_same() -> None:
    async with ModbusServer(unit_1=Unit()) as server:
        driver = driver_on(server, *tags(0))
        await driver.connect()
        for _ in range(3):
            assert by_slot(await driver.scan()) == [GOOD]
            server.hang_up()
            await asyncio.sleep(0.05)
        assert server.connections == 3
        await driver.close()


@dataclass
class Rehearsed:
    """Supervisors of some devices, the board they fill, and what went into the ledger."""

    plant: Plant
    board: Board
    supervisors: dict[str, Supervisor]
    gaps: list[Gap] = field(default_factory=list)
    scans: list[Scan] = field(default_factory=list)

    def quality(self, device: str) -> set[int]:
        return set(self.board.quality[self.supervisors[device].slots].tolist())

    async def until(self, device: str, state: DeviceState, within_s: float) -> float:
        """Return after how long the device was in that state."""
        begun_s = asyncio.get_running_loop().time()
        async with asyncio.timeout(within_s):
            while self.supervisors[device].health.state is not state:
                await asyncio.sleep(0.01)
        return asyncio.get_running_loop().time() - begun_s


@asynccontextmanager
async def supervised(*devices: dict[str, Any]) -> AsyncIterator[Rehearsed]:
    """Keep the devices read while the block runs."""
    of, clock = plant(*devices), Clock()
    board = Board(len(of.slots()))
    here = Rehearsed(of, board, {})

    def publish(scan: Scan) -> None:
        here.scans.append(scan)
        board.publish(scan)

    around = Surroundings(clock, publish, GapLedger(here.gaps.append), Random(1))
    gateways = gateways_of(of.device, clock)
    first_slot = 0
    for number, device in enumerate(of.device):
        driver = open_driver(device, first_slot, clock, gateways)
        here.supervisors[device.id] = Supervisor(device, driver, around, number / len(of.device))
        first_slot += len(device.tags)
    tasks = [asyncio.create_task(one.run()) for one in here.supervisors.values()]
    try:
        yield here
    finally:
        for task in tasks:
            task.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.gather(*tasks)


def behind(server: ModbusServer, count: int, **other: Any) -> list[dict[str, Any]]:
    """Return `count` units behind one gateway, each with two blocks."""
    return [
        modbus(f"u{n}", *tags(0, 1, 50, name=f"u{n}"), port=server.port, unit=n, **other)
        for n in range(1, count + 1)
    ]


def four_units() -> dict[str, Unit]:
    return {f"unit_{n}": Unit() for n in range(1, 5)}


async def test_units_of_one_gateway_share_one_connection_and_one_request_in_flight() -> None:
    async with ModbusServer(**four_units()) as server:
        async with supervised(*behind(server, 4, scan_s=0.2)) as here:
            await asyncio.sleep(1.5)
            assert all(here.quality(one) == {GOOD} for one in here.supervisors)
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
        assert health.lateness_p99_s < KEPT_LATENESS_S
        assert health.skipped == 0
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
    async with ModbusServer(**units) as server:
        async with supervised(*behind(server, 4, scan_s=0.5)) as here:
            await here.until("u3", DeviceState.LOST, 3)
            for name in ("u1", "u2", "u4"):
                await here.until(name, DeviceState.ONLINE, 4)
            await watch_neighbours(here, 3, "u1", "u2", "u4")
            assert here.supervisors["u3"].health.errors.keys() == {"gateway"}
            units["unit_3"].refuse = lambda *_: 0
            await here.until("u3", DeviceState.ONLINE, 5)
        assert server.connections == 1


async def test_what_a_device_refuses_stands_in_health_while_it_is_online() -> None:
    unit = Unit(refuse=refusing(4, 50))
    async with (
        ModbusServer(unit_1=unit) as server,
        supervised(modbus("plc", *tags(0, 50), port=server.port, scan_s=0.1)) as here,
    ):
        await here.until("plc", DeviceState.ONLINE, 3)
        await asyncio.sleep(0.5)
        health = here.supervisors["plc"].health
        assert health.errors == {"device_failure": 1}
        assert health.reason == "tag 'north.drive.q50' at holding_register 50: device failure"
        unit.refuse = lambda *_: 0
        await asyncio.sleep(0.3)
        assert (health.reason, health.state) == ("", DeviceState.ONLINE)
        assert here.quality("plc") == {GOOD}


async def test_each_scan_class_keeps_its_own_period() -> None:
    unit = Unit()
    device = [*tags(0, 1, scan_s=0.1), *tags(10), *tags(20, scan_s=1.0)]
    async with (
        ModbusServer(unit_1=unit) as server,
        supervised(modbus("plc", *device, port=server.port, scan_s=0.5)) as here,
    ):
        await here.until("plc", DeviceState.ONLINE, 3)
        unit.asked.clear()
        await asyncio.sleep(4.0)
        asked = Counter(address for _, address, _ in unit.asked)
        assert asked[0] == pytest.approx(40, abs=1)
        assert asked[10] == pytest.approx(8, abs=1)
        assert asked[20] == pytest.approx(4, abs=1)
        health = here.supervisors["plc"].health
        assert [one.period_s for one in health.classes] == [0.1, 0.5, 1.0]
        assert health.skipped == 0


async def test_ticks_that_a_slow_device_costs_are_counted_for_their_class() -> None:
    unit = Unit(delay_s=0.25)
    device = [*tags(0, scan_s=0.1), *tags(10, scan_s=2.0)]
    async with (
        ModbusServer(unit_1=unit) as server,
        supervised(modbus("plc", *device, port=server.port, timeout_s=1)) as here,
    ):
        await here.until("plc", DeviceState.ONLINE, 3)
        await asyncio.sleep(3.0)
        quick, slow = here.supervisors["plc"].health.classes
        assert quick.skipped > 10
        assert slow.skipped == 0
        assert here.quality("plc") == {GOOD}
        assert here.gaps


async def test_every_class_is_bad_at_once_when_the_device_is_lost() -> None:
    unit = Unit()
    device = [*tags(0, scan_s=0.1), *tags(10, scan_s=5.0)]
    async with (
        ModbusServer(unit_1=unit) as server,
        supervised(modbus("plc", *device, port=server.port)) as here,
    ):
        await here.until("plc", DeviceState.ONLINE, 3)
        unit.silent = True
        await here.until("plc", DeviceState.LOST, 2)
        assert here.quality("plc") == {Quality.BAD_DEVICE_LOST}
        assert here.supervisors["plc"].health.errors == {"timeout": 1}
        unit.silent = False
        await here.until("plc", DeviceState.ONLINE, 5)
        assert here.quality("plc") == {GOOD}


async def test_a_hundred_devices_do_not_fire_at_once() -> None:
    unit = Unit()
    async with AsyncExitStack() as stack:
        servers = [await stack.enter_async_context(ModbusServer(unit_1=unit)) for _ in range(100)]
        devices = [
            modbus(f"d{n}", *tags(n, name=f"d{n}"), port=server.port)
            for n, server in enumerate(servers)
        ]
        here = await stack.enter_async_context(supervised(*devices))
        await asyncio.sleep(2.0)
        assert all(one.health.state is DeviceState.ONLINE for one in here.supervisors.values())
        unit.asked_at_s.clear()
        await asyncio.sleep(2.0)
        asked_at_s = list(unit.asked_at_s)
    tenths = Counter(int(at_s * 10) for at_s in asked_at_s)
    assert len(asked_at_s) == pytest.approx(200, abs=4)
    assert max(tenths.values()) <= 20
