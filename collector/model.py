"""The words for what is read: quality, scan and sample."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum

import numpy as np
from numpy.typing import NDArray

Slots = NDArray[np.int32]
Values = NDArray[np.float64]
Qualities = NDArray[np.uint8]
Instants = NDArray[np.int64]

NANOSECONDS = 1_000_000_000


class Said(StrEnum):
    """What the protocol said of a sample, before we looked at it ourselves."""

    GOOD = "good"
    UNCERTAIN = "uncertain"
    BAD = "bad"
    NOTHING = "nothing"


class Quality(IntEnum):
    """How far a sample may be believed, with the reason.

    0 is good, 64..127 uncertain, 128..255 bad; the classes are those of OPC UA
    (part 8). What is not good is never judged as if it were.

    Each code tells both levels: what the protocol said (`said`) and what we found
    ourselves. What we find is only ever set on a sample that the protocol called
    good, but for a value given by hand, which has a code for each case.
    """

    GOOD = 0
    UNCERTAIN_SOURCE = 64
    UNCERTAIN_CLOCK = 65
    UNCERTAIN_SUBSTITUTED = 66
    UNCERTAIN_SUBSTITUTED_FOR_BAD = 67
    UNCERTAIN_SUBSTITUTED_FOR_LOST = 68
    BAD_SOURCE = 128
    BAD_NOT_A_NUMBER = 129
    BAD_OUT_OF_RANGE = 130
    BAD_STALE = 131
    BAD_DEVICE_LOST = 132
    BAD_NEVER_READ = 133
    BAD_FROZEN = 134
    BAD_SPIKE = 135

    @property
    def said(self) -> "Said":
        """What the protocol itself said of the sample."""
        return SAID.get(self, Said.GOOD)

    @property
    def good(self) -> bool:
        """Whether the sample may be judged."""
        return self < UNCERTAIN_FROM

    @property
    def bad(self) -> bool:
        """Whether the value must not be shown as a value."""
        return self >= BAD_FROM


SAID = {
    Quality.UNCERTAIN_SOURCE: Said.UNCERTAIN,
    Quality.BAD_SOURCE: Said.BAD,
    Quality.UNCERTAIN_SUBSTITUTED_FOR_BAD: Said.BAD,
    Quality.BAD_DEVICE_LOST: Said.NOTHING,
    Quality.BAD_NEVER_READ: Said.NOTHING,
    Quality.UNCERTAIN_SUBSTITUTED_FOR_LOST: Said.NOTHING,
}

UNCERTAIN_FROM = 64
BAD_FROM = 128


@dataclass(frozen=True, slots=True)
class Scan:
    """What one poll or one notification of one device brought, as columns.

    All arrays have one length and one order. `slots` index the site's tag table,
    `values` are in engineering units (NaN where there is none), `source_ns` is
    when the device says it was so, `received_ns` when we had it; both count
    nanoseconds since 1970 UTC.
    """

    slots: Slots
    values: Values
    quality: Qualities
    source_ns: Instants
    received_ns: int

    def __len__(self) -> int:
        """Return the number of samples."""
        return len(self.slots)

    def only(self, which: NDArray[np.bool_]) -> "Scan":
        """Return the scan with those of its samples alone."""
        return Scan(
            self.slots[which],
            self.values[which],
            self.quality[which],
            self.source_ns[which],
            self.received_ns,
        )


@dataclass(frozen=True, slots=True)
class Sample:
    """One tag's value at one instant: for the doors, where people read."""

    tag: str
    value: float | None
    quality: Quality
    source_ns: int
    received_ns: int


def lost_scan(slots: Slots, quality: Quality, at_ns: int) -> Scan:
    """Return the scan that says "nothing" for `slots` at `at_ns`: absence is data."""
    count = len(slots)
    return Scan(
        slots=slots,
        values=np.full(count, np.nan),
        quality=np.full(count, quality, dtype=np.uint8),
        source_ns=np.full(count, at_ns, dtype=np.int64),
        received_ns=at_ns,
    )


def join_scans(scans: Sequence[Scan]) -> Scan:
    """Return one scan holding the samples of `scans` in order; at least one."""
    return Scan(
        slots=np.concatenate([scan.slots for scan in scans]),
        values=np.concatenate([scan.values for scan in scans]),
        quality=np.concatenate([scan.quality for scan in scans]),
        source_ns=np.concatenate([scan.source_ns for scan in scans]),
        received_ns=scans[-1].received_ns,
    )
