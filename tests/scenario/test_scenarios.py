"""Each short scenario, run as its users run it; the scenario file says what must be noticed."""

from pathlib import Path

import pytest

from tests.scenario.noticing import assert_only_read, assert_periods_kept, watch
from tests.scenario.rehearsal import Rehearsal

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


@pytest.mark.parametrize(
    "scenario", ["gust_front", "frozen_anemometer", "lying_instruments", "slow_faults"]
)
def test_a_scenario_is_noticed_as_its_file_says(scenario: str, tmp_path: Path) -> None:
    with Rehearsal(tmp_path, scenario) as rehearsal:
        last_s = max(expect.by_s for expect in rehearsal.scenario.expect)
        # What was raised in time may be told a little later, on a busy machine.
        watch(rehearsal, last_s + 3 * rehearsal.time_base.speed)
        assert_only_read(rehearsal)
        assert "Traceback" not in rehearsal.log()


def test_a_silent_plc_blinds_only_its_own_tags_and_is_back_soon(tmp_path: Path) -> None:
    with Rehearsal(tmp_path, "silent_plc") as rehearsal:
        watch(rehearsal, 58)
        devices = {one["id"]: one for one in rehearsal.get("/api/health")["devices"]}
        silent = devices.pop("north_drive_plc")
        assert silent["reconnects"] == 1
        assert_periods_kept(devices.values())
        assert all(one["state"] == "online" for one in devices.values())
        assert rehearsal.log().count("device lost") == 1
        assert rehearsal.log().count("device back") == 1
        _assert_gap_is_exact(rehearsal, silent["period_s"])
        assert_only_read(rehearsal)


def test_twelve_devices_fail_each_in_its_own_way_and_none_delays_another(tmp_path: Path) -> None:
    with Rehearsal(tmp_path, "plant_network") as rehearsal:
        watch(rehearsal, 40)
        health = rehearsal.get("/api/health")
        assert_periods_kept(health["devices"])
        assert all(one["state"] == "online" for one in health["devices"])
        told = rehearsal.log().splitlines()
        failed = {one.target for one in rehearsal.scenario.expect if one.kind == "gap"}
        for device in failed:
            own = [line for line in told if f"device={device} " in f"{line} "]
            assert sum("device lost" in line for line in own) == 1, own
            assert sum("device back" in line for line in own) == 1, own
        assert "Traceback" not in rehearsal.log()
        assert_only_read(rehearsal)


def _assert_gap_is_exact(rehearsal: Rehearsal, period_s: float) -> None:
    gaps = [
        gap
        for gap in rehearsal.get("/api/gaps")["gaps"]
        if gap["device"] == "north_drive_plc" and gap["cause"] == "device_lost"
    ]
    assert len(gaps) == 1
    begun_s, ended_s = (rehearsal.elapsed_at(gaps[0][end]) for end in ("from_ms", "to_ms"))
    assert 20 - period_s <= begun_s <= 20 + period_s
    assert 50 <= ended_s <= 55
