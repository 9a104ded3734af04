"""What routes ask for, as annotated types: the station, who calls, and what was signed."""

from typing import Annotated

from fastapi import Depends
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, StringConstraints
from starlette.requests import HTTPConnection

from analytics.log_in import LogInRefused
from analytics.people import LONGEST_PASSWORD, Caller, Permission
from api.errors import Refused
from api.station import Station

SESSION_COOKIE = "ropewatch_session"
KIOSK_COOKIE = "ropewatch_kiosk"
BEARER = "bearer "


def _station(connection: HTTPConnection) -> Station:
    station: Station = connection.app.state.station
    return station


StationDep = Annotated[Station, Depends(_station)]

# PostgreSQL keeps every sign but one.
NO_NUL = r"^[^\x00]*$"
Person = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=60, pattern=NO_NUL),
]
Said = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=2000, pattern=NO_NUL),
]
Words = Annotated[str, StringConstraints(strip_whitespace=True, max_length=2000, pattern=NO_NUL)]
RecordId = Annotated[int, Field(ge=1, le=2**63 - 1)]


def _is_text(secret: SecretStr) -> SecretStr:
    try:
        secret.get_secret_value().encode()
    except UnicodeEncodeError as error:  # half a character, as JSON may spell it
        message = "is no text"
        raise ValueError(message) from error
    return secret


Secret = Annotated[
    SecretStr, Field(min_length=1, max_length=LONGEST_PASSWORD), AfterValidator(_is_text)
]


class Act(BaseModel):
    """What somebody does; who it is says the session, never the request."""

    model_config = ConfigDict(extra="forbid")


class Signed(Act):
    """What somebody signs by giving their password again."""

    password: Secret


class SignedByTwo(Act):
    """What a second person signs as well, at the screen of the first."""

    second_login: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)
    ]
    second_password: Secret


def caller_of(connection: HTTPConnection) -> Caller | None:
    """Return who calls, by session cookie, wall screen's cookie or bearer key."""
    said = connection.headers.get("authorization", "")
    key = said[len(BEARER) :].strip() if said.lower().startswith(BEARER) else None
    session = connection.cookies.get(SESSION_COOKIE)
    desk = _station(connection).log_in
    return desk.caller_of(session, key or connection.cookies.get(KIOSK_COOKIE))


class Needs:
    """Let a route run only for a caller who holds a permission at any ropeway.

    Every route names one of these or `PUBLIC`. Where the matter belongs to one ropeway
    the route asks `must_hold` as well, once it knows which.
    """

    def __init__(self, permission: Permission) -> None:
        self.permission = permission

    async def __call__(self, connection: HTTPConnection) -> Caller:
        """Return the caller; Refused with 401 for nobody and 403 for who may not."""
        caller = caller_of(connection)
        if caller is None:
            raise Refused(401, "请先登录", "log in first")
        must_hold(caller, self.permission, None)
        return caller


class LoggedIn:
    """Let a route run for every person who is logged in, also with a one-time password."""

    async def __call__(self, connection: HTTPConnection) -> Caller:
        """Return the caller; Refused with 401 for nobody."""
        caller = caller_of(connection)
        if caller is None or caller.person is None:
            raise Refused(401, "请先登录", "log in first")
        return caller


class Public:
    """Mark a route that asks nobody who they are."""

    async def __call__(self) -> None:
        """Let everybody through."""


PUBLIC = Depends(Public())
READING = Depends(Needs(Permission.READ))
Answering = Annotated[Caller, Depends(Needs(Permission.ANSWER_ALARMS))]
Shelving = Annotated[Caller, Depends(Needs(Permission.SHELVE_ALARMS))]
TakingOut = Annotated[Caller, Depends(Needs(Permission.TAKE_ALARMS_OUT))]
Speaking = Annotated[Caller, Depends(Needs(Permission.SPEAK))]
Deciding = Annotated[Caller, Depends(Needs(Permission.DECIDE))]
DoingTasks = Annotated[Caller, Depends(Needs(Permission.DO_TASKS))]
Substituting = Annotated[Caller, Depends(Needs(Permission.SUBSTITUTE))]
EnteringBypasses = Annotated[Caller, Depends(Needs(Permission.ENTER_BYPASSES))]
TendingHistory = Annotated[Caller, Depends(Needs(Permission.TEND_HISTORY))]
ProposingRules = Annotated[Caller, Depends(Needs(Permission.PROPOSE_RULES))]
ApprovingRules = Annotated[Caller, Depends(Needs(Permission.APPROVE_RULES))]
ReadingJournal = Annotated[Caller, Depends(Needs(Permission.READ_JOURNAL))]
TendingPeople = Annotated[Caller, Depends(Needs(Permission.TEND_PEOPLE))]
TestingChannels = Annotated[Caller, Depends(Needs(Permission.TEST_CHANNELS))]
Self = Annotated[Caller, Depends(LoggedIn())]


def must_hold(caller: Caller, permission: Permission, *ropeways: str | None) -> None:
    """Refused with 403 unless the caller holds the permission at every one of `ropeways`."""
    if caller.person is not None and caller.person.one_time:
        raise Refused(403, "请先更换一次性密码", "choose a password of your own first")
    for ropeway in ropeways:
        if not caller.may(permission, ropeway):
            zh = f"{caller.name} 在索道 {ropeway} 无此权限" if ropeway else "您无此权限"
            en = f" at ropeway '{ropeway}'" if ropeway else ""
            raise Refused(403, zh, f"{caller.name} may not do this{en}")


async def must_sign(station: Station, caller: Caller, act: Signed) -> None:
    """Refused with 403 unless the act bears the caller's own password."""
    try:
        await station.log_in.sign(caller, act.password.get_secret_value())
    except LogInRefused as refusal:
        raise wrong_password(refusal) from refusal


def wrong_password(refusal: LogInRefused) -> Refused:
    """Return the answer to a wrong password in a signature: the session itself goes on."""
    if refusal.wait_s:
        words = f"too many wrong passwords: wait {refusal.wait_s:.0f} s"
        waits = f"密码错误次数过多，请等待 {refusal.wait_s:.0f} 秒"
        return Refused(429, waits, words, wait_s=refusal.wait_s)
    return Refused(403, "密码不符，未签字", "the password is wrong; nothing was signed")


async def second_of(connection: HTTPConnection, act: SignedByTwo, permission: Permission) -> Caller:
    """Return the second person who signs at the caller's screen; Refused with 403 or 429."""
    address = connection.client.host if connection.client else "unknown"
    desk = _station(connection).log_in
    try:
        password = act.second_password.get_secret_value()
        person = await desk.second(act.second_login, password, address, permission)
    except LogInRefused as refusal:
        raise wrong_password(refusal) from refusal
    return Caller(person.name, person.grants, person)
