"""What tests share, and the one place that decides what happens where something is not there."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import httpx
import pytest
from hypothesis import HealthCheck, settings
from playwright.sync_api import Browser, sync_playwright

from tests.databases import SERVER, give_back, make_template
from tests.servers.influx_server import PROGRAMS, Account, Influxd, find_influxd
from tests.servers.postgres_server import Postgres, PostgresError, find_postgres

# A property is no stop watch: machines are shared, and a slow moment proves nothing.
settings.register_profile("ropewatch", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("ropewatch")


def lacking(what: str) -> NoReturn:
    """Skip the test in one line; with CI=true fail it, for there everything must be there."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"CI=true and {what}", pytrace=False)
    pytest.skip(what)


@pytest.fixture(scope="session")
def needs_chromium() -> str:
    """The path of a Chromium that shows Chinese text."""
    named = os.environ.get("ROPEWATCH_TEST_CHROMIUM")
    found = named or shutil.which("chromium") or shutil.which("chromium-browser")
    if not found:
        lacking("no chromium: apt-get install chromium")
    if not _has_chinese_font():
        lacking("no Chinese font: apt-get install fonts-noto-cjk")
    return found


@pytest.fixture(scope="session")
def browser(needs_chromium: str) -> Iterator[Browser]:
    """The machine's own Chromium; one for all, as Playwright allows but one loop."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=needs_chromium, args=["--no-sandbox"])
        yield chromium
        chromium.close()


def _has_chinese_font() -> bool:
    lister = shutil.which("fc-list")
    if lister is None:
        return False
    answer = subprocess.run([lister, ":lang=zh-cn"], capture_output=True, check=False)
    return bool(answer.stdout.strip())


def influxd_of(generation: int) -> Path:
    """Return the program of a real InfluxDB, for tests that start and stop it themselves."""
    found = find_influxd(generation)
    if found is None:
        lacking(f"no {PROGRAMS[generation]} on the PATH or in the cache folder: make servers")
    return found


@pytest.fixture(scope="session")
def influxd_program() -> Path:
    """The program of a real InfluxDB 2."""
    return influxd_of(2)


@pytest.fixture(scope="session", params=[2, 1], ids=["influxdb2", "influxdb1"])
def influxd(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Account]:
    """A real InfluxDB of each generation: one named by the environment, else one of our own."""
    generation: int = request.param
    named = _named_account(generation)
    if named is not None:
        yield named
        return
    folder = tmp_path_factory.mktemp(PROGRAMS[generation])
    server = Influxd(influxd_of(generation), folder, generation)
    server.start()
    yield server.account
    server.stop()


def _named_account(generation: int) -> Account | None:
    which = "INFLUXDB" if generation == 2 else "INFLUXDB1"
    url = os.environ.get(f"ROPEWATCH_TEST_{which}_URL")
    token = os.environ.get(f"ROPEWATCH_TEST_{which}_TOKEN")
    if not url or not token:
        return None
    if generation == 1:
        return Account(url, token, "none", 1)
    org = os.environ.get("ROPEWATCH_TEST_INFLUXDB_ORG") or _first_org(url, token)
    return Account(url, token, org)


def _first_org(url: str, token: str) -> str:
    answer = httpx.get(f"{url}/api/v2/orgs", headers={"Authorization": f"Token {token}"})
    return str(answer.raise_for_status().json()["orgs"][0]["name"])


@pytest.fixture
def influx_bucket(influxd: Account) -> Iterator[str]:
    """A bucket of the running InfluxDB for one test alone."""
    with influxd.bucket() as name:
        yield name


@pytest.fixture
def own_influxd(influxd_program: Path, tmp_path: Path) -> Iterator[Influxd]:
    """A real InfluxDB 2 that this test may stop, kill and start again."""
    server = Influxd(influxd_program, tmp_path / "influxd")
    server.start()
    yield server
    server.stop()


@pytest.fixture(params=[2, 1], ids=["influxdb2", "influxdb1"])
def either_influxd(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Influxd]:
    """A real InfluxDB of each generation that this test may stop, kill and start again."""
    server = Influxd(influxd_of(request.param), tmp_path / "influxd", request.param)
    server.start()
    yield server
    server.stop()


def _postgres() -> Postgres:
    programs = find_postgres()
    if programs is None:
        lacking("no PostgreSQL: make environment-dev brings one")
    server = Postgres(programs)
    try:
        server.make()
        server.start()
    except PostgresError as error:
        server.remove()
        lacking(str(error))
    return server


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A real PostgreSQL for all tests of this process, with the records' tables in a template."""
    server = _postgres()
    try:
        make_template(server.url())
        yield server
    finally:
        server.remove()


@pytest.fixture
def own_postgres() -> Iterator[Postgres]:
    """A real PostgreSQL that this test may stop, kill and start again."""
    server = _postgres()
    yield server
    server.remove()


@pytest.fixture
def on_postgresql(postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Keep this test's records in PostgreSQL: see `tests.databases`."""
    monkeypatch.setenv(SERVER, postgres.url().render_as_string(hide_password=False))
    yield
    give_back(postgres.url())


@pytest.fixture(params=["sqlite", "postgresql"])
def either_database(request: pytest.FixtureRequest) -> str:
    """Keep this test's records in SQLite, then in PostgreSQL."""
    database: str = request.param
    if database == "postgresql":
        request.getfixturevalue("on_postgresql")
    return database
