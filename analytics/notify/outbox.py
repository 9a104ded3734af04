"""The outbox: every message is tried until it is delivered or nobody needs it any more."""

import asyncio
import math
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Protocol

import structlog

from analytics.notify.channels import Channel
from analytics.notify.robots import Reply
from analytics.notify.services import Letter
from analytics.notify.terms import Telling
from analytics.records import Attempt, Notice, Outcome, RecordMissing, Records, RecordsError
from collector.clock import Clock
from collector.model import NANOSECONDS

RETRY_RECORDS_S = 1.0
HANGS = "the attempt before still hangs in the service"
BROKEN = "the service's own code broke; the log of the monitor says where"

log = structlog.get_logger()


class Sends(Protocol):
    """Sends one letter through one channel, blocking, and says what became of it."""

    def send(self, channel: Channel, letter: Letter) -> Reply:
        """Return what became of the letter."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How soon to try again, in the machine's seconds: services know no other.

    `chance` draws from [0, 1).
    """

    chance: Callable[[], float]
    first_wait_s: float = 5.0
    longest_wait_s: float = 300.0
    longest_asked_s: float = 900.0
    deadline_s: float = 30.0

    def wait_s(self, tries: int, reply: Reply) -> float:
        """Return how long to wait after so many attempts, the last with this reply.

        It doubles up to a bound, a fifth to either side by chance, so that channels that
        failed together do not come back together. What was refused waits longest: only an
        engineer can mend it.
        """
        doubled = self.first_wait_s * 2 ** min(tries - 1, 20)
        bound = self.longest_wait_s
        wait = bound if reply.outcome is Outcome.REFUSED else min(doubled, bound)
        spread = wait * (0.8 + 0.4 * self.chance())
        return max(spread, min(reply.wait_s, self.longest_asked_s))


@dataclass(slots=True)
class _Course:
    """A message under way: as it is kept, when it is next tried, and when it is late.

    `next_s` is of the machine's steady clock, `late_s` of the site's.
    """

    notice: Notice
    next_s: float
    late_s: float

    @property
    def order(self) -> tuple[bool, int, int, int]:
        """What goes first: what was never tried, then the gravest, then the least tried."""
        tries = len(self.notice.attempts)
        return (tries > 0, self.notice.priority, tries, self.notice.id)


@dataclass(slots=True)
class _Line:
    """How a channel does: failures since it last took something, and until when it rests.

    A service that does not answer is asked again by one message at a time, not by all that
    wait; a new message is always tried once. A service that is busy is left alone by all.
    """

    failures: int = 0
    rests_until_s: float = -math.inf
    busy_until_s: float = -math.inf

    def ready_s(self, course: _Course) -> float:
        """Return when this message may be tried."""
        if not course.notice.attempts:
            return max(course.next_s, self.busy_until_s)
        return max(course.next_s, self.rests_until_s, self.busy_until_s)

    def note(self, reply: Reply, now_s: float, pace: Pace) -> None:
        """Take in what became of an attempt; a refusal is the message's own affair."""
        if reply.outcome is Outcome.DELIVERED:
            self.failures, self.rests_until_s, self.busy_until_s = 0, -math.inf, -math.inf
        elif reply.outcome is not Outcome.REFUSED:
            self.failures += 1
            self.rests_until_s = now_s + pace.wait_s(self.failures, reply)
            if reply.outcome is Outcome.BUSY:
                self.busy_until_s = self.rests_until_s


