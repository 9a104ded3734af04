"""Drivers: each reads one device by one protocol, and can do nothing else."""

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from collector.model import Scan, Slots


class DriverError(Exception):
    """The device could not be read; `kind` is one word for counting, the text says why."""

    def __init__(self, kind: str, words: str) -> None:
        self.kind = kind
        super().__init__(words)


class Driver(Protocol):
    """Reads one device; there is no method to write."""

    @property
    def slots(self) -> Slots:
        """Every slot of the device, in slot order."""

    @property
    def address(self) -> str:
        """Where the device is, for people."""

    async def connect(self) -> None:
        """Open the way to the device; DriverError where there is none."""

    async def scan(self) -> Scan:
        """Return what the device says now; DriverError where it says nothing."""

    async def close(self) -> None:
        """Let go of the device; never raises, never waits long."""


@runtime_checkable
class Telling(Protocol):
    """A driver that knows more of its device than its scans say."""

    def told(self) -> Mapping[str, int | float | str]:
        """Return counts and figures by name, for health; the names stay the same."""
