"""How SQLite is spoken to, and what its errors mean to the person who must act."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, event
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from analytics.records.errors import RecordsError, RecordsRefused

WRITING = "ropewatch_writing"

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


def prepare_folder(path: Path) -> None:
    """Make the folder of `path` if it is missing; RecordsError when that fails."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RecordsError(
            f"records folder {path.parent}: {error.strerror}; name a folder that may be written"
        ) from error


def try_to_open(path: Path) -> None:
    """Raise sqlite3's own error where the file cannot be opened at all.

    aiosqlite's thread would tell of it too, but perhaps only when our loop is gone.
    """
    sqlite3.connect(path).close()


def engine_for(path: Path, patience_s: float, foreign_keys: bool = True) -> AsyncEngine:
    """Return the engine for `path`, every connection set to lose nothing."""
    url = URL.create("sqlite+aiosqlite", database=str(path))
    engine = create_async_engine(url)
    settings = (
        f"PRAGMA busy_timeout = {int(patience_s * 1000)}",
        "PRAGMA journal_mode = WAL",
        "PRAGMA synchronous = FULL",
        f"PRAGMA foreign_keys = {'ON' if foreign_keys else 'OFF'}",
        "PRAGMA recursive_triggers = ON",  # or REPLACE would delete unseen
    )

    @event.listens_for(engine.sync_engine, "connect")
    def _set_up(connection: Any, _: object) -> None:
        # Python's driver would otherwise choose by itself when to begin.
        connection.isolation_level = None
        cursor = connection.cursor()
        for setting in settings:
            cursor.execute(setting)
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Connection) -> None:
        # A reader that turns writer half-way could be refused at once.
        writing = connection.get_execution_options().get(WRITING, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")

    return engine


@contextmanager
def plainly(path: Path) -> Iterator[None]:
    """Turn the database's errors into RecordsError or RecordsRefused."""
    try:
        yield
    except IntegrityError as error:
        raise RecordsRefused(
            f"记录库拒绝了这一更改（{error.orig}）",
            f"the records refuse this change ({error.orig})",
        ) from error
    except DBAPIError as error:
        raise RecordsError(f"records {path}: {_advice(error.orig)}") from error
    except sqlite3.Error as error:
        raise RecordsError(f"records {path}: {_advice(error)}") from error


def _advice(error: BaseException | None) -> str:
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:
        return f"the database says '{error}'; restart, and keep the file if it stays so"
    unknown = f"SQLite says '{error}'; keep a copy of the file and report it"
    return ADVICE.get(code & 0xFF, unknown)
