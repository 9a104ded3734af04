"""A small roster with its channels and steps, as the tests of telling people use it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from analytics.engine import Engine
from analytics.model import Alarm
from analytics.notify.desk import Means, NoticeDesk
from analytics.notify.outbox import Outbox, Pace, Sends
from analytics.notify.services import Services
from analytics.notify.terms import Telling
from analytics.notify.words import Reading, Teller
from analytics.records import Notice, Records
from collector.board import Board
from collector.clock import Clock
from collector.model import NANOSECONDS, Quality
from tests.databases import address_of
from tests.unit.analytics.judging_words import a_judging, a_plant
from tests.unit.analytics.records_words import an_alarm
from tests.unit.analytics.station_words import about_now

Contacts = list[tuple[str, str]]


def channel(name: str, kind: str, **other: Any) -> dict[str, Any]:
    table = {"id": name, "name": {"zh": f"{name}通道", "en": name}, "kind": kind}
    return table | {"secret": {"env": name.upper()}} | other


def person(user: str, roles: list[str], contacts: Contacts, **other: Any) -> dict[str, Any]:
    told = [{"channel": one, "to": to} for one, to in contacts]
    return {"user": user, "roles": roles, "contacts": told} | other


def telling_tables(address: str = "http://127.0.0.1:9", mail_port: int = 9) -> dict[str, Any]:
    """A group robot and text messages for two operators, mail for their chief."""
    mail = {"host": "127.0.0.1", "port": mail_port, "security": "none", "sender": "r@x.test"}
    return {
        "channel": [
            channel("group", "dingtalk", server=address),
            channel("sms", "webhook", url=f"{address}/sms", ok_key="result"),
            channel("mail", "email", **mail),
        ],
        "duty": [
            person(
                "zhang.wei",
                ["operator"],
                [("group", "13800000001"), ("sms", "13800000001")],
                name={"zh": "张伟", "en": "Zhang Wei"},
            ),
            person("li.na", ["operator"], [("group", ""), ("sms", "13800000002")]),
            person("chief", ["chief"], [("mail", "chief@x.test")]),
        ],
        "escalation": [
            {"id": "desk", "roles": ["operator"], "lowest_priority": 3},
            {"id": "chief", "after_min": 5, "roles": ["chief"]},
        ],
    }


def a_telling(**other: Any) -> Telling:
    return Telling.model_validate(telling_tables() | other)


SECRETS = {
    "GROUP": "plantedgrouptoken0123",
    "SMS": "planted-sms-key-0123",
    "MAIL": "planted-password",
}
NEVER_TESTED = {"notify": {"test_at": "23:59"}}


class StepClock(Clock):
    """A clock that a test puts forward, or sets wrong: then only the time of day jumps."""

    def __init__(self) -> None:
        super().__init__(about_now(60))
        self.passed_s = 0.0
        self.wrong_s = 0.0

    def now_ns(self) -> int:
        return super().now_ns() + round((self.passed_s + self.wrong_s) * NANOSECONDS)

    def steady_s(self) -> float:
        return super().steady_s() + self.passed_s


@dataclass(frozen=True)
class Calling:
    """An engine, and the desk that calls people for its alarms."""

    desk: NoticeDesk
    engine: Engine
    records: Records
    clock: StepClock

    async def raised(self, source: str = "gust", **other: Any) -> Alarm:
        alarm = an_alarm(source, raised_ns=self.clock.now_ns(), **other)
        return await self.engine.raise_alarm(alarm)

    async def sent(self, until: Callable[[], bool] | None = None) -> None:
        """Look, and send until nothing waits, or until what the test waits for."""
        await self.desk.look()
        running = asyncio.ensure_future(self.desk.outbox.run())
        async with asyncio.timeout(20):
            while not (until() if until else not self.desk.outbox.waiting):
                await asyncio.sleep(0.01)
        running.cancel()
        await self.desk.outbox.finish()

    async def notices(self, kind: str | None = None) -> list[Notice]:
        found = await self.records.notices.recent(1000)
        return [one for one in found if kind in (None, one.kind)]


@asynccontextmanager
async def calling(
    folder: Path,
    telling: Telling,
    clock: StepClock | None = None,
    services: Sends | None = None,
    **pace: float,
) -> AsyncIterator[Calling]:
    clock = clock or StepClock()
    plant = a_plant()
    board = Board(len(plant.slots()))
    async with Records.open(address_of(folder / "records.sqlite"), clock.now_ns) as records:
        scans = board.subscribe("engine", 1000)
        engine = Engine(plant, a_judging(), records, scans, clock)
        await engine.restore()
        services = services or Services(SECRETS, lambda: clock.now_ns() // NANOSECONDS)
        soon = {"first_wait_s": 0.05, "longest_wait_s": 0.1, "deadline_s": 5.0} | pace
        outbox = Outbox(telling, records, services, clock, Pace(lambda: 0.5, **soon))
        teller = Teller(plant, ZoneInfo("Asia/Shanghai"))
        means = Means(telling, teller, lambda _: Reading(21.3, Quality.GOOD), outbox)
        desk = NoticeDesk(means, records, engine, clock)
        await desk.restore()
        yield Calling(desk, engine, records, clock)
