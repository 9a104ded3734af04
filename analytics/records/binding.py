"""Bind each record to the journal: the digest of a row, the same in either database."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

# What has rows of its own but is no record: the journal and what can be worked out again.
UNBOUND = frozenset({"journal", "alembic_version"})
BOUND_STATES = frozenset({"substitutions"})


def row_digest(row: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a kept row, by column name, in hexadecimal.

    A column without a value is left out, so that a later version may add one.
    """
    kept = {name: _spelled(value) for name, value in row.items() if value is not None}
    text = json.dumps(kept, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def record_name(table: str, key: object) -> str:
    """Return how the journal names one row of a table."""
    return f"{table} {key}"


def _spelled(value: Any) -> Any:
    """Spell as SQLite gives it back what PostgreSQL has of its own: booleans, and -0.0."""
    match value:
        case bytes():
            return {"bytes": hashlib.sha256(value).hexdigest()}
        case bool():
            return int(value)
        case float():
            return value + 0.0
        case _:
            return value
