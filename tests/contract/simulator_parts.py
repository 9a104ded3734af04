"""A Modbus reader of its own making, free ports, and devices of the bundled site on them."""

import asyncio
import struct
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

from collector.site import ModbusDevice, ModbusTag, OpcUaDevice
from collector.site import Plant as Site
from tests.ports import free_port

CODES = {"coil": 1, "discrete_input": 2, "holding_register": 3, "input_register": 4}
FORMATS = {
    "int16": "h",
    "uint16": "H",
    "int32": "i",
    "uint32": "I",
    "float32": "f",
    "int64": "q",
    "uint64": "Q",
    "float64": "d",
}


class ModbusRefusedError(Exception):
    """The device answered with an exception; `code` says which."""

    def __init__(self, code: int) -> None:
        self.code = code
        super().__init__(f"exception {code}")


class RawReader:
    """Modbus TCP by hand: nothing here comes from a library or from the collector."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._turn = 0

    async def ask(self, body: bytes, unit: int = 1) -> bytes:
        """Send one request and return the answer's body; ModbusRefusedError if refused."""
        self._turn += 1
        self._writer.write(struct.pack(">HHHB", self._turn, 0, len(body) + 1, unit) + body)
        await self._writer.drain()
        turn, protocol, length, _ = struct.unpack(">HHHB", await self._reader.readexactly(7))
        answer = await self._reader.readexactly(length - 1)
        assert (turn, protocol) == (self._turn, 0)
        if answer[0] & 0x80:
            raise ModbusRefusedError(answer[1])
        return answer

    async def read(self, table: str, address: int, count: int) -> bytes:
        """Return the bytes of `count` registers or bits."""
        answer = await self.ask(struct.pack(">BHH", CODES[table], address, count))
        assert answer[1] == len(answer) - 2
        return answer[2:]


@asynccontextmanager
async def connected(device: ModbusDevice) -> AsyncIterator[RawReader]:
    """A raw connection to the device."""
    reader, writer = await asyncio.open_connection(device.host, device.port)
    try:
        yield RawReader(reader, writer)
    finally:
        writer.close()
        with suppress(ConnectionError):  # the device may have hung up first
            await writer.wait_closed()


async def value_of(reader: RawReader, device: ModbusDevice, tag: ModbusTag) -> float:
    """Return the tag's value, decoded here by hand from the bytes on the wire."""
    body = await reader.read(tag.table, tag.address, tag.width)
    if tag.in_bits:
        return float(body[0] & 1)
    words = [body[at : at + 2] for at in range(0, len(body), 2)]
    if (tag.byte_order or device.byte_order) == "little":
        words = [bytes(reversed(word)) for word in words]
    if tag.bit is not None:
        return float(int.from_bytes(words[0], "big") >> tag.bit & 1)
    if (tag.word_order or device.word_order) == "little":
        words.reverse()
    (raw,) = struct.unpack(">" + FORMATS[tag.type], b"".join(words))
    return float(raw) * tag.scale + tag.offset


def free_ports(count: int) -> Sequence[int]:
    """Return ports that nobody listens on."""
    return [free_port() for _ in range(count)]


def on_free_ports(site: Site) -> Site:
    """Return the site with every device moved to a free port."""
    ports = free_ports(len(site.device))
    moved = tuple(
        device.model_copy(update={"port": port})
        for device, port in zip(site.device, ports, strict=True)
    )
    return site.model_copy(update={"device": moved})


def modbus_device(site: Site, name: str) -> ModbusDevice:
    """Return the site's Modbus device of that id."""
    (found,) = (one for one in site.device if one.id == name)
    assert isinstance(found, ModbusDevice)
    return found


def opcua_device(site: Site, name: str) -> OpcUaDevice:
    """Return the site's OPC UA device of that id."""
    (found,) = (one for one in site.device if one.id == name)
    assert isinstance(found, OpcUaDevice)
    return found
