"""Let people in by password, machines and wall screens by key, and know who calls."""

import math
from dataclasses import dataclass, replace

import structlog

from analytics.attempts import Attempts
from analytics.passwords import Passwords, new_token, token_digest
from analytics.people import (
    AccessKey,
    Caller,
    LogInTerms,
    Permission,
    Person,
    Session,
    password_fault,
)
from analytics.records import Records, RecordsError, RecordsRefused
from collector.clock import Clock
from collector.model import NANOSECONDS

LOOK_EVERY_S = 10.0
log = structlog.get_logger()
# Many log-ins tried from one address are one person guessing.
MORE_BY_ADDRESS = 4


class LogInRefused(Exception):  # noqa: N818  a refusal is an answer, not a fault
    """Nobody is let in; `wait_s` is how long every further try is refused unheard."""

    def __init__(self, wait_s: float = 0.0) -> None:
        self.wait_s = wait_s
        super().__init__("the log-in name or the password is wrong")


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """A log-in that succeeded; the token is told once and kept nowhere."""

    token: str
    caller: Caller


class LogInDesk:
    """Know who calls; everything on it survives a restart but the counts of wrong passwords.

    Sessions end by their own length, after a time without a call, or by a deed; `clock`
    is that of the machine, whatever time a simulated site runs by.
    """

    def __init__(
        self, records: Records, terms: LogInTerms, clock: Clock, passwords: Passwords
    ) -> None:
        self.terms = terms
        self._records = records
        self._clock = clock
        self._passwords = passwords
        self._attempts = Attempts(terms.lock_min * 60)
        self._people: dict[int, Person] = {}
        self._sessions: dict[str, Session] = {}
        self._keys: dict[str, AccessKey] = {}
        self._called_s: dict[int, float] = {}

    async def restore(self) -> None:
        """Take up who may log in and who is logged in."""
        self._people = {one.id: one for one in await self._records.people.listed()}
        self._sessions = await self._records.sessions.standing()
        self._keys = await self._records.access_keys.listed()

    async def run(self) -> None:
        """End sessions whose time is over, until cancelled."""
        while True:
            try:
                await self.expire()
            except RecordsError as error:
                log.warning("the end of a session cannot be kept yet", reason=str(error))
            await self._clock.sleep(LOOK_EVERY_S)

    async def expire(self) -> None:
        """End on record what is over; it opens nothing any more already."""
        for digest, session in list(self._sessions.items()):
            why = self._over(session)
            if why is None:
                continue
            try:
                await self._end(session, why, self._people[session.person].name)
            except RecordsError:
                self._sessions[digest] = session  # or a restart would take it up again
                raise

    @property
    def people(self) -> tuple[Person, ...]:
        """Everyone on record."""
        return tuple(self._people.values())

    @property
    def keys(self) -> tuple[AccessKey, ...]:
        """Every access key ever made, newest first."""
        return tuple(self._keys.values())

    async def log_in(self, login: str, password: str, address: str) -> LoggedIn:
        """Begin a session; LogInRefused, alike for a wrong name and a wrong password."""
        person = await self._known(login, password, address)
        now_ns = self._clock.now_ns()
        ends_ns = now_ns + int(self.terms.session_h * 3600 * NANOSECONDS)
        token = new_token()
        begun = await self._records.sessions.begin(
            Session(0, person.id, address, now_ns, ends_ns), token_digest(token), person.name
        )
        self._sessions[token_digest(token)] = begun
        self._called_s[begun.id] = self._clock.steady_s()
        return LoggedIn(token, Caller(person.name, person.grants, person, begun))

    def caller_of(self, session_token: str | None, key_token: str | None) -> Caller | None:
        """Return who shows a valid token, a person first; None where neither is valid."""
        return self._by_session(session_token or "") or self._by_key(key_token or "")

    def still_in(self, caller: Caller) -> bool:
        """Return whether the caller of some time ago would be let in now."""
        if caller.session is not None:
            standing = any(one.id == caller.session.id for one in self._sessions.values())
            return standing and self._over(caller.session) is None
        return any(
            caller.key is not None and one.id == caller.key.id and self.opens(one)
            for one in self._keys.values()
        )

    def called(self, caller: Caller) -> None:
        """Note that the caller is there: an open page counts as a call."""
        if caller.session is not None:
            self._called_s[caller.session.id] = self._clock.steady_s()

    def left_s(self, session: Session) -> float:
        """Return how many seconds of its length a session has left."""
        return max(0.0, (session.ends_ns - self._clock.now_ns()) / NANOSECONDS)

    async def log_out(self, caller: Caller) -> None:
        """End the caller's session."""
        if caller.session is not None:
            await self._end(caller.session, "logged out", caller.name)

    async def sign(self, caller: Caller, password: str) -> None:
        """Have the caller sign by password; LogInRefused for a wrong one.

        RecordsRefused for a machine or wall screen, which can sign nothing.
        """
        if caller.person is None or caller.session is None:
            raise RecordsRefused("只有登录的人才能签字", "only a person who is logged in can sign")
        await self._known(caller.person.login, password, caller.session.address)

    async def second(
        self, login: str, password: str, address: str, permission: Permission
    ) -> Person:
        """Return the second person who signs; RecordsRefused where they may not."""
        person = await self._known(login, password, address)
        if not Caller(person.name, person.grants, person).may(permission):
            raise RecordsRefused(f"{person.name} 无权会签", f"{person.name} may not sign this")
        return person

    async def choose_password(self, caller: Caller, old: str, new: str) -> Caller:
        """Put the caller's own password in place of the old one; their other sessions end."""
        person = caller.person
        if person is None or caller.session is None:
            raise RecordsRefused("只有登录的人才有密码", "only a person has a password")
        await self.sign(caller, old)
        fault = password_fault(new, person.login, self.terms.shortest_password)
        if fault is not None:
            raise RecordsRefused(*fault)
        if old == new:
            raise RecordsRefused("新密码与旧密码相同", "the new password is the old one")
        kept = await self._records.people.set_password(
            person.id, await self._passwords.hash(new), person.name, one_time=False
        )
        await self.renew(kept, keep=caller.session.id)
        return replace(caller, person=kept)

    async def renew(self, person: Person, keep: int | None = None, *, ends: bool = True) -> None:
        """Take up what a person is now; with `ends` their sessions but `keep` are over."""
        self._people[person.id] = person
        if not ends and person.active:
            return
        for session in list(self._sessions.values()):
            if session.person == person.id and session.id != keep:
                await self._end(session, "account changed", person.name)

    async def renew_keys(self) -> None:
        """Take up the access keys as they are on record now."""
        self._keys = await self._records.access_keys.listed()

    async def _known(self, login: str, password: str, address: str) -> Person:
        person = next((one for one in self.people if one.login == login.casefold()), None)
        subject = "log-in of nobody" if person is None else f"person {person.id}"
        now_s = self._clock.steady_s()
        tries = {
            ("login", login.casefold(), address): self.terms.attempts,
            ("address", address): self.terms.attempts * MORE_BY_ADDRESS,
        }
        wait_s = max(self._attempts.wait_s(key, most, now_s) for key, most in tries.items())
        if wait_s > 0:
            raise LogInRefused(math.ceil(wait_s))
        counts = {key: self._attempts.begin(key, now_s) for key in tries}
        # A typed password must never reach the journal, not even as somebody's name.
        usable = person is not None and person.active
        kept = await self._records.people.password_of(person.id) if person and usable else None
        if not await self._passwords.fits(kept, password) or person is None:
            locked = any(counts[key] >= most for key, most in tries.items())
            await self._records.people.refused(subject, address, locked=locked)
            raise LogInRefused(self.terms.lock_min * 60 if locked else 0.0)
        for key in tries:
            self._attempts.succeeded(key)
        return person

    def _by_session(self, token: str) -> Caller | None:
        session = self._sessions.get(token_digest(token)) if token else None
        if session is None or self._over(session) is not None:
            return None
        person = self._people[session.person]
        self._called_s[session.id] = self._clock.steady_s()
        return Caller(person.name, person.grants, person, session)

    def _by_key(self, token: str) -> Caller | None:
        key = self._keys.get(token_digest(token)) if token else None
        return Caller(key.name, key.grants, key=key) if key and self.opens(key) else None

    def opens(self, key: AccessKey) -> bool:
        """Return whether the key lets anybody in now."""
        return key.ended_ns is None and key.expires_ns > self._clock.now_ns()

    def _over(self, session: Session) -> str | None:
        if self._clock.now_ns() >= session.ends_ns:
            return "time over"
        now_s = self._clock.steady_s()
        idle_s = now_s - self._called_s.setdefault(session.id, now_s)
        return "idle" if idle_s >= self.terms.idle_min * 60 else None

    async def _end(self, session: Session, why: str, who: str) -> None:
        self._sessions = {
            digest: one for digest, one in self._sessions.items() if one.id != session.id
        }
        await self._records.sessions.end(session.id, self._clock.now_ns(), why, who)
        self._called_s.pop(session.id, None)
