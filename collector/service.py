"""Run the supervisors of all devices, the board and the history as one whole."""

import asyncio
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random

import numpy as np

from collector.board import Board
from collector.clock import Clock
from collector.drivers import Driver
from collector.drivers.modbus import ModbusDriver
from collector.drivers.modbus_gateway import Gateways, endpoint_of, gateways_of
from collector.drivers.opcua import NO_SECRETS, OpcUaDriver
from collector.drivers.opcua_session import Secrets
from collector.examination import Examination
from collector.gaps import Cause, GapLedger
from collector.history.sealer import Sealer
from collector.history.store import History
from collector.history.thinner import Thinner
from collector.model import NANOSECONDS, Scan
from collector.site import Device, ModbusDevice, Plant
from collector.supervisor import Supervisor, Surroundings

LOOK_EVERY_S = 0.25
UNJUDGED_JOINED_S = 2.0


class Collector:
    """Everything that is read from one plant, from now until its task is cancelled.

    HistoryError where the history at `history_path` cannot be opened.
    """

    def __init__(self, plant: Plant, history_path: Path, clock: Clock, random: Random) -> None:
        self.plant = plant
        self.clock = clock
        self.board = Board(len(plant.slots()))
        self.history = History(history_path, plant, clock)
        self.sealer = Sealer(self.history, clock)
        self.thinner = Thinner(self.history, plant.history, clock)
        self._ledger = GapLedger(self.history.keep_gap)
        self.examination = Examination(plant, clock)
        self._secrets = secrets_in(history_path.parent)
        self.supervisors = tuple(self._supervisors(random))
        self._device_of = np.repeat(
            np.arange(len(plant.device)), [len(device.tags) for device in plant.device]
        )
        self._unjudged: dict[str, tuple[int, int]] = {}

    def note_unjudged(self, scan: Scan) -> None:
        """Enter, with the next look, that `scan` never reached the rules."""
        device = self.plant.device[self._device_of[scan.slots[0]]].id
        oldest_ns = int(scan.source_ns.min())
        from_ns, to_ns = self._unjudged.get(device, (oldest_ns, 0))
        self._unjudged[device] = min(from_ns, oldest_ns), max(to_ns, scan.received_ns)

    async def run(self) -> None:
        """Read all devices until cancelled."""
        await self._take_up_gaps()
        async with asyncio.TaskGroup() as group:
            for supervisor in self.supervisors:
                group.create_task(supervisor.run(), name=supervisor.device.id)
            group.create_task(self._look_after(), name="age of the values")
            group.create_task(self.sealer.run(), name="sealing the history")
            group.create_task(self.thinner.run(), name="thinning the history")

    async def _look_after(self) -> None:
        """Call what nobody brought for two periods stale, until cancelled."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            self._enter_unjudged()
            overdue = self.examination.overdue(self.board, self.clock.now_ns())
            if overdue is not None:
                self.board.publish(overdue)
                self.history.append(overdue)

    def _enter_unjudged(self) -> None:
        joined_ns = int(UNJUDGED_JOINED_S * self.clock.speed * NANOSECONDS)
        for device, (from_ns, to_ns) in self._unjudged.items():
            self._ledger.note(device, from_ns, to_ns, Cause.NOT_JUDGED, joined_ns)
        self._unjudged.clear()

    async def _take_up_gaps(self) -> None:
        """Enter that the monitor was down; what it had open ended when it last wrote."""
        last_ns = await self.history.last_received_ns()
        for gap in await self.history.open_gaps():
            ended_ns = max(gap.from_ns, last_ns.get(gap.device, gap.from_ns))
            self.history.keep_gap(replace(gap, to_ns=ended_ns))
        for device in self.plant.device:
            if device.id in last_ns:
                self._ledger.begin(device.id, last_ns[device.id], Cause.MONITOR_DOWN)

    def _supervisors(self, random: Random) -> Iterator[Supervisor]:
        around = Surroundings(self.clock, self._publish, self._ledger, random)
        gateways = gateways_of(self.plant.device, self.clock)
        first_slot = 0
        for number, device in enumerate(self.plant.device):
            yield Supervisor(
                device,
                open_driver(device, first_slot, self.clock, gateways, self._secrets),
                around,
                phase=number / len(self.plant.device),
            )
            first_slot += len(device.tags)

    def _publish(self, scan: Scan) -> None:
        """Send one scan on its way: what we find wrong first, then board and history."""
        examined = self.examination.examine(scan, self.board)
        self.board.publish(examined)
        self.history.append(examined)


def secrets_in(folder: Path) -> Secrets:
    """Return where a data folder keeps certificates and trust, and the environment passwords."""
    return Secrets(folder / "opcua", os.environ)


def open_driver(
    device: Device,
    first_slot: int,
    clock: Clock,
    gateways: Gateways | None = None,
    secrets: Secrets = NO_SECRETS,
) -> Driver:
    """Return the driver that reads `device`; nothing is connected yet.

    Without `gateways` it has a connection of its own. A device that wants security
    takes certificates and passwords from `secrets`.
    """
    if isinstance(device, ModbusDevice):
        gateway = gateways[endpoint_of(device)] if gateways else None
        return ModbusDriver(device, first_slot, clock, gateway)
    return OpcUaDriver(device, first_slot, clock, secrets)
