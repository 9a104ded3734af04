"""Open the records database, and lend its connections."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Self, TypeVar, cast

from sqlalchemy import URL, Engine
from sqlalchemy.ext.asyncio import AsyncConnection

from analytics.records.address import place_at
from analytics.records.direct import DirectConnection, drive
from analytics.records.errors import RecordsError
from analytics.records.place import Engines, Place
from analytics.records.reach import Writing
from analytics.records.stores import Stores, stores_over

Done = TypeVar("Done")


class Records:
    """The records, open, with their stores: see `stores.Stores` for what each one keeps.

    Each method of a store is a transaction of its own; several become one within
    `transaction()`. What a method has returned is on the disk.
    """

    def __init__(self, place: Place, engines: Engines, now_ns: Callable[[], int]) -> None:
        self._place = place
        self._engines = engines
        self._now_ns = now_ns
        # Fair turns among our own tasks; the database's waiting is for other programs.
        self._turn = asyncio.Lock()
        self._writer: asyncio.Task[object] | None = None
        stores = stores_over(self)
        self.alarms = stores.alarms
        self.consultations = stores.consultations
        self.tests = stores.tests
        self.tasks = stores.tasks
        self.substitutions = stores.substitutions
        self.bypasses = stores.bypasses
        self.callouts = stores.callouts
        self.notices = stores.notices
        self.rule_sets = stores.rule_sets
        self.people = stores.people
        self.sessions = stores.sessions
        self.access_keys = stores.access_keys
        self.state = stores.state
        self.journal = stores.journal

    @classmethod
    @asynccontextmanager
    async def open(
        cls, address: Path | URL, now_ns: Callable[[], int], patience_s: float = 5.0
    ) -> AsyncIterator[Self]:
        """Open the database at `address`, made new or brought up to date if need be.

        `address` is a file of SQLite or the URL of a PostgreSQL database. `now_ns`
        stamps the journal; `patience_s` is how long to wait for another program that
        holds the database. RecordsError, in one sentence to act on, when it cannot
        be used, is damaged, is another's or is of a newer Ropewatch.
        """
        place = place_at(address, patience_s)
        async with place.opened() as engines:
            yield cls(place, engines, now_ns)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Stores]:
        """Lend the stores for changes that are kept all together or not at all.

        Use the lent stores only, and in one task: those of the records themselves
        would wait for this very transaction.
        """
        async with self.writing() as writing:
            within = _Within(writing, self._place)
            yield stores_over(within)
            within.must_hold()

    async def at_once(self, work: Callable[[Stores], Coroutine[Any, Any, Done]]) -> Done:
        """Do `work` in a transaction: all of it is kept, or nothing on an error.

        It may wait for the lent stores and for nothing else. Where the database allows
        it, it runs in a thread as one piece: on a busy event loop each of a dozen
        statements would wait for its turn.
        """
        direct = self._engines.direct
        if direct is None:
            async with self.transaction() as stores:
                return await work(stores)
        async with self._turn:
            return await asyncio.to_thread(self._do_at_once, direct, work)

    def _do_at_once(
        self, direct: Engine, work: Callable[[Stores], Coroutine[Any, Any, Done]]
    ) -> Done:
        with self._place.plainly(), direct.begin() as connection:
            plain = cast("AsyncConnection", DirectConnection(connection))
            within = _Within(Writing(plain, self._now_ns), self._place)
            done = drive(work(stores_over(within)))
            within.must_hold()
            return done

    async def refusals_amiss(self) -> tuple[str, ...]:
        """Name each trigger that should keep records from changing and does not."""
        async with self._turn:
            with self._place.plainly():
                async with self._engines.writing.connect() as connection:
                    faults = await connection.run_sync(self._place.refusals_amiss)
                    await connection.rollback()
        return tuple(faults)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """Lend a connection that only reads."""
        with self._place.plainly():
            async with self._engines.reading.connect() as connection:
                yield connection

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[Writing]:
        """Lend a transaction, when no other one is under way."""
        if self._writer is not None and self._writer is asyncio.current_task():
            message = "use the stores that transaction() lent, not the records' own"
            raise RuntimeError(message)
        async with self._turn:
            self._writer = asyncio.current_task()
            try:
                with self._place.plainly():
                    async with self._engines.writing.begin() as connection:
                        yield Writing(connection, self._now_ns)
            finally:
                self._writer = None


class _Within:
    """Reach the database through a transaction that is under way."""

    def __init__(self, writing: Writing, place: Place) -> None:
        self._writing = writing
        self._place = place
        self._failed = False

    def must_hold(self) -> None:
        """RecordsError when a change failed: the database has then given up the transaction."""
        if self._failed:
            raise RecordsError(f"{self._place.name}: a change failed; nothing of it was kept")

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """Lend the transaction's connection: it sees its own changes."""
        with self._place.plainly():
            yield self._writing.connection

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[Writing]:
        """Lend the transaction; one refused change leaves the earlier ones as they are."""
        self.must_hold()
        savepoint = await self._writing.connection.begin_nested()
        try:
            with self._place.plainly():
                yield self._writing
                await savepoint.commit()
        except RecordsError:
            # The database may have given up the whole transaction, savepoint and all.
            self._failed = True
            raise
        except BaseException:
            await savepoint.rollback()
            raise
