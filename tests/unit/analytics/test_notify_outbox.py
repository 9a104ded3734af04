"""Each channel by itself: a dead one holds up no other, and what it does not take is shown."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from analytics.notify.channels import Channel
from analytics.notify.outbox import BROKEN
from analytics.notify.robots import Reply
from analytics.notify.services import Letter
from analytics.notify.terms import Telling
from analytics.records import NoticeState
from tests.chat_services import Answer, Robots, robots
from tests.unit.analytics.notify_words import (
    NEVER_TESTED,
    SECRETS,
    calling,
    telling_tables,
)

ROBOT, GATEWAY = "/robot", "/sms"
MINUTE = 60.0


def telling(server: Robots, mail_port: int = 9, **other: Any) -> Telling:
    tables = telling_tables(server.address, mail_port) | NEVER_TESTED | other
    return Telling.model_validate(tables)


async def test_a_dead_service_holds_up_no_other_channel(tmp_path: Path) -> None:
    async with robots() as server, calling(tmp_path, telling(server)) as calls:
        server.refuse(ROBOT, Answer(after_s=None))
        await calls.raised()
        began = asyncio.get_running_loop().time()

        def texted() -> bool:
            return sum(one.channel == "sms" for one in calls.desk.outbox.waiting) == 0

        await calls.desk.look()
        running = asyncio.ensure_future(calls.desk.outbox.run())
        async with asyncio.timeout(5):
            while not texted():
                await asyncio.sleep(0.01)
        assert asyncio.get_running_loop().time() - began < 3
        running.cancel()


async def test_a_service_that_never_ends_an_attempt_is_left_alone_and_said_so(
    tmp_path: Path,
) -> None:
    async with (
        robots() as server,
        calling(tmp_path, telling(server), deadline_s=0.2) as calls,
    ):
        server.refuse(ROBOT, Answer(after_s=None))
        await calls.raised()

        def tried() -> bool:
            return any(len(one.attempts) >= 2 for one in calls.desk.outbox.waiting)

        await calls.sent(tried)
        (notice,) = [one for one in calls.desk.outbox.waiting if one.channel == "group"]
        assert "no end within" in notice.attempts[0].words
        assert "still hangs" in notice.attempts[1].words
        assert len(server.texts(ROBOT)) == 1, "no second thread waits for the same service"


class BreaksOff:
    """A service whose code fails in a way that nobody foresaw."""

    def send(self, channel: Channel, letter: Letter) -> Reply:
        raise ArithmeticError(channel.id, letter.title)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
async def test_a_service_whose_own_code_breaks_is_said_so_at_once(tmp_path: Path) -> None:
    told = Telling.model_validate(telling_tables() | NEVER_TESTED)
    async with calling(tmp_path, told, services=BreaksOff(), deadline_s=60) as calls:
        await calls.raised()
        await calls.sent(lambda: all(one.attempts for one in calls.desk.outbox.waiting))
        words = {
            one.attempts[0].words for one in calls.desk.outbox.waiting if one.channel != "mail"
        }
        assert words == {BROKEN}


async def test_what_is_undelivered_after_its_time_is_on_the_wall_until_it_arrives(
    tmp_path: Path,
) -> None:
    async with robots() as server, calling(tmp_path, telling(server)) as calls:
        server.refuse(ROBOT, Answer(503, "down for repair"))
        await calls.raised()
        await calls.sent(lambda: len(server.texts(ROBOT)) >= 3)
        assert calls.desk.wall.calm
        calls.clock.passed_s += 5 * MINUTE
        wall = calls.desk.wall
        assert [one.channel for one in wall.undelivered] == ["group"]
        assert "down for repair" in wall.undelivered[0].attempts[-1].words
        server.heal()
        await calls.sent(lambda: all(one.channel == "mail" for one in calls.desk.outbox.waiting))
        assert not [one for one in calls.desk.wall.undelivered if one.channel == "group"]


async def test_what_a_service_refuses_is_on_the_wall_at_once(tmp_path: Path) -> None:
    async with robots() as server, calling(tmp_path, telling(server)) as calls:
        server.refuse(ROBOT, Answer(body={"errcode": 310000, "errmsg": "sign not match"}))
        await calls.raised()
        await calls.sent(lambda: bool(calls.desk.wall.undelivered))
        (notice,) = calls.desk.wall.undelivered
        assert "sign not match" in notice.attempts[0].words


async def test_no_secret_is_in_the_records_of_what_was_tried(tmp_path: Path) -> None:
    for path, own in ((ROBOT, "GROUP"), (GATEWAY, "SMS")):
        folder = tmp_path / own
        async with robots() as server, calling(folder, telling(server)) as calls:
            said = f"who is {SECRETS[own]}?"
            server.refuse(path, Answer(body={"errcode": 1, "result": "1", "msg": said}))
            await calls.raised()
            await calls.sent(lambda: bool(calls.desk.wall.undelivered))
        with closing(sqlite3.connect(folder / "records.sqlite")) as connection:
            dump = "\n".join(connection.iterdump())
        assert "who is ****?" in dump
        assert "planted" not in dump


async def test_a_dead_service_is_asked_by_one_message_and_the_rest_follow_when_it_is_back(
    tmp_path: Path,
) -> None:
    async with robots() as server, calling(tmp_path, telling(server), first_wait_s=0.3) as calls:
        server.refuse(ROBOT, Answer(500, "down"))
        for number in range(5):
            await calls.raised(f"alarm_{number}", priority=3)
        await calls.sent(lambda: len(server.texts(ROBOT)) >= 1)
        await asyncio.sleep(0)
        assert len(server.texts(ROBOT)) == 1, "busy: nobody else asks meanwhile"
        server.heal()
        await calls.sent()
        assert len(server.texts(ROBOT)) == 6


async def test_a_recipient_that_is_refused_holds_up_nobody_else(tmp_path: Path) -> None:
    async with robots() as server, calling(tmp_path, telling(server)) as calls:

        def picky(_: str) -> Answer:
            to = server.asked[-1].body["to"]
            return Answer(body={"result": "1" if to == "13800000001" else "0"})

        server.answers[GATEWAY] = picky
        for number in range(3):
            await calls.raised(f"alarm_{number}", priority=3)

        def rest_is_delivered() -> bool:
            return {one.people for one in calls.desk.outbox.waiting} == {("zhang.wei",)}

        await calls.sent(rest_is_delivered)
        assert len(calls.desk.wall.undelivered) == 3


async def test_a_message_whose_channel_left_the_site_file_is_withdrawn(tmp_path: Path) -> None:
    async with robots() as server:
        async with calling(tmp_path, telling(server)) as calls:
            await calls.raised()
            await calls.desk.look()
        tables = telling_tables(server.address)
        fewer: dict[str, Any] = {
            "channel": [one for one in tables["channel"] if one["id"] != "group"],
            "duty": [
                one | {"contacts": [way for way in one["contacts"] if way["channel"] != "group"]}
                for one in tables["duty"]
            ],
        }
        async with calling(tmp_path, telling(server, **fewer)) as calls:
            await calls.sent()
            states = {one.channel: one.state for one in await calls.notices()}
            assert states == {"group": NoticeState.WITHDRAWN, "sms": NoticeState.DELIVERED}
