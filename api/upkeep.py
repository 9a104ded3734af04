"""`ropewatch history …`: check, export, back up, restore what a station kept; dead letters."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.progress import Progress

from collector.clock import Clock
from collector.folder import FolderInUseError, claimed
from collector.history.export import Exported, Wanted, rfc3339
from collector.history.export import export as write_samples
from collector.history.schema import HistoryError
from collector.history.upkeep import Finding, forget_letters
from collector.history.upkeep import backup as copy_history
from collector.history.upkeep import check as find_damage
from collector.history.upkeep import letters as dead_letters
from collector.history.upkeep import restore as put_back
from collector.model import NANOSECONDS

HISTORY = "history.sqlite"
DAMAGED, BAD_INPUT = 1, 2

app = typer.Typer(
    name="history",
    help="Look after what a station kept; works beside a running monitor but for 'restore'.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

Folder = Annotated[Path, typer.Argument(help="The data folder, or a history file.")]


@app.command()
def check(folder: Folder) -> None:
    """Find what is damaged and name each hour of it; exit 1 where there is any."""
    with _plainly(), _progress("checking") as tell:
        found = find_damage(_file(folder), tell)
    for one in found:
        print(_words(one))
    if found:
        raise typer.Exit(DAMAGED)
    print(f"{_file(folder)}: whole")


@app.command()
def export(
    folder: Folder,
    out: Annotated[Path, typer.Option(help="The file to write: .csv, or .parquet.")],
    begin: Annotated[str, typer.Option("--from", help="Instant, like 2026-11-26T08:00+08:00.")],
    end: Annotated[str, typer.Option("--to", help="Instant; what is before it is written.")],
    tags: Annotated[str, typer.Option(help="Tag ids joined by commas; all without it.")] = "",
) -> None:
    """Write samples with instant, quality and value; damage goes to standard error."""
    from_ns, to_ns = _instant(begin, "--from"), _instant(end, "--to")
    if to_ns <= from_ns:
        _give_up(f"--to {end} is not after --from {begin}", BAD_INPUT)
    names = [tag.strip() for tag in tags.split(",") if tag.strip()]
    wanted = Wanted(names, from_ns, to_ns, out)
    with _plainly(BAD_INPUT), _progress("exporting") as tell:
        exported = write_samples(_file(folder), wanted, tell)
    _tell_export(exported, out)


@app.command()
def backup(
    folder: Folder,
    out: Annotated[Path, typer.Option(help="The file to write.")],
    force: Annotated[bool, typer.Option(help="Overwrite it if it is there.")] = False,
) -> None:
    """Copy the history of one instant, also beside a running monitor."""
    if out.exists() and not force:
        _give_up(f"{out}: is there already; give another --out, or --force", BAD_INPUT)
    with _plainly(), _progress("copying") as tell:
        copy_history(_file(folder), out, tell)
    print(f"{out}: {out.stat().st_size} bytes, whole")


@app.command()
def restore(
    copy: Annotated[Path, typer.Argument(help="A backup.")],
    folder: Annotated[Path, typer.Argument(help="The data folder to put it into.")],
) -> None:
    """Put a backup in the place of a folder's history; what stood there is kept beside it."""
    stamp = datetime.fromtimestamp(Clock().now_ns() // NANOSECONDS, UTC)
    aside = folder / f"history.before-{stamp:%Y%m%dT%H%M%SZ}.sqlite"
    with _plainly(), claimed(folder), _progress("checking") as tell:
        put_back(copy, folder / HISTORY, aside, tell)
    print(f"{folder / HISTORY}: restored" + (f"; before it: {aside}" if aside.exists() else ""))


@app.command()
def letters(
    folder: Folder,
    out: Annotated[
        Path | None, typer.Option(help="Write them there as line protocol, the words as comments.")
    ] = None,
    drop: Annotated[
        bool, typer.Option(help="Forget them; the monitor must not run (or use the health page).")
    ] = False,
) -> None:
    """List the lines that InfluxDB refused for good, each with the server's words."""
    with _plainly():
        found = dead_letters(_file(folder))
    lines = [f"# {rfc3339(one.at_ns)} {one.words}\n{one.line}" for one in found]
    if out is None:
        print("\n".join([*lines, f"{len(found)} dead letters"]))
    else:
        with _writable(out):
            out.write_text("".join(f"{line}\n" for line in lines), "utf-8")
        print(f"{out}: {len(found)} dead letters")
    if drop and found:
        with _plainly(BAD_INPUT), claimed(_file(folder).parent):
            forget_letters(_file(folder), [one.number for one in found])
        print(f"{len(found)} forgotten")


@contextmanager
def _writable(out: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        _give_up(f"{out}: {error.strerror}; give another --out", BAD_INPUT)


def _file(folder: Path) -> Path:
    return folder / HISTORY if folder.is_dir() else folder


def _instant(text: str, option: str) -> int:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        _give_up(f"{option} {text}: give an instant like 2026-11-26T08:00+08:00", BAD_INPUT)
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=UTC)
    return int(instant.timestamp() * 1000) * 1_000_000


def _words(one: Finding) -> str:
    if not one.tag:
        return one.words
    return f"{one.tag} from {rfc3339(one.from_ns)} to {rfc3339(one.to_ns)}: {one.words}"


def _tell_export(exported: Exported, out: Path) -> None:
    for tag, damage in exported.damaged:
        span = f"from {rfc3339(damage.from_ns)} to {rfc3339(damage.to_ns)}"
        print(f"{tag} {span}: cannot be read ({damage.words})", file=sys.stderr)
    print(f"{out}: {exported.samples} samples")


@contextmanager
def _plainly(code: int = DAMAGED) -> Iterator[None]:
    try:
        yield
    except (HistoryError, FolderInUseError) as error:
        _give_up(str(error), code)


@contextmanager
def _progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """Lend what shows how far the work is: a bar for people, nothing in a script."""
    with Progress(disable=not sys.stderr.isatty(), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _give_up(words: str, code: int) -> NoReturn:
    print(words, file=sys.stderr)
    raise typer.Exit(code)
