"""Copy the records whole: out to a file that can be proved anywhere, or over to PostgreSQL."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import URL, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from analytics.records import tables
from analytics.records.binding import record_name, row_digest
from analytics.records.errors import RecordsError
from analytics.records.postgres import PostgresDatabase, is_ours
from analytics.records.proof import Proof, prove
from analytics.records.refusals import IN_SQLITE, faults_in_postgresql
from analytics.records.schema import check_current
from analytics.records.sqlite import SqliteFile

BUNCH = 500


async def export(address: Path | URL, out: Path) -> Proof:
    """Write the records at `address`, as they are at one instant, to the new file `out`.

    A monitor may run meanwhile. Returns the proof of the copy, and what is amiss with
    a server's triggers, which the copy's own cannot tell. RecordsError when the records
    cannot be read or `out` cannot be written.
    """
    _must_be_new(out)
    if isinstance(address, Path):
        _copy_file(address, out)
        return prove(out)
    database = PostgresDatabase(address)
    try:
        amiss = await _copy_database(database, out)
    except BaseException:
        _take_back(out)
        raise
    proof = prove(out)
    return Proof(proof.entries, proof.records, (*amiss, *proof.faults))


async def move(file: Path, url: URL) -> Proof:
    """Copy the records of `file` to the empty database at `url`, all or nothing.

    The chain goes on there unbroken. RecordsError when the file is not whole, the
    database holds records, or a single row came over differently.
    """
    proof = prove(file)
    if proof.faults:
        raise RecordsError(f"{file}: not moved, for it is not whole: {proof.faults[0]}")
    source, target = SqliteFile(file), PostgresDatabase(url)
    async with source.opened() as here, target.opened() as there:
        with source.plainly(), target.plainly():
            async with here.reading.connect() as reading, there.writing.begin() as writing:
                await _must_be_empty(writing, target.name)
                async with _without_refusals_in_postgresql(writing):
                    await _pour(reading, writing)
                await _count_on(writing)
                await _must_agree(reading, writing)
    return proof


def _must_be_new(out: Path) -> None:
    if out.exists():
        raise RecordsError(f"{out}: is there already; name a new file")


def _take_back(out: Path) -> None:
    for end in ("", "-wal", "-shm"):
        out.with_name(out.name + end).unlink(missing_ok=True)


def _copy_file(file: Path, out: Path) -> None:
    if not file.is_file():
        raise RecordsError(f"{file}: there is no such file")
    try:
        with (
            closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)) as source,
            closing(sqlite3.connect(out)) as copy,
        ):
            source.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.Error as error:
        _take_back(out)
        raise RecordsError(f"{file}: cannot be copied to {out} ({error})") from error


async def _copy_database(database: PostgresDatabase, out: Path) -> tuple[str, ...]:
    engine = database.reading_engine()
    copy = SqliteFile(out)
    try:
        with database.plainly():
            async with engine.connect() as reading:
                await reading.run_sync(_check, database.name)
                async with copy.opened() as there:
                    with copy.plainly():
                        async with there.writing.begin() as writing:
                            await writing.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
                            async with _without_refusals_in_sqlite(writing):
                                await _pour(reading, writing)
            async with engine.connect() as looking:
                await looking.exec_driver_sql("SET TRANSACTION READ WRITE")
                faults = await looking.run_sync(faults_in_postgresql)
                await looking.rollback()
    finally:
        await engine.dispose()
    return tuple(faults)


def _check(connection: sa.Connection, name: str) -> None:
    if not is_ours(connection):
        raise RecordsError(f"{name}: this is no record store of Ropewatch; check the URL")
    check_current(connection, name)


@asynccontextmanager
async def _without_refusals_in_sqlite(connection: AsyncConnection) -> AsyncIterator[None]:
    # What was said in time would come after the closing, in the order of a copy.
    found = (await connection.exec_driver_sql(IN_SQLITE)).all()
    for row in found:
        await connection.exec_driver_sql(f'DROP TRIGGER "{row.name}"')
    yield
    for row in found:
        await connection.exec_driver_sql(row.sql)


@asynccontextmanager
async def _without_refusals_in_postgresql(connection: AsyncConnection) -> AsyncIterator[None]:
    for state in ("DISABLE", "ENABLE"):
        for table in tables.metadata.sorted_tables:
            await connection.exec_driver_sql(f'ALTER TABLE "{table.name}" {state} TRIGGER USER')
        if state == "DISABLE":
            yield


async def _pour(source: AsyncConnection, target: AsyncConnection) -> None:
    for table in tables.metadata.sorted_tables:
        bare = _bare(table)
        async with source.stream(select(bare)) as found:
            async for rows in found.mappings().partitions(BUNCH):
                await target.execute(insert(bare), [dict(row) for row in rows])


def _bare(table: sa.Table) -> sa.TableClause:
    """Return a table whose values go through untouched: only booleans differ."""
    columns: list[sa.ColumnClause[Any]] = [
        sa.column(one.name, sa.Boolean() if isinstance(one.type, sa.Boolean) else None)
        for one in table.columns
    ]
    return sa.table(table.name, *columns)


async def _must_be_empty(connection: AsyncConnection, name: str) -> None:
    for table in (tables.journal, tables.kept_state):
        if (await connection.execute(select(table).limit(1))).first() is not None:
            raise RecordsError(f"{name}: holds records already; name an empty database")


async def _count_on(connection: AsyncConnection) -> None:
    """Have new rows numbered after the copied ones."""
    for table in tables.metadata.sorted_tables:
        if "id" in table.columns:
            await connection.exec_driver_sql(
                f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), max(id))"  # noqa: S608
                f' FROM "{table.name}" HAVING max(id) IS NOT NULL'
            )


async def _must_agree(source: AsyncConnection, target: AsyncConnection) -> None:
    for table in tables.metadata.sorted_tables:
        if await _digests(source, table) != await _digests(target, table):
            raise RecordsError(f"{table.name}: came over differently; nothing was moved, report it")


async def _digests(connection: AsyncConnection, table: sa.Table) -> dict[str, str]:
    (key,) = table.primary_key.columns
    digests = {}
    rows = sa.text(f'SELECT * FROM "{table.name}"')  # noqa: S608  our own names
    async with connection.stream(rows) as found:
        async for row in found.mappings():
            digests[record_name(table.name, row[key.name])] = row_digest(dict(row))
    return digests
