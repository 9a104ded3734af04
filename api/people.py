"""`ropewatch people`: see, add and let in again, at the machine itself, while nothing runs."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from analytics.access import AccessDesk
from analytics.log_in import LogInDesk
from analytics.passwords import Passwords
from analytics.people import Grant, Grants, LogInTerms, Person, Role
from analytics.records import Records, RecordsError, RecordsRefused
from analytics.records.address import records_address
from collector.clock import Clock
from collector.folder import FolderInUseError, claimed
from collector.site import WHOLE_SITE

AT_THE_MACHINE = "the machine's own keyboard"
EVERY_ROLE: Grants = tuple(Grant(role) for role in Role)

app = typer.Typer(
    name="people",
    help="See, add and let in again those who may log in, while the monitor does not run.",
    no_args_is_help=True,
    add_completion=False,
)

Folder = Annotated[Path, typer.Option("--data", help="The station's data folder.")]
DATA = Path("data")
Deed = Callable[[AccessDesk, LogInDesk], Awaitable[list[str]]]


@app.command("list")
def show(data: Folder = DATA) -> None:
    """Print everyone on record with their roles."""

    async def listed(_: AccessDesk, log_in: LogInDesk) -> list[str]:
        return [_line(one) for one in log_in.people] or ["nobody is on record yet"]

    _do(data, listed)


@app.command()
def add(
    login: Annotated[str, typer.Argument(help="The log-in name.")],
    name: Annotated[str, typer.Option(help="The name that the records show.")],
    role: Annotated[list[str], typer.Option(help="ROLE or ROLE@ROPEWAY; may be repeated.")],
    data: Folder = DATA,
) -> None:
    """Add a person and print the one-time password."""
    grants = tuple(_grant(word) for word in role)

    async def added(access: AccessDesk, _: LogInDesk) -> list[str]:
        person, password = await access.add(login, name, grants, AT_THE_MACHINE)
        return [_line(person), f"one-time password: {password}"]

    _do(data, added, places={grant.ropeway for grant in grants})


@app.command()
def reset(
    login: Annotated[str, typer.Argument(help="The log-in name.")], data: Folder = DATA
) -> None:
    """Print a new one-time password for a person: the way back in for a locked-out one."""

    async def again(access: AccessDesk, log_in: LogInDesk) -> list[str]:
        known = {one.login: one for one in log_in.people}
        if login.casefold() not in known:
            _fail(f"nobody logs in as '{login}'; 'ropewatch people list' names everyone", 2)
        person, password = await access.reset_password(known[login.casefold()].id, AT_THE_MACHINE)
        return [_line(person), f"one-time password: {password}"]

    _do(data, again)


async def demo_password(folder: Path, login: str, name: str) -> str:
    """Return a password of a person who may do everything; for a simulated site only."""
    async with Records.open(records_address(folder, os.environ), Clock().now_ns) as records:
        passwords = Passwords()
        log_in = LogInDesk(records, LogInTerms(), Clock(), passwords)
        await log_in.restore()
        access = AccessDesk(records, log_in, (), passwords, Clock())
        known = {one.login: one for one in log_in.people}
        person, password = (
            await access.reset_password(known[login].id, AT_THE_MACHINE)
            if login in known
            else await access.add(login, name, EVERY_ROLE, AT_THE_MACHINE)
        )
        await records.people.set_password(
            person.id, await passwords.hash(password), AT_THE_MACHINE, one_time=False
        )
        return password


def _do(folder: Path, deed: Deed, places: set[str] | None = None) -> None:
    try:
        with claimed(folder):
            lines = asyncio.run(_done(folder, deed, places or set()))
    except (RecordsError, FolderInUseError) as error:
        _fail(str(error), 1)
    except RecordsRefused as refusal:
        _fail(refusal.reason.en, 1)
    print("\n".join(lines))


async def _done(folder: Path, deed: Deed, places: set[str]) -> list[str]:
    async with Records.open(records_address(folder, os.environ), Clock().now_ns) as records:
        passwords = Passwords()
        log_in = LogInDesk(records, LogInTerms(), Clock(), passwords)
        await log_in.restore()
        return await deed(AccessDesk(records, log_in, places, passwords, Clock()), log_in)


def _grant(word: str) -> Grant:
    role, _, ropeway = word.partition("@")
    if role not in {one.value for one in Role}:
        _fail(f"no role '{role}'; there are {', '.join(Role)}", 2)
    return Grant(Role(role), ropeway or WHOLE_SITE)


def _line(one: Person) -> str:
    roles = ", ".join(f"{grant.role}@{grant.ropeway}" for grant in one.grants)
    state = "" if one.active else "  (not active)"
    return f"{one.login}  {one.name}  {roles or 'no role'}{state}"


def _fail(words: str, code: int) -> NoReturn:
    print(words, file=sys.stderr)
    raise typer.Exit(code)
