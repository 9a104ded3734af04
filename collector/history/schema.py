"""The tables of the history and how a connection to them is opened."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

VERSION = 1

TABLES = """
CREATE TABLE IF NOT EXISTS tag (key INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS layout (
    id INTEGER PRIMARY KEY, device INTEGER NOT NULL, tags BLOB NOT NULL,
    UNIQUE (device, tags));
CREATE TABLE IF NOT EXISTS device (key INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS held (
    tag INTEGER NOT NULL, device INTEGER NOT NULL, PRIMARY KEY (tag, device)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS scan (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, device INTEGER NOT NULL, layout INTEGER,
    tags BLOB, received_ns INTEGER NOT NULL, source_ns INTEGER, sources BLOB,
    quality BLOB, figures BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS scan_by_device ON scan (device, received_ns);
CREATE TABLE IF NOT EXISTS gap (
    id INTEGER PRIMARY KEY, device TEXT NOT NULL, from_ns INTEGER NOT NULL, to_ns INTEGER,
    cause TEXT NOT NULL, recovered INTEGER NOT NULL, UNIQUE (device, from_ns, cause));
CREATE TABLE IF NOT EXISTS cursor (name TEXT PRIMARY KEY, seq INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS dead_letter (
    id INTEGER PRIMARY KEY, cursor TEXT NOT NULL, at_ns INTEGER NOT NULL,
    line TEXT NOT NULL, words TEXT NOT NULL);
"""


class HistoryError(Exception):
    """The history cannot be kept or read; the text says where, why and what to do."""


def open_writer(path: Path) -> sqlite3.Connection:
    """Return the one writing connection; creates the file and its tables.

    WAL with synchronous FULL: what was committed survives kill -9 and power loss.
    HistoryError where the folder cannot be written or the file is no history.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA busy_timeout = 5000")
        _lay_tables(connection, path)
    except (OSError, sqlite3.Error) as error:
        message = f"history {path}: {error}; is the folder writable and the file undamaged?"
        raise HistoryError(message) from error
    return connection


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """Lend a connection that cannot write; HistoryError where the file cannot be read."""
    try:
        connection = sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)
        with closing(connection):
            connection.execute("PRAGMA busy_timeout = 5000")
            connection.execute("PRAGMA query_only = ON")
            yield connection
    except sqlite3.Error as error:
        message = f"history {path}: {error}; is the file readable and undamaged?"
        raise HistoryError(message) from error


def _lay_tables(connection: sqlite3.Connection, path: Path) -> None:
    found = connection.execute("PRAGMA user_version").fetchone()[0]
    if found > VERSION:
        message = f"history {path}: made by a newer Ropewatch (version {found}); update this one"
        raise HistoryError(message)
    connection.executescript(TABLES)
    connection.execute(f"PRAGMA user_version = {VERSION}")
