"""A small station and a client to it, without any device."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from analytics.model import Alarm, AlarmKind, AlarmState, Guidance, Task, TaskState
from api.app import create_app
from api.config import SiteFile
from api.station import Station, StationSettings, open_station
from collector.model import Scan
from collector.site import Name, Plant
from tests.people import LOGIN, PASSWORD, keep_person
from tests.ports import free_port
from tests.unit.analytics.judging_words import a_judging, a_rule
from tests.unit.analytics.station_words import about_now
from tests.unit.analytics.test_rope_tests import LIMITS
from tests.unit.collector.test_site import rope
from tests.unit.collector.words import BEGIN_NS, NAME, modbus, ropeway, scan, tables, tag

SPEED, E_STOP, GUST = "north.drive.speed", "north.drive.e_stop", "north.tower_07.gust"
BEGIN_MS = BEGIN_NS // 1_000_000
HERE = "http://127.0.0.1:8420"


def a_site() -> SiteFile:
    way = ropeway(
        SPEED,
        towers=[
            {"number": 7, "position_m": 1, "altitude_m": 9, "azimuth_deg": 40, "gust": GUST},
            {"number": 8, "position_m": 2, "altitude_m": 9, "azimuth_deg": 40},
        ],
        indicators=[{"name": NAME, "tag": SPEED}, {"name": NAME, "highest_of": [GUST]}],
        safety_circuits=[{"name": NAME, "tag": E_STOP}],
        ropes=[rope("haul", 1, limits=LIMITS)],
    )
    plant = Plant.model_validate(
        tables(
            modbus(
                "drive",
                tag(SPEED, 0, unit="m/s", normal=[0, 6]),
                tag(E_STOP, 0, table="coil", type="bool"),
                port=free_port(),
            ),
            modbus("wind", tag(GUST, 0), port=free_port()),
            ropeway=[way],
        )
    )
    return SiteFile(plant, a_judging(a_rule(high=20, raises="consultation")))


@dataclass
class Desk:
    """A station that nothing feeds but the test, and a client to it."""

    station: Station
    client: httpx.AsyncClient

    async def see(self, *scans: Scan) -> None:
        for one in scans:
            self.station.collector._publish(one)
        await self.station.engine.judge_scans(scans)
        await self.station.collector.history.committed()

    def reading(self, at_s: float, **values: Any) -> Scan:
        words = {"speed": SPEED, "e_stop": E_STOP, "gust": GUST}
        return scan(
            self.station.site.plant, {words[one]: value for one, value in values.items()}, at_s
        )

    async def get(self, path: str, status: int = 200, **params: Any) -> Any:
        answer = await self.client.get(path, params=params or None)
        assert answer.status_code == status, answer.text[:300]
        return answer.json()

    async def post(self, path: str, body: Any, status: int = 200, **headers: str) -> Any:
        answer = await self.client.post(path, json=body, headers=headers)
        assert answer.status_code == status, answer.text[:300]
        return answer.json()


async def log_in(client: httpx.AsyncClient, login: str = LOGIN) -> None:
    """Have the client be somebody from now on."""
    answer = await client.post("/api/session", json={"login": login, "password": PASSWORD})
    assert answer.status_code == 201, answer.text


@asynccontextmanager
async def a_station(
    folder: Path, environment: Mapping[str, str] | None = None
) -> AsyncIterator[Station]:
    settings = StationSettings(folder, about_now(60), environment=environment or {})
    async with open_station(a_site(), settings) as station:
        await keep_person(station.records)
        await station.engine.restore()
        await station.log_in.restore()
        yield station


@asynccontextmanager
async def a_desk(folder: Path, environment: Mapping[str, str] | None = None) -> AsyncIterator[Desk]:
    async with a_station(folder, environment) as station:
        app = create_app(station, screens=folder / "none")
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url=HERE) as client:
            await log_in(client)
            yield Desk(station, client)


def a_task(**other: Any) -> Task:
    words: dict[str, Any] = {
        "id": 0,
        "plan": "weekly",
        "kind": "rope_end_weekly",
        "title": Name(zh="周检", en="Weekly"),
        "ropeway": "north",
        "rope": "haul",
        "test_point": None,
        "due_ns": BEGIN_NS,
        "opened_ns": BEGIN_NS,
        "state": TaskState.DUE,
    }
    return Task(**words | other)


def a_rope_alarm() -> Alarm:
    name = Name(zh="绳", en="rope")
    return Alarm(
        id=0,
        source="rope/haul/end_0",
        rule="rope_discard",
        level="rope",
        kind=AlarmKind.ROPE,
        tag=None,
        ropeway="north",
        priority=2,
        state=AlarmState.UNACKNOWLEDGED,
        name=name,
        value=5.8,
        limit=5.4,
        unit="%",
        guidance=Guidance(name, name, 60),
        raised_ns=BEGIN_NS,
    )
