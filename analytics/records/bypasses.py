"""The bypass register: each safety device put out of action, who let it be so, and until when."""

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import RowMapping, Select, select
from sqlalchemy.ext.asyncio import AsyncConnection

from analytics.records import tables
from analytics.records.canonical import plain
from analytics.records.errors import RecordMissing, RecordsRefused
from analytics.records.journal import Change
from analytics.records.reach import Reach, Writing


@dataclass(frozen=True, slots=True)
class Approval:
    """One time that a second person let a bypass stand, and until when."""

    asked_by: str
    approved_by: str
    at_ns: int
    until_ns: int


@dataclass(frozen=True, slots=True)
class Bypass:
    """A safety device or signal put out of action on purpose; instants in ns UTC.

    `measures` protect in its place meanwhile. `from_ns` is when it was put in, `entered_ns`
    when the monitor was told. The newest of `approvals` counts; it is over once `ended_ns`
    says so, never by the passing of time.
    """

    id: int
    ropeway: str
    safety_device: str
    tag: str | None
    reason: str
    measures: str
    from_ns: int
    entered_by: str
    entered_ns: int
    ended_ns: int | None = None
    ended_by: str | None = None
    ended_note: str | None = None
    approvals: tuple[Approval, ...] = ()

    @property
    def until_ns(self) -> int:
        """Until when it may stand."""
        return self.approvals[-1].until_ns

    def overdue(self, now_ns: int) -> bool:
        """Return whether it stands longer than anybody let it."""
        return self.ended_ns is None and now_ns >= self.until_ns


class Bypasses:
    """Keep the register; what is in it is never changed, an approval or the end is added."""

    def __init__(self, reach: Reach) -> None:
        self._reach = reach

    async def enter(self, one: Bypass, approval: Approval) -> Bypass:
        """Keep a bypass (its id is ignored) with its first approval.

        RecordsRefused where one person would be both, or the device is bypassed already.
        """
        async with self._reach.writing() as writing:
            _must_be_two(approval)
            await _must_be_new(writing.connection, one)
            row = plain(one)
            del row["id"], row["approvals"]
            bypass_id = await writing.add(tables.bypass, row)
            await _approve(writing, bypass_id, approval)
            body = row | {"approval": approval}
            await writing.note(
                Change("bypass entered", f"bypass {bypass_id}", body, approval.asked_by)
            )
            return replace(one, id=bypass_id, approvals=(approval,))

    async def renew(self, bypass_id: int, approval: Approval) -> Bypass:
        """Keep that a bypass may stand longer; RecordsRefused once it has ended."""
        async with self._reach.writing() as writing:
            kept = await _still_standing(writing.connection, bypass_id)
            _must_be_two(approval)
            await _approve(writing, bypass_id, approval)
            change = Change("bypass renewed", f"bypass {bypass_id}", approval, approval.asked_by)
            await writing.note(change)
            return replace(kept, approvals=(*kept.approvals, approval))

    async def end(self, bypass_id: int, who: str, at_ns: int, note: str) -> Bypass:
        """Keep that the safety device works again; RecordsRefused where it has ended already."""
        async with self._reach.writing() as writing:
            kept = await _still_standing(writing.connection, bypass_id)
            ending = {"ended_ns": at_ns, "ended_by": who, "ended_note": note}
            await writing.change(tables.bypass, bypass_id, ending)
            await writing.note(Change("bypass ended", f"bypass {bypass_id}", ending, who))
            return replace(kept, ended_ns=at_ns, ended_by=who, ended_note=note)

    async def standing(self) -> list[Bypass]:
        """Return what stands, also beyond its approved end, oldest first."""
        return await self._found(_all().where(tables.bypass.c.ended_ns.is_(None)))

    async def ended_since(self, at_ns: int, limit: int = 500) -> list[Bypass]:
        """Return at most `limit` that ended at `at_ns` or later, newest first."""
        of = tables.bypass.c
        rows = select(tables.bypass).where(of.ended_ns >= at_ns)
        return await self._found(rows.order_by(of.ended_ns.desc(), of.id.desc()).limit(limit))

    async def get(self, bypass_id: int) -> Bypass:
        """Return one bypass; RecordMissing when there is none with this id."""
        async with self._reach.reading() as connection:
            return await _kept(connection, bypass_id)

    async def _found(self, rows: Select[Any]) -> list[Bypass]:
        async with self._reach.reading() as connection:
            found = (await connection.execute(rows)).mappings().all()
            approvals = await _approvals(connection, [row["id"] for row in found])
        return [_bypass_of(row, approvals) for row in found]


def _all() -> Select[Any]:
    return select(tables.bypass).order_by(tables.bypass.c.id)


def _must_be_two(approval: Approval) -> None:
    if not approval.approved_by.strip() or approval.approved_by == approval.asked_by:
        raise RecordsRefused("旁路须由另一人批准", "another person must approve a bypass")


async def _must_be_new(connection: AsyncConnection, one: Bypass) -> None:
    of = tables.bypass.c
    same = (of.ropeway == one.ropeway, of.safety_device == one.safety_device)
    rows = select(of.id).where(of.ended_ns.is_(None), *same)
    if (await connection.execute(rows)).first() is not None:
        raise RecordsRefused(
            f"{one.safety_device} 已登记旁路，请续期或结束",
            f"{one.safety_device} is bypassed already: renew or end that bypass",
        )


async def _approve(writing: Writing, bypass_id: int, approval: Approval) -> None:
    await writing.add(tables.bypass_approval, plain(approval) | {"bypass": bypass_id})


async def _still_standing(connection: AsyncConnection, bypass_id: int) -> Bypass:
    kept = await _kept(connection, bypass_id)
    if kept.ended_ns is not None:
        raise RecordsRefused(f"旁路 {bypass_id} 已结束", f"bypass {bypass_id} has ended already")
    return kept


async def _kept(connection: AsyncConnection, bypass_id: int) -> Bypass:
    rows = select(tables.bypass).where(tables.bypass.c.id == bypass_id)
    row = (await connection.execute(rows)).mappings().first()
    if row is None:
        raise RecordMissing("旁路", "bypass", bypass_id)
    return _bypass_of(row, await _approvals(connection, [bypass_id]))


async def _approvals(
    connection: AsyncConnection, bypass_ids: list[int]
) -> dict[int, list[Approval]]:
    table = tables.bypass_approval
    rows = select(table).where(table.c.bypass.in_(bypass_ids)).order_by(table.c.id)
    found: dict[int, list[Approval]] = {}
    for row in await connection.execute(rows):
        approval = Approval(row.asked_by, row.approved_by, row.at_ns, row.until_ns)
        found.setdefault(row.bypass, []).append(approval)
    return found


def _bypass_of(row: RowMapping, approvals: dict[int, list[Approval]]) -> Bypass:
    return Bypass(**row, approvals=tuple(approvals[row["id"]]))
