"""The consultations on record: a frozen brief, what was said, what was decided."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from analytics.model import Consultation, Decision, Opinion
from analytics.records import tables
from analytics.records.canonical import plain
from analytics.records.errors import RecordMissing, RecordsError, RecordsRefused
from analytics.records.journal import Change
from analytics.records.reach import Reach, Writing
from collector.model import NANOSECONDS
from collector.site import Name


@dataclass(frozen=True, slots=True)
class Opening:
    """What a consultation is opened with; `brief` is kept to the byte."""

    opened_ns: int
    opened_by: str
    trigger: Name
    alarm: int | None
    ropeways: tuple[str, ...]
    brief: str


@dataclass(frozen=True, slots=True)
class Head:
    """A consultation without its brief and talk, for lists."""

    id: int
    number: str
    opened_ns: int
    opened_by: str
    trigger: Name
    alarm: int | None
    ropeways: tuple[str, ...]
    state: str
    sha256: str
    closed_ns: int | None
    closed_by: str | None


class Consultations:
    """Keep consultations; nothing in them is ever changed, only added."""

    def __init__(self, reach: Reach) -> None:
        self._reach = reach

    async def open(self, opening: Opening, timezone: tzinfo) -> Consultation:
        """Keep a new consultation, numbered within its year in `timezone`.

        The SHA-256 covers the brief's UTF-8 bytes. RecordsRefused without ropeways.
        """
        if not opening.ropeways:
            raise RecordsRefused("会商须至少涉及一条索道", "name at least one ropeway")
        row = plain(opening)
        row["year"] = (
            datetime.fromtimestamp(opening.opened_ns // NANOSECONDS, UTC).astimezone(timezone).year
        )
        row["sha256"] = _sha256(opening.brief)
        async with self._reach.writing() as writing:
            row["ordinal"] = await _next_ordinal(writing.connection, row["year"])
            kept_id = await writing.add(tables.consultation, row)
            del row["brief"]
            await _note(writing, "consultation opened", kept_id, row, row["opened_by"])
            return await _kept(writing.connection, kept_id)

    async def add_opinion(self, consultation_id: int, opinion: Opinion) -> Consultation:
        """Add what one person said; RecordsRefused after closing or without a name."""
        return await self._add(consultation_id, opinion, "opinion added")

    async def decide(self, consultation_id: int, decision: Decision) -> Consultation:
        """Add a decision; the newest for a ropeway counts.

        RecordsRefused after closing, without a name, or for a ropeway that this
        consultation is not about.
        """
        return await self._add(consultation_id, decision, "decided")

    async def close(self, consultation_id: int, name: str, at_ns: int) -> Consultation:
        """Close for good; RecordsRefused until each ropeway has a decision."""
        async with self._reach.writing() as writing:
            kept = await _still_open(writing.connection, consultation_id)
            _needs_a_name(name)
            waiting = _undecided(kept)
            if waiting:
                raise RecordsRefused(
                    f"以下索道尚无决定：{', '.join(waiting)}",
                    f"no decision yet for {', '.join(waiting)}",
                )
            closing = {"closed_ns": at_ns, "closed_by": name}
            await writing.change(tables.consultation, kept.id, closing)
            await _note(writing, "consultation closed", kept.id, closing, name)
            return await _kept(writing.connection, consultation_id)

    async def list_heads(self, limit: int = 200) -> list[Head]:
        """Return the newest `limit` consultations without their briefs."""
        columns = [column for column in tables.consultation.c if column.name != "brief"]
        newest = tables.consultation.c.id.desc()
        rows = select(*columns).order_by(newest).limit(limit)
        async with self._reach.reading() as connection:
            found = (await connection.execute(rows)).all()
            decided = await _decided(connection, [row.id for row in found])
        return [_head_of(row, decided.get(row.id, set())) for row in found]

    async def get(self, consultation_id: int) -> Consultation:
        """Return one consultation whole.

        RecordMissing when there is none; RecordsError when the brief is no longer
        what its SHA-256 says, which only a change from outside can cause.
        """
        async with self._reach.reading() as connection:
            return await _kept(connection, consultation_id)

    async def _add(self, consultation_id: int, said: Opinion | Decision, what: str) -> Consultation:
        table = tables.opinion if isinstance(said, Opinion) else tables.decision
        async with self._reach.writing() as writing:
            kept = await _still_open(writing.connection, consultation_id)
            _needs_a_name(said.name)
            if isinstance(said, Decision) and said.ropeway not in kept.ropeways:
                raise RecordsRefused(
                    f"本次会商不涉及索道 {said.ropeway}",
                    f"this consultation is not about ropeway {said.ropeway}",
                )
            row = plain(said)
            await writing.add(table, row | {"consultation": consultation_id})
            await _note(writing, what, consultation_id, row, said.name)
            return await _kept(writing.connection, consultation_id)


def _sha256(brief: str) -> str:
    return hashlib.sha256(brief.encode()).hexdigest()


def _number(row: Row[Any]) -> str:
    return f"{row.year:04d}-{row.ordinal:04d}"


async def _note(writing: Writing, what: str, consultation_id: int, body: Any, who: str) -> None:
    subject = f"consultation {consultation_id}"
    await writing.note(Change(what, subject, body, who))


def _needs_a_name(name: str) -> None:
    if not name.strip():
        raise RecordsRefused("请填写姓名", "a name is needed")


def _undecided(kept: Consultation) -> list[str]:
    decided = {decision.ropeway for decision in kept.decisions}
    return [ropeway for ropeway in kept.ropeways if ropeway not in decided]


async def _next_ordinal(connection: AsyncConnection, year: int) -> int:
    highest = select(func.max(tables.consultation.c.ordinal)).where(
        tables.consultation.c.year == year
    )
    return ((await connection.execute(highest)).scalar() or 0) + 1


async def _decided(connection: AsyncConnection, consultation_ids: list[int]) -> dict[int, set[str]]:
    columns = (tables.decision.c.consultation, tables.decision.c.ropeway)
    rows = select(*columns).where(tables.decision.c.consultation.in_(consultation_ids))
    decided: dict[int, set[str]] = {}
    for row in await connection.execute(rows):
        decided.setdefault(row.consultation, set()).add(row.ropeway)
    return decided


async def _still_open(connection: AsyncConnection, consultation_id: int) -> Consultation:
    kept = await _kept(connection, consultation_id)
    if kept.closed_ns is not None:
        raise RecordsRefused(f"会商 {kept.number} 已结束", f"consultation {kept.number} is closed")
    return kept


async def _kept(connection: AsyncConnection, consultation_id: int) -> Consultation:
    table = tables.consultation
    rows = select(table).where(table.c.id == consultation_id)
    row = (await connection.execute(rows)).first()
    if row is None:
        raise RecordMissing("会商", "consultation", consultation_id)
    if _sha256(row.brief) != row.sha256:
        raise RecordsError(
            f"consultation {_number(row)}: its brief was altered from outside (SHA-256"
            " differs); keep the file as evidence and restore a copy of the records"
        )
    return Consultation(
        id=row.id,
        number=_number(row),
        opened_ns=row.opened_ns,
        opened_by=row.opened_by,
        trigger=Name(**row.trigger),
        alarm=row.alarm,
        ropeways=tuple(row.ropeways),
        brief=row.brief,
        sha256=row.sha256,
        opinions=tuple(
            [
                Opinion(said.name, said.role, said.at_ns, said.text, said.dissent)
                for said in await _said(connection, tables.opinion, row.id)
            ]
        ),
        decisions=tuple(
            [_decision_of(said) for said in await _said(connection, tables.decision, row.id)]
        ),
        closed_ns=row.closed_ns,
        closed_by=row.closed_by,
    )


async def _said(connection: AsyncConnection, table: Any, of: int) -> Any:
    rows = select(table).where(table.c.consultation == of).order_by(table.c.id)
    return (await connection.execute(rows)).all()


def _decision_of(row: Row[Any]) -> Decision:
    return Decision(
        ropeway=row.ropeway,
        decision=row.decision,
        speed_mps=row.speed_mps,
        note=row.note,
        name=row.name,
        at_ns=row.at_ns,
    )


def _head_of(row: Row[Any], decided: set[str]) -> Head:
    state = "decided" if decided >= set(row.ropeways) else "open"
    return Head(
        id=row.id,
        number=_number(row),
        opened_ns=row.opened_ns,
        opened_by=row.opened_by,
        trigger=Name(**row.trigger),
        alarm=row.alarm,
        ropeways=tuple(row.ropeways),
        state=state if row.closed_ns is None else "closed",
        sha256=row.sha256,
        closed_ns=row.closed_ns,
        closed_by=row.closed_by,
    )
