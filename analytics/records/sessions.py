"""The log-ins and access keys on record, each known only by the digest of its secret."""

from dataclasses import replace
from typing import Any

from sqlalchemy import RowMapping, select

from analytics.people import AccessKey, KeyKind, Session
from analytics.records import tables
from analytics.records.errors import RecordMissing, RecordsRefused
from analytics.records.journal import MONITOR, Change
from analytics.records.people import grants_json, grants_of
from analytics.records.reach import Reach, Writing


class Sessions:
    """Keep who was logged in from when to when, and why it ended."""

    def __init__(self, reach: Reach) -> None:
        self._reach = reach

    async def begin(self, session: Session, sha256: str, name: str) -> Session:
        """Keep a new log-in (its id is ignored) of the person called `name`."""
        row = {
            "person": session.person,
            "address": session.address,
            "begun_ns": session.begun_ns,
            "ends_ns": session.ends_ns,
        }
        async with self._reach.writing() as writing:
            session_id = await writing.add(tables.session, row | {"sha256": sha256})
            await writing.note(Change("logged in", f"session {session_id}", row, name))
        return replace(session, id=session_id)

    async def end(self, session_id: int, at_ns: int, why: str, who: str = MONITOR) -> None:
        """Keep that a log-in is over; one that has ended stays as it is."""
        table = tables.session
        async with self._reach.writing() as writing:
            rows = select(table.c.ended_ns).where(table.c.id == session_id)
            found = (await writing.connection.execute(rows)).first()
            if found is None or found.ended_ns is not None:
                return
            row = {"ended_ns": at_ns, "ended_why": why}
            await writing.change(table, session_id, row)
            await writing.note(Change("logged out", f"session {session_id}", row, who))

    async def standing(self) -> dict[str, Session]:
        """Return the log-ins that have not ended, by the digest of their token."""
        table = tables.session
        rows = select(table).where(table.c.ended_ns.is_(None)).order_by(table.c.id)
        async with self._reach.reading() as connection:
            found = (await connection.execute(rows)).mappings().all()
        return {row["sha256"]: _session_of(row) for row in found}


class AccessKeys:
    """Keep the keys of machines and wall screens."""

    def __init__(self, reach: Reach) -> None:
        self._reach = reach

    async def add(self, key: AccessKey, sha256: str) -> AccessKey:
        """Keep a new key (its id is ignored)."""
        row = {
            "kind": key.kind.value,
            "name": key.name,
            "grants": grants_json(key.grants),
            "made_ns": key.made_ns,
            "made_by": key.made_by,
            "expires_ns": key.expires_ns,
        }
        async with self._reach.writing() as writing:
            key_id = await writing.add(tables.access_key, row | {"sha256": sha256})
            change = Change("access key made", f"access_key {key_id}", row, key.made_by)
            await writing.note(change)
            return _key_of(await _kept(writing, key_id))

    async def end(self, key_id: int, at_ns: int, who: str) -> AccessKey:
        """Keep that a key opens nothing any more; RecordsRefused where it is over already."""
        async with self._reach.writing() as writing:
            if (await _kept(writing, key_id))["ended_ns"] is not None:
                raise RecordsRefused("密钥已停用", "the key has been ended already")
            row = {"ended_ns": at_ns, "ended_by": who}
            await writing.change(tables.access_key, key_id, row)
            await writing.note(Change("access key ended", f"access_key {key_id}", row, who))
            return _key_of(await _kept(writing, key_id))

    async def listed(self) -> dict[str, AccessKey]:
        """Return every key ever made, newest first, by the digest of its token."""
        rows = select(tables.access_key).order_by(tables.access_key.c.id.desc())
        async with self._reach.reading() as connection:
            found = (await connection.execute(rows)).mappings().all()
        return {row["sha256"]: _key_of(row) for row in found}


async def _kept(writing: Writing, key_id: int) -> RowMapping:
    rows = select(tables.access_key).where(tables.access_key.c.id == key_id)
    row = (await writing.connection.execute(rows)).mappings().first()
    if row is None:
        raise RecordMissing("密钥", "access key", key_id)
    return row


def _session_of(row: RowMapping) -> Session:
    return Session(**_without_digest(row))


def _key_of(row: RowMapping) -> AccessKey:
    known = {"kind": KeyKind(row["kind"]), "grants": grants_of(row["grants"])}
    return AccessKey(**_without_digest(row) | known)


def _without_digest(row: RowMapping) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "sha256"}
