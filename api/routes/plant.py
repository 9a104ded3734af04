"""The plant as the screens need it: site, board, history, gaps."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from analytics.conditions import Condition
from analytics.plain import figure, milliseconds, name_table, seen_ms
from api.deps import StationDep
from api.errors import Refused
from api.station import Station
from collector.history.buckets import cut_buckets
from collector.history.rows import Course
from collector.site import Device, Name, Rope, Ropeway, Tag, period_of

router = APIRouter(prefix="/api", tags=["plant"])

NANOSECONDS_PER_MS = 1_000_000
LONGEST_SPAN_MS = 26 * 3600 * 1000
MOST_TAGS = 60
MOST_BUCKETS = 2000
LATEST_MS = 4_000_000_000_000

InstantMs = Annotated[int, Query(ge=0, le=LATEST_MS)]


@router.get("/site")
async def site(station: StationDep) -> dict[str, Any]:
    """Return the plant as the site file describes it, with the limits of its rules."""
    plant = station.site.plant
    slots = plant.slots()
    return {
        "name": name_table(plant.site.name),
        "timezone": plant.site.timezone,
        "simulated": plant.site.simulated,
        "storm_speed_kmh": plant.site.storm_speed_kmh,
        "now_ms": milliseconds(station.clock.now_ns()),
        "speed": station.clock.speed,
        "ropeways": [_ropeway(way, slots) for way in plant.ropeway],
        "devices": [_device(device) for device in plant.device],
        "tags": _tags(station, slots),
    }


@router.get("/board")
async def board(station: StationDep) -> dict[str, Any]:
    """Return the newest sample of every tag, in slot order."""
    newest = station.collector.board
    return {
        "now_ms": milliseconds(station.clock.now_ns()),
        "samples": [
            {
                "tag": tag.id,
                "value": figure(float(newest.values[slot])),
                "quality": int(newest.quality[slot]),
                "source_ms": seen_ms(int(newest.source_ns[slot])),
                "received_ms": seen_ms(int(newest.received_ns[slot])),
                "good_ms": seen_ms(int(newest.good_ns[slot])),
            }
            for slot, tag in enumerate(station.site.plant.tags())
        ],
    }


@router.get("/history")
async def history(
    station: StationDep,
    tags: Annotated[str, Query(max_length=8000)],
    from_ms: InstantMs,
    to_ms: InstantMs,
    buckets: Annotated[int, Query(ge=1, le=MOST_BUCKETS)] = 300,
) -> dict[str, Any]:
    """Return equal spans of each tag's course; a span without good samples holds null."""
    wanted = list(dict.fromkeys(tags.split(",")))
    _check_span(station, wanted, from_ms, to_ms)
    from_ns, to_ns = from_ms * NANOSECONDS_PER_MS, to_ms * NANOSECONDS_PER_MS
    courses = await station.collector.history.courses(wanted, from_ns, to_ns)
    return {
        "from_ms": from_ms,
        "to_ms": to_ms,
        "bucket_ms": (to_ms - from_ms) / buckets,
        "series": [_series(tag, courses[tag], (from_ns, to_ns), buckets) for tag in wanted],
    }


@router.get("/gaps")
async def gaps(
    station: StationDep,
    from_ms: InstantMs = 0,
    to_ms: InstantMs = LATEST_MS,
    limit: Annotated[int, Query(ge=1, le=5000)] = 500,
) -> dict[str, Any]:
    """Return the gap ledger's rows that touch the span, newest first."""
    rows = await station.collector.history.gaps(
        from_ms * NANOSECONDS_PER_MS, to_ms * NANOSECONDS_PER_MS, limit
    )
    return {
        "gaps": [
            {
                "id": number,
                "device": gap.device,
                "tag": None,
                "from_ms": milliseconds(gap.from_ns),
                "to_ms": milliseconds(gap.to_ns),
                "cause": gap.cause.value,
                "recovered": gap.recovered,
            }
            for number, gap in rows
        ]
    }


