"""Alarms of the past, looked for by ropeway, rule, priority and time."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from analytics.plain import alarm_table
from analytics.records import Wanted
from api.deps import READING, StationDep
from api.routes.rules import LATEST_MS, NANOSECONDS_PER_MS
from collector.site import Id

router = APIRouter(prefix="/api/alarms", tags=["alarms"], dependencies=[READING])


class LookedFor(BaseModel):
    """Which alarms somebody looks for."""

    model_config = ConfigDict(extra="forbid")

    ropeway: Id | None = None
    rule: Id | None = None
    priority: Annotated[int | None, Field(ge=1, le=3)] = None
    from_ms: Annotated[int | None, Field(ge=0, le=LATEST_MS)] = None
    to_ms: Annotated[int | None, Field(ge=0, le=LATEST_MS)] = None
    limit: Annotated[int, Field(ge=1, le=500)] = 100


@router.get("/history")
async def history(station: StationDep, of: Annotated[LookedFor, Query()]) -> dict[str, Any]:
    """Return the alarms raised from one instant to before another, newest first.

    For the next page ask up to the instant at which the last one was raised.
    """
    begin_ns, end_ns = (
        None if at_ms is None else at_ms * NANOSECONDS_PER_MS for at_ms in (of.from_ms, of.to_ms)
    )
    wanted = Wanted(of.ropeway, of.rule, of.priority, begin_ns, end_ns)
    found = await station.records.alarms.past(wanted, of.limit)
    return {"alarms": [alarm_table(one) for one in found]}
