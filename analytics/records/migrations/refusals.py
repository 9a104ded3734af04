"""Have the database itself refuse what may never happen to a record, in SQLite and PostgreSQL.

Each refusal is a trigger `TABLE_NAME` that fails with the words `TABLE: WORDS` as an
integrity error. Call these within a migration; `table` and columns are our own names.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

# SQLSTATE class 23: the drivers make it an IntegrityError, as SQLite's RAISE(ABORT) is.
INTEGRITY = "23000"
REFUSE = f"""
CREATE OR REPLACE FUNCTION ropewatch_refuse() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    RAISE EXCEPTION USING ERRCODE = '{INTEGRITY}', MESSAGE = TG_ARGV[0];
END
$body$
"""
REFUSE_LATE = f"""
CREATE OR REPLACE FUNCTION ropewatch_refuse_late() RETURNS trigger LANGUAGE plpgsql AS $body$
DECLARE
    ended bigint;
BEGIN
    EXECUTE format('SELECT %I FROM %I WHERE id = ($1).%I', TG_ARGV[1], TG_ARGV[2], TG_ARGV[2])
        INTO ended USING NEW;
    IF ended IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = '{INTEGRITY}', MESSAGE = TG_ARGV[0];
    END IF;
    RETURN NEW;
END
$body$
"""  # noqa: S608  our own names


def never_deleted(table: str) -> None:
    """Refuse to delete a row of `table`, or on PostgreSQL to empty it."""
    words = "is never deleted"
    _refuse(table, "stays", f"DELETE ON {table}", words)
    if _on_postgresql():
        _call(f"{table}_whole BEFORE TRUNCATE ON {table} FOR EACH STATEMENT", f"{table}: {words}")


def for_good(table: str, columns: Sequence[str]) -> None:
    """Refuse to set any of `columns` again."""
    names = ", ".join(f'"{name}"' for name in columns)
    _refuse(table, "fixed", f"UPDATE OF {names} ON {table}", "is for good")


def finished(table: str, ended: str, columns: Sequence[str] = ()) -> None:
    """Refuse to set `columns` (without any: all) of a row once its column `ended` has a value."""
    event = f"UPDATE OF {', '.join(columns)} ON" if columns else "UPDATE ON"
    _refuse(table, "finished", f"{event} {table}", "is finished", f"OLD.{ended} IS NOT NULL")


def in_time(table: str, parent: str, ended: str) -> None:
    """Refuse a new row that names, in its column `parent`, a row of that table that has ended."""
    words = "comes after the closing"
    if not _on_postgresql():
        late = f"(SELECT {ended} FROM {parent} WHERE id = NEW.{parent}) IS NOT NULL"  # noqa: S608
        _refuse(table, "in_time", f"INSERT ON {table}", words, late)
        return
    # A condition of PostgreSQL's triggers may not look into another table.
    op.execute(REFUSE_LATE)
    op.execute(
        f"CREATE TRIGGER {table}_in_time BEFORE INSERT ON {table} FOR EACH ROW"
        f" EXECUTE FUNCTION ropewatch_refuse_late('{table}: {words}', '{ended}', '{parent}')"
    )


def no_longer(table: str, *refusals: str) -> None:
    """Take back refusals (`stays`, `fixed`, `finished`, `in_time`), to make them anew."""
    place = f" ON {table}" if _on_postgresql() else ""
    for refusal in refusals:
        op.execute(f"DROP TRIGGER {table}_{refusal}{place}")


def _refuse(table: str, name: str, event: str, words: str, when: str = "") -> None:
    if _on_postgresql():
        condition = f" WHEN ({when})" if when else ""
        _call(f"{table}_{name} BEFORE {event} FOR EACH ROW{condition}", f"{table}: {words}")
        return
    condition = f" WHEN {when}" if when else ""
    op.execute(
        f"CREATE TRIGGER {table}_{name} BEFORE {event}{condition}"
        f" BEGIN SELECT RAISE(ABORT, '{table}: {words}'); END"
    )


def _call(event: str, words: str) -> None:
    op.execute(REFUSE)
    op.execute(f"CREATE TRIGGER {event} EXECUTE FUNCTION ropewatch_refuse('{words}')")


def _on_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"


def row_id() -> sa.BigInteger:
    """Return the type of a row's number: SQLite counts by itself only in an INTEGER."""
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def words(length: int) -> sa.String:
    """Return the type of a short text: PostgreSQL alone would refuse what is longer."""
    return sa.String(length).with_variant(sa.Text(), "postgresql")
