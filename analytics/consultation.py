"""Consultations: opened by alarms or by hand, decided per ropeway, closed by name."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import structlog

from analytics.advice import reason_of
from analytics.brief import Circumstance, Evidence, cite_brief, freeze_brief
from analytics.engine import Engine
from analytics.model import Alarm, Consultation
from analytics.records import Head, Opening, Records, RecordsError, RecordsRefused
from collector.clock import Clock
from collector.history.schema import HistoryError
from collector.site import Name

MONITOR = "monitor"
RETRY_S = 5.0

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class ByHand:
    """A person's wish for a consultation."""

    name: str
    reason: str
    ropeways: tuple[str, ...]


class Consultations:
    """Open consultations for the alarms whose rule says so, and keep what people add.

    An alarm that comes while a consultation for its ropeways is open joins that one;
    one that comes again after its consultation was closed opens another.
    """

    def __init__(
        self,
        evidence: Evidence,
        records: Records,
        engine: Engine,
        clock: Clock,
        devices_online: Callable[[], int],
    ) -> None:
        self.revision = 0
        self._evidence = evidence
        self._records = records
        self._engine = engine
        self._clock = clock
        self._devices_online = devices_online
        self._zone = ZoneInfo(evidence.plant.site.timezone)
        self._wanting: asyncio.Queue[Alarm] = asyncio.Queue()
        self._turn = asyncio.Lock()
        engine.tell(self._want)

    async def run(self) -> None:
        """Open what alarms ask for, first those that an earlier run left, until cancelled."""
        for alarm in self._engine.alarms:
            if alarm.consultation is None:
                self._want(alarm)
        while True:
            alarm = await self._wanting.get()
            try:
                await self._serve(alarm)
            except (RecordsError, HistoryError) as error:
                log.warning("consultation cannot be opened yet", reason=str(error))
                await self._clock.sleep(RETRY_S * self._clock.speed)
                self._wanting.put_nowait(alarm)

    async def open_by_hand(self, wish: ByHand) -> Consultation:
        """Open a consultation that a person asks for; RecordsRefused on unknown ropeways."""
        known = {way.id for way in self._evidence.plant.ropeway}
        strangers = set(wish.ropeways) - known
        if strangers or not wish.ropeways:
            named = ", ".join(sorted(strangers))
            raise RecordsRefused(f"没有索道 {named}", f"no such ropeway: {named or 'none given'}")
        trigger = Name(zh=wish.reason, en=wish.reason)
        return await self._open(wish.name, trigger, wish.ropeways, None)

    def _want(self, alarm: Alarm) -> None:
        condition = self._engine.conditions.get(alarm.source)
        if condition is not None and condition.opens_consultation:
            self._wanting.put_nowait(alarm)

    async def _serve(self, alarm: Alarm) -> None:
        ropeways = self._concerned(alarm)
        current = await self._current(ropeways)
        if current is None:
            opened = await self._open(MONITOR, reason_of(alarm), ropeways, alarm)
            current_id = opened.id
        else:
            current_id = current.id
        await self._engine.link_consultation(alarm.id, current_id)

    def _concerned(self, alarm: Alarm) -> tuple[str, ...]:
        if alarm.ropeway is not None:
            return (alarm.ropeway,)
        return tuple(way.id for way in self._evidence.plant.ropeway)

    async def _current(self, ropeways: Sequence[str]) -> Head | None:
        heads = await self._records.consultations.list_heads()
        return next(
            (
                head
                for head in heads
                if head.closed_ns is None and set(ropeways) <= set(head.ropeways)
            ),
            None,
        )

    async def _open(
        self, by: str, trigger: Name, ropeways: tuple[str, ...], alarm: Alarm | None
    ) -> Consultation:
        async with self._turn:
            now_ns = self._clock.now_ns()
            engine, online = self._engine, self._devices_online()
            judged = engine.unjudged_ns is None
            about = Circumstance(ropeways, alarm, engine.alarms, online, judged)
            brief = await freeze_brief(self._evidence, about, now_ns)
            opening = Opening(
                opened_ns=now_ns,
                opened_by=by,
                trigger=trigger,
                alarm=alarm.id if alarm else None,
                ropeways=ropeways,
                brief=brief,
            )
            opened = await self._records.consultations.open(opening, self._zone)
            cite_brief(self._evidence, f"consultation/{opened.number}", ropeways, now_ns)
            self.revision += 1
            log.info("consultation opened", number=opened.number, sha256=opened.sha256)
            return opened
