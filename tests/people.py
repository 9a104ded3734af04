"""The people of the tests: one who may do everything, and how anybody gets in."""

import asyncio
import json
import threading
import urllib.request
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

from argon2 import PasswordHasher

from analytics.people import Grant, Grants, Person, Role
from analytics.records import Records
from analytics.records.address import records_address
from collector.clock import Clock

LOGIN, NAME, PASSWORD = "wanglei", "值班领导 王磊", "correct horse 电池"
EVERYTHING: Grants = tuple(Grant(role) for role in Role)
ONE_AT_A_TIME = threading.Lock()
# A hash says by itself how dear it was: these are cheap, the product's are not.
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


def a_person(
    login: str = LOGIN, name: str = NAME, grants: Grants = EVERYTHING, *, one_time: bool = False
) -> Person:
    return Person(0, login, name, grants, True, one_time, 1, "test")


async def keep_person(records: Records, person: Person | None = None) -> Person:
    """Keep a person whose password is PASSWORD."""
    return await records.people.add(person or a_person(), CHEAP.hash(PASSWORD))


def keep_person_in(folder: Path, environment: Mapping[str, str]) -> None:
    """Keep the person in the records of a monitor that does not run."""

    async def keep() -> None:
        async with Records.open(records_address(folder, environment), Clock().now_ns) as records:
            if not await records.people.listed():
                await keep_person(records)

    # Playwright's loop may run in this thread already. Migrations are Alembic's, whose
    # context is one for the process: two rehearsals begin one after the other.
    with ONE_AT_A_TIME, ThreadPoolExecutor(1) as own:
        own.submit(lambda: asyncio.run(keep())).result()


@cache
def cookie_at(url: str, login: str = LOGIN, password: str = PASSWORD) -> str:
    """Return the session cookie of a log-in at a running monitor, as `name=value`."""
    request = urllib.request.Request(
        f"{url}/api/session",
        data=json.dumps({"login": login, "password": password}).encode(),
        headers={"content-type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=20) as answer:
        return str(answer.headers["set-cookie"]).split(";", 1)[0]
