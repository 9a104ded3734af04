"""Consultations: listed, opened by hand, talked over, decided, closed."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import Field

from analytics.consultation import ByHand
from analytics.model import Decision, Opinion
from analytics.people import Permission
from analytics.plain import consultation_table, head_table
from api.deps import (
    READING,
    Act,
    Deciding,
    Person,
    RecordId,
    Said,
    Signed,
    Speaking,
    StationDep,
    Words,
    must_hold,
    must_sign,
)
from collector.site import Id

router = APIRouter(prefix="/api/consultations", tags=["consultations"], dependencies=[READING])


class OpenByHand(Act):
    """Someone wants a consultation."""

    reason: Annotated[Said, Field(max_length=200)]
    ropeways: tuple[Id, ...] = Field(min_length=1)


class GiveOpinion(Act):
    """What one person says."""

    role: Person
    text: Said
    dissent: bool = False


class Decide(Signed):
    """What is decided for one ropeway."""

    ropeway: Id
    decision: Literal[
        "normal", "watch", "slow", "stop_loading", "clear_and_suspend", "suspend", "do_not_open"
    ]
    speed_mps: Annotated[float, Field(gt=0, le=20)] | None = None
    note: Words = ""


@router.get("")
async def consultations(
    station: StationDep, limit: Annotated[int, Query(ge=1, le=500)] = 100
) -> dict[str, Any]:
    """Return the consultations, newest first, without their briefs."""
    heads = await station.records.consultations.list_heads(limit)
    return {"consultations": [head_table(head) for head in heads]}


@router.get("/{consultation_id}")
async def consultation(station: StationDep, consultation_id: RecordId) -> dict[str, Any]:
    """Return one consultation whole, its brief as the very text that was frozen."""
    return consultation_table(await station.records.consultations.get(consultation_id))


@router.post("", status_code=201)
async def open_by_hand(station: StationDep, caller: Speaking, act: OpenByHand) -> dict[str, Any]:
    """Open a consultation by hand; its brief is frozen now."""
    ropeways = tuple(dict.fromkeys(act.ropeways))
    must_hold(caller, Permission.SPEAK, *ropeways)
    opened = await station.consultations.open_by_hand(ByHand(caller.name, act.reason, ropeways))
    return consultation_table(opened)


@router.post("/{consultation_id}/opinions", status_code=201)
async def give_opinion(
    station: StationDep, caller: Speaking, consultation_id: RecordId, act: GiveOpinion
) -> dict[str, Any]:
    """Add what one person says, dissent included."""
    one = await station.records.consultations.get(consultation_id)
    if not any(caller.may(Permission.SPEAK, ropeway) for ropeway in one.ropeways):
        must_hold(caller, Permission.SPEAK, *one.ropeways)
    opinion = Opinion(caller.name, act.role, station.clock.now_ns(), act.text, act.dissent)
    return consultation_table(
        await station.records.consultations.add_opinion(consultation_id, opinion)
    )


@router.post("/{consultation_id}/decisions", status_code=201)
async def decide(
    station: StationDep, caller: Deciding, consultation_id: RecordId, act: Decide
) -> dict[str, Any]:
    """Add the decision for one ropeway; a later one counts in its place."""
    must_hold(caller, Permission.DECIDE, act.ropeway)
    await must_sign(station, caller, act)
    decision = Decision(
        ropeway=act.ropeway,
        decision=act.decision,
        speed_mps=act.speed_mps,
        note=act.note,
        name=caller.name,
        at_ns=station.clock.now_ns(),
    )
    return consultation_table(await station.records.consultations.decide(consultation_id, decision))


@router.post("/{consultation_id}/close")
async def close(
    station: StationDep, caller: Deciding, consultation_id: RecordId, act: Signed
) -> dict[str, Any]:
    """Close by name; 409 unless every ropeway has a decision."""
    one = await station.records.consultations.get(consultation_id)
    must_hold(caller, Permission.DECIDE, *one.ropeways)
    await must_sign(station, caller, act)
    closed = await station.records.consultations.close(
        consultation_id, caller.name, station.clock.now_ns()
    )
    return consultation_table(closed)
