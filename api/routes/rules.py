"""The rules in force, and how good their alarms are for those who must handle them."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from analytics.kpi import Kpi, reckon
from analytics.plain import figure, milliseconds
from api.deps import READING, StationDep

router = APIRouter(prefix="/api", tags=["rules"], dependencies=[READING])

NANOSECONDS_PER_MS = 1_000_000
LATEST_MS = 4_000_000_000_000
WEEK_MS = 7 * 86_400_000

InstantMs = Annotated[int | None, Query(ge=0, le=LATEST_MS)]


@router.get("/rules")
async def rules(station: StationDep) -> dict[str, Any]:
    """Return the rules in force with their version, sources and who confirmed them."""
    judging = station.engine.judging
    return {
        "version": station.engine.terms.rule_set,
        "rules": [rule.model_dump(mode="json") for rule in judging.rule],
        "classes": [one.model_dump(mode="json") for one in judging.classes().values()],
        "closed": sorted(station.engine.closed),
    }


@router.get("/alarms/kpi")
async def kpi(
    station: StationDep,
    from_ms: InstantMs = None,
    to_ms: InstantMs = None,
    ropeway: Annotated[str | None, Query(max_length=48)] = None,
) -> dict[str, Any]:
    """Return the figures of the alarms of a span (the last week if not given), with targets.

    With a ropeway only its own alarms count; without, those of the whole desk.
    """
    end_ms = milliseconds(station.clock.now_ns()) or 0 if to_ms is None else to_ms
    begin_ms = max(0, end_ms - WEEK_MS) if from_ms is None else min(from_ms, end_ms)
    span = (begin_ms * NANOSECONDS_PER_MS, end_ms * NANOSECONDS_PER_MS)
    found = await station.records.alarms.activations(*span)
    own = [one for one in found if ropeway in (None, one.ropeway)]
    return {
        "from_ms": begin_ms,
        "to_ms": end_ms,
        "alarms": sum(one.announced for one in own),
        **_table(reckon(own, *span, station.site.judging.kpi)),
    }


def _table(found: Kpi) -> dict[str, Any]:
    return {
        "measures": [
            {
                "id": one.id,
                "value": figure(one.value),
                "target": one.target,
                "limit": one.limit,
                "state": one.state,
            }
            for one in found.measures
        ],
        "floods": [
            {"from_ms": milliseconds(begin), "to_ms": milliseconds(end)}
            for begin, end in found.floods
        ],
        "busiest": [{"source": source, "alarms": count} for source, count in found.busiest],
        "chattering": list(found.chattering),
        "stale": list(found.stale),
    }
