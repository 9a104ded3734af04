"""Every query of every board finds data in a real InfluxDB fed with the simulators' tags."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from collector.clock import Clock
from collector.history.influx import InfluxServer, InfluxSettings
from collector.history.lines import LineRenderer
from collector.model import NANOSECONDS, Quality, Scan
from collector.sitefile import read_plant
from simulators.plant.orders import Orders, Programme
from simulators.plant.plant import Plant as Simulated
from tests.servers.influx_server import Account

pytestmark = pytest.mark.influx

ROOT = Path(__file__).resolve().parents[2]
GRAFANA = ROOT / "dashboards" / "grafana"
BOARDS = sorted((GRAFANA / "boards").glob("*.json"))
SECONDS = 30


def lines() -> Iterator[str]:
    """Yield what half a minute of the simulated mountain writes, one moment of it lost."""
    plant = read_plant(ROOT / "simulators" / "sites" / "mountain.toml")
    now_ns = Clock().now_ns() - 60 * NANOSECONDS
    simulated = Simulated(plant, Programme(), lambda at_s: now_ns + int(at_s * NANOSECONDS))
    names = {slot: tag.id for slot, tag in enumerate(plant.tags())}
    groups = {tag.id: tag.group for tag in plant.tags()}
    renderer = LineRenderer(plant.site.name.en, names, groups)
    slots = plant.slots()
    for second in range(1, SECONDS):
        simulated.step(float(second), Orders())
        for device in plant.device:
            values = np.array([simulated.value_at(tag.id) for tag in device.tags])
            good = np.isfinite(values) & (second != SECONDS // 2)
            quality = np.where(good, Quality.GOOD, Quality.BAD_DEVICE_LOST).astype(np.uint8)
            at_ns = now_ns + second * NANOSECONDS
            scan = Scan(
                np.array([slots[tag.id] for tag in device.tags], dtype=np.int32),
                values,
                quality,
                np.full(len(values), at_ns, dtype=np.int64),
                at_ns,
            )
            yield from renderer.render(device.id, scan)


@pytest.fixture(scope="module")
def fed(influxd: Account) -> Iterator[tuple[Account, str]]:
    """A bucket that holds a little of the mountain."""
    with influxd.bucket() as bucket:
        settings = InfluxSettings(influxd.url, influxd.token, influxd.org, bucket)
        server = InfluxServer(settings)
        assert server.write(list(lines())).status == 204
        server.close()
        yield influxd, bucket


def queries(board: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for variable in board["templating"]["list"]:
        yield variable["name"], variable["query"]
    for panel in board["panels"]:
        for target in panel["targets"]:
            yield panel["title"], target["query"]


def as_grafana_asks(query: str) -> str:
    """Put in what Grafana puts in for its variables."""
    asked = query.replace("$timeFilter", "time >= now() - 1h").replace("$__interval", "10s")
    asked = asked.replace("$ropeway", "(north|middle|south)")
    assert "$" not in asked.replace("$/", "/"), asked
    return asked


@pytest.mark.parametrize("path", BOARDS, ids=lambda path: path.stem)
def test_every_query_of_a_board_finds_data(path: Path, fed: tuple[Account, str]) -> None:
    account, bucket = fed
    board = json.loads(path.read_text("utf-8"))
    empty = [
        title
        for title, query in queries(board)
        if not account.ask(as_grafana_asks(query), db=bucket.split("/")[0])
    ]
    assert not empty


@pytest.mark.parametrize("path", BOARDS, ids=lambda path: path.stem)
def test_a_board_names_its_panels_in_both_languages_and_bridges_no_gap(path: Path) -> None:
    board = json.loads(path.read_text("utf-8"))
    for title in (board["title"], *(panel["title"] for panel in board["panels"])):
        assert re.search(r"[一-鿿].*[A-Za-z]", title), title
    for panel in board["panels"]:
        assert panel["datasource"]["uid"] == "ropewatch"
        assert panel["fieldConfig"]["defaults"]["custom"]["spanNulls"] is False


def test_there_are_the_boards_that_the_page_promises() -> None:
    assert [path.stem for path in BOARDS] == ["drives", "health", "overview", "ropes", "wind"]
    provisioned = (GRAFANA / "provisioning" / "datasources" / "ropewatch.yaml").read_text("utf-8")
    assert "uid: ropewatch" in provisioned
