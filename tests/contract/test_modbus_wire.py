"""One connection, one question: over real sockets, beside pymodbus as the reference."""

import asyncio
import socket
import time
from collections.abc import Callable
from random import Random

import numpy as np
import pytest
import uvloop
from pymodbus.client import AsyncModbusTcpClient
from pymodbus.pdu import ModbusPDU

from collector.drivers import DriverError
from collector.drivers.modbus_frame import TABLE_CODES, RefusedError, read_request
from collector.drivers.modbus_wire import ModbusWire, connect
from tests.faultproxy import FaultProxy
from tests.modbus_server import ModbusServer, Unit

TIMEOUT_S = 0.5
FIRST_TEN = read_request(1, "holding_register", 0, 10)
Spoil = Callable[[bytes], list[bytes] | None]


def by_pymodbus(table: str, answer: ModbusPDU, count: int) -> bytes:
    if "register" in table:
        return np.array(answer.registers, dtype=">u2").tobytes()
    return np.packbits(np.array(answer.bits[:count]), bitorder="little").tobytes()


async def asked(wire: ModbusWire, timeout_s: float = TIMEOUT_S) -> str:
    """Return the kind of error that the first ten registers bring, or their bytes."""
    try:
        return (await wire.ask(FIRST_TEN, timeout_s)).hex()
    except DriverError as error:
        return error.kind


async def test_every_table_reads_as_pymodbus_reads_it() -> None:
    chance = Random(4)
    async with ModbusServer(unit_1=Unit(), unit_7=Unit(words=[9] * 65536)) as server:
        wire = await connect("127.0.0.1", server.port, TIMEOUT_S)
        reference = AsyncModbusTcpClient("127.0.0.1", port=server.port)
        assert await reference.connect()
        reads = {
            "coil": reference.read_coils,
            "discrete_input": reference.read_discrete_inputs,
            "holding_register": reference.read_holding_registers,
            "input_register": reference.read_input_registers,
        }
        for table in sorted(TABLE_CODES):
            longest = 125 if "register" in table else 2000
            for count in (1, longest, *(chance.randint(1, longest) for _ in range(40))):
                unit, address = chance.choice((1, 7)), chance.randint(0, 65536 - count)
                ours = await wire.ask(read_request(unit, table, address, count), TIMEOUT_S)
                theirs = await reads[table](address, count=count, device_id=unit)
                assert ours == by_pymodbus(table, theirs, count), (table, unit, address, count)
        reference.close()
        wire.drop()


@pytest.mark.parametrize("code", [1, 2, 3, 4, 5, 6, 8, 10, 11, 99])
async def test_an_exception_is_told_by_its_code_and_the_connection_stays(code: int) -> None:
    unit = Unit(refuse=lambda _, address, __: code if address == 5 else 0)
    async with ModbusServer(unit_1=unit) as server:
        wire = await connect("127.0.0.1", server.port, TIMEOUT_S)
        for _ in range(3):
            with pytest.raises(RefusedError) as refused:
                await wire.ask(read_request(1, "coil", 5, 8), TIMEOUT_S)
            assert refused.value.code == code
            assert await wire.ask(FIRST_TEN, TIMEOUT_S)
        assert server.connections == 1
        wire.drop()


async def test_transactions_are_numbered_over_and_over() -> None:
    async with ModbusServer(unit_1=Unit()) as server:
        wire = await connect("127.0.0.1", server.port, TIMEOUT_S)
        wire._turn = 65_533
        for _ in range(6):
            assert await wire.ask(FIRST_TEN, TIMEOUT_S)
        assert wire._turn == 4
        wire.drop()


SPOILT: dict[str, tuple[Spoil, str]] = {
    "closes": (lambda _: None, "connection"),
    "half an answer": (lambda frame: [frame[:14]], "timeout"),
    "one byte": (lambda frame: [frame[:1]], "timeout"),
    "two answers": (lambda frame: [frame + frame], "protocol"),
    "an answer and more": (lambda frame: [frame + b"\0"], "protocol"),
    "garbage": (lambda _: [bytes(range(100, 200))], "protocol"),
    "zeros": (lambda _: [bytes(260)], "protocol"),
    "oversized": (lambda frame: [frame[:4] + b"\xff\xff" + frame[6:] * 40], "protocol"),
    "another transaction": (
        lambda frame: [(int.from_bytes(frame[:2], "big") ^ 1).to_bytes(2, "big") + frame[2:]],
        "protocol",
    ),
    "another unit": (lambda frame: [frame[:6] + b"\2" + frame[7:]], "protocol"),
    "another table": (lambda frame: [frame[:7] + b"\4" + frame[8:]], "protocol"),
    "fewer registers": (
        lambda frame: [frame[:4] + b"\0\5" + frame[6:8] + b"\2" + frame[9:11]],
        "protocol",
    ),
    "another protocol": (lambda _: [b"HTTP/1.1 400 Bad Request\r\n\r\n"], "protocol"),
}


