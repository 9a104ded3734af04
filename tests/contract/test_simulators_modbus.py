"""Simulated PLCs over real sockets, read by a reader that shares nothing with them."""

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from collector.site import ModbusDevice
from collector.site import Plant as Site
from simulators.plant import Orders, Plant
from simulators.plc import Plc, PortTakenError
from simulators.scenario import Mode
from tests.contract.simulator_parts import (
    ModbusRefusedError,
    connected,
    modbus_device,
    on_free_ports,
    value_of,
)
from tests.unit.simulators.parts import mountain, plant_on, run

MODBUS = [one.id for one in mountain().device if isinstance(one, ModbusDevice)]


@pytest.fixture
def site() -> Site:
    return on_free_ports(mountain())


@pytest.fixture
def plant(site: Site) -> Plant:
    plant = plant_on(site)
    run(plant, 30, Orders())
    return plant


@asynccontextmanager
async def listening(plant: Plant, device: ModbusDevice) -> AsyncIterator[Plc]:
    plc = Plc(device, plant.value_at)
    await plc.start()
    try:
        yield plc
    finally:
        await plc.stop()


@pytest.mark.parametrize("name", MODBUS)
async def test_every_tag_reads_back_as_the_plant_has_it(
    site: Site, plant: Plant, name: str
) -> None:
    device = modbus_device(site, name)
    async with listening(plant, device), connected(device) as reader:
        for tag in device.tags:
            wanted = plant.value_at(tag.id)
            allowed = max(abs(tag.scale) * 0.501, abs(wanted) * 1e-6)
            read = await value_of(reader, device, tag)
            assert read == pytest.approx(wanted, abs=allowed), tag.id


async def test_the_bundled_devices_use_all_tables_types_and_orders(site: Site) -> None:
    devices = [one for one in site.device if isinstance(one, ModbusDevice)]
    tags = [tag for one in devices for tag in one.tags]
    assert {tag.table for tag in tags} == {
        "coil",
        "discrete_input",
        "holding_register",
        "input_register",
    }
    assert {tag.type for tag in tags} == {
        *("bool", "int16", "uint16", "int32", "uint32"),
        *("float32", "int64", "uint64", "float64"),
    }
    assert {one.word_order for one in devices} == {"big", "little"}
    assert {one.byte_order for one in devices} == {"big", "little"}
    assert any(tag.bit is not None for tag in tags)


async def test_addresses_outside_the_map_are_refused(site: Site, plant: Plant) -> None:
    device = modbus_device(site, "north_drive_plc")
    outside = [
        ("holding_register", 99, 1),
        ("holding_register", 105, 1),  # a hole between tags
        ("holding_register", 104, 3),  # a read across the hole
        ("holding_register", 60_000, 1),
        ("input_register", 36, 1),
        ("discrete_input", 16, 1),
        ("coil", 4000, 8),
    ]
    async with listening(plant, device) as plc, connected(device) as reader:
        for table, address, count in outside:
            with pytest.raises(ModbusRefusedError) as refused:
                await reader.read(table, address, count)
            assert refused.value.code == 2, (table, address, count)
        assert plc.exceptions == {2: len(outside)}
        assert len(await reader.read("holding_register", 100, 5)) == 10


async def test_a_table_without_tags_is_closed(site: Site, plant: Plant) -> None:
    device = modbus_device(site, "north_wind_station")
    async with listening(plant, device), connected(device) as reader:
        for table in ("coil", "discrete_input", "holding_register"):
            with pytest.raises(ModbusRefusedError) as refused:
                await reader.read(table, 0, 1)
            assert refused.value.code == 2


async def test_a_device_refuses_more_registers_than_it_can_send(site: Site, plant: Plant) -> None:
    device = modbus_device(site, "south_line_plc").model_copy(update={"max_registers": 4})
    async with listening(plant, device), connected(device) as reader:
        assert len(await reader.read("holding_register", 60, 1)) == 2
        with pytest.raises(ModbusRefusedError) as refused:
            await reader.read("holding_register", 62, 5)
        assert refused.value.code == 3


