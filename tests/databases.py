"""The database that a test's records are kept in: SQLite's file, or one of a real PostgreSQL.

The environment says which, so that a program started by a test finds the same.
"""

import asyncio
import hashlib
import os
import sqlite3
import tempfile
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo
from sqlalchemy import URL, make_url

from analytics.records import Records
from analytics.records.copying import export
from analytics.records.proof import prove
from analytics.records.tables import metadata

SERVER = "ROPEWATCH_TEST_RECORDS_SERVER"
TEMPLATE = "made"


def address_of(path: Path) -> Path | URL:
    """Return where the records of `path` are kept, a PostgreSQL database made at first use."""
    server = os.environ.get(SERVER)
    if not server:
        return path
    url = make_url(server).set(database="t" + hashlib.sha256(str(path).encode()).hexdigest()[:24])
    with psycopg.connect(conninfo(make_url(server)), autocommit=True) as connection:
        known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [url.database])
        if not known.fetchone():
            spare = connection.execute("SELECT datname FROM pg_database WHERE datname ~ '^spare'")
            found = spare.fetchone()
            words, other = (
                ("ALTER DATABASE {1} RENAME TO {0}", found[0])
                if found
                else ("CREATE DATABASE {0} TEMPLATE {1} STRATEGY file_copy", TEMPLATE)
            )
            names = (sql.Identifier(str(url.database)), sql.Identifier(other))
            connection.execute(sql.SQL(words).format(*names))
    return url


def conninfo(url: URL) -> str:
    """Return an address as psycopg takes it."""
    return make_conninfo(
        host=url.host,
        port=url.port,
        user=url.username,
        password=url.password,
        dbname=url.database,
    )


def rewrite(path: Path, table: str, trigger: str, statement: str) -> None:
    """Change the records of `path` from outside, behind one of their triggers."""
    address = address_of(path)
    if isinstance(address, Path):
        with closing(sqlite3.connect(address)) as connection:
            connection.execute(f"DROP TRIGGER {table}_{trigger}")
            connection.execute(statement)
            connection.commit()
        return
    with psycopg.connect(conninfo(address)) as other:
        other.execute(f"DROP TRIGGER {table}_{trigger} ON {table}".encode())
        other.execute(statement.encode())


def attempt(path: Path, statement: str) -> str:
    """Run one statement on the records of `path` from outside; return what refused it."""
    address = address_of(path)
    if isinstance(address, Path):
        with closing(sqlite3.connect(address)) as connection:
            connection.execute("PRAGMA recursive_triggers = ON")
            try:
                connection.execute(statement)
            except sqlite3.IntegrityError as error:
                return str(error)
        return ""
    with psycopg.connect(conninfo(address), autocommit=True) as other:
        try:
            other.execute(statement.encode())
        except psycopg.IntegrityError as error:
            return str(error)
    return ""


def look(path: Path, statement: str) -> list[tuple[Any, ...]]:
    """Return the rows of a query as another program sees them now."""
    address = address_of(path)
    if isinstance(address, Path):
        with closing(sqlite3.connect(address)) as connection:
            return connection.execute(statement).fetchall()
    with psycopg.connect(conninfo(address)) as other:
        return other.execute(statement.encode()).fetchall()


async def faults_of(path: Path) -> tuple[str, ...]:
    """Prove the records of `path`, or their export; return what is wrong with them."""
    address = address_of(path)
    if isinstance(address, Path):
        return prove(address).faults
    with tempfile.TemporaryDirectory() as folder:
        return (await export(address, Path(folder) / "copy.sqlite")).faults


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold the records of `path` so that nobody else can write."""
    address = address_of(path)
    if isinstance(address, Path):
        with closing(sqlite3.connect(address)) as connection:
            connection.isolation_level = None
            connection.execute("BEGIN IMMEDIATE")
            yield
            connection.execute("ROLLBACK")
        return
    with psycopg.connect(conninfo(address)) as other:
        other.execute("LOCK TABLE journal, kept_state IN EXCLUSIVE MODE")
        yield
        other.rollback()


def make_template(server: URL) -> None:
    """Make the database that each test's own is a copy of."""

    async def make() -> None:
        async with Records.open(server.set(database=TEMPLATE), lambda: 0):
            pass

    with psycopg.connect(conninfo(server), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(TEMPLATE)))
    # A loop may run in this thread already.
    thread = threading.Thread(target=lambda: asyncio.run(make()))
    thread.start()
    thread.join()


def give_back(server: URL) -> None:
    """Empty every database that a test had, for the next one, or drop one whose triggers differ."""
    with psycopg.connect(conninfo(server), autocommit=True) as connection:
        names = connection.execute("SELECT datname FROM pg_database WHERE datname ~ '^t[0-9a-f]+$'")
        for (name,) in names.fetchall():
            whole = _emptied(server.set(database=name))
            words = "ALTER DATABASE {} RENAME TO {}" if whole else "DROP DATABASE {} WITH (FORCE)"
            spare = sql.Identifier(f"spare_{name}")
            connection.execute(sql.SQL(words).format(sql.Identifier(name), spare))


def _emptied(url: URL) -> bool:
    tables = ", ".join(f'"{name}"' for name in metadata.tables)
    with psycopg.connect(conninfo(url), autocommit=True) as connection:
        if _triggers(url) != _triggers(url.set(database=TEMPLATE)):
            return False
        connection.execute("SET session_replication_role = replica")
        connection.execute(f"TRUNCATE {tables} RESTART IDENTITY".encode())
    return True


def _triggers(url: URL) -> int:
    with psycopg.connect(conninfo(url)) as connection:
        row = connection.execute("SELECT count(*) FROM pg_trigger WHERE tgenabled = 'O'").fetchone()
        return int(row[0]) if row else 0


def drop_all(server: URL) -> None:
    """Drop every database that a test had."""
    with psycopg.connect(conninfo(server), autocommit=True) as connection:
        names = connection.execute("SELECT datname FROM pg_database WHERE datname ~ '^t[0-9a-f]+$'")
        for (name,) in names.fetchall():
            drop = sql.SQL("DROP DATABASE {} WITH (FORCE)")
            connection.execute(drop.format(sql.Identifier(name)))
