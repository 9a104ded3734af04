"""Judge scans: all conditions as arrays, so that only what changed becomes an object."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analytics.conditions import Condition
from analytics.rules.terms import Columns, Flags, Looked, Newest, Row, Rows, good_of
from collector.model import NANOSECONDS, Instants, Scan, Slots, Values

LOOK_BY_TIME_NS = NANOSECONDS // 10
MOST_PLANS = 4096


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


@dataclass(frozen=True, slots=True)
class _Part:
    """Rows of one kind that are looked at together: by their own and by all numbers."""

    columns: Columns
    own: Rows
    rows: Rows


_Plan = tuple[_Part, ...]


class Judge:
    """Hold the state of all conditions and renew it scan by scan.

    The instant is the scan's own, so that stored scans give what live ones gave. A
    bad or uncertain sample neither begins nor ends a process condition: it freezes
    it, and a delay towards calm starts anew. Having no good sample of a tag, or
    losing a device, is a condition of its own.
    """

    def __init__(self, conditions: Sequence[Condition]) -> None:
        self.conditions = tuple(conditions)
        count = len(conditions)
        self._row_of = {condition.source: row for row, condition in enumerate(conditions)}
        self._gates = _Gates(conditions)
        self._on_ns = _delays([one.on_delay_s for one in conditions])
        self._off_ns = _delays([one.off_delay_s for one in conditions])
        self._holds = np.zeros(count, dtype=bool)
        self._beginning_ns = np.zeros(count, dtype=np.int64)
        self._ending_ns = np.zeros(count, dtype=np.int64)
        self._figure = np.full(count, np.nan)
        self._layout = _Layout(conditions)
        self._newest = Newest.of(self._layout.slots)
        self._looked_ns = 0

    def judge(self, scan: Scan) -> list[Finding]:
        """Return what began or ended with `scan`, in the order of the conditions."""
        return [finding for plan in self._take(scan) for finding in self._renew(plan, scan)]

    def remember(self, scan: Scan) -> None:
        """Take `scan` as seen before: kinds that look back know it, nothing begins or ends."""
        for plan in self._take(scan):
            self._look(plan, scan.received_ns)

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

    def _take(self, scan: Scan) -> Iterator[_Plan]:
        """Make the scan's samples the newest, and yield what to look at after each part."""
        known = scan.slots < self._layout.slots
        whole = scan if known.all() else _only(scan, known)
        for values, quality, source_ns, slots in _single_samples(whole):
            self._newest.values[slots] = values
            self._newest.quality[slots] = quality
            self._newest.source_ns[slots] = source_ns
            yield self._layout.plan(slots)
        # A clock set back must not keep the kinds that go by time from looking.
        if abs(scan.received_ns - self._looked_ns) >= LOOK_BY_TIME_NS:
            self._looked_ns = scan.received_ns
            yield self._layout.by_time

    def _renew(self, plan: _Plan, scan: Scan) -> Iterator[Finding]:
        at_ns = scan.received_ns
        changed: list[tuple[int, bool]] = []
        for rows, looked in self._look(plan, at_ns):
            self._figure[rows] = looked.figure
            changed += self._step(rows, looked, at_ns)
        for row, holds in sorted(changed):
            value = float(self._figure[row])
            shown = value if np.isfinite(value) else None
            yield Finding(self.conditions[row], holds, shown, at_ns)

    def _look(self, plan: _Plan, at_ns: int) -> list[tuple[Rows, Looked]]:
        return [
            (part.rows, self._gates.close(part.rows, looked, self._newest))
            for part in plan
            for looked in [part.columns.look(part.own, self._newest, at_ns)]
        ]

    def _step(self, rows: Rows, looked: Looked, at_ns: int) -> list[tuple[int, bool]]:
        """Move the delays of `rows` on to `at_ns`; return the rows that changed."""
        begins = looked.begins & ~looked.silent
        ends = looked.ends & ~looked.silent
        holds = self._holds[rows]
        # A delay that began later than now began before the clock was set back: from now.
        beginning = np.minimum(self._beginning_ns[rows], at_ns)
        ending = np.minimum(self._ending_ns[rows], at_ns)
        coming = ~holds & begins
        beginning = np.where(coming & (beginning == 0), at_ns, beginning)
        beginning = np.where(holds | (~begins & ~looked.silent), 0, beginning)
        going = holds & ends
        ending = np.where(going & (ending == 0), at_ns, ending)
        ending = np.where(~going, 0, ending)
        began = coming & (at_ns - beginning >= self._on_ns[rows])
        ended = going & (at_ns - ending >= self._off_ns[rows])
        self._holds[rows] = (holds | began) & ~ended
        self._beginning_ns[rows] = np.where(began, 0, beginning)
        self._ending_ns[rows] = np.where(ended, 0, ending)
        return [(int(rows[i]), bool(began[i])) for i in np.flatnonzero(began | ended)]


