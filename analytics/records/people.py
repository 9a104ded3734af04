"""The people on record: who they are, what they may, and the hash of their password."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Row, RowMapping, select
from sqlalchemy.ext.asyncio import AsyncConnection

from analytics.people import Grant, Grants, Person, Role
from analytics.records import tables
from analytics.records.errors import RecordMissing
from analytics.records.journal import MONITOR, Change
from analytics.records.reach import Reach, Writing

# Everything of a person that a reader may see; the password's hash stays in here.
SHOWN = [column for column in tables.person.c if column.name != "password"]


def grants_json(grants: Iterable[Grant]) -> list[tuple[str, str]]:
    """Return grants as JSON: pairs of role and ropeway, in order, each once."""
    return sorted({(one.role.value, one.ropeway) for one in grants})


def grants_of(pairs: Iterable[Iterable[str]]) -> Grants:
    """Return the grants of kept JSON."""
    return tuple(Grant(Role(role), ropeway) for role, ropeway in pairs)


class People:
    """Keep people; no entry of the journal ever holds a password or its hash."""

    def __init__(self, reach: Reach) -> None:
        self._reach = reach

    async def add(self, person: Person, password: str) -> Person:
        """Keep `person` (its id is ignored) with the hash `password`.

        RecordsRefused where the log-in name or the name is taken.
        """
        async with self._reach.writing() as writing:
            row = _row_of(person)
            person_id = await writing.add(tables.person, row | {"password": password})
            change = Change("person added", f"person {person_id}", row, person.made_by)
            await writing.note(change)
            return await _kept(writing.connection, person_id)

    async def change(self, person: Person, who: str) -> Person:
        """Keep the name, grants and state that `person` has now; `who` changed them."""
        async with self._reach.writing() as writing:
            await _kept(writing.connection, person.id)
            row = {
                "name": person.name,
                "grants": grants_json(person.grants),
                "active": person.active,
            }
            return await _change(writing, person.id, row, Change("person changed", "", row, who))

    async def set_password(
        self, person_id: int, password: str, who: str, *, one_time: bool
    ) -> Person:
        """Keep another hash; a `one_time` one must be replaced at the next log-in."""
        async with self._reach.writing() as writing:
            await _kept(writing.connection, person_id)
            row = {"password": password, "one_time": one_time}
            change = Change("password set", "", {"one_time": one_time}, who)
            return await _change(writing, person_id, row, change)

    async def refused(self, subject: str, address: str, *, locked: bool) -> None:
        """Note in the journal that someone at `address` was not let in."""
        async with self._reach.writing() as writing:
            what = "log-in locked" if locked else "log-in refused"
            await writing.note(Change(what, subject, {"address": address}, MONITOR))

    async def listed(self) -> list[Person]:
        """Return everyone, in the order they were added."""
        rows = select(*SHOWN).order_by(tables.person.c.id)
        async with self._reach.reading() as connection:
            return [_person_of(row) for row in (await connection.execute(rows)).mappings()]

    async def get(self, person_id: int) -> Person:
        """Return one person; RecordMissing when there is none with this id."""
        async with self._reach.reading() as connection:
            return await _kept(connection, person_id)

    async def password_of(self, person_id: int) -> str:
        """Return the hash that a given password is checked against."""
        rows = select(tables.person.c.password).where(tables.person.c.id == person_id)
        async with self._reach.reading() as connection:
            found: Row[Any] | None = (await connection.execute(rows)).first()
        if found is None:
            raise RecordMissing("人员", "person", person_id)
        return str(found.password)


async def _change(writing: Writing, person_id: int, row: dict[str, Any], change: Change) -> Person:
    await writing.change(tables.person, person_id, row)
    await writing.note(Change(change.what, f"person {person_id}", change.body, change.who))
    return await _kept(writing.connection, person_id)


async def _kept(connection: AsyncConnection, person_id: int) -> Person:
    rows = select(*SHOWN).where(tables.person.c.id == person_id)
    row = (await connection.execute(rows)).mappings().first()
    if row is None:
        raise RecordMissing("人员", "person", person_id)
    return _person_of(row)


def _row_of(person: Person) -> dict[str, Any]:
    return {
        "login": person.login,
        "name": person.name,
        "grants": grants_json(person.grants),
        "active": person.active,
        "one_time": person.one_time,
        "made_ns": person.made_ns,
        "made_by": person.made_by,
    }


def _person_of(row: RowMapping) -> Person:
    return Person(**dict(row) | {"grants": grants_of(row["grants"])})
