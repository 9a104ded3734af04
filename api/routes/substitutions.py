"""Substitutions: values that a person put in the place of a tag's, until they expire."""

from typing import Any

from fastapi import APIRouter
from pydantic import Field

from analytics.people import Permission
from analytics.plain import figure, milliseconds
from analytics.records import Substitution
from analytics.substitution import LONGEST_S, Wish
from api.deps import READING, Act, StationDep, Substituting, Words, must_hold
from api.station import Station
from collector.site import TagId

router = APIRouter(prefix="/api/substitutions", tags=["substitutions"], dependencies=[READING])


class Substitute(Act):
    """A value stands in for a tag's for some time."""

    tag: TagId
    value: float = Field(allow_inf_nan=False)
    for_s: float = Field(gt=0, le=LONGEST_S)
    reason: Words = ""


@router.get("")
async def substitutions(station: StationDep) -> dict[str, Any]:
    """Return what stands now, with what the device brings beside it."""
    standing = station.substitutions.standing
    return {"substitutions": [_table(station, one) for one in standing]}


@router.post("")
async def substitute(station: StationDep, caller: Substituting, act: Substitute) -> dict[str, Any]:
    """Let a value stand in for a tag's; 409 for a stranger or a value out of range."""
    must_hold(caller, Permission.SUBSTITUTE, _place(act.tag))
    wish = Wish(act.tag, act.value, act.for_s, caller.name, act.reason)
    return _table(station, await station.substitutions.begin(wish))


@router.delete("/{tag}")
async def end(station: StationDep, caller: Substituting, tag: TagId) -> dict[str, Any]:
    """Measure a tag again, by name; 409 where nothing stands in for it."""
    must_hold(caller, Permission.SUBSTITUTE, _place(tag))
    await station.substitutions.end(tag, caller.name)
    return {"tag": tag}


def _place(tag: str) -> str:
    """Return the ropeway of a tag, or `site`: its id begins with it."""
    return tag.split(".", maxsplit=1)[0]


def _table(station: Station, one: Substitution) -> dict[str, Any]:
    measured = station.substitutions.measured(one.tag)
    return {
        "tag": one.tag,
        "value": figure(one.value),
        "name": one.name,
        "reason": one.reason,
        "from_ms": milliseconds(one.from_ns),
        "until_ms": milliseconds(one.until_ns),
        "measured": None
        if measured is None
        else {
            "value": figure(measured.value),
            "quality": int(measured.quality),
            "said": measured.quality.said.value,
            "received_ms": milliseconds(measured.received_ns),
        },
    }
