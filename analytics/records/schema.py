"""Bring a records database to this version's schema before anything uses it."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from analytics.records.errors import RecordsError

MIGRATIONS = Path(__file__).parent / "migrations"


def run_migrations(connection: Connection, name: str) -> None:
    """Run the migrations that the database `name` lacks, in the connection's transaction.

    RecordsError when it is newer than this program.
    """
    config = _config(connection)
    current, known, newest = _revisions(connection, config)
    if current - known:
        raise RecordsError(
            f"{name}: written by a newer Ropewatch; start that version or name another place"
        )
    if current != newest:
        command.upgrade(config, "head")


def make_anew(connection: Connection, revision: str = "head") -> None:
    """Make the schema as it was at `revision`, in a database or schema that is empty."""
    command.upgrade(_config(connection), revision)


def check_current(connection: Connection, name: str) -> None:
    """Raise RecordsError where the schema is not this program's; change nothing."""
    current, _, newest = _revisions(connection, _config(connection))
    if current != newest:
        raise RecordsError(
            f"{name}: written by another version of Ropewatch; start this one's monitor once"
        )


def known_revisions() -> set[str]:
    """Return every revision that this program's migrations can make."""
    scripts = ScriptDirectory(str(MIGRATIONS))
    return {script.revision for script in scripts.walk_revisions()}


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _revisions(connection: Connection, config: Config) -> tuple[set[str], set[str], set[str]]:
    scripts = ScriptDirectory.from_config(config)
    current = set(MigrationContext.configure(connection).get_current_heads())
    known = {script.revision for script in scripts.walk_revisions()}
    return current, known, set(scripts.get_heads())
