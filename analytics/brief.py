"""Freeze the evidence of a consultation: what was known at that instant, as one text."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
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
LONGEST_COMMIT_S = 2.0


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where a brief is drawn from."""

    plant: Plant
    judging: Callable[[], Judging]
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
    judged: bool


async def freeze_brief(evidence: Evidence, about: Circumstance, now_ns: int) -> str:
    """Return the brief as canonical JSON text (docs/reference/api.md): a copy, no links.

    Its curves are those of every tag that a consultation rule judges for the
    ropeways concerned, over the last three hours.
    """
    plant = evidence.plant
    tags = {tag.id: tag for tag in plant.tags()}
    concerned = _concerned_tags(evidence.judging(), tags, about.ropeways)
    ways = [way for way in plant.ropeway if way.id in about.ropeways]
    shown = list(dict.fromkeys([*concerned, *_line_tags(ways)]))
    judged = about.judged
    advice = advise(plant, evidence.board, about.alarms, evidence.conditions, judged=judged)
    # The board is looked at now, before anything is waited for.
    brief = {
        "frozen_ms": milliseconds(now_ns),
        "site": name_table(plant.site.name),
        "simulated": plant.site.simulated,
        "trigger": alarm_table(about.trigger) if about.trigger else None,
        "samples": _samples(evidence, [tags[tag] for tag in shown], now_ns),
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
    span = (now_ns - CURVE_S * NANOSECONDS, now_ns)
    courses = await _courses(evidence.history, concerned, span)
    curves = [_curve(plant, tags[tag], courses[tag], span) for tag in concerned]
    return canonical_json({**brief, "curves": curves})


def cite_brief(evidence: Evidence, record: str, ropeways: Sequence[str], now_ns: int) -> None:
    """Keep the samples behind a brief's curves for good, because `record` rests on them."""
    tags = {tag.id: tag for tag in evidence.plant.tags()}
    concerned = _concerned_tags(evidence.judging(), tags, ropeways)
    evidence.history.cite(record, concerned, now_ns - CURVE_S * NANOSECONDS, now_ns)


async def _courses(
    history: History, tags: Sequence[str], span: tuple[int, int]
) -> dict[str, Course]:
    # A disk that refuses takes the last moments from the curves, never the consultation.
    with suppress(TimeoutError):
        await asyncio.wait_for(history.committed(), LONGEST_COMMIT_S)
    return await history.courses(tags, *span)


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
            "age_ms": _age_ms(int(board.source_ns[slots[tag.id]]), now_ns),
            "unit": tag.unit,
        }
        for tag in tags
    ]


def _age_ms(source_ns: int, now_ns: int) -> int | None:
    return milliseconds(now_ns - source_ns) if source_ns else None


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
