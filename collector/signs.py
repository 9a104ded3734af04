"""Signs of a device's life: a heartbeat that must move, a clock that must agree with ours."""

from dataclasses import dataclass

import numpy as np
import structlog

from collector.clock import Clock
from collector.model import BAD_FROM, NANOSECONDS, Quality, Scan
from collector.site import Device, Plant, period_of

# A busy machine may read late; no device is called dead for that in fast time.
FAIR_S = 0.5
PERIODS = 2

log = structlog.get_logger()


@dataclass(slots=True)
class Signs:
    """What one device shows of itself; None where it has no such tag or was not read."""

    heartbeat_stopped: bool = False
    clock_skew_s: float | None = None
    clock_wrong: bool = False


@dataclass(slots=True)
class _Watched:
    device: Device
    heartbeat_slot: int
    clock_slot: int
    standstill_ns: int
    signs: Signs
    beat: float = np.nan
    beat_ns: int = 0


class SignsWatch:
    """Find devices that answer but live no more, and clocks that are wrong.

    A heartbeat that stands still for two of its periods makes every sample of its
    device stale: the socket is up, but what it brings is old. Between good and
    unreadable it counts as standing still.

    A device's clock that is more than `clock_skew_s` from ours makes that clock's
    sample uncertain. Both times are kept: the device's is the sample's value, ours
    its instant. Samples that are polled carry our instant and stay good, since a
    flat battery in a PLC must not blind the rules to its wind.
    """

    def __init__(self, plant: Plant, clock: Clock) -> None:
        slot_of = plant.slots()
        self._fair_ns = int(FAIR_S * clock.speed * NANOSECONDS)
        self._watched: list[_Watched | None] = []
        self._number_of_slot = np.zeros(len(slot_of), dtype=np.intp)
        self._signs: dict[str, Signs] = {}
        for number, device in enumerate(plant.device):
            self._number_of_slot[[slot_of[tag.id] for tag in device.tags]] = number
            signs = self._signs[device.id] = Signs()
            watched = _Watched(
                device=device,
                heartbeat_slot=slot_of[device.heartbeat] if device.heartbeat else -1,
                clock_slot=slot_of[device.clock] if device.clock else -1,
                standstill_ns=max(int(_standstill_s(device) * NANOSECONDS), self._fair_ns),
                signs=signs,
            )
            self._watched.append(watched if device.heartbeat or device.clock else None)

    def of(self, device_id: str) -> Signs:
        """Return what the device shows of itself."""
        return self._signs[device_id]

    def examine(self, scan: Scan) -> Scan:
        """Return `scan`, which is of one device, as far as its device can be believed."""
        if not len(scan):
            return scan
        watched = self._watched[self._number_of_slot[scan.slots[0]]]
        if watched is None:
            return scan
        wrong = self._wrong_clock(watched, scan)
        stopped = self._stopped(watched, scan)
        if not stopped and wrong is None:
            return scan
        quality = scan.quality.copy()
        if wrong is not None:
            quality[wrong] = Quality.UNCERTAIN_CLOCK
        if stopped:
            quality[quality < BAD_FROM] = Quality.BAD_STALE
        return Scan(scan.slots, scan.values, quality, scan.source_ns, scan.received_ns)

    def _stopped(self, watched: _Watched, scan: Scan) -> bool:
        if watched.heartbeat_slot < 0:
            return False
        for at in np.flatnonzero(scan.slots == watched.heartbeat_slot):
            beat = float(scan.values[at])
            if beat != watched.beat and not np.isnan(beat):
                watched.beat_ns = scan.received_ns
            watched.beat = beat
        if not watched.beat_ns:
            watched.beat_ns = scan.received_ns
        stands_ns = scan.received_ns - watched.beat_ns
        lost = bool((scan.quality == Quality.BAD_DEVICE_LOST).all())
        stopped = not lost and stands_ns >= watched.standstill_ns
        if stopped and not watched.signs.heartbeat_stopped:
            stands_s = round(stands_ns / NANOSECONDS, 1)
            log.warning("heartbeat stopped", device=watched.device.id, stands_s=stands_s)
        elif watched.signs.heartbeat_stopped and not stopped and not lost:
            log.info("heartbeat back", device=watched.device.id)
        watched.signs.heartbeat_stopped = stopped
        return stopped

    def _wrong_clock(self, watched: _Watched, scan: Scan) -> int | None:
        """Return which sample holds the device's time where that is wrong."""
        if watched.clock_slot < 0:
            return None
        found = np.flatnonzero(scan.slots == watched.clock_slot)
        if not len(found) or scan.quality[found[-1]] != Quality.GOOD:
            return None
        at = int(found[-1])
        skew_s = float(scan.values[at]) - scan.received_ns / NANOSECONDS
        signs, fair_s = watched.signs, self._fair_ns / NANOSECONDS
        wrong = abs(skew_s) > max(watched.device.clock_skew_s, fair_s)
        if wrong and not signs.clock_wrong:
            log.warning(
                "device clock wrong",
                device=watched.device.id,
                skew_s=round(skew_s, 1),
                advice="set the device's clock; its battery may be flat",
            )
        elif signs.clock_wrong and not wrong:
            log.info("device clock right again", device=watched.device.id)
        signs.clock_skew_s, signs.clock_wrong = skew_s, wrong
        return at if wrong else None


def _standstill_s(device: Device) -> float:
    """Return the seconds after which a heartbeat has stopped: two periods, its own or ours."""
    read_s = max(
        (period_of(device, tag) for tag in device.tags if tag.id == device.heartbeat), default=0.0
    )
    return PERIODS * max(device.heartbeat_s or read_s, read_s)
