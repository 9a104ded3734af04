"""Log in and out, change the own password, and open a wall screen by its link."""

from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import StringConstraints

from analytics.log_in import LogInRefused
from analytics.people import LONGEST_PASSWORD, Caller
from analytics.plain import milliseconds, name_table
from api.deps import (
    KIOSK_COOKIE,
    PUBLIC,
    SESSION_COOKIE,
    Act,
    Secret,
    Self,
    StationDep,
    caller_of,
    wrong_password,
)
from api.errors import Refused
from api.station import Station

router = APIRouter(tags=["session"])

Login = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_PASSWORD)
]
Token = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class LogIn(Act):
    """Who wants in."""

    login: Login
    password: Secret


class OtherPassword(Act):
    """The caller wants another password."""

    old: Secret
    new: Secret


@router.get("/api/session", dependencies=[PUBLIC])
async def who(request: Request, station: StationDep) -> dict[str, Any]:
    """Return who calls, as far as anybody is known, and the site's name for the log-in page."""
    return _table(station, caller_of(request))


@router.post("/api/session", dependencies=[PUBLIC], status_code=201)
async def log_in(
    request: Request, response: Response, station: StationDep, act: LogIn
) -> dict[str, Any]:
    """Begin a session; 401 for a wrong name or password, 429 after too many of them."""
    address = request.client.host if request.client else "unknown"
    try:
        opened = await station.log_in.log_in(act.login, act.password.get_secret_value(), address)
    except LogInRefused as refusal:
        if refusal.wait_s:
            raise wrong_password(refusal) from refusal
        raise Refused(
            401, "登录名或密码不正确", "the log-in name or password is wrong"
        ) from refusal
    _set_cookie(request, response, SESSION_COOKIE, opened.token)
    return _table(station, opened.caller)


@router.delete("/api/session")
async def log_out(response: Response, station: StationDep, caller: Self) -> dict[str, Any]:
    """End the caller's session."""
    await station.log_in.log_out(caller)
    response.delete_cookie(SESSION_COOKIE, httponly=True, samesite="strict")
    return _table(station, None)


@router.post("/api/session/password")
async def choose_password(station: StationDep, caller: Self, act: OtherPassword) -> dict[str, Any]:
    """Choose another password; 403 for a wrong old one, 409 for a new one that will not do."""
    old, new = act.old.get_secret_value(), act.new.get_secret_value()
    try:
        return _table(station, await station.log_in.choose_password(caller, old, new))
    except LogInRefused as refusal:
        raise wrong_password(refusal) from refusal


@router.get("/kiosk/{token}", dependencies=[PUBLIC], status_code=303, response_class=Response)
async def open_kiosk(request: Request, station: StationDep, token: Token) -> Response:
    """Let a wall screen in by its link, and show it the screens; 401 for a dead link."""
    if station.log_in.caller_of(None, token) is None:
        raise Refused(401, "看板链接无效或已停用", "this link is unknown, over or ended")
    answer = RedirectResponse("/", status_code=303)
    _set_cookie(request, answer, KIOSK_COOKIE, token)
    return answer


def _set_cookie(request: Request, response: Response, name: str, token: str) -> None:
    response.set_cookie(
        name,
        token,
        # A wall screen stays on over restarts of its browser; a session does not.
        max_age=None if name == SESSION_COOKIE else 400 * 86_400,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )


def _table(station: Station, caller: Caller | None) -> dict[str, Any]:
    site = station.site.plant.site
    shown: dict[str, Any] = {
        "site": name_table(site.name),
        "simulated": site.simulated,
        "caller": None,
    }
    if caller is not None:
        session = caller.session
        shown["caller"] = {
            "name": caller.name,
            "login": caller.person.login if caller.person else None,
            "one_time": caller.person is not None and caller.person.one_time,
            "ends_ms": milliseconds(session.ends_ns) if session else None,
            "ends_in_s": station.log_in.left_s(session) if session else None,
            "permissions": caller.permissions(),
        }
    return shown
