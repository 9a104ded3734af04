"""Measures the whole monitor at work: polls, decodes, judges, keeps, seals, shows, sends."""

import os
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection

from tests.benchmarks.frames import monitor, page_of
from tests.benchmarks.load import SERVER_CORE, load_server
from tests.benchmarks.measure import Measured, Pace, Watched, measured, wait_until_all_read
from tests.benchmarks.plants import Job
from tests.people import cookie_at
from tests.servers.influx_server import Account

# A segment is cut at four million samples: at 100,000 a second each window sees one sealed.
SEALING_PACE = Pace(settle_s=45.0, window_s=40.0, windows=3)
RAMP_PACE = Pace(settle_s=20.0, window_s=20.0, windows=2)
SHORT_BY = 0.999
SEGMENTS_BEHIND = 2


@dataclass(frozen=True, slots=True)
class Whole:
    """What the whole monitor cost at a job, and what it kept meanwhile."""

    measured: Measured
    segments: int
    unsealed: int
    frames: int
    dropped: int
    behind: int
    history_late_p99_ms: float

    @property
    def held(self) -> bool:
        """Whether it kept up: every cycle begun in time, nothing lost, sealing not behind."""
        one = self.measured
        return (
            one.late == 0
            and self.dropped == 0
            and one.rate.least >= SHORT_BY * one.job.wanted_per_s
            and self.unsealed <= SEGMENTS_BEHIND * 4_000_000
        )

    def words(self) -> str:
        """Say beside what else it was measured."""
        sent = f", {self.behind:,} scans not yet in InfluxDB" if self.behind else ""
        return (
            f"{self.measured.name}, {self.measured.job.words()}: {self.segments} segments sealed, "
            f"{self.unsealed:,} samples not yet, {self.frames:,} frames to one client, "
            f"{self.dropped} scans dropped, commits late by {self.history_late_p99_ms:.0f} ms "
            f"at the 99th percentile{sent}"
        )


@dataclass(slots=True)
class Told:
    """What the health route told last."""

    port: int
    skipped: int = 0
    table: dict[str, Any] = field(default_factory=dict)

    def said(self) -> dict[str, Any]:
        """Return what was left out since the last time, as the readers say it."""
        address = f"http://127.0.0.1:{self.port}"
        answer = httpx.get(
            f"{address}/api/health",
            headers={"cookie": cookie_at(address)},
            timeout=30.0,
            trust_env=False,
        )
        self.table = answer.raise_for_status().json()
        devices = self.table["devices"]
        total = sum(one["skipped"] for one in devices)
        since, self.skipped = total - self.skipped, total
        return {"skipped": since, "late_p99_ms": max(one["lateness_p99_ms"] for one in devices)}

    @property
    def dropped(self) -> int:
        """Scans that a subscriber or the history lost since the start."""
        readers = sum(one["dropped"] for one in self.table["subscribers"])
        return int(readers + self.table["history"]["dropped"])

    @property
    def behind(self) -> int:
        """Scans that InfluxDB has not got yet."""
        influx = self.table["influx"]
        return int(influx["backlog_scans"]) if influx else 0


def influx_environment(account: Account, bucket: str) -> dict[str, str]:
    """Return the settings with which the monitor feeds a bucket."""
    return {
        "INFLUXDB_URL": account.url,
        "INFLUXDB_TOKEN": account.token,
        "INFLUXDB_ORG": account.org,
        "INFLUXDB_BUCKET": bucket,
    }


def measure_whole(name: str, job: Job, pace: Pace, more: Mapping[str, str] | None = None) -> Whole:
    """Run `ropewatch run` on `job` with one page open, and measure its process alone."""
    with (
        load_server(job.devices) as server,
        TemporaryDirectory() as folder,
        monitor(job, server, Path(folder), more) as (process, port),
    ):
        wait_until_all_read(process, server)
        with page_of(process, port) as page, _shown(page) as frames:
            told = Told(port)
            found = measured(name, job, Watched(server, process.pid, told.said), pace)
            segments, unsealed = _sealed(Path(folder) / "kept" / "history.sqlite")
        return Whole(
            measured=found,
            segments=segments,
            unsealed=unsealed,
            frames=len(frames),
            dropped=told.dropped,
            behind=told.behind,
            history_late_p99_ms=told.table["history"]["late_p99_ms"],
        )


@contextmanager
def _shown(page: ClientConnection) -> Iterator[list[int]]:
    """Take every frame, as a browser does, on the load server's core; give their sizes."""
    sizes: list[int] = []

    def take() -> None:
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cores[min(SERVER_CORE, len(cores) - 1)]})
        with suppress(ConnectionClosed, OSError):
            while True:
                sizes.append(len(page.recv()))

    taking = threading.Thread(target=take, daemon=True)
    taking.start()
    yield sizes
    page.close()
    taking.join()


def _sealed(path: Path) -> tuple[int, int]:
    """Return how many segments a history has, and how many samples are not in one."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        (segments, last) = connection.execute(
            "SELECT count(*), coalesce(max(to_seq), 0) FROM segment"
        ).fetchone()
        (unsealed,) = connection.execute(
            "SELECT coalesce(sum(length(figures)) / 8, 0) FROM scan WHERE seq > ?", (last,)
        ).fetchone()
    return int(segments), int(unsealed)


def ramp(name: str, steps: tuple[int, ...], pace: Pace) -> Iterator[Whole]:
    """Yield the whole monitor at more and more devices, until it does not hold a step."""
    for devices in steps:
        whole = measure_whole(name, Job(devices, 1000, 0.1), pace)
        yield whole
        if not whole.held:
            return
