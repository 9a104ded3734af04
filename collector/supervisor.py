"""Keep one device read on a fixed grid; while it is away say so at every period."""

import asyncio
import math
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random

import structlog

from collector.clock import Clock
from collector.drivers import Driver, DriverError, Telling
from collector.gaps import Cause, GapLedger
from collector.model import NANOSECONDS, Quality, Scan, Slots, lost_scan
from collector.site import Device

FIRST_RETRY_S = 0.5
LONGEST_RETRY_S = 3.0
KEPT_LATENESS_S = 0.05
TICKS_REMEMBERED = 600
LONGEST_DRIFT_S = 2.0
JOINED_PERIODS = 2

log = structlog.get_logger()


class DeviceState(StrEnum):
    """Where a device stands."""

    CONNECTING = "connecting"
    ONLINE = "online"
    LOST = "lost"


@dataclass(slots=True)
class DeviceHealth:
    """What is known of how well a device is read; instants in ns UTC of the site."""

    state: DeviceState = DeviceState.CONNECTING
    since_ns: int = 0
    reason: str = ""
    last_good_ns: int = 0
    scans: int = 0
    skipped: int = 0
    reconnects: int = 0
    errors: Counter[str] = field(default_factory=Counter)
    lateness_s: deque[float] = field(default_factory=lambda: deque(maxlen=TICKS_REMEMBERED))
    missed: deque[int] = field(default_factory=lambda: deque(maxlen=TICKS_REMEMBERED))

    @property
    def lateness_p99_s(self) -> float:
        """The lateness that one tick in a hundred passes, of the last ones, real seconds."""
        if not self.lateness_s:
            return 0.0
        ordered = sorted(self.lateness_s)
        return ordered[min(len(ordered) - 1, math.ceil(len(ordered) * 0.99) - 1)]

    @property
    def period_kept(self) -> float:
        """The share of the last ticks that came, and came within 50 ms."""
        ticks = len(self.lateness_s) + sum(self.missed)
        on_time = sum(1 for late_s in self.lateness_s if late_s < KEPT_LATENESS_S)
        return on_time / ticks if ticks else 1.0


