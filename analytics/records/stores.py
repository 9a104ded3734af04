"""All stores of the records over one way to reach the database."""

from dataclasses import dataclass

from sqlalchemy import delete, insert, select

from analytics.records import journal, tables
from analytics.records.alarms import Alarms
from analytics.records.bypasses import Bypasses
from analytics.records.callouts import Callouts
from analytics.records.consultations import Consultations
from analytics.records.notices import Notices
from analytics.records.people import People
from analytics.records.reach import Reach
from analytics.records.rope_tests import RopeTests
from analytics.records.rule_sets import RuleSets
from analytics.records.sessions import AccessKeys, Sessions
from analytics.records.substitutions import Substitutions
from analytics.records.tasks import Tasks


class Journal:
    """Read the journal, and note what changes no record; the stores note each of theirs."""

    def __init__(self, reach: Reach) -> None:
        self._reach = reach

    async def note(self, change: journal.Change) -> None:
        """Note what somebody did to something that is no record here."""
        async with self._reach.writing() as writing:
            await writing.note(change)

    async def verify(self) -> int | None:
        """Return the first `seq` at which the chain does not hold, or None."""
        async with self._reach.reading() as connection:
            return await journal.verify(connection)

    async def entries(
        self,
        subject: str | None = None,
        limit: int = 1000,
        *,
        who: str | None = None,
        before: int | None = None,
    ) -> list[journal.Entry]:
        """Return the newest `limit` rows (of one subject or person, before one), oldest first."""
        rows = select(tables.journal).order_by(tables.journal.c.seq.desc()).limit(limit)
        if subject is not None:
            rows = rows.where(tables.journal.c.subject == subject)
        if who is not None:
            rows = rows.where(tables.journal.c.who == who)
        if before is not None:
            rows = rows.where(tables.journal.c.seq < before)
        async with self._reach.reading() as connection:
            found = (await connection.execute(rows)).all()
        return [journal.Entry(*row) for row in reversed(found)]


class KeptState:
    """Keep what the engine must find again after a restart: timers and conditions.

    It is no record of anything decided, so it leaves no row in the journal.
    """

    def __init__(self, reach: Reach) -> None:
        self._reach = reach

    async def keep(self, name: str, json_text: str) -> None:
        """Keep `json_text` under `name` in place of what was kept there."""
        table = tables.kept_state
        async with self._reach.writing() as writing:
            await writing.connection.execute(delete(table).where(table.c.name == name))
            row = {"name": name, "content": json_text}
            await writing.connection.execute(insert(table), row)

    async def kept(self, name: str) -> str | None:
        """Return the text kept under `name`, or None."""
        table = tables.kept_state
        rows = select(table.c.content).where(table.c.name == name)
        async with self._reach.reading() as connection:
            return (await connection.execute(rows)).scalar()


@dataclass(frozen=True, slots=True)
class Stores:
    """What is on record, by kind."""

    alarms: Alarms
    consultations: Consultations
    tests: RopeTests
    tasks: Tasks
    substitutions: Substitutions
    bypasses: Bypasses
    callouts: Callouts
    notices: Notices
    rule_sets: RuleSets
    people: People
    sessions: Sessions
    access_keys: AccessKeys
    state: KeptState
    journal: Journal


def stores_over(reach: Reach) -> Stores:
    """Return every store, reaching the database by `reach`."""
    return Stores(
        alarms=Alarms(reach),
        consultations=Consultations(reach),
        tests=RopeTests(reach),
        tasks=Tasks(reach),
        substitutions=Substitutions(reach),
        bypasses=Bypasses(reach),
        callouts=Callouts(reach),
        notices=Notices(reach),
        rule_sets=RuleSets(reach),
        people=People(reach),
        sessions=Sessions(reach),
        access_keys=AccessKeys(reach),
        state=KeptState(reach),
        journal=Journal(reach),
    )
