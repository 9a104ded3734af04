"""Dead letters: lines that a server refused for good, each with the server's words."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One line that was refused, and why."""

    number: int
    at_ns: int
    line: str
    words: str


def read_letters(connection: sqlite3.Connection, cursor: str, limit: int) -> list[DeadLetter]:
    """Return the oldest `limit` dead letters of `cursor`."""
    rows = connection.execute(
        "SELECT id, at_ns, line, words FROM dead_letter WHERE cursor = ? ORDER BY id LIMIT ?",
        (cursor, limit),
    )
    return [DeadLetter(*row) for row in rows]


def all_letters(connection: sqlite3.Connection) -> list[DeadLetter]:
    """Return the dead letters of every cursor, oldest first."""
    rows = connection.execute("SELECT id, at_ns, line, words FROM dead_letter ORDER BY id")
    return [DeadLetter(*row) for row in rows]


def drop_letters(connection: sqlite3.Connection, numbers: Sequence[int]) -> None:
    """Forget dead letters by their numbers."""
    connection.executemany("DELETE FROM dead_letter WHERE id = ?", [(one,) for one in numbers])
