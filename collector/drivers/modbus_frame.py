"""Form Modbus TCP reads and judge what comes back, byte by byte, without a socket."""

from dataclasses import dataclass
from enum import IntEnum

from collector.drivers import DriverError

HEADER_BYTES = 7
LONGEST_LENGTH = 254
"""The length field counts unit and body; a whole frame has at most 260 bytes (Modbus TCP)."""
EXCEPTION_LENGTH = 3
EXCEPTION_FLAG = 0x80
LAST_TURN = 0xFFFF
SHOWN_BYTES = 24

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
ILLEGAL_ADDRESS = 2
BUSY_CODES = (5, 6)
GATEWAY_CODES = (10, 11)


class FunctionCode(IntEnum):
    """Everything that this monitor can ask of a controller: four ways to read."""

    READ_COILS = 1
    READ_DISCRETE_INPUTS = 2
    READ_HOLDING_REGISTERS = 3
    READ_INPUT_REGISTERS = 4


TABLE_CODES = {
    "coil": FunctionCode.READ_COILS,
    "discrete_input": FunctionCode.READ_DISCRETE_INPUTS,
    "holding_register": FunctionCode.READ_HOLDING_REGISTERS,
    "input_register": FunctionCode.READ_INPUT_REGISTERS,
}


class RefusedError(Exception):
    """The device answered with a Modbus exception; `code` says which."""

    def __init__(self, code: int) -> None:
        self.code = code
        super().__init__(EXCEPTION_WORDS.get(code, f"exception {code}"))

    @property
    def busy(self) -> bool:
        """Whether the device would rather be asked again."""
        return self.code in BUSY_CODES

    @property
    def by_gateway(self) -> bool:
        """Whether a gateway answered for a unit that did not."""
        return self.code in GATEWAY_CODES


@dataclass(frozen=True, slots=True)
class ReadRequest:
    """One read, made ready once: only the transaction id differs from turn to turn."""

    unit: int
    function: FunctionCode
    size_bytes: int
    asking: bytes
    heading: bytes

    def frame(self, turn: int) -> bytes:
        """Return the bytes that ask for it in transaction `turn`."""
        return turn.to_bytes(2, "big") + self.asking

    def fits(self, heard: bytes, turn: int) -> bool:
        """Return whether `heard` is the whole answer and nothing else."""
        return (
            len(heard) == HEADER_BYTES + 2 + self.size_bytes
            and heard[2:9] == self.heading
            and heard[0] << 8 | heard[1] == turn
        )

    def answer(self, heard: bytes, turn: int) -> bytes | None:
        """Return what the registers or bits hold, or None while bytes are missing.

        RefusedError where the device says no; DriverError("protocol") where `heard`
        can not be, or not become, the answer to this request in transaction `turn`.
        """
        if self.fits(heard, turn):
            return heard[HEADER_BYTES + 2 :]
        if len(heard) <= HEADER_BYTES:
            return None
        self._judge_header(heard, turn)
        length = int.from_bytes(heard[4:6], "big")
        self._judge_length(heard[HEADER_BYTES], length)
        if len(heard) < HEADER_BYTES - 1 + length:
            return None
        if len(heard) > HEADER_BYTES - 1 + length:
            raise _wrong("sent more than the answer")
        if heard[HEADER_BYTES] != self.function:
            raise RefusedError(heard[HEADER_BYTES + 1])
        raise _wrong(f"counts {heard[HEADER_BYTES + 1]} bytes, {self.size_bytes} were asked for")

    def _judge_header(self, heard: bytes, turn: int) -> None:
        if heard[2:4] != b"\0\0":
            shown = heard[:SHOWN_BYTES]
            raise _wrong(f"does not speak Modbus TCP (sent {shown!r}): check host and port")
        came = int.from_bytes(heard[:2], "big")
        if came != turn:
            raise _wrong(f"answered transaction {came}, {turn} was asked")
        if heard[6] != self.unit:
            raise _wrong(f"answered as unit {heard[6]}, unit {self.unit} was asked: check 'unit'")

    def _judge_length(self, function: int, length: int) -> None:
        if function == self.function:
            wanted = EXCEPTION_LENGTH + self.size_bytes
        elif function == self.function | EXCEPTION_FLAG:
            wanted = EXCEPTION_LENGTH
        else:
            raise _wrong(f"answered function {function}, {int(self.function)} was asked")
        if length != wanted:
            raise _wrong(f"answered with length {length}, {wanted} is right")


def read_request(unit: int, table: str, address: int, count: int) -> ReadRequest:
    """Return the read of `count` registers or bits of `table` from `address`.

    ValueError where no frame can hold that.
    """
    function = TABLE_CODES[table]
    in_bits = function <= FunctionCode.READ_DISCRETE_INPUTS
    size_bytes = (count + 7) // 8 if in_bits else 2 * count
    length = EXCEPTION_LENGTH + size_bytes
    if count < 1 or length > LONGEST_LENGTH or not 0 <= address <= 65536 - count:
        message = f"{count} of {table} from {address} are no Modbus read"
        raise ValueError(message)
    return ReadRequest(
        unit=unit,
        function=function,
        size_bytes=size_bytes,
        asking=b"\0\0\0\6"
        + bytes((unit, function))
        + address.to_bytes(2, "big")
        + count.to_bytes(2, "big"),
        heading=b"\0\0" + length.to_bytes(2, "big") + bytes((unit, function, size_bytes)),
    )


def _wrong(words: str) -> DriverError:
    return DriverError("protocol", words)
