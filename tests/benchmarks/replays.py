"""Measures what replays under way do to collecting, on the very core that collects."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from typing import Any

import httpx

from tests.benchmarks.frames import monitor
from tests.benchmarks.load import load_server
from tests.benchmarks.measure import Measured, Pace, Watched, measured, wait_until_all_read
from tests.benchmarks.plants import Job
from tests.benchmarks.table import Goal
from tests.benchmarks.whole import Told
from tests.people import cookie_at

COLLECTED = Job(devices=10, tags=1000, period_s=0.1)
ALONE_PACE = Pace(settle_s=30.0, window_s=15.0, windows=3)
BESIDE_PACE = Pace(settle_s=5.0, window_s=15.0, windows=3)
DAY_MS = 86_400_000
LOOK_EVERY_S = 0.2
RULES = """
[[rule]]
id = "high"
kind = "limit"
tags = ["line.d0.t0", "line.d1.t0"]
high = 60000.0
priority = 2
consequence = { zh = "测", en = "measured" }
response = { zh = "测", en = "measured" }
respond_within_s = 60
source = "measured"
"""


@dataclass(slots=True)
class Asked:
    """The replays that were asked for: how many were finished, and how many scans they judged."""

    finished: int = 0
    scans: int = 0
    faults: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Beside:
    """Collecting alone, and the same with one replay after the other."""

    alone: Measured
    beside: Measured
    asked: Asked

    def lines(self) -> Iterator[str]:
        """Yield the lines of a report."""
        yield f"{COLLECTED.words()}, one replay of all that is kept after the other:"
        yield ""
        yield "| | % of a core, replay not counted | scans late, p99 ms | cycles left out |"
        yield "| --- | --- | --- | --- |"
        for words, one in (("alone", self.alone), ("beside replays", self.beside)):
            late_ms = max(window.late_p99_ms or 0.0 for window in one.windows)
            yield f"| {words} | {one.core.words(1)} | {late_ms:.1f} | {one.late} |"
        yield ""
        yield f"{self.asked.finished} replays of {self.asked.scans:,} scans together"
        yield ""
        words = "cycles left out beside replays, as many as alone"
        yield Goal(words, self.beside.late, self.alone.late).say()


def measure_replays(job: Job = COLLECTED) -> Beside:
    """Run the whole monitor on `job`, alone and then with replays without a pause."""
    with (
        load_server(job.devices) as server,
        TemporaryDirectory() as folder,
        monitor(job, server, Path(folder)) as (process, port),
    ):
        wait_until_all_read(process, server)
        watched = Watched(server, process.pid, Told(port).said)
        alone = measured("alone", job, watched, ALONE_PACE)
        with _replaying(port) as asked:
            beside = measured("beside replays", job, watched, BESIDE_PACE)
        if asked.faults or not asked.finished:
            message = f"the replays did not go as they should: {asked.faults}"
            raise RuntimeError(message)
        return Beside(alone, beside, asked)


@contextmanager
def _replaying(port: int) -> Iterator[Asked]:
    """Ask for one replay after the other while the body lasts."""
    asked, ended = Asked(), Event()
    address = f"http://127.0.0.1:{port}"
    headers = {"cookie": cookie_at(address)}
    with httpx.Client(base_url=address, headers=headers, timeout=30, trust_env=False) as client:
        wish = {"text": RULES, "why": "measured"}
        number = client.post("/api/rule-sets", json=wish).raise_for_status().json()["id"]
        asking = threading.Thread(target=_ask, args=(client, number, asked, ended))
        asking.start()
        try:
            yield asked
        finally:
            ended.set()
            asking.join()


def _ask(client: httpx.Client, number: int, asked: Asked, ended: Event) -> None:
    now_ms = client.get("/api/health").raise_for_status().json()["now_ms"]
    span = {"from_ms": now_ms - DAY_MS, "to_ms": now_ms + DAY_MS}
    path = f"/api/rule-sets/{number}/replay"
    while not ended.is_set():
        client.post(path, json=span).raise_for_status()
        job = _awaited(client, ended)
        if job["state"] == "failed":
            asked.faults.append(job["words"])
            return
        if job["state"] == "done":
            asked.finished += 1
            found = client.get(f"/api/rule-sets/{number}").raise_for_status().json()
            asked.scans += found["replayed"]["scans"]
    client.post("/api/rule-sets/replay/call-off")  # 409 where the last one is just over


def _awaited(client: httpx.Client, ended: Event) -> dict[str, Any]:
    """Return the replay once it is over, or as it stands when all is to end."""
    while True:
        answer = client.get("/api/rule-sets/replay").raise_for_status().json()
        job: dict[str, Any] = answer["replay"]
        if job["state"] != "running" or ended.wait(LOOK_EVERY_S):
            return job


def report_replays() -> Iterator[str]:
    """Measure it and yield the report."""
    yield from measure_replays().lines()
