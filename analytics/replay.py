"""Stored scans judged again: the engine's own judging, with the same or with other rules."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from analytics.conditions import conditions_of
from analytics.config import Judging
from analytics.judge import Judge
from analytics.model import Activation, Alarm
from analytics.turn import Terms, Turn
from collector.history.rows import StoredScan
from collector.model import Scan, Slots
from collector.site import Plant

BATCH_SAMPLES = 200_000
MOST_LAYOUTS = 4096
SCANS_AT_ONCE = 20


class Log(Protocol):
    """Where stored scans are read from, in the order in which they were kept."""

    async def tag_ids(self) -> dict[int, str]:
        """Return the id of each tag key."""
        ...

    async def seq_at(self, received_ns: int) -> int:
        """Return a number after which lies everything received from an instant on."""
        ...

    async def read_after(self, seq: int, limit_samples: int) -> list[StoredScan]:
        """Return the scans after `seq` in order, about `limit_samples`, at least one."""
        ...


class Replay:
    """Judge scans as a live engine would, keep nothing, and remember what was raised."""

    def __init__(self, plant: Plant, judging: Judging) -> None:
        self.judge = Judge(conditions_of(plant, judging.rule, judging.closed))
        self._terms = Terms.of(plant, judging)
        self._kept = _Memory()
        self._closed: frozenset[str] = frozenset()

    @property
    def activations(self) -> list[Activation]:
        """Each time that a condition began, in order."""
        return sorted(self._kept.activations, key=lambda one: (one.raised_ns, one.source))

    async def see(self, scans: Sequence[Scan]) -> None:
        """Judge `scans` in order."""
        turn = Turn(self._kept, self._terms, self._kept.standing, self._closed)
        for finding in self.judge.judge_all(scans):
            await turn.apply(finding)
        self._closed = turn.closed
        for alarm in turn.changed.values():
            self._kept.hold(alarm)


class _Memory:
    """Alarms that nobody keeps: those open, and each time that a condition began."""

    def __init__(self) -> None:
        self.standing: dict[str, Alarm] = {}
        self._begun: dict[str, Activation] = {}
        self._over: list[Activation] = []
        self._count = 0

    @property
    def activations(self) -> list[Activation]:
        return [*self._over, *self._begun.values()]

    async def raise_alarm(self, alarm: Alarm) -> Alarm:
        self._count += 1
        self._begin(alarm, alarm.raised_ns, announced=alarm.announced)
        return replace(alarm, id=self._count)

    async def change(self, alarm: Alarm, *, at_ns: int | None = None) -> Alarm:
        begun = self._begun.get(alarm.source)
        if alarm.active and begun is None:
            self._begin(alarm, at_ns or alarm.raised_ns, announced=not alarm.hidden)
        elif not alarm.active and begun is not None:
            self._over.append(replace(self._begun.pop(alarm.source), returned_ns=alarm.returned_ns))
        return alarm

    def hold(self, alarm: Alarm) -> None:
        if alarm.open:
            self.standing[alarm.source] = alarm
        else:
            self.standing.pop(alarm.source, None)

    def _begin(self, alarm: Alarm, at_ns: int, *, announced: bool) -> None:
        self._begun[alarm.source] = Activation(
            alarm.source, alarm.priority, alarm.ropeway, at_ns, None, announced
        )


@dataclass(frozen=True, slots=True)
class Difference:
    """What other rules would have raised and what they would not, by source and instant."""

    before: tuple[Activation, ...]
    after: tuple[Activation, ...]

    @property
    def gone(self) -> tuple[Activation, ...]:
        """What was raised and no longer is."""
        return _without(self.before, self.after)

    @property
    def new(self) -> tuple[Activation, ...]:
        """What is raised and was not."""
        return _without(self.after, self.before)


def _without(some: Iterable[Activation], others: Iterable[Activation]) -> tuple[Activation, ...]:
    known = {(one.source, one.raised_ns) for one in others}
    return tuple(one for one in some if (one.source, one.raised_ns) not in known)


async def stored_scans(
    history: Log, plant: Plant, from_ns: int, to_ns: int
) -> AsyncIterator[list[Scan]]:
    """Yield the scans received from `from_ns` to before `to_ns`, in the order they came."""
    slots = _LiveSlots(await _slots_of_keys(history, plant))
    seq = await history.seq_at(from_ns)
    while batch := await history.read_after(seq, BATCH_SAMPLES):
        seq = batch[-1].seq
        within = (one for one in batch if from_ns <= one.scan.received_ns < to_ns)
        yield [scan for scan in map(slots.as_live, within) if scan.slots.size]
        if batch[-1].scan.received_ns >= to_ns:
            return


async def show_past(judge: Judge, log: Log, plant: Plant, span: tuple[int, int]) -> None:
    """Have `judge` know what was received in a span, without anything beginning or ending."""
    async for scans in stored_scans(log, plant, *span):
        for number, scan in enumerate(scans):
            judge.remember(scan)
            if number % SCANS_AT_ONCE == 0:
                await asyncio.sleep(0)  # collecting goes on meanwhile


async def _slots_of_keys(history: Log, plant: Plant) -> Slots:
    """Return the slot of each tag key of the history; -1 for tags that are no longer there."""
    slots = plant.slots()
    ids = await history.tag_ids()
    found = np.full(max(ids, default=0) + 1, -1, dtype=np.int32)
    for key, tag in ids.items():
        found[key] = slots.get(tag, -1)
    return found


@dataclass(frozen=True, slots=True)
class _Known:
    """The slots for one set of tag keys, and which of these are still there: None, all."""

    keys: Slots
    own: Slots
    kept: NDArray[np.bool_] | None


class _LiveSlots:
    """The slots of a plant for the keys of a history, worked out once for each layout."""

    def __init__(self, slots: Slots) -> None:
        self._slots = slots
        self._known: dict[bytes, _Known] = {}
        # Scans of a device that is polled whole share their keys: no need to compare them.
        self._last: dict[str, _Known] = {}

    def as_live(self, stored: StoredScan) -> Scan:
        """Return `stored` as it was seen live, without the tags that are no longer there."""
        scan, known = stored.scan, self._last.get(stored.device)
        if known is None or known.keys is not scan.slots:
            known = self._last[stored.device] = self._find(scan.slots)
        if known.kept is not None:
            scan = scan.only(known.kept)
        return Scan(known.own, scan.values, scan.quality, scan.source_ns, scan.received_ns)

    def _find(self, keys: Slots) -> _Known:
        name = keys.tobytes()
        found = self._known.get(name)
        if found is None:
            own = self._slots[keys]
            kept = own >= 0
            found = _Known(keys, own, None) if kept.all() else _Known(keys, own[kept], kept)
            if len(self._known) < MOST_LAYOUTS:
                self._known[name] = found
        return replace(found, keys=keys)
