"""Modbus devices of the tests' own making, and supervisors that read them."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from random import Random
from typing import Any

from collector.board import Board
from collector.clock import Clock
from collector.drivers.modbus_gateway import gateways_of
from collector.gaps import Gap, GapLedger
from collector.model import Quality, Scan
from collector.service import open_driver
from collector.site import Plant
from collector.supervisor import DeviceState, Supervisor, Surroundings
from tests.unit.collector.words import plant, tag

GOOD, BAD = Quality.GOOD, Quality.BAD_SOURCE


def tags(*addresses: int, name: str = "drive", **other: Any) -> list[dict[str, Any]]:
    return [tag(f"north.{name}.q{at}", at, **other) for at in addresses]


def refusing(code: int, *addresses: int) -> Callable[[int, int, int], int]:
    """Refuse every read that touches one of the addresses."""

    def refuse(_: int, address: int, count: int) -> int:
        return code if any(address <= at < address + count for at in addresses) else 0

    return refuse


@dataclass
class Rehearsed:
    """Supervisors of some devices, the board they fill, and what went into the ledger."""

    plant: Plant
    board: Board
    supervisors: dict[str, Supervisor]
    gaps: list[Gap] = field(default_factory=list)
    scans: list[Scan] = field(default_factory=list)

    def quality(self, device: str) -> set[int]:
        return set(self.board.quality[self.supervisors[device].slots].tolist())

    async def until(self, device: str, state: DeviceState, within_s: float) -> float:
        """Return after how long the device was in that state."""
        begun_s = asyncio.get_running_loop().time()
        async with asyncio.timeout(within_s):
            while self.supervisors[device].health.state is not state:
                await asyncio.sleep(0.01)
        return asyncio.get_running_loop().time() - begun_s


@asynccontextmanager
async def supervised(*devices: dict[str, Any]) -> AsyncIterator[Rehearsed]:
    """Keep the devices read while the block runs."""
    of, clock = plant(*devices), Clock()
    board = Board(len(of.slots()))
    here = Rehearsed(of, board, {})

    def publish(scan: Scan) -> None:
        here.scans.append(scan)
        board.publish(scan)

    around = Surroundings(clock, publish, GapLedger(here.gaps.append), Random(1))
    gateways = gateways_of(of.device, clock)
    first_slot = 0
    for number, device in enumerate(of.device):
        driver = open_driver(device, first_slot, clock, gateways)
        here.supervisors[device.id] = Supervisor(device, driver, around, number / len(of.device))
        first_slot += len(device.tags)
    tasks = [asyncio.create_task(one.run()) for one in here.supervisors.values()]
    try:
        yield here
    finally:
        for task in tasks:
            task.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.gather(*tasks)
