"""Find the triggers that keep records from changing where they are missing or altered."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache

from sqlalchemy import Connection, create_engine
from sqlalchemy.pool import StaticPool

from analytics.records.schema import known_revisions, make_anew

IN_SQLITE = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
# Pretty-printed, a definition leaves out the schema that it is found in.
IN_POSTGRESQL = """
SELECT t.tgname, pg_get_triggerdef(t.oid, true) || ' ' || t.tgenabled::text || ' ' || p.prosrc
FROM pg_trigger t
JOIN pg_class c ON c.oid = t.tgrelid
JOIN pg_proc p ON p.oid = t.tgfoid
WHERE NOT t.tgisinternal AND c.relnamespace = current_schema()::regnamespace
"""
SCRATCH = "ropewatch_as_made"


def faults_in_sqlite(found: Mapping[str, str], revision: str | None) -> list[str]:
    """Name each trigger of a file at `revision` that is not as the migrations make it."""
    if revision not in known_revisions():
        return ["triggers: written by a newer Ropewatch; verify with that version"]
    return _differences(_as_made_in_sqlite(revision), found)


def faults_in_postgresql(connection: Connection) -> list[str]:
    """Name each trigger of the current schema that is not as the migrations make it.

    The schema is made anew beside it, within the connection's transaction, and taken
    back: the user must own the database.
    """
    found = _definitions(connection)
    beside = connection.begin_nested()
    try:
        connection.exec_driver_sql(f"CREATE SCHEMA {SCRATCH}")
        connection.exec_driver_sql(f"SET LOCAL search_path TO {SCRATCH}")
        make_anew(connection)
        made = _definitions(connection)
    finally:
        beside.rollback()
    return _differences(made, found)


@cache
def _as_made_in_sqlite(revision: str) -> Mapping[str, str]:
    engine = create_engine("sqlite://", poolclass=StaticPool)
    try:
        with engine.begin() as connection:
            make_anew(connection, revision)
            found = connection.exec_driver_sql(IN_SQLITE).all()
    finally:
        engine.dispose()
    return _by_name(found)


def _definitions(connection: Connection) -> dict[str, str]:
    return _by_name(connection.exec_driver_sql(IN_POSTGRESQL).all())


def _by_name(rows: Iterable[Sequence[str]]) -> dict[str, str]:
    return {row[0]: row[1] for row in rows}


def _differences(made: Mapping[str, str], found: Mapping[str, str]) -> list[str]:
    def of(name: str) -> str:
        if name not in found:
            return f"trigger {name}: missing; what it refuses could be done unseen"
        if name not in made:
            return f"trigger {name}: not made by Ropewatch"
        return f"trigger {name}: altered or switched off; what it refuses could be done unseen"

    def plain(text: str | None) -> str:
        return " ".join((text or "").split())

    names = sorted(made.keys() | found.keys())
    return [of(name) for name in names if plain(made.get(name)) != plain(found.get(name))]
