"""Prove an exported copy of the records, offline and without writing to it."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from analytics.records.binding import BOUND_STATES, UNBOUND, record_name, row_digest
from analytics.records.checkpoint import Checkpoint
from analytics.records.errors import RecordsError
from analytics.records.journal import BEFORE_THE_FIRST, Entry
from analytics.records.refusals import IN_SQLITE, faults_in_sqlite
from analytics.records.sqlite import APPLICATION_ID


@dataclass(frozen=True, slots=True)
class Proof:
    """What was looked at, and each thing that is wrong, in words; none when whole."""

    entries: int
    records: int
    faults: tuple[str, ...]


def prove(path: Path, checkpoint: Checkpoint | None = None) -> Proof:
    """Check chain, records and, where given, the checkpoint's place in the chain.

    RecordsError when the file cannot be read or is no record store.
    """
    with _opened(path) as connection:
        try:
            return _prove(connection, checkpoint)
        except (sqlite3.Error, UnicodeDecodeError) as error:
            words = f"the file is damaged and cannot be read through ({error})"
            return Proof(0, 0, (words,))


def end_of(path: Path) -> tuple[int, str, int]:
    """Return the journal's last `seq`, its SHA-256 and the count; RecordsError if broken."""
    proof = prove(path)
    if proof.faults:
        raise RecordsError(f"{path}: not signed, for it is not whole: {proof.faults[0]}")
    with _opened(path) as connection:
        last = connection.execute("SELECT seq, sha256 FROM journal ORDER BY seq DESC").fetchone()
    return (last[0], last[1], last[0]) if last else (0, BEFORE_THE_FIRST, 0)


def _prove(connection: sqlite3.Connection, checkpoint: Checkpoint | None) -> Proof:
    faults = _damage(connection) + _without_refusal(connection)
    entries = [Entry(*row) for row in connection.execute("SELECT * FROM journal ORDER BY seq")]
    faults += _broken_links(entries)
    bound = _bound(entries)
    found = dict(_found(connection))
    faults += _altered(bound, found)
    if checkpoint is not None:
        faults += _against(checkpoint, entries)
    return Proof(len(entries), len(found), tuple(faults))


def _damage(connection: sqlite3.Connection) -> list[str]:
    rows = connection.execute("PRAGMA integrity_check(20)").fetchall()
    return [f"file: {row[0]}" for row in rows if row[0] != "ok"]


def _without_refusal(connection: sqlite3.Connection) -> list[str]:
    version = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    found = dict(connection.execute(IN_SQLITE).fetchall())
    return faults_in_sqlite(found, version[0] if version else None)


def _broken_links(entries: list[Entry]) -> list[str]:
    seq, previous = 1, BEFORE_THE_FIRST
    for entry in entries:
        if entry.seq != seq:
            return [f"journal {seq}: the entry is missing (next is {entry.seq})"]
        if entry.previous != previous:
            return [f"journal {seq}: does not join the entry before it"]
        if not _holds(entry):
            return [f"journal {seq}: its content was altered ({entry.what}, {entry.subject})"]
        seq, previous = seq + 1, entry.sha256
    return []


def _holds(entry: Entry) -> bool:
    try:
        return entry.sha256 == entry.digest()
    except (TypeError, ValueError):  # bytes or broken text where there were words
        return False


def _bound(entries: list[Entry]) -> dict[str, tuple[str, int]]:
    bound: dict[str, tuple[str, int]] = {}
    for entry in entries:
        try:
            records = json.loads(entry.body).get("records", {})
            bound |= {name: (digest, entry.seq) for name, digest in records.items()}
        except (TypeError, ValueError, AttributeError):
            continue  # the chain has named this entry already
    return bound


def _found(connection: sqlite3.Connection) -> Iterator[tuple[str, str]]:
    names = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    )
    for (table,) in names.fetchall():
        if table in UNBOUND:
            continue
        rows = connection.execute(f'SELECT * FROM "{table}"')  # noqa: S608  named by the file
        columns = [column[0] for column in rows.description]
        for row in rows:
            if table == "kept_state" and row[0] not in BOUND_STATES:
                continue
            yield record_name(table, row[0]), row_digest(dict(zip(columns, row, strict=True)))


def _altered(bound: dict[str, tuple[str, int]], found: dict[str, str]) -> list[str]:
    faults = []
    for name, digest in found.items():
        if name not in bound:
            faults.append(f"{name}: no entry of the journal knows it")
        elif bound[name][0] != digest:
            faults.append(f"{name}: altered since entry {bound[name][1]}")
    missing = [name for name in bound if name not in found]
    return faults + [f"{name}: missing, kept by entry {bound[name][1]}" for name in missing]


def _against(checkpoint: Checkpoint, entries: list[Entry]) -> list[str]:
    if len(entries) < checkpoint.count:
        lost = f"{len(entries) + 1} to {checkpoint.count}"
        return [f"journal: entries {lost} are missing that the checkpoint signed"]
    place = checkpoint.seq - 1
    if checkpoint.seq and entries[place].sha256 != checkpoint.sha256:
        return [f"journal {checkpoint.seq}: not the entry signed; the chain was rewritten"]
    return []


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    if not path.is_file():
        raise RecordsError(f"{path}: there is no such file")
    log = path.with_name(path.name + "-wal")
    # Without a log beside it nothing is open: then SQLite needs to make no file at all.
    still = "" if log.exists() and log.stat().st_size else "&immutable=1"
    uri = f"{path.resolve().as_uri()}?mode=ro{still}"
    try:
        with closing(sqlite3.connect(uri, uri=True)) as connection:
            connection.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")
            connection.execute("BEGIN")
            if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
                raise RecordsError(f"{path}: this is no record store of Ropewatch")
            yield connection
    except (sqlite3.Error, UnicodeDecodeError) as error:
        raise RecordsError(f"{path}: this is no record store of Ropewatch ({error})") from error
