"""Freeze the evidence of a consultation: what was known at that instant, as one text."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from analytics.advice import Advice, advise
from analytics.conditions import Condition, tag_name
from analytics.config import Judging
from analytics.model import Alarm
from analytics.plain import Plain, alarm_table, figure, milliseconds, name_table
from analytics.records import canonical_json
from collector.board import Board
from collector.history.buckets import cut_buckets
from collector.history.rows import Course
from collector.history.store import History
from collector.model import NANOSECONDS, UNCERTAIN_FROM
from collector.site import WHOLE_SITE, Plant, Ropeway, Tag

CURVE_S = 3 * 3600
CURVE_SPANS = 180


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where a brief is drawn from."""

    plant: Plant
    judging: Judging
    board: Board
    history: History
    conditions: dict[str, Condition]


@dataclass(frozen=True, slots=True)
class Circumstance:
    """What a consultation is about, beside what the board and the history say."""

    ropeways: Sequence[str]
    trigger: Alarm | None
    alarms: Sequence[Alarm]
    devices_online: int


async def freeze_brief(evidence: Evidence, about: Circumstance, now_ns: int) -> str:
    """Return the brief as canonical JSON text (docs/reference/api.md): a copy, no links.

    Its curves are those of every tag that a consultation rule judges for the
    ropeways concerned, over the last three hours.
    """
    plant = evidence.plant
    tags = {tag.id: tag for tag in plant.tags()}
    concerned = _concerned_tags(evidence.judging, tags, about.ropeways)
    from_ns = now_ns - CURVE_S * NANOSECONDS
    await evidence.history.committed()
    courses = await evidence.history.courses(concerned, from_ns, now_ns)
    ways = [way for way in plant.ropeway if way.id in about.ropeways]
    shown = list(dict.fromkeys([*concerned, *_line_tags(ways)]))
    advice = advise(plant, evidence.board, about.alarms, evidence.conditions)
    return canonical_json(
        {
            "frozen_ms": milliseconds(now_ns),
            "trigger": alarm_table(about.trigger) if about.trigger else None,
            "samples": _samples(evidence, [tags[tag] for tag in shown], now_ns),
            "curves": [
                _curve(plant, tags[tag], courses[tag], (from_ns, now_ns)) for tag in concerned
            ],
            "alarms": [alarm_table(alarm) for alarm in about.alarms],
            "ropeways": [
                _line_state(evidence, way, one)
                for way in ways
                for one in advice
                if one.ropeway == way.id
            ],
            "devices_online": about.devices_online,
            "devices": len(plant.device),
        }
    )


def advice_table(advice: Advice) -> Plain:
    """Return one ropeway's advice as a plain table."""
    return {
        "ropeway": advice.ropeway,
        "advice": advice.advice.value,
        "reasons": [name_table(reason) for reason in advice.reasons],
        "clear_time_s": {
            "now": figure(advice.clear_time.now_s),
            "full": figure(advice.clear_time.full_s),
            "emergency": figure(advice.clear_time.emergency_s),
        },
    }


def _concerned_tags(judging: Judging, tags: dict[str, Tag], ropeways: Iterable[str]) -> list[str]:
    places = {*ropeways, WHOLE_SITE}
    named = [tag for rule in judging.rule if rule.raises == "consultation" for tag in rule.all_tags]
    return [tag for tag in dict.fromkeys(named) if tags[tag].ropeway in places]


def _line_tags(ways: Iterable[Ropeway]) -> list[str]:
    return [
        tag
        for way in ways
        for tag in (way.speed, way.people, *(one.tag for one in way.indicators))
        if tag
    ]


def _samples(evidence: Evidence, tags: Sequence[Tag], now_ns: int) -> list[Plain]:
    board, slots = evidence.board, evidence.plant.slots()
    return [
        {
            "tag": tag.id,
            "name": name_table(tag_name(evidence.plant, tag)),
            "value": figure(float(board.values[slots[tag.id]])),
            "quality": int(board.quality[slots[tag.id]]),
            "age_ms": milliseconds(now_ns - int(board.source_ns[slots[tag.id]])),
            "unit": tag.unit,
        }
        for tag in tags
    ]


def _curve(plant: Plant, tag: Tag, course: Course, span: tuple[int, int]) -> Plain:
    cut = cut_buckets(course, *span, CURVE_SPANS)
    return {
        "tag": tag.id,
        "name": name_table(tag_name(plant, tag)),
        "unit": tag.unit,
        "t": [milliseconds(at) for at in cut.begin_ns.tolist()],
        "min": [figure(value) for value in cut.lowest.tolist()],
        "mean": [figure(value) for value in cut.mean.tolist()],
        "max": [figure(value) for value in cut.highest.tolist()],
        "good": [figure(value) for value in cut.good_share.tolist()],
    }


def _line_state(evidence: Evidence, way: Ropeway, advice: Advice) -> Plain:
    people = None
    if way.people:
        slot = evidence.plant.slots()[way.people]
        if evidence.board.quality[slot] < UNCERTAIN_FROM:
            people = figure(float(evidence.board.values[slot]))
    table = advice_table(advice)
    return {
        "id": way.id,
        "name": name_table(way.name),
        "advice": table["advice"],
        "reasons": table["reasons"],
        "clear_time_s": table["clear_time_s"],
        "passengers": people,
    }
