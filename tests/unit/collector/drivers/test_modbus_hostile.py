"""A million hostile answers: nothing breaks, and nothing wrong is called good."""

import math
import struct
from collections import Counter
from random import Random

import pytest

from collector.codec import Order, Placed, compile_decoder
from collector.drivers import DriverError
from collector.drivers.modbus_frame import ReadRequest, RefusedError, read_request
from collector.model import Quality
from collector.site import REGISTERS, ModbusTag
from tests.modbus_spoilers import SPOILERS

ANSWERS = 1_000_000
DECODED = 500_000
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
LOWEST, HIGHEST = -1000.0, 70_000.0
PLACES = [
    ("holding_register", 1),
    ("holding_register", 125),
    ("input_register", 7),
    ("coil", 2000),
    ("discrete_input", 3),
]


def right(request: ReadRequest, turn: int, held: bytes) -> bytes:
    head = struct.pack(">HHHBBB", turn, 0, len(held) + 3, request.unit, request.function, len(held))
    return head + held


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_of_a_million_hostile_answers_only_a_right_frame_is_ever_taken() -> None:
    chance = Random(2026)
    found: Counter[str] = Counter()
    kinds = [read_request(3, table, 40, count) for table, count in PLACES]
    frames = [right(one, 515, chance.randbytes(one.size_bytes)) for one in kinds]
    for number in range(ANSWERS):
        at = number % len(kinds)
        request = kinds[at]
        heard = chance.choice(SPOILERS)(frames[at], chance)
        code = None
        try:
            answer = request.answer(heard, 515)
        except RefusedError as refusal:
            code = refusal.code
            found["refused"] += 1
        except DriverError as error:
            found[error.kind] += 1
        else:
            found["unfinished" if answer is None else "good"] += 1
            assert answer is None or heard == right(request, 515, answer)
        assert code is None or heard[7:] == bytes((request.function | 0x80, code))
    assert found.total() == ANSWERS
    assert set(found) == {"refused", "protocol", "unfinished", "good"}


def expected(tag: ModbusTag, word_order: Order, byte_order: Order, held: bytes) -> float:
    """Decode by hand, with nothing of the collector's."""
    words = [held[at : at + 2] for at in range(2 * tag.address, 2 * (tag.address + tag.width), 2)]
    if byte_order == "little":
        words = [bytes(reversed(word)) for word in words]
    if word_order == "little":
        words.reverse()
    joined = b"".join(words)
    if tag.bit is not None:
        return float(joined[1 - tag.bit // 8] >> tag.bit % 8 & 1)
    if tag.type.startswith("bcd"):
        return float(joined.hex()) if joined.hex().isdecimal() else math.nan
    return float(struct.unpack(">" + FORMATS[tag.type], joined)[0])


def placed_tags(chance: Random) -> list[Placed]:
    found: list[Placed] = []
    address = 0
    while address < 110:
        kind = chance.choice(sorted(REGISTERS))
        table = {"id": f"north.drive.q{len(found)}", "address": address, "type": kind}
        if kind == "bool":
            table["bit"] = chance.randrange(16)
        tag = ModbusTag.model_validate({**table, "min": LOWEST, "max": HIGHEST})
        orders: list[Order] = [chance.choice(("big", "little")) for _ in range(2)]
        found.append(Placed(len(found), tag, *orders))
        address += tag.width + chance.randrange(3)
    return found


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_whatever_registers_hold_no_senseless_value_is_good() -> None:
    chance = Random(502)
    judged = 0
    while judged < DECODED:
        placed = placed_tags(chance)
        decoder = compile_decoder(0, 125, placed)
        for _ in range(10):
            held = chance.choice((chance.randbytes(250), bytes(250), b"\xff" * 250))
            values, quality = decoder.decode(held)
            for slot, value, how in zip(decoder.slots, values, quality, strict=True):
                one = placed[slot]
                wanted = expected(one.tag, one.word_order, one.byte_order, held)
                if not math.isfinite(wanted):
                    assert (math.isnan(value), how) == (True, Quality.BAD_NOT_A_NUMBER)
                    continue
                assert value == wanted
                inside = LOWEST <= wanted <= HIGHEST
                assert how == (Quality.GOOD if inside else Quality.BAD_OUT_OF_RANGE)
            judged += len(placed)
