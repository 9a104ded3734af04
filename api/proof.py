"""`ropewatch verify` and `ropewatch checkpoint`: prove the records, and sign where they end."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from analytics.records.checkpoint import Checkpoint, read_checkpoint, signed, signing_key
from analytics.records.errors import RecordsError
from analytics.records.proof import end_of, prove
from collector.clock import Clock

RECORDS = "records.sqlite"

app = typer.Typer(pretty_exceptions_enable=False)


@app.command()
def verify(
    records: Annotated[Path, typer.Argument(help="A copy of records.sqlite, or its folder.")],
    checkpoint: Annotated[Path | None, typer.Option(help="A signed checkpoint.")] = None,
    key: Annotated[str | None, typer.Option(help="The public key it must be signed with.")] = None,
) -> None:
    """Name each record and entry that was altered or removed; exit 1 where there is any."""
    path = _file(records)
    if key is not None and checkpoint is None:
        _fail(["--key is for a --checkpoint; name one"], 2)
    try:
        known = read_checkpoint(checkpoint) if checkpoint else None
        faults = _faults_of(known, key)
        proof = prove(path, known)
    except RecordsError as error:
        _fail([str(error)], 1)
    faults += proof.faults
    if faults:
        _fail(faults, 1)
    print(f"{path}: whole, {proof.entries} entries, {proof.records} records")


@app.command()
def checkpoint(
    folder: Annotated[Path, typer.Argument(help="The data folder.")],
    out: Annotated[Path, typer.Option(help="The file to write; keep it elsewhere.")],
) -> None:
    """Sign where the journal ends, with the folder's key, made at first use."""
    try:
        end = end_of(_file(folder))
        made = signed(signing_key(_file(folder).parent), end, Clock().now_ns())
        out.write_text(json.dumps(asdict(made), indent=2) + "\n", encoding="utf-8")
    except RecordsError as error:
        _fail([str(error)], 1)
    except OSError as error:
        _fail([f"{out}: {error.strerror}"], 1)
    else:
        print(f"{out}: entry {made.seq}, public key {made.public_key}")


def _faults_of(known: Checkpoint | None, key: str | None) -> list[str]:
    fault = known.fault(key) if known else None
    return [fault] if fault else []


def _file(place: Path) -> Path:
    return place / RECORDS if place.is_dir() else place


def _fail(words: list[str], code: int) -> NoReturn:
    print("\n".join(words), file=sys.stderr)
    raise typer.Exit(code)
