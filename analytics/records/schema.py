"""Bring the records database to this version's schema before anything uses it."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect

from analytics.records.errors import RecordsError
from analytics.records.sqlite import WRITING, engine_for

MIGRATIONS = Path(__file__).parent / "migrations"
APPLICATION_ID = 0x52_57_52_44  # "RWRD": SQLite files carry whose they are


async def bring_up_to_date(path: Path, patience_s: float) -> None:
    """Check the file at `path` and run the migrations it lacks, all or none.

    RecordsError when it is damaged, is not ours, or is newer than this program.
    """
    # Batch migrations make tables anew, which foreign keys would take for deletes.
    engine = engine_for(path, patience_s, foreign_keys=False)
    try:
        async with engine.connect() as plain_connection:
            connection = await plain_connection.execution_options(**{WRITING: True})
            async with connection.begin():
                await connection.run_sync(_migrate, path)
    finally:
        await engine.dispose()


def _migrate(connection: Connection, path: Path) -> None:
    _check_whole(connection, path)
    _check_ours(connection, path)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    scripts = ScriptDirectory.from_config(config)
    current = MigrationContext.configure(connection).get_current_heads()
    known = {script.revision for script in scripts.walk_revisions()}
    if set(current) - known:
        raise RecordsError(
            f"records {path}: written by a newer Ropewatch; start that version or"
            " name another data folder"
        )
    if set(current) != set(scripts.get_heads()):
        command.upgrade(config, "head")
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    if broken is not None:
        raise RecordsError(
            f"records {path}: rows of '{broken[0]}' name rows that are missing; restore a copy"
        )


def _check_whole(connection: Connection, path: Path) -> None:
    answer = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
    if answer != "ok":
        raise RecordsError(
            f"records {path}: the file is damaged ({answer}); move it away or restore a copy"
        )


def _check_ours(connection: Connection, path: Path) -> None:
    owner = connection.exec_driver_sql("PRAGMA application_id").scalar()
    if owner == APPLICATION_ID:
        return
    if owner or inspect(connection).get_table_names():
        raise RecordsError(f"records {path}: this is another program's database; name another file")
    connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")
