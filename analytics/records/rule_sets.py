"""The sets of rules on record: who proposed and approved them, and when each was in force."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sqlalchemy import RowMapping, Select, select
from sqlalchemy.ext.asyncio import AsyncConnection

from analytics.model import RuleSet, RuleSetState
from analytics.records import tables
from analytics.records.canonical import plain
from analytics.records.errors import RecordMissing, RecordsRefused
from analytics.records.journal import MONITOR, Change
from analytics.records.reach import Reach

WAITING = (RuleSetState.PROPOSED, RuleSetState.APPROVED)


class RuleSets:
    """Keep sets of rules; a set is never changed, another one takes its place."""

    def __init__(self, reach: Reach) -> None:
        self._reach = reach

    async def propose(self, one: RuleSet) -> RuleSet:
        """Keep a proposal (its id is ignored)."""
        async with self._reach.writing() as writing:
            row = _row_of(one)
            set_id = await writing.add(tables.rule_set, row)
            told = {name: row[name] for name in ("version", "base", "why")}
            change = Change("rules proposed", f"rule_set {set_id}", told, one.proposed_by)
            await writing.note(change)
            return replace(one, id=set_id)

    async def approve(self, set_id: int, who: str, at_ns: int, effective_ns: int) -> RuleSet:
        """Keep the approval by a second person; RecordsRefused for the one who proposed it."""

        def approved(one: RuleSet) -> RuleSet:
            if one.state is not RuleSetState.PROPOSED:
                raise RecordsRefused("只有待批准的规则可以批准", "only a proposal can be approved")
            if one.proposed_by == who:
                raise RecordsRefused(
                    "提出人不得自行批准", "another person than the one who proposed"
                )
            return replace(
                one,
                state=RuleSetState.APPROVED,
                approved_by=who,
                approved_ns=at_ns,
                effective_ns=effective_ns,
            )

        return await self._change(set_id, "rules approved", approved, who)

    async def withdraw(self, set_id: int, who: str, at_ns: int) -> RuleSet:
        """Keep that a proposal or an approved set will not come into force."""

        def withdrawn(one: RuleSet) -> RuleSet:
            _must_wait(one)
            return replace(one, state=RuleSetState.WITHDRAWN, ended_ns=at_ns, ended_by=who)

        return await self._change(set_id, "rules withdrawn", withdrawn, who)

    async def note_replay(self, set_id: int, found: str, who: str) -> RuleSet:
        """Keep what a replay of stored days made of a set that waits for approval."""

        def replayed(one: RuleSet) -> RuleSet:
            _must_wait(one)
            return replace(one, replayed=found)

        return await self._change(set_id, "rules replayed", replayed, who)

    async def begin(self, set_id: int, at_ns: int) -> RuleSet:
        """Keep that a set is in force, and that the one before it no longer is."""
        standing = await self.in_force()
        if standing is not None and standing.id != set_id:
            await self._change(
                standing.id,
                "rules superseded",
                lambda one: replace(one, state=RuleSetState.SUPERSEDED, ended_ns=at_ns),
                MONITOR,
            )
        return await self._change(
            set_id,
            "rules in force",
            lambda one: replace(one, state=RuleSetState.IN_FORCE, begun_ns=at_ns),
            MONITOR,
        )

    async def in_force(self) -> RuleSet | None:
        """Return the set in force, if any was ever kept."""
        found = await self._found(_in_state(RuleSetState.IN_FORCE))
        return found[0] if found else None

    async def waiting(self) -> list[RuleSet]:
        """Return what was approved and is not in force yet, the earliest first."""
        found = await self._found(_in_state(RuleSetState.APPROVED))
        return sorted(found, key=lambda one: (one.effective_ns or 0, one.id))

    async def of_version(self, version: str) -> RuleSet | None:
        """Return the newest set kept under a version."""
        rows = _newest_first().where(tables.rule_set.c.version == version).limit(1)
        return next(iter(await self._found(rows)), None)

    async def listed(self, limit: int) -> list[RuleSet]:
        """Return the newest sets, newest first."""
        return await self._found(_newest_first().limit(limit))

    async def get(self, set_id: int) -> RuleSet:
        """Return one set; RecordMissing when there is none with this id."""
        async with self._reach.reading() as connection:
            return await _kept(connection, set_id)

    async def _found(self, rows: Select[Any]) -> list[RuleSet]:
        async with self._reach.reading() as connection:
            return [_set_of(row) for row in (await connection.execute(rows)).mappings()]

    async def _change(
        self, set_id: int, what: str, changed: Callable[[RuleSet], RuleSet], who: str
    ) -> RuleSet:
        async with self._reach.writing() as writing:
            kept = await _kept(writing.connection, set_id)
            wished = changed(kept)
            old, new = _row_of(kept), _row_of(wished)
            row = {name: value for name, value in new.items() if old[name] != value}
            await writing.change(tables.rule_set, set_id, row)
            told = {name: value for name, value in row.items() if name != "replayed"}
            await writing.note(Change(what, f"rule_set {set_id}", told, who))
            return wished


def _newest_first() -> Select[Any]:
    return select(tables.rule_set).order_by(tables.rule_set.c.id.desc())


def _in_state(state: RuleSetState) -> Select[Any]:
    return _newest_first().where(tables.rule_set.c.state == state.value)


def _must_wait(one: RuleSet) -> None:
    if one.state not in WAITING:
        raise RecordsRefused("规则已生效或已结束", "the rules are in force or over already")


async def _kept(connection: AsyncConnection, set_id: int) -> RuleSet:
    rows = select(tables.rule_set).where(tables.rule_set.c.id == set_id)
    row = (await connection.execute(rows)).mappings().first()
    if row is None:
        raise RecordMissing("规则集", "rule set", set_id)
    return _set_of(row)


def _row_of(one: RuleSet) -> dict[str, Any]:
    return {name: value for name, value in plain(one).items() if name != "id"}


def _set_of(row: RowMapping) -> RuleSet:
    return RuleSet(**dict(row) | {"state": RuleSetState(row["state"])})
