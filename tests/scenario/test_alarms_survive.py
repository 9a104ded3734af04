"""Killed at any instant, the monitor finds its alarms as they stood and tells none again."""

import random
import time
from pathlib import Path
from typing import Any

import pytest

from analytics.records.proof import prove
from tests.people import NAME
from tests.scenario.rehearsal import Rehearsal

pytestmark = pytest.mark.slow

KILLS = 6
WORDS = "值守现场"
ACKED = ("acknowledged", "returned", "normal", "latched")


def _all(storm: Rehearsal) -> dict[int, dict[str, Any]]:
    found = storm.get("/api/alarms", state="all", limit=1000)["alarms"]
    return {one["id"]: one for one in found}


def _act(storm: Rehearsal) -> tuple[dict[str, Any], dict[str, Any]]:
    """Acknowledge one alarm and shelve another; return both."""

    def shelvable() -> list[dict[str, Any]]:
        found = storm.get("/api/alarms")["alarms"]
        return [one for one in found if one["alarm_class"] == "weather"]

    storm.wait_until("two alarms are there", lambda: len(shelvable()) >= 2, 90)
    first, second = shelvable()[:2]
    seen = storm.post(f"/api/alarms/{first['id']}/acknowledge", comment=WORDS)
    wish = {"reason": "检修", "for_s": 3600}
    return seen, storm.post(f"/api/alarms/{second['id']}/shelve", **wish)


@pytest.mark.timeout(240)
def test_alarms_acknowledgements_and_shelves_survive_kills_and_are_not_told_again(
    tmp_path: Path,
) -> None:
    chance = random.Random(6)
    with Rehearsal(tmp_path, "approaching_storm") as storm:
        seen, shelved = _act(storm)
        for _ in range(KILLS):
            before = _all(storm)
            time.sleep(chance.uniform(0.0, 1.5))
            storm.kill_monitor()
            storm.start_monitor()
            after = _all(storm)
            assert before.keys() <= after.keys()
            for one, was in before.items():
                assert after[one]["raised_ms"] == was["raised_ms"]
                if was["acknowledged_by"]:
                    assert after[one]["state"] in ACKED, after[one]
            openly = [one["source"] for one in after.values() if one["state"] != "normal"]
            assert len(openly) == len(set(openly))
        kept = _all(storm)[seen["id"]]
        assert (kept["acknowledged_by"], kept["acknowledged_ms"]) == (
            NAME,
            seen["acknowledged_ms"],
        )
        aside = _all(storm)[shelved["id"]]["aside"]
        assert aside["until_ms"] == shelved["aside"]["until_ms"]
        entries = storm.get("/api/journal", limit=500)["entries"]
        told = [one["subject"] for one in entries if one["what"] == "alarm raised"]
        assert len(told) == len(set(told))
        assert storm.stop_monitor() == 0
        proof = prove(tmp_path / "data" / "records.sqlite")
        assert proof.faults == ()
        assert "Traceback" not in storm.log()
