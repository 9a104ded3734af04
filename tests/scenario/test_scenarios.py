"""Each short scenario, run as its users run it; the scenario file says what must be noticed."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.scenario.noticing import assert_only_read, assert_periods_kept, watch
from tests.scenario.rehearsal import Rehearsal
from tests.scenario.soak import soak

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

REAL_TIME_AT_ONCE = 4
SOAK_MINUTES = 2.2
Ending = Callable[[Rehearsal], None]


@pytest.fixture(scope="module")
def rehearsed(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Future[None]]]:
    """Every scenario that was asked for, each on ports of its own.

    What runs in real time mostly waits, so several do it together; what runs in fast
    time wants a core, so one follows the other.
    """
    asked = {
        str(item.callspec.params["scenario"])
        for item in request.session.items
        if isinstance(item, pytest.Function) and item.module is request.module
    }

    # Pytest makes folders for one thread at a time.
    folders = {name: tmp_path_factory.mktemp(name) for name in asked}

    def rehearse(scenario: str, ending: Ending) -> None:
        secured = scenario == RENEWED
        with Rehearsal(folders[scenario], scenario, secured=secured) as rehearsal:
            ending(rehearsal)
            assert_only_read(rehearsal)
            assert "Traceback" not in rehearsal.log()

    with ThreadPoolExecutor(REAL_TIME_AT_ONCE) as real_time, ThreadPoolExecutor(1) as fast_time:
        lanes = ((real_time, REAL_TIME), (fast_time, FAST_TIME))
        running = {
            name: lane.submit(rehearse, name, ending)
            for lane, endings in lanes
            for name, ending in endings.items()
            if name in asked
        }
        if SOAK in asked:
            running[SOAK] = real_time.submit(soak_briefly, folders[SOAK])
        yield running


def notice_all(rehearsal: Rehearsal) -> None:
    last_s = max(expect.by_s for expect in rehearsal.scenario.expect)
    # What was raised in time may be told a little later, on a busy machine.
    watch(rehearsal, last_s + 3 * rehearsal.time_base.speed)


def blind_one(rehearsal: Rehearsal) -> None:
    """A silent PLC blinds only its own tags and is back soon."""
    watch(rehearsal, 58)
    devices = {one["id"]: one for one in rehearsal.get("/api/health")["devices"]}
    silent = devices.pop("north_drive_plc")
    assert silent["reconnects"] == 1
    assert_periods_kept(devices.values())
    assert all(one["state"] == "online" for one in devices.values())
    assert rehearsal.log().count("device lost") == 1
    assert rehearsal.log().count("device back") == 1
    _assert_gap_is_exact(rehearsal, silent["period_s"])


def fail_twelve(rehearsal: Rehearsal) -> None:
    """Twelve devices fail each in its own way, and none delays another."""
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


def renew_one(rehearsal: Rehearsal) -> None:
    """A server with a new certificate of a trusted authority is read again by itself."""
    before = rehearsal.folder / "certificates" / "rope_test_server.der"
    old = before.read_bytes()
    watch(rehearsal, 40)
    assert before.read_bytes() != old
    devices = {one["id"]: one for one in rehearsal.get("/api/health")["devices"]}
    renewed = devices["rope_test_server"]
    assert (renewed["state"], renewed["reconnects"]) == ("online", 1)
    assert 364 < renewed["driver"]["server_certificate_days"] < 366
    assert_periods_kept(devices.values())


RENEWED = "certificate_renewed"
REAL_TIME = {
    RENEWED: renew_one,
    "silent_plc": blind_one,
    "plant_network": fail_twelve,
    "lying_instruments": notice_all,
}
FAST_TIME = dict.fromkeys(("slow_faults", "frozen_anemometer", "gust_front"), notice_all)


SOAK = "soak"


def soak_briefly(folder: Path) -> None:
    """Two minutes say nothing of memory; all else must be as in an hour."""
    found = soak(folder, SOAK_MINUTES)
    assert found.legs == 1
    assert [fault for fault in found.faults if "memory" not in fault] == []


@pytest.mark.parametrize("scenario", [*REAL_TIME, *FAST_TIME, SOAK])
def test_a_scenario_is_noticed_as_its_file_says(
    rehearsed: dict[str, Future[None]], scenario: str
) -> None:
    rehearsed[scenario].result()


def _assert_gap_is_exact(rehearsal: Rehearsal, period_s: float) -> None:
    def own() -> list[dict[str, Any]]:
        found = rehearsal.get("/api/gaps")["gaps"]
        ours = ("north_drive_plc", "device_lost")
        return [gap for gap in found if (gap["device"], gap["cause"]) == ours]

    # What the ledger is told is on the disk a quarter of a second later.
    rehearsal.wait_until("the gap is closed", lambda: all(gap["to_ms"] for gap in own()), 2)
    gaps = own()
    assert len(gaps) == 1
    begun_s, ended_s = (rehearsal.elapsed_at(gaps[0][end]) for end in ("from_ms", "to_ms"))
    assert 20 - period_s <= begun_s <= 20 + period_s
    assert 50 <= ended_s <= 55