@dataclass(frozen=True, slots=True)
class Grid:
    """The instants at which a device is read: every `period_s` from `phase_s` on."""

    period_s: float
    phase_s: float

    def tick_after(self, steady_s: float) -> int:
        """Return the number of the first tick at or after `steady_s`."""
        return math.ceil((steady_s - self.phase_s) / self.period_s - 1e-9)

    def at(self, tick: int) -> float:
        """Return the instant of `tick`."""
        return self.phase_s + tick * self.period_s


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What every supervisor is given: time, where scans and gaps go, and chance."""

    clock: Clock
    publish: Callable[[Scan], None]
    ledger: GapLedger
    random: Random


class Supervisor:
    """Read one device for as long as the monitor runs.

    At each tick of the grid one scan is published: what was read, or, while the
    device is lost, bad samples for all its tags. Connecting goes on beside the
    ticks and never delays them. No device error leaves this class.
    """

    def __init__(self, device: Device, driver: Driver, around: Surroundings, phase: float) -> None:
        self.device = device
        self.health = DeviceHealth(since_ns=around.clock.now_ns())
        self._driver = driver
        self._clock = around.clock
        self._publish = around.publish
        self._ledger = around.ledger
        self._random = around.random
        self._grid = Grid(device.scan_s, phase * device.scan_s)
        self._attempt: asyncio.Task[Scan] | None = None
        self._failures = 0
        self._retry_at_s = 0.0
        self._last_ns = 0
        self._last_steady_s = 0.0

    @property
    def slots(self) -> Slots:
        """Every slot of the device."""
        return self._driver.slots

    @property
    def address(self) -> str:
        """Where the device is, for people."""
        return self._driver.address

    def told(self) -> Mapping[str, int | float | str]:
        """Return what the driver knows beyond its scans, by name; nothing for most."""
        return self._driver.told() if isinstance(self._driver, Telling) else {}

    async def run(self) -> None:
        """Read the device until cancelled."""
        try:
            tick = self._grid.tick_after(self._clock.steady_s())
            while True:
                await self._clock.sleep(self._grid.at(tick) - self._clock.steady_s())
                self._note_tick(tick)
                await self._read_once()
                following = max(tick + 1, self._grid.tick_after(self._clock.steady_s()))
                self._note_skipped(following - tick - 1)
                tick = following
        finally:
            if self._attempt is not None:
                self._attempt.cancel()
            await self._driver.close()

    def _note_tick(self, tick: int) -> None:
        late_s = self._clock.steady_s() - self._grid.at(tick)
        self.health.lateness_s.append(max(0.0, late_s / self._clock.speed))
        now_ns, steady_s = self._clock.now_ns(), self._clock.steady_s()
        leap_s = (now_ns - self._last_ns) / NANOSECONDS - (steady_s - self._last_steady_s)
        if self._last_ns and abs(leap_s) > LONGEST_DRIFT_S * self._clock.speed:
            earlier_ns, later_ns = sorted((self._last_ns, now_ns))
            self._ledger.note(self.device.id, earlier_ns, later_ns, Cause.CLOCK_LEAP)
        self._last_ns, self._last_steady_s = now_ns, steady_s

    def _note_skipped(self, skipped: int) -> None:
        self.health.missed.append(skipped)
        if skipped:
            self.health.skipped += skipped
            until_ns = self._clock.now_ns()
            self._ledger.note(
                self.device.id,
                self._last_ns,
                until_ns,
                Cause.NOT_POLLED,
                joined_within_ns=int(JOINED_PERIODS * self.device.scan_s * NANOSECONDS),
            )

    async def _read_once(self) -> None:
        if self.health.state is not DeviceState.ONLINE:
            self._try_again()
            return
        try:
            scan = await self._driver.scan()
        except Exception as error:  # noqa: BLE001 - whatever a device brings about, the others go on
            self._lose(error)
            await self._driver.close()
        else:
            self._good(scan)

    def _good(self, scan: Scan) -> None:
        self.health.scans += 1
        self.health.last_good_ns = scan.received_ns
        if len(scan):
            self._publish(scan)

    def _publish_loss(self) -> None:
        if self.health.state is DeviceState.CONNECTING:
            return  # nothing was lost yet; the board says "never read"
        quality = Quality.BAD_DEVICE_LOST
        self._publish(lost_scan(self._driver.slots, quality, self._clock.now_ns()))

    def _lose(self, error: Exception) -> None:
        health = self.health
        kind = error.kind if isinstance(error, DriverError) else type(error).__name__
        health.errors[kind] += 1
        health.reason = str(error) or kind
        now_ns = self._clock.now_ns()
        if health.state is not DeviceState.LOST:
            health.state = DeviceState.LOST
            health.since_ns = now_ns
            self._ledger.begin(self.device.id, health.last_good_ns or now_ns, Cause.DEVICE_LOST)
            log.warning("device lost", device=self.device.id, reason=health.reason)
        self._failures += 1
        delay_s = min(FIRST_RETRY_S * 2 ** min(self._failures - 1, 8), LONGEST_RETRY_S)
        delay_s *= 0.75 + 0.25 * self._random.random()
        self._retry_at_s = self._clock.steady_s() + delay_s * self._clock.speed
        self._publish_loss()

    def _try_again(self) -> None:
        """Go on with connecting: start, wait for, or take the outcome of an attempt."""
        if self._attempt is None:
            if self._clock.steady_s() >= self._retry_at_s:
                self._attempt = asyncio.create_task(self._connect_and_scan())
            self._publish_loss()
        elif not self._attempt.done():
            self._publish_loss()
        else:
            attempt, self._attempt = self._attempt, None
            error = attempt.exception()
            if error is None:
                self._return(attempt.result())
            elif isinstance(error, Exception):
                self._lose(error)

    def _return(self, scan: Scan) -> None:
        health = self.health
        now_ns = self._clock.now_ns()
        if health.state is DeviceState.LOST:
            health.reconnects += 1
            away_s = (now_ns - health.since_ns) / NANOSECONDS
            log.info("device back", device=self.device.id, away_s=round(away_s, 1))
        health.state = DeviceState.ONLINE
        health.since_ns = now_ns
        health.reason = ""
        self._failures = 0
        self._ledger.end(self.device.id, now_ns)
        self._good(scan)

    async def _connect_and_scan(self) -> Scan:
        """Connect and read once: a device is back when it answers, not when it accepts."""
        try:
            await self._driver.connect()
            return await self._driver.scan()
        except BaseException:
            await self._driver.close()
            raise
