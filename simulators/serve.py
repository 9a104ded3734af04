"""Run a simulated site: step the plant by the clock and serve it device by device."""

import asyncio
import json
import socket
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from collector import site
from collector.clock import Clock, TimeBase
from collector.model import NANOSECONDS
from simulators.certificates import Authority, Pair, machine_time
from simulators.opcua import Issue, Station
from simulators.plant import Plant
from simulators.plc import Plc, PortTakenError
from simulators.scenario import (
    Mode,
    Scenario,
    Upsets,
    orders_at,
    programme_of,
    upsets_at,
)

STEP_S = 0.1
STEPS_PER_REAL_S = 50
REPORT_EVERY_S = 1.0
# After a long sleep of the machine the plant jumps on instead of catching up for ever.
MOST_BEHIND_STEPS = 500


class Served(Protocol):
    """What the simulation needs of any simulated device."""

    @property
    def address(self) -> str:
        """Where it listens, for people."""

    async def start(self) -> None:
        """Listen."""

    async def stop(self) -> None:
        """Listen no more."""

    async def behave(self, mode: Mode, delay_s: float = 0.0) -> None:
        """Answer, or misbehave in a way."""


class Signals:
    """What the devices show: the plant's values, as far as the script leaves them."""

    def __init__(self, plant: Plant) -> None:
        self.plant = plant
        self.upsets = Upsets()
        self._held: dict[str, float] = {}

    def turn(self, upsets: Upsets) -> None:
        """Take the script's upsets from now on; what freezes keeps what it shows."""
        for tag in upsets.frozen - self.upsets.frozen:
            self._held[tag] = self.read(tag)
        self.upsets = upsets

    def read(self, tag_id: str) -> float:
        """Return what the tag's device shows."""
        if tag_id in self.upsets.forced:
            return self.upsets.forced[tag_id]
        if tag_id in self.upsets.frozen:
            return self._held[tag_id]
        value = self.plant.value_at(tag_id) + self.upsets.shifted.get(tag_id, 0.0)
        return -value if tag_id in self.upsets.reversed else value


