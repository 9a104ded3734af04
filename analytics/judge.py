"""Judge scans: all conditions as arrays, so that only what changed becomes an object."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from analytics.calm import CalmBands
from analytics.conditions import Condition
from analytics.courses import Course, Delays, run_course
from analytics.layout import Block, Gates, Groups, Layout, Plan, Rest, blocks_of, groups_of
from analytics.rules.terms import Looked, Newest, Rows
from collector.model import NANOSECONDS, Instants, Quality, Scan, Slots

Change = tuple[int, int, int, bool, float, int]
"""Place of the scan, part of it, row, whether it holds now, what to show, time at its source."""

LOOK_BY_TIME_NS = NANOSECONDS // 10
LAST_PART = 1 << 30


@dataclass(frozen=True, slots=True)
class Finding:
    """A condition that began or ended, with the value that showed it."""

    condition: Condition
    holds: bool
    value: float | None
    at_ns: int
    source_ns: int


@dataclass(frozen=True, slots=True)
class JudgeState:
    """What must survive a restart: which conditions hold and which delays run."""

    holding: tuple[str, ...]
    beginning_ns: dict[str, int]
    ending_ns: dict[str, int]


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
        self._sources = [condition.source for condition in conditions]
        self._row_of = {source: row for row, source in enumerate(self._sources)}
        self._gates = Gates(conditions)
        self._on_ns = _delays([one.on_delay_s for one in conditions])
        self._off_ns = _delays([one.off_delay_s for one in conditions])
        self._holds = np.zeros(count, dtype=bool)
        self._beginning_ns = np.zeros(count, dtype=np.int64)
        self._ending_ns = np.zeros(count, dtype=np.int64)
        self._layout = Layout(conditions)
        self._newest = Newest.of(self._layout.slots)
        self._calm = CalmBands(self._layout)
        self._looked_ns = 0

    def judge(self, scan: Scan) -> list[Finding]:
        """Return what began or ended with `scan`, in the order of the conditions."""
        return [
            self._finding((row, holds, figure), scan.received_ns, self._source_ns(row))
            for _, slots in self._take(scan)
            for row, holds, figure in self._renew(slots, self._layout.plan, scan.received_ns)
        ]

    def judge_all(self, scans: Sequence[Scan]) -> list[Finding]:
        """Return what `judge` would for one scan after the other; many at once cost less."""
        groups = groups_of(scans)
        blocks = blocks_of(scans, groups, self._layout)
        if not blocks:
            return [finding for scan in scans for finding in self.judge(scan)]
        found: list[Change] = []
        for block in blocks:
            found += self._run_block(block)
        found += self._judge_rest(scans, groups, blocks)
        self._stir_again()
        return [
            self._finding((row, holds, figure), scans[place].received_ns, source_ns)
            for place, _, row, holds, figure, source_ns in sorted(found)
        ]

    def remember(self, scan: Scan) -> None:
        """Take `scan` as seen before: kinds that look back know it, nothing begins or ends."""
        for _, slots in self._take(scan):
            plan = self._layout.by_time if slots is None else self._layout.plan(slots)
            self._look(plan, scan.received_ns)

    def newest(self) -> Scan:
        """Return the newest sample of every tag that was ever seen, as one scan."""
        seen = np.flatnonzero(self._newest.quality != Quality.BAD_NEVER_READ)
        return Scan(
            seen.astype(np.int32),
            self._newest.values[seen],
            self._newest.quality[seen],
            self._newest.source_ns[seen],
            self._looked_ns,
        )

    def state(self) -> JudgeState:
        """Return what a restart must know."""
        sources = self._sources
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
        self._stir_again()

    def _stir_again(self) -> None:
        """Find out anew where a condition holds or is on its way."""
        busy = self._holds | (self._beginning_ns != 0) | (self._ending_ns != 0)
        self._calm.settle()
        self._calm.stir(np.flatnonzero(busy))

    def _take(self, scan: Scan) -> Iterator[tuple[int, Slots | None]]:
        """Make the scan's samples the newest, and yield after each part whose rows to look at.

        None stands for the rows that go by time.
        """
        known = self._newest.known(scan)
        yield from enumerate(self._calm.take(known, self._newest))
        # A clock set back must not keep the kinds that go by time from looking.
        if abs(scan.received_ns - self._looked_ns) >= LOOK_BY_TIME_NS:
            self._looked_ns = scan.received_ns
            yield LAST_PART, None

    def _renew(
        self, slots: Slots | None, plan_of: Callable[[Slots], Plan], at_ns: int
    ) -> list[tuple[int, bool, float]]:
        """Return the rows that changed, whether they hold now, and what to show of them."""
        if slots is None:
            plan = self._layout.by_time
        else:
            plan = plan_of(slots)
            self._calm.settle(slots)
        changed: list[tuple[int, bool, float]] = []
        for rows, looked in self._look(plan, at_ns):
            changed += self._step(rows, looked, at_ns)
        return sorted(changed)

    def _finding(self, changed: tuple[int, bool, float], at_ns: int, source_ns: int) -> Finding:
        row, holds, figure = changed
        shown = figure if np.isfinite(figure) else None
        return Finding(self.conditions[row], holds, shown, at_ns, source_ns)

    def _source_ns(self, row: int) -> int:
        return int(self._newest.source_ns[self._layout.first_slot[row]])

    def _judge_rest(
        self, scans: Sequence[Scan], groups: Groups, blocks: Sequence[Block]
    ) -> Iterator[Change]:
        """Judge, scan by scan, the rows that no block has judged."""
        rest = Rest(self._layout, blocks)
        needed, last = rest.in_turn(scans, groups)
        for place in needed:
            scan = scans[place]
            for part, slots in self._take(scan):
                for row, holds, figure in self._renew(slots, rest.plan, scan.received_ns):
                    yield place, part, row, holds, figure, self._source_ns(row)
        for place in last:
            self._newest.put(self._newest.known(scans[place]))

    def _run_block(self, block: Block) -> Iterator[Change]:
        """Judge the rows of one block over all its scans."""
        for part, columns in block.parts:
            looked = part.look(block.values[:, columns], block.quality[:, columns])
            stirs = (looked.begins & ~looked.silent).any(axis=0)
            waits = (self._beginning_ns[part.rows] != 0) | (self._ending_ns[part.rows] != 0)
            for at in np.flatnonzero(stirs | waits | self._holds[part.rows]).tolist():
                row = int(part.rows[at])
                course = Course(
                    looked.begins[:, at], looked.ends[:, at], looked.silent[:, at], block.at_ns
                )
                for place, holds in self._run_row(row, course):
                    figure = float(looked.figure[place, at])
                    source_ns = int(block.source_ns[place, columns[at]])
                    yield block.places[place], 0, row, holds, figure, source_ns

    def _run_row(self, row: int, course: Course) -> Iterator[tuple[int, bool]]:
        first_ns = int(course.at_ns[0])
        state = Delays(
            bool(self._holds[row]),
            min(int(self._beginning_ns[row]), first_ns),
            min(int(self._ending_ns[row]), first_ns),
        )
        yield from run_course(course, int(self._on_ns[row]), int(self._off_ns[row]), state)
        self._holds[row] = state.holds
        self._beginning_ns[row], self._ending_ns[row] = state.beginning_ns, state.ending_ns

    def _look(self, plan: Plan, at_ns: int) -> list[tuple[Rows, Looked]]:
        return [
            (part.rows, self._gates.close(part.rows, looked, self._newest))
            for part in plan
            for looked in [part.columns.look(part.own, self._newest, at_ns)]
        ]

    def _step(self, rows: Rows, looked: Looked, at_ns: int) -> list[tuple[int, bool, float]]:
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
        beginning, ending = np.where(began, 0, beginning), np.where(ended, 0, ending)
        self._beginning_ns[rows], self._ending_ns[rows] = beginning, ending
        self._calm.stir(rows[self._holds[rows] | (beginning != 0) | (ending != 0)])
        return [
            (int(rows[at]), bool(began[at]), float(looked.figure[at]))
            for at in np.flatnonzero(began | ended).tolist()
        ]


def _delays(seconds: Sequence[float]) -> Instants:
    return (np.array(seconds, dtype=np.float64) * NANOSECONDS).astype(np.int64)


def _named(sources: Sequence[str], instants: Instants) -> dict[str, int]:
    return {sources[row]: int(instants[row]) for row in np.flatnonzero(instants).tolist()}
