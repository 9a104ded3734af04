"""Read a Modbus TCP device by polling; sends function codes 1 to 4 and no others."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import numpy as np
from pymodbus.client import AsyncModbusTcpClient
from pymodbus.exceptions import ModbusException
from pymodbus.pdu import ModbusPDU

from collector.clock import Clock
from collector.drivers import DriverError
from collector.drivers.blocks import Block, plan_blocks, split_block
from collector.model import Qualities, Quality, Scan, Slots, Values
from collector.site import ModbusDevice

EXCEPTION_WORDS = {
    1: "illegal function",
    2: "illegal address",
    3: "illegal value",
    4: "device failure",
    5: "acknowledge",
    6: "device busy",
    10: "gateway path unavailable",
    11: "gateway target did not answer",
}
GATEWAY_EXCEPTIONS = (10, 11)
ILLEGAL_ADDRESS = 2
SLOWEST_PERIODS = 2
FAIREST_SCAN_S = 1.0

Read = Callable[..., Awaitable[ModbusPDU]]


@dataclass(frozen=True, slots=True)
class _Part:
    """What one block read brought."""

    block: Block
    values: Values
    quality: Qualities


class ModbusDriver:
    """One connection to one PLC, one request in flight.

    After a time-out the connection is dropped, so that a late answer is never
    taken for the next one.
    """

    def __init__(self, device: ModbusDevice, first_slot: int, clock: Clock) -> None:
        self._device = device
        self._clock = clock
        self._plan = plan_blocks(device, first_slot)
        self._use(self._plan)
        self._timeout_s = clock.timeout_s(device.request_timeout_s)
        periods_s = SLOWEST_PERIODS * device.scan_s
        self._longest_s = max(
            self._timeout_s, periods_s / clock.speed, min(periods_s, FAIREST_SCAN_S)
        )
        self._client: AsyncModbusTcpClient | None = None

    @property
    def slots(self) -> Slots:
        """Every slot of the device, in slot order."""
        return np.sort(self._columns)

    @property
    def address(self) -> str:
        """Where the device is, for people."""
        return f"{self._device.host}:{self._device.port} unit {self._device.unit}"

    async def connect(self) -> None:
        """Open the TCP connection; DriverError where nobody listens."""
        self._use(self._plan)
        client = AsyncModbusTcpClient(
            self._device.host,
            port=self._device.port,
            timeout=self._timeout_s,
            retries=0,
            reconnect_delay=0,
        )
        self._client = client
        if not await client.connect():
            await self.close()
            raise DriverError("refused", f"no connection to {self.address}")

    async def scan(self) -> Scan:
        """Read every block once; only the tags that the device refuses are bad at the source.

        What is read more slowly than two periods would be stale when it came: an error.
        """
        began_ns = self._clock.now_ns()
        try:
            async with asyncio.timeout(self._longest_s):
                parts = [part for block in self._blocks for part in await self._read(block)]
        except TimeoutError as error:
            words = (
                f"{self.address}: reading takes over {self._longest_s:g} s; give a longer scan_s"
            )
            raise DriverError("slow", words) from error
        ended_ns = self._clock.now_ns()
        if len(parts) != len(self._blocks):
            self._use(tuple(part.block for part in parts))
        count = len(self._columns)
        return Scan(
            slots=self._columns,
            values=np.concatenate([part.values for part in parts]),
            quality=np.concatenate([part.quality for part in parts]),
            source_ns=np.full(count, (began_ns + ended_ns) // 2, dtype=np.int64),
            received_ns=ended_ns,
        )

    async def close(self) -> None:
        """Drop the connection."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def _use(self, blocks: tuple[Block, ...]) -> None:
        self._blocks = blocks
        self._columns = np.concatenate([block.decoder.slots for block in blocks])

    async def _read(self, block: Block) -> list[_Part]:
        answer = await self._ask(block)
        if answer.isError():
            code = answer.exception_code
            if code in GATEWAY_EXCEPTIONS:
                words = EXCEPTION_WORDS[code]
                raise DriverError("gateway", f"{self.address}: {words}")
            halves = split_block(block) if code == ILLEGAL_ADDRESS else None
            if halves is None:
                return [_refused(block)]
            return [part for half in halves for part in await self._read(half)]
        try:
            values, quality = block.decoder.decode(_wire_bytes(block, answer))
        except ValueError as error:
            raise DriverError("protocol", f"{self.address}: {error}") from error
        return [_Part(block, values, quality)]

    async def _ask(self, block: Block) -> ModbusPDU:
        if self._client is None:
            raise DriverError("closed", f"{self.address}: not connected")
        reads: dict[str, Read] = {
            "coil": self._client.read_coils,
            "discrete_input": self._client.read_discrete_inputs,
            "holding_register": self._client.read_holding_registers,
            "input_register": self._client.read_input_registers,
        }
        read = reads[block.table]
        try:
            async with asyncio.timeout(self._timeout_s):
                return await read(block.address, count=block.count, device_id=self._device.unit)
        except (TimeoutError, ModbusException) as error:
            words = f"{self.address}: no answer within {self._timeout_s:g} s"
            raise DriverError("timeout", words) from error
        except OSError as error:
            raise DriverError("connection", f"{self.address}: {error}") from error


def _refused(block: Block) -> _Part:
    count = len(block.decoder.slots)
    return _Part(block, np.full(count, np.nan), np.full(count, Quality.BAD_SOURCE, np.uint8))


def _wire_bytes(block: Block, answer: ModbusPDU) -> bytes:
    """Return the answer as it stood on the wire; pymodbus hands out lists."""
    if block.decoder.in_bits:
        # pymodbus fills up to whole bytes; a longer answer must not look like the right one.
        return np.packbits(np.array(answer.bits, dtype=np.uint8), bitorder="little").tobytes()
    return np.array(answer.registers, dtype=">u2").tobytes()
