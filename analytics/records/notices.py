"""The messages to people on record: what each says, every attempt, every person's receipt."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sqlalchemy import RowMapping, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from analytics.records import tables
from analytics.records.canonical import plain
from analytics.records.errors import RecordMissing
from analytics.records.journal import Change
from analytics.records.reach import Reach, Writing

LOOKS_BACK = 5000
"""What was told before so many messages is not looked through for a receipt any more."""


class NoticeState(StrEnum):
    """Where a message stands; one that was withdrawn never arrived and need not any more."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    WITHDRAWN = "withdrawn"


class Outcome(StrEnum):
    """How an attempt ended."""

    DELIVERED = "delivered"
    REFUSED = "refused"
    BUSY = "busy"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Receipt:
    """What is known of one person: when the service took it, when the person saw it."""

    person: str
    delivered_ns: int | None = None
    seen_ns: int | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt at a message, with the service's words; never a secret in them."""

    number: int
    at_ns: int
    took_ms: int
    outcome: Outcome
    words: str


@dataclass(frozen=True, slots=True)
class Notice:
    """One message on one channel; `key` makes it the only one of its kind, for ever.

    `late_ns` is when it counts as undelivered, `callouts` what it speaks of.
    """

    id: int
    key: str
    kind: str
    channel: str
    priority: int
    callouts: tuple[int, ...]
    title: str
    text: str
    made_ns: int
    late_ns: int
    state: NoticeState = NoticeState.WAITING
    settled_ns: int | None = None
    receipts: tuple[Receipt, ...] = ()
    attempts: tuple[Attempt, ...] = field(default=())

    @property
    def people(self) -> tuple[str, ...]:
        """The user names of those it is for."""
        return tuple(one.person for one in self.receipts)


class Notices:
    """Keep messages; each change is one row in the journal."""

    def __init__(self, reach: Reach) -> None:
        self._reach = reach

    async def make(self, notices: Sequence[Notice]) -> list[Notice]:
        """Keep `notices` (their ids are ignored) and return those that were not kept before."""
        async with self._reach.writing() as writing:
            made = [
                await _add(writing, notice)
                for notice in notices
                if not await _is_kept(writing.connection, notice.key)
            ]
            if made:
                said = [{"notice": one.id, "key": one.key, "people": one.people} for one in made]
                await writing.note(Change("notices made", f"notice {made[0].id}", {"made": said}))
            return made

    async def tried(self, notice: Notice, attempt: Attempt, settled_ns: int) -> None:
        """Keep an attempt; where it delivered, the message and its receipts say so too.

        A message that was withdrawn meanwhile stays so; its receipts tell that it arrived.
        """
        async with self._reach.writing() as writing:
            row = plain(attempt) | {"notice": notice.id}
            await writing.add(tables.attempt, row)
            if attempt.outcome is Outcome.DELIVERED:
                await _settle(writing, [notice.id], NoticeState.DELIVERED, settled_ns)
                await _fill(writing, notice.id, "delivered_ns", settled_ns)
            await writing.note(Change(f"notice {attempt.outcome}", f"notice {notice.id}", row))

    async def withdraw(self, notice_ids: Iterable[int], at_ns: int) -> None:
        """Keep that messages still under way need not arrive any more."""
        ids = list(notice_ids)
        if not ids:
            return
        async with self._reach.writing() as writing:
            if await _settle(writing, ids, NoticeState.WITHDRAWN, at_ns):
                await writing.note(
                    Change("notices withdrawn", f"notice {ids[0]}", {"notices": ids})
                )

    async def seen(self, callout: int, person: str, at_ns: int) -> None:
        """Keep that `person` saw what messages on the call-out told, among the newest ones."""
        table, notice = tables.receipt, tables.notice
        newest = select(func.coalesce(func.max(notice.c.id), 0)).scalar_subquery()
        rows = select(table.c.id, notice.c.callouts).join(notice, notice.c.id == table.c.notice)
        rows = rows.where(table.c.person == person, table.c.seen_ns.is_(None))
        rows = rows.where(table.c.notice > newest - LOOKS_BACK)
        async with self._reach.writing() as writing:
            found = (await writing.connection.execute(rows)).all()
            own = [row.id for row in found if callout in row.callouts]
            for row_id in own:
                await writing.change(table, row_id, {"seen_ns": at_ns})
            if own:
                body = {"receipts": own, "callout": callout}
                await writing.note(Change("notices seen", f"callout {callout}", body, person))

    async def asked_again(self, notice_id: int, who: str) -> None:
        """Keep that a person asked for another attempt now."""
        async with self._reach.writing() as writing:
            await writing.note(Change("notice asked again", f"notice {notice_id}", {}, who))

    async def asked_test(self, notice: Notice, who: str) -> None:
        """Keep that a person asked for this test message."""
        async with self._reach.writing() as writing:
            body = {"channel": notice.channel}
            await writing.note(Change("test asked for", f"notice {notice.id}", body, who))

    async def waiting(self) -> list[Notice]:
        """Return every message that is still under way, with what was tried, oldest first."""
        rows = select(tables.notice).where(tables.notice.c.state == NoticeState.WAITING.value)
        return await self._listed(rows.order_by(tables.notice.c.id))

    async def recent(self, limit: int = 100) -> list[Notice]:
        """Return the newest messages with their attempts and receipts, newest first."""
        return await self._listed(
            select(tables.notice).order_by(tables.notice.c.id.desc()).limit(limit)
        )

    async def get(self, notice_id: int) -> Notice:
        """Return one message; RecordMissing when there is none with this id."""
        found = await self._listed(select(tables.notice).where(tables.notice.c.id == notice_id))
        if not found:
            raise RecordMissing("通知", "notice", notice_id)
        return found[0]

    async def newest(self, kind: str, channel: str | None = None) -> Notice | None:
        """Return the newest message of a kind (on one channel), or None."""
        rows = select(tables.notice).where(tables.notice.c.kind == kind)
        if channel is not None:
            rows = rows.where(tables.notice.c.channel == channel)
        found = await self._listed(rows.order_by(tables.notice.c.id.desc()).limit(1))
        return found[0] if found else None

    async def _listed(self, rows: Any) -> list[Notice]:
        async with self._reach.reading() as connection:
            found = list((await connection.execute(rows)).mappings())
            ids = [row["id"] for row in found]
            receipts = await _of(connection, tables.receipt, ids)
            attempts = await _of(connection, tables.attempt, ids)
        return [_notice_of(row, receipts, attempts) for row in found]