@pytest.mark.parametrize("name", SPOILT)
async def test_what_is_not_the_answer_is_an_error_and_ends_the_connection(name: str) -> None:
    spoil, kind = SPOILT[name]
    async with ModbusServer(unit_1=Unit()) as server:
        wire = await connect("127.0.0.1", server.port, TIMEOUT_S)
        assert len(await asked(wire)) == 40
        server.spoil = spoil
        assert await asked(wire) == kind
        assert not wire.open
        assert await asked(wire) == "closed"


async def test_an_answer_in_dribbles_is_put_together() -> None:
    async with ModbusServer(unit_1=Unit()) as server:
        wire = await connect("127.0.0.1", server.port, TIMEOUT_S)
        whole = await asked(wire)
        server.spoil = lambda frame: [frame[at : at + 1] for at in range(len(frame))]
        assert await asked(wire) == whole
        wire.drop()


def test_the_wire_works_on_the_loop_that_the_monitor_runs_on() -> None:
    async def once() -> str:
        async with ModbusServer(unit_1=Unit()) as server:
            wire = await connect("127.0.0.1", server.port, TIMEOUT_S)
            whole = await asked(wire)
            server.spoil = lambda frame: [frame[:14]]
            assert await asked(wire, 0.1) == "timeout"
            return whole

    assert len(uvloop.run(once())) == 40


async def test_bytes_that_nobody_asked_for_end_the_connection_before_the_next_question() -> None:
    async with ModbusServer(unit_1=Unit()) as server:
        wire = await connect("127.0.0.1", server.port, TIMEOUT_S)
        server.spoil = lambda frame: [frame, frame]
        assert len(await asked(wire)) == 40
        await asyncio.sleep(0.1)
        assert not wire.open
        assert await asked(wire) == "protocol"
        assert await asked(wire) == "closed"


async def test_a_late_answer_is_never_read_as_the_next() -> None:
    unit = Unit(delay_s=0.3)
    async with ModbusServer(unit_1=unit) as server:
        wire = await connect("127.0.0.1", server.port, TIMEOUT_S)
        assert await asked(wire, 0.1) == "timeout"
        unit.words[:10] = [1] * 10
        again = await connect("127.0.0.1", server.port, TIMEOUT_S)
        assert await asked(again, 2) == "0001" * 10
        again.drop()


async def test_a_cancelled_question_leaves_no_answer_behind() -> None:
    async with ModbusServer(unit_1=Unit(delay_s=0.2)) as server:
        wire = await connect("127.0.0.1", server.port, TIMEOUT_S)
        question = asyncio.create_task(wire.ask(FIRST_TEN, TIMEOUT_S))
        await asyncio.sleep(0.05)
        question.cancel()
        with pytest.raises(asyncio.CancelledError):
            await question
        assert not wire.open


@pytest.mark.parametrize("stood_still_s", [0.5, 1.5])
async def test_a_monitor_that_stood_still_waits_again_for_what_it_could_not_hear(
    stood_still_s: float,
) -> None:
    async with ModbusServer(unit_1=Unit(delay_s=0.1)) as server:
        wire = await connect("127.0.0.1", server.port, TIMEOUT_S)
        for silent, found in ((False, 40), (True, len("timeout"))):
            server.units[1].silent = silent
            begun_s = time.monotonic()
            asking = asyncio.create_task(asked(wire, 0.3))
            await asyncio.sleep(0)
            time.sleep(stood_still_s)
            assert len(await asking) == found
            assert time.monotonic() - begun_s < stood_still_s + 0.5


@pytest.mark.parametrize("fault", ["black hole", "half open", "reset", "reset in mid-answer"])
async def test_what_cables_and_switches_do_is_an_error_in_time(fault: str) -> None:
    async with (
        ModbusServer(unit_1=Unit()) as server,
        FaultProxy("127.0.0.1", server.port) as proxy,
    ):
        wire = await connect("127.0.0.1", proxy.port, TIMEOUT_S)
        assert len(await asked(wire)) == 40
        if fault == "black hole":
            proxy.black_hole()
        elif fault == "half open":
            proxy.half_open()
        elif fault == "reset":
            await proxy.reset()
        else:
            proxy.reset_mid_answer(12)
        begun_s = asyncio.get_running_loop().time()
        found = await asked(wire)
        assert found in {"timeout", "connection", "closed"}
        assert asyncio.get_running_loop().time() - begun_s < TIMEOUT_S + 0.2
        await proxy.heal()
        back = await connect("127.0.0.1", proxy.port, TIMEOUT_S)
        assert len(await asked(back)) == 40
        back.drop()


async def test_where_nobody_listens_one_line_says_what_to_do() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with pytest.raises(DriverError, match="is the device on") as refused:
        await connect("127.0.0.1", port, TIMEOUT_S)
    assert refused.value.kind == "refused"


async def test_a_host_that_has_no_address_is_named() -> None:
    with pytest.raises(DriverError, match=r"'plc\.invalid' is not known") as unknown:
        await connect("plc.invalid", 502, 10)
    assert unknown.value.kind == "host"
