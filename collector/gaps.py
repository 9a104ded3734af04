"""The gap ledger: every interval in which something was not read, and why."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


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