async def _is_kept(connection: AsyncConnection, key: str) -> bool:
    rows = select(tables.notice.c.id).where(tables.notice.c.key == key)
    return (await connection.execute(rows)).first() is not None


async def _add(writing: Writing, notice: Notice) -> Notice:
    row = plain(notice)
    for name in ("id", "receipts", "attempts"):
        del row[name]
    notice_id = await writing.add(tables.notice, row)
    for receipt in notice.receipts:
        await writing.add(tables.receipt, plain(receipt) | {"notice": notice_id})
    return _with_id(notice, notice_id)


def _with_id(notice: Notice, notice_id: int) -> Notice:
    values = {name: getattr(notice, name) for name in Notice.__slots__}
    return Notice(**values | {"id": notice_id})


async def _settle(writing: Writing, ids: list[int], state: NoticeState, at_ns: int) -> bool:
    table = tables.notice
    waiting = select(table.c.id).where(
        table.c.id.in_(ids), table.c.state == NoticeState.WAITING.value
    )
    found = (await writing.connection.execute(waiting)).scalars().all()
    for notice_id in found:
        await writing.change(table, notice_id, {"state": state.value, "settled_ns": at_ns})
    return bool(found)


async def _fill(writing: Writing, notice_id: int, column: str, at_ns: int) -> None:
    table = tables.receipt
    rows = select(table.c.id).where(table.c.notice == notice_id, table.c[column].is_(None))
    for row_id in (await writing.connection.execute(rows)).scalars().all():
        await writing.change(table, row_id, {column: at_ns})


async def _of(connection: AsyncConnection, table: Any, ids: list[int]) -> list[RowMapping]:
    rows = select(table).where(table.c.notice.in_(ids)).order_by(table.c.id)
    return list((await connection.execute(rows)).mappings()) if ids else []


def _notice_of(row: RowMapping, receipts: list[RowMapping], attempts: list[RowMapping]) -> Notice:
    values = dict(row)
    values |= {
        "callouts": tuple(values["callouts"]),
        "state": NoticeState(values["state"]),
        "receipts": tuple(
            Receipt(one["person"], one["delivered_ns"], one["seen_ns"])
            for one in receipts
            if one["notice"] == row["id"]
        ),
        "attempts": tuple(
            Attempt(
                one["number"], one["at_ns"], one["took_ms"], Outcome(one["outcome"]), one["words"]
            )
            for one in attempts
            if one["notice"] == row["id"]
        ),
    }
    return Notice(**values)
