"""An engine over a real records database, as the tests of deciding use it."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analytics.brief import Evidence
from analytics.config import Judging
from analytics.consultation import Consultations
from analytics.engine import Engine
from analytics.model import Alarm
from analytics.records import Records
from collector.board import Board
from collector.clock import Clock, TimeBase, simulated_time
from collector.history.store import History
from collector.model import NANOSECONDS, Scan
from collector.site import Plant
from tests.databases import address_of
from tests.unit.analytics.judging_words import a_judging, a_plant
from tests.unit.collector.words import BEGIN_NS


def about_now(after_s: float = 0.0) -> TimeBase:
    """Return a time base by which it is `after_s` after the first scan, now."""
    return simulated_time(BEGIN_NS + round(after_s * NANOSECONDS), 1.0)


@dataclass(frozen=True)
class Desk:
    """Everything between a scan and a consultation."""

    engine: Engine
    records: Records
    board: Board
    history: History
    consultations: Consultations
    evidence: Evidence
    clock: Clock

    async def see(self, scans: Sequence[Scan]) -> None:
        """Have scans kept, shown and judged, all at once."""
        for scan in scans:
            self.board.publish(scan)
            self.history.append(scan)
        await self.engine.judge_scans(scans)

    def states(self) -> dict[str, str]:
        """Return the state of each open alarm by its source."""
        return {alarm.source: alarm.state.value for alarm in self.engine.alarms}


@asynccontextmanager
async def a_desk(
    folder: Path,
    *rules: dict[str, Any],
    after_s: float = 60.0,
    patience_s: float = 5.0,
    of: Plant | None = None,
    judging: Judging | None = None,
) -> AsyncIterator[Desk]:
    plant, judging = of or a_plant(), judging or a_judging(*rules)
    clock = Clock(about_now(after_s))
    board = Board(len(plant.slots()))
    async with Records.open(
        address_of(folder / "records.sqlite"), clock.now_ns, patience_s
    ) as records:
        history = History(folder / "history.sqlite", plant, clock)
        try:
            engine = Engine(plant, judging, records, board.subscribe("engine", 1000), clock)
            evidence = Evidence(plant, lambda: judging, board, history, engine.conditions)
            await engine.restore()
            consultations = Consultations(evidence, records, engine, clock, lambda: 3)
            yield Desk(engine, records, board, history, consultations, evidence, clock)
        finally:
            history.close()


def by_source(alarms: Sequence[Alarm]) -> dict[str, Alarm]:
    return {alarm.source: alarm for alarm in alarms}
