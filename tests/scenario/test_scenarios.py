"""Each short scenario, run as its users run it; the scenario file says what must be noticed."""

from collections.abc import Callable, Collection, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from pathlib import Path
from threading import Lock
from typing import Any

import pytest

from tests.scenario.noticing import assert_only_read, assert_periods_kept, watch
from tests.scenario.rehearsal import Rehearsal
from tests.scenario.soak import soak
from tests.scenario.standstill import Standstill

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

SOAK_MINUTES = 2.2
Ending = Callable[[Rehearsal], None]


@pytest.fixture(scope="module")
def rehearsed(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Future[None]]]:
    """Every scenario that was asked for, each on ports of its own.

    What runs in real time mostly waits, so several do it together. What runs in fast time
    wants a core, so one follows the other, once no other is held to instants.
    """
    asked = {
        str(item.callspec.params["scenario"])
        for item in request.session.items
        if isinstance(item, pytest.Function) and item.module is request.module
    }
    # Pytest makes folders for one thread at a time.
    folders = {name: tmp_path_factory.mktemp(name) for name in asked}
    starting = Lock()
    real_time, fast_time = ThreadPoolExecutor(len(REAL_TIME) + 1), ThreadPoolExecutor(1)
    with real_time, fast_time:
        running = {
            name: real_time.submit(rehearse, folders[name], name, starting)
            for name in REAL_TIME
            if name in asked
        }
        instants = tuple(running.values())
        if SOAK in asked:
            running[SOAK] = real_time.submit(soak_briefly, folders[SOAK], instants)
        for name in FAST_TIME:
            if name in asked:
                running[name] = fast_time.submit(
                    rehearse_after, instants, folders[name], name, starting
                )
        yield running


def rehearse(folder: Path, scenario: str, starting: Lock) -> None:
    """Have one go its way; where the machine stood still meanwhile, once more."""
    for last_time in (False, True):
        with Standstill() as machine:
            try:
                _go(folder / f"again_{last_time}", scenario, starting)
            except AssertionError as fault:
                fault.add_note(machine.words())
                if last_time or not machine.held_up:
                    raise
            else:
                return


def rehearse_after(
    others: Collection[Future[None]], folder: Path, scenario: str, starting: Lock
) -> None:
    """Have one go its way when `others` are over."""
    wait(others)
    rehearse(folder, scenario, starting)


def _go(folder: Path, scenario: str, starting: Lock) -> None:
    folder.mkdir()
    with ExitStack() as stack:
        # A start takes a whole core for seconds: one at a time, or all are late.
        with starting:
            rehearsal = stack.enter_context(
                Rehearsal(folder, scenario, secured=scenario == RENEWED)
            )
        ENDINGS[scenario](rehearsal)
        assert_only_read(rehearsal)
        assert "Traceback" not in rehearsal.log()


def notice_all(rehearsal: Rehearsal) -> None:
    last_s = max(expect.by_s for expect in rehearsal.scenario.expect)
    # What was raised in time may be told a little later, on a busy machine.
    watch(rehearsal, last_s + 3 * rehearsal.time_base.speed)


def blind_one(rehearsal: Rehearsal) -> None:
    """A silent PLC blinds only its own tags and is back soon."""
    watch(rehearsal, 58)
    devices = {one["id"]: one for one in rehearsal.get("/api/health")["devices"]}
    silent = devices.pop("north_drive_plc")
    assert silent["reconnects"] == 1, rehearsal.log()
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
    assert (renewed["state"], renewed["reconnects"]) == ("online", 1), rehearsal.log()
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
ENDINGS: dict[str, Ending] = {**REAL_TIME, **FAST_TIME}

SOAK = "soak"


def soak_briefly(folder: Path, others: Collection[Future[None]]) -> None:
    """When `others` are over: two minutes say nothing of memory; all else is as in an hour."""
    wait(others)
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
