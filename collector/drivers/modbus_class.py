"""Read the blocks of one scan class and make one scan of them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from collector.clock import Clock
from collector.codec import Scaling, widening
from collector.drivers import DriverError, Refusal
from collector.drivers.blocks import Block, plan_blocks, split_block
from collector.drivers.modbus_frame import ILLEGAL_ADDRESS, ReadRequest, RefusedError, read_request
from collector.drivers.modbus_gateway import ModbusGateway
from collector.model import Quality, Scan, Slots, Values
from collector.site import ModbusDevice

FIRST_BUSY_WAIT_S = 0.05
SLOWEST_PERIODS = 2
FAIREST_SCAN_S = 1.0
BUSY_SHARE = 0.6
"""A busy device is asked again for so much of the period; the rest is for the other blocks."""

NO_SLOTS: Slots = np.zeros(0, dtype=np.int32)

Columns = slice | NDArray[np.intp]


class Line:
    """The way to one unit; while it counts as lost its requests are probes."""

    def __init__(self, unit: int, gateway: ModbusGateway, timeout_s: float, address: str) -> None:
        self.unit = unit
        self.address = address
        self.lost = True
        self._gateway = gateway
        self._timeout_s = timeout_s

    async def ask(self, request: ReadRequest) -> bytes:
        """Return what the unit holds; RefusedError where it, not a gateway, says no.

        DriverError, with the unit's address, where there is no right answer.
        """
        way = self._gateway.probe if self.lost else self._gateway.ask
        try:
            answer = await way(request, self._timeout_s)
        except DriverError as error:
            raise DriverError(error.kind, f"{self.address}: {error}") from error
        except RefusedError as refusal:
            if refusal.by_gateway:
                raise DriverError("gateway", f"{self.address}: {refusal}") from refusal
            self.lost = False
            raise
        self.lost = False
        return answer


@dataclass(frozen=True, slots=True, eq=False)
class _Asked:
    """A block with the read that fetches it and its places among the class's columns."""

    block: Block
    request: ReadRequest
    columns: Columns


@dataclass(frozen=True, slots=True)
class _Layout:
    """What is asked, and single tags known to be refused; together all of the class."""

    asked: tuple[_Asked, ...]
    refused: tuple[_Asked, ...]
    slots: Slots
    scaling: Scaling


@dataclass(slots=True)
class _Round:
    """What one scan has brought so far."""

    layout: _Layout
    patient_until_s: float
    answers: list[tuple[_Asked, bytes]] = field(default_factory=list)
    asked: list[Block] = field(default_factory=list)
    refused: list[Block] = field(default_factory=list)
    bad: list[Columns] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    changed: bool = False


