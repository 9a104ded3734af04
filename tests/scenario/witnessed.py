"""Three witnesses of one site: what its devices served, what was kept, what InfluxDB holds."""

import asyncio
import os
import signal
import sqlite3
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, closing, suppress
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from collector.clock import Clock
from collector.gaps import Gap
from collector.history.store import History
from collector.model import NANOSECONDS
from collector.sitefile import read_plant
from tests.modbus_server import ModbusServer, Unit
from tests.scenario.equality import assert_stores_agree
from tests.servers.influx_server import Account

ROOT = Path(__file__).resolve().parents[2]
DEVICES = ("north_drive_plc", "north_wind_station")
PERIOD_S = 0.1
# What a kill may cost: a commit interval, the commit itself, and a busy machine's delay.
COMMIT_S = 0.8
DRAINED_S = 60.0

SITE = """
[site]
name = {{ zh = "断电山", en = "Power-cut mountain" }}
simulated = true

[[ropeway]]
id = "north"
name = {{ zh = "北线", en = "North" }}
kind = "monocable_detachable"
length_m = 1000
line_speed_mps = 6
emergency_speed_mps = 0.8
speed = "north.drive.speed"
carriers = 10
places = 8
stations = [
  {{ id = "bottom", name = {{ zh = "下站", en = "Bottom" }}, position_m = 0, altitude_m = 900 }},
  {{ id = "top", name = {{ zh = "上站", en = "Top" }}, position_m = 1000, altitude_m = 1200 }},
]
"""
DEVICE = """
[[device]]
id = "{id}"
ropeway = "north"
protocol = "modbus_tcp"
host = "127.0.0.1"
port = {port}
scan_s = {period_s}
tags = [
  {{ id = "north.{place}.counter", address = 0, type = "uint32" }},
  {{ id = "north.{place}.speed", address = 2, scale = 0.01, unit = "m/s" }},
  {{ id = "north.{place}.force", address = 3, unit = "kN" }},
]
"""


@dataclass(slots=True)
class Witness:
    """A device that hands out a new number with each answer, and remembers when it did."""

    served_at_s: dict[int, float] = field(default_factory=dict)
    unit: Unit = field(default_factory=Unit)

    def __post_init__(self) -> None:
        """Count at each request."""
        self.unit.refuse = self._count

    def _count(self, *_: int) -> int:
        number = len(self.served_at_s) + 1
        self.served_at_s[number] = time.time()
        self.unit.words[0:2] = [number >> 16, number & 0xFFFF]
        return 0