class Simulation:
    """A site that runs from `start` to `stop`, by one clock and one script."""

    def __init__(
        self,
        plant: site.Plant,
        scenario: Scenario,
        base: TimeBase,
        seed: int | None = None,
        certificates: Path | None = None,
    ) -> None:
        self.site = plant
        self.scenario = scenario
        self._programme = programme_of(scenario, plant, seed)
        self.clock = Clock(base)
        self.plant = self._new_plant()
        self.signals = Signals(self.plant)
        self.plcs = {
            device.id: Plc(device, self.signals.read)
            for device in plant.device
            if isinstance(device, site.ModbusDevice)
        }
        issue = None if certificates is None else _issuing(certificates)
        self.stations = {
            device.id: Station(device, self.signals.read, issue)
            for device in plant.device
            if isinstance(device, site.OpcUaDevice)
        }
        self._shown_s: dict[str, float] = {}

    @property
    def step_s(self) -> float:
        """Site seconds in one step: fine in real time, coarser in fast time."""
        return max(STEP_S, self.clock.speed / STEPS_PER_REAL_S)

    @property
    def devices(self) -> Mapping[str, Served]:
        """Every simulated device by its id."""
        return {**self.plcs, **self.stations}

    async def start(self) -> None:
        """Open every device; PortTakenError names the first that cannot listen."""
        for station in self.stations.values():
            _must_be_free(station.device)
        for device in self.devices.values():
            await device.start()

    async def begin(self, base: TimeBase) -> None:
        """Begin site time anew by `base`: opening all devices takes some seconds."""
        self.clock = Clock(base)
        self.plant = self._new_plant()
        self.signals.plant = self.plant
        for station in self.stations.values():
            await station.show(self.plant.site_ns)

    async def run(self) -> None:
        """Step the plant until cancelled."""
        while True:
            ahead_s = self.plant.elapsed_s + self.step_s - self._elapsed_s()
            if ahead_s < -MOST_BEHIND_STEPS * self.step_s:
                await self.step_to(self._elapsed_s())
                continue
            await self.clock.sleep(max(ahead_s, 0.0))
            await self.step_to(self.plant.elapsed_s + self.step_s)

    async def step_to(self, elapsed_s: float) -> None:
        """Step the plant to `elapsed_s` and let the devices show it."""
        self.plant.step(elapsed_s, orders_at(self.scenario, elapsed_s))
        upsets = upsets_at(self.scenario, elapsed_s)
        self.signals.turn(upsets)
        for name, device in self.devices.items():
            mode, delay_s = upsets.modes.get(name, (Mode.ANSWERING, 0.0))
            await device.behave(mode, delay_s / self.clock.speed)
        for station in self.stations.values():
            await station.keep_nodes(upsets.removed)
        for reading in self.plant.readings:
            for station in self.stations.values():
                await station.show_reading(reading)
        for name, station in self.stations.items():
            if elapsed_s - self._shown_s.get(name, -1e9) >= station.device.scan_s - 1e-6:
                self._shown_s[name] = elapsed_s
                await station.show(self.plant.site_ns, dict(upsets.status))

    async def stop(self) -> None:
        """Close every device."""
        for device in self.devices.values():
            await device.stop()

    def report(self) -> dict[str, object]:
        """Return what clients asked of the devices so far."""
        codes: Counter[int] = Counter()
        asked: Counter[str] = Counter(write=0, call=0)
        for plc in self.plcs.values():
            codes.update(plc.requests)
        for station in self.stations.values():
            asked.update(station.requests)
        return {
            "elapsed_s": self.plant.elapsed_s,
            "site_ns": self.plant.site_ns,
            "function_codes": _by_code(codes),
            "opcua_writes": asked["write"],
            "opcua_calls": asked["call"],
            "devices": {
                **{
                    name: {
                        "requests": _by_code(plc.requests),
                        "exceptions": _by_code(plc.exceptions),
                    }
                    for name, plc in self.plcs.items()
                },
                **{name: dict(one.requests) for name, one in self.stations.items()},
            },
        }

    async def keep_report(self, path: Path) -> None:
        """Write the report once a second until cancelled, and a last time then."""
        try:
            while True:
                write_report(path, self.report())
                await asyncio.sleep(REPORT_EVERY_S)
        finally:
            write_report(path, self.report())

    def _new_plant(self) -> Plant:
        return Plant(self.site, self._programme, self._site_ns_at, self._elapsed_s())

    def _elapsed_s(self) -> float:
        base = self.clock.base
        return Clock(TimeBase(base.anchor_ns, 0, base.speed)).now_ns() / NANOSECONDS

    def _site_ns_at(self, elapsed_s: float) -> int:
        unhurried = replace(self.clock.base, anchor_ns=0, speed=1.0)
        return unhurried.site_ns(round(elapsed_s * NANOSECONDS))


def _issuing(folder: Path) -> Issue:
    """Return what issues certificates into `folder`, by an authority made now."""
    clock = Clock()
    authority = Authority(folder, machine_time(clock.machine_ns()))

    def issue(device: str, uri: str) -> Pair:
        return authority.issue(device, uri, ("localhost",), machine_time(clock.machine_ns()))

    return issue


def write_report(path: Path, report: Mapping[str, object]) -> None:
    """Put the report in place of the old one, whole or not at all."""
    draft = path.with_name(path.name + ".new")
    draft.write_text(json.dumps(report, indent=1), encoding="utf-8")
    draft.replace(path)


def _by_code(counted: Mapping[int, int]) -> dict[str, int]:
    return {str(code): count for code, count in sorted(counted.items())}


def _must_be_free(device: site.OpcUaDevice) -> None:
    probe = socket.socket()
    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        probe.bind((device.host, device.port))
    except OSError as error:
        message = (
            f"device '{device.id}': cannot listen on {device.host}:{device.port}; "
            "is another simulator running? Stop it, or give the device another port"
        )
        raise PortTakenError(message) from error
    finally:
        probe.close()
