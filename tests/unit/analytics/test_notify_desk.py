"""From a committed alarm to people: once each, over kills, wrong clocks and dead services."""

from pathlib import Path
from typing import Any

import pytest

from analytics.acts import Hiding
from analytics.model import AlarmKind
from analytics.notify.terms import Telling
from analytics.records import NoticeState, Outcome, RecordMissing
from tests.chat_services import Answer, Robots, mail, robots
from tests.databases import faults_of
from tests.unit.analytics.notify_words import (
    NEVER_TESTED,
    Calling,
    StepClock,
    calling,
    telling_tables,
)

pytestmark = pytest.mark.usefixtures("either_database")

ROBOT, GATEWAY = "/robot", "/sms"
MINUTE = 60.0


def telling(server: Robots, mail_port: int = 9, **other: Any) -> Telling:
    tables = telling_tables(server.address, mail_port) | NEVER_TESTED | other
    return Telling.model_validate(tables)


async def counted(calls: Calling) -> dict[str, int]:
    """How many messages went out on each channel."""
    notices = await calls.notices()
    return {name: sum(one.channel == name for one in notices) for name in ("group", "sms", "mail")}


async def test_everyone_on_duty_gets_an_alarm_and_a_receipt(tmp_path: Path) -> None:
    async with robots() as server, calling(tmp_path, telling(server)) as calls:
        await calls.raised()
        await calls.sent()
        assert await counted(calls) == {"group": 1, "sms": 2, "mail": 0}
        for notice in await calls.notices():
            assert notice.state is NoticeState.DELIVERED
            assert [one.outcome for one in notice.attempts] == [Outcome.DELIVERED]
            assert all(one.delivered_ns for one in notice.receipts)
        assert {one.body["to"] for one in server.asked if one.path == GATEWAY} == {
            "13800000001",
            "13800000002",
        }
        assert await calls.records.journal.verify() is None
    assert await faults_of(tmp_path / "records.sqlite") == ()


async def test_an_alarm_committed_before_a_kill_is_told_once_after_it(tmp_path: Path) -> None:
    async with robots() as server:
        async with calling(tmp_path, telling(server)) as calls:
            await calls.raised()
        for _ in range(3):
            async with calling(tmp_path, telling(server)) as calls:
                await calls.sent()
                assert await counted(calls) == {"group": 1, "sms": 2, "mail": 0}
        assert len(server.asked) == 3


async def test_a_message_kept_before_a_kill_is_sent_once_after_it(tmp_path: Path) -> None:
    async with robots() as server:
        async with calling(tmp_path, telling(server)) as calls:
            await calls.raised()
            await calls.desk.look()
            assert len(calls.desk.outbox.waiting) == 3
        assert server.asked == []
        for _ in range(2):
            async with calling(tmp_path, telling(server)) as calls:
                await calls.sent()
        assert len(server.asked) == 3


async def test_an_alarm_that_nobody_acknowledges_goes_on_to_the_next_step(tmp_path: Path) -> None:
    async with robots() as server, mail() as post:
        clock = StepClock()
        async with calling(tmp_path, telling(server, post.port), clock) as calls:
            await calls.raised()
            await calls.sent()
            clock.passed_s += 4 * MINUTE
            await calls.sent()
            assert post.letters == []
        clock.passed_s += MINUTE
        async with calling(tmp_path, telling(server, post.port), clock) as calls:
            await calls.sent()
            assert await counted(calls) == {"group": 1, "sms": 2, "mail": 1}
            clock.passed_s += 1000 * MINUTE
            await calls.sent()
            assert len(post.letters) == 1


async def test_acknowledging_stops_it_and_shows_that_this_person_has_seen_it(
    tmp_path: Path,
) -> None:
    async with robots() as server, calling(tmp_path, telling(server)) as calls:
        alarm = await calls.raised()
        await calls.sent()
        await calls.engine.acts.acknowledge(alarm.id, "张伟", "")
        await calls.sent()
        calls.clock.passed_s += 60 * MINUTE
        await calls.sent()
        assert (await counted(calls))["mail"] == 0
        seen = {
            receipt.person
            for notice in await calls.notices()
            for receipt in notice.receipts
            if receipt.seen_ns
        }
        assert seen == {"zhang.wei"}
        assert await calls.records.callouts.open_callouts() == []


async def test_what_is_still_under_way_is_withdrawn_once_somebody_has_seen_the_alarm(
    tmp_path: Path,
) -> None:
    async with robots() as server, calling(tmp_path, telling(server)) as calls:
        server.refuse("/", Answer(500, "down"))
        alarm = await calls.raised()
        await calls.sent(lambda: len(server.asked) >= 5)
        await calls.engine.acts.acknowledge(alarm.id, "li.na", "")
        await calls.sent()
        states = {one.state for one in await calls.notices()}
        assert states == {NoticeState.WITHDRAWN}
        assert calls.desk.wall.calm


async def test_a_hidden_alarm_calls_nobody_and_calls_anew_when_it_comes_back(
    tmp_path: Path,
) -> None:
    async with robots() as server, calling(tmp_path, telling(server)) as calls:
        alarm = await calls.raised(alarm_class="operating")
        await calls.engine.acts.shelve(alarm.id, Hiding("张伟", "检修", 600))
        await calls.sent()
        calls.clock.passed_s += 5 * MINUTE
        await calls.sent()
        assert server.asked == []
        await calls.engine.acts.unshelve(alarm.id, "张伟")
        await calls.sent()
        assert len(server.asked) == 3


