"""Where the records are kept: a file of SQLite, or a database of a PostgreSQL server."""

from contextlib import AbstractAsyncContextManager, AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import Connection, Engine
from sqlalchemy.ext.asyncio import AsyncEngine


@dataclass(frozen=True, slots=True)
class Engines:
    """How an open place is read, and how it is written: by one connection at a time."""

    reading: AsyncEngine
    writing: AsyncEngine
    # Where the database can be written from a thread of ours, without an event loop.
    direct: Engine | None = None


class Place(Protocol):
    """One kind of database, and how it is spoken to."""

    @property
    def name(self) -> str:
        """How errors call the place; nothing secret is in it."""
        ...

    def opened(self) -> AbstractAsyncContextManager[Engines]:
        """Bring the place up to date and lend its engines; RecordsError when that fails."""
        ...

    def refusals_amiss(self, connection: Connection) -> list[str]:
        """Name each trigger that is missing or altered; what it does is to be taken back."""
        ...

    def plainly(self) -> AbstractContextManager[None]:
        """Turn the database's errors into RecordsError or RecordsRefused."""
        ...
