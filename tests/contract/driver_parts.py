"""One bench for every driver: a real server, a faulty cable, and a supervisor that watches."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from random import Random
from typing import Any

import numpy as np

from collector.clock import Clock
from collector.drivers import Driver
from collector.gaps import Gap, GapLedger
from collector.model import Scan
from collector.service import open_driver
from collector.site import Device, ModbusDevice, OpcUaDevice
from collector.supervisor import KEPT_LATENESS_S, DeviceHealth, Supervisor, Surroundings
from simulators.opcua import Station
from simulators.plc import Plc
from tests.contract.simulator_parts import free_ports
from tests.faultproxy import FaultProxy
from tests.unit.collector.words import modbus, node, opcua, plant, tag

PROTOCOLS = ("modbus_tcp", "opcua")
SPEED, FORCE, GUST = "north.drive.speed", "north.drive.force", "north.wind.gust"
VALUES = {SPEED: 5.5, FORCE: -12.25, GUST: 7.0}
SCAN_S = 0.5
HICCUP_S = 0.3
"""So long a shared machine may stand still without any fault of ours."""


def table(protocol: str, port: int, **other: Any) -> dict[str, Any]:
    if protocol == "opcua":
        tags = [node(one, min=-100, max=100) for one in VALUES]
        return opcua("device", *tags, port=port, namespace="urn:bench", scan_s=SCAN_S, **other)
    tags = [tag(one, 100 * at, type="float32", min=-100, max=100) for at, one in enumerate(VALUES)]
    return modbus("device", *tags, port=port, scan_s=SCAN_S, **other)


def device_of(row: dict[str, Any]) -> Device:
    return plant(row).device[0]


def pair(protocol: str, server_port: int, cable_port: int, **other: Any) -> tuple[Device, Device]:
    """Return the device as its server stands, and as it is reached through the cable."""
    row = table(protocol, server_port, **other)
    return device_of(row), device_of({**row, "port": cable_port})


@dataclass
class Bench:
    """A served device, what it shows, and the cable to it."""

    device: Device
    server: Plc | Station
    cable: FaultProxy
    shown: dict[str, float] = field(default_factory=lambda: dict(VALUES))

    async def show(self, clock: Clock, **status: str) -> None:
        """Let the server say its values with now as their time."""
        if isinstance(self.server, Station):
            await self.server.show(clock.now_ns(), status)

    def driver(self, clock: Clock) -> Driver:
        return open_driver(self.device, 0, clock)


@asynccontextmanager
async def bench(protocol: str, **other: Any) -> AsyncIterator[Bench]:
    (port,) = free_ports(1)
    async with FaultProxy("127.0.0.1", port) as cable:
        served, reached = pair(protocol, port, cable.port, **other)
        shown = dict(VALUES)

        def read(tag_id: str) -> float:
            return shown[tag_id]

        server: Plc | Station
        if isinstance(served, ModbusDevice):
            server = Plc(served, read)
        else:
            assert isinstance(served, OpcUaDevice)
            server = Station(served, read)
        await server.start()
        try:
            yield Bench(reached, server, cable, shown)
        finally:
            await cable.refuse()
            await server.stop()


def keeps_its_period(health: DeviceHealth) -> bool:
    """Whether its ticks come in time; a single late one may be the machine's."""
    late = [late_s for late_s in health.lateness_s if late_s >= KEPT_LATENESS_S]
    return len(late) <= 1 and health.skipped <= 1


async def scanned(
    driver: Driver, clock: Clock, within_s: float = 3.0
) -> dict[int, tuple[float, int, int]]:
    """Return (value, quality, source time) by slot, once every slot was heard of."""
    heard: dict[int, tuple[float, int, int]] = {}
    async with asyncio.timeout(within_s):
        while len(heard) < len(driver.slots):
            scan = await driver.scan()
            columns = (scan.slots, scan.values, scan.quality, scan.source_ns)
            for slot, *sample in zip(*(column.tolist() for column in columns), strict=True):
                heard[slot] = (sample[0], sample[1], sample[2])
            await asyncio.sleep(0.1)
    return heard


@dataclass
class Watch:
    """What one supervisor published and entered in the ledger."""

    supervisor: Supervisor
    clock: Clock
    scans: list[Scan] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)

    def is_bad(self) -> bool:
        return bool(self.scans) and bool(np.all(self.scans[-1].quality >= 128))

    def is_good(self) -> bool:
        return bool(self.scans) and not self.scans[-1].quality.any()

    async def until(self, holds: Callable[[], bool], within_s: float) -> float:
        """Return after how many seconds it holds; TimeoutError where it does not in time."""
        began_s = self.clock.steady_s()
        async with asyncio.timeout(within_s):
            while not holds():
                await asyncio.sleep(0.01)
        return self.clock.steady_s() - began_s


@asynccontextmanager
async def watching(device: Device, clock: Clock, phase: float = 0.0) -> AsyncIterator[Watch]:
    scans: list[Scan] = []
    gaps: list[Gap] = []
    around = Surroundings(clock, scans.append, GapLedger(gaps.append), Random(7))
    supervisor = Supervisor(device, open_driver(device, 0, clock), around, phase)
    running = asyncio.create_task(supervisor.run())
    try:
        yield Watch(supervisor, clock, scans, gaps)
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
