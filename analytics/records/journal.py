"""The journal: one hash-chained row for each change, kept with the change itself."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from analytics.records import tables
from analytics.records.canonical import canonical_json, plain

BEFORE_THE_FIRST = "0" * 64
MONITOR = "ropewatch"
NEWEST = (
    select(tables.journal.c.seq, tables.journal.c.sha256)
    .order_by(tables.journal.c.seq.desc())
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class Change:
    """What is done to one record, by whom; `body` is a JSON object."""

    what: str
    subject: str
    body: Any
    who: str = MONITOR


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the journal as it is kept."""

    seq: int
    at_ns: int
    who: str
    what: str
    subject: str
    body: str
    previous: str
    sha256: str

    def digest(self) -> str:
        """Return the SHA-256 that the row must carry, in hexadecimal.

        It covers the canonical JSON array of every other field in the order above.
        """
        parts = [
            self.seq,
            self.at_ns,
            self.who,
            self.what,
            self.subject,
            self.body,
            self.previous,
        ]
        return hashlib.sha256(canonical_json(parts).encode()).hexdigest()


async def append(
    connection: AsyncConnection, at_ns: int, change: Change, records: Mapping[str, str]
) -> None:
    """Add `change` to the chain, in the transaction that `connection` is in.

    `records` are the rows that it wrote: the SHA-256 of each as it is afterwards.
    """
    last = (await connection.execute(NEWEST)).first()
    entry = Entry(
        seq=last.seq + 1 if last else 1,
        at_ns=at_ns,
        who=change.who,
        what=change.what,
        subject=change.subject,
        body=canonical_json(plain(change.body) | {"records": records}),
        previous=last.sha256 if last else BEFORE_THE_FIRST,
        sha256="",
    )
    row = {name: getattr(entry, name) for name in Entry.__slots__}
    await connection.execute(insert(tables.journal), row | {"sha256": entry.digest()})


async def verify(connection: AsyncConnection) -> int | None:
    """Return the first `seq` at which the chain does not hold, or None if it does.

    A chain cut off at its end still holds: compare its last row with a copy kept
    elsewhere.
    """
    return await connection.run_sync(_verify)


def _verify(connection: Connection) -> int | None:
    rows = select(tables.journal).order_by(tables.journal.c.seq)
    with connection.execute(rows.execution_options(yield_per=1000)) as found:
        return first_broken(Entry(*row) for row in found)


def first_broken(entries: Iterable[Entry]) -> int | None:
    """Return the first `seq` at which the chain of `entries` does not hold."""
    seq, previous = 1, BEFORE_THE_FIRST
    for entry in entries:
        joined = entry.seq == seq and entry.previous == previous
        if not joined or entry.sha256 != entry.digest():
            return seq
        seq, previous = seq + 1, entry.sha256
    return None
