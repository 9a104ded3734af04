"""Alarms: listed with age, value and guidance, acknowledged by name."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query

from analytics.plain import alarm_table
from api.deps import Act, RecordId, StationDep, Words

router = APIRouter(prefix="/api", tags=["alarms"])


class Acknowledge(Act):
    """Someone has seen the alarm."""

    comment: Words = ""


@router.get("/alarms")
async def alarms(
    station: StationDep,
    state: Literal["open", "all"] = "open",
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> dict[str, Any]:
    """Return the open alarms, gravest first, and with `all` the closed ones after them."""
    if state == "open":
        found = list(station.engine.alarms)[:limit]
    else:
        found = await station.records.alarms.recent(limit)
    return {"alarms": [alarm_table(alarm) for alarm in found]}


@router.post("/alarms/{alarm_id}/acknowledge")
async def acknowledge(station: StationDep, alarm_id: RecordId, act: Acknowledge) -> dict[str, Any]:
    """Note who has seen the alarm; 409 where there is nothing to acknowledge."""
    alarm = await station.engine.acknowledge(alarm_id, act.name, act.comment)
    return alarm_table(alarm)


@router.get("/advice")
async def advice(station: StationDep) -> dict[str, Any]:
    """Return the advice for every ropeway."""
    return station.live.advice()
