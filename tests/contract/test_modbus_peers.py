"""The Modbus driver against libmodbus and modbus-serial: servers this project did not write."""

from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any

import pytest

from collector.clock import Clock
from collector.drivers.modbus import ModbusDriver
from collector.model import Quality
from collector.site import ModbusDevice
from tests.conftest import lacking
from tests.servers.modbus_peers import (
    PACKAGE,
    LibmodbusMissingError,
    built,
    libmodbus_server,
    modbus_serial_server,
)
from tests.servers.node_server import NodeMissingError, installed
from tests.unit.collector.words import modbus, tag

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

ORDERS = ("big", "little")
FIGURES: dict[str, int | float] = {
    "int16": -12345,
    "uint16": 54321,
    "int32": -1234567890,
    "uint32": 4000000001,
    "int64": -(2**53) + 1,
    "uint64": 2**53 - 1,
    "float32": -1234.5,
    "float64": 6.02214076e23,
    "bcd16": 9876,
    "bcd32": 98765432,
}
WIDEST = 4
FAR = 5000


@pytest.fixture(scope="module")
def libmodbus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    try:
        program = built(tmp_path_factory.mktemp("libmodbus"))
    except LibmodbusMissingError as error:
        lacking(str(error))
    with libmodbus_server(program) as port:
        yield port


@pytest.fixture(scope="module")
def needs_modbus_serial() -> None:
    try:
        installed(PACKAGE)
    except NodeMissingError as error:
        lacking(str(error))


async def read(port: int, tags: Sequence[dict[str, Any]]) -> list[tuple[float, Quality]]:
    """Return value and quality of each tag, in their order."""
    words = modbus("plc", *tags, port=port, scan_s=5)
    driver = ModbusDriver(ModbusDevice.model_validate(words), 0, Clock())
    await driver.connect()
    scan = await driver.scan()
    await driver.close()
    found = zip(scan.slots.tolist(), scan.values.tolist(), scan.quality.tolist(), strict=True)
    return [(value, Quality(quality)) for _, value, quality in sorted(found)]


def good(*values: float) -> list[tuple[float, Quality]]:
    return [(value, Quality.GOOD) for value in values]


def placed(number: int, address: int, kind: str, **other: Any) -> dict[str, Any]:
    return tag(f"north.drive.q{number}", address, type=kind, **other)


async def test_every_type_and_order_of_libmodbus_is_read_as_it_meant_it(libmodbus: int) -> None:
    places = {"int16": 0, "uint16": 1, "int32": 2, "uint32": 4, "float32": 6, "int64": 8}
    places["float64"] = 12
    cases = list(product(ORDERS, ORDERS, places))
    tags = [
        placed(
            number,
            16 * (ORDERS.index(word) + 2 * ORDERS.index(byte)) + places[kind],
            kind,
            word_order=word,
            byte_order=byte,
        )
        for number, (byte, word, kind) in enumerate(cases)
    ]
    tags.append(placed(99, 5, "float32", table="input_register", word_order="little"))
    wanted = good(*[FIGURES[kind] for _, _, kind in cases], FIGURES["float32"])
    assert await read(libmodbus, tags) == wanted


async def test_bits_of_libmodbus_are_read_in_their_order(libmodbus: int) -> None:
    tags = [placed(at, at, "bool", table="coil") for at in range(8)]
    tags += [placed(20 + at, 3 + at, "bool", table="discrete_input") for at in range(8)]
    bits = [0xA5 >> at & 1 for at in range(8)] + [0x5A >> at & 1 for at in range(8)]
    assert await read(libmodbus, tags) == good(*bits)


async def test_what_libmodbus_refuses_spoils_no_other_tag(libmodbus: int) -> None:
    tags = [placed(1, 1, "uint16"), placed(98, 98, "uint16"), placed(101, 101, "uint16")]
    first, second, beyond = await read(libmodbus, tags)
    assert [first, second] == good(54321, 0)
    assert beyond[1] is Quality.BAD_SOURCE


@pytest.mark.usefixtures("needs_modbus_serial")
async def test_every_type_and_order_of_modbus_serial_is_read_as_it_meant_it() -> None:
    cases = list(product(("holding_register", "input_register"), FIGURES, ORDERS, ORDERS))
    registers, tags = [], []
    for number, (table, kind, word, byte) in enumerate(cases):
        place: dict[str, Any] = {"address": number * WIDEST, "table": table, "type": kind}
        registers.append({**place, "value": str(FIGURES[kind]), "word": word, "byte": byte})
        tags.append(tag(f"north.drive.q{number}", **place, word_order=word, byte_order=byte))
    with modbus_serial_server(registers, []) as port:
        assert await read(port, tags) == good(*[FIGURES[kind] for _, kind, _, _ in cases])


@pytest.mark.usefixtures("needs_modbus_serial")
async def test_bits_and_refusals_of_modbus_serial_are_told_apart() -> None:
    pattern = [True, True, False, True, False, False, False, True, True, False]
    bits: list[dict[str, Any]] = [
        {"table": table, "address": 100 + at, "value": bit}
        for table in ("coil", "discrete_input")
        for at, bit in enumerate(pattern)
    ]
    status = {"table": "holding_register", "address": 7, "type": "uint16", "value": "40962"}
    tags = [
        placed(number, one["address"], "bool", table=one["table"])
        for number, one in enumerate(bits)
    ]
    tags += [placed(50 + bit, 7, "bool", bit=bit, table="holding_register") for bit in range(16)]
    tags.append(placed(99, FAR, "uint16"))
    registers = [{**status, "word": "big", "byte": "big"}]
    with modbus_serial_server(registers, bits) as port:
        *given, refused = await read(port, tags)
    assert given == good(*pattern, *pattern, *[40962 >> bit & 1 for bit in range(16)])
    assert refused[1] is Quality.BAD_SOURCE
