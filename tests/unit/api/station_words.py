"""A whole station of a small plant that nothing answers for, and a client of its interface."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from analytics.config import Judging
from api.app import create_app
from api.config import SiteFile
from api.station import Station, StationSettings, open_station
from collector.site import Plant
from tests.people import keep_person
from tests.unit.api.parts import log_in
from tests.unit.collector.words import modbus, node, opcua, plant, tag

SPEED, BEAT, TIME = "north.drive.speed", "north.drive.heartbeat", "north.drive.clock"
FORCE = "north.tension.force"


def a_plant() -> Plant:
    drive = modbus(
        "drive",
        tag(SPEED, 0, min=0, max=10),
        tag(BEAT, 1),
        tag(TIME, 2, type="uint32"),
        heartbeat=BEAT,
        clock=TIME,
        port=1,
    )
    return plant(drive, opcua("tension", node(FORCE), port=1))


@asynccontextmanager
async def a_station(
    folder: Path, of: Plant | None = None
) -> AsyncIterator[tuple[Station, httpx.AsyncClient]]:
    """Open a station that does not run, and a client that asks it without a socket."""
    site = SiteFile(of or a_plant(), Judging())
    async with open_station(site, StationSettings(folder, environment={})) as station:
        await keep_person(station.records)
        await station.substitutions.restore()
        await station.log_in.restore()
        transport = httpx.ASGITransport(create_app(station))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
            await log_in(http)
            yield station, http
