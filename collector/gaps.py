"""The gap ledger: every interval in which something was not read, and why."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from collector.model import NANOSECONDS


class Cause(StrEnum):
    """Why samples are missing."""

    DEVICE_LOST = "device_lost"
    NOT_POLLED = "not_polled"
    MONITOR_DOWN = "monitor_down"
    CLOCK_LEAP = "clock_leap"
    STORE_FULL = "store_full"


@dataclass(frozen=True, slots=True)
class Gap:
    """One interval without good samples of a device; open while `to_ns` is None."""

    device: str
    from_ns: int
    to_ns: int | None
    cause: Cause
    recovered: bool = False


class GapLedger:
    """Open and close gaps; each change goes to `keep` at once, at most one open a device."""

    def __init__(self, keep: Callable[[Gap], None]) -> None:
        self._keep = keep
        self._open: dict[str, Gap] = {}
        self._noted: dict[tuple[str, Cause], Gap] = {}

    def begin(self, device: str, from_ns: int, cause: Cause) -> None:
        """Open a gap for `device`; one open for another cause ends where this begins."""
        known = self._open.get(device)
        if known is not None and known.cause is cause:
            return
        self.end(device, from_ns)
        gap = Gap(device, from_ns, None, cause)
        self._open[device] = gap
        self._keep(gap)

    def end(self, device: str, to_ns: int) -> None:
        """Close the open gap of `device`, if there is one."""
        gap = self._open.pop(device, None)
        if gap is not None:
            self._keep(Gap(device, gap.from_ns, to_ns, gap.cause))

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
        self._keep(gap)


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
        if begin < end:
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
