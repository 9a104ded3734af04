"""Keep one device read on a fixed grid; while it is away say so at every period."""

import asyncio
import math
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random

import numpy as np
import structlog

from collector.clock import Clock
from collector.drivers import Classed, Driver, DriverError, Refusal, ScanClass, Telling
from collector.gaps import Cause, GapLedger, TagGaps
from collector.model import NANOSECONDS, Quality, Scan, Slots, lost_scan
from collector.remedies import remedy
from collector.site import Device, period_of

FIRST_RETRY_S = 0.5
LONGEST_RETRY_S = 2.5
KEPT_LATENESS_S = 0.05
TICKS_REMEMBERED = 600
LONGEST_DRIFT_S = 2.0
JOINED_PERIODS = 2
FIRST_VALUES_S = 2.0
REFUSALS_SHOWN = 3

log = structlog.get_logger()


class DeviceState(StrEnum):
    """Where a device stands."""

    CONNECTING = "connecting"
    ONLINE = "online"
    LOST = "lost"


@dataclass(slots=True)
class ClassHealth:
    """What is known of how well one scan class is read."""

    period_s: float
    scans: int = 0
    skipped: int = 0


@dataclass(slots=True)
class DeviceHealth:
    """What is known of how well a device is read; instants in ns UTC of the site."""

    state: DeviceState = DeviceState.CONNECTING
    since_ns: int = 0
    reason: str = ""
    kind: str = ""
    last_good_ns: int = 0
    scans: int = 0
    skipped: int = 0
    reconnects: int = 0
    errors: Counter[str] = field(default_factory=Counter)
    lateness_s: deque[float] = field(default_factory=lambda: deque(maxlen=TICKS_REMEMBERED))
    missed: deque[int] = field(default_factory=lambda: deque(maxlen=TICKS_REMEMBERED))
    refusals: tuple[Refusal, ...] = ()
    classes: tuple[ClassHealth, ...] = ()

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


@dataclass(slots=True)
class _Turn:
    """One scan class on its own grid, and when it was read last."""

    scan_class: ScanClass
    grid: Grid
    health: ClassHealth
    read_ns: int = 0
    good_ns: int = 0


@dataclass(frozen=True, slots=True)
class _Whole:
    """All tags of a driver that knows no scan classes, as one of them."""

    driver: Driver
    period_s: float
    refusals: tuple[Refusal, ...] = ()

    @property
    def slots(self) -> Slots:
        return self.driver.slots

    @property
    def refused(self) -> Slots:
        return self.driver.refused

    async def scan(self) -> Scan:
        return await self.driver.scan()


def _classes(driver: Driver, period_s: float) -> Sequence[ScanClass]:
    return driver.classes if isinstance(driver, Classed) else (_Whole(driver, period_s),)


