"""Substitutions: values that a person put in the place of a tag's, until they expire."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import Field

from analytics.plain import figure, milliseconds
from analytics.records import Substitution
from analytics.substitution import LONGEST_S, Wish
from api.deps import Act, Person, StationDep, Words
from api.station import Station
from collector.site import TagId

router = APIRouter(prefix="/api/substitutions", tags=["substitutions"])


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
async def substitute(station: StationDep, act: Substitute) -> dict[str, Any]:
    """Let a value stand in for a tag's; 409 for a stranger or a value out of range."""
    wish = Wish(act.tag, act.value, act.for_s, act.name, act.reason)
    return _table(station, await station.substitutions.begin(wish))


@router.delete("/{tag}")
async def end(station: StationDep, tag: TagId, name: Annotated[Person, Query()]) -> dict[str, Any]:
    """Measure a tag again, by name; 409 where nothing stands in for it."""
    await station.substitutions.end(tag, name)
    return {"tag": tag}


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