class Outbox:
    """Send what waits, one message at a time on each channel, each channel by itself.

    Sending is in threads: a service that is dead or slow holds up neither the station nor
    another channel. Each attempt is on the disk, with the service's words, before the next.
    A message may arrive twice where the monitor was killed between a service's answer and
    our keeping it; it is never lost.
    """

    def __init__(
        self, telling: Telling, records: Records, services: Sends, clock: Clock, pace: Pace
    ) -> None:
        self.revision = 0
        self._channels = telling.channels()
        self._people = {person.user: person for person in telling.duty}
        self._late_s = telling.late_ns() / NANOSECONDS
        self._records = records
        self._services = services
        self._clock = clock
        self._pace = pace
        self._under_way: dict[int, _Course] = {}
        self._lines = {name: _Line() for name in self._channels}
        self._woken = {name: asyncio.Event() for name in self._channels}
        self._sending: dict[str, asyncio.Future[None]] = {}
        self._hanging: dict[str, threading.Thread] = {}

    @property
    def waiting(self) -> tuple[Notice, ...]:
        """The messages under way, oldest first."""
        return tuple(course.notice for course in self._under_way.values())

    def undelivered(self) -> list[Notice]:
        """Return those whose time is over, or that the service refused: the wall shows them."""
        now_ns, now_s = self._clock.now_ns(), self._clock.steady_s()
        return [
            course.notice
            for course in self._under_way.values()
            if now_ns >= course.notice.late_ns
            or now_s >= course.late_s
            or (course.notice.attempts and course.notice.attempts[-1].outcome is Outcome.REFUSED)
        ]

    async def restore(self) -> None:
        """Take up what an earlier run left; what has lost its channel is withdrawn."""
        waiting = await self._records.notices.waiting()
        strangers = [one.id for one in waiting if one.channel not in self._channels]
        await self._records.notices.withdraw(strangers, self._clock.now_ns())
        self.take(one for one in waiting if one.channel in self._channels)

    def take(self, notices: Iterable[Notice]) -> None:
        """Send `notices`, which are on the disk, as soon as their channels are free."""
        now_ns, site_s = self._clock.now_ns(), self._clock.steady_s()
        for notice in notices:
            left_s = min((notice.late_ns - now_ns) / NANOSECONDS, self._late_s)
            self._under_way[notice.id] = _Course(notice, self._now_s(), site_s + left_s)
            self._woken[notice.channel].set()
            self.revision += 1

    def drop(self, notice_ids: Iterable[int]) -> None:
        """Send these no more: they are withdrawn on the disk."""
        for notice_id in notice_ids:
            self._under_way.pop(notice_id, None)
            self.revision += 1

    def again(self, notice_id: int) -> None:
        """Try a message now, whatever its turn; RecordMissing where it is not under way."""
        course = self._under_way.get(notice_id)
        if course is None:
            raise RecordMissing("待发通知", "notice under way", notice_id)
        course.next_s = self._now_s()
        self._lines[course.notice.channel] = _Line()
        self._woken[course.notice.channel].set()

    async def run(self) -> None:
        """Send until cancelled, each channel by itself."""
        await asyncio.gather(*(self._serve(one) for one in self._channels.values()))

    async def finish(self) -> None:
        """Wait until what is being sent is sent and kept; begin nothing more."""
        await asyncio.gather(*self._sending.values())

    async def _serve(self, channel: Channel) -> None:
        woken = self._woken[channel.id]
        while True:
            woken.clear()
            course, wait_s = self._next(channel.id)
            if course is not None:
                # Ending must not forget a message that the service is just taking.
                self._sending[channel.id] = asyncio.ensure_future(self._try(channel, course))
                await asyncio.shield(self._sending[channel.id])
                continue
            with suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await woken.wait()

    def _next(self, channel: str) -> tuple[_Course | None, float | None]:
        """Return what to send now, gravest first, or else how long there is nothing to do."""
        own = [one for one in self._under_way.values() if one.notice.channel == channel]
        line, now_s = self._lines[channel], self._now_s()
        ready = [one for one in own if line.ready_s(one) <= now_s]
        if ready:
            return min(ready, key=lambda one: one.order), None
        return None, min((line.ready_s(one) - now_s for one in own), default=None)

    async def _try(self, channel: Channel, course: _Course) -> None:
        at_ns, began_s = self._clock.now_ns(), self._now_s()
        letter = self._letter(channel, course.notice)
        reply = await self._sent(channel, letter)
        now_s = self._now_s()
        took_ms = round((now_s - began_s) * 1000)
        attempts = course.notice.attempts
        attempt = Attempt(len(attempts) + 1, at_ns, took_ms, reply.outcome, reply.words)
        self._lines[channel.id].note(reply, now_s, self._pace)
        if reply.outcome is Outcome.REFUSED:
            course.next_s = now_s + self._pace.wait_s(attempt.number, reply)
        await self._keep(course.notice, attempt)
        course.notice = replace(course.notice, attempts=(*attempts, attempt))
        if reply.outcome is Outcome.DELIVERED:
            self._under_way.pop(course.notice.id, None)
        elif not attempts:
            # Once for each message: the rest is on record, and would only repeat itself.
            log.warning("message not delivered", channel=channel.id, words=reply.words)
        self.revision += 1

    def _now_s(self) -> float:
        return self._clock.steady_s() / self._clock.speed

    async def _keep(self, notice: Notice, attempt: Attempt) -> None:
        """Keep the attempt; a disk that refuses must not have a message sent again and again."""
        while True:
            try:
                await self._records.notices.tried(notice, attempt, self._clock.now_ns())
            except RecordsError as error:
                log.warning("attempt cannot be kept yet", reason=str(error))
                await self._clock.sleep(RETRY_RECORDS_S * self._clock.speed)
            else:
                return

    def _letter(self, channel: Channel, notice: Notice) -> Letter:
        contacts = [
            contact.to
            for user in notice.people
            if user in self._people
            for contact in self._people[user].contacts
            if contact.channel == channel.id and contact.to
        ]
        mentioned = () if channel.is_group and notice.kind == "test" else tuple(contacts)
        return Letter(notice.title, notice.text, mentioned)

    async def _sent(self, channel: Channel, letter: Letter) -> Reply:
        """Return the reply, or that there was none in time; one thread for each channel."""
        if not channel.is_group and not letter.to:
            return Reply(Outcome.REFUSED, "nobody on the roster has an address on this channel")
        hanging = self._hanging.get(channel.id)
        if hanging is not None and hanging.is_alive():
            return Reply(Outcome.FAILED, HANGS)
        found: Future[Reply] = Future()
        # No pool: those are waited for at the end, and a dead service would hold up the ending.
        thread = threading.Thread(
            target=self._send, args=(channel, letter, found), name=f"send-{channel.id}", daemon=True
        )
        self._hanging[channel.id] = thread
        thread.start()
        try:
            async with asyncio.timeout(self._pace.deadline_s):
                return await asyncio.shield(asyncio.wrap_future(found))
        except TimeoutError:
            return Reply(Outcome.FAILED, f"no end within {self._pace.deadline_s:g} s")

    def _send(self, channel: Channel, letter: Letter, found: "Future[Reply]") -> None:
        reply = Reply(Outcome.FAILED, BROKEN)
        try:
            reply = self._services.send(channel, letter)
        finally:
            found.set_result(reply)  # whatever it was, whoever waits is told at once
