"""Alarms: listed with age, value and guidance, and what people do with them, by name."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import Field, StringConstraints

from analytics.acts import Hiding
from analytics.model import AlarmState
from analytics.plain import alarm_table
from api.deps import Act, Person, RecordId, Said, StationDep, Words

router = APIRouter(prefix="/api", tags=["alarms"])

LONGEST_S = 90 * 86400

Source = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Seconds = Annotated[float, Field(gt=0, le=LONGEST_S, allow_inf_nan=False)]


class Comment(Act):
    """Someone has seen the alarm, acted on it or reset it."""

    comment: Words = ""


class Shelve(Act):
    """An open alarm is hidden for some time."""

    reason: Said
    for_s: Seconds


class TakeOut(Act):
    """What a condition raises is out of service for some time, signed by two."""

    source: Source
    second: Person
    reason: Said
    for_s: Seconds


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


@router.get("/alarms/hand-over")
async def hand_over(station: StationDep) -> dict[str, Any]:
    """Return what the next shift must know: every hidden alarm, and those that wait."""
    standing = station.engine.alarms
    return {
        state.value: [alarm_table(alarm) for alarm in standing if alarm.state is state]
        for state in AlarmState
        if state is not AlarmState.NORMAL
    }


@router.post("/alarms/out-of-service")
async def take_out(station: StationDep, act: TakeOut) -> dict[str, Any]:
    """Take a condition's alarm out of service; 409 without a second person or an end."""
    wish = Hiding(act.name, act.reason, act.for_s, act.second)
    return alarm_table(await station.engine.acts.take_out(act.source, wish))


@router.post("/alarms/{alarm_id}/acknowledge")
async def acknowledge(station: StationDep, alarm_id: RecordId, act: Comment) -> dict[str, Any]:
    """Note who has seen the alarm; 409 where there is nothing to acknowledge."""
    acts = station.engine.acts
    return alarm_table(await acts.acknowledge(alarm_id, act.name, act.comment))


@router.post("/alarms/{alarm_id}/confirm")
async def confirm(station: StationDep, alarm_id: RecordId, act: Comment) -> dict[str, Any]:
    """Note that action was taken; 409 before the alarm is acknowledged, and twice."""
    return alarm_table(await station.engine.acts.confirm(alarm_id, act.name, act.comment))


@router.post("/alarms/{alarm_id}/reset")
async def reset(station: StationDep, alarm_id: RecordId, act: Comment) -> dict[str, Any]:
    """End a latched alarm; 409 while its condition holds or nobody has seen it."""
    return alarm_table(await station.engine.acts.reset(alarm_id, act.name, act.comment))


@router.post("/alarms/{alarm_id}/shelve")
async def shelve(station: StationDep, alarm_id: RecordId, act: Shelve) -> dict[str, Any]:
    """Hide an open alarm for some time; 409 where its class does not allow it."""
    wish = Hiding(act.name, act.reason, act.for_s)
    return alarm_table(await station.engine.acts.shelve(alarm_id, wish))


@router.post("/alarms/{alarm_id}/unshelve")
async def unshelve(station: StationDep, alarm_id: RecordId, act: Act) -> dict[str, Any]:
    """Bring a shelved alarm back before its time."""
    return alarm_table(await station.engine.acts.unshelve(alarm_id, act.name))


@router.post("/alarms/{alarm_id}/put-back")
async def put_back(station: StationDep, alarm_id: RecordId, act: Act) -> dict[str, Any]:
    """Bring an alarm back into service before its time."""
    return alarm_table(await station.engine.acts.put_back(alarm_id, act.name))


@router.get("/advice")
async def advice(station: StationDep) -> dict[str, Any]:
    """Return the advice for every ropeway."""
    return station.live.advice()
