"""Column types that SQLite and PostgreSQL both keep exactly."""

import json
import operator
from typing import Any

from sqlalchemy import BigInteger, Dialect, Integer, String, Text
from sqlalchemy.types import TypeDecorator

from analytics.records.canonical import canonical_json

# SQLite numbers rows by itself only in a column called INTEGER.
RowId = BigInteger().with_variant(Integer(), "sqlite")


def short_text(length: int) -> String:
    """Return the type of a short text: PostgreSQL alone would refuse what is longer."""
    return String(length).with_variant(Text(), "postgresql")


class Nanoseconds(TypeDecorator[int]):
    """An instant, nanoseconds since 1970 UTC.

    SQLite gives datetimes back without their zone, so instants are whole numbers.
    """

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: int | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        """Return a plain int: SQLite would keep numpy's as a lump of bytes."""
        return None if value is None else operator.index(value)


class CanonicalJson(TypeDecorator[Any]):
    """A JSON value kept as canonical text, which the journal can hash."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Return the canonical text of `value`."""
        return None if value is None else canonical_json(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ARG002
        """Return the value of the kept text."""
        return None if value is None else json.loads(value)
