"""OPC UA notifications over a real socket: `python -m tests.benchmarks.opcua_socket`."""

import asyncio
import json
import logging
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from random import Random

import numpy as np
import structlog
import uvloop

from collector.board import Board
from collector.clock import Clock
from collector.drivers.opcua import OpcUaDriver
from collector.gaps import GapLedger
from collector.model import Quality, Scan
from collector.supervisor import Supervisor, Surroundings
from tests.benchmarks.cores import ended, memory_mb, on_core, used_s
from tests.benchmarks.load import SERVER_CORE
from tests.benchmarks.measure import HERE, READER_CORE, Pace
from tests.contract.opcua_parts import device_with

TAGS = 6000
ANSWERS_A_ROUND = 6
PACE = Pace(settle_s=6.0, window_s=6.0, windows=3)
FLUSH_S = 1.2
CAPACITY = 4096


class Tally:
    """A subscriber that counts: each tag's values must go up by one, good, without a hole."""

    def __init__(self, tags: int) -> None:
        self.good = self.bad = self.holes = 0
        self._last = np.zeros(tags)

    def take(self, scan: Scan) -> None:
        """Count one scan; what only confirms a value is no sample of its own."""
        order = np.argsort(scan.slots, kind="stable")
        slots, values = scan.slots[order], scan.values[order]
        before = self._last[slots]
        before[1:] = np.where(slots[1:] == slots[:-1], values[:-1], before[1:])
        news = values != before
        self.holes += int((news & (values != before + 1)).sum())
        self.good += int((news & (scan.quality[order] == Quality.GOOD)).sum())
        self.bad += int((scan.quality != Quality.GOOD).sum())
        self._last[slots] = values


async def read(port: int, tags: int) -> None:
    """Read by the product's own parts: Supervisor, OpcUaDriver, Board, one subscriber."""
    logging.disable()  # the server behind ends its session, of which it hears nothing
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    device = device_with(port, [f"n{number}" for number in range(tags)], scan_s=1.0)
    clock, board, tally = Clock(), Board(tags), Tally(tags)
    heard = board.subscribe("benchmark", CAPACITY)
    around = Surroundings(clock, board.publish, GapLedger(lambda _: None), Random(1))
    supervisor = Supervisor(device, OpcUaDriver(device, 0, clock), around, 0.0)

    def say() -> None:
        told = supervisor.told()
        counts = {"good": tally.good, "bad": tally.bad, "holes": tally.holes}
        counts |= {"dropped": heard.dropped, "skipped": supervisor.health.skipped}
        counts |= {name: int(told[name]) for name in ("samples", "answers_missed", "overflows")}
        print(json.dumps(counts), flush=True)

    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, say)
    running = asyncio.create_task(supervisor.run())
    while not running.done():
        for scan in await heard.take():
            tally.take(scan)


@dataclass(frozen=True, slots=True)
class Sustained:
    """What arrived of what was sent, and the share of a core that it took in each window."""

    sent: int
    counts: dict[str, int]
    core_pct: tuple[float, ...]
    memory_mb: float


def sustain(rate: float, tags: int = TAGS, pace: Pace = PACE) -> Sustained:
    """Publish `rate` samples a second and read them, each program on a core of its own."""
    samples = tags // ANSWERS_A_ROUND
    publisher = _started(SERVER_CORE, "opcua_publisher", tags, samples, rate / samples)
    reader = _started(READER_CORE, "opcua_socket", "read", _line(publisher), tags)
    try:
        time.sleep(pace.settle_s)
        shares = []
        for _ in range(pace.windows):
            window_begun_s, used = time.monotonic(), used_s(reader.pid)
            time.sleep(pace.window_s)
            spent_s = time.monotonic() - window_begun_s
            shares.append((used_s(reader.pid) - used) / spent_s * 100)
        publisher.send_signal(signal.SIGUSR1)
        sent = int(_line(publisher))
        time.sleep(FLUSH_S)
        memory = memory_mb(reader.pid)
        reader.send_signal(signal.SIGUSR1)
        counts: dict[str, int] = json.loads(_line(reader))
        return Sustained(sent, counts, tuple(shares), memory)
    finally:
        ended(reader)
        ended(publisher)


def _started(core: int, module: str, *words: object) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", f"tests.benchmarks.{module}", *map(str, words)]
    return subprocess.Popen(on_core(core, command), stdout=subprocess.PIPE, text=True, cwd=HERE)


def _line(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def main() -> None:
    """Measure at rising rates, one line each."""
    for rate in (60_000, 240_000):
        found = sustain(rate)
        low, middle, high = sorted(found.core_pct)
        kept = found.counts
        print(
            f"{rate:,} notifications/s: {kept['good']:,} of {found.sent:,} sent came good, "
            f"{kept['holes']} holes, {kept['dropped']} scans dropped, "
            f"{kept['answers_missed']} answers missed, {kept['overflows']} overflows, "
            f"{kept['skipped']} ticks skipped; {middle:.1f} [{low:.1f}..{high:.1f}] % of a core, "
            f"{found.memory_mb:.0f} MB",
            flush=True,
        )


if __name__ == "__main__":
    if sys.argv[1:2] == ["read"]:
        uvloop.run(read(int(sys.argv[2]), int(sys.argv[3])))
    else:
        main()
