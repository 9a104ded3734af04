"""Find where a station keeps its records: in its folder, or where the environment says."""

from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from analytics.records.errors import RecordsError
from analytics.records.place import Place
from analytics.records.postgres import DRIVER, PostgresDatabase
from analytics.records.sqlite import SqliteFile

FILE = "records.sqlite"
VARIABLE = "ROPEWATCH_RECORDS_URL"
SHAPE = "postgresql://USER:PASSWORD@HOST:5432/DATABASE"


def records_address(folder: Path, environment: Mapping[str, str]) -> Path | URL:
    """Return the file in `folder`, or the PostgreSQL database that the environment names.

    ROPEWATCH_RECORDS_URL holds its URL, or ROPEWATCH_RECORDS_URL_FILE a file with it.
    RecordsError, which never repeats the URL, when it cannot be read or `folder` holds
    records that would no longer be seen.
    """
    named = _named(environment)
    if not named:
        return folder / FILE
    if (folder / FILE).exists():
        raise RecordsError(
            f"records {folder / FILE}: {VARIABLE} is set, but this file holds records too;"
            " move them with 'ropewatch records move', or move the file away"
        )
    return _read(named)


def place_at(address: Path | URL, patience_s: float) -> Place:
    """Return the place at an address."""
    if isinstance(address, Path):
        return SqliteFile(address, patience_s)
    return PostgresDatabase(address.set(drivername=DRIVER), patience_s)


def database_url(environment: Mapping[str, str]) -> URL:
    """Return the PostgreSQL database that the environment names; RecordsError for none."""
    named = _named(environment)
    if not named:
        raise RecordsError(f"{VARIABLE} is not set; name the database as {SHAPE}")
    return _read(named)


def _named(environment: Mapping[str, str]) -> str:
    file = environment.get(f"{VARIABLE}_FILE", "").strip()
    if not file:
        return environment.get(VARIABLE, "").strip()
    if environment.get(VARIABLE, "").strip():
        raise RecordsError(f"{VARIABLE} and {VARIABLE}_FILE are both set; keep one of them")
    try:
        named = Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        raise RecordsError(f"{VARIABLE}_FILE {file}: {why}; check the file") from error
    if not named:
        raise RecordsError(f"{VARIABLE}_FILE {file}: the file is empty; write the URL into it")
    return named


def _read(named: str) -> URL:
    # The parser's own errors repeat the URL, and with it the password.
    try:
        url = make_url(named)
    except (ArgumentError, ValueError):
        url = None
    if url is None or url.drivername not in ("postgresql", "postgres", DRIVER) or not url.database:
        raise RecordsError(f"{VARIABLE}: this is no URL of a database; write {SHAPE}")
    return url.set(drivername=DRIVER)
