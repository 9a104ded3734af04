"""What a bad network or a bad device can make of a Modbus answer."""

from random import Random


def hurt(frame: bytes, chance: Random) -> bytes:
    spoilt = bytearray(frame)
    for _ in range(chance.randint(1, 3)):
        spoilt[chance.randrange(min(len(spoilt), 9))] = chance.randrange(256)
    return bytes(spoilt)


def cut(frame: bytes, chance: Random) -> bytes:
    return frame[: chance.randrange(len(frame))]


def lengthened(frame: bytes, chance: Random) -> bytes:
    return frame + chance.randbytes(chance.randint(1, 20))


def garbage(_: bytes, chance: Random) -> bytes:
    return chance.randbytes(chance.randint(1, 300))


def stuffed(frame: bytes, chance: Random) -> bytes:
    at = chance.randrange(len(frame))
    return frame[:at] + chance.randbytes(chance.randint(1, 4)) + frame[at:]


def refused(frame: bytes, chance: Random) -> bytes:
    length = chance.choice((b"\0\3", b"\0\3", frame[4:6]))
    exception = bytes((frame[7] | 0x80, chance.randrange(256)))
    return frame[:4] + length + frame[6:7] + exception


def refilled(frame: bytes, chance: Random) -> bytes:
    return frame[:9] + chance.randbytes(len(frame) - 9)


SPOILERS = (hurt, hurt, cut, lengthened, garbage, stuffed, refused, refilled)
