"""The alarms on record: at most one open occurrence for each source."""

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import RowMapping, bindparam, case, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from analytics.model import Activation, Alarm, AlarmKind, AlarmState, Guidance
from analytics.records import tables
from analytics.records.canonical import plain
from analytics.records.errors import RecordMissing, RecordsRefused
from analytics.records.journal import MONITOR, Change
from analytics.records.reach import Reach, Writing
from collector.site import Name

MUTABLE = (
    "state",
    "acknowledged_ns",
    "acknowledged_by",
    "acknowledged_comment",
    "returned_ns",
    "closed_ns",
    "consultation",
    "task",
    "active",
    "announced",
    "confirmed_ns",
    "confirmed_by",
    "confirmed_comment",
    "aside_by",
    "aside_second",
    "aside_reason",
    "aside_ns",
    "aside_until_ns",
    "cause",
)
MUTABLE_WHEN_CLOSED = {
    "consultation",
    "task",
    "confirmed_ns",
    "confirmed_by",
    "confirmed_comment",
}
IS_OPEN = tables.alarm.c.state != AlarmState.NORMAL.value
BY_ID = select(tables.alarm).where(tables.alarm.c.id == bindparam("of_id"))
OPEN_OF = select(tables.alarm).where(tables.alarm.c.source == bindparam("of_source"), IS_OPEN)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which alarms of the past somebody looks for; None: whatever it is."""

    ropeway: str | None = None
    rule: str | None = None
    priority: int | None = None
    from_ns: int | None = None
    to_ns: int | None = None


class Alarms:
    """Keep alarms; each change is one row in the journal."""

    def __init__(self, reach: Reach) -> None:
        self._reach = reach

    async def raise_alarm(self, alarm: Alarm) -> Alarm:
        """Keep `alarm` (its id is ignored) and return it with the id it got.

        While an occurrence of the same source is open, that one is returned
        unchanged and nothing is written.
        """
        async with self._reach.writing() as writing:
            kept = await _open_of(writing.connection, alarm.source)
            if kept is not None:
                return kept
            row = _row_of(alarm)
            alarm_id = await writing.add(tables.alarm, row)
            body = row | {"id": alarm_id}
            if alarm.active:
                await _begin(writing, alarm_id, alarm.raised_ns, announced=alarm.announced)
            await writing.note(Change("alarm raised", f"alarm {alarm_id}", body))
            return replace(alarm, id=alarm_id)

    async def change(self, alarm: Alarm, who: str = MONITOR, at_ns: int | None = None) -> Alarm:
        """Keep the new state, acknowledgement, return, closing and links of `alarm`.

        RecordsRefused when it differs in anything else from the kept one, when its
        state and `closed_ns` disagree, or when the kept one is closed and more than
        its links or its confirmation would change. `at_ns` is when its condition
        began again, where it did.
        """
        async with self._reach.writing() as writing:
            kept = await _kept(writing.connection, alarm.id)
            changed = _changes(kept, alarm)
            if not changed:
                return kept
            await writing.change(tables.alarm, alarm.id, changed)
            await _count(writing, kept, alarm, at_ns or kept.raised_ns)
            subject = f"alarm {alarm.id}"
            await writing.note(Change("alarm changed", subject, changed, who))
            return await _kept(writing.connection, alarm.id)

    async def open_alarms(self) -> list[Alarm]:
        """Return every open alarm, most pressing first, then newest first."""
        rows = select(tables.alarm).where(IS_OPEN).order_by(*_pressing_first())
        return await self._listed(rows)

    async def recent(self, limit: int = 200, state: AlarmState | None = None) -> list[Alarm]:
        """Return at most `limit` alarms (in one state): open ones first."""
        rows = select(tables.alarm).order_by(*_pressing_first()).limit(limit)
        if state is not None:
            rows = rows.where(tables.alarm.c.state == state.value)
        return await self._listed(rows)

    async def past(self, wanted: Wanted, limit: int = 100) -> list[Alarm]:
        """Return at most `limit` alarms, open or closed, of those wanted, newest first."""
        table = tables.alarm
        rows = select(table).order_by(table.c.raised_ns.desc(), table.c.id.desc()).limit(limit)
        for column, value in ((table.c.ropeway, wanted.ropeway), (table.c.rule, wanted.rule)):
            if value is not None:
                rows = rows.where(column == value)
        if wanted.priority is not None:
            rows = rows.where(table.c.priority == wanted.priority)
        if wanted.from_ns is not None:
            rows = rows.where(table.c.raised_ns >= wanted.from_ns)
        if wanted.to_ns is not None:
            rows = rows.where(table.c.raised_ns < wanted.to_ns)
        return await self._listed(rows)

    async def activations(self, from_ns: int, to_ns: int) -> list[Activation]:
        """Return each time that a condition began from `from_ns` to before `to_ns`, in order."""
        of, alarm = tables.activation, tables.alarm
        rows = (
            select(
                alarm.c.source,
                alarm.c.priority,
                alarm.c.ropeway,
                of.c.raised_ns,
                of.c.returned_ns,
                of.c.announced,
                alarm.c.acknowledged_ns,
            )
            .join(alarm, alarm.c.id == of.c.alarm)
            .where(of.c.raised_ns >= from_ns, of.c.raised_ns < to_ns)
            .order_by(of.c.raised_ns, of.c.id)
        )
        async with self._reach.reading() as connection:
            return [Activation(*row) for row in (await connection.execute(rows)).all()]

    async def get(self, alarm_id: int) -> Alarm:
        """Return one alarm; RecordMissing when there is none with this id."""
        async with self._reach.reading() as connection:
            return await _kept(connection, alarm_id)

    async def open_of(self, source: str) -> Alarm | None:
        """Return the open occurrence of `source`, if there is one."""
        async with self._reach.reading() as connection:
            return await _open_of(connection, source)

    async def _listed(self, rows: Any) -> list[Alarm]:
        async with self._reach.reading() as connection:
            return [_alarm_of(row) for row in (await connection.execute(rows)).mappings()]


async def _count(writing: Writing, kept: Alarm, alarm: Alarm, at_ns: int) -> None:
    """Keep that the condition began again, or ended."""
    if alarm.active and not kept.active:
        await _begin(writing, alarm.id, at_ns, announced=not alarm.hidden)
    elif kept.active and not alarm.active:
        table = tables.activation
        ended = update(table).where(table.c.alarm == alarm.id, table.c.returned_ns.is_(None))
        ended = ended.values(returned_ns=alarm.returned_ns)
        for row in (await writing.connection.execute(ended.returning(table.c.id))).all():
            writing.touch(table, row.id)


async def _begin(writing: Writing, alarm_id: int, at_ns: int, *, announced: bool) -> None:
    row = {"alarm": alarm_id, "raised_ns": at_ns, "returned_ns": None, "announced": announced}
    await writing.add(tables.activation, row)


def _pressing_first() -> tuple[Any, ...]:
    pressing = case((IS_OPEN, tables.alarm.c.priority), else_=1_000_000)
    return pressing, tables.alarm.c.raised_ns.desc(), tables.alarm.c.id.desc()


async def _open_of(connection: AsyncConnection, source: str) -> Alarm | None:
    row = (await connection.execute(OPEN_OF, {"of_source": source})).mappings().first()
    return None if row is None else _alarm_of(row)


async def _kept(connection: AsyncConnection, alarm_id: int) -> Alarm:
    row = (await connection.execute(BY_ID, {"of_id": alarm_id})).mappings().first()
    if row is None:
        raise RecordMissing("报警", "alarm", alarm_id)
    return _alarm_of(row)


def _changes(kept: Alarm, alarm: Alarm) -> dict[str, Any]:
    old, new = _row_of(kept), _row_of(alarm)
    changed = {name: value for name, value in new.items() if old[name] != value}
    fixed = sorted(set(changed) - set(MUTABLE))
    if fixed:
        raise RecordsRefused(
            f"报警 {kept.id} 的 {', '.join(fixed)} 一经发出不得更改",
            f"alarm {kept.id}: {', '.join(fixed)} stay as they were raised",
        )
    if (alarm.state is AlarmState.NORMAL) != (alarm.closed_ns is not None):
        raise RecordsRefused(
            f"报警 {kept.id} 的状态与关闭时间不一致",
            f"alarm {kept.id}: closed alarms, and no others, have a closing time",
        )
    if not kept.open and set(changed) - MUTABLE_WHEN_CLOSED:
        raise RecordsRefused(
            f"报警 {kept.id} 已关闭，不得更改", f"alarm {kept.id} is closed for good"
        )
    return changed


def _row_of(alarm: Alarm) -> dict[str, Any]:
    row = {name: plain(getattr(alarm, name)) for name in Alarm.__slots__}
    del row["id"]
    return row


def _alarm_of(row: RowMapping) -> Alarm:
    values = dict(row)
    guidance = values["guidance"]
    values |= {
        "kind": AlarmKind(values["kind"]),
        "state": AlarmState(values["state"]),
        "name": Name(**values["name"]),
        "guidance": Guidance(
            consequence=Name(**guidance["consequence"]),
            response=Name(**guidance["response"]),
            respond_within_s=guidance["respond_within_s"],
        ),
    }
    return Alarm(**values)
