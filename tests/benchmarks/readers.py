"""The programs that are measured, each a process of its own: `… readers KIND JOB PORTS`.

On SIGUSR1 a program says in one line of JSON what it has done since the last time.
"""

import asyncio
import json
import math
import signal
import struct
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from typing import cast

import uvloop
from pymodbus.client import AsyncModbusTcpClient

from collector.board import Board, Subscription
from collector.clock import Clock
from collector.drivers.modbus_gateway import gateways_of
from collector.gaps import GapLedger
from collector.model import Quality
from collector.quality import FrozenWatch
from collector.service import open_driver
from collector.site import Plant
from collector.supervisor import Supervisor, Surroundings
from tests.benchmarks.plants import Job, plant

BLOCK = 125
CAPACITY = 4096
ANSWER_S = 3.0
FRAME = struct.Struct(">HHHBB")
ASKED = struct.Struct(">HHHBBHH")

ReadBlock = Callable[[int, int], Awaitable[object]]


@dataclass(slots=True)
class Done:
    """What a program has done since it last said so."""

    samples: int = 0
    good: int = 0
    skipped: int = 0
    dropped: int = 0
    late_s: list[float] = field(default_factory=list)

    def say(self) -> None:
        """Say it in one line, and begin again."""
        ordered = sorted(self.late_s)
        p99_s = ordered[math.ceil(len(ordered) * 0.99) - 1] if ordered else 0.0
        said = {
            "samples": self.samples,
            "good": self.good,
            "skipped": self.skipped,
            "dropped": self.dropped,
            "ticks": len(ordered),
            "late_p99_ms": round(p99_s * 1000, 2),
        }
        print(json.dumps(said), flush=True)
        self.samples = self.good = self.skipped = self.dropped = 0
        self.late_s.clear()


async def ours(job: Job, ports: Sequence[int], done: Done) -> None:
    """Read by the product's own parts, from driver to one subscriber.

    In the path: Supervisor, ModbusDriver with its gateway, decoders, scaling and range
    check, FrozenWatch, Board and one Subscription that counts good samples. Not in the
    path: what Collector adds, the history on disk.
    """
    site = plant(job, ports)
    board = Board(len(site.slots()))
    heard = board.subscribe("benchmark", CAPACITY)
    supervisors = _supervisors(site, board)

    def say() -> None:
        for one in supervisors:
            done.late_s.extend(one.health.lateness_s)
            done.skipped += sum(one.health.missed)
            one.health.lateness_s.clear()
            one.health.missed.clear()
        done.dropped, heard.dropped = heard.dropped, 0
        done.say()

    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, say)
    async with asyncio.TaskGroup() as group:
        group.create_task(_count(heard, done))
        for supervisor in supervisors:
            group.create_task(supervisor.run())


def _supervisors(site: Plant, board: Board) -> list[Supervisor]:
    clock = Clock()
    frozen = FrozenWatch(site)
    ledger = GapLedger(lambda _: None)
    around = Surroundings(
        clock, lambda scan: board.publish(frozen.examine(scan, board)), ledger, Random(1)
    )
    gateways = gateways_of(site.device, clock)
    made: list[Supervisor] = []
    first_slot = 0
    for number, device in enumerate(site.device):
        driver = open_driver(device, first_slot, clock, gateways)
        made.append(Supervisor(device, driver, around, phase=number / len(site.device)))
        first_slot += len(device.tags)
    return made


async def _count(heard: Subscription, done: Done) -> None:
    while True:
        for scan in await heard.take():
            done.samples += len(scan)
            done.good += int((scan.quality == Quality.GOOD).sum())


async def bare(job: Job, ports: Sequence[int], done: Done) -> None:
    """Make the same reads with pymodbus, and throw the answers away."""

    async def opened(port: int) -> ReadBlock:
        client = AsyncModbusTcpClient("127.0.0.1", port=port, timeout=ANSWER_S)
        await client.connect()
        return lambda address, count: client.read_holding_registers(address, count=count)

    await _all(job, ports, done, opened)


async def raw(job: Job, ports: Sequence[int], done: Done) -> None:
    """Make the same reads on bare asyncio: one future a read, header checked, figures unpacked."""

    async def opened(port: int) -> ReadBlock:
        loop = asyncio.get_running_loop()
        _, wire = await loop.create_connection(RawWire, "127.0.0.1", port)
        return wire.read

    await _all(job, ports, done, opened)


class RawWire(asyncio.Protocol):
    """The least that reads registers: no time-out, no reconnecting, no refusals."""

    def __init__(self) -> None:
        self._turn = 0
        self._heard = b""
        self._waiter: asyncio.Future[tuple[int, ...]] | None = None
        self._transport: asyncio.Transport | None = None
        self._loop = asyncio.get_running_loop()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take up the connection."""
        # uvloop's transports are none of asyncio's classes.
        self._transport = cast("asyncio.Transport", transport)

    def read(self, address: int, count: int) -> "asyncio.Future[tuple[int, ...]]":
        """Ask for `count` registers."""
        assert self._transport is not None
        self._turn = self._turn + 1 & 0xFFFF
        self._waiter = self._loop.create_future()
        self._transport.write(ASKED.pack(self._turn, 0, 6, 1, 3, address, count))
        return self._waiter

    def data_received(self, data: bytes) -> None:
        """Hear a piece of the answer."""
        heard = self._heard = self._heard + data
        if len(heard) < 9 or len(heard) < 9 + heard[8]:
            return
        turn, _, _, _, function = FRAME.unpack_from(heard)
        assert self._waiter is not None
        if turn != self._turn or function != 3:
            self._waiter.set_exception(ValueError(f"heard {heard[:9].hex()}"))
            return
        self._heard = b""
        self._waiter.set_result(struct.unpack_from(f">{heard[8] // 2}H", heard, 9))


async def _all(
    job: Job,
    ports: Sequence[int],
    done: Done,
    opened: Callable[[int], Awaitable[ReadBlock]],
) -> None:
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, done.say)
    reads = [await opened(port) for port in ports]
    async with asyncio.TaskGroup() as group:
        for number, read in enumerate(reads):
            group.create_task(_poll(job, read, done, number / len(reads)))


async def _poll(job: Job, read: ReadBlock, done: Done, phase: float) -> None:
    """Read every block of one device on a fixed grid; a tick that has passed is skipped."""
    blocks = [(at, min(BLOCK, job.tags - at)) for at in range(0, job.tags, BLOCK)]
    due_s = time.monotonic() + phase * job.period_s
    while True:
        await asyncio.sleep(max(0.0, due_s - time.monotonic()))
        done.late_s.append(time.monotonic() - due_s)
        for address, count in blocks:
            await read(address, count)
            done.samples += count
        due_s += job.period_s
        while due_s < time.monotonic():
            due_s += job.period_s
            done.skipped += 1


KINDS = {"ours": ours, "bare": bare, "raw": raw}


def main(words: Sequence[str]) -> None:
    """Run until SIGTERM: KIND LOOP DEVICES TAGS PERIOD_S MIXED PORT…."""
    kind, loop, devices, tags, period_s, mixed, *ports = words
    job = Job(int(devices), int(tags), float(period_s), mixed == "mixed")
    make_loop = uvloop.new_event_loop if loop == "uvloop" else asyncio.new_event_loop
    with asyncio.Runner(loop_factory=make_loop) as runner, suppress(KeyboardInterrupt):
        runner.run(KINDS[kind](job, [int(port) for port in ports], Done()))


if __name__ == "__main__":
    main(sys.argv[1:])
