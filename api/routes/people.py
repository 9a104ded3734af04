"""People and their roles, keys of machines and links of wall screens: tended by name."""

from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import Field, StringConstraints

from analytics.access import KeyWish
from analytics.people import AccessKey, Grant, Grants, KeyKind, Person, Role
from analytics.plain import milliseconds
from api.deps import Act, RecordId, Signed, StationDep, TendingPeople, must_sign
from api.deps import Person as PersonName
from api.station import Station
from collector.site import Id

router = APIRouter(prefix="/api", tags=["people"])

LONGEST_KEY_DAYS = 730

Login = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, to_lower=True, pattern=r"^[a-zA-Z][a-zA-Z0-9._-]*$", max_length=48
    ),
]


class GrantTable(Act):
    """A role, at one ropeway or at the whole `site`."""

    role: Role
    ropeway: Id


GrantTables = Annotated[tuple[GrantTable, ...], Field(max_length=50)]


class AddPerson(Signed):
    """Someone may log in from now on."""

    login: Login
    name: PersonName
    grants: GrantTables


class ChangePerson(Signed):
    """Someone is called, may do or is let in otherwise than before."""

    name: PersonName
    grants: GrantTables
    active: bool


class MakeKey(Signed):
    """A machine or a wall screen is let in from now on."""

    kind: KeyKind
    name: PersonName
    grants: Annotated[GrantTables, Field(min_length=1)]
    days: Annotated[int, Field(ge=1, le=LONGEST_KEY_DAYS)]


@router.get("/people")
async def people(station: StationDep, _: TendingPeople) -> dict[str, Any]:
    """Return everyone who may or might log in, in the order they were added."""
    return {"people": [_person(one) for one in station.log_in.people]}


@router.post("/people", status_code=201)
async def add(station: StationDep, caller: TendingPeople, act: AddPerson) -> dict[str, Any]:
    """Add a person; the answer holds the one-time password, which nobody sees again."""
    await must_sign(station, caller, act)
    added, password = await station.access.add(
        act.login, act.name, _grants(act.grants), caller.name
    )
    return {"person": _person(added), "one_time_password": password}


@router.put("/people/{person_id}")
async def change(
    station: StationDep, caller: TendingPeople, person_id: RecordId, act: ChangePerson
) -> dict[str, Any]:
    """Change a person; 409 where no administrator would be left."""
    await must_sign(station, caller, act)
    kept = await station.records.people.get(person_id)
    wished = replace(kept, name=act.name, grants=_grants(act.grants), active=act.active)
    return {"person": _person(await station.access.change(wished, caller.name))}


@router.post("/people/{person_id}/reset")
async def reset(
    station: StationDep, caller: TendingPeople, person_id: RecordId, act: Signed
) -> dict[str, Any]:
    """Give a person a new one-time password; their sessions end."""
    await must_sign(station, caller, act)
    kept, password = await station.access.reset_password(person_id, caller.name)
    return {"person": _person(kept), "one_time_password": password}


@router.get("/keys")
async def keys(station: StationDep, _: TendingPeople) -> dict[str, Any]:
    """Return every access key, newest first; their tokens are kept nowhere."""
    return {"keys": [_key(station, one) for one in station.log_in.keys]}


@router.post("/keys", status_code=201)
async def make_key(station: StationDep, caller: TendingPeople, act: MakeKey) -> dict[str, Any]:
    """Make an access key; the answer holds its token, which nobody sees again."""
    await must_sign(station, caller, act)
    wish = KeyWish(act.kind, act.name, _grants(act.grants), act.days)
    made, token = await station.access.make_key(wish, caller.name)
    return {"key": _key(station, made), "token": token}


@router.delete("/keys/{key_id}")
async def end_key(station: StationDep, caller: TendingPeople, key_id: RecordId) -> dict[str, Any]:
    """Have a key open nothing any more; 409 where it is over already."""
    return {"key": _key(station, await station.access.end_key(key_id, caller.name))}


def _grants(given: tuple[GrantTable, ...]) -> Grants:
    return tuple(sorted({Grant(one.role, one.ropeway) for one in given}))


def _grant_tables(grants: Grants) -> list[dict[str, str]]:
    return [{"role": one.role.value, "ropeway": one.ropeway} for one in grants]


def _person(one: Person) -> dict[str, Any]:
    return {
        "id": one.id,
        "login": one.login,
        "name": one.name,
        "grants": _grant_tables(one.grants),
        "active": one.active,
        "one_time": one.one_time,
        "made_ms": milliseconds(one.made_ns),
        "made_by": one.made_by,
    }


def _key(station: Station, one: AccessKey) -> dict[str, Any]:
    return {
        "id": one.id,
        "kind": one.kind.value,
        "name": one.name,
        "grants": _grant_tables(one.grants),
        "made_ms": milliseconds(one.made_ns),
        "made_by": one.made_by,
        "expires_ms": milliseconds(one.expires_ns),
        "valid": station.log_in.opens(one),
        "ended_ms": milliseconds(one.ended_ns),
        "ended_by": one.ended_by,
    }
