"""Say who may come in: people with their roles, keys for machines and wall screens."""

from collections.abc import Collection
from dataclasses import dataclass

from analytics.log_in import LogInDesk
from analytics.passwords import Passwords, new_token, one_time_password, token_digest
from analytics.people import (
    PERMITS,
    AccessKey,
    Grant,
    Grants,
    KeyKind,
    Permission,
    Person,
    Role,
)
from analytics.records import Records, RecordsRefused
from collector.clock import Clock
from collector.model import NANOSECONDS
from collector.site import WHOLE_SITE

DAY_NS = 86_400 * NANOSECONDS
FIRST = "admin"
FIRST_NAME = "管理员"
BY_ITSELF = "ropewatch"


@dataclass(frozen=True, slots=True)
class KeyWish:
    """An access key that somebody wants made."""

    kind: KeyKind
    name: str
    grants: Grants
    days: int


class AccessDesk:
    """Add and change people and keys; RecordsRefused where that would lock everyone out."""

    def __init__(
        self,
        records: Records,
        log_in: LogInDesk,
        ropeways: Collection[str],
        passwords: Passwords,
        clock: Clock,
    ) -> None:
        self._records = records
        self._log_in = log_in
        self._places = {WHOLE_SITE, *ropeways}
        self._passwords = passwords
        self._clock = clock

    async def first_password(self) -> str | None:
        """Make the first administrator where nobody is on record; return the password, once."""
        if self._log_in.people:
            return None
        grants = (Grant(Role.ADMINISTRATOR),)
        _, password = await self.add(FIRST, FIRST_NAME, grants, BY_ITSELF)
        return password

    async def add(self, login: str, name: str, grants: Grants, who: str) -> tuple[Person, str]:
        """Add a person; return them and the one-time password to tell them."""
        self._must_be_places(grants)
        person = Person(0, login.casefold(), name, grants, True, True, self._clock.now_ns(), who)
        password = one_time_password()
        added = await self._records.people.add(person, await self._passwords.hash(password))
        await self._log_in.renew(added)
        return added, password

    async def change(self, person: Person, who: str) -> Person:
        """Give a person the name, grants and state that `person` says."""
        self._must_be_places(person.grants)
        others = [one for one in self._log_in.people if one.id != person.id]
        if not any(_tends_people(one) for one in (*others, person)):
            raise RecordsRefused(
                "至少要有一名在用的全站管理员", "one active administrator of the site must stay"
            )
        changed = await self._records.people.change(person, who)
        await self._log_in.renew(changed, ends=not changed.active)
        return changed

    async def reset_password(self, person_id: int, who: str) -> tuple[Person, str]:
        """Give a person a new one-time password; their sessions end."""
        password = one_time_password()
        kept = await self._records.people.set_password(
            person_id, await self._passwords.hash(password), who, one_time=True
        )
        await self._log_in.renew(kept)
        return kept, password

    async def make_key(self, wish: KeyWish, who: str) -> tuple[AccessKey, str]:
        """Make an access key; return it and its token, which is told once.

        A wall screen's key only ever reads, and no machine decides or tends people.
        """
        self._must_be_places(wish.grants)
        permitted = {one for grant in wish.grants for one in PERMITS[grant.role]}
        if wish.kind is KeyKind.KIOSK and permitted != {Permission.READ}:
            raise RecordsRefused("看板密钥只能查看", "the key of a wall screen can only read")
        if permitted & {Permission.TEND_PEOPLE, Permission.DECIDE, Permission.APPROVE_RULES}:
            raise RecordsRefused(
                "机器不得决策、批准规则或管理人员",
                "a machine decides nothing, approves no rules and tends no people",
            )
        now_ns = self._clock.now_ns()
        key = AccessKey(
            0, wish.kind, wish.name, wish.grants, now_ns, who, now_ns + wish.days * DAY_NS
        )
        token = new_token()
        made = await self._records.access_keys.add(key, token_digest(token))
        await self._log_in.renew_keys()
        return made, token

    async def end_key(self, key_id: int, who: str) -> AccessKey:
        """Have a key open nothing from now on."""
        ended = await self._records.access_keys.end(key_id, self._clock.now_ns(), who)
        await self._log_in.renew_keys()
        return ended

    def _must_be_places(self, grants: Grants) -> None:
        for grant in grants:
            if grant.ropeway not in self._places:
                raise RecordsRefused(
                    f"没有索道 {grant.ropeway}", f"there is no ropeway '{grant.ropeway}'"
                )


def _tends_people(person: Person) -> bool:
    whole = (one for one in person.grants if one.ropeway == WHOLE_SITE)
    return person.active and any(Permission.TEND_PEOPLE in PERMITS[one.role] for one in whole)