class _Gates:
    """Which conditions count only while another tag reads so."""

    def __init__(self, conditions: Sequence[Condition]) -> None:
        gates = [one.gate for one in conditions]
        self._any = any(gate is not None for gate in gates)
        self._has = np.array([gate is not None for gate in gates], dtype=bool)
        self._slot = np.array([gate.slot if gate else 0 for gate in gates], dtype=np.intp)
        self._sign = np.array([-1.0 if gate and not gate.rising else 1.0 for gate in gates])
        self._limit = np.array([gate.limit if gate else 0.0 for gate in gates]) * self._sign

    def close(self, rows: Rows, looked: Looked, newest: Newest) -> Looked:
        """Return `looked` with what does not count now as calm; what is not known counts."""
        if not self._any:
            return looked
        slots = self._slot[rows]
        with np.errstate(invalid="ignore"):
            met = newest.values[slots] * self._sign[rows] > self._limit[rows]
        off: Flags = self._has[rows] & good_of(newest, slots) & ~met
        begins, ends = looked.begins & ~off, looked.ends | off
        return Looked(begins, ends, looked.silent, looked.figure)


class _Layout:
    """Which rows of which kinds a scan's slots touch, worked out once for each set of slots."""

    def __init__(self, conditions: Sequence[Condition]) -> None:
        slots = [one.row.slots for one in conditions]
        gates = [one.gate.slot for one in conditions if one.gate]
        self.slots = 1 + max((max(one) for one in [*slots, gates] if one), default=-1)
        kinds: dict[Callable[[Sequence[Row]], Columns], list[int]] = {}
        for row, condition in enumerate(conditions):
            kinds.setdefault(condition.columns, []).append(row)
        self._kinds = [
            (make([conditions[row].row for row in rows]), np.array(rows, dtype=np.intp))
            for make, rows in kinds.items()
        ]
        self._rows_of: list[list[int]] = [[] for _ in range(self.slots)]
        for row, some in enumerate(slots):
            for slot in set(some):
                self._rows_of[slot].append(row)
        self._plans: dict[bytes, _Plan] = {}
        every = np.arange(len(conditions), dtype=np.intp)
        self.by_time = tuple(
            part for part in self._parts(every) if getattr(part.columns, "by_time", False)
        )

    def plan(self, slots: Slots) -> _Plan:
        """Return what to look at when `slots` bring new samples."""
        key = slots.tobytes()
        known = self._plans.get(key)
        if known is None:
            if len(self._plans) >= MOST_PLANS:
                self._plans.clear()
            touched = {row for slot in slots.tolist() for row in self._rows_of[slot]}
            known = self._plans[key] = tuple(self._parts(np.array(sorted(touched), dtype=np.intp)))
        return known

    def _parts(self, rows: Rows) -> Iterator[_Part]:
        for columns, members in self._kinds:
            own = np.flatnonzero(np.isin(members, rows))
            if len(own):
                yield _Part(columns, own, members[own])


def _delays(seconds: Sequence[float]) -> Instants:
    return (np.array(seconds, dtype=np.float64) * NANOSECONDS).astype(np.int64)


def _named(sources: Sequence[str], instants: Instants) -> dict[str, int]:
    return {sources[row]: int(instants[row]) for row in np.flatnonzero(instants).tolist()}


def _only(scan: Scan, known: Flags) -> Scan:
    return Scan(
        scan.slots[known],
        scan.values[known],
        scan.quality[known],
        scan.source_ns[known],
        scan.received_ns,
    )


def _single_samples(
    scan: Scan,
) -> Iterator[tuple[Values, NDArray[np.uint8], Instants, Slots]]:
    """Yield the scan in parts in which each tag stands at most once, oldest first."""
    slots = scan.slots
    _, first, inverse = np.unique(slots, return_index=True, return_inverse=True)
    if len(first) == len(slots):
        yield scan.values, scan.quality, scan.source_ns, slots
        return
    order = np.argsort(inverse, kind="stable")
    starts = np.searchsorted(inverse[order], np.arange(len(first)))
    turn = np.empty(len(slots), dtype=np.intp)
    turn[order] = np.arange(len(slots)) - starts[inverse[order]]
    for number in range(int(turn.max()) + 1):
        part = turn == number
        yield scan.values[part], scan.quality[part], scan.source_ns[part], slots[part]
