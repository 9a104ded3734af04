"""Alarms: listed with age, value and guidance, and what people do with them, by name."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from pydantic import Field, StringConstraints

from analytics.acts import Hiding
from analytics.model import AlarmState
from analytics.people import Caller, Permission
from analytics.plain import alarm_table, bypass_table
from analytics.records import RecordMissing
from api.deps import (
    READING,
    Act,
    Answering,
    RecordId,
    Said,
    Shelving,
    SignedByTwo,
    StationDep,
    TakingOut,
    Words,
    must_hold,
    second_of,
)
from api.station import Station

router = APIRouter(prefix="/api", tags=["alarms"], dependencies=[READING])

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


class TakeOut(SignedByTwo):
    """What a condition raises is out of service for some time, signed by two."""

    source: Source
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
    """Return what the next shift must know: hidden alarms, those that wait, and bypasses."""
    standing, now_ns = station.engine.alarms, station.clock.now_ns()
    states = {
        state.value: [alarm_table(alarm) for alarm in standing if alarm.state is state]
        for state in AlarmState
        if state is not AlarmState.NORMAL
    }
    return states | {"bypassed": [bypass_table(one, now_ns) for one in station.bypasses.standing]}


@router.post("/alarms/out-of-service")
async def take_out(
    request: Request, station: StationDep, caller: TakingOut, act: TakeOut
) -> dict[str, Any]:
    """Take a condition's alarm out of service; 409 without a second person or an end."""
    condition = station.engine.conditions.get(act.source)
    if condition is None:
        raise RecordMissing("报警", "alarm", act.source)
    ropeway = condition.ropeway
    must_hold(caller, Permission.TAKE_ALARMS_OUT, ropeway)
    second = await second_of(request, act, Permission.TAKE_ALARMS_OUT)
    must_hold(second, Permission.TAKE_ALARMS_OUT, ropeway)
    wish = Hiding(caller.name, act.reason, act.for_s, second.name)
    return alarm_table(await station.engine.acts.take_out(act.source, wish))


@router.post("/alarms/{alarm_id}/acknowledge")
async def acknowledge(
    station: StationDep, caller: Answering, alarm_id: RecordId, act: Comment
) -> dict[str, Any]:
    """Note who has seen the alarm; 409 where there is nothing to acknowledge."""
    await _must_hold(station, caller, Permission.ANSWER_ALARMS, alarm_id)
    acts = station.engine.acts
    return alarm_table(await acts.acknowledge(alarm_id, caller.name, act.comment))


@router.post("/alarms/{alarm_id}/confirm")
async def confirm(
    station: StationDep, caller: Answering, alarm_id: RecordId, act: Comment
) -> dict[str, Any]:
    """Note that action was taken; 409 before the alarm is acknowledged, and twice."""
    await _must_hold(station, caller, Permission.ANSWER_ALARMS, alarm_id)
    return alarm_table(await station.engine.acts.confirm(alarm_id, caller.name, act.comment))


@router.post("/alarms/{alarm_id}/reset")
async def reset(
    station: StationDep, caller: Answering, alarm_id: RecordId, act: Comment
) -> dict[str, Any]:
    """End a latched alarm; 409 while its condition holds or nobody has seen it."""
    await _must_hold(station, caller, Permission.ANSWER_ALARMS, alarm_id)
    return alarm_table(await station.engine.acts.reset(alarm_id, caller.name, act.comment))


@router.post("/alarms/{alarm_id}/shelve")
async def shelve(
    station: StationDep, caller: Shelving, alarm_id: RecordId, act: Shelve
) -> dict[str, Any]:
    """Hide an open alarm for some time; 409 where its class does not allow it."""
    await _must_hold(station, caller, Permission.SHELVE_ALARMS, alarm_id)
    wish = Hiding(caller.name, act.reason, act.for_s)
    return alarm_table(await station.engine.acts.shelve(alarm_id, wish))


@router.post("/alarms/{alarm_id}/unshelve")
async def unshelve(station: StationDep, caller: Shelving, alarm_id: RecordId) -> dict[str, Any]:
    """Bring a shelved alarm back before its time."""
    await _must_hold(station, caller, Permission.SHELVE_ALARMS, alarm_id)
    return alarm_table(await station.engine.acts.unshelve(alarm_id, caller.name))


@router.post("/alarms/{alarm_id}/put-back")
async def put_back(station: StationDep, caller: TakingOut, alarm_id: RecordId) -> dict[str, Any]:
    """Bring an alarm back into service before its time."""
    await _must_hold(station, caller, Permission.TAKE_ALARMS_OUT, alarm_id)
    return alarm_table(await station.engine.acts.put_back(alarm_id, caller.name))


async def _must_hold(
    station: Station, caller: Caller, permission: Permission, alarm_id: int
) -> None:
    alarm = await station.records.alarms.get(alarm_id)
    must_hold(caller, permission, alarm.ropeway)


@router.get("/advice")
async def advice(station: StationDep) -> dict[str, Any]:
    """Return the advice for every ropeway."""
    return station.live.advice()
