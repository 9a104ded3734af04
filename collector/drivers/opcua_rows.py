"""Turn what an OPC UA server published, and what it kept silent about, into scans."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from collector.codec import scaling_of
from collector.drivers.opcua_wire import IMPOSSIBLE_TIME, Columns
from collector.model import BAD_FROM, NANOSECONDS, Quality, Scan, Slots
from collector.site import OpcUaDevice

STATUS_UNCERTAIN = 0x40000000
STATUS_BAD = 0x80000000
# "A data value's info bits" and among them "overflow", OPC UA part 4, 7.39.
STATUS_OVERFLOW = 0x480
STATUS_CODE = 0xFFFF0000
MOST_KINDS_OF_STATUS = 20
FIRST_WAY_PERIODS = 2

Rows = NDArray[np.intp]
Flags = NDArray[np.bool_]


class TagRows:
    """What is held of every tag of one server, row by row in slot order.

    What changed becomes a sample with the server's source time. A tag that did
    not change is confirmed by later publish answers of its subscription: it is
    repeated with the instant up to which the server is known to have had no news.
    A value that a new session brings again, with the source time and value that
    are held already, is no second sample; it counts as confirmed. A source time more
    than `skew_s` from that of receiving is uncertain. News may have been on its way for
    a while when it comes: nothing is confirmed closer to now than the longest way seen,
    or an old value would stand after the new one.
    """

    def __init__(self, device: OpcUaDevice, first_slot: int, skew_s: float) -> None:
        count = len(device.tags)
        self.slots: Slots = np.arange(first_slot, first_slot + count, dtype=np.int32)
        self.subscription = np.zeros(count, dtype=np.intp)
        self.refused = np.zeros(count, dtype=np.bool_)
        self.counted: Counter[str] = Counter()
        self.statuses: Counter[str] = Counter()
        self._scaling = scaling_of(device.tags)
        self._skew_ns = int(skew_s * NANOSECONDS)
        self._way_ns = int(FIRST_WAY_PERIODS * device.scan_s * NANOSECONDS)
        self._values = np.full(count, np.nan)
        self._quality = np.full(count, Quality.BAD_NEVER_READ, dtype=np.uint8)
        self._source_ns = np.zeros(count, dtype=np.int64)
        self._ahead_ns = np.zeros(count, dtype=np.int64)
        self._known_ns = np.zeros(count, dtype=np.int64)
        self._news_ns = np.zeros(count, dtype=np.int64)
        self._resent = np.zeros(count, dtype=np.bool_)
        self._arrived: list[tuple[Columns, int]] = []

    def begin_session(self) -> None:
        """Forget what was known to be so now; what was held stays, to tell doubles by."""
        self._known_ns[:] = 0
        self._resent[:] = False
        self.refused[:] = False
        self._arrived.clear()

    def arrive(self, columns: Columns, received_ns: int) -> None:
        """Take in what one publish answer brought."""
        self._arrived.append((columns, received_ns))

    def quiet_since(self, instant_ns: int) -> Rows:
        """Return the rows that are subscribed to and brought nothing since `instant_ns`."""
        return np.flatnonzero(~self.refused & (self._news_ns < instant_ns))

    def refuse(self, rows: Sequence[int], status: int) -> None:
        """Call the tags at `rows` bad from now on: the server has no such nodes (now)."""
        self.refused[list(rows)] = True
        self._known_ns[list(rows)] = 0
        self._count_status(status, len(rows))

    def accept(self, row: int) -> None:
        """Expect news of the tag at `row` again."""
        self.refused[row] = False

    def scan(self, confirmed_ns: NDArray[np.int64], now_ns: int) -> Scan:
        """Return all that arrived, then what each subscription confirmed up to its instant."""
        arrived, self._arrived = self._arrived, []
        parts = [self._news(columns, received_ns) for columns, received_ns in arrived]
        parts.append(self._confirmed(confirmed_ns, parts))
        parts.append(self._lacking(now_ns))
        return Scan(
            slots=np.concatenate([part.slots for part in parts]),
            values=np.concatenate([part.values for part in parts]),
            quality=np.concatenate([part.quality for part in parts]),
            source_ns=np.concatenate([part.source_ns for part in parts]),
            received_ns=now_ns,
        )

    def _news(self, columns: Columns, received_ns: int) -> Scan:
        handles = np.array(columns.handles, dtype=np.int64)
        ours = handles < len(self.slots)
        self.counted["strangers"] += int(len(handles) - ours.sum())
        rows = handles[ours].astype(np.intp)
        status = np.array(columns.status, dtype=np.int64)[ours]
        source_ns = np.array(columns.source_ns, dtype=np.int64)[ours]
        raw = np.array(columns.raw, dtype=np.float64)[ours]
        values, quality = self._scaling.pick(rows).apply(raw)
        self._count_statuses(status)
        _mark(quality, status & STATUS_UNCERTAIN != 0, Quality.UNCERTAIN_SOURCE)
        quality[status & STATUS_BAD != 0] = Quality.BAD_SOURCE
        self._judge_clock(rows, source_ns, quality, received_ns)
        self._see_the_way(rows, source_ns, received_ns)
        news = ~self._held_already(rows, values, quality, source_ns)
        self._hold(rows, values, quality, source_ns)
        # A server whose clock is off is confirmed by its own clock, or its time would run back.
        ahead_ns = source_ns - received_ns
        off = (ahead_ns > 0) | (quality == Quality.UNCERTAIN_CLOCK)
        self._ahead_ns[rows] = np.where(off, ahead_ns, 0)
        self._known_ns[rows] = self._news_ns[rows] = received_ns
        self._resent[rows] = ~news
        self.counted["samples"] += len(rows)
        self.counted["resent"] += int(len(rows) - news.sum())
        overflow = status & STATUS_OVERFLOW == STATUS_OVERFLOW
        self.counted["overflows"] += int(overflow.sum())
        _mark(quality, overflow, Quality.UNCERTAIN_SOURCE)
        return Scan(self.slots[rows[news]], values[news], quality[news], source_ns[news], 0)

    def _see_the_way(self, rows: Rows, source_ns: NDArray[np.int64], received_ns: int) -> None:
        """Learn how long news is on its way; the first value of a session tells nothing."""
        ways_ns = (received_ns - source_ns)[self._known_ns[rows] > 0]
        ways_ns = ways_ns[ways_ns <= self._skew_ns]
        self._way_ns = max(self._way_ns, int(ways_ns.max(initial=0)))

    def _hold(
        self,
        rows: Rows,
        values: NDArray[np.float64],
        quality: NDArray[np.uint8],
        source_ns: NDArray[np.int64],
    ) -> None:
        self._values[rows] = values
        self._quality[rows] = quality
        self._source_ns[rows] = source_ns

    def _judge_clock(
        self,
        rows: Rows,
        source_ns: NDArray[np.int64],
        quality: NDArray[np.uint8],
        received_ns: int,
    ) -> None:
        """Mark samples whose time cannot be; those without a time get that of receiving.

        The first value of a session may be old, as it may not have changed for days;
        whatever comes after it changed just now.
        """
        _mark(quality, source_ns == IMPOSSIBLE_TIME, Quality.UNCERTAIN_CLOCK)
        untimed = source_ns <= 0
        source_ns[untimed] = received_ns
        late_ns = received_ns - source_ns
        behind = (late_ns > self._skew_ns) & (self._known_ns[rows] > 0)
        skewed = ~untimed & ((late_ns < -self._skew_ns) | behind)
        _mark(quality, skewed, Quality.UNCERTAIN_CLOCK)
        self.counted["clock"] += int((quality == Quality.UNCERTAIN_CLOCK).sum())

    def _held_already(
        self,
        rows: Rows,
        values: NDArray[np.float64],
        quality: NDArray[np.uint8],
        source_ns: NDArray[np.int64],
    ) -> Flags:
        """Return which samples a new session brings although they are held."""
        held = self._values[rows]
        same = (values == held) | (np.isnan(values) & np.isnan(held))
        same &= (quality == self._quality[rows]) & (source_ns == self._source_ns[rows])
        return np.asarray(same & (self._known_ns[rows] == 0), dtype=np.bool_)

    def _confirmed(self, confirmed_ns: NDArray[np.int64], news: Sequence[Scan]) -> Scan:
        quiet = ~self.refused & (self._known_ns > 0)
        for part in news:
            quiet[part.slots - self.slots[0]] = False
        # What was resent is confirmed by that, not by what its subscription says later.
        on_its_way_ns = confirmed_ns[self.subscription] - self._way_ns
        instants = np.where(self._resent, self._known_ns, on_its_way_ns)
        rows = np.flatnonzero(quiet & (self._resent | (instants > self._known_ns)))
        self._known_ns[rows] = instants[rows]
        self._resent[:] = False
        at_ns = instants[rows] + self._ahead_ns[rows]
        return Scan(self.slots[rows], self._values[rows], self._quality[rows], at_ns, 0)

    def _lacking(self, now_ns: int) -> Scan:
        rows = np.flatnonzero(self.refused)
        self._quality[rows] = Quality.BAD_SOURCE
        return Scan(
            self.slots[rows],
            np.full(len(rows), np.nan),
            np.full(len(rows), Quality.BAD_SOURCE, dtype=np.uint8),
            np.full(len(rows), now_ns, dtype=np.int64),
            0,
        )

    def _count_statuses(self, status: NDArray[np.int64]) -> None:
        codes = status & STATUS_CODE
        doubtful = codes[codes != 0]
        if len(doubtful):
            for code, times in zip(*np.unique(doubtful, return_counts=True), strict=True):
                self._count_status(int(code), int(times))

    def _count_status(self, code: int, times: int) -> None:
        name = f"0x{code & STATUS_CODE:08X}"
        if name in self.statuses or len(self.statuses) < MOST_KINDS_OF_STATUS:
            self.statuses[name] += times


def _mark(quality: NDArray[np.uint8], where: Flags, mark: Quality) -> None:
    """Lower the quality to `mark` where it is better than that."""
    ceiling = BAD_FROM if mark is Quality.UNCERTAIN_SOURCE else Quality.UNCERTAIN_SOURCE
    quality[where & (quality < ceiling)] = mark
