"""The one replay that may be under way: begun, watched, called off, and its finding kept."""

import asyncio
import json
from dataclasses import dataclass, replace
from enum import StrEnum

import structlog

from analytics.records import Records, RecordsError, RecordsRefused
from api.replaying import Question, asked
from collector.clock import Clock
from collector.history.schema import HistoryError
from collector.history.store import History
from collector.site import Plant

log = structlog.get_logger()


class ReplayState(StrEnum):
    """What became of a replay."""

    RUNNING = "running"
    DONE = "done"
    CALLED_OFF = "called_off"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Replaying:
    """A replay of stored days for a set of rules, and how far it is.

    `words` say why it failed, or who called it off.
    """

    set_id: int
    by: str
    span: tuple[int, int]
    asked_ns: int
    state: ReplayState = ReplayState.RUNNING
    done_share: float = 0.0
    words: str = ""


class ReplayDesk:
    """Have stored days judged again beside what is live, one question at a time.

    The answer comes from a process of its own, which never outlives this desk; what it
    found is kept with the set of rules by the name of whoever asked. `plant` is the plant
    as questions name it.
    """

    def __init__(self, plant: Plant, records: Records, history: History, clock: Clock) -> None:
        self.plant = plant.model_dump_json(by_alias=True).encode()
        self.latest: Replaying | None = None
        self._records = records
        self._history = history
        self._clock = clock
        self._asking: asyncio.Task[str] | None = None
        self._keeping: asyncio.Task[None] | None = None

    def begin(self, set_id: int, question: Question, who: str) -> Replaying:
        """Begin a replay; RecordsRefused while another one is under way."""
        if self._keeping is not None and not self._keeping.done():
            raise RecordsRefused(
                "正在重放，请稍候或先中止",
                "a replay is under way: wait for it, or call it off",
            )
        begun = Replaying(set_id, who, question.span, self._clock.now_ns())
        self.latest = begun
        self._asking = asyncio.create_task(self._ask(begun, question))
        self._keeping = asyncio.create_task(self._keep(begun, self._asking))
        return begun

    async def call_off(self, who: str) -> Replaying:
        """End the replay that is under way; RecordsRefused where nothing is judged any more."""
        judged = self._asking is not None and not self._asking.done()
        if self.latest is None or self.latest.state is not ReplayState.RUNNING or not judged:
            raise RecordsRefused("没有进行中的重放", "no replay is under way")
        # Before anything is waited for: who comes second is told that it is over.
        self.latest = called_off = replace(self.latest, state=ReplayState.CALLED_OFF, words=who)
        await self.end()
        return called_off

    async def end(self) -> None:
        """End what is judged, its process with it; what was found is kept first."""
        if self._asking is not None and self._keeping is not None:
            self._asking.cancel()
            await self._keeping

    async def _ask(self, begun: Replaying, question: Question) -> str:
        def note(share: float) -> None:
            self.latest = replace(begun, done_share=min(1.0, max(0.0, share)))

        await self._history.committed()
        return json.dumps(await asked(question, note), sort_keys=True)

    async def _keep(self, begun: Replaying, asking: asyncio.Task[str]) -> None:
        """Wait for the finding and keep it; what is found can no longer be called off."""
        await asyncio.wait((asking,))
        if asking.cancelled():
            return
        try:
            await self._records.rule_sets.note_replay(begun.set_id, asking.result(), begun.by)
        except (HistoryError, RecordsError, RecordsRefused, OSError) as error:
            log.warning("replay failed", rule_set=begun.set_id, reason=str(error))
            self.latest = replace(begun, state=ReplayState.FAILED, words=str(error))
        else:
            self.latest = replace(begun, state=ReplayState.DONE, done_share=1.0)