def _check_span(station: Station, tags: list[str], from_ms: int, to_ms: int) -> None:
    known = station.site.plant.slots()
    strangers = [tag for tag in tags if tag not in known]
    if strangers:
        named = ", ".join(strangers[:5])
        raise Refused(404, f"没有测点 {named}", f"no such tag: {named}")
    if len(tags) > MOST_TAGS:
        raise Refused(422, f"一次最多 {MOST_TAGS} 个测点", f"at most {MOST_TAGS} tags at once")
    if to_ms <= from_ms:
        raise Refused(422, "结束时间不晚于开始时间", "to_ms must be after from_ms")
    if to_ms - from_ms > LONGEST_SPAN_MS:
        raise Refused(422, "时间跨度最长 26 小时", "the span is at most 26 hours")


def _series(tag: str, course: Course, span: tuple[int, int], count: int) -> dict[str, Any]:
    cut = cut_buckets(course, *span, count)
    return {
        "tag": tag,
        "t": [milliseconds(at) for at in cut.begin_ns.tolist()],
        "min": [figure(value) for value in cut.lowest.tolist()],
        "mean": [figure(value) for value in cut.mean.tolist()],
        "max": [figure(value) for value in cut.highest.tolist()],
        "good": [figure(value) for value in cut.good_share.tolist()],
    }


def _ropeway(way: Ropeway, slots: dict[str, int]) -> dict[str, Any]:
    plain = way.model_dump(
        include={
            "id",
            "name",
            "kind",
            "length_m",
            "line_speed_mps",
            "emergency_speed_mps",
            "station_time_s",
            "carriers",
            "places",
            "stations",
        }
    )
    return {
        **plain,
        "speed": slots[way.speed],
        "towers": [
            {**tower.model_dump(), "gust": slots[tower.gust] if tower.gust else None}
            for tower in way.towers
        ],
        "indicators": [
            {
                "name": name_table(one.name),
                "slots": [slots[tag] for tag in ((one.tag,) if one.tag else one.highest_of)],
            }
            for one in way.indicators
        ],
        "safety_circuits": [
            {"name": name_table(one.name), "slot": slots[one.tag]} for one in way.safety_circuits
        ],
        "ropes": [rope_table(rope) for rope in way.ropes],
    }


def rope_table(rope: Rope) -> dict[str, Any]:
    """Return a rope with its limits and test points."""
    return rope.model_dump()


def _device(device: Device) -> dict[str, Any]:
    return {
        "id": device.id,
        "name": name_table(device.name or Name(zh=device.id, en=device.id)),
        "ropeway": device.ropeway,
        "protocol": device.protocol,
        "scan_s": device.scan_s,
    }


def _tags(station: Station, slots: dict[str, int]) -> list[dict[str, Any]]:
    limits: dict[str, list[Condition]] = {}
    for condition in station.engine.conditions.values():
        if condition.tag is not None and condition.limit is not None:
            limits.setdefault(condition.tag, []).append(condition)
    return [
        _tag(tag, slots[tag.id], device, limits.get(tag.id, []))
        for device in station.site.plant.device
        for tag in device.tags
    ]


def _tag(tag: Tag, slot: int, device: Device, limits: list[Condition]) -> dict[str, Any]:
    return {
        "slot": slot,
        "id": tag.id,
        "name": name_table(tag.name or Name(zh=tag.id, en=tag.id)),
        "unit": tag.unit,
        "group": tag.group,
        "ropeway": tag.ropeway,
        "place": tag.place,
        "quantity": tag.quantity,
        "device": device.id,
        "min": tag.min,
        "max": tag.max,
        "normal": tag.normal,
        "decimals": tag.decimals,
        "scan_s": period_of(device, tag),
        "boolean": getattr(tag, "type", "") == "bool",
        "limits": [
            {
                "level": one.level,
                "value": one.limit,
                "priority": one.priority,
                "rule": one.rule,
            }
            for one in limits
        ],
    }
