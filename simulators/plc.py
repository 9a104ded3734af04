"""A simulated PLC: a real Modbus TCP server that answers reads and nothing else."""

import asyncio
import math
from collections import Counter
from collections.abc import Callable, Iterable

from pymodbus.client.mixin import ModbusClientMixin
from pymodbus.constants import ExcCodes
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from collector.site import ModbusDevice, ModbusTag
from simulators.scenario import Mode

READS = {1: "coil", 2: "discrete_input", 3: "holding_register", 4: "input_register"}
KINDS = {kind.name.lower(): kind for kind in ModbusClientMixin.DATATYPE}
WIDEST = {
    "int16": (-(2**15), 2**15 - 1),
    "uint16": (0, 2**16 - 1),
    "int32": (-(2**31), 2**31 - 1),
    "uint32": (0, 2**32 - 1),
    "int64": (-(2**63), 2**63 - 1),
    "uint64": (0, 2**64 - 1),
    "bcd16": (0, 10**4 - 1),
    "bcd32": (0, 10**8 - 1),
}
HEADER_BYTES = 7

Registers = list[int]


class PortTakenError(Exception):
    """A simulated device cannot listen where the site file puts it."""


def registers_of(tag: ModbusTag, device: ModbusDevice, value: float) -> Registers:
    """Return the registers that hold `value` in engineering units, as a PLC fills them.

    Whole numbers stop at the ends of their type; no number becomes the highest
    figure, as many devices send it. pymodbus does the conversion, so that nothing
    here is shared with the decoder that it is there to check.
    """
    raw = (value - tag.offset) / tag.scale
    figure: int | float = raw
    if tag.type in WIDEST:
        low, high = WIDEST[tag.type]
        figure = high if math.isnan(raw) else min(max(round(raw), low), high)
    kind = tag.type
    if kind.startswith("bcd"):
        # Written out in decimal, read as hexadecimal: one digit in each four bits.
        figure, kind = int(str(figure), 16), "uint16" if kind == "bcd16" else "uint32"
    words = ModbusClientMixin.convert_to_registers(
        figure, KINDS[kind], word_order=tag.word_order or device.word_order
    )
    if (tag.byte_order or device.byte_order) == "little":
        return [swapped(word) for word in words]
    return words


def swapped(word: int) -> int:
    """Return the register with its two bytes the other way round."""
    return (word & 0xFF) << 8 | word >> 8


