"""Test messages: each channel once a day by the site's clock, and when a person asks."""

from datetime import date

from analytics.duty import local_time, time_of
from analytics.notify.channels import Channel
from analytics.notify.outbox import Outbox
from analytics.notify.terms import Telling
from analytics.notify.words import Teller
from analytics.records import Notice, Receipt, RecordMissing, Records
from collector.clock import Clock


class TestDesk:
    """Send test messages; one that does not arrive shows on the wall like any other.

    The day is part of its key: however often the monitor restarts or the clock is set, a
    channel has one test a day. Where a channel writes to each person, each gets it in turn.
    """

    __test__ = False  # pytest would take the name for a test

    def __init__(
        self, telling: Telling, teller: Teller, records: Records, outbox: Outbox, clock: Clock
    ) -> None:
        self._telling = telling
        self._teller = teller
        self._records = records
        self._outbox = outbox
        self._clock = clock
        self._done: date | None = None

    async def look(self) -> None:
        """Make today's test messages, where their time has come and they were not made."""
        now_ns = self._clock.now_ns()
        local = local_time(now_ns, self._teller.zone)
        today = local.date()
        if today == self._done or local.time() < time_of(self._telling.notify.test_at):
            return
        wanted = [
            self._notice(one, f"test/{one.id}/{today.isoformat()}", now_ns)
            for one in self._telling.channel
            if self._people(one, today)
        ]
        if wanted:
            made = await self._records.notices.make(wanted)
            await self._supersede({one.channel for one in made}, now_ns)
            self._outbox.take(made)
        self._done = today

    async def ask(self, channel_id: str, who: str) -> Notice:
        """Make a test message that `who` asks for; RecordMissing on an unknown channel."""
        channel = self._telling.channels().get(channel_id)
        if channel is None:
            raise RecordMissing("通知通道", "channel", channel_id)
        now_ns = self._clock.now_ns()
        wanted = self._notice(channel, f"test/{channel_id}/by_hand/{now_ns}", now_ns)
        async with self._records.transaction() as records:
            (made,) = await records.notices.make([wanted])
            await records.notices.asked_test(made, who)
        await self._supersede({channel_id}, now_ns)
        self._outbox.take([made])
        return made

    async def _supersede(self, channels: set[str], now_ns: int) -> None:
        """Withdraw earlier tests that never arrived: the new ones say what there is to say."""
        old = [
            one.id for one in self._outbox.waiting if one.kind == "test" and one.channel in channels
        ]
        await self._records.notices.withdraw(old, now_ns)
        self._outbox.drop(old)

    def _notice(self, channel: Channel, key: str, now_ns: int) -> Notice:
        words = self._teller.test(channel.name, now_ns)
        today = local_time(now_ns, self._teller.zone).date()
        return Notice(
            id=0,
            key=key,
            kind="test",
            channel=channel.id,
            priority=3,
            callouts=(),
            title=words.title,
            text=words.text,
            made_ns=now_ns,
            late_ns=now_ns + self._telling.late_ns(),
            receipts=tuple(Receipt(user) for user in self._people(channel, today)),
        )

    def _people(self, channel: Channel, today: date) -> tuple[str, ...]:
        on_it = [
            person.user
            for person in self._telling.duty
            if any(contact.channel == channel.id for contact in person.contacts)
        ]
        if channel.is_group or not on_it:
            return tuple(on_it)
        return (on_it[today.toordinal() % len(on_it)],)
