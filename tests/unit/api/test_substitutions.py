"""Standing in for a tag over the interface: never without a name, never out of range."""

from pathlib import Path

from collector.model import Quality
from tests.people import NAME
from tests.unit.api.station_words import SPEED, a_station
from tests.unit.collector.words import scan

WISH = {"tag": SPEED, "value": 4.0, "for_s": 600, "reason": "编码器故障"}


async def test_what_stands_is_shown_with_name_expiry_and_what_the_device_brings(
    tmp_path: Path,
) -> None:
    async with a_station(tmp_path) as (station, http):
        begun = await http.post("/api/substitutions", json=WISH)
        assert begun.status_code == 200
        at_s = (station.clock.now_ns() - scan(station.site.plant, {}).received_ns) / 1e9
        lost = scan(station.site.plant, {SPEED: Quality.BAD_SOURCE}, at_s)
        station.collector._publish(lost)
        (one,) = (await http.get("/api/substitutions")).json()["substitutions"]
        assert (one["tag"], one["value"], one["name"]) == (SPEED, 4.0, NAME)
        assert one["until_ms"] - one["from_ms"] == 600_000
        assert one["measured"]["said"] == "bad"
        assert one["measured"]["value"] is None
        board = (await http.get("/api/board")).json()["samples"][0]
        assert (board["value"], board["quality"]) == (4.0, 67)


async def test_what_stands_is_ended_once(tmp_path: Path) -> None:
    async with a_station(tmp_path) as (_, http):
        await http.post("/api/substitutions", json=WISH)
        ended = await http.delete(f"/api/substitutions/{SPEED}")
        assert ended.status_code == 200
        assert (await http.get("/api/substitutions")).json() == {"substitutions": []}
        again = await http.delete(f"/api/substitutions/{SPEED}")
        assert again.status_code == 409


async def test_an_endless_or_impossible_value_is_refused(tmp_path: Path) -> None:
    async with a_station(tmp_path) as (_, http):
        for wrong, status in (
            ({"name": "李"}, 422),
            ({"for_s": 0}, 422),
            ({"for_s": 90_000}, 422),
            ({"value": 11}, 409),
            ({"tag": "north.no.such"}, 409),
        ):
            answer = await http.post("/api/substitutions", json=WISH | wrong)
            assert answer.status_code == status, wrong
            assert answer.json()["title"]["zh"]
