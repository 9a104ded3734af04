"""The gap ledger: every interval in which something was not read, and why."""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

import numpy as np

from collector.model import NANOSECONDS, Quality, Scan, Slots

CLOSED_REMEMBERED = 8


class Cause(StrEnum):
    """Why samples are missing."""

    DEVICE_LOST = "device_lost"
    NOT_POLLED = "not_polled"
    MONITOR_DOWN = "monitor_down"
    CLOCK_LEAP = "clock_leap"
    TAG_REFUSED = "tag_refused"
    NOT_JUDGED = "not_judged"
    STORE_FULL = "store_full"
    DAMAGED = "damaged"


@dataclass(frozen=True, slots=True)
class Gap:
    """One interval without good samples of a device, or of one tag of it.

    Open while `to_ns` is None. Recovered where the device kept what was missing and
    gave it afterwards. Of what was not judged the samples are kept; what the full
    store let go, and what the disk no longer gives back, was judged.
    """

    device: str
    from_ns: int
    to_ns: int | None
    cause: Cause
    recovered: bool = False
    tag: str | None = None


class GapLedger:
    """Open and close gaps; each change goes to `keep` at once.

    At most one is open for a device as a whole, and one for each of its tags.
    """

    def __init__(self, keep: Callable[[Gap], None]) -> None:
        self._keep = keep
        self._open: dict[tuple[str, str | None], Gap] = {}
        self._noted: dict[tuple[str, Cause], Gap] = {}
        self._closed: dict[str, deque[Gap]] = {}

    def begin(self, device: str, from_ns: int, cause: Cause, tag: str | None = None) -> None:
        """Open a gap; one open for another cause ends where this begins."""
        known = self._open.get((device, tag))
        if known is not None and known.cause is cause:
            return
        self.end(device, from_ns, tag)
        gap = Gap(device, from_ns, None, cause, tag=tag)
        self._open[device, tag] = gap
        self._keep(gap)

    def end(self, device: str, to_ns: int, tag: str | None = None) -> None:
        """Close the open gap of `device`, or of its `tag`, if there is one."""
        gap = self._open.pop((device, tag), None)
        if gap is not None:
            self._close(replace(gap, to_ns=to_ns))

    def note(
        self, device: str, from_ns: int, to_ns: int, cause: Cause, joined_within_ns: int = 0
    ) -> None:
        """Enter a gap that is over already.

        One that follows the last of its cause within `joined_within_ns` lengthens that
        one: a machine that cannot keep pace for an hour is one gap, not thousands.
        """
        last = self._noted.get((device, cause))
        joined_ns = joined_within_ns + (last.to_ns or 0) if last is not None else 0
        if last is not None and last.from_ns <= from_ns <= joined_ns:
            from_ns = last.from_ns
        gap = Gap(device, from_ns, to_ns, cause)
        self._noted[device, cause] = gap
        self._close(gap)

    def hear(self, device: str, scan: Scan) -> None:
        """Call those gaps of `device` recovered whose time `scan` brings after all.

        A single sample of a tag proves nothing: it may be the value that stands since
        then. Two show that the device kept what happened meanwhile.
        """
        closed = self._closed.get(device)
        if closed is None or not len(scan):
            return
        oldest_ns = int(scan.source_ns.min())
        for place, gap in enumerate(closed):
            if gap.recovered or oldest_ns >= (gap.to_ns or 0):
                continue
            inside = (scan.source_ns > gap.from_ns) & (scan.source_ns < (gap.to_ns or 0))
            slots = scan.slots[inside & (scan.quality == Quality.GOOD)]
            if len(np.unique(slots)) < len(slots):
                closed[place] = replace(gap, recovered=True)
                self._keep(closed[place])

    def _close(self, gap: Gap) -> None:
        closed = self._closed.setdefault(gap.device, deque(maxlen=CLOSED_REMEMBERED))
        if closed and closed[-1].from_ns == gap.from_ns and closed[-1].cause is gap.cause:
            closed.pop()
        closed.append(gap)
        self._keep(gap)


