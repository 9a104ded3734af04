"""Who may do what: people, their roles on ropeways, and what each role permits."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from pydantic import Field

from collector.site import WHOLE_SITE, Table

LONGEST_PASSWORD = 256


class Permission(StrEnum):
    """What a route asks of the one who calls it."""

    READ = "read"
    ANSWER_ALARMS = "answer_alarms"
    SHELVE_ALARMS = "shelve_alarms"
    TAKE_ALARMS_OUT = "take_alarms_out"
    SPEAK = "speak"
    DECIDE = "decide"
    DO_TASKS = "do_tasks"
    SUBSTITUTE = "substitute"
    ENTER_BYPASSES = "enter_bypasses"
    APPROVE_BYPASSES = "approve_bypasses"
    TEND_HISTORY = "tend_history"
    PROPOSE_RULES = "propose_rules"
    APPROVE_RULES = "approve_rules"
    READ_JOURNAL = "read_journal"
    TEND_PEOPLE = "tend_people"
    TEST_CHANNELS = "test_channels"


class Role(StrEnum):
    """What a person is at a ropeway."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    SHIFT_LEAD = "shift_lead"
    MAINTENANCE = "maintenance"
    SAFETY_OFFICER = "safety_officer"
    DUTY_LEADER = "duty_leader"
    ADMINISTRATOR = "administrator"


_DESK = frozenset({Permission.READ, Permission.ANSWER_ALARMS, Permission.SPEAK})

PERMITS: dict[Role, frozenset[Permission]] = {
    Role.VIEWER: frozenset({Permission.READ}),
    Role.OPERATOR: _DESK | {Permission.SHELVE_ALARMS, Permission.ENTER_BYPASSES},
    Role.SHIFT_LEAD: _DESK
    | {
        Permission.SHELVE_ALARMS,
        Permission.TAKE_ALARMS_OUT,
        Permission.DECIDE,
        Permission.DO_TASKS,
        Permission.SUBSTITUTE,
        Permission.ENTER_BYPASSES,
        Permission.APPROVE_BYPASSES,
        Permission.READ_JOURNAL,
        Permission.TEST_CHANNELS,
    },
    Role.MAINTENANCE: _DESK
    | {
        Permission.TEST_CHANNELS,
        Permission.TAKE_ALARMS_OUT,
        Permission.DO_TASKS,
        Permission.SUBSTITUTE,
        Permission.ENTER_BYPASSES,
        Permission.PROPOSE_RULES,
    },
    Role.SAFETY_OFFICER: _DESK
    | {
        Permission.TEST_CHANNELS,
        Permission.TAKE_ALARMS_OUT,
        Permission.DO_TASKS,
        Permission.APPROVE_BYPASSES,
        Permission.PROPOSE_RULES,
        Permission.APPROVE_RULES,
        Permission.READ_JOURNAL,
    },
    Role.DUTY_LEADER: _DESK
    | {
        Permission.DECIDE,
        Permission.APPROVE_BYPASSES,
        Permission.APPROVE_RULES,
        Permission.READ_JOURNAL,
        Permission.TEST_CHANNELS,
    },
    # Tends the monitor and those who use it; runs no ropeway.
    Role.ADMINISTRATOR: frozenset(
        {
            Permission.READ,
            Permission.TEND_HISTORY,
            Permission.READ_JOURNAL,
            Permission.TEND_PEOPLE,
            Permission.TEST_CHANNELS,
        }
    ),
}


class LogInTerms(Table):
    """How long a log-in lasts, and how many wrong passwords are taken."""

    session_h: float = Field(default=12.0, gt=0, le=24)
    idle_min: float = Field(default=60.0, gt=0, le=1440)
    attempts: int = Field(default=5, ge=3, le=20)
    lock_min: float = Field(default=15.0, ge=1, le=1440)
    shortest_password: int = Field(default=10, ge=8, le=64)


@dataclass(frozen=True, slots=True, order=True)
class Grant:
    """A role at one ropeway, or at the whole site."""

    role: Role
    ropeway: str = WHOLE_SITE


Grants = tuple[Grant, ...]


@dataclass(frozen=True, slots=True)
class Person:
    """Someone who may log in; what they do is on record under `name`.

    With a `one_time` password nothing is permitted but to choose another one.
    """

    id: int
    login: str
    name: str
    grants: Grants
    active: bool
    one_time: bool
    made_ns: int
    made_by: str


@dataclass(frozen=True, slots=True)
class Session:
    """One log-in of one person, from its begin to its end; instants in ns UTC."""

    id: int
    person: int
    address: str
    begun_ns: int
    ends_ns: int
    ended_ns: int | None = None
    ended_why: str | None = None


class KeyKind(StrEnum):
    """What an access key is for: another machine, or a screen that only shows."""

    MACHINE = "machine"
    KIOSK = "kiosk"


@dataclass(frozen=True, slots=True)
class AccessKey:
    """What lets a machine or a wall screen in without a person; it can sign nothing."""

    id: int
    kind: KeyKind
    name: str
    grants: Grants
    made_ns: int
    made_by: str
    expires_ns: int
    ended_ns: int | None = None
    ended_by: str | None = None


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: a person in a session, a machine or a wall screen by its key."""

    name: str
    grants: Grants
    person: Person | None = None
    session: Session | None = None
    key: AccessKey | None = None

    def may(self, permission: Permission, ropeway: str | None = None) -> bool:
        """Return whether this is permitted, at `ropeway` if the matter belongs to one."""
        if self.person is not None and self.person.one_time:
            return False
        return permits(self.grants, permission, ropeway)

    def permissions(self) -> dict[str, list[str]]:
        """Return each permission held with the ropeways it is held at."""
        if self.person is not None and self.person.one_time:
            return {}
        return {
            one.value: sorted({g.ropeway for g in self.grants if one in PERMITS[g.role]})
            for one in Permission
            if permits(self.grants, one, None)
        }


def permits(grants: Iterable[Grant], permission: Permission, ropeway: str | None) -> bool:
    """Return whether some grant permits this at `ropeway`.

    None: the matter belongs to no single ropeway (a lightning sensor, the monitor
    itself), so whoever may do it at any ropeway may do it.
    """
    return any(
        permission in PERMITS[grant.role]
        and (ropeway is None or grant.ropeway in (ropeway, WHOLE_SITE))
        for grant in grants
    )


def password_fault(password: str, login: str, shortest: int) -> tuple[str, str] | None:
    """Say in both languages why a password will not do, or None.

    Long rather than motley (NIST SP 800-63B, 3.1.1.2): no rules about signs.
    """
    if len(password) < shortest:
        return f"密码至少 {shortest} 个字符", f"a password has at least {shortest} characters"
    if len(password) > LONGEST_PASSWORD:
        words = f"a password has at most {LONGEST_PASSWORD} characters"
        return f"密码最多 {LONGEST_PASSWORD} 个字符", words
    if login.casefold() in password.casefold():
        return "密码不得含有登录名", "a password does not contain the log-in name"
    if len(set(password)) < 4:
        return "密码过于简单", "a password of so few different characters is guessed at once"
    return None
