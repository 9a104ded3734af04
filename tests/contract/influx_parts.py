"""A small plant, scans for it, and what an InfluxDB must hold once they are sent."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from collector.clock import Clock
from collector.history.influx import InfluxServer, InfluxSettings
from collector.history.lines import LineRenderer
from collector.history.rows import StoredScan
from collector.history.sender import Pace, Sender, Server
from collector.history.store import History
from collector.model import Quality, Scan
from collector.site import Plant
from tests.servers.influx_server import Account, Points

SITE = "Demo, Mountain = 一号"
QUICK = Pace(
    chance=lambda: 0.0,
    samples=500,
    look_s=0.02,
    first_wait_s=0.05,
    longest_wait_s=0.2,
    refused_wait_s=0.1,
)
BEGIN_ns = 1_790_000_000_000_000_000
NAME = {"zh": "名", "en": "name"}
PLACES = ("drive", "tower_07")
QUANTITIES = ("speed", "force", "wind_gust_3s", "e_stop", "temperature")
QUALITIES = (Quality.GOOD, Quality.UNCERTAIN_CLOCK, Quality.BAD_OUT_OF_RANGE)


def plant() -> Plant:
    """Return two devices with ten tags in two display groups."""
    ends = [
        {"id": place, "name": NAME, "position_m": position, "altitude_m": 900}
        for place, position in (("bottom", 0), ("top", 1000))
    ]
    ropeway = {
        "id": "north",
        "name": NAME,
        "kind": "monocable_detachable",
        "length_m": 1000,
        "line_speed_mps": 6,
        "emergency_speed_mps": 0.8,
        "speed": "north.drive.speed",
        "carriers": 10,
        "places": 8,
        "stations": ends,
    }
    devices = [
        {
            "id": f"north_{place}_plc",
            "ropeway": "north",
            "protocol": "modbus_tcp",
            "host": "127.0.0.1",
            "tags": [
                {
                    "id": f"north.{place}.{quantity}",
                    "address": 2 * at,
                    "type": "float32",
                    "group": "wind" if quantity.startswith("wind") else "process",
                }
                for at, quantity in enumerate(QUANTITIES)
            ],
        }
        for place in PLACES
    ]
    site = {"name": {"zh": "山", "en": SITE}}
    return Plant.model_validate({"site": site, "ropeway": [ropeway], "device": devices})


def scans(count: int, first: int = 0, seed: int = 1) -> Iterator[Scan]:
    """Yield `count` scans, device by device in turn: good, doubtful, bad and absent samples."""
    chance = np.random.default_rng([seed, abs(first)])
    width = len(QUANTITIES)
    for number in range(first, first + count):
        device = number % len(PLACES)
        source_ns = BEGIN_ns + number * 500_000_000 + int(chance.integers(1000))
        values = chance.normal(0, 10.0 ** chance.integers(-8, 9), width)
        quality = chance.choice(QUALITIES, width, p=[0.8, 0.1, 0.1]).astype(np.uint8)
        absent = chance.random(width) < 0.05
        values[absent] = np.nan
        quality[absent] = Quality.BAD_DEVICE_LOST
        yield Scan(
            slots=np.arange(device * width, (device + 1) * width, dtype=np.int32),
            values=values,
            quality=quality,
            source_ns=np.full(width, source_ns, dtype=np.int64),
            received_ns=source_ns + 3_000_000,
        )


def renderer(history_tags: dict[int, str]) -> LineRenderer:
    """Return the renderer of the small plant."""
    return LineRenderer(SITE, history_tags, {tag.id: tag.group for tag in plant().tags()})


async def sender(history: History, server: Server) -> Sender:
    """Return a sender of `history` to `server` that does not wait long."""
    render = renderer(await history.tag_ids()).render
    return Sender(history, server, render, Clock(), QUICK)


@contextmanager
def opened(folder: Path) -> Iterator[History]:
    """Open the history in `folder`."""
    history = History(folder / "history.sqlite", plant(), Clock())
    try:
        yield history
    finally:
        history.close()


@contextmanager
def client(account: Account, bucket: str, port: int | None = None) -> Iterator[InfluxServer]:
    """Give what writes to `bucket`, through another port where one is given."""
    url = account.url if port is None else f"http://127.0.0.1:{port}"
    server = InfluxServer(InfluxSettings(url, account.token, account.org, bucket))
    try:
        yield server
    finally:
        server.close()


async def expected(history: History, whole: Plant | None = None) -> Points:
    """Return what the server must hold, worked out from the history itself.

    `whole` is the plant that the history belongs to; the small one by default.
    """
    return points_of(await history.read_after(0, 10_000_000), await history.tag_ids(), whole)


def points_of(
    stored: Sequence[StoredScan], names: dict[int, str], whole: Plant | None = None
) -> Points:
    """Return what the server must hold of these scans."""
    whole = whole or plant()
    groups = {tag.id: tag.group for tag in whole.tags()}
    points: Points = {}
    for kept in stored:
        scan = kept.scan
        for at, key in enumerate(scan.slots):
            ropeway, place, quantity = names[int(key)].split(".")
            tags = (
                ("device", kept.device),
                ("place", place),
                ("ropeway", ropeway),
                ("site", whole.site.name.en),
            )
            where = groups[names[int(key)]], tags, int(scan.source_ns[at])
            if not np.isnan(scan.values[at]):
                points[*where, quantity] = float(scan.values[at])
            if scan.quality[at] != Quality.GOOD:
                points[*where, f"{quantity}_quality"] = float(scan.quality[at])
    return points


async def until(holds: Callable[[], Awaitable[bool]], within_s: float = 15.0) -> None:
    """Wait until `holds`; AssertionError where it does not in time."""
    loop = asyncio.get_running_loop()
    end_s = loop.time() + within_s
    while not await holds():
        assert loop.time() < end_s, f"did not come true within {within_s:g} s"
        await asyncio.sleep(0.02)


async def all_sent(history: History, sending: Sender) -> bool:
    """Whether the server acknowledged every scan that the history holds."""
    return not await history.read_after(sending.state.cursor, 1)
