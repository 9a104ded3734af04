"""The desk that calls people: from committed alarms to messages, once each, whatever restarts."""

import asyncio
import math
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

import structlog

from analytics.engine import Engine
from analytics.model import Alarm
from analytics.notify.daily import TestDesk
from analytics.notify.outbox import Outbox
from analytics.notify.plan import (
    LOOKS_BACK_NS,
    Call,
    Message,
    Moment,
    Round,
    consequences,
    in_flood,
    is_meant,
    needs_someone,
    plan,
    wants_call,
)
from analytics.notify.terms import Telling
from analytics.notify.words import Reading, Teller
from analytics.records import Callout, Notice, Receipt, Records, RecordsError
from collector.clock import Clock
from collector.model import NANOSECONDS

LOOK_EVERY_S = 1.0
TIME_EVERY_S = 5.0
"""Where no alarm changes, this is often enough for what time alone brings: steps are minutes."""

MOST_AT_ONCE = 100
"""So many call-outs begin in one transaction; more would hold up the alarms themselves."""

OF_ITSELF = tuple(
    f"station/{trouble}"
    for trouble in ("notices_undelivered", "channel_test_failed", "nobody_on_duty")
)
"""Alarms about telling people: that these do not arrive is no news, and raises no alarm anew."""

ABOUT_ALARMS = ("alarm", "digest")

MOST_OPEN = 500
"""More calls are beyond anyone; others are counted, and begin as these end. Priority 1 always."""

log = structlog.get_logger()

Look = Callable[[str], Reading | None]


@dataclass(frozen=True, slots=True)
class Wall:
    """What the wall must show: messages not delivered, tests that failed, calls nobody got."""

    undelivered: tuple[Notice, ...]
    failed_tests: tuple[Notice, ...]
    untold: int

    @property
    def calm(self) -> bool:
        """Whether there is nothing to show."""
        return not (self.undelivered or self.failed_tests or self.untold)


@dataclass(frozen=True, slots=True)
class Means:
    """What a desk works with: who is told, in which words, where tags stand, what sends.

    `login_of` gives the user name of whom the records call by this name, or the name itself.
    """

    telling: Telling
    teller: Teller
    look: Look
    outbox: Outbox
    login_of: Callable[[str], str] = str


