"""Look after a history file: check it, copy it while it is written, put a copy in its place."""

import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from collector.history.export import rfc3339
from collector.history.letters import DeadLetter, all_letters, drop_letters
from collector.history.reading import Blocks, whole_places
from collector.history.rows import SCAN_COLUMNS, Row, is_whole, load_layouts
from collector.history.schema import (
    VERSION,
    HistoryError,
    open_writer,
    reading,
    version_of,
)

Tell = Callable[[int, int], None]
"""Told how far the work is: what is done, and how much there is in all."""

PAGES_AT_ONCE = 2_000
BLOCKS_AT_ONCE = 500
WORDS_AT_MOST = 20


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is damaged; tag and span where samples are concerned."""

    words: str
    tag: str = ""
    from_ns: int = 0
    to_ns: int = 0


def check(path: Path, tell: Tell) -> list[Finding]:
    """Return everything that is damaged in a history, which may be in use.

    SQLite's own check of its pages, every scan that is not sealed and every block unpacked,
    and the numbers of the log without a hole between segments. HistoryError where the file
    cannot be opened.
    """
    found = list(_pages(path))
    with reading(path) as connection:
        if version_of(connection) != VERSION:
            message = f"history {path}: version {version_of(connection)}, this checks {VERSION}"
            raise HistoryError(f"{message}; start the monitor on it once, or update Ropewatch")
        found += _segments(connection)
        found += _scans(connection)
        found += _blocks(connection, tell)
    return found


def letters(path: Path) -> list[DeadLetter]:
    """Return every line that a server refused for good, oldest first; HistoryError as above."""
    with reading(path) as connection:
        return all_letters(connection)


def forget_letters(path: Path, numbers: Sequence[int]) -> None:
    """Forget dead letters by their numbers; nobody may use the history meanwhile."""
    with closing(open_writer(path)) as connection:
        connection.execute("BEGIN IMMEDIATE")  # or each letter would wait for the disk
        drop_letters(connection, numbers)
        connection.execute("COMMIT")


def backup(path: Path, to: Path, tell: Tell) -> None:
    """Copy the history at `path`, which may be in use, to the new file `to`.

    The copy is of one instant, checked, and there under its name only when it is whole.
    HistoryError where it cannot be read or written.
    """
    part = to.with_name(to.name + ".part")
    part.unlink(missing_ok=True)
    try:
        # The transaction that `reading` holds keeps the copy to one instant, however long it takes.
        with reading(path) as source, closing(sqlite3.connect(part)) as copy:
            source.execute("SELECT count(*) FROM sqlite_master").fetchone()
            source.backup(
                copy,
                pages=PAGES_AT_ONCE,
                progress=lambda _, left, whole: tell(whole - left, whole),
            )
            copy.execute("PRAGMA journal_mode = DELETE")
        damaged = next(iter(_pages(part)), None)
        if damaged is not None:
            message = f"backup {to}: {damaged.words}; the copy is not kept: check {path}"
            raise HistoryError(message)
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        part.replace(to)
    except (OSError, sqlite3.Error) as error:
        message = f"backup {to}: {error}; is there room, and may the folder be written to?"
        raise HistoryError(message) from error
    finally:
        part.unlink(missing_ok=True)


def restore(copy: Path, path: Path, aside: Path, tell: Tell) -> None:
    """Put a backup in the place of the history at `path`, and that one, if any, to `aside`.

    Nobody may use the history meanwhile. HistoryError where the copy is no whole history
    or cannot be put there; then everything stands as it did.
    """
    damaged = next(iter(check(copy, tell)), None)
    if damaged is not None:
        message = f"backup {copy}: {damaged.words}; nothing was changed: take another backup"
        raise HistoryError(message)
    fresh = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_bytes(b"")
        with reading(copy) as source, closing(sqlite3.connect(fresh)) as target:
            source.backup(target)
        if path.exists():
            with closing(sqlite3.connect(path)) as old:  # what its log holds goes aside with it
                old.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            path.replace(aside)
        for ending in ("-wal", "-shm"):
            path.with_name(path.name + ending).unlink(missing_ok=True)
        fresh.replace(path)
    except (OSError, sqlite3.Error) as error:
        message = f"history {path}: {error}; is there room, and may the folder be written to?"
        raise HistoryError(message) from error
    finally:
        fresh.unlink(missing_ok=True)


def _pages(path: Path) -> Iterator[Finding]:
    """Yield what SQLite finds wrong with the file's pages."""
    try:
        with reading(path) as connection:
            for (words,) in connection.execute(f"PRAGMA quick_check({WORDS_AT_MOST})"):
                if words != "ok":
                    yield Finding(" ".join(words.split()))
    except HistoryError as error:
        if not path.exists():
            raise
        yield Finding(str(error))


def _segments(connection: sqlite3.Connection) -> Iterator[Finding]:
    """Yield where the numbers of the log do not follow on each other."""
    expected = 0
    for number, from_seq, to_seq in connection.execute(
        "SELECT id, from_seq, to_seq FROM segment ORDER BY to_seq"
    ):
        if from_seq <= expected or to_seq < from_seq:
            yield Finding(f"segment {number} overlaps the one before it in the log")
        expected = to_seq


def _scans(connection: sqlite3.Connection) -> Iterator[Finding]:
    """Yield the scans that cannot be read, set aside or not sealed yet."""
    layouts = load_layouts(connection)
    try:
        names = dict(connection.execute("SELECT key, id FROM device"))
        for table in ("damaged_scan", "scan"):
            sql = f"SELECT seq, device, {SCAN_COLUMNS} FROM {table}"  # noqa: S608 - own words
            for seq, device, *columns in connection.execute(sql):
                row: Row = tuple(columns)
                if not is_whole(row, layouts):
                    at = rfc3339(row[2]) if isinstance(row[2], int) else "an unknown instant"
                    of = names.get(device, f"number {device}")
                    yield Finding(f"scan {seq} of device {of}, received {at}, cannot be read")
    except (sqlite3.DatabaseError, ValueError) as error:
        yield Finding(f"scans that are not sealed yet stand on a damaged page ({error})")


def _blocks(connection: sqlite3.Connection, tell: Tell) -> Iterator[Finding]:
    names = dict(connection.execute("SELECT key, id FROM tag"))
    (whole,) = connection.execute("SELECT count(*) FROM block").fetchone()
    blocks = Blocks(connection, whole_axes=True)
    done, last = 0, 0
    while rows := connection.execute(
        "SELECT id, tag, segment, device, first_ns, last_ns, raw FROM block "
        "WHERE id > ? ORDER BY id LIMIT ?",
        (last, BLOCKS_AT_ONCE),
    ).fetchall():
        for _ in blocks.columns(whole_places(row[:6] for row in rows if row[6])):
            pass
        for _ in blocks.minutes(whole_places(row[:6] for row in rows)):
            pass
        if None in chain.from_iterable(rows) or rows[-1][0] <= last:
            yield Finding(f"blocks after number {last} stand on a damaged page")
        done, last = done + len(rows), max(last + 1, rows[-1][0] or 0)
        blocks.forget_axes()
        tell(done, whole)
    for one in blocks.damaged:
        words = f"samples cannot be read: {one.words}"
        yield Finding(words, names.get(one.tag, f"tag {one.tag}"), one.from_ns, one.to_ns)
