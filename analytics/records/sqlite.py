"""How SQLite is spoken to, and what its errors mean to the person who must act."""

import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from analytics.records.errors import RecordsError, RecordsRefused
from analytics.records.place import Engines
from analytics.records.refusals import IN_SQLITE, faults_in_sqlite
from analytics.records.schema import run_migrations

WRITING = "ropewatch_writing"
APPLICATION_ID = 0x52_57_52_44  # "RWRD": SQLite files carry whose they are

# What the low byte of SQLite's result code means here.
ADVICE = {
    sqlite3.SQLITE_BUSY: "another program holds it locked; close that program",
    sqlite3.SQLITE_LOCKED: "another program holds it locked; close that program",
    sqlite3.SQLITE_FULL: "the disk is full; make room",
    sqlite3.SQLITE_IOERR: "the disk does not answer rightly; check its room and health",
    sqlite3.SQLITE_CORRUPT: "the file is damaged; move it away or restore a copy",
    sqlite3.SQLITE_NOTADB: "the file is no database; move it away or restore a copy",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened; check that its folder may be written",
    sqlite3.SQLITE_READONLY: "it may not be written; check the owner and permissions",
    sqlite3.SQLITE_PERM: "it may not be opened; check the owner and permissions",
}


@dataclass(frozen=True, slots=True)
class SqliteFile:
    """A file of SQLite; `patience_s` is how long to wait for another program that holds it."""

    path: Path
    patience_s: float = 5.0

    @property
    def name(self) -> str:
        """How errors call the file."""
        return f"records {self.path}"

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Engines]:
        """Lend the file's engines, the file made new or brought up to date if need be.

        RecordsError, in one sentence to act on, when the folder or file cannot be
        used, is damaged, is another program's or is of a newer Ropewatch.
        """
        _prepare_folder(self.path)
        with self.plainly():
            _try_to_open(self.path)
            await self._bring_up_to_date()
        engine = self._engine()
        url = URL.create("sqlite+pysqlite", database=str(self.path))
        direct = create_engine(url, hide_parameters=True, connect_args={"check_same_thread": False})
        _lose_nothing(direct, self.patience_s)
        writing = {WRITING: True}
        try:
            yield Engines(
                engine, engine.execution_options(**writing), direct.execution_options(**writing)
            )
        finally:
            direct.dispose()
            await engine.dispose()

    @contextmanager
    def plainly(self) -> Iterator[None]:
        """Turn SQLite's errors into RecordsError or RecordsRefused."""
        try:
            yield
        except IntegrityError as error:
            raise RecordsRefused(
                f"记录库拒绝了这一更改（{error.orig}）",
                f"the records refuse this change ({error.orig})",
            ) from error
        except DBAPIError as error:
            raise RecordsError(f"{self.name}: {_advice(error.orig)}") from error
        except sqlite3.Error as error:
            raise RecordsError(f"{self.name}: {_advice(error)}") from error

    def refusals_amiss(self, connection: Connection) -> list[str]:
        """Name each trigger of the file that is missing or altered."""
        (revision,) = connection.exec_driver_sql("SELECT version_num FROM alembic_version").one()
        found = connection.exec_driver_sql(IN_SQLITE).all()
        return faults_in_sqlite({row[0]: row[1] for row in found}, revision)

    async def _bring_up_to_date(self) -> None:
        # Batch migrations make tables anew, which foreign keys would take for deletes.
        engine = self._engine(foreign_keys=False).execution_options(**{WRITING: True})
        try:
            async with engine.begin() as connection:
                await connection.run_sync(self._migrate)
        finally:
            await engine.dispose()

    def _migrate(self, connection: Connection) -> None:
        self._check_whole(connection)
        self._check_ours(connection)
        run_migrations(connection, self.name)
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
        if broken is not None:
            raise RecordsError(
                f"{self.name}: rows of '{broken[0]}' name rows that are missing; restore a copy"
            )

    def _check_whole(self, connection: Connection) -> None:
        answer = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
        if answer != "ok":
            raise RecordsError(
                f"{self.name}: the file is damaged ({answer}); move it away or restore a copy"
            )

    def _check_ours(self, connection: Connection) -> None:
        owner = connection.exec_driver_sql("PRAGMA application_id").scalar()
        if owner == APPLICATION_ID:
            return
        if owner or inspect(connection).get_table_names():
            raise RecordsError(f"{self.name}: this is another program's database; name another")
        connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")

    def _engine(self, foreign_keys: bool = True) -> AsyncEngine:
        return engine_for(self.path, self.patience_s, foreign_keys)


def _prepare_folder(path: Path) -> None:
    """Make the folder of `path` if it is missing; RecordsError when that fails."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RecordsError(
            f"records folder {path.parent}: {error.strerror}; name a folder that may be written"
        ) from error


def _try_to_open(path: Path) -> None:
    """Raise sqlite3's own error where the file cannot be opened at all.

    aiosqlite's thread would tell of it too, but perhaps only when our loop is gone.
    """
    sqlite3.connect(path).close()


def engine_for(path: Path, patience_s: float, foreign_keys: bool = True) -> AsyncEngine:
    """Return the engine for `path`, every connection set to lose nothing."""
    url = URL.create("sqlite+aiosqlite", database=str(path))
    engine = create_async_engine(url, hide_parameters=True)
    _lose_nothing(engine.sync_engine, patience_s, foreign_keys)
    return engine


def _lose_nothing(engine: Engine, patience_s: float, foreign_keys: bool = True) -> None:
    """Set up every connection of `engine` before it is used."""
    settings = (
        f"PRAGMA busy_timeout = {int(patience_s * 1000)}",
        "PRAGMA journal_mode = WAL",
        "PRAGMA synchronous = FULL",
        f"PRAGMA foreign_keys = {'ON' if foreign_keys else 'OFF'}",
        "PRAGMA recursive_triggers = ON",  # or REPLACE would delete unseen
    )

    @event.listens_for(engine, "connect")
    def _set_up(connection: Any, _: object) -> None:
        # Python's driver would otherwise choose by itself when to begin.
        connection.isolation_level = None
        cursor = connection.cursor()
        for setting in settings:
            cursor.execute(setting)
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # A reader that turns writer half-way could be refused at once.
        writing = connection.get_execution_options().get(WRITING, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


def _advice(error: BaseException | None) -> str:
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:
        return f"the database says '{error}'; restart, and keep the file if it stays so"
    unknown = f"SQLite says '{error}'; keep a copy of the file and report it"
    return ADVICE.get(code & 0xFF, unknown)
