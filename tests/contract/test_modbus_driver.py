"""What a Modbus device refuses, and how its scan classes are read."""

import asyncio
from collections import Counter
from contextlib import AsyncExitStack
from random import Random
from typing import Any

import numpy as np
import pytest

from collector.clock import Clock
from collector.drivers import DriverError
from collector.drivers.modbus import ModbusDriver
from collector.model import Quality, Scan
from collector.site import ModbusDevice
from collector.supervisor import DeviceState
from tests.contract.modbus_parts import BAD, GOOD, refusing, supervised, tags
from tests.modbus_server import ModbusServer, Unit
from tests.modbus_spoilers import SPOILERS, refilled
from tests.unit.collector.words import modbus


def driver_on(server: ModbusServer, *of: dict[str, Any], **other: Any) -> ModbusDriver:
    device = ModbusDevice.model_validate(modbus("plc", *of, port=server.port, **other))
    return ModbusDriver(device, 0, Clock())


def by_slot(scan: Scan) -> list[int]:
    return [int(one) for one in scan.quality[np.argsort(scan.slots)]]


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
        driver = driver_on(server, *tags(0), scan_s=4)
        await driver.connect()
        assert by_slot(await driver.scan()) == [GOOD]
        await driver.close()


async def test_a_device_that_stays_busy_is_not_waited_for_longer_than_its_period() -> None:
    async with ModbusServer(unit_1=Unit(refuse=refusing(6, 50))) as server:
        driver = driver_on(server, *tags(0, 50), scan_s=1.0)
        await driver.connect()
        begun_s = asyncio.get_running_loop().time()
        assert by_slot(await driver.scan()) == [GOOD, BAD]
        assert asyncio.get_running_loop().time() - begun_s < 1.0
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


async def test_hostile_answers_over_a_real_socket_bring_no_wrong_value_and_nothing_breaks() -> None:
    chance = Random(7)
    unit = Unit()
    outcomes: Counter[str] = Counter()
    async with ModbusServer(unit_1=unit) as server:
        driver = driver_on(server, *tags(*range(100)), timeout_s=0.02)
        for _ in range(600):
            # What fills the registers with other figures is no fault that could be told.
            spoiler = chance.choice([one for one in SPOILERS if one is not refilled])
            server.spoil = lambda frame, spoiler=spoiler: [spoiler(frame, chance)]
            try:
                await driver.connect()
                scan = await driver.scan()
            except DriverError as error:
                outcomes[error.kind] += 1
                await driver.close()
                continue
            good = scan.quality == GOOD
            outcomes["good" if good.any() else "refused"] += 1
            assert scan.values[good].tolist() == [unit.words[at] for at in scan.slots[good]]
    assert set(outcomes) >= {"protocol", "timeout", "refused"}


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
        assert asked[0] == pytest.approx(40, abs=2)
        assert asked[10] == pytest.approx(8, abs=1)
        assert asked[20] == pytest.approx(4, abs=1)
        health = here.supervisors["plc"].health
        assert [one.period_s for one in health.classes] == [0.1, 0.5, 1.0]
        assert health.skipped <= 1  # which may be the machine's


async def test_ticks_that_a_slow_device_costs_are_counted_for_their_class() -> None:
    unit = Unit(delay_s=0.12)
    device = [*tags(0, 50, scan_s=0.2), *tags(100, scan_s=2.0)]
    async with (
        ModbusServer(unit_1=unit) as server,
        supervised(modbus("plc", *device, port=server.port, timeout_s=1)) as here,
    ):
        await here.until("plc", DeviceState.ONLINE, 3)
        await asyncio.sleep(3.0)
        quick, slow = here.supervisors["plc"].health.classes
        assert quick.skipped > 5
        assert slow.skipped <= 1
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
        for name in here.supervisors:
            await here.until(name, DeviceState.ONLINE, 10)
        unit.asked_at_s.clear()
        await asyncio.sleep(2.0)
        asked_at_s = list(unit.asked_at_s)
    tenths = Counter(int(at_s * 10) for at_s in asked_at_s)
    # A shared machine may stand still for a tenth or two; at once would be a hundred.
    assert len(asked_at_s) == pytest.approx(200, abs=20)
    assert max(tenths.values()) <= 40
