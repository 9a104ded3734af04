"""Messages over the interface: what was tried and seen, tests, retries, and never a secret."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog

from analytics.notify.terms import Telling
from analytics.selfwatch import SelfWatch
from api.app import create_app
from api.health import health_table, write_health
from api.station import StationSettings, _troubles, open_station
from tests.chat_services import Answer, Robots, robots
from tests.people import LOGIN, NAME, keep_person
from tests.unit.analytics.notify_words import NEVER_TESTED, SECRETS, telling_tables
from tests.unit.analytics.records_words import an_alarm
from tests.unit.analytics.station_words import about_now
from tests.unit.api.parts import HERE, Desk, a_desk, a_site, log_in
from tests.unit.api.shapes import CHANNEL, ERROR, NOTICE, WALL, fits


@asynccontextmanager
async def notifying(folder: Path, server: Robots, **other: Any) -> AsyncIterator[Desk]:
    """A station that calls people, but judges nothing, and a client to it."""
    tables = telling_tables(server.address) | NEVER_TESTED | other
    # Who is logged in is on the roster by user name; the records show another name.
    tables["duty"][0]["user"] = LOGIN
    site = replace(a_site(), telling=Telling.model_validate(tables))
    settings = StationSettings(folder, about_now(60), environment=SECRETS)
    async with open_station(site, settings) as station:
        await keep_person(station.records)
        await station.engine.restore()
        await station.log_in.restore()
        await station.notices.restore()
        app = create_app(station, screens=folder / "none")
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        running = asyncio.ensure_future(station.notices.run())
        async with httpx.AsyncClient(transport=transport, base_url=HERE) as client:
            await log_in(client)
            yield Desk(station, client)
        running.cancel()
        await station.notices.outbox.finish()


async def until_tried(desk: Desk, messages: int = 3) -> list[dict[str, Any]]:
    async with asyncio.timeout(20):
        while True:
            found: list[dict[str, Any]] = (await desk.get("/api/notices"))["notices"]
            if len(found) >= messages and all(one["attempts"] for one in found):
                return found
            await asyncio.sleep(0.02)


async def test_a_message_is_listed_with_its_attempts_and_receipts(tmp_path: Path) -> None:
    async with robots() as server, notifying(tmp_path, server) as desk:
        alarm = await desk.station.engine.raise_alarm(an_alarm())
        for one in await until_tried(desk):
            fits(one, NOTICE)
            assert one["state"] == "delivered"
            assert all(receipt["delivered_ms"] for receipt in one["receipts"])
        await desk.post(f"/api/alarms/{alarm.id}/acknowledge", {})
        async with asyncio.timeout(10):
            while "seen_ms': None" in str(await seen_by(desk, LOGIN)):
                await asyncio.sleep(0.02)
        assert "seen_ms': None" in str(await seen_by(desk, "li.na"))
        fits(await desk.get("/api/notices/wall"), WALL)
        assert (await desk.get("/api/notices", state="waiting"))["notices"] == []


async def seen_by(desk: Desk, person: str) -> list[dict[str, Any]]:
    found = (await desk.get("/api/notices"))["notices"]
    return [one for notice in found for one in notice["receipts"] if one["person"] == person]


async def test_channels_say_how_they_do_and_the_roster_who_is_on(tmp_path: Path) -> None:
    async with robots() as server, notifying(tmp_path, server) as desk:
        made = await desk.post("/api/notices/test", {"channel": "group"})
        fits(made, NOTICE)
        await until_tried(desk, 1)
        found = await desk.get("/api/notices/channels")
        for one in found["channels"]:
            fits(one, CHANNEL)
        group = next(one for one in found["channels"] if one["id"] == "group")
        assert group["last_test"]["state"] == "delivered"
        assert group["secret"] == "env GROUP"
        (zhang,) = [one for one in found["duty"] if one["user"] == LOGIN]
        assert zhang["on_duty"]
        assert zhang["contacts"][1] == {"channel": "sms", "to": "138****0001"}
        fits(await desk.post("/api/notices/test", {"channel": "none"}, 404), ERROR)
        entries = await desk.station.records.journal.entries()
        assert ("test asked for", NAME) in {(one.what, one.who) for one in entries}


async def test_a_message_under_way_is_tried_again_by_a_person(tmp_path: Path) -> None:
    async with robots() as server, notifying(tmp_path, server) as desk:
        server.refuse("/robot", Answer(body={"errcode": 310000, "errmsg": "sign not match"}))
        await desk.station.engine.raise_alarm(an_alarm())
        found = await until_tried(desk)
        (stuck,) = [one for one in found if one["channel"] == "group"]
        assert "sign not match" in stuck["attempts"][0]["words"]
        server.heal()
        await desk.post(f"/api/notices/{stuck['id']}/retry", None)
        async with asyncio.timeout(10):
            while desk.station.notices.outbox.waiting:
                await asyncio.sleep(0.02)
        again = await desk.post(f"/api/notices/{stuck['id']}/retry", None, 404)
        fits(again, ERROR)


async def test_what_did_not_arrive_is_a_system_alarm_on_the_wall(tmp_path: Path) -> None:
    async with robots() as server, notifying(tmp_path, server) as desk:
        server.refuse("/robot", Answer(body={"errcode": 300001, "errmsg": "token is not exist"}))
        await desk.station.engine.raise_alarm(an_alarm())
        await until_tried(desk)
        station = desk.station
        watch = SelfWatch(station.engine, station.clock, _troubles(station))
        for trouble in _troubles(station):
            await watch._look(trouble)
        sources = {one.source for one in station.engine.alarms}
        assert "station/notices_undelivered" in sources
        wall = await desk.get("/api/notices/wall")
        assert (wall["undelivered"], wall["channels"]) == (1, ["group"])
        assert (await desk.get("/api/health"))["notices"]["undelivered"] == 1


async def test_a_channel_whose_daily_test_fails_is_a_system_alarm(tmp_path: Path) -> None:
    daily = {"notify": {"test_at": "00:00"}}
    async with robots() as server, notifying(tmp_path, server, **daily) as desk:
        server.refuse("/robot", Answer(403, "forbidden"))
        await until_tried(desk)
        station = desk.station
        watch = SelfWatch(station.engine, station.clock, _troubles(station))
        for trouble in _troubles(station):
            await watch._look(trouble)
        assert "station/channel_test_failed" in {one.source for one in station.engine.alarms}


async def test_no_secret_is_in_any_answer_log_or_record(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    structlog.reset_defaults()
    async with robots() as server, notifying(tmp_path, server) as desk:
        echo = " ".join((SECRETS["GROUP"], SECRETS["SMS"]))
        for path, own in (("/robot", "GROUP"), ("/sms", "SMS")):
            said = {"errcode": 1, "result": "1", "msg": f"bad {SECRETS[own]}"}
            server.refuse(path, Answer(body=said))
        await desk.station.engine.raise_alarm(an_alarm())
        await until_tried(desk)
        await desk.post("/api/notices/test", {"channel": "sms"})
        await until_tried(desk, 4)
        write_health(health_table(desk.station))
        paths: dict[str, Any] = (await desk.get("/api/openapi.json"))["paths"]
        plain = [path for path, known in paths.items() if "get" in known and "{" not in path]
        answers = [(await desk.client.get(path)).text for path in plain]
        assert "bad ****" in " ".join(answers)
        shown = json.dumps(answers) + "".join(capfd.readouterr())
        entries = await desk.station.records.journal.entries()
        shown += str(entries)
    shown += "".join(
        one.read_bytes().decode(errors="replace") for one in tmp_path.iterdir() if one.is_file()
    )
    assert [word for word in echo.split() if word in shown] == []
    assert "planted" not in shown


async def test_a_site_that_tells_nobody_has_nothing_to_show(tmp_path: Path) -> None:
    async with a_desk(tmp_path) as desk:
        assert (await desk.get("/api/notices"))["notices"] == []
        found = await desk.get("/api/notices/channels")
        assert (found["channels"], found["duty"]) == ([], [])
        await desk.station.engine.raise_alarm(an_alarm())
        await desk.station.notices.look()
        assert desk.station.notices.wall.calm


async def test_a_dead_channel_does_not_raise_alarms_about_its_own_alarms(tmp_path: Path) -> None:
    daily = {"notify": {"test_at": "00:00"}}
    async with robots() as server, notifying(tmp_path, server, **daily) as desk:
        server.refuse("/robot", Answer(403, "forbidden"))
        await until_tried(desk)
        station = desk.station
        watch = SelfWatch(station.engine, station.clock, _troubles(station))

        async def look() -> None:
            for trouble in _troubles(station):
                await watch._look(trouble)

        async with asyncio.timeout(20):
            # That the test failed is known a moment after it did.
            while not station.engine.alarms:
                await look()
                await asyncio.sleep(0.05)
        for _ in range(3):
            await look()
            await until_tried(desk, 5)
        assert {one.source for one in station.engine.alarms} == {"station/channel_test_failed"}
        assert "self" in {one["kind"] for one in (await desk.get("/api/notices"))["notices"]}
