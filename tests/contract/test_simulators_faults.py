"""Simulated devices misbehave on the wire as their modes say, each in its own way."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from simulators.plc import Plc
from simulators.scenario import Mode
from tests.contract.simulator_parts import (
    ModbusRefusedError,
    RawReader,
    connected,
    modbus_device,
    on_free_ports,
)
from tests.unit.simulators.parts import mountain

PATIENCE_S = 0.4
SPEED = next(
    tag.address
    for tag in modbus_device(mountain(), "north_drive_plc").tags
    if tag.id == "north.drive.speed"
)


@asynccontextmanager
async def a_plc() -> AsyncIterator[Plc]:
    """The north drive PLC, all of whose tags read 5."""
    plc = Plc(modbus_device(on_free_ports(mountain()), "north_drive_plc"), lambda _: 5.0)
    await plc.start()
    try:
        yield plc
    finally:
        await plc.stop()


async def speed_bytes(reader: RawReader) -> bytes:
    """Read the speed, a float32."""
    async with asyncio.timeout(PATIENCE_S):
        return await reader.read("holding_register", SPEED, 2)


async def test_reset_ends_an_answer_half_way_with_a_reset() -> None:
    async with a_plc() as plc, connected(plc.device) as reader:
        await plc.behave(Mode.RESET)
        with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
            await speed_bytes(reader)


async def test_a_truncated_answer_leaves_the_connection_and_the_rest_out() -> None:
    async with a_plc() as plc, connected(plc.device) as reader:
        await plc.behave(Mode.TRUNCATED)
        with pytest.raises(TimeoutError):
            await speed_bytes(reader)


async def test_garbage_is_as_long_as_an_answer_and_means_nothing() -> None:
    async with a_plc() as plc:
        reader, writer = await asyncio.open_connection(plc.device.host, plc.device.port)
        await plc.behave(Mode.GARBAGE)
        writer.write(bytes.fromhex("0001000000060103") + SPEED.to_bytes(2, "big") + b"\x00\x02")
        answer = await asyncio.wait_for(reader.readexactly(13), PATIENCE_S)
        assert answer[:4] != b"\x00\x01\x00\x00"
        writer.close()


async def test_swapped_words_come_the_other_way_round() -> None:
    async with a_plc() as plc, connected(plc.device) as reader:
        plain = await speed_bytes(reader)
        await plc.behave(Mode.SWAPPED)
        assert await speed_bytes(reader) == plain[2:] + plain[:2]
        await plc.behave(Mode.ANSWERING)
        assert await speed_bytes(reader) == plain


async def test_half_open_is_deaf_for_ever_to_who_was_there_and_well_for_who_comes() -> None:
    async with a_plc() as plc, connected(plc.device) as old:
        await speed_bytes(old)
        await plc.behave(Mode.HALF_OPEN)
        for mode in (Mode.HALF_OPEN, Mode.ANSWERING):
            await plc.behave(mode)
            with pytest.raises(TimeoutError):
                await speed_bytes(old)
            async with connected(plc.device) as new:
                assert len(await speed_bytes(new)) == 4


async def test_a_black_hole_takes_all_and_answers_what_it_held_when_it_ends() -> None:
    async with a_plc() as plc, connected(plc.device) as old:
        await speed_bytes(old)
        await plc.behave(Mode.BLACK_HOLE)
        seen = sum(plc.requests.values())
        async with connected(plc.device) as new:
            for reader in (old, new):
                with pytest.raises(TimeoutError):
                    await speed_bytes(reader)
        assert sum(plc.requests.values()) == seen
        await plc.behave(Mode.ANSWERING)
        await asyncio.sleep(0.1)
        assert sum(plc.requests.values()) > seen


async def test_a_restart_drops_everyone_and_refuses_until_it_is_back() -> None:
    async with a_plc() as plc, connected(plc.device) as old:
        await speed_bytes(old)
        await plc.behave(Mode.RESTARTING)
        with pytest.raises((OSError, asyncio.IncompleteReadError)):
            await speed_bytes(old)
        with pytest.raises(OSError, match=r"."):
            await asyncio.open_connection(plc.device.host, plc.device.port)
        await plc.behave(Mode.ANSWERING)
        async with connected(plc.device) as new:
            assert len(await speed_bytes(new)) == 4


async def test_no_fault_of_the_wire_makes_it_take_a_write() -> None:
    async with a_plc() as plc, connected(plc.device) as reader:
        for mode in (Mode.ANSWERING, Mode.SWAPPED):
            await plc.behave(mode)
            with pytest.raises(ModbusRefusedError):
                await reader.ask(bytes.fromhex("0600000001"))
