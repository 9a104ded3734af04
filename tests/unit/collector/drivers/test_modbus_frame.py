"""Only the answer that was asked for is an answer, whatever else comes."""

import struct

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pymodbus.framer import FramerSocket
from pymodbus.pdu import DecodePDU
from pymodbus.pdu.bit_message import ReadCoilsRequest, ReadDiscreteInputsRequest
from pymodbus.pdu.register_message import (
    ReadHoldingRegistersRequest,
    ReadInputRegistersRequest,
)

from collector.drivers import DriverError
from collector.drivers.modbus_frame import (
    TABLE_CODES,
    FunctionCode,
    ReadRequest,
    RefusedError,
    read_request,
)

LIBRARY = {
    "coil": ReadCoilsRequest,
    "discrete_input": ReadDiscreteInputsRequest,
    "holding_register": ReadHoldingRegistersRequest,
    "input_register": ReadInputRegistersRequest,
}
TABLES = st.sampled_from(sorted(TABLE_CODES))
UNITS = st.integers(0, 255)
TURNS = st.integers(1, 65535)


@st.composite
def requests(draw: st.DrawFn) -> ReadRequest:
    table = draw(TABLES)
    count = draw(st.integers(1, 125 if "register" in table else 2000))
    return read_request(draw(UNITS), table, draw(st.integers(0, 65536 - count)), count)


def right(request: ReadRequest, turn: int, held: bytes) -> bytes:
    body = struct.pack(">BB", request.function, len(held)) + held
    return struct.pack(">HHHB", turn, 0, len(body) + 1, request.unit) + body


def heard(request: ReadRequest, turn: int, answer: bytes) -> str:
    """Return in a word what an answer is taken for."""
    try:
        found = request.answer(answer, turn)
    except RefusedError:
        return "refused"
    except DriverError:
        return "wrong"
    return "unfinished" if found is None else "good"


def test_nothing_but_the_four_reads_can_be_formed() -> None:
    assert sorted(FunctionCode) == [1, 2, 3, 4]
    assert sorted(TABLE_CODES.values()) == [1, 2, 3, 4]


@given(TABLES, UNITS, TURNS, st.data())
def test_a_request_has_the_bytes_that_pymodbus_sends(
    table: str, unit: int, turn: int, data: st.DataObject
) -> None:
    count = data.draw(st.integers(1, 125 if "register" in table else 2000))
    address = data.draw(st.integers(0, 65536 - count))
    theirs = LIBRARY[table](address=address, count=count, dev_id=unit, transaction_id=turn)
    wanted = FramerSocket(DecodePDU(False)).buildFrame(theirs)
    assert read_request(unit, table, address, count).frame(turn) == wanted


@pytest.mark.parametrize(
    ("table", "address", "count"),
    [
        ("holding_register", 0, 0),
        ("holding_register", 0, 126),
        ("holding_register", 65_535, 2),
        ("holding_register", -1, 1),
        ("coil", 0, 2009),
    ],
)
def test_a_read_that_no_frame_can_hold_is_not_formed(table: str, address: int, count: int) -> None:
    with pytest.raises(ValueError, match="no Modbus read"):
        read_request(1, table, address, count)


@given(requests(), TURNS, st.data())
def test_the_right_answer_is_taken_whole_and_no_part_of_it_before(
    request: ReadRequest, turn: int, data: st.DataObject
) -> None:
    held = data.draw(st.binary(min_size=request.size_bytes, max_size=request.size_bytes))
    answer = right(request, turn, held)
    assert request.answer(answer, turn) == held
    cut = data.draw(st.integers(0, len(answer) - 1))
    assert heard(request, turn, answer[:cut]) == "unfinished"


@given(requests(), TURNS, st.integers(0, 255), st.data())
def test_a_refusal_says_its_code(
    request: ReadRequest, turn: int, code: int, data: st.DataObject
) -> None:
    refusal = struct.pack(">HHHBBB", turn, 0, 3, request.unit, request.function | 0x80, code)
    with pytest.raises(RefusedError) as refused:
        request.answer(refusal, turn)
    assert refused.value.code == code
    cut = data.draw(st.integers(0, len(refusal) - 1))
    assert heard(request, turn, refusal[:cut]) == "unfinished"


@given(requests(), TURNS, st.data())
def test_one_wrong_bit_in_what_frames_the_values_makes_no_answer(
    request: ReadRequest, turn: int, data: st.DataObject
) -> None:
    answer = bytearray(right(request, turn, bytes(request.size_bytes)))
    bit = data.draw(st.integers(0, 9 * 8 - 1))
    answer[bit // 8] ^= 1 << bit % 8
    assert heard(request, turn, bytes(answer)) == "wrong"


@given(requests(), TURNS, st.binary(min_size=1, max_size=300))
def test_more_than_the_answer_is_no_answer(request: ReadRequest, turn: int, more: bytes) -> None:
    answer = right(request, turn, bytes(request.size_bytes))
    assert heard(request, turn, answer + more) == "wrong"


@given(requests(), TURNS, st.binary(max_size=300))
@example(read_request(1, "coil", 0, 1), 1, b"HTTP/1.1 400 Bad Request\r\n\r\n")
def test_whatever_comes_is_judged_and_only_the_right_frame_is_good(
    request: ReadRequest, turn: int, anything: bytes
) -> None:
    if heard(request, turn, anything) == "good":
        assert anything == right(request, turn, anything[9:])


def test_another_protocol_on_the_port_is_said_with_what_it_sent() -> None:
    with pytest.raises(DriverError, match=r"not speak Modbus TCP.*HTTP/1\.1.*host and port"):
        read_request(1, "coil", 0, 1).answer(b"HTTP/1.1 400 Bad Request\r\n", 1)
