"""Which conditions a scan touches, as arrays: worked out once for each set of tags."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from analytics.conditions import Condition
from analytics.rules.terms import Columns, Flags, Looked, Newest, Plain, Row, Rows, good_of
from collector.model import Instants, Qualities, Scan, Slots, Values

MOST_PLANS = 4096
FEW = 16


@dataclass(frozen=True, slots=True)
class Part:
    """Rows of one kind that are looked at together: by their own and by all numbers."""

    columns: Columns
    own: Rows
    rows: Rows

    def only(self, wanted: Flags) -> "Part":
        """Return the part for the `wanted` of all rows."""
        kept = wanted[self.rows]
        return Part(self.columns, self.own[kept], self.rows[kept])

    def look(self, values: Values, quality: Qualities) -> Looked:
        """Return what columns of samples, one for each row of a plain kind, look like."""
        if not isinstance(self.columns, Plain):
            message = "only plain kinds look at columns of samples"
            raise TypeError(message)
        return self.columns.look_at(self.own, values, quality)


Plan = tuple[Part, ...]
Groups = Sequence[list[int]]
"""The places of scans of the same tags, for each set of tags."""


class Gates:
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


class Layout:
    """Which rows of which kinds a scan's slots touch, worked out once for each set of slots.

    `plain` tells of each row whether it looks at nothing but its own tag's newest sample,
    `needs_all` of each slot whether a row or a gate needs all its samples.
    """

    def __init__(self, conditions: Sequence[Condition]) -> None:
        slots = [one.row.slots for one in conditions]
        gates = [one.gate.slot for one in conditions if one.gate]
        self.slots = 1 + max((max(one) for one in [*slots, gates] if one), default=-1)
        kinds: dict[Callable[[Sequence[Row]], Columns], list[int]] = {}
        for row, condition in enumerate(conditions):
            kinds.setdefault(condition.columns, []).append(row)
        self.kinds = [
            (make([conditions[row].row for row in rows]), np.array(rows, dtype=np.intp))
            for make, rows in kinds.items()
        ]
        self._rows_of: list[list[int]] = [[] for _ in range(self.slots)]
        for row, some in enumerate(slots):
            for slot in set(some):
                self._rows_of[slot].append(row)
        self._plans: dict[bytes, Plan] = {}
        self.rows = len(conditions)
        self.first_slot = np.array([one[0] for one in slots], dtype=np.intp)
        self.gates_others = np.zeros(self.slots, dtype=bool)
        self.gates_others[gates] = True
        self.plain = np.array([one.gate is None for one in conditions], dtype=bool)
        for columns, members in self.kinds:
            self.plain[members] &= isinstance(columns, Plain)
        self.needs_all = self.gates_others.copy()
        for row in np.flatnonzero(~self.plain).tolist():
            self.needs_all[list(slots[row])] = True
        every = np.arange(len(conditions), dtype=np.intp)
        self.by_time = tuple(
            part for part in self._parts(every) if getattr(part.columns, "by_time", False)
        )

    def plan(self, slots: Slots) -> Plan:
        """Return what to look at when `slots` bring new samples."""
        key = slots.tobytes()
        known = self._plans.get(key)
        if known is None:
            if len(self._plans) >= MOST_PLANS:
                self._plans.clear()
            touched = {row for slot in slots.tolist() for row in self._rows_of[slot]}
            known = self._plans[key] = tuple(self._parts(np.array(sorted(touched), dtype=np.intp)))
        return known

    def _parts(self, rows: Rows) -> Iterator[Part]:
        for columns, members in self.kinds:
            own = np.flatnonzero(np.isin(members, rows))
            if len(own):
                yield Part(columns, own, members[own])


@dataclass(frozen=True, slots=True)
class Block:
    """Many scans of the same tags, and the rows that need to know nothing else."""

    places: list[int]
    values: Values
    quality: Qualities
    source_ns: Instants
    at_ns: Instants
    parts: list[tuple[Part, Rows]]


class Rest:
    """What is left to judge scan by scan where blocks have judged the others."""

    def __init__(self, layout: Layout, blocks: Sequence[Block]) -> None:
        self._layout = layout
        self._left = np.ones(layout.rows, dtype=bool)
        for block in blocks:
            for part, _ in block.parts:
                self._left[part.rows] = False
        self._plans: dict[bytes, Plan] = {}

    def _needs(self, slots: Slots) -> bool:
        gates = self._layout.gates_others[slots[slots < self._layout.slots]]
        return bool(self._layout.by_time or self.plan(slots) or gates.any())

    def plan(self, slots: Slots) -> Plan:
        """Return what of the plan for `slots` is left."""
        key = slots.tobytes()
        if key not in self._plans:
            known = slots[slots < self._layout.slots]
            parts = (part.only(self._left) for part in self._layout.plan(known))
            self._plans[key] = tuple(part for part in parts if len(part.rows))
        return self._plans[key]

    def in_turn(self, scans: Sequence[Scan], groups: Groups) -> tuple[list[int], list[int]]:
        """Return which scans must be taken in their turn, and of the others the last ones."""
        needed: list[int] = []
        last: list[int] = []
        for places in groups:
            if self._needs(scans[places[0]].slots):
                needed += places
            else:
                last.append(places[-1])
        return sorted(needed), sorted(last)


def blocks_of(scans: Sequence[Scan], groups: Groups, layout: Layout) -> list[Block]:
    """Return the scans that can be judged together; nothing where few or none can.

    Of a tag that comes in scans of different shapes the order would be lost.
    """
    shapes = np.zeros(layout.slots, dtype=np.int64)
    for places in groups:
        slots = scans[places[0]].slots
        np.add.at(shapes, slots[slots < layout.slots], 1)
    found = []
    for places in groups:
        block = _block([scans[place] for place in places], places, layout, shapes == 1)
        if block is not None:
            found.append(block)
    return found


def groups_of(scans: Sequence[Scan]) -> Groups:
    """Return the places of the scans of each set of tags; nothing where there are few."""
    if len(scans) < FEW:
        return ()
    # Scans of one device mostly share the very array: these need not be compared.
    shared: dict[int, list[int]] = {}
    for place, scan in enumerate(scans):
        shared.setdefault(id(scan.slots), []).append(place)
    groups: dict[bytes, list[int]] = {}
    for places in shared.values():
        groups.setdefault(scans[places[0]].slots.tobytes(), []).extend(places)
    return [sorted(places) for places in groups.values()]


def _block(scans: Sequence[Scan], places: list[int], layout: Layout, single: Flags) -> Block | None:
    slots = scans[0].slots
    at_ns = np.array([scan.received_ns for scan in scans], dtype=np.int64)
    if len(scans) < FEW or (np.diff(at_ns) < 0).any():
        return None
    column = np.zeros(layout.slots, dtype=np.intp)
    known = slots < layout.slots
    column[slots[known]] = np.flatnonzero(known)
    wanted = layout.plain & single[layout.first_slot]
    parts = [part.only(wanted) for part in layout.plan(slots[known])]
    return Block(
        places,
        np.concatenate([scan.values for scan in scans]).reshape(len(scans), -1),
        np.concatenate([scan.quality for scan in scans]).reshape(len(scans), -1),
        np.concatenate([scan.source_ns for scan in scans]).reshape(len(scans), -1),
        at_ns,
        [(part, column[layout.first_slot[part.rows]]) for part in parts if len(part.rows)],
    )
