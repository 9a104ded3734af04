"""Run a whole transaction in one thread: none of its steps waits for its turn on the event loop."""

from collections.abc import Coroutine
from typing import Any, TypeVar

from sqlalchemy import Connection, CursorResult, NestedTransaction

Found = TypeVar("Found")


class DirectConnection:
    """A plain connection with the face of one that is awaited; nothing of it ever waits."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.dialect = connection.dialect

    async def execute(self, statement: Any, parameters: Any = None) -> CursorResult[Any]:
        """Return what the statement gives."""
        found: CursorResult[Any] = self._connection.execute(statement, parameters)
        return found

    async def exec_driver_sql(self, sql: str, parameters: Any = None) -> CursorResult[Any]:
        """Return what the driver's own SQL gives."""
        return self._connection.exec_driver_sql(sql, parameters)

    async def begin_nested(self) -> "DirectSavepoint":
        """Begin what can be taken back by itself."""
        return DirectSavepoint(self._connection.begin_nested())


class DirectSavepoint:
    """A savepoint with the face of one that is awaited."""

    def __init__(self, savepoint: NestedTransaction) -> None:
        self._savepoint = savepoint

    async def commit(self) -> None:
        """Keep what was done since its begin."""
        self._savepoint.commit()

    async def rollback(self) -> None:
        """Take back what was done since its begin."""
        self._savepoint.rollback()


def drive(work: Coroutine[Any, Any, Found]) -> Found:
    """Return what `work` returns, without an event loop; RuntimeError where it would wait."""
    try:
        work.send(None)
    except StopIteration as done:
        found: Found = done.value
        return found
    work.close()
    message = "use the stores that were lent, and wait for nothing else"
    raise RuntimeError(message)