class ModbusClass:
    """The tags of one device that are read together, by the fewest reads.

    A block in which the device refuses an address is split until only the refused
    tag is bad. That tag is asked again, one such tag a scan: so it comes back by
    itself and costs the others little.
    """

    def __init__(self, period_s: float, plan: Sequence[Block], line: Line, clock: Clock) -> None:
        self.period_s = period_s
        self.refusals: tuple[Refusal, ...] = ()
        self.refused: Slots = NO_SLOTS
        self._plan = tuple(plan)
        self._line = line
        self._clock = clock
        self._scans = 0
        # In fast time no device is called slow for the hiccups of a busy machine.
        self._longest_s = max(
            SLOWEST_PERIODS * period_s,
            min(SLOWEST_PERIODS * period_s, FAIREST_SCAN_S) * clock.speed,
        )
        self.forget()

    @property
    def slots(self) -> Slots:
        """Every slot of the class, in slot order."""
        return np.sort(self._layout.slots)

    def forget(self) -> None:
        """Ask by the plan again, whatever was refused."""
        self._layout = self._laid_out(self._plan, ())
        self.refusals = ()
        self.refused = NO_SLOTS

    async def scan(self) -> Scan:
        """Read every block once; only the tags that the device refuses are bad at the source.

        DriverError where a block brings neither an answer nor a refusal, and where
        reading takes over two periods: that would be stale when it came.
        """
        layout = self._layout
        patient_until_s = self._clock.steady_s() + self.period_s * BUSY_SHARE
        part = _Round(layout, patient_until_s)
        began_ns = self._clock.now_ns()
        until_s = self._clock.steady_s() + self._longest_s
        for one in layout.asked:
            await self._read(one, part)
            # Finding out what a device refuses takes long, but only once.
            if self._clock.steady_s() > until_s and not part.changed:
                raise self._too_slow()
        await self._try_refused(part)
        ended_ns = self._clock.now_ns()
        values, quality = layout.scaling.apply(_figures(part))
        for columns in part.bad:
            values[columns] = np.nan
            quality[columns] = Quality.BAD_SOURCE
        self.refusals = tuple(part.refusals)
        self.refused = _slots_at(layout, part.bad)
        if part.changed:
            self._layout = self._laid_out(part.asked, part.refused)
        return Scan(
            slots=layout.slots,
            values=values,
            quality=quality,
            source_ns=np.full(len(values), (began_ns + ended_ns) // 2, dtype=np.int64),
            received_ns=ended_ns,
        )

    def _too_slow(self) -> DriverError:
        longest_s = self._longest_s / self._clock.speed
        words = f"{self._line.address}: reading takes over {longest_s:g} s; give a longer scan_s"
        return DriverError("slow", words)

    async def _read(self, one: _Asked, part: _Round) -> None:
        """Read a block, or as much of it as the device gives."""
        try:
            answer = await self._patiently(one.request, part.patient_until_s)
        except RefusedError as refusal:
            await self._take_refusal(one, refusal, part)
            return
        part.asked.append(one.block)
        part.answers.append((one, answer))

    async def _take_refusal(self, one: _Asked, refusal: RefusedError, part: _Round) -> None:
        if refusal.code != ILLEGAL_ADDRESS:
            part.asked.append(one.block)
            self._note_bad(one, refusal, part)
            return
        halves = split_block(one.block)
        if halves is None:
            part.changed = part.changed or one not in part.layout.refused
            part.refused.append(one.block)
            self._note_bad(one, refusal, part)
            return
        part.changed = True
        column_of = {slot: column for column, slot in enumerate(part.layout.slots.tolist())}
        for half in halves:
            columns = np.array([column_of[slot] for slot in half.decoder.slots.tolist()])
            await self._read(_Asked(half, self._request(half), columns), part)

    async def _try_refused(self, part: _Round) -> None:
        """Ask one of the refused tags again, in turn; the others stay as they are."""
        refused = part.layout.refused
        if not refused:
            return
        self._scans += 1
        chosen = refused[self._scans % len(refused)]
        for one in refused:
            if one is not chosen:
                part.refused.append(one.block)
                self._note_bad(one, RefusedError(ILLEGAL_ADDRESS), part)
        await self._read(chosen, part)
        part.changed = part.changed or chosen.block in part.asked[-1:]

    async def _patiently(self, request: ReadRequest, until_s: float) -> bytes:
        """Return the answer; a busy device is asked again until `until_s`."""
        wait_s = FIRST_BUSY_WAIT_S
        while True:
            try:
                return await self._line.ask(request)
            except RefusedError as refusal:
                if not refusal.busy or self._clock.steady_s() + wait_s > until_s:
                    raise
            await self._clock.sleep(wait_s)
            wait_s *= 2

    @staticmethod
    def _note_bad(one: _Asked, refusal: RefusedError, part: _Round) -> None:
        part.bad.append(one.columns)
        kind = str(refusal).replace(" ", "_")
        part.refusals.append(Refusal(kind, f"{_words(one.block)}: {refusal}"))

    def _request(self, block: Block) -> ReadRequest:
        return read_request(self._line.unit, block.table, block.address, block.count)

    def _laid_out(self, asked: Sequence[Block], refused: Sequence[Block]) -> _Layout:
        blocks = [*asked, *refused]
        placed: list[_Asked] = []
        begin = 0
        for block in blocks:
            end = begin + len(block.decoder.slots)
            placed.append(_Asked(block, self._request(block), slice(begin, end)))
            begin = end
        return _Layout(
            asked=tuple(placed[: len(asked)]),
            refused=tuple(placed[len(asked) :]),
            slots=np.concatenate([block.decoder.slots for block in blocks]),
            scaling=Scaling.joined([block.decoder.scaling for block in blocks]),
        )


def _figures(part: _Round) -> Values:
    """Return the raw figures of all columns; zero where there was no answer."""
    figures = np.zeros(len(part.layout.slots))
    with widening():
        for one, answer in part.answers:
            if isinstance(one.columns, slice):
                one.block.decoder.fill(answer, figures[one.columns])
            else:
                some = np.empty(len(one.columns))
                one.block.decoder.fill(answer, some)
                figures[one.columns] = some
    return figures


def _slots_at(layout: _Layout, places: Sequence[Columns]) -> Slots:
    return np.concatenate([layout.slots[one] for one in places]) if places else NO_SLOTS


def _words(block: Block) -> str:
    """Name a block as an engineer finds it in the site file."""
    first, last = block.address, block.address + block.count - 1
    if len(block.placed) == 1:
        return f"tag '{block.placed[0].tag.id}' at {block.table} {first}"
    return f"{block.table} {first} to {last} ({len(block.placed)} tags)"


def classes_of(
    device: ModbusDevice, first_slot: int, line: Line, clock: Clock
) -> tuple[ModbusClass, ...]:
    """Return the scan classes of `device`, the quickest first."""
    plan = plan_blocks(device, first_slot)
    return tuple(
        ModbusClass(period_s, tuple(blocks), line, clock)
        for period_s, blocks in groupby(plan, key=lambda block: block.period_s)
    )
