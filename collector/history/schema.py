"""The tables of the history, how old files are moved on, and how a connection is opened."""

import sqlite3
from array import array
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

VERSION = 4
# The write-ahead log is cut back to this after each checkpoint, so that it cannot fill the disk.
WAL_BYTES = 64 * 1024 * 1024

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
CREATE TABLE IF NOT EXISTS gap (
    id INTEGER PRIMARY KEY, device TEXT NOT NULL, from_ns INTEGER NOT NULL, to_ns INTEGER,
    cause TEXT NOT NULL, recovered INTEGER NOT NULL, UNIQUE (device, from_ns, cause));
CREATE TABLE IF NOT EXISTS cursor (name TEXT PRIMARY KEY, seq INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS dead_letter (
    id INTEGER PRIMARY KEY, cursor TEXT NOT NULL, at_ns INTEGER NOT NULL,
    line TEXT NOT NULL, words TEXT NOT NULL);
"""

# From version 1: one row a scan and nothing else. Each later one is a step of its own.
STEPS = {
    2: """
ALTER TABLE scan ADD COLUMN first_ns INTEGER NOT NULL DEFAULT 0;
ALTER TABLE scan ADD COLUMN last_ns INTEGER NOT NULL DEFAULT 0;
UPDATE scan SET
    first_ns = coalesce(source_ns, earliest(sources)),
    last_ns = coalesce(source_ns, latest(sources));
DROP INDEX IF EXISTS scan_by_device;
CREATE INDEX scan_by_time ON scan (device, last_ns, first_ns);
CREATE TABLE segment (
    id INTEGER PRIMARY KEY, from_seq INTEGER NOT NULL, to_seq INTEGER NOT NULL UNIQUE,
    from_ns INTEGER NOT NULL, to_ns INTEGER NOT NULL, samples INTEGER NOT NULL,
    thinned INTEGER NOT NULL DEFAULT 0);
CREATE TABLE axis (
    segment INTEGER NOT NULL, device INTEGER NOT NULL, seq BLOB NOT NULL,
    received_ns BLOB NOT NULL, source_ns BLOB NOT NULL,
    PRIMARY KEY (segment, device)) WITHOUT ROWID;
CREATE TABLE block (
    id INTEGER PRIMARY KEY, tag INTEGER NOT NULL, segment INTEGER NOT NULL,
    device INTEGER NOT NULL, first_ns INTEGER NOT NULL, last_ns INTEGER NOT NULL,
    samples INTEGER NOT NULL, raw INTEGER NOT NULL DEFAULT 1, minutes BLOB, body BLOB);
CREATE INDEX block_by_time ON block (tag, last_ns, first_ns, samples, raw, segment, device);
CREATE INDEX block_by_segment ON block (segment, device);
CREATE TABLE hour (
    tag INTEGER NOT NULL, at_ns INTEGER NOT NULL, lowest REAL, highest REAL,
    total REAL NOT NULL, samples INTEGER NOT NULL, good INTEGER NOT NULL,
    PRIMARY KEY (tag, at_ns)) WITHOUT ROWID;
CREATE TABLE citation (
    id INTEGER PRIMARY KEY, record TEXT NOT NULL, tag INTEGER NOT NULL,
    from_ns INTEGER NOT NULL, to_ns INTEGER NOT NULL, UNIQUE (record, tag, from_ns));
CREATE INDEX citation_by_tag ON citation (tag, to_ns);
""",
    3: """
ALTER TABLE gap RENAME TO gap_of_devices;
CREATE TABLE gap (
    id INTEGER PRIMARY KEY, device TEXT NOT NULL, tag TEXT NOT NULL DEFAULT '',
    from_ns INTEGER NOT NULL, to_ns INTEGER, cause TEXT NOT NULL,
    recovered INTEGER NOT NULL, UNIQUE (device, tag, from_ns, cause));
INSERT INTO gap (id, device, from_ns, to_ns, cause, recovered)
    SELECT id, device, from_ns, to_ns, cause, recovered FROM gap_of_devices;
DROP TABLE gap_of_devices;
""",
    4: """
CREATE TABLE damaged_scan (
    seq INTEGER PRIMARY KEY, device INTEGER, layout INTEGER, tags BLOB, received_ns INTEGER,
    source_ns INTEGER, sources BLOB, quality BLOB, figures BLOB);
""",
}


class HistoryError(Exception):
    """The history cannot be kept or read; the text says where, why and what to do."""


def open_writer(path: Path) -> sqlite3.Connection:
    """Return the one writing connection; creates the file and its tables.

    WAL with synchronous FULL: what was committed survives kill -9 and power loss. A file
    of an older Ropewatch is moved on in one transaction. HistoryError where the folder
    cannot be written or the file is no history.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA busy_timeout = 5000")
        connection.execute(f"PRAGMA journal_size_limit = {WAL_BYTES}")
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
            # One view for all that is read: a sealing in between shows nothing twice.
            connection.execute("BEGIN")
            yield connection
    except (sqlite3.Error, ValueError) as error:  # ValueError: a row with columns cut short
        message = f"history {path}: {error}; is the file readable and undamaged?"
        raise HistoryError(message) from error


def version_of(connection: sqlite3.Connection) -> int:
    """Return the version of the tables; 0 where there are none."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _lay_tables(connection: sqlite3.Connection, path: Path) -> None:
    found = version_of(connection)
    if found > VERSION:
        message = f"history {path}: made by a newer Ropewatch (version {found}); update this one"
        raise HistoryError(message)
    for name, far in (("earliest", min), ("latest", max)):
        connection.create_function(name, 1, _far_end(far), deterministic=True)
    script = TABLES if found == 0 else ""
    script += "".join(STEPS[version] for version in range(max(found, 1) + 1, VERSION + 1))
    if script:
        script = f"BEGIN IMMEDIATE; {script} PRAGMA user_version = {VERSION}; COMMIT;"
        connection.executescript(script)


def _far_end(far: Callable[[Iterable[int]], int]) -> Callable[[bytes | None], int]:
    """Return the SQL function that gives the earliest or latest of packed instants."""

    def end(sources: bytes | None) -> int:
        return far(array("q", sources)) if sources else 0

    return end
