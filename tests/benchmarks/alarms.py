"""Measures how long an alarm takes to be kept and told, and how long a day takes to judge again."""

import asyncio
import gc
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from analytics.config import Judging
from analytics.engine import QUEUE, Engine
from analytics.model import Alarm
from analytics.records import Records
from analytics.replay import Replay, stored_scans
from api.live import LiveClient, LiveFeed
from collector.board import Board
from collector.clock import Clock
from collector.garbage import never_look, set_aside_what_stays
from collector.history.sealer import Sealer
from collector.model import NANOSECONDS, Scan
from tests.benchmarks.keeping import BEGIN_NS, LATER, opened
from tests.benchmarks.plants import Job, plant
from tests.benchmarks.table import Goal

ALARMS = Job(devices=100, tags=100, period_s=0.1)
REPLAYED = Job(devices=10, tags=30, period_s=1.0)
AT_ONCE = 5
CALM = 10.0
HIGH = 20.0
SHARE_RAISED = 0.005
SETTLE_TICKS = 20
SEED = 3
MOST_MS = 50.0
MOST_REPLAY_S = 10.0


@dataclass(slots=True)
class Told:
    """When each alarm's sample came, and how much later it was on the disk and on the socket."""

    begun_s: dict[str, float] = field(default_factory=dict)
    kept_ms: dict[str, float] = field(default_factory=dict)
    shown_ms: dict[str, float] = field(default_factory=dict)
    rate: float = 0.0
    dropped: int = 0

    def note(self, found: dict[str, float], source: str, at_s: float) -> None:
        """Note that an alarm has come this far, the first time that it has."""
        if source in self.begun_s and source not in found:
            found[source] = (at_s - self.begun_s[source]) * 1000

    def lines(self) -> Iterator[str]:
        """Yield the lines of a table, and what was wanted."""
        yield "| sample to | alarms | p50 ms | p99 ms | longest ms |"
        yield "| --- | --- | --- | --- | --- |"
        parts = (("on the disk", self.kept_ms), ("on a page's socket", self.shown_ms))
        for words, found in parts:
            p50, p99, longest = np.percentile(list(found.values()), [50, 99, 100])
            yield f"| {words} | {len(found)} | {p50:.1f} | {p99:.1f} | {longest:.1f} |"
        yield ""
        yield f"{self.rate:,.0f} samples/s, {self.dropped} scans dropped"
        yield ""
        p99_ms = float(np.percentile(list(self.shown_ms.values()), 99))
        yield Goal("sample to a page's socket, p99", p99_ms, MOST_MS, " ms").say()


def judging_of(job: Job, on_delay_s: float = 0.0) -> Judging:
    """Return one limit for each tag of `job`."""
    words = {"zh": "测", "en": "measured"}
    rules = [
        {
            "id": f"r{device}_{number}",
            "kind": "limit",
            "tag": f"line.d{device}.t{number}",
            "high": HIGH,
            "deadband": 1.0,
            "on_delay_s": on_delay_s,
            "priority": 2,
            "consequence": words,
            "response": words,
            "respond_within_s": 60,
            "source": "measured",
        }
        for device in range(job.devices)
        for number in range(job.tags)
    ]
    return Judging.model_validate({"rule": rules})


def measure_alarms(job: Job, watch_s: float) -> Told:
    """Publish `job`'s scans in this process, some beyond their limits, and watch the alarms.

    Engine, records on the disk and live feed are the real ones; the scans come from no
    socket and a page is the queue that its socket is written from.
    """
    with TemporaryDirectory() as folder:
        return asyncio.run(_measured(job, watch_s, Path(folder)))


async def _measured(job: Job, watch_s: float, folder: Path) -> Told:
    of = plant(job, range(1, job.devices + 1))
    clock, board, told = Clock(), Board(job.devices * job.tags), Told()
    async with Records.open(folder / "records.sqlite", clock.now_ns) as records:
        scans = board.subscribe("engine", QUEUE)
        engine = Engine(of, judging_of(job), records, scans, clock)
        await engine.restore()

        def kept(alarm: Alarm) -> None:
            told.note(told.kept_ms, alarm.source, time.perf_counter())

        engine.tell(kept)
        live = LiveFeed(of, board, engine, clock, lambda: job.devices)
        set_aside_what_stays()  # as `ropewatch run` does
        tasks = [
            asyncio.create_task(one)
            for one in (engine.run(), live.run(), _read(live.join(), live, told))
        ]
        await _publish(job, watch_s, board, told)
        await asyncio.sleep(1.0)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        told.dropped = engine.dropped
    return told


