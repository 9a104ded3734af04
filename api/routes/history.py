"""The past: the courses of tags in equal spans, and what is missing of it."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from analytics.plain import figure, milliseconds
from api.deps import READING, StationDep
from api.errors import Refused
from api.station import Station
from collector.gaps import Gap, weeks_of
from collector.history.buckets import Buckets
from collector.history.reading import Damage

router = APIRouter(prefix="/api", tags=["history"], dependencies=[READING])

NANOSECONDS_PER_MS = 1_000_000
MOST_TAGS = 60
MOST_BUCKETS = 2000
MOST_GAPS = 1_000_000
LATEST_MS = 4_000_000_000_000

InstantMs = Annotated[int, Query(ge=0, le=LATEST_MS)]


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
    within = (from_ms * NANOSECONDS_PER_MS, to_ms * NANOSECONDS_PER_MS)
    spans = await station.past.spans(wanted, within, buckets)
    series = zip(wanted, spans.by_key.items(), strict=True)
    return {
        "from_ms": from_ms,
        "to_ms": to_ms,
        "bucket_ms": spans.span_ns / NANOSECONDS_PER_MS,
        "series": [_series(tag, key, cut, spans.damaged) for tag, (key, cut) in series],
        "gaps": [_gap(number, gap) for number, gap in await _gaps_of(station, wanted, within)],
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
    return {"gaps": [_gap(number, gap) for number, gap in rows]}


@router.get("/gaps/weeks")
async def gap_weeks(
    station: StationDep, weeks: Annotated[int, Query(ge=1, le=60)] = 8
) -> dict[str, Any]:
    """Return for each of the last weeks how much of each device is missing, and why."""
    now_ns = station.clock.now_ns()
    rows = await station.collector.history.gaps(0, now_ns, MOST_GAPS)
    found = weeks_of([gap for _, gap in rows], station.zone, now_ns, weeks)
    return {
        "weeks": [
            {
                "week": week.name,
                "from_ms": milliseconds(week.from_ns),
                "to_ms": milliseconds(week.to_ns),
                "devices": [
                    {
                        "device": one.device,
                        "gaps": one.gaps,
                        "missing_ms": milliseconds(one.missing_ns),
                        "missing_share": one.missing_ns / (week.to_ns - week.from_ns),
                        "by_cause_ms": {
                            cause.value: milliseconds(ns) for cause, ns in one.by_cause_ns.items()
                        },
                    }
                    for one in week.devices
                ],
            }
            for week in found
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


def _series(tag: str, key: int, cut: Buckets, damaged: tuple[Damage, ...]) -> dict[str, Any]:
    return {
        "tag": tag,
        "t": [milliseconds(at) for at in cut.begin_ns.tolist()],
        "min": [figure(value) for value in cut.lowest.tolist()],
        "mean": [figure(value) for value in cut.mean.tolist()],
        "max": [figure(value) for value in cut.highest.tolist()],
        "good": [figure(value) for value in cut.good_share.tolist()],
        "count": cut.samples.tolist(),
        "damaged": [
            {"from_ms": milliseconds(one.from_ns), "to_ms": milliseconds(one.to_ns)}
            for one in damaged
            if one.tag == key
        ],
    }


async def _gaps_of(
    station: Station, tags: list[str], within: tuple[int, int]
) -> list[tuple[int, Gap]]:
    """Return the ledger's rows over the span for the devices of `tags`, newest first."""
    plant = station.site.plant
    devices = {one.id for one in plant.device for tag in one.tags if tag.id in tags}
    rows = await station.collector.history.gaps(*within, MOST_GAPS)
    return [
        (number, gap)
        for number, gap in rows
        if gap.device in devices and (gap.tag is None or gap.tag in tags)
    ]


def _gap(number: int, gap: Gap) -> dict[str, Any]:
    return {
        "id": number,
        "device": gap.device,
        "tag": gap.tag,
        "from_ms": milliseconds(gap.from_ns),
        "to_ms": milliseconds(gap.to_ns),
        "cause": gap.cause.value,
        "recovered": gap.recovered,
    }
