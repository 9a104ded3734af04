"""Measures how long a change of a register takes to reach a page's socket, monitor and all."""

import json
import math
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from websockets.exceptions import InvalidHandshake
from websockets.sync.client import ClientConnection, connect

from tests.benchmarks.cores import ended, on_core, used_s
from tests.benchmarks.load import LoadServer, load_server
from tests.benchmarks.measure import HERE, READER_CORE
from tests.benchmarks.plants import Job, site_table, toml
from tests.people import cookie_at, keep_person_in

START_S = 60.0
SETTLE_S = 5.0
FRAME_S = 5.0
NANOSECONDS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Delays:
    """Seconds from a register's change to the frame that shows it, one a device and change."""

    job: Job
    found_s: tuple[float, ...]
    core_pct: float

    def percentile_s(self, share: float) -> float:
        """Return the delay that `share` of them do not pass."""
        ordered = sorted(self.found_s)
        return ordered[max(0, math.ceil(len(ordered) * share) - 1)]


def measure_frames(job: Job, watch_s: float) -> Delays:
    """Run the whole monitor (history, rules, records, web) on `job`, and watch its live socket.

    The registers change at intervals that no multiple of the period meets, so that
    changes come at any time between two reads and between two frames.
    """
    step_ms = int(job.period_s * 2300) + 37
    with (
        load_server(job.devices, step_ms) as server,
        tempfile.TemporaryDirectory() as folder,
        monitor(job, server, Path(folder)) as (process, port),
        page_of(process, port) as page,
    ):
        _watch(page, server, job, SETTLE_S)
        began_s, used = time.monotonic(), used_s(process.pid)
        found_s = _watch(page, server, job, watch_s)
        core_pct = (used_s(process.pid) - used) / (time.monotonic() - began_s) * 100
        return Delays(job, tuple(found_s), core_pct)


def _watch(page: ClientConnection, server: LoadServer, job: Job, watch_s: float) -> list[float]:
    """Return a delay for each device and each step that began while we watched."""
    seen_from = server.counts().step + 1
    shown: dict[int, int] = {}
    found_s: list[float] = []
    until = time.monotonic() + watch_s
    while time.monotonic() < until:
        frame = json.loads(page.recv(FRAME_S))
        arrived_ns = time.time_ns()
        if frame["kind"] != "delta":
            continue
        for slot, value in zip(frame["slots"], frame["values"], strict=True):
            # The first tag of each device is register 0: it holds the step itself.
            if slot % job.tags or value is None or value < seen_from:
                continue
            step = int(value)
            if shown.get(slot) != step:
                shown[slot] = step
                found_s.append((arrived_ns - server.stepped_ns(step)) / NANOSECONDS)
    return found_s


@contextmanager
def monitor(
    job: Job, server: LoadServer, folder: Path, more: Mapping[str, str] | None = None
) -> Iterator[tuple["subprocess.Popen[str]", int]]:
    """Run the whole monitor on `job`, with `more` in its environment; give its port."""
    site = folder / "site.toml"
    site.write_text(toml(site_table(job, server.ports)), "utf-8")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    keep_person_in(folder / "kept", {})
    cookie_at.cache_clear()  # another monitor may have had this very port
    words = ["run", str(site), "--data", str(folder / "kept"), "--port", str(port)]
    process = subprocess.Popen(
        on_core(READER_CORE, [sys.executable, "-m", "api.cli", *words]),
        stdout=subprocess.DEVNULL,
        text=True,
        cwd=HERE,
        env={**os.environ, **(more or {})},
    )
    try:
        yield process, port
    finally:
        ended(process)


@contextmanager
def page_of(process: "subprocess.Popen[str]", port: int) -> Iterator[ClientConnection]:
    """Open the live socket of a monitor."""
    with _opened(process, port) as page:
        yield page


def _opened(process: "subprocess.Popen[str]", port: int) -> ClientConnection:
    """Return the live socket as soon as the monitor listens."""
    until = time.monotonic() + START_S
    address = f"ws://127.0.0.1:{port}/api/live"
    while True:
        try:
            cookie = {"cookie": cookie_at(f"http://127.0.0.1:{port}")}
            return connect(address, additional_headers=cookie, max_size=None, proxy=None)
        except (OSError, InvalidHandshake):
            if process.poll() is not None or time.monotonic() > until:
                raise
            time.sleep(0.2)
