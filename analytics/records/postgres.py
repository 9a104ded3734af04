"""How PostgreSQL is spoken to, and what its errors mean to the person who must act."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import URL, Connection, event, inspect
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from analytics.records.errors import RecordsError, RecordsRefused
from analytics.records.place import Engines
from analytics.records.postgres_words import advice, primary_words
from analytics.records.refusals import faults_in_postgresql
from analytics.records.schema import run_migrations

DRIVER = "postgresql+psycopg"
MONITOR_LOCK = 0x52_57_52_44  # "RWRD", as SQLite files carry it
OURS = "the records of Ropewatch"
LOOK_AGAIN_S = 0.2


class _TakenError(RecordsError):
    """Another monitor holds the database."""


@dataclass(frozen=True, slots=True)
class PostgresDatabase:
    """A database of a PostgreSQL server; one monitor at a time may write to it.

    `patience_s` is how long to wait for the server, and for another program that
    holds the database.
    """

    url: URL
    patience_s: float = 5.0

    @property
    def name(self) -> str:
        """How errors call the database: without password and parameters."""
        shown = self.url.set(drivername="postgresql", query={})
        shown = URL.create(
            shown.drivername, shown.username, None, shown.host, shown.port, shown.database
        )
        return f"records {shown.render_as_string()}"

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Engines]:
        """Lend the engines of the database, made new or brought up to date if need be.

        RecordsError, in one sentence to act on, when there is no driver or server,
        when the user is not let in, or the database is another's, a newer Ropewatch's
        or in use by another monitor.
        """
        reading, writing = self.reading_engine(), self._writing_engine()
        try:
            with self.plainly():
                await self._bring_up_to_date(writing)
            yield Engines(reading, writing)
        finally:
            await reading.dispose()
            await writing.dispose()

    @contextmanager
    def plainly(self) -> Iterator[None]:
        """Turn PostgreSQL's errors into RecordsError or RecordsRefused."""
        try:
            yield
        except (IntegrityError, DataError) as error:
            words = primary_words(error.orig)
            raise RecordsRefused(
                f"记录库拒绝了这一更改（{words}）", f"the records refuse this change ({words})"
            ) from error
        except DBAPIError as error:
            raise RecordsError(f"{self.name}: {advice(error.orig)}") from error

    def refusals_amiss(self, connection: Connection) -> list[str]:
        """Name each trigger of the database that is missing, altered or switched off."""
        return faults_in_postgresql(connection)

    def reading_engine(self) -> AsyncEngine:
        """Return an engine whose transactions each see one state, and can change nothing."""
        return self._engine("default_transaction_read_only=on", isolation_level="REPEATABLE READ")

    def _writing_engine(self) -> AsyncEngine:
        # The lock lives and dies with the one connection that writes: who cannot get it
        # back after an outage cannot write either.
        engine = self._engine("synchronous_commit=on", pool_size=1, max_overflow=0)

        @event.listens_for(engine.sync_engine, "connect")
        def _claim(connection: Any, _: object) -> None:
            held = False
            cursor = connection.cursor()
            try:
                cursor.execute(f"SELECT pg_try_advisory_lock({MONITOR_LOCK})")
                held = cursor.fetchone()[0]
                if not held:
                    raise _TakenError(f"{self.name}: {_taken_by(cursor)}")
                connection.commit()
            finally:
                cursor.close()
                if not held:
                    connection.close()

        return engine

    def _engine(self, *settings: str, **how: Any) -> AsyncEngine:
        patience_ms = int(self.patience_s * 1000)
        given = self.url.query.get("options", "")
        options = [*(given if isinstance(given, tuple) else (given,))]
        options += [f"-c {one}" for one in (*settings, f"lock_timeout={patience_ms}")]
        # A server that vanished without a word must not hold up the monitor, nor its lock.
        options += ["-c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5"]
        options += ["-c tcp_keepalives_count=3"]
        arguments = {
            "options": " ".join(options).strip(),
            "application_name": f"ropewatch on {socket.gethostname()}, process {os.getpid()}",
            "connect_timeout": max(2, round(self.patience_s)),
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 3,
            "tcp_user_timeout": 20_000,
        }
        try:
            return create_async_engine(
                self.url, connect_args=arguments, pool_pre_ping=True, hide_parameters=True, **how
            )
        except ModuleNotFoundError as error:
            raise RecordsError(
                f"{self.name}: psycopg is missing; install Ropewatch with its extra 'postgres'"
            ) from error

    async def _bring_up_to_date(self, engine: AsyncEngine) -> None:
        waits = int(self.patience_s / LOOK_AGAIN_S)
        while True:
            try:
                async with engine.begin() as connection:
                    await connection.run_sync(self._migrate)
            except _TakenError:
                # One that was killed a moment ago is let go by the server a moment later.
                if waits <= 0:
                    raise
                waits -= 1
                await asyncio.sleep(LOOK_AGAIN_S)
            else:
                return

    def _migrate(self, connection: Connection) -> None:
        if connection.exec_driver_sql("SHOW server_encoding").scalar() != "UTF8":
            raise RecordsError(f"{self.name}: not in UTF-8; create it with ENCODING 'UTF8'")
        known = inspect(connection).get_table_names()
        if known and not is_ours(connection):
            raise RecordsError(
                f"{self.name}: another program's tables are in it; create one for Ropewatch alone"
            )
        run_migrations(connection, self.name)
        if not known:
            connection.exec_driver_sql(f"COMMENT ON TABLE alembic_version IS '{OURS}'")


def is_ours(connection: Connection) -> bool:
    """Say whether the database carries the mark that it holds our records."""
    mark = "SELECT obj_description(to_regclass('alembic_version'), 'pg_class')"
    return bool(connection.exec_driver_sql(mark).scalar() == OURS)


def _taken_by(cursor: Any) -> str:
    cursor.execute(
        "SELECT application_name FROM pg_stat_activity JOIN pg_locks USING (pid)"  # noqa: S608
        f" WHERE locktype = 'advisory' AND objid = {MONITOR_LOCK} AND granted"
        " AND pg_locks.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    holder = cursor.fetchone()
    by = f" ({holder[0]})" if holder and holder[0] else ""
    return f"another monitor{by} keeps its records here; stop it, or name another database"
