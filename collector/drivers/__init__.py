"""Drivers: each reads one device by one protocol, and can do nothing else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from collector.model import Scan, Slots


class DriverError(Exception):
    """The device could not be read; `kind` is one word for counting, the text says why.

    `brought` is what it had given before that and nobody has taken yet: no less true for it.
    """

    def __init__(self, kind: str, words: str, brought: Scan | None = None) -> None:
        self.kind = kind
        self.brought = brought
        super().__init__(words)


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a device does not give although it answers; `kind` is one word for counting."""

    kind: str
    words: str


class ScanClass(Protocol):
    """Tags of one device that are read together, with one period."""

    @property
    def period_s(self) -> float:
        """Seconds between two scans."""

    @property
    def slots(self) -> Slots:
        """Every slot of the class, in slot order."""

    @property
    def refusals(self) -> tuple[Refusal, ...]:
        """What the device refused at the last scan, empty where it gave everything."""

    @property
    def refused(self) -> Slots:
        """The slots that the device did not give at the last scan although it answered."""

    async def scan(self) -> Scan:
        """Return what the device says now; DriverError where it says nothing."""


class Driver(Protocol):
    """Reads one device; there is no method to write."""

    @property
    def slots(self) -> Slots:
        """Every slot of the device, in slot order."""

    @property
    def refused(self) -> Slots:
        """The slots that the device did not give at the last scan although it answered."""

    @property
    def address(self) -> str:
        """Where the device is, for people."""

    async def connect(self) -> None:
        """Open the way to the device; DriverError where there is none."""

    async def scan(self) -> Scan:
        """Return what the device says now of all tags; DriverError where it says nothing."""

    async def close(self) -> None:
        """Let go of the device; never raises, never waits long."""


@runtime_checkable
class Telling(Protocol):
    """A driver that knows more of its device than its scans say."""

    def told(self) -> Mapping[str, int | float | str]:
        """Return counts and figures by name, for health; the names stay the same."""


@runtime_checkable
class Classed(Protocol):
    """A driver whose tags are read with several periods."""

    @property
    def classes(self) -> Sequence[ScanClass]:
        """The scan classes that share the device's slots, the quickest first."""
