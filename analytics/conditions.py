"""Conditions: what the rules and the loss of tags and devices give to judge."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from analytics.model import Advised, AlarmKind, Guidance
from analytics.rules.closed import Closed, ClosedColumns
from analytics.rules.kinds import Rule
from analytics.rules.loss import DeviceLostColumns, TagLostColumns
from analytics.rules.stale import StaleRule
from analytics.rules.terms import Columns, EnabledWhile, Row, Watch
from collector.site import WHOLE_SITE, Device, Name, Plant, Tag, period_of

LOST_AFTER_S = 5.0
LOST_AFTER_PERIODS = 3
BACK_AFTER_PERIODS = 2
LOST_CLASS = "safety"
SAID = {
    "rise": Name(zh="上升过快", en="rises too fast"),
    "fall": Name(zh="下降过快", en="falls too fast"),
    "deviation": Name(zh="偏差过大", en="deviates too far"),
    "stale": Name(zh="久无可信值", en="without a good value"),
    "frozen": Name(zh="读数不变", en="stands still"),
    "count": Name(zh="反复越限", en="beyond its limit again and again"),
    "vote": Name(zh="多处越限", en="beyond its limit at several places"),
}


@dataclass(frozen=True, slots=True)
class Gate:
    """Another tag's slot and the side of a limit on which a condition counts."""

    slot: int
    limit: float
    rising: bool


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing that may hold or not: one row of the judge's arrays.

    `source` names it for good, over restarts and site files.
    """

    source: str
    row: Row
    columns: Callable[[Sequence[Row]], Columns] = field(repr=False)
    rule: str
    level: str
    kind: AlarmKind
    tag: str | None
    ropeway: str
    priority: int
    advice: Advised
    opens_consultation: bool
    limit: float | None
    on_delay_s: float
    off_delay_s: float
    unit: str
    name: Name
    guidance: Guidance
    alarm_class: str = LOST_CLASS
    latching: bool = False
    gate: Gate | None = None
    is_alarm: bool = True


def conditions_of(
    plant: Plant, rules: Iterable[Rule], closed: Iterable[Closed] = ()
) -> list[Condition]:
    """Return every condition that the rules, the closings and the plant's devices give."""
    rules = list(rules)
    slots = plant.slots()
    tags = {tag.id: tag for tag in plant.tags()}
    periods = {tag.id: period_of(device, tag) for device in plant.device for tag in device.tags}
    found = [
        _of_watch(plant, slots, rule, watch, tags[watch.tags[0]])
        for rule in rules
        for watch in rule.watches()
    ]
    found += [_closing(plant, one) for one in closed]
    urgency = _urgency(rules)
    watched = {tag for rule in rules if isinstance(rule, StaleRule) for tag in rule.all_tags}
    for tag_id, priority in urgency.items():
        if tag_id not in watched:
            found.append(_tag_lost(plant, tags[tag_id], slots[tag_id], periods[tag_id], priority))
    first_slot = 0
    for device in plant.device:
        blinded = min((urgency.get(tag.id, 3) for tag in device.tags), default=3)
        found.append(_device_lost(device, first_slot, blinded))
        first_slot += len(device.tags)
    return found


def _urgency(rules: Iterable[Rule]) -> dict[str, int]:
    """Return for each judged tag the priority of the gravest condition it is looked at for."""
    judged: dict[str, int] = {}
    for rule in rules:
        for watch in rule.watches():
            for tag in watch.tags:
                judged[tag] = min(watch.priority, judged.get(tag, 3))
    return judged


def _of_watch(
    plant: Plant, slots: Mapping[str, int], rule: Rule, watch: Watch, tag: Tag
) -> Condition:
    return Condition(
        source=f"{rule.id}/{tag.id}/{watch.level}",
        row=Row(
            slots=tuple(slots[one] for one in watch.tags),
            limit=0.0 if watch.limit is None else watch.limit,
            deadband=watch.deadband,
            rising=watch.rising,
            rule=rule,
        ),
        columns=rule.columns,
        rule=rule.id,
        level=watch.level,
        kind=AlarmKind.PROCESS,
        tag=tag.id,
        ropeway=tag.ropeway,
        priority=watch.priority,
        advice=watch.advice,
        opens_consultation=rule.raises == "consultation",
        limit=watch.limit if watch.shown is None else watch.shown,
        on_delay_s=rule.on_delay_s,
        off_delay_s=rule.off_delay_s,
        unit=watch.unit if watch.unit is not None else tag.unit,
        name=rule.name or _told(tag_name(plant, tag), watch.level),
        guidance=Guidance(rule.consequence, rule.response, rule.respond_within_s),
        alarm_class=rule.alarm_class,
        latching=rule.latching,
        gate=_gate(slots, rule.enabled_while),
    )