class TagGaps:
    """Gaps of single tags that a device does not give although it answers.

    A tag that the device refuses is missing since the scan before; one that it does
    not mention for `patience_ns` since the session began, from that beginning. Either
    gap ends with the scan that brings the tag, also where the device was lost meanwhile.
    """

    def __init__(
        self, device: str, tags: Sequence[str], patience_s: Sequence[float], ledger: GapLedger
    ) -> None:
        self._device = device
        self._tags = tags
        self._ledger = ledger
        self._patience_ns = (np.array(patience_s) * NANOSECONDS).astype(np.int64)
        self._absent = np.zeros(len(tags), dtype=np.bool_)
        self._missing = np.zeros(len(tags), dtype=np.bool_)
        self.settled = True
        self._begun_ns = 0

    def begin_session(self, now_ns: int) -> None:
        """Expect every tag anew."""
        self._begun_ns = now_ns
        self._missing[:] = True
        self.settled = False

    def see(self, brought: Slots, refused: Slots, before_ns: int, now_ns: int) -> None:
        """Take in one scan by rows of the device's tags; `before_ns` is when the last one came.

        While `settled`, which is when every tag was brought, only refusals are news.
        """
        self._missing[brought] = False
        absent = self._missing & (now_ns - self._begun_ns > self._patience_ns)
        unheard = absent.copy()
        absent[refused] = True
        for row in np.flatnonzero(absent & ~self._absent).tolist():
            from_ns = self._begun_ns if unheard[row] else max(before_ns, self._begun_ns)
            self._ledger.begin(self._device, from_ns, Cause.TAG_REFUSED, self._tags[row])
        for row in np.flatnonzero(self._absent & ~absent & ~self._missing).tolist():
            self._ledger.end(self._device, now_ns, self._tags[row])
        self._absent = absent | (self._absent & self._missing)
        self.settled = not (self._missing.any() or self._absent.any())


@dataclass(frozen=True, slots=True)
class DeviceWeek:
    """What of one device is missing in a week; times that overlap count once."""

    device: str
    gaps: int
    missing_ns: int
    by_cause_ns: dict[Cause, int]


@dataclass(frozen=True, slots=True)
class Week:
    """One calendar week of the site, Monday to Sunday, and the devices that have gaps in it."""

    name: str
    from_ns: int
    to_ns: int
    devices: tuple[DeviceWeek, ...]


def weeks_of(gaps: Sequence[Gap], zone: ZoneInfo, now_ns: int, count: int) -> list[Week]:
    """Return the totals of the last `count` weeks, the present one up to now, newest first."""
    now = datetime.fromtimestamp(now_ns // NANOSECONDS, zone)
    monday = (now - timedelta(days=now.weekday())).replace(hour=0, minute=0, second=0)
    weeks = []
    for back in range(count):
        begin = monday - timedelta(weeks=back)
        from_ns = _instant_ns(begin)
        to_ns = min(now_ns, _instant_ns(begin + timedelta(weeks=1)))
        year, number, _ = begin.isocalendar()
        devices = tuple(_device_weeks(gaps, from_ns, to_ns))
        weeks.append(Week(f"{year}-W{number:02}", from_ns, to_ns, devices))
    return weeks


def _instant_ns(wall: datetime) -> int:
    return int(wall.astimezone(UTC).timestamp()) * NANOSECONDS


def _device_weeks(gaps: Sequence[Gap], from_ns: int, to_ns: int) -> Iterable[DeviceWeek]:
    inside: dict[str, list[tuple[Cause, int, int]]] = {}
    for gap in gaps:
        begin, end = (
            max(gap.from_ns, from_ns),
            min(to_ns if gap.to_ns is None else gap.to_ns, to_ns),
        )
        # A single tag's gap is none of its device.
        if gap.tag is None and begin < end:
            inside.setdefault(gap.device, []).append((gap.cause, begin, end))
    for device, spans in sorted(inside.items()):
        causes = sorted({cause for cause, _, _ in spans})
        yield DeviceWeek(
            device,
            len(spans),
            _covered_ns((begin, end) for _, begin, end in spans),
            {
                cause: _covered_ns((begin, end) for one, begin, end in spans if one is cause)
                for cause in causes
            },
        )


def _covered_ns(spans: Iterable[tuple[int, int]]) -> int:
    """Return how much time `spans` cover together."""
    covered = until = 0
    for begin, end in sorted(spans):
        covered += max(0, end - max(begin, until))
        until = max(until, end)
    return covered
