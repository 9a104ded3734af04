"""The bypass register at work: no safety device is out of action without an alarm and an end."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass

import structlog

from analytics.acts import must_last
from analytics.config import BYPASS
from analytics.engine import Engine
from analytics.model import Alarm, AlarmKind, AlarmState, Guidance
from analytics.records import Approval, Bypass, Records, RecordsError, RecordsRefused
from collector.clock import Clock
from collector.model import NANOSECONDS
from collector.site import Name, Plant

LONGEST_S = 24 * 3600
LATEST_ENTRY_S = 31 * 86_400
LOOK_EVERY_S = 1.0

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Signers:
    """Who asks that a bypass may stand, and the other person who approves it."""

    asks: str
    approves: str


@dataclass(frozen=True, slots=True)
class BypassWish:
    """A bypass that somebody enters; it may stand `for_s` seconds from now.

    `from_ns` is when it was put in, None for now.
    """

    ropeway: str
    safety_device: str
    tag: str | None
    reason: str
    measures: str
    for_s: float
    from_ns: int | None = None


class BypassDesk:
    """Enter, renew and end bypasses; each that stands has its alarm, also over a restart.

    An alarm follows its record by a second at most. One that stands beyond its approved
    end has another alarm, for it never ends by itself: the jumper is still in.
    """

    def __init__(self, plant: Plant, records: Records, engine: Engine, clock: Clock) -> None:
        self._ropeways = frozenset(way.id for way in plant.ropeway)
        self._tags = frozenset(tag.id for tag in plant.tags())
        self._records = records
        self._engine = engine
        self._clock = clock
        self._turn = asyncio.Lock()
        self._standing: dict[int, Bypass] = {}

    @property
    def standing(self) -> tuple[Bypass, ...]:
        """What stands now, oldest first."""
        return tuple(self._standing.values())

    async def restore(self) -> None:
        """Take up what stood when the monitor ended; what ran out meanwhile is told at once."""
        self._standing = {one.id: one for one in await self._records.bypasses.standing()}
        await self.look()

    async def run(self) -> None:
        """Keep the alarms to what stands and what is overdue, until cancelled."""
        while True:
            try:
                await self.look()
            except RecordsError as error:
                log.warning("the alarm of a bypass cannot be kept yet", reason=str(error))
            await self._clock.sleep(LOOK_EVERY_S * self._clock.speed)

    async def look(self) -> None:
        """Raise the alarms that should stand and do not, end those that should not."""
        async with self._turn:
            await self._settle()

    async def enter(self, wish: BypassWish, signers: Signers) -> Bypass:
        """Put a bypass on record; RecordsRefused where it makes no sense or one signs twice."""
        self._must_be_possible(wish)
        now_ns = self._clock.now_ns()
        one = Bypass(
            id=0,
            ropeway=wish.ropeway,
            safety_device=wish.safety_device,
            tag=wish.tag,
            reason=wish.reason,
            measures=wish.measures,
            from_ns=now_ns if wish.from_ns is None else wish.from_ns,
            entered_by=signers.asks,
            entered_ns=now_ns,
        )
        async with self._turn:
            approval = self._approval(signers, wish.for_s)
            return await self._follow(await self._records.bypasses.enter(one, approval))

    async def renew(self, bypass_id: int, for_s: float, signers: Signers) -> Bypass:
        """Let a bypass stand `for_s` seconds from now, signed by two as at first."""
        async with self._turn:
            approval = self._approval(signers, for_s)
            return await self._follow(await self._records.bypasses.renew(bypass_id, approval))

    async def end(self, bypass_id: int, who: str, note: str) -> Bypass:
        """Note that the safety device works again; its alarms end."""
        async with self._turn:
            now_ns = self._clock.now_ns()
            return await self._follow(
                await self._records.bypasses.end(bypass_id, who, now_ns, note)
            )

    def _approval(self, signers: Signers, for_s: float) -> Approval:
        must_last(for_s, LONGEST_S)
        now_ns = self._clock.now_ns()
        until_ns = now_ns + int(for_s * NANOSECONDS)
        return Approval(signers.asks, signers.approves, now_ns, until_ns)

    def _must_be_possible(self, wish: BypassWish) -> None:
        if wish.ropeway not in self._ropeways:
            raise RecordsRefused(
                f"没有索道 {wish.ropeway}", f"there is no ropeway '{wish.ropeway}'"
            )
        if wish.tag is not None and wish.tag not in self._tags:
            raise RecordsRefused(f"没有测点 {wish.tag}", f"there is no tag {wish.tag}")
        now_ns = self._clock.now_ns()
        from_ns = now_ns if wish.from_ns is None else wish.from_ns
        if not now_ns - LATEST_ENTRY_S * NANOSECONDS <= from_ns <= now_ns:
            raise RecordsRefused(
                "起始时间须在过去 31 天之内", "it was put in within the last 31 days, not later"
            )

    async def _follow(self, one: Bypass) -> Bypass:
        """Hold `one` as it is on record now; its alarm may wait for the disk, the record not."""
        if one.ended_ns is None:
            self._standing[one.id] = one
        else:
            self._standing.pop(one.id, None)
        try:
            await self._settle()
        except RecordsError as error:
            log.warning("the alarm of a bypass cannot be kept yet", reason=str(error))
        return one

    async def _settle(self) -> None:
        now_ns = self._clock.now_ns()
        wanted = {
            alarm.source: alarm
            for one in self._standing.values()
            for alarm in _alarms_of(one, now_ns)
        }
        holding = {
            alarm.source
            for alarm in self._engine.alarms
            if alarm.kind is AlarmKind.BYPASS and alarm.active
        }
        for source in holding - wanted.keys():
            await self._engine.end_alarm(source)
        for source in wanted.keys() - holding:
            await self._engine.raise_alarm(wanted[source])


def _alarms_of(one: Bypass, now_ns: int) -> Iterator[Alarm]:
    """Yield the alarms that should stand for a bypass."""
    device = one.safety_device
    yield _alarm_of(
        one,
        f"bypass/{one.id}",
        Name(zh=f"安全装置已旁路：{device}", en=f"Safety device bypassed: {device}"),
        now_ns,
    )
    if one.overdue(now_ns):
        yield _alarm_of(
            one,
            f"bypass/{one.id}/overdue",
            Name(zh=f"旁路已过批准期限：{device}", en=f"Bypass beyond its approved end: {device}"),
            now_ns,
        )


def _alarm_of(one: Bypass, source: str, name: Name, now_ns: int) -> Alarm:
    overdue = source.endswith("/overdue")
    return Alarm(
        id=0,
        source=source,
        rule="bypass_overdue" if overdue else "bypass",
        level="overdue" if overdue else "bypassed",
        kind=AlarmKind.BYPASS,
        tag=one.tag,
        ropeway=one.ropeway,
        priority=1,
        state=AlarmState.UNACKNOWLEDGED,
        name=name,
        value=None,
        limit=None,
        unit="",
        guidance=Guidance(
            consequence=Name(
                zh="该装置失去保护作用", en="What it protects against is not prevented"
            ),
            response=_response(one, overdue=overdue),
            respond_within_s=300,
        ),
        raised_ns=now_ns,
        alarm_class=BYPASS.id,
    )


def _response(one: Bypass, *, overdue: bool) -> Name:
    if overdue:
        return Name(
            zh="立即恢复该装置并在登记中结束，或经另一人批准续期",
            en="Restore the device and end the bypass, or have it approved anew",
        )
    return Name(
        zh=f"保持代用措施：{one.measures}；恢复后在登记中结束",
        en=f"Keep to the measures: {one.measures}; end the bypass once it is restored",
    )
