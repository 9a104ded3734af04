"""How a store reaches the database: by itself, or within a transaction under way."""

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import Table, insert, update
from sqlalchemy.ext.asyncio import AsyncConnection

from analytics.records import journal


@dataclass(frozen=True, slots=True)
class Writing:
    """A write transaction, and the journal that each change in it must feed."""

    connection: AsyncConnection
    now_ns: Callable[[], int]

    async def add(self, table: Table, row: Mapping[str, Any]) -> int:
        """Add `row` and return the id it got."""
        added = insert(table).values(row).returning(table.c.id)
        return int((await self.connection.execute(added)).scalar_one())

    async def change(self, table: Table, row_id: int, row: Mapping[str, Any]) -> None:
        """Put the values of `row` in place of those of the row `row_id`."""
        changed = update(table).where(table.c.id == row_id).values(row)
        await self.connection.execute(changed)

    async def note(self, change: journal.Change) -> None:
        """Add `change` to the journal, in this transaction."""
        await journal.append(self.connection, self.now_ns(), change)


class Reach(Protocol):
    """Gives connections; RecordsError when the database cannot be used."""

    def reading(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """Lend a connection that only reads."""
        ...

    def writing(self) -> AbstractAsyncContextManager[Writing]:
        """Lend a transaction: all of it is kept at the end, or nothing on an error."""
        ...
