"""What people can do about InfluxDB, with and without one."""

from pathlib import Path

import pytest

from tests.unit.api.parts import BEGIN_MS, SPEED, a_desk
from tests.unit.api.shapes import ERROR, fits
from tests.unit.collector.words import BEGIN_NS

SET = {"INFLUXDB_URL": "http://127.0.0.1:9", "INFLUXDB_TOKEN": "secret-token"}


@pytest.mark.parametrize("act", ["dead-letters/retry", "back-fill"])
async def test_without_an_influxdb_there_is_nothing_to_do(tmp_path: Path, act: str) -> None:
    async with a_desk(tmp_path) as desk:
        fits(await desk.post(f"/api/influx/{act}", {}, 409), ERROR)


async def test_dead_letters_are_shown_exported_and_dropped_by_name(tmp_path: Path) -> None:
    async with a_desk(tmp_path, SET) as desk:
        history = desk.station.collector.history
        history.bury("influxdb", "wind gust=1 5", "field type conflict")
        (letter,) = (await desk.get("/api/influx/dead-letters"))["letters"]
        assert (letter["line"], letter["words"]) == ("wind gust=1 5", "field type conflict")
        text = (await desk.client.get("/api/influx/dead-letters.lp")).text
        assert text == "# field type conflict\nwind gust=1 5\n"
        refused = await desk.post("/api/influx/dead-letters/retry", {}, 409)
        assert "takes nothing now" in refused["title"]["en"]
        answer = await desk.post("/api/influx/dead-letters/drop", {"ids": [letter["id"]]})
        assert answer == {"dropped": 1, "left": 0}
        assert (await desk.get("/api/influx/dead-letters"))["letters"] == []


async def test_filling_again_moves_the_cursor_back_and_stands_in_the_journal(
    tmp_path: Path,
) -> None:
    async with a_desk(tmp_path, SET) as desk:
        for at_s in range(5):
            await desk.see(desk.reading(at_s, speed=5.0))
        assert (await desk.post("/api/influx/back-fill", {}))["scans"] == 5
        wish = {"from_ms": BEGIN_MS + 3000}
        assert (await desk.post("/api/influx/back-fill", wish))["scans"] == 2
        assert await desk.station.records.journal.verify() is None
        assert "secret-token" not in str(await desk.get("/api/health"))


async def test_the_past_is_read_locally_while_influxdb_does_not_answer(tmp_path: Path) -> None:
    async with a_desk(tmp_path, {**SET, "INFLUXDB_READ": "1"}) as desk:
        await desk.see(desk.reading(1, speed=5.0))
        span = {"from_ms": BEGIN_NS // 10**6, "to_ms": BEGIN_NS // 10**6 + 4000}
        answer = await desk.get("/api/history", tags=SPEED, buckets=4, **span)
        assert answer["series"][0]["mean"] == [None, 5.0, None, None]