async def test_consequences_are_told_with_their_cause_and_not_by_themselves(
    tmp_path: Path,
) -> None:
    async with robots() as server, calling(tmp_path, telling(server)) as calls:
        cause = await calls.raised("plc")
        for number in range(40):
            await calls.raised(f"loss_{number}", cause=cause.id, priority=2)
        await calls.sent()
        assert len(server.asked) == 3
        assert "同因报警：40 条" in server.texts(ROBOT)[0]


async def test_a_flood_gives_each_channel_one_message_every_few_minutes(tmp_path: Path) -> None:
    async with robots() as server, calling(tmp_path, telling(server)) as calls:
        for number in range(30):
            await calls.raised(f"alarm_{number}", priority=2)
        await calls.sent()
        assert await counted(calls) == {"group": 1, "sms": 2, "mail": 0}
        assert "30 条报警" in server.texts(ROBOT)[0]
        for number in range(30, 40):
            await calls.raised(f"alarm_{number}", priority=2)
        calls.clock.passed_s += 2.9 * MINUTE
        await calls.sent()
        assert (await counted(calls))["group"] == 1
        calls.clock.passed_s += 0.2 * MINUTE
        await calls.sent()
        assert await counted(calls) == {"group": 2, "sms": 4, "mail": 0}
        assert "10 条报警" in server.texts(ROBOT)[1]


@pytest.mark.parametrize("hours", [-48, -1, 1, 48])
async def test_a_clock_set_wrong_loses_and_doubles_nothing(tmp_path: Path, hours: int) -> None:
    async with (
        robots() as server,
        mail() as post,
        calling(tmp_path, telling(server, post.port)) as calls,
    ):
        await calls.raised()
        await calls.sent()
        calls.clock.wrong_s = hours * 3600
        await calls.sent()
        calls.clock.passed_s += 5 * MINUTE
        await calls.sent()
        await calls.sent()
        found = await calls.notices("alarm")
        assert sorted(one.channel for one in found) == ["group", "mail", "sms", "sms"]
        assert {one.state for one in found} == {NoticeState.DELIVERED}


async def test_each_channel_is_tested_once_a_day_whatever_restarts(tmp_path: Path) -> None:
    daily = {"notify": {"test_at": "00:00"}}
    clock = StepClock()
    async with robots() as server, mail() as post:
        for day in range(3):
            for _ in range(2):
                async with calling(tmp_path, telling(server, post.port, **daily), clock) as calls:
                    await calls.sent()
                    clock.passed_s += 60
                    await calls.sent()
                    tests = await calls.notices("test")
                    assert len(tests) == 3 * (day + 1)
            clock.passed_s += 24 * 3600
        tested = {one.body["to"] for one in server.asked if one.path == GATEWAY}
        assert tested == {"13800000001", "13800000002"}, "each in turn"


async def test_a_test_that_fails_stays_on_the_wall_until_one_arrives(tmp_path: Path) -> None:
    daily = {"notify": {"test_at": "00:00"}}
    async with (
        robots() as server,
        mail() as post,
        calling(tmp_path, telling(server, post.port, **daily)) as calls,
    ):
        server.refuse(ROBOT, Answer(500, "down"))
        await calls.sent(lambda: len(server.texts(ROBOT)) >= 2)
        calls.clock.passed_s += 6 * MINUTE
        assert [one.channel for one in calls.desk.wall.failed_tests] == ["group"]
        assert not calls.desk.wall.undelivered
        server.heal()
        await calls.desk.tests.ask("group", "张伟")
        assert not calls.desk.wall.failed_tests
        await calls.sent()
        with pytest.raises(RecordMissing):
            await calls.desk.tests.ask("none", "张伟")


async def test_a_call_for_which_nobody_is_on_duty_is_counted_on_the_wall(tmp_path: Path) -> None:
    async with robots() as server:
        tables = telling_tables(server.address)
        far = [{"ropeways": ["south"], **one} for one in tables["duty"]]
        async with calling(tmp_path, telling(server, duty=far)) as calls:
            await calls.raised()
            await calls.sent()
            assert calls.desk.wall.untold == 1
            assert server.asked == []


async def test_more_alarms_than_anyone_can_handle_are_counted_and_begin_as_others_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("analytics.notify.desk.MOST_OPEN", 20)
    async with robots() as server, calling(tmp_path, telling(server)) as calls:
        alarms = [await calls.raised(f"alarm_{number}", priority=2) for number in range(30)]
        await calls.sent()
        assert "30 条报警" in server.texts(ROBOT)[0]
        assert len(await calls.records.callouts.open_callouts()) == 20
        grave = await calls.raised("grave", priority=1)
        await calls.sent()
        called = {one.alarm for one in await calls.records.callouts.open_callouts()}
        assert grave.id in called
        for alarm in alarms[:15]:
            await calls.engine.acts.acknowledge(alarm.id, "li.na", "")
        calls.clock.passed_s += 4 * MINUTE
        await calls.sent()
        called = {one.alarm for one in await calls.records.callouts.open_callouts()}
        assert called == {grave.id, *(alarm.id for alarm in alarms[15:])}


@pytest.mark.parametrize("kind", list(AlarmKind))
async def test_alarms_of_every_kind_are_told(tmp_path: Path, kind: AlarmKind) -> None:
    async with robots() as server, calling(tmp_path, telling(server)) as calls:
        await calls.raised(kind=kind, tag=None, value=None, limit=None, ropeway=None)
        await calls.sent()
        assert len(server.asked) == 3