class Supervisor:
    """Read one device for as long as the monitor runs.

    Each scan class has a grid of its own. At each tick one scan is published: what
    was read, or, while the device is lost, bad samples for the tags of the class.
    Connecting goes on beside the ticks of the quickest class and never delays them.
    No device error leaves this class.
    """

    def __init__(self, device: Device, driver: Driver, around: Surroundings, phase: float) -> None:
        self.device = device
        self._driver = driver
        self._clock = around.clock
        self._publish = around.publish
        self._ledger = around.ledger
        self._random = around.random
        self._turns = tuple(
            _Turn(one, Grid(one.period_s, phase * one.period_s), ClassHealth(one.period_s))
            for one in _classes(driver, device.scan_s)
        )
        self.health = DeviceHealth(
            since_ns=around.clock.now_ns(), classes=tuple(turn.health for turn in self._turns)
        )
        # In fast time no tag is called missing for the hiccups of a busy machine.
        fair_s = FIRST_VALUES_S * around.clock.speed
        patience_s = [fair_s + JOINED_PERIODS * period_of(device, tag) for tag in device.tags]
        names = [tag.id for tag in device.tags]
        self._tags = TagGaps(device.id, names, patience_s, around.ledger)
        self._first_slot = int(driver.slots[0])
        self._attempt: asyncio.Task[Scan] | None = None
        self._session = 0
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
            async with asyncio.TaskGroup() as group:
                for turn in self._turns:
                    group.create_task(self._keep(turn), name=f"{self.device.id} {turn.grid}")
        finally:
            if self._attempt is not None:
                self._attempt.cancel()
            await self._driver.close()

    async def _keep(self, turn: _Turn) -> None:
        """Read one scan class at each tick of its grid, until cancelled."""
        grid = turn.grid
        tick = grid.tick_after(self._clock.steady_s())
        while True:
            await self._clock.sleep(grid.at(tick) - self._clock.steady_s())
            tick += self._note_tick(turn, tick)
            await self._read_once(turn)
            following = max(tick + 1, grid.tick_after(self._clock.steady_s()))
            self._note_skipped(turn, following - tick - 1)
            tick = following

    def _note_tick(self, turn: _Turn, tick: int) -> int:
        """Enter how late the tick comes; return how many more have passed already."""
        late_s = self._clock.steady_s() - turn.grid.at(tick)
        self.health.lateness_s.append(max(0.0, late_s / self._clock.speed))
        passed = int(late_s // turn.grid.period_s) if turn.read_ns else 0
        if passed > 0:
            self._note_skipped(turn, passed)
        turn.read_ns = self._clock.now_ns()
        if turn is self._turns[0]:
            self._note_leap(turn.read_ns, self._clock.steady_s())
        return max(passed, 0)

    def _note_leap(self, now_ns: int, steady_s: float) -> None:
        leap_s = (now_ns - self._last_ns) / NANOSECONDS - (steady_s - self._last_steady_s)
        if self._last_ns and abs(leap_s) > LONGEST_DRIFT_S * self._clock.speed:
            earlier_ns, later_ns = sorted((self._last_ns, now_ns))
            self._ledger.note(self.device.id, earlier_ns, later_ns, Cause.CLOCK_LEAP)
        self._last_ns, self._last_steady_s = now_ns, steady_s

    def _note_skipped(self, turn: _Turn, skipped: int) -> None:
        self.health.missed.append(skipped)
        if skipped:
            self.health.skipped += skipped
            turn.health.skipped += skipped
            until_ns = self._clock.now_ns()
            self._ledger.note(
                self.device.id,
                turn.read_ns,
                until_ns,
                Cause.NOT_POLLED,
                joined_within_ns=int(JOINED_PERIODS * turn.grid.period_s * NANOSECONDS),
            )

    async def _read_once(self, turn: _Turn) -> None:
        if self.health.state is not DeviceState.ONLINE:
            if turn is self._turns[0]:
                self._try_again()
            else:
                self._publish_loss(turn.scan_class.slots)
            return
        session = self._session
        try:
            scan = await turn.scan_class.scan()
        except Exception as error:  # noqa: BLE001 - whatever a device brings about, the others go on
            # Another class may have found the loss first, and broken our waiting by it.
            if session == self._session:
                self._lose(error)
                await self._driver.close()
        else:
            if session == self._session:
                turn.health.scans += 1
                self._good(scan, turn.good_ns)
                turn.good_ns = scan.received_ns

    def _good(self, scan: Scan, before_ns: int) -> None:
        """Take in a scan; `before_ns` is when the last one of its tags was received."""
        self.health.scans += 1
        self.health.last_good_ns = scan.received_ns
        self._note_refusals()
        self._note_missing(scan, before_ns)
        self._ledger.hear(self.device.id, scan)
        if len(scan):
            self._publish(scan)

    def _note_missing(self, scan: Scan, before_ns: int) -> None:
        refused = [turn.scan_class.refused for turn in self._turns]
        if self._tags.settled and not any(map(len, refused)):
            return
        rows = np.concatenate(refused) - self._first_slot
        self._tags.see(scan.slots - self._first_slot, rows, before_ns, scan.received_ns)

    def _note_refusals(self) -> None:
        """Take into health what the device refuses though it answers; log it once."""
        health = self.health
        found = tuple(one for turn in self._turns for one in turn.scan_class.refusals)
        if found == health.refusals:
            return
        health.errors.update(one.kind for one in set(found) - set(health.refusals))
        more = len(found) - REFUSALS_SHOWN
        words = [one.words for one in found[:REFUSALS_SHOWN]]
        health.reason = "; ".join(words) + (f"; and {more} more" if more > 0 else "")
        if not found:
            log.info("device refuses nothing any more", device=self.device.id)
        elif not health.refusals:
            log.warning("device refuses", device=self.device.id, reason=health.reason)
        health.refusals = found

    def _publish_loss(self, slots: Slots) -> None:
        if self.health.state is DeviceState.CONNECTING:
            return  # nothing was lost yet; the board says "never read"
        self._publish(lost_scan(slots, Quality.BAD_DEVICE_LOST, self._clock.now_ns()))

    def _lose(self, error: Exception) -> None:
        health = self.health
        kind = error.kind if isinstance(error, DriverError) else type(error).__name__
        health.errors[kind] += 1
        health.reason, health.kind = str(error) or kind, kind
        if isinstance(error, DriverError) and error.brought:
            self._publish(error.brought)
        now_ns = self._clock.now_ns()
        if health.state is not DeviceState.LOST:
            health.state = DeviceState.LOST
            health.since_ns = now_ns
            self._ledger.begin(self.device.id, health.last_good_ns or now_ns, Cause.DEVICE_LOST)
            advice = remedy(kind).en
            log.warning("device lost", device=self.device.id, reason=health.reason, advice=advice)
        health.refusals = ()
        self._session += 1
        self._failures += 1
        delay_s = min(FIRST_RETRY_S * 2 ** min(self._failures - 1, 8), LONGEST_RETRY_S)
        delay_s *= 0.75 + 0.25 * self._random.random()
        self._retry_at_s = self._clock.steady_s() + delay_s * self._clock.speed
        self._publish_loss(self._driver.slots)

    def _try_again(self) -> None:
        """Go on with connecting: start, wait for, or take the outcome of an attempt."""
        if self._attempt is None:
            if self._clock.steady_s() >= self._retry_at_s:
                self._attempt = asyncio.create_task(self._connect_and_scan())
            self._publish_loss(self._turns[0].scan_class.slots)
        elif not self._attempt.done():
            self._publish_loss(self._turns[0].scan_class.slots)
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
        health.reason = health.kind = ""
        self._failures = 0
        self._ledger.end(self.device.id, now_ns)
        self._tags.begin_session(now_ns)
        self._good(scan, now_ns)

    async def _connect_and_scan(self) -> Scan:
        """Connect and read once: a device is back when it answers, not when it accepts."""
        try:
            await self._driver.connect()
            return await self._driver.scan()
        except BaseException:
            await self._driver.close()
            raise
