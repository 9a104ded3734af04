"""Log-ins: begun by password, ended by time, by idleness and by what is done to the account."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from analytics.access import AccessDesk, KeyWish
from analytics.log_in import LogInDesk, LogInRefused
from analytics.passwords import Passwords
from analytics.people import Caller, Grant, KeyKind, LogInTerms, Permission, Role
from analytics.records import Records, RecordsError, RecordsRefused
from collector.clock import Clock
from collector.model import NANOSECONDS
from tests.databases import address_of, held
from tests.people import CHEAP, LOGIN, NAME, PASSWORD, a_person, keep_person

pytestmark = pytest.mark.usefixtures("either_database")

HERE = "192.0.2.7"
TERMS = LogInTerms(session_h=1, idle_min=10, attempts=3, lock_min=1)


class SetClock(Clock):
    """A clock that the test sets."""

    at_s = 1_790_000_000.0

    def now_ns(self) -> int:
        return int(self.at_s * NANOSECONDS)

    def steady_s(self) -> float:
        return self.at_s

    async def sleep(self, site_s: float) -> None:
        await asyncio.sleep(min(site_s, 0.001))


@dataclass
class Door:
    records: Records
    log_in: LogInDesk
    access: AccessDesk
    clock: SetClock

    async def enter(self, login: str = LOGIN, password: str = PASSWORD) -> tuple[str, Caller]:
        opened = await self.log_in.log_in(login, password, HERE)
        return opened.token, opened.caller

    def knows(self, token: str) -> bool:
        return self.log_in.caller_of(token, None) is not None

    async def whats(self) -> list[str]:
        return [one.what for one in await self.records.journal.entries()]


@asynccontextmanager
async def a_door(
    folder: Path, *, person: bool = True, patience_s: float = 5.0
) -> AsyncIterator[Door]:
    clock = SetClock()
    async with Records.open(
        address_of(folder / "records.sqlite"), clock.now_ns, patience_s
    ) as records:
        if person and not await records.people.listed():
            await keep_person(records)
        passwords = Passwords(CHEAP)
        log_in = LogInDesk(records, TERMS, clock, passwords)
        await log_in.restore()
        access = AccessDesk(records, log_in, ("north", "south"), passwords, clock)
        yield Door(records, log_in, access, clock)
        assert await records.journal.verify() is None


async def test_a_session_survives_a_restart_and_ends_by_its_length(tmp_path: Path) -> None:
    async with a_door(tmp_path) as door:
        token, caller = await door.enter()
        assert caller.name == NAME
    async with a_door(tmp_path) as door:
        door.clock.at_s += 300
        assert door.knows(token)
        for _ in range(12):
            door.clock.at_s += 290
            door.knows(token)
        assert not door.knows(token)
    async with a_door(tmp_path) as door:
        door.clock.at_s += 3600
        assert not door.knows(token)


async def test_a_session_without_a_call_ends_and_the_record_says_why(tmp_path: Path) -> None:
    async with a_door(tmp_path) as door:
        token, _ = await door.enter()
        door.clock.at_s += 601
        assert not door.knows(token)
        looking = asyncio.create_task(door.log_in.run())
        async with asyncio.timeout(5):
            while await door.records.sessions.standing():
                await asyncio.sleep(0.005)
        looking.cancel()
        with suppress(asyncio.CancelledError):
            await looking
        (ended,) = (one for one in await door.records.journal.entries() if one.what == "logged out")
        assert '"ended_why":"idle"' in ended.body


async def test_an_open_page_counts_as_a_call(tmp_path: Path) -> None:
    async with a_door(tmp_path) as door:
        _, caller = await door.enter()
        for _ in range(5):
            door.clock.at_s += 500
            assert door.log_in.still_in(caller)
            door.log_in.called(caller)


async def test_a_wrong_name_and_a_wrong_password_look_alike(tmp_path: Path) -> None:
    async with a_door(tmp_path) as door:
        said = []
        for login, password in ((LOGIN, "guess"), ("nobody", PASSWORD)):
            with pytest.raises(LogInRefused) as refusal:
                await door.enter(login, password)
            said.append((str(refusal.value), refusal.value.wait_s))
        assert said[0] == said[1]


async def test_brute_force_is_slowed_and_journalled_and_the_owner_waits_too(
    tmp_path: Path,
) -> None:
    async with a_door(tmp_path) as door:
        for _ in range(20):
            with pytest.raises(LogInRefused):
                await door.enter(password="guess")
        with pytest.raises(LogInRefused) as waiting:
            await door.enter()
        assert 0 < waiting.value.wait_s <= 60
        whats = await door.whats()
        assert whats.count("log-in refused") == 2
        assert whats.count("log-in locked") == 1
        door.clock.at_s += 61
        assert (await door.enter())[1].name == NAME


async def test_many_guesses_at_once_gain_nothing(tmp_path: Path) -> None:
    async with a_door(tmp_path) as door:
        tries = [door.enter(password="guess") for _ in range(30)]
        answers = await asyncio.gather(*tries, return_exceptions=True)
        assert all(isinstance(one, LogInRefused) for one in answers)
        whats = await door.whats()
        assert whats.count("log-in refused") + whats.count("log-in locked") == TERMS.attempts


async def test_guessing_over_many_names_is_slowed_too(tmp_path: Path) -> None:
    async with a_door(tmp_path) as door:
        for number in range(TERMS.attempts * 4):
            with pytest.raises(LogInRefused):
                await door.enter(f"guess{number}", "guess")
        with pytest.raises(LogInRefused) as waiting:
            await door.enter()
        assert waiting.value.wait_s > 0


async def test_what_was_typed_never_reaches_the_records(tmp_path: Path) -> None:
    async with a_door(tmp_path) as door:
        slip = "my-secret-password-in-the-wrong-field"
        with pytest.raises(LogInRefused):
            await door.enter(slip, "another-secret-of-mine")
        token, caller = await door.enter()
        await door.log_in.choose_password(caller, PASSWORD, "a new long secret 电池")
        _, one_time = await door.access.add("ligong", "李工", (Grant(Role.VIEWER),), NAME)
        _, key = await door.access.make_key(
            KeyWish(KeyKind.KIOSK, "wall", (Grant(Role.VIEWER),), 1), NAME
        )
        told = " ".join(f"{one.subject} {one.body}" for one in await door.records.journal.entries())
        for secret in (slip, "another-secret", PASSWORD, "a new long", token, one_time, key):
            assert secret not in told
        assert "argon2" not in told
    content = b"".join(path.read_bytes() for path in tmp_path.glob("records.sqlite*"))
    for secret in (slip, "another-secret", PASSWORD, "a new long", token, one_time, key):
        assert secret.encode() not in content


async def test_a_new_password_ends_the_other_sessions_and_keeps_this_one(tmp_path: Path) -> None:
    async with a_door(tmp_path) as door:
        here, caller = await door.enter()
        elsewhere, _ = await door.enter()
        await door.log_in.choose_password(caller, PASSWORD, "a new long secret 电池")
        assert door.knows(here)
        assert not door.knows(elsewhere)
        with pytest.raises(LogInRefused):
            await door.enter()
        await door.enter(password="a new long secret 电池")


async def test_a_newcomer_may_nothing_before_choosing_a_password(tmp_path: Path) -> None:
    async with a_door(tmp_path) as door:
        _, one_time = await door.access.add("ligong", "李工", (Grant(Role.OPERATOR, "north"),), "x")
        token, caller = await door.enter("LiGong", one_time)
        assert not caller.may(Permission.READ)
        await door.log_in.choose_password(caller, one_time, "四条缆绳一只猫和一座山")
        now = door.log_in.caller_of(token, None)
        assert now is not None
        assert now.may(Permission.ANSWER_ALARMS, "north")
        assert not now.may(Permission.ANSWER_ALARMS, "south")


async def test_who_is_let_in_no_more_is_out_at_once(tmp_path: Path) -> None:
    async with a_door(tmp_path) as door:
        await keep_person(door.records, a_person("ligong", "李工"))
        await door.log_in.restore()
        token, caller = await door.enter("ligong")
        person = caller.person
        assert person is not None
        await door.access.change(replace(person, active=False), NAME)
        assert not door.knows(token)
        assert not door.log_in.still_in(caller)
        with pytest.raises(LogInRefused):
            await door.enter("ligong")


async def test_a_role_taken_away_is_gone_within_the_session(tmp_path: Path) -> None:
    async with a_door(tmp_path) as door:
        await keep_person(door.records, a_person("ligong", "李工"))
        await door.log_in.restore()
        token, caller = await door.enter("ligong")
        assert caller.person is not None
        await door.access.change(replace(caller.person, grants=(Grant(Role.VIEWER),)), NAME)
        now = door.log_in.caller_of(token, None)
        assert now is not None
        assert not now.may(Permission.ANSWER_ALARMS)


async def test_the_last_administrator_stays(tmp_path: Path) -> None:
    async with a_door(tmp_path) as door:
        (only,) = door.log_in.people
        for other in (
            replace(only, active=False),
            replace(only, grants=(Grant(Role.OPERATOR),)),
            replace(only, grants=(Grant(Role.ADMINISTRATOR, "north"),)),
        ):
            with pytest.raises(RecordsRefused, match="must stay"):
                await door.access.change(other, NAME)


async def test_the_first_start_makes_one_administrator_and_no_second(tmp_path: Path) -> None:
    async with a_door(tmp_path, person=False) as door:
        password = await door.access.first_password()
        assert password is not None
        assert await door.access.first_password() is None
        _, caller = await door.enter("admin", password)
        assert caller.person is not None
        assert caller.person.one_time
    async with a_door(tmp_path) as door:
        assert await door.access.first_password() is None


async def test_a_signature_needs_the_signer_s_own_password(tmp_path: Path) -> None:
    async with a_door(tmp_path) as door:
        _, caller = await door.enter()
        await door.log_in.sign(caller, PASSWORD)
        with pytest.raises(LogInRefused):
            await door.log_in.sign(caller, "guess")
        _, token = await door.access.make_key(
            KeyWish(KeyKind.MACHINE, "scada", (Grant(Role.OPERATOR),), 1), NAME
        )
        machine = door.log_in.caller_of(None, token)
        assert machine is not None
        with pytest.raises(RecordsRefused):
            await door.log_in.sign(machine, PASSWORD)


async def test_a_second_person_must_hold_the_permission(tmp_path: Path) -> None:
    async with a_door(tmp_path) as door:
        viewer = a_person("kan", "看", (Grant(Role.VIEWER),))
        await keep_person(door.records, viewer)
        await door.log_in.restore()
        with pytest.raises(RecordsRefused, match="may not sign"):
            await door.log_in.second("kan", PASSWORD, HERE, Permission.TAKE_ALARMS_OUT)


async def test_a_one_time_password_that_others_know_cannot_sign_as_second(tmp_path: Path) -> None:
    async with a_door(tmp_path) as door:
        grants = (Grant(Role.ADMINISTRATOR),)
        _, one_time = await door.access.add("ligong", "李工", grants, NAME)
        await door.log_in.restore()
        with pytest.raises(RecordsRefused, match="may not sign"):
            await door.log_in.second("ligong", one_time, HERE, Permission.TEND_PEOPLE)
        _, caller = await door.enter("ligong", one_time)
        await door.log_in.choose_password(caller, one_time, "四条缆绳一只猫和一座山")
        second = await door.log_in.second(
            "ligong", "四条缆绳一只猫和一座山", HERE, Permission.TEND_PEOPLE
        )
        assert second.name == "李工"


async def test_a_key_opens_until_it_expires_or_is_ended(tmp_path: Path) -> None:
    async with a_door(tmp_path) as door:
        wish = KeyWish(KeyKind.MACHINE, "scada", (Grant(Role.OPERATOR, "north"),), 2)
        key, token = await door.access.make_key(wish, NAME)
        caller = door.log_in.caller_of(None, token)
        assert caller is not None
        assert caller.may(Permission.ANSWER_ALARMS, "north")
        await door.access.end_key(key.id, NAME)
        assert door.log_in.caller_of(None, token) is None
        assert not door.log_in.still_in(caller)
        with pytest.raises(RecordsRefused):
            await door.access.end_key(key.id, NAME)
        _, other = await door.access.make_key(wish, NAME)
        door.clock.at_s += 2 * 86400
        assert door.log_in.caller_of(None, other) is None


@pytest.mark.parametrize(
    ("kind", "role"),
    [
        (KeyKind.KIOSK, Role.OPERATOR),
        (KeyKind.KIOSK, Role.ADMINISTRATOR),
        (KeyKind.MACHINE, Role.ADMINISTRATOR),
        (KeyKind.MACHINE, Role.DUTY_LEADER),
        (KeyKind.MACHINE, Role.SAFETY_OFFICER),
    ],
)
async def test_no_key_is_made_that_could_do_what_only_people_do(
    tmp_path: Path, kind: KeyKind, role: Role
) -> None:
    async with a_door(tmp_path) as door:
        with pytest.raises(RecordsRefused):
            await door.access.make_key(KeyWish(kind, "x", (Grant(role),), 1), NAME)
        assert await door.records.access_keys.listed() == {}


async def test_the_end_of_a_session_is_kept_late_where_the_records_are_held(tmp_path: Path) -> None:
    async with a_door(tmp_path, patience_s=0.05) as door:
        token, _ = await door.enter()
        door.clock.at_s += 601
        assert not door.knows(token)
        with held(tmp_path / "records.sqlite"), pytest.raises(RecordsError):
            await door.log_in.expire()
        assert not door.knows(token)
        await door.log_in.expire()
        assert await door.records.sessions.standing() == {}
