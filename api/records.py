"""`ropewatch records`: copy the records out to be proved, or move them to PostgreSQL."""

import asyncio
import os
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from analytics.records.address import FILE, database_url, records_address
from analytics.records.copying import export, move
from analytics.records.errors import RecordsError
from collector.folder import FolderInUseError, claimed

MOVED = "records.moved.sqlite"

app = typer.Typer(
    name="records",
    help="Copy the records out to be proved, or move them to PostgreSQL.",
    no_args_is_help=True,
    add_completion=False,
)

Folder = Annotated[Path, typer.Option("--data", help="The station's data folder.")]
DATA = Path("data")


@app.command("export")
def write_copy(
    out: Annotated[Path, typer.Option(help="The new SQLite file; 'ropewatch verify' takes it.")],
    data: Folder = DATA,
) -> None:
    """Write a copy that can be proved anywhere, also while the monitor runs; exit 1 if not whole.

    The records are those in the folder, or those that ROPEWATCH_RECORDS_URL names.
    """
    try:
        address = records_address(data, os.environ)
        proof = asyncio.run(export(address, out))
    except RecordsError as error:
        _fail([str(error)])
    if proof.faults:
        _fail([*proof.faults, f"{out}: written, but not whole"])
    print(f"{out}: whole, {proof.entries} entries, {proof.records} records")


@app.command("move")
def move_over(data: Folder = DATA) -> None:
    """Move a stopped monitor's records to the empty database that ROPEWATCH_RECORDS_URL names."""
    file = data / FILE
    aside = file.with_name(MOVED)
    try:
        with claimed(data):
            if aside.exists():
                _fail([f"{aside}: is there already; move it away"])
            proof = asyncio.run(move(file, database_url(os.environ)))
            file.rename(aside)
    except (RecordsError, FolderInUseError) as error:
        _fail([str(error)])
    print(f"moved {proof.entries} entries, {proof.records} records; the old file is {aside}")


def _fail(words: list[str]) -> NoReturn:
    print("\n".join(words), file=sys.stderr)
    raise typer.Exit(1)
