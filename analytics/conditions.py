"""Conditions: what the rules and the loss of tags and devices give to judge."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from analytics.model import Advised, AlarmKind, Guidance
from analytics.rules.limit import LETTERS, LimitRule
from collector.site import WHOLE_SITE, Device, Name, Plant, Tag, period_of

LOST_AFTER_S = 5.0
LOST_AFTER_PERIODS = 3
BACK_AFTER_PERIODS = 2


class Sense(StrEnum):
    """What a condition looks at."""

    HIGH = "high"
    LOW = "low"
    TAG_LOST = "tag_lost"
    DEVICE_LOST = "device_lost"


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing that may hold or not: one row of the judge's arrays.

    `source` names it for good, over restarts and site files.
    """

    source: str
    slot: int
    sense: Sense
    rule: str
    level: str
    kind: AlarmKind
    tag: str | None
    ropeway: str
    priority: int
    advice: Advised
    opens_consultation: bool
    limit: float | None
    deadband: float
    on_delay_s: float
    off_delay_s: float
    unit: str
    name: Name
    guidance: Guidance


def conditions_of(plant: Plant, rules: Iterable[LimitRule]) -> list[Condition]:
    """Return every condition that the rules and the plant's devices give."""
    rules = list(rules)
    slots = plant.slots()
    tags = {tag.id: tag for tag in plant.tags()}
    periods = {tag.id: period_of(device, tag) for device in plant.device for tag in device.tags}
    found = [
        condition
        for rule in rules
        for tag_id in rule.all_tags
        for condition in _limit_conditions(plant, rule, tags[tag_id], slots[tag_id])
    ]
    judged: dict[str, int] = {}
    for one in found:
        if one.tag is not None:
            judged[one.tag] = min(one.priority, judged.get(one.tag, 3))
    for tag_id, priority in judged.items():
        found.append(_tag_lost(plant, tags[tag_id], slots[tag_id], periods[tag_id], priority))
    first_slot = 0
    for device in plant.device:
        blinded = min((judged.get(tag.id, 3) for tag in device.tags), default=3)
        found.append(_device_lost(device, first_slot, blinded))
        first_slot += len(device.tags)
    return found


def _limit_conditions(plant: Plant, rule: LimitRule, tag: Tag, slot: int) -> Iterator[Condition]:
    guidance = Guidance(rule.consequence, rule.response, rule.respond_within_s)
    for level, limit, priority, advice in rule.limits():
        yield Condition(
            source=f"{rule.id}/{tag.id}/{LETTERS[level]}",
            slot=slot,
            sense=Sense.HIGH if level.startswith("high") else Sense.LOW,
            rule=rule.id,
            level=LETTERS[level],
            kind=AlarmKind.PROCESS,
            tag=tag.id,
            ropeway=tag.ropeway,
            priority=priority,
            advice=advice,
            opens_consultation=rule.raises == "consultation",
            limit=limit,
            deadband=rule.deadband,
            on_delay_s=rule.on_delay_s,
            off_delay_s=rule.off_delay_s,
            unit=tag.unit,
            name=rule.name or tag_name(plant, tag),
            guidance=guidance,
        )


def _tag_lost(plant: Plant, tag: Tag, slot: int, scan_s: float, priority: int) -> Condition:
    name = tag_name(plant, tag)
    return Condition(
        source=f"lost/{tag.id}",
        slot=slot,
        sense=Sense.TAG_LOST,
        rule="monitoring_lost",
        level="lost",
        kind=AlarmKind.MONITORING_LOST,
        tag=tag.id,
        ropeway=tag.ropeway,
        priority=priority,
        advice=Advised.WATCH,
        opens_consultation=False,
        limit=None,
        deadband=0.0,
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
        slot=slot,
        sense=Sense.DEVICE_LOST,
        rule="device_lost",
        level="lost",
        kind=AlarmKind.MONITORING_LOST,
        tag=None,
        ropeway=device.ropeway,
        priority=priority,
        advice=Advised.WATCH,
        opens_consultation=False,
        limit=None,
        deadband=0.0,
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
