"""How a store reaches the database: by itself, or within a transaction under way."""

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol

from sqlalchemy import Table, bindparam, insert, update
from sqlalchemy.ext.asyncio import AsyncConnection

from analytics.records import journal
from analytics.records.binding import record_name, row_digest

CHANGED = "changed_row"


@dataclass(frozen=True, slots=True)
class Writing:
    """A write transaction, and the journal that each change in it must feed."""

    connection: AsyncConnection
    now_ns: Callable[[], int]
    # What was written since the last note, as a set that keeps its order.
    _touched: dict[tuple[str, str, object], None] = field(default_factory=dict)

    async def add(self, table: Table, row: Mapping[str, Any]) -> int:
        """Add `row` and return the id it got."""
        # The row goes as parameters: building them into the statement costs most of it.
        added = insert(table).returning(table.c.id)
        row_id = int((await self.connection.execute(added, dict(row))).scalar_one())
        self.touch(table, row_id)
        return row_id

    async def change(self, table: Table, row_id: int, row: Mapping[str, Any]) -> None:
        """Put the values of `row` in place of those of the row `row_id`."""
        changed = update(table).where(table.c.id == bindparam(CHANGED))
        await self.connection.execute(changed, {**row, CHANGED: row_id})
        self.touch(table, row_id)

    async def note(self, change: journal.Change) -> None:
        """Add `change` to the journal, in this transaction, bound to the rows it wrote."""
        records: dict[str, str] = {}
        mark = "?" if self.connection.dialect.paramstyle == "qmark" else "%s"
        for table, column, key in self._touched:
            rows = f'SELECT * FROM "{table}" WHERE "{column}" = {mark}'  # noqa: S608  our own names
            row = (await self.connection.exec_driver_sql(rows, (key,))).mappings().first()
            if row is not None:
                records[record_name(table, key)] = row_digest(dict(row))
        self._touched.clear()
        await journal.append(self.connection, self.now_ns(), change, records)

    def touch(self, table: Table, key: object) -> None:
        """Have the next note bind the row of `table` with this key, written by other means."""
        (column,) = table.primary_key.columns
        self._touched[table.name, column.name, key] = None


class Reach(Protocol):
    """Gives connections; RecordsError when the database cannot be used."""

    def reading(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """Lend a connection that only reads."""
        ...

    def writing(self) -> AbstractAsyncContextManager[Writing]:
        """Lend a transaction: all of it is kept at the end, or nothing on an error."""
        ...
