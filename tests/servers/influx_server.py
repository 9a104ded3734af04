"""A throw-away InfluxDB of either generation on a free port, and the means to read it back."""

import os
import shutil
import signal
import subprocess
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.ports import free_port
from tests.servers.make import cache_folder

ORG = "ropewatch"
USER, PASSWORD = "tester", "a-long-enough-word"
TOKENS = {2: "test-token-of-a-throw-away-server", 1: f"{USER}:{PASSWORD}"}
PROGRAMS = {2: "influxd", 1: "influxd1"}
START_S = 30.0
STOP_S = 20.0

# (measurement, tags as sorted pairs, nanoseconds, field) -> value
Points = dict[tuple[str, tuple[tuple[str, str], ...], int, str], float]


def find_influxd(generation: int = 2) -> Path | None:
    """Return the server's program: on the PATH, else built into the cache folder."""
    name = PROGRAMS[generation]
    found = shutil.which(name)
    if found:
        return Path(found)
    built = cache_folder() / name
    return built if os.access(built, os.X_OK) else None


GENERATION_1 = """
reporting-disabled = true
bind-address = "127.0.0.1:0"
[meta]
dir = "{folder}/meta"
[data]
dir = "{folder}/data"
wal-dir = "{folder}/wal"
[http]
bind-address = "127.0.0.1:{port}"
auth-enabled = true
log-enabled = false
[monitor]
store-enabled = false
"""


@dataclass(frozen=True, slots=True)
class Account:
    """A server that runs, with what is needed to use it."""

    url: str
    token: str
    org: str
    generation: int = 2

    @contextmanager
    def bucket(self) -> Iterator[str]:
        """Give a bucket of its own, gone at the end; in generation 1 a database's policy."""
        name = f"test_{uuid.uuid4().hex}"
        if self.generation == 1:
            self.ask(f'CREATE DATABASE "{name}"')
            try:
                yield f"{name}/autogen"
            finally:
                self.ask(f'DROP DATABASE "{name}"')
            return
        with self._client() as client:
            organisations = client.get("/api/v2/orgs").raise_for_status().json()["orgs"]
            owner = next(one["id"] for one in organisations if one["name"] == self.org)
            made = client.post("/api/v2/buckets", json={"orgID": owner, "name": name})
            identity = made.raise_for_status().json()["id"]
        try:
            yield name
        finally:
            # A server that a test has stopped keeps no bucket for anybody.
            with suppress(httpx.ConnectError), self._client() as client:
                client.delete(f"/api/v2/buckets/{identity}").raise_for_status()

    def ask(self, statement: str, **more: str) -> list[dict[str, Any]]:
        """Return the series that an InfluxQL statement gives."""
        with self._client() as client:
            answer = client.post("/query", params={"q": statement, **more}).raise_for_status()
        found: list[dict[str, Any]] = []
        for result in answer.json()["results"]:
            if "error" in result:
                raise AssertionError(result["error"])
            found += result.get("series", [])
        return found

    def points(self, bucket: str, span_ns: tuple[int, int] | None = None) -> Points:
        """Return every point that `bucket` holds, or those in a span, both ends included."""
        where = f" WHERE time >= {span_ns[0]} AND time <= {span_ns[1]}" if span_ns else ""
        statement = f"SELECT * FROM /.*/{where} GROUP BY *"
        found: Points = {}
        for series in self.ask(statement, db=bucket.split("/", maxsplit=1)[0], epoch="ns"):
            tags = tuple(sorted(series.get("tags", {}).items()))
            for instant, *values in series["values"]:
                for field, value in zip(series["columns"][1:], values, strict=True):
                    if value is not None:
                        found[series["name"], tags, instant, field] = value
        return found

    def write(self, bucket: str, lines: str) -> None:
        """Write line protocol past Ropewatch, to plant something."""
        where = {"bucket": bucket, "org": self.org, "precision": "ns"}
        with self._client() as client:
            client.post("/api/v2/write", params=where, content=lines).raise_for_status()

    def _client(self) -> httpx.Client:
        credentials = {"Authorization": f"Token {self.token}"}
        return httpx.Client(base_url=self.url, headers=credentials, timeout=30.0, trust_env=False)


class Influxd:
    """A server of our own in `folder`: start, stop, kill and start again on the same data."""

    def __init__(self, program: Path, folder: Path, generation: int = 2) -> None:
        self._program = program
        self._folder = folder
        self._generation = generation
        self._process: subprocess.Popen[bytes] | None = None
        self._port = free_port()
        self._set_up = False

    @property
    def account(self) -> Account:
        """Where it listens and what opens it."""
        url = f"http://127.0.0.1:{self._port}"
        return Account(url, TOKENS[self._generation], ORG, self._generation)

    def start(self) -> None:
        """Start it and wait until it answers; the first time makes the organisation."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / "influxd.log").open("ab") as log:
            self._process = subprocess.Popen(
                self._command(),
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self._wait_until_ready()
        if not self._set_up:
            self._make_account()
            self._set_up = True

    def _command(self) -> list[str]:
        folder = self._folder
        if self._generation == 1:
            settings = folder / "influxd.conf"
            settings.write_text(GENERATION_1.format(folder=folder, port=self._port), "utf-8")
            return [str(self._program), "-config", str(settings)]
        return [
            str(self._program),
            f"--bolt-path={folder / 'influxd.bolt'}",
            f"--sqlite-path={folder / 'influxd.sqlite'}",
            f"--engine-path={folder / 'engine'}",
            f"--http-bind-address=127.0.0.1:{self._port}",
            "--reporting-disabled",
        ]

    def stop(self) -> None:
        """Ask it to end and wait until it has."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it as a power cut would."""
        self._end(signal.SIGKILL)

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(how)
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _wait_until_ready(self) -> None:
        assert self._process is not None
        until = time.monotonic() + START_S
        with httpx.Client(trust_env=False) as client:
            while time.monotonic() < until:
                if self._process.poll() is not None:
                    raise AssertionError(f"influxd ended: see {self._folder}/influxd.log")
                try:
                    answer = client.get(f"{self.account.url}/health", timeout=2.0)
                    if answer.status_code == 200:
                        return
                except httpx.TransportError:
                    pass
                time.sleep(0.05)
        raise AssertionError(f"influxd did not answer within {START_S:g} s")

    def _make_account(self) -> None:
        url = self.account.url
        if self._generation == 1:
            # The first user may be made by anybody; from then on one needs a name.
            statement = f"CREATE USER {USER} WITH PASSWORD '{PASSWORD}' WITH ALL PRIVILEGES"
            answer = httpx.post(f"{url}/query", params={"q": statement}, trust_env=False)
        else:
            wanted = {"username": USER, "password": PASSWORD, "org": ORG, "bucket": "first"}
            wanted["token"] = self.account.token
            answer = httpx.post(f"{url}/api/v2/setup", json=wanted, timeout=30.0, trust_env=False)
        answer.raise_for_status()
