"""Measures a program that reads from the load server: what it costs, and what it reaches."""

import json
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.benchmarks.cores import ended, memory_mb, on_core, used_s
from tests.benchmarks.load import LoadServer, load_server
from tests.benchmarks.plants import Job

READER_CORE = 0
START_S = 90.0
HERE = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Pace:
    """How long a program is let run before it is measured, and measured."""

    settle_s: float = 4.0
    window_s: float = 6.0
    windows: int = 3


@dataclass(frozen=True, slots=True)
class Window:
    """What one window showed; `late` counts reads that were left out or came too late."""

    us_per_tag: float
    core_pct: float
    tags_per_s: float
    late: int | None
    late_p99_ms: float | None
    good_share: float | None


@dataclass(frozen=True, slots=True)
class Figure:
    """The median of some windows, with the least and the most."""

    median: float
    least: float
    most: float

    def words(self, digits: int) -> str:
        """Say it as people compare it: 1.23 [1.20..1.31]."""
        return f"{self.median:,.{digits}f} [{self.least:,.{digits}f}..{self.most:,.{digits}f}]"


@dataclass(frozen=True, slots=True)
class Measured:
    """All windows of one program at one job."""

    name: str
    job: Job
    windows: tuple[Window, ...]
    memory_mb: float

    def figure(self, of: Callable[[Window], float]) -> Figure:
        """Return one figure over the windows."""
        found = [of(one) for one in self.windows]
        return Figure(statistics.median(found), min(found), max(found))

    @property
    def us(self) -> Figure:
        """Processor microseconds for each tag read."""
        return self.figure(lambda one: one.us_per_tag)

    @property
    def rate(self) -> Figure:
        """Tags read in a second."""
        return self.figure(lambda one: one.tags_per_s)

    @property
    def core(self) -> Figure:
        """Share of one core, per cent."""
        return self.figure(lambda one: one.core_pct)

    @property
    def late(self) -> int:
        """Reads left out or late, in all windows, as far as the program tells."""
        return sum(one.late or 0 for one in self.windows)


Said = Callable[[], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Watched:
    """A process that reads from a server; `said` tells what it did since it was last asked."""

    server: LoadServer
    pid: int
    said: Said


def measure_reader(name: str, kind: str, loop: str, job: Job, pace: Pace) -> Measured:
    """Measure one of our reader programs on a fresh load server."""
    with load_server(job.devices) as server, _reader(kind, loop, job, server) as process:

        def said() -> dict[str, Any]:
            assert process.stdout is not None
            process.send_signal(signal.SIGUSR1)
            line = process.stdout.readline()
            if not line:
                message = f"{name}: the reader ended; what it said stands above"
                raise RuntimeError(message)
            found: dict[str, Any] = json.loads(line)
            return found

        return measured(name, job, Watched(server, process.pid, said), pace)


@contextmanager
def _reader(
    kind: str, loop: str, job: Job, server: LoadServer
) -> Iterator["subprocess.Popen[str]"]:
    words = [kind, loop, str(job.devices), str(job.tags), str(job.period_s)]
    words += ["mixed" if job.mixed else "full", *map(str, server.ports)]
    command = on_core(READER_CORE, [sys.executable, "-m", "tests.benchmarks.readers", *words])
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=HERE)
    try:
        wait_until_all_read(process, server)
        yield process
    finally:
        ended(process)


def wait_until_all_read(process: "subprocess.Popen[str]", server: LoadServer) -> None:
    """A large site takes seconds to be built; measuring begins once every device is read."""
    until = time.monotonic() + START_S
    while server.counts().connections < len(server.ports):
        if process.poll() is not None or time.monotonic() > until:
            message = f"the reader {process.args!r} did not connect to every device"
            raise RuntimeError(message)
        time.sleep(0.1)


def measured(name: str, job: Job, watched: Watched, pace: Pace) -> Measured:
    """Let the process settle, then measure it window by window."""
    time.sleep(pace.settle_s)
    watched.said()
    windows = tuple(_window(job, watched, pace.window_s) for _ in range(pace.windows))
    return Measured(name, job, windows, memory_mb(watched.pid))


def _window(job: Job, watched: Watched, window_s: float) -> Window:
    server, pid = watched.server, watched.pid
    began_s, used, before = time.monotonic(), used_s(pid), server.counts()
    time.sleep(window_s)
    spent_s = used_s(pid) - used
    after = server.counts()
    span_s = time.monotonic() - began_s
    told = watched.said()
    # Holes that are read through are no tags: then only the program knows how many it read.
    tags = told["samples"] if job.mixed else after.registers - before.registers
    return Window(
        us_per_tag=spent_s / max(1, tags) * 1e6,
        core_pct=spent_s / span_s * 100,
        tags_per_s=tags / span_s,
        late=told["skipped"] + told.get("dropped", 0) if "skipped" in told else None,
        late_p99_ms=told.get("late_p99_ms"),
        good_share=told["good"] / told["samples"] if told.get("good") else None,
    )
