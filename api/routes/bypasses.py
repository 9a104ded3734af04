"""Bypasses: safety devices put out of action, entered, approved by another person, ended."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import Field, StringConstraints

from analytics.acts import SHORTEST_S
from analytics.bypass import LONGEST_S, BypassWish, Signers
from analytics.people import Caller, Permission
from analytics.plain import NANOSECONDS_PER_MS, bypass_table
from analytics.records import Bypass, RecordsRefused
from api.deps import (
    NO_NUL,
    READING,
    Act,
    EnteringBypasses,
    RecordId,
    Said,
    SignedByTwo,
    StationDep,
    must_hold,
    second_of,
)
from api.station import Station
from collector.model import NANOSECONDS
from collector.site import Id, TagId

router = APIRouter(prefix="/api/bypasses", tags=["bypasses"], dependencies=[READING])

SHIFT_H = 12.0
LATEST_MS = 9 * 10**12

Named = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=120, pattern=NO_NUL),
]
Seconds = Annotated[float, Field(ge=SHORTEST_S, le=LONGEST_S, allow_inf_nan=False)]


class ApprovedByAnother(SignedByTwo):
    """What another person approves by their password, for some time from now."""

    for_s: Seconds


class EnterBypass(ApprovedByAnother):
    """A safety device or signal is put out of action; since now where nothing else is said."""

    ropeway: Id
    safety_device: Named
    tag: TagId | None = None
    reason: Said
    measures: Said
    from_ms: Annotated[int, Field(ge=0, le=LATEST_MS)] | None = None


class EndBypass(Act):
    """The safety device works again; `note` says what was done and tried."""

    note: Said


@router.get("")
async def bypasses(
    station: StationDep,
    ended_within_h: Annotated[float, Query(ge=0, le=8784, allow_inf_nan=False)] = SHIFT_H,
) -> dict[str, Any]:
    """Return what stands, and what ended in the last hours: of a shift if not said otherwise."""
    since_ns = station.clock.now_ns() - int(ended_within_h * 3600 * NANOSECONDS)
    ended = await station.records.bypasses.ended_since(since_ns)
    return {
        "longest_s": LONGEST_S,
        "standing": [_table(station, one) for one in station.bypasses.standing],
        "ended": [_table(station, one) for one in ended],
    }


@router.post("", status_code=201)
async def enter(
    request: Request, station: StationDep, caller: EnteringBypasses, act: EnterBypass
) -> dict[str, Any]:
    """Enter a bypass; 409 without a second person, or for a device bypassed already."""
    signers = await _signers(request, caller, act, act.ropeway)
    wish = BypassWish(
        ropeway=act.ropeway,
        safety_device=act.safety_device,
        tag=act.tag,
        reason=act.reason,
        measures=act.measures,
        for_s=act.for_s,
        from_ns=None if act.from_ms is None else act.from_ms * NANOSECONDS_PER_MS,
    )
    return _table(station, await station.bypasses.enter(wish, signers))


@router.post("/{bypass_id}/renew")
async def renew(
    request: Request,
    station: StationDep,
    caller: EnteringBypasses,
    bypass_id: RecordId,
    act: ApprovedByAnother,
) -> dict[str, Any]:
    """Let a bypass stand longer, from now, signed by two as at first; 409 once it has ended."""
    one = await station.records.bypasses.get(bypass_id)
    signers = await _signers(request, caller, act, one.ropeway)
    return _table(station, await station.bypasses.renew(bypass_id, act.for_s, signers))


@router.post("/{bypass_id}/end")
async def end(
    station: StationDep, caller: EnteringBypasses, bypass_id: RecordId, act: EndBypass
) -> dict[str, Any]:
    """Note that the safety device works again; 409 where the bypass has ended already."""
    one = await station.records.bypasses.get(bypass_id)
    must_hold(caller, Permission.ENTER_BYPASSES, one.ropeway)
    return _table(station, await station.bypasses.end(bypass_id, caller.name, act.note))


async def _signers(
    request: Request, caller: Caller, act: ApprovedByAnother, ropeway: str
) -> Signers:
    """Return the two who answer for a bypass; Refused unless both may, at this ropeway."""
    must_hold(caller, Permission.ENTER_BYPASSES, ropeway)
    if caller.person is None:
        raise RecordsRefused("旁路只能由登录的人登记", "only a person who is logged in enters it")
    permission = Permission.APPROVE_BYPASSES
    second = await second_of(request, act, permission)
    must_hold(second, permission, ropeway)
    return Signers(caller.name, second.name)


def _table(station: Station, one: Bypass) -> dict[str, Any]:
    return bypass_table(one, station.clock.now_ns())