def _told(name: Name, level: str) -> Name:
    """Return the tag's name with what is wrong, where a limit would say too little."""
    if level not in SAID:
        return name
    return Name(zh=f"{name.zh} {SAID[level].zh}", en=f"{name.en} {SAID[level].en}")


def _gate(slots: Mapping[str, int], given: EnabledWhile | None) -> Gate | None:
    if given is None:
        return None
    limit = given.above if given.above is not None else given.below
    return Gate(slots[given.tag], limit or 0.0, given.above is not None)


def _closing(plant: Plant, closed: Closed) -> Condition:
    slots = plant.slots()
    name = next(way.name for way in plant.ropeway if way.id == closed.ropeway)
    nothing = Name(zh="", en="")
    return Condition(
        source=f"closed/{closed.ropeway}",
        row=Row(tuple(slots[one.tag] for one in closed.while_), sides=closed.while_),
        columns=ClosedColumns,
        rule="closed",
        level="closed",
        kind=AlarmKind.SYSTEM,
        tag=None,
        ropeway=closed.ropeway,
        priority=3,
        advice=Advised.NORMAL,
        opens_consultation=False,
        limit=None,
        on_delay_s=closed.after_s,
        off_delay_s=0.0,
        unit="",
        name=Name(zh=f"{name.zh} 已停运", en=f"{name.en} closed"),
        guidance=Guidance(nothing, nothing, 0),
        is_alarm=False,
    )


def _tag_lost(plant: Plant, tag: Tag, slot: int, scan_s: float, priority: int) -> Condition:
    name = tag_name(plant, tag)
    return Condition(
        source=f"lost/{tag.id}",
        row=Row((slot,)),
        columns=TagLostColumns,
        rule="monitoring_lost",
        level="lost",
        kind=AlarmKind.MONITORING_LOST,
        tag=tag.id,
        ropeway=tag.ropeway,
        priority=priority,
        advice=Advised.WATCH,
        opens_consultation=False,
        limit=None,
        on_delay_s=max(LOST_AFTER_S, LOST_AFTER_PERIODS * scan_s),
        off_delay_s=BACK_AFTER_PERIODS * scan_s,
        unit=tag.unit,
        name=Name(zh=f"{name.zh} 监测丧失", en=f"{name.en}: monitoring lost"),
        guidance=Guidance(
            consequence=Name(
                zh="该测点视为未知，不得当作正常", en="The value is unknown, not normal"
            ),
            response=Name(
                zh="改用现场观察或邻近测点，通知机电检查",
                en="Observe on site or use a neighbour; send maintenance",
            ),
            respond_within_s=600,
        ),
    )


def _device_lost(device: Device, slot: int, priority: int) -> Condition:
    name = device.name or Name(zh=device.id, en=device.id)
    return Condition(
        source=f"device/{device.id}",
        row=Row((slot,)),
        columns=DeviceLostColumns,
        rule="device_lost",
        level="lost",
        kind=AlarmKind.MONITORING_LOST,
        tag=None,
        ropeway=device.ropeway,
        priority=priority,
        advice=Advised.WATCH,
        opens_consultation=False,
        limit=None,
        on_delay_s=LOST_AFTER_S,
        off_delay_s=BACK_AFTER_PERIODS * device.scan_s,
        unit="",
        name=Name(zh=f"{name.zh} 通信中断", en=f"{name.en}: no communication"),
        guidance=Guidance(
            consequence=Name(
                zh=f"{len(device.tags)} 个测点失去监测", en=f"{len(device.tags)} tags are blind"
            ),
            response=Name(
                zh="派人到现场值守读数，检查网络与电源",
                en="Post someone on site; check network and power",
            ),
            respond_within_s=300,
        ),
    )


def tag_name(plant: Plant, tag: Tag) -> Name:
    """Return the tag's name with its ropeway's, as an alarm list needs it."""
    own = tag.name or Name(zh=tag.id, en=tag.id)
    if tag.ropeway == WHOLE_SITE:
        return own
    way = next(way.name for way in plant.ropeway if way.id == tag.ropeway)
    return Name(zh=f"{way.zh.removesuffix('索道')} {own.zh}", en=f"{way.en} {own.en}")