class Forked:
    """Monitors that begin in a moment, one after the other, on the same folder."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._child: int | None = None

    async def start(self) -> int:
        """Start a monitor and return its process id."""
        assert self._process.stdin is not None
        self._process.stdin.write(b"start\n")
        self._child = int(await self._line())
        return self._child

    async def gone(self) -> None:
        """Return when the monitor is."""
        assert await self._line() == "gone"
        self._child = None

    async def end(self) -> None:
        """End whatever runs, also where a test has failed half way."""
        if self._child is not None:
            with suppress(ProcessLookupError):
                os.kill(self._child, signal.SIGKILL)
        assert self._process.stdin is not None
        self._process.stdin.close()
        await self._process.wait()

    async def _line(self) -> str:
        assert self._process.stdout is not None
        line = await asyncio.wait_for(self._process.stdout.readline(), 60)
        return line.decode().strip()


@asynccontextmanager
async def forked(site: Path, folder: Path, environment: dict[str, str]) -> AsyncIterator[Forked]:
    with (folder / "monitor.log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.scenario.forked_monitor",
            str(site),
            str(folder / "data"),
            cwd=ROOT,
            env={**os.environ, **environment},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
        )
    monitors = Forked(process)
    try:
        yield monitors
    finally:
        await monitors.end()


@dataclass(slots=True)
class Witnessed:
    """A site of two devices whose every answer is remembered, and monitors of it."""

    site: Path
    folder: Path
    witnesses: dict[str, Witness]
    monitors: Forked
    account: Account
    bucket: str

    @property
    def history(self) -> Path:
        """The history that the monitors keep."""
        return self.folder / "data" / "history.sqlite"

    async def assert_all_agree(self, killed_s: list[float]) -> None:
        """Compare the three, sample for sample; each kill may cost the last moment before it."""
        plant = read_plant(self.site)
        compared = await asyncio.to_thread(
            assert_stores_agree, self.history, plant, self.account, self.bucket
        )
        assert compared > 100
        log = (self.folder / "monitor.log").read_text("utf-8")
        assert "Traceback" not in log, log[-3000:]
        history = History(self.history, plant, Clock())
        try:
            for device, witness in self.witnesses.items():
                await assert_only_last_moments_lack(history, device, witness, killed_s)
                await assert_gaps_tell_it(history, device)
        finally:
            await asyncio.to_thread(history.close)


@asynccontextmanager
async def witnessed(
    folder: Path, account: Account, bucket: str, port: int
) -> AsyncIterator[Witnessed]:
    """Give a witnessed site whose monitors send to `bucket` through `port`."""
    witnesses = {device: Witness() for device in DEVICES}
    async with AsyncExitStack() as stack:
        text = SITE.format()
        for device, witness in witnesses.items():
            server = await stack.enter_async_context(ModbusServer(unit_1=witness.unit))
            place = device.split("_")[1]
            text += DEVICE.format(id=device, port=server.port, place=place, period_s=PERIOD_S)
        site = folder / "site.toml"
        site.write_text(text, "utf-8")
        environment = {
            "INFLUXDB_URL": f"http://127.0.0.1:{port}",
            "INFLUXDB_TOKEN": account.token,
            "INFLUXDB_ORG": account.org,
            "INFLUXDB_BUCKET": bucket,
        }
        monitors = await stack.enter_async_context(forked(site, folder, environment))
        yield Witnessed(site, folder, witnesses, monitors, account, bucket)


async def drain(monitors: Forked, path: Path) -> None:
    """Run one more monitor until InfluxDB has all, and end it as its user would."""
    child = await monitors.start()
    until_s = time.monotonic() + DRAINED_S
    while True:
        await asyncio.sleep(0.5)
        newest, sent = await asyncio.to_thread(newest_and_sent, path)
        if newest and newest - sent < 60:
            break
        assert time.monotonic() < until_s, f"{newest - sent} scans were not sent in time"
    os.kill(child, signal.SIGTERM)
    await monitors.gone()


def newest_and_sent(path: Path) -> tuple[int, int]:
    """Return the numbers of the newest scan kept and of the last one sent; 0 where none is yet."""
    if not path.exists():
        return 0, 0
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        # A history that has just been made is a file before it has tables.
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'cursor'").fetchone():
            return 0, 0
        newest = connection.execute("SELECT max(seq) FROM sqlite_sequence").fetchone()[0]
        sent = connection.execute("SELECT max(seq) FROM cursor").fetchone()[0]
    return int(newest or 0), int(sent or 0)


async def assert_only_last_moments_lack(
    history: History, device: str, witness: Witness, killed_s: list[float]
) -> None:
    """Compare what the device served with what was kept."""
    tag = f"north.{device.split('_')[1]}.counter"
    course = (await history.courses([tag], 0, 2**62))[tag]
    good = course.values[course.quality == 0].astype(int).tolist()
    assert len(set(good)) == len(good), "a sample stands twice"
    assert set(good) <= set(witness.served_at_s), "a sample that nobody served"
    lacking = sorted(set(witness.served_at_s) - set(good))
    unexplained = [
        number
        for number in lacking
        if not any(
            at_s - COMMIT_S <= witness.served_at_s[number] <= at_s + PERIOD_S for at_s in killed_s
        )
    ]
    # The very last reading of the monitor that was asked to end may be cut off.
    assert len(unexplained) <= 1, f"{device}: {len(unexplained)} lost without a kill"
    assert len(good) > len(killed_s), "nothing was read"


async def assert_gaps_tell_it(history: History, device: str) -> None:
    """Every interval without samples stands in the ledger, to one period."""
    tag = f"north.{device.split('_')[1]}.counter"
    course = (await history.courses([tag], 0, 2**62))[tag]
    instants = course.source_ns[course.quality == 0].tolist()
    ledger = [gap for _, gap in await history.gaps(0, 2**62, 100_000) if gap.device == device]
    period_ns = int(PERIOD_S * NANOSECONDS)
    for before, after in pairwise(instants):
        if after - before > 4 * period_ns:
            covered = _covered_ns(ledger, before, after)
            assert after - before - covered < 3 * period_ns, f"{(after - before) / 1e9} s untold"


def _covered_ns(ledger: list[Gap], from_ns: int, to_ns: int) -> int:
    spans = sorted(
        (max(gap.from_ns, from_ns), min(to_ns if gap.to_ns is None else gap.to_ns, to_ns))
        for gap in ledger
    )
    covered, until = 0, from_ns
    for begin, end in spans:
        covered += max(0, end - max(begin, until))
        until = max(until, end)
    return covered