class NoticeDesk:
    """Call people for alarms until one of them has seen it.

    What must be told is worked out from the open alarms and the call-outs on record, never
    remembered: an alarm that was committed a moment before a kill is found again at the
    start and told once. A message is on the disk with the step that it tells, before it
    is sent.
    """

    def __init__(self, means: Means, records: Records, engine: Engine, clock: Clock) -> None:
        self.outbox = means.outbox
        self.tests = TestDesk(means.telling, means.teller, records, means.outbox, clock)
        self.telling = means.telling
        self.flood = False
        self._teller = means.teller
        self._look_at = means.look
        self._login_of = means.login_of
        self._zone: ZoneInfo = means.teller.zone
        self._records = records
        self._engine = engine
        self._clock = clock
        self._open: dict[int, Callout] = {}
        self._first_told_s: dict[int, float] = {}
        self._begun: list[int] = []
        self._digest_ns: int | None = None
        self._untold = 0
        self._beyond = 0
        self._seen = -1
        self._next_s = -math.inf
        self._changed = asyncio.Event()
        engine.tell(lambda _: self._changed.set())

    @property
    def wall(self) -> Wall:
        """What the wall must show now."""
        late = self.outbox.undelivered()
        return Wall(
            tuple(one for one in late if one.kind in ABOUT_ALARMS),
            tuple(one for one in late if one.kind == "test"),
            self._untold,
        )

    async def restore(self) -> None:
        """Take up the calls and messages that an earlier run left."""
        self._open = {one.alarm: one for one in await self._records.callouts.open_callouts()}
        since_ns = self._clock.now_ns() - LOOKS_BACK_NS
        self._begun = await self._records.callouts.begun_since(since_ns)
        newest = await self._records.notices.newest("digest")
        self._digest_ns = newest.made_ns if newest else None
        await self.outbox.restore()

    async def run(self) -> None:
        """Look at each new alarm at once, and once a second at what time brings; also send."""
        await asyncio.gather(self._watch(), self.outbox.run())

    async def look(self) -> None:
        """End the calls that nobody needs, begin those that are wanted, tell what is due."""
        await self.tests.look()
        revision, now_s = self._engine.revision, self._clock.steady_s()
        if revision == self._seen and now_s < self._next_s:
            return
        # Taken first: what changes while this look waits for the disk is for the next one.
        self._seen, self._next_s = revision, now_s + TIME_EVERY_S
        now_ns = self._clock.now_ns()
        standing = {alarm.id: alarm for alarm in self._engine.standing.by_source.values()}
        await self._end(standing, now_ns)
        await self._begin(standing, now_ns)
        await self._tell(standing, now_ns)

    async def _watch(self) -> None:
        while True:
            self._changed.clear()
            try:
                await self.look()
            except RecordsError as error:
                self._seen = -1
                log.warning("people cannot be called yet", reason=str(error))
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY_S):
                    await self._changed.wait()

    async def _end(self, standing: Mapping[int, Alarm], now_ns: int) -> None:
        over = [
            one
            for one in self._open.values()
            if one.alarm not in standing or not needs_someone(standing[one.alarm])
        ]
        if not over:
            return
        alarms = {
            one.alarm: standing.get(one.alarm) or await self._records.alarms.get(one.alarm)
            for one in over
        }
        ended = [
            replace(one, ended_ns=now_ns, ended_by=_ended_by(alarms[one.alarm])) for one in over
        ]
        open_ids = {one.id for one in self._open.values()} - {one.id for one in ended}
        needless = [
            one.id
            for one in self.outbox.waiting
            if one.kind != "test" and not open_ids & set(one.callouts)
        ]
        async with self._records.transaction() as records:
            await records.callouts.keep(ended, "people called no more")
            await records.notices.withdraw(needless, now_ns)
            for one in ended:
                alarm = alarms[one.alarm]
                if alarm.acknowledged_by and alarm.acknowledged_ns:
                    person = self._user(alarm.acknowledged_by)
                    await records.notices.seen(one.id, person, alarm.acknowledged_ns)
        self.outbox.drop(needless)
        for one in ended:
            self._open.pop(one.alarm, None)
            self._first_told_s.pop(one.id, None)

    async def _begin(self, standing: Mapping[int, Alarm], now_ns: int) -> None:
        steps = self.telling.steps()
        self._begun = [at for at in self._begun if at >= now_ns - LOOKS_BACK_NS]
        wanted = [
            one
            for one in standing.values()
            if one.id not in self._open and is_meant(one, steps) and wants_call(one, standing)
        ]
        wanted.sort(key=lambda one: (one.priority, one.id))
        room = max(0, MOST_OPEN - len(self._open))
        called = [one for number, one in enumerate(wanted) if one.priority == 1 or number < room]
        now, later = called[:MOST_AT_ONCE], called[MOST_AT_ONCE:]
        self._beyond = len(wanted) - len(now)
        if later:
            self._seen = -1
            self._changed.set()
        if not now:
            return
        begun = await self._records.callouts.begin([one.id for one in now], now_ns)
        for one in begun:
            self._open[one.alarm] = one
            self._begun.append(one.began_ns)

    async def _tell(self, standing: Mapping[int, Alarm], now_ns: int) -> None:
        self.flood = in_flood(self._begun, now_ns, self.telling)
        folded = consequences(standing.values())
        calls = [
            Call(one, standing[one.alarm], folded[one.alarm], self._waited_ns(one, now_ns))
            for one in self._open.values()
            if one.alarm in standing
        ]
        now = Moment(now_ns, self._zone, self.flood, self._digest_ns)
        found = plan(calls, self.telling, now)
        self._untold = len(found.untold)
        if not found.told:
            return
        told = [
            replace(
                due.call.callout,
                step=due.step,
                first_told_ns=due.call.callout.first_told_ns or now_ns,
            )
            for due in found.told
        ]
        notices = [self._notice(one, found, now_ns) for one in found.messages]
        async with self._records.transaction() as records:
            made = await records.notices.make(notices)
            await records.callouts.keep(told, "people told")
        for one in told:
            self._open[one.alarm] = one
            self._first_told_s.setdefault(one.id, self._clock.steady_s())
        if found.digest:
            self._digest_ns = now_ns
        self.outbox.take(made)

    def _notice(self, message: Message, found: Round, now_ns: int) -> Notice:
        tags = {due.call.alarm.tag for due in message.dues if due.call.alarm.tag}
        readings = {tag: reading for tag in tags if (reading := self._look_at(tag)) is not None}
        words = self._teller.say(message, readings, self._beyond if found.digest else 0)
        first = message.dues[0]
        kind = "digest" if found.digest else "alarm"
        if all(due.call.alarm.source in OF_ITSELF for due in message.dues):
            kind = "self"
        whom = message.people[0] if len(message.people) == 1 else "group"
        return Notice(
            id=0,
            key=f"{kind}/{first.call.callout.id}/{first.step}/{message.channel}/{whom}",
            kind=kind,
            channel=message.channel,
            priority=min(due.call.alarm.priority for due in message.dues),
            callouts=tuple(due.call.callout.id for due in message.dues),
            title=words.title,
            text=words.text,
            made_ns=now_ns,
            late_ns=now_ns + self.telling.late_ns(),
            receipts=tuple(Receipt(user) for user in message.people),
        )

    def _waited_ns(self, callout: Callout, now_ns: int) -> int:
        """Return how long people have known; a clock set back makes it no shorter."""
        if callout.first_told_ns is None:
            return 0
        since_s = self._first_told_s.setdefault(callout.id, self._clock.steady_s())
        steady_ns = round((self._clock.steady_s() - since_s) * NANOSECONDS)
        return max(now_ns - callout.first_told_ns, steady_ns)

    def _user(self, name: str) -> str:
        login = self._login_of(name)
        roster = self.telling.duty
        known = [one.user for one in roster if one.is_called(login) or one.is_called(name)]
        return known[0] if known else login


def _ended_by(alarm: Alarm) -> str:
    if alarm.acknowledged_by:
        return alarm.acknowledged_by
    return alarm.state.value if alarm.hidden else "over"