async def test_every_write_is_refused_and_counted(site: Site, plant: Plant) -> None:
    device = modbus_device(site, "north_drive_plc")
    writes = {
        5: struct.pack(">BHH", 5, 0, 0xFF00),
        6: struct.pack(">BHH", 6, 102, 1),
        15: struct.pack(">BHHBB", 15, 0, 1, 1, 1),
        16: struct.pack(">BHHBH", 16, 102, 1, 2, 7),
        22: struct.pack(">BHHH", 22, 102, 0, 7),
        23: struct.pack(">BHHHHBH", 23, 102, 1, 102, 1, 2, 7),
    }
    async with listening(plant, device) as plc, connected(device) as reader:
        before = await reader.read("holding_register", 100, 5)
        for body in writes.values():
            with pytest.raises(ModbusRefusedError) as refused:
                await reader.ask(body)
            assert refused.value.code == 1
        assert await reader.read("holding_register", 100, 5) == before
        assert plc.requests == {3: 2, **dict.fromkeys(writes, 1)}


async def test_requests_are_counted_by_function_code(site: Site, plant: Plant) -> None:
    device = modbus_device(site, "north_line_plc")
    async with listening(plant, device) as plc, connected(device) as reader:
        await reader.read("coil", 0, 2)
        await reader.read("discrete_input", 0, 20)
        await reader.read("holding_register", 60, 1)
        await reader.read("input_register", 40, 5)
        await reader.read("input_register", 40, 5)
        assert plc.requests == {1: 1, 2: 1, 3: 1, 4: 2}


async def test_a_silent_device_keeps_its_socket_and_answers_again_later(
    site: Site, plant: Plant
) -> None:
    device = modbus_device(site, "north_drive_plc")
    async with listening(plant, device) as plc, connected(device) as reader:
        await plc.behave(Mode.SILENT)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read("holding_register", 100, 2), 0.3)
        async with connected(device) as other:
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(other.read("holding_register", 100, 2), 0.3)
        await plc.behave(Mode.ANSWERING)
        assert len(await reader.read("holding_register", 100, 2)) == 4
        assert plc.requests == {3: 3}


async def test_a_slow_device_answers_late_and_a_failing_one_with_an_exception(
    site: Site, plant: Plant
) -> None:
    device = modbus_device(site, "lightning_warner")
    loop = asyncio.get_running_loop()
    async with listening(plant, device) as plc, connected(device) as reader:
        await plc.behave(Mode.SLOW, 0.3)
        begun = loop.time()
        await reader.read("holding_register", 0, 1)
        assert loop.time() - begun > 0.29
        await plc.behave(Mode.FAILING)
        with pytest.raises(ModbusRefusedError) as refused:
            await reader.read("holding_register", 0, 1)
        assert refused.value.code == 4


async def test_a_refusing_device_closes_its_connections_and_comes_back(
    site: Site, plant: Plant
) -> None:
    device = modbus_device(site, "lightning_warner")
    async with listening(plant, device) as plc:
        async with connected(device) as reader:
            await reader.read("holding_register", 0, 1)
            await plc.behave(Mode.REFUSING)
            with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
                await reader.read("holding_register", 0, 1)
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(device.host, device.port)
        await plc.behave(Mode.ANSWERING)
        async with connected(device) as reader:
            assert len(await reader.read("holding_register", 0, 1)) == 2


async def test_two_clients_are_served_at_once(site: Site, plant: Plant) -> None:
    device = modbus_device(site, "north_line_plc")
    async with (
        listening(plant, device),
        connected(device) as first,
        connected(device) as second,
    ):
        answers = await asyncio.gather(
            *(one.read("input_register", 40, 5) for one in (first, second))
        )
        assert answers[0] == answers[1]


async def test_a_port_in_use_is_said_in_words(site: Site, plant: Plant) -> None:
    device = modbus_device(site, "lightning_warner")
    async with listening(plant, device):
        with pytest.raises(PortTakenError, match=f"lightning_warner.*{device.port}"):
            await Plc(device, plant.value_at).start()