class Plc:
    """One Modbus device, listening from `start` to `stop`.

    `read` gives a tag's value now. `requests` counts every request by function code,
    also those refused; `exceptions` counts the refusals by exception code.
    """

    def __init__(self, device: ModbusDevice, read: Callable[[str], float]) -> None:
        self.device = device
        self.requests: Counter[int] = Counter()
        self.exceptions: Counter[int] = Counter()
        self._read = read
        self._mode = Mode.ANSWERING
        self._delay_s = 0.0
        self._server: ModbusTcpServer | None = None
        self._tables = {
            table: [tag for tag in device.tags if tag.table == table] for table in READS.values()
        }
        self._words = {table: _words(tags) for table, tags in self._tables.items()}

    @property
    def address(self) -> str:
        """Where the device listens, for people."""
        return f"modbus tcp {self.device.host}:{self.device.port}"

    async def start(self) -> None:
        """Listen; PortTakenError where the port cannot be had."""
        server = ModbusTcpServer(
            SimDevice(self.device.unit, self._map(), action=self._answer),
            address=(self.device.host, self.device.port),
            trace_packet=self._on_wire,
        )
        if not await server.listen():
            raise PortTakenError(_taken(self.device))
        self._server = server

    async def stop(self) -> None:
        """Close every connection and listen no more."""
        if self._server is not None:
            await self._server.shutdown()  # type: ignore[no-untyped-call]
            self._server = None

    async def behave(self, mode: Mode, delay_s: float = 0.0) -> None:
        """Answer, or be silent, slow, failing or refusing from now on."""
        self._delay_s = delay_s
        if mode is self._mode:
            return
        self._mode = mode
        if mode is Mode.REFUSING:
            await self.stop()
        elif self._server is None:
            await self.start()

    def _map(self) -> tuple[list[SimData], list[SimData], list[SimData], list[SimData]]:
        return (
            _bit_runs(self._words["coil"]),
            _bit_runs(self._words["discrete_input"]),
            _register_runs(self._words["holding_register"]),
            _register_runs(self._words["input_register"]),
        )

    # pymodbus calls it with these six.
    async def _answer(  # noqa: PLR0913, PLR0917
        self,
        function_code: int,
        start_address: int,
        address: int,
        count: int,
        current_registers: Registers,
        set_values: list[int] | list[bool] | None,
    ) -> ExcCodes | None:
        if self._mode is Mode.SLOW:
            await asyncio.sleep(self._delay_s)
        refusal = self._refusal(function_code, address, count, set_values)
        if refusal is not None:
            return refusal
        table = READS[function_code]
        if table in ("coil", "discrete_input"):
            self._fill_bits(table, current_registers, start_address)
        else:
            self._fill_registers(table, current_registers, start_address)
        return None

    def _refusal(
        self,
        function_code: int,
        address: int,
        count: int,
        set_values: list[int] | list[bool] | None,
    ) -> ExcCodes | None:
        """Return why the request is refused, if it is."""
        table = READS.get(function_code)
        if table is None or set_values is not None:
            return ExcCodes.ILLEGAL_FUNCTION
        if self._mode is Mode.FAILING:
            return ExcCodes.DEVICE_FAILURE
        in_bits = table in ("coil", "discrete_input")
        if not in_bits and count > self.device.max_registers:
            return ExcCodes.ILLEGAL_VALUE
        first = address // 16 if in_bits else address
        if not self._words[table].issuperset(range(first, first + count)):
            return ExcCodes.ILLEGAL_ADDRESS
        return None

    def _fill_registers(self, table: str, registers: Registers, start: int) -> None:
        packed: dict[int, int] = {}
        for tag in self._tables[table]:
            value = self._read(tag.id)
            if tag.bit is not None:
                word = packed.get(tag.address, 0)
                packed[tag.address] = word | (int(value >= 0.5) << tag.bit)
                continue
            at = tag.address - start
            registers[at : at + tag.width] = registers_of(tag, self.device, value)
        little = self.device.byte_order == "little"
        for address, word in packed.items():
            registers[address - start] = swapped(word) if little else word

    def _fill_bits(self, table: str, words: Registers, start: int) -> None:
        for tag in self._tables[table]:
            word, bit = tag.address // 16 - start, 1 << tag.address % 16
            if self._read(tag.id) >= 0.5:
                words[word] |= bit
            else:
                words[word] &= ~bit

    def _on_wire(self, sending: bool, packet: bytes) -> bytes:
        if sending:
            if len(packet) > HEADER_BYTES and packet[HEADER_BYTES] >= 0x80:
                self.exceptions[packet[HEADER_BYTES + 1]] += 1
            return b"" if self._mode is Mode.SILENT else packet
        whole = len(packet) > HEADER_BYTES and len(packet) >= 6 + int.from_bytes(packet[4:6], "big")
        if whole:
            self.requests[packet[HEADER_BYTES]] += 1
        return packet


def _words(tags: Iterable[ModbusTag]) -> frozenset[int]:
    """Registers that the tags take; 16 bits of a bit table count as one."""
    return frozenset(
        (tag.address // 16 if tag.in_bits else tag.address + place)
        for tag in tags
        for place in range(tag.width)
    )


def _runs(words: frozenset[int]) -> list[tuple[int, int]]:
    """Return unbroken runs as (first, count)."""
    runs: list[tuple[int, int]] = []
    for word in sorted(words):
        if runs and sum(runs[-1]) == word:
            runs[-1] = (runs[-1][0], runs[-1][1] + 1)
        else:
            runs.append((word, 1))
    return runs


def _register_runs(words: frozenset[int]) -> list[SimData]:
    runs = [
        SimData(first, values=[0] * count, datatype=DataType.REGISTERS)
        for first, count in _runs(words)
    ]
    return runs or [SimData(0, datatype=DataType.INVALID)]


def _bit_runs(words: frozenset[int]) -> list[SimData]:
    # pymodbus wants at least one entry; `_refusal` keeps an empty table shut.
    return [
        SimData(16 * first, values=[False] * 16 * count, datatype=DataType.BITS)
        for first, count in _runs(words or frozenset({0}))
    ]


def _taken(device: ModbusDevice) -> str:
    return (
        f"device '{device.id}': cannot listen on {device.host}:{device.port}; "
        "is another simulator running? Stop it, or give the device another port"
    )
