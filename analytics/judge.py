"""Judge scans: all conditions as arrays, so that only what changed becomes an object."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analytics.conditions import Condition, Sense
from collector.model import NANOSECONDS, UNCERTAIN_FROM, Quality, Scan

Rows = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Finding:
    """A condition that began or ended, with the value that showed it."""

    condition: Condition
    holds: bool
    value: float | None
    at_ns: int


@dataclass(frozen=True, slots=True)
class JudgeState:
    """What must survive a restart: which conditions hold and which delays run."""

    holding: tuple[str, ...]
    beginning_ns: dict[str, int]
    ending_ns: dict[str, int]


class Judge:
    """Hold the state of all conditions and renew it scan by scan.

    The instant is the scan's own, so that stored scans give what live ones gave. A
    bad or uncertain sample neither begins nor ends a limit condition: it freezes it,
    and a delay towards calm starts anew. Having no good sample of a tag, or losing a
    device, is a condition of its own.
    """

    def __init__(self, conditions: Sequence[Condition]) -> None:
        self.conditions = tuple(conditions)
        self._row_of = {condition.source: row for row, condition in enumerate(conditions)}
        self._slot = np.array([one.slot for one in conditions], dtype=np.intp)
        senses = [one.sense for one in conditions]
        self._is_limit = np.array([one in (Sense.HIGH, Sense.LOW) for one in senses], dtype=bool)
        self._is_device = np.array([one is Sense.DEVICE_LOST for one in senses], dtype=bool)
        self._sign = np.array([-1.0 if one is Sense.LOW else 1.0 for one in senses])
        limits = np.array([0.0 if one.limit is None else one.limit for one in conditions])
        self._limit = limits * self._sign
        self._inside = self._limit - np.array([one.deadband for one in conditions])
        self._on_ns = _delays([one.on_delay_s for one in conditions])
        self._off_ns = _delays([one.off_delay_s for one in conditions])
        self._holds = np.zeros(len(conditions), dtype=bool)
        self._beginning_ns = np.zeros(len(conditions), dtype=np.int64)
        self._ending_ns = np.zeros(len(conditions), dtype=np.int64)
        self._touched = np.zeros(int(self._slot.max(initial=0)) + 1, dtype=bool)

    def judge(self, scan: Scan) -> list[Finding]:
        """Return what began or ended with `scan`, in the order of the conditions."""
        found: list[Finding] = []
        for values, quality, slots in _single_samples(scan):
            found += self._judge_once(values, quality, slots, scan.received_ns)
        return found

    def state(self) -> JudgeState:
        """Return what a restart must know."""
        sources = [condition.source for condition in self.conditions]
        return JudgeState(
            holding=tuple(sources[row] for row in np.flatnonzero(self._holds).tolist()),
            beginning_ns=_named(sources, self._beginning_ns),
            ending_ns=_named(sources, self._ending_ns),
        )

    def restore(self, state: JudgeState) -> None:
        """Go on from `state`; what the rules no longer know is left out."""
        for source in state.holding:
            if source in self._row_of:
                self._holds[self._row_of[source]] = True
        for column, instants in (
            (self._beginning_ns, state.beginning_ns),
            (self._ending_ns, state.ending_ns),
        ):
            for source, at_ns in instants.items():
                if source in self._row_of:
                    column[self._row_of[source]] = at_ns

    def _judge_once(
        self,
        values: NDArray[np.float64],
        quality: NDArray[np.uint8],
        slots: NDArray[np.int32],
        at_ns: int,
    ) -> Iterator[Finding]:
        known = slots < len(self._touched)
        slots, values, quality = slots[known], values[known], quality[known]
        self._touched[slots] = True
        rows = np.flatnonzero(self._touched[self._slot])
        self._touched[slots] = False
        if not len(rows):
            return
        at = np.empty(len(self._touched), dtype=np.intp)
        at[slots] = np.arange(len(slots))
        sample = at[self._slot[rows]]
        begins, ends, frozen = self._look(rows, values[sample], quality[sample])
        for row, holds in self._step(rows, begins, ends, frozen, at_ns):
            value = float(values[at[self._slot[row]]])
            condition = self.conditions[row]
            shown = value if self._is_limit[row] and np.isfinite(value) else None
            yield Finding(condition, holds, shown, at_ns)

    def _look(
        self, rows: Rows, values: NDArray[np.float64], quality: NDArray[np.uint8]
    ) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]:
        """Return for each row: looks as if it holds, looks as if it ended, says nothing."""
        limit = self._is_limit[rows]
        good = quality < UNCERTAIN_FROM
        # A value given by hand does not bring its device back.
        by_hand = quality == Quality.UNCERTAIN_SUBSTITUTED_FOR_LOST
        away = (quality == Quality.BAD_DEVICE_LOST) | by_hand
        # What is not judged is not monitored: uncertain counts as lost too.
        lost = np.where(self._is_device[rows], away, ~good & ~away)
        with np.errstate(invalid="ignore"):
            figure = values * self._sign[rows]
            beyond = figure >= self._limit[rows]
            inside = (figure < self._limit[rows]) & (figure <= self._inside[rows])
        begins = np.where(limit, good & beyond, lost)
        ends = np.where(limit, good & inside, ~lost)
        # A lost device says nothing of its tags one by one, a bad sample nothing of a limit.
        frozen = np.where(limit, ~good, away & ~self._is_device[rows])
        return begins, ends & ~frozen, frozen

    def _step(
        self,
        rows: Rows,
        begins: NDArray[np.bool_],
        ends: NDArray[np.bool_],
        frozen: NDArray[np.bool_],
        at_ns: int,
    ) -> list[tuple[int, bool]]:
        """Move the delays of `rows` on to `at_ns`; return the rows that changed."""
        holds = self._holds[rows]
        beginning, ending = self._beginning_ns[rows], self._ending_ns[rows]
        coming = ~holds & begins
        beginning = np.where(coming & (beginning == 0), at_ns, beginning)
        beginning = np.where(holds | (~begins & ~frozen), 0, beginning)
        going = holds & ends
        ending = np.where(going & (ending == 0), at_ns, ending)
        ending = np.where(~going, 0, ending)
        began = coming & (at_ns - beginning >= self._on_ns[rows])
        ended = going & (at_ns - ending >= self._off_ns[rows])
        self._holds[rows] = (holds | began) & ~ended
        self._beginning_ns[rows] = np.where(began, 0, beginning)
        self._ending_ns[rows] = np.where(ended, 0, ending)
        return [(int(rows[i]), bool(began[i])) for i in np.flatnonzero(began | ended)]


def _delays(seconds: Sequence[float]) -> NDArray[np.int64]:
    return (np.array(seconds, dtype=np.float64) * NANOSECONDS).astype(np.int64)


def _named(sources: Sequence[str], instants: NDArray[np.int64]) -> dict[str, int]:
    return {sources[row]: int(instants[row]) for row in np.flatnonzero(instants).tolist()}


def _single_samples(
    scan: Scan,
) -> Iterator[tuple[NDArray[np.float64], NDArray[np.uint8], NDArray[np.int32]]]:
    """Yield the scan in parts in which each tag stands at most once, oldest first."""
    slots = scan.slots
    _, first, inverse = np.unique(slots, return_index=True, return_inverse=True)
    if len(first) == len(slots):
        yield scan.values, scan.quality, slots
        return
    order = np.argsort(inverse, kind="stable")
    starts = np.searchsorted(inverse[order], np.arange(len(first)))
    turn = np.empty(len(slots), dtype=np.intp)
    turn[order] = np.arange(len(slots)) - starts[inverse[order]]
    for number in range(int(turn.max()) + 1):
        part = turn == number
        yield scan.values[part], scan.quality[part], slots[part]
