"""The bundled mountain as the collector reads it: its physics, its registers, our decoders."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from collector import site
from collector.codec import Placed
from collector.drivers.blocks import Block, plan_blocks
from collector.model import NANOSECONDS, Scan
from collector.sitefile import read_plant
from simulators import plant as simulated
from simulators.plc import registers_of
from simulators.scenario import NO_SCRIPT, orders_at, programme_of

SITE_FILE = Path(simulated.__file__).parents[1] / "sites" / "mountain.toml"
MORNING = (2026, 9, 1, 8)
STEP_S = 0.5
SEED = 25
# A read takes about a millisecond, and a tick is late by as much as the machine is busy.
READ_NS = 1_200_000
LATE_NS = 300_000


@dataclass(frozen=True, slots=True)
class _Polled:
    """What is read together from one PLC."""

    device: site.ModbusDevice
    period_s: float
    blocks: tuple[Block, ...]


class Mountain:
    """A morning of the bundled site, scan by scan, without its sockets.

    Each value goes through the registers in which the simulated PLC holds it and the
    decoder of the block in which the collector reads it. OPC UA servers tell what changed.
    """

    def __init__(self) -> None:
        self.plant = read_plant(SITE_FILE)
        zone = ZoneInfo(self.plant.site.timezone)
        self.begin_ns = int(datetime(*MORNING, tzinfo=zone).timestamp()) * NANOSECONDS
        self._rng = np.random.default_rng(SEED)
        self._first_slots: dict[str, int] = {}
        first = 0
        for device in self.plant.device:
            self._first_slots[device.id] = first
            first += len(device.tags)
        self._polled = list(self._polls())
        self._last: dict[str, float] = {}
        self._physics = simulated.Plant(
            self.plant,
            programme_of(NO_SCRIPT, self.plant, SEED),
            lambda elapsed_s: self.begin_ns + round(elapsed_s * NANOSECONDS),
        )

    def scans(self, length_s: float) -> Iterator[Scan]:
        """Yield what so many seconds bring, in the order of arrival."""
        for step in range(1, round(length_s / STEP_S) + 1):
            at_s = step * STEP_S
            self._physics.step(at_s, orders_at(NO_SCRIPT, at_s))
            for one in self._polled:
                if _due(at_s, one.period_s):
                    yield self._poll(one)
            for device in self.plant.device:
                if isinstance(device, site.OpcUaDevice) and _due(at_s, device.scan_s):
                    told = self._told(device)
                    if len(told):
                        yield told

    def shown(self, tag_id: str) -> float:
        """Return what the plant shows of a tag at its last step, before any register."""
        return self._physics.value_at(tag_id)

    def _polls(self) -> Iterator[_Polled]:
        for device in self.plant.device:
            if isinstance(device, site.ModbusDevice):
                blocks = plan_blocks(device, self._first_slots[device.id])
                for period_s in dict.fromkeys(block.period_s for block in blocks):
                    together = tuple(one for one in blocks if one.period_s == period_s)
                    yield _Polled(device, period_s, together)

    def _poll(self, one: _Polled) -> Scan:
        decoded = [block.decoder.decode(self._answer(one.device, block)) for block in one.blocks]
        slots = np.concatenate([block.decoder.slots for block in one.blocks])
        late_ns = int(self._rng.exponential(LATE_NS))
        half_ns = int(self._rng.gamma(8.0, READ_NS * len(one.blocks) / 16.0))
        source_ns = self._physics.site_ns + late_ns + half_ns
        return Scan(
            slots,
            np.concatenate([values for values, _ in decoded]),
            np.concatenate([quality for _, quality in decoded]),
            np.full(len(slots), source_ns, dtype=np.int64),
            source_ns + half_ns,
        )

    def _answer(self, device: site.ModbusDevice, block: Block) -> bytes:
        """Return the bytes with which the simulated PLC answers the read of a block."""
        if block.placed[0].tag.in_bits:
            bits = np.zeros(block.count, dtype=np.uint8)
            for one in block.placed:
                bits[one.tag.address - block.address] = self._value(one) >= 0.5
            return np.packbits(bits, bitorder="little").tobytes()
        registers = np.zeros(block.count, dtype=">u2")
        for one in block.placed:
            at = one.tag.address - block.address
            if one.tag.bit is not None:
                registers[at] |= int(self._value(one) >= 0.5) << one.tag.bit
            else:
                words = registers_of(one.tag, device, self._value(one))
                registers[at : at + len(words)] = words
        return registers.tobytes()

    def _value(self, one: Placed) -> float:
        return self._physics.value_at(one.tag.id)

    def _told(self, device: site.OpcUaDevice) -> Scan:
        """Return a scan of the nodes whose value is another than before."""
        fresh = {
            slot: value
            for slot, tag in enumerate(device.tags, self._first_slots[device.id])
            if self._last.get(tag.id) != (value := self._physics.value_at(tag.id))
        }
        tags = [device.tags[slot - self._first_slots[device.id]].id for slot in fresh]
        self._last.update(zip(tags, fresh.values(), strict=True))
        # The server's clock counts in microseconds; what it tells is under way for a while.
        source_ns = self._physics.site_ns // 1000 * 1000
        return Scan(
            np.array(list(fresh), dtype=np.int32),
            np.array(list(fresh.values()), dtype=np.float64),
            np.zeros(len(fresh), dtype=np.uint8),
            np.full(len(fresh), source_ns, dtype=np.int64),
            source_ns + int(self._rng.gamma(8.0, 2e6)),
        )


def _due(at_s: float, period_s: float) -> bool:
    return round(at_s * 1000) % max(1, round(max(period_s, STEP_S) * 1000)) == 0


def samples_of(scans: Sequence[Scan]) -> int:
    """Return how many samples `scans` hold."""
    return sum(len(one) for one in scans)
