"""The open alarms as people handle them: each cause whole, of its consequences only so many."""

from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from analytics.kpi import SLOT_S, KpiTerms, flood_now
from analytics.model import Alarm
from collector.model import NANOSECONDS

MOST_CONSEQUENCES = 20
"""A screen's worth; nobody reads on before the cause is dealt with."""

HOUR_NS = 3600 * NANOSECONDS
MOST_REMEMBERED = 100_000


def folded(
    alarms: Iterable[Alarm], most: int = MOST_CONSEQUENCES
) -> tuple[list[Alarm], dict[int, int]]:
    """Return what to show, in its order, and by cause how many consequences are left out.

    What is hidden is never left out: the next shift must know of it. A consequence
    whose cause is over stands for itself.
    """
    alarms = list(alarms)
    known = {alarm.id for alarm in alarms}
    listed: Counter[int] = Counter()
    left_out: Counter[int] = Counter()
    shown = []
    for alarm in alarms:
        if alarm.cause is None or alarm.cause not in known or alarm.hidden:
            shown.append(alarm)
        elif listed[alarm.cause] < most:
            listed[alarm.cause] += 1
            shown.append(alarm)
        else:
            left_out[alarm.cause] += 1
    return shown, dict(left_out)


@dataclass(frozen=True, slots=True)
class Flood:
    """Whether alarms flood the desk now, and how many came in the last ten minutes."""

    on: bool
    alarms: int


@dataclass(slots=True)
class FloodWatch:
    """Count the alarms that a desk has to handle; consequences of another do not count."""

    _begun: deque[int] = field(default_factory=lambda: deque(maxlen=MOST_REMEMBERED))

    def restore(self, alarms: Iterable[Alarm]) -> None:
        """Take up what an earlier run told the desk of."""
        for alarm in alarms:
            if alarm.announced:
                self.note(alarm)

    def note(self, alarm: Alarm) -> None:
        """Count an alarm that the desk was told of."""
        if alarm.cause is None:
            self._begun.append(alarm.raised_ns)

    def state(self, now_ns: int, terms: KpiTerms) -> Flood:
        """Return whether there is a flood at this instant (ISA-18.2, domain 7.2)."""
        lately = sorted(at for at in self._begun if now_ns - HOUR_NS < at <= now_ns)
        within = sum(now_ns - at < SLOT_S * NANOSECONDS for at in lately)
        return Flood(flood_now(lately, now_ns, terms), within)