async def _read(page: LiveClient, live: LiveFeed, told: Told) -> None:
    while True:
        frame = await page.next_frame(live.snapshot)
        at_s = time.perf_counter()
        if b'"alarms":' not in frame:
            continue  # a page reads them elsewhere, on no core of ours
        for alarm in json.loads(frame)["alarms"]:
            told.note(told.shown_ms, alarm["source"], at_s)


async def _publish(job: Job, watch_s: float, board: Board, told: Told) -> None:
    rng = np.random.default_rng(SEED)
    quality = np.zeros(job.tags, dtype=np.uint8)
    began_s, count = time.perf_counter(), 0
    for tick in range(int(watch_s / job.period_s)):
        for device in range(job.devices):
            values = rng.normal(CALM, 1.0, job.tags)
            if tick > SETTLE_TICKS and rng.random() < SHARE_RAISED:
                number = int(rng.integers(job.tags))
                source = f"r{device}_{number}/line.d{device}.t{number}/H"
                values[number] = HIGH + 5.0
                told.begun_s.setdefault(source, time.perf_counter())
            first, now_ns = device * job.tags, time.time_ns()
            slots = np.arange(first, first + job.tags, dtype=np.int32)
            instants = np.full(job.tags, now_ns, dtype=np.int64)
            board.publish(Scan(slots, values, quality, instants, now_ns))
            count += job.tags
            if device % AT_ONCE == AT_ONCE - 1:
                due_s = began_s + (tick + (device + 1) / job.devices) * job.period_s
                await asyncio.sleep(max(0.0, due_s - time.perf_counter()))
    told.rate = count / (time.perf_counter() - began_s)


def measure_replay(job: Job, hours: float) -> tuple[int, float]:
    """Keep and seal so many hours of `job`, judge them again; return scans and seconds."""
    with TemporaryDirectory() as folder:
        return asyncio.run(_replayed(job, hours, Path(folder)))


async def _replayed(job: Job, hours: float, folder: Path) -> tuple[int, float]:
    of = plant(job, range(1, job.devices + 1))
    seconds = int(hours * 3600)
    async with opened(folder, of) as history:
        for second, scans in enumerate(_walk(job, seconds)):
            for scan in scans:
                history.append(scan)
            if second % 600 == 0:
                await history.committed()
        await history.committed()
        while await Sealer(history, LATER).seal():
            pass
        replay, count = Replay(of, judging_of(job, on_delay_s=3.0)), 0
        span = (BEGIN_NS, BEGIN_NS + (seconds + 1) * NANOSECONDS)
        never_look()  # as `ropewatch replay` does
        began_s = time.perf_counter()
        async for batch in stored_scans(history, of, *span):
            count += len(batch)
            await replay.see(batch)
        took_s = time.perf_counter() - began_s
        gc.enable()
        return count, took_s


def _walk(job: Job, seconds: int) -> Iterator[list[Scan]]:
    """Yield a scan of each device for each second; values walk far below every limit."""
    rng = np.random.default_rng(SEED)
    quality = np.zeros(job.tags, dtype=np.uint8)
    values = np.zeros((job.devices, job.tags))
    for second in range(seconds):
        values = np.clip(values + rng.integers(-2, 3, values.shape), -1000.0, CALM)
        scans = []
        for device in range(job.devices):
            slots = np.arange(device * job.tags, (device + 1) * job.tags, dtype=np.int32)
            at_ns = BEGIN_NS + second * NANOSECONDS + device * NANOSECONDS // job.devices
            instants = np.full(job.tags, at_ns, dtype=np.int64)
            scans.append(Scan(slots, values[device], quality, instants, at_ns + 2_000_000))
        yield scans


def report_alarms(watch_s: float = 60.0, hours: float = 24.0) -> Iterator[str]:
    """Measure both and yield the report."""
    yield f"Alarms at {ALARMS.words()}, a limit on each:"
    yield ""
    yield from measure_alarms(ALARMS, watch_s).lines()
    scans, took_s = measure_replay(REPLAYED, hours)
    words = f"{hours:g} h of {REPLAYED.words()} ({scans:,} scans) judged again"
    yield Goal(words, took_s, MOST_REPLAY_S, " s").say()
