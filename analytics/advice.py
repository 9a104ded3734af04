"""Operating advice for a ropeway, with its reasons as sentences."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from analytics.conditions import Condition
from analytics.model import Advised, Alarm, AlarmKind, AlarmState
from collector.board import Board
from collector.model import UNCERTAIN_FROM
from collector.site import WHOLE_SITE, Name, Plant, Ropeway

ORDER = tuple(Advised)
SLOWEST_MPS = 0.3
MOST_REASONS = 4
UNJUDGED = Name(zh="报警已停顿，条件不明", en="Alarms stand still: the conditions are not known")
NOT_COUNTED = (AlarmState.SUPPRESSED, AlarmState.OUT_OF_SERVICE)


@dataclass(frozen=True, slots=True)
class ClearTime:
    """Seconds until the line is empty: at the present, the full and the emergency speed.

    t = length / speed + time in the station (domain 3.4 [D]); `now_s` is None while
    the rope stands or its speed is not known.
    """

    now_s: float | None
    full_s: float
    emergency_s: float


@dataclass(frozen=True, slots=True)
class Advice:
    """What to do with one ropeway, and why."""

    ropeway: str
    advice: Advised
    reasons: tuple[Name, ...]
    clear_time: ClearTime


def advise(
    plant: Plant,
    board: Board,
    alarms: Iterable[Alarm],
    conditions: dict[str, Condition],
    *,
    judged: bool = True,
) -> list[Advice]:
    """Return the advice for every ropeway from the alarms whose condition holds.

    Where what comes is not `judged` no ropeway is advised to run as normal.

    The gravest advice counts; reasons come gravest first. An alarm of the whole
    site speaks for every ropeway. Shelving silences an alarm, it does not change what
    is so; a latched one counts until it is reset.
    """
    holding = [alarm for alarm in alarms if _counts(alarm)]
    slots = plant.slots()
    found = [
        _advise_one(way, holding, conditions, clear_time(way, board, slots[way.speed]))
        for way in plant.ropeway
    ]
    return found if judged else [_doubted(one) for one in found]


def clear_time(way: Ropeway, board: Board, speed_slot: int) -> ClearTime:
    """Return how long the line takes to empty."""
    speed_mps = float(np.abs(board.values[speed_slot]))
    moving = board.quality[speed_slot] < UNCERTAIN_FROM and speed_mps > SLOWEST_MPS
    return ClearTime(
        now_s=way.length_m / speed_mps + way.station_time_s if moving else None,
        full_s=way.length_m / way.line_speed_mps + way.station_time_s,
        emergency_s=way.length_m / way.emergency_speed_mps + way.station_time_s,
    )


def _counts(alarm: Alarm) -> bool:
    if alarm.state in NOT_COUNTED:
        return False
    return alarm.active or alarm.state is AlarmState.LATCHED


def _advise_one(
    way: Ropeway, holding: list[Alarm], conditions: dict[str, Condition], clear: ClearTime
) -> Advice:
    speaking = [
        (_advised(alarm, conditions), alarm)
        for alarm in holding
        if alarm.ropeway in (way.id, WHOLE_SITE, None)
    ]
    speaking = [(advised, alarm) for advised, alarm in speaking if advised is not Advised.NORMAL]
    speaking.sort(key=lambda pair: (-ORDER.index(pair[0]), pair[1].priority, -pair[1].raised_ns))
    if not speaking:
        calm = Name(zh="全部条件满足", en="All conditions met")
        return Advice(way.id, Advised.NORMAL, (calm,), clear)
    reasons = tuple(reason_of(alarm) for _, alarm in speaking[:MOST_REASONS])
    return Advice(way.id, speaking[0][0], reasons, clear)


def _doubted(known: Advice) -> Advice:
    """Return the advice that is left where later alarms are not known."""
    if known.advice is Advised.NORMAL:
        return replace(known, advice=Advised.WATCH, reasons=(UNJUDGED,))
    return replace(known, reasons=(UNJUDGED, *known.reasons[: MOST_REASONS - 1]))


def _advised(alarm: Alarm, conditions: dict[str, Condition]) -> Advised:
    if alarm.kind is AlarmKind.ROPE:
        return Advised.INSPECT
    if alarm.kind is AlarmKind.SYSTEM:
        return Advised.WATCH if alarm.priority == 1 else Advised.NORMAL
    condition = conditions.get(alarm.source)
    return condition.advice if condition is not None else Advised.WATCH


def reason_of(alarm: Alarm) -> Name:
    """Return the alarm as a reason: what, measured value, limit."""
    if alarm.value is None or alarm.limit is None:
        return alarm.name
    sign = "≤" if alarm.level in ("L", "LL") else "≥"
    figures = f"{alarm.value:.1f} {sign} {alarm.limit:.1f} {alarm.unit}".strip()
    return Name(zh=f"{alarm.name.zh} {figures}", en=f"{alarm.name.en} {figures}")
