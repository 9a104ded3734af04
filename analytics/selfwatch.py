"""The station watches itself: what it loses or cannot keep is an alarm too."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog

from analytics.engine import Engine
from analytics.model import Alarm, AlarmKind, AlarmState, Guidance
from analytics.records import RecordsError
from collector.clock import Clock
from collector.site import Name

LOOK_EVERY_S = 1.0

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that may be wrong with the station; `holds` says whether it is now."""

    id: str
    priority: int
    name: Name
    guidance: Guidance
    holds: Callable[[], bool]


class SelfWatch:
    """Raise a system alarm for each trouble, and end it when the trouble is over.

    A station that cannot keep its records cannot keep this alarm either: then the
    health page says so, and the alarm comes when the disk takes it.
    """

    def __init__(self, engine: Engine, clock: Clock, troubles: Sequence[Trouble]) -> None:
        self._engine = engine
        self._clock = clock
        self._troubles = tuple(troubles)

    async def run(self) -> None:
        """Look once a second until cancelled."""
        while True:
            for trouble in self._troubles:
                try:
                    await self._look(trouble)
                except RecordsError as error:
                    log.warning("system alarm cannot be kept yet", reason=str(error))
            await self._clock.sleep(LOOK_EVERY_S * self._clock.speed)

    async def _look(self, trouble: Trouble) -> None:
        source = f"station/{trouble.id}"
        standing = any(alarm.source == source and alarm.active for alarm in self._engine.alarms)
        holds = trouble.holds()
        if holds and not standing:
            await self._engine.raise_alarm(_alarm_of(trouble, source, self._clock.now_ns()))
        elif standing and not holds:
            await self._engine.end_alarm(source)


class Growth:
    """Whether a count of losses grew within the last minute of looking."""

    def __init__(self, count: Callable[[], int], looks: int = 60) -> None:
        self._count = count
        self._looks = looks
        self._known = count()
        self._left = 0

    def __call__(self) -> bool:
        """Return whether something was lost lately."""
        now = self._count()
        self._left = self._looks if now > self._known else max(0, self._left - 1)
        self._known = now
        return self._left > 0


def _alarm_of(trouble: Trouble, source: str, at_ns: int) -> Alarm:
    return Alarm(
        id=0,
        source=source,
        rule=trouble.id,
        level="lost",
        kind=AlarmKind.SYSTEM,
        tag=None,
        ropeway=None,
        priority=trouble.priority,
        state=AlarmState.UNACKNOWLEDGED,
        name=trouble.name,
        value=None,
        limit=None,
        unit="",
        guidance=trouble.guidance,
        raised_ns=at_ns,
    )
