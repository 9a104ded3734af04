"""The two stories from the socket to the signed record, in a real browser, with a kill -9."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.page.screens import log_in
from tests.people import NAME, PASSWORD
from tests.scenario.equality import assert_stores_agree
from tests.scenario.noticing import assert_only_read, watch
from tests.scenario.rehearsal import Rehearsal
from tests.servers.influx_server import Influxd

pytestmark = [
    pytest.mark.browser,
    pytest.mark.influx,
    pytest.mark.slow,
    pytest.mark.timeout(420),
]

CHAIR = NAME
FEED_STOP_MS = 2000
SLACK_MS = 1500
MOST_WEEKS_LOST = 4
"""A week lasts four seconds here: the killed monitor is away for one or two of them."""


def test_a_storm_becomes_alarm_consultation_decision_and_closed_record(
    browser: Browser, own_influxd: Influxd, tmp_path: Path
) -> None:
    with (
        own_influxd.account.bucket() as bucket,
        Rehearsal(tmp_path, "approaching_storm", _feeding(own_influxd, bucket)) as storm,
        browser.new_context(viewport={"width": 390, "height": 844}) as context,
    ):
        page = _open(context.new_page(), storm, "#/")
        alarm = storm.wait_until("an alarm is raised", lambda: _process_alarms(storm), 90)[0]
        page.goto(f"{storm.url}/#/alarms")
        page.get_by_test_id(f"ack-{alarm['id']}").wait_for()
        opened = storm.wait_until("a consultation is open", lambda: _consultations(storm), 30)[-1]
        frozen = storm.get(f"/api/consultations/{opened['id']}")
        assert hashlib.sha256(frozen["brief"].encode()).hexdigest() == frozen["sha256"]

        _kill_both_and_start_again(page, storm, own_influxd)
        _acknowledge(page, storm, alarm["id"])
        for head in _consultations(storm):
            _decide_all(page, storm, head)
        watch(storm, storm.scenario.length_s)
        storm.wait_until("the storm is over", lambda: storm.elapsed_s > 1750, storm.real_s(1750))
        for head in _consultations(storm):
            _decide_all(page, storm, head)
            _close(page, storm, head)
        closed = storm.get(f"/api/consultations/{opened['id']}")
        assert closed["state"] == "closed"
        assert closed["closed_by"] == CHAIR
        assert closed["brief"] == frozen["brief"]
        assert closed["sha256"] == frozen["sha256"]
        mine = [one for one in _alarms(storm) if one["id"] == alarm["id"]]
        assert mine[0]["acknowledged_by"] == CHAIR
        assert mine[0]["raised_ms"] == alarm["raised_ms"]
        _assert_one_gap_for_the_kill(storm)
        assert_only_read(storm)
        _assert_all_is_in_influxdb(storm, own_influxd, bucket)


def test_slow_loss_becomes_trend_alarm_and_a_closed_special_inspection(
    browser: Browser, tmp_path: Path
) -> None:
    with (
        Rehearsal(tmp_path, "rope_half_year") as year,
        browser.new_context(viewport={"width": 1920, "height": 1080}) as context,
    ):
        half_s = year.scenario.length_s * 0.4
        year.wait_until("half the weeks are over", lambda: year.elapsed_s > half_s, 120)
        year.kill_monitor()
        year.start_monitor()
        watch(year, year.scenario.length_s)
        year.wait_until(
            "all weeks are over",
            lambda: year.elapsed_s > year.scenario.length_s - 20,
            year.real_s(year.scenario.length_s),
        )
        _assert_weekly_trend(year)
        _assert_weekly_tasks_came_once(year)
        special = next(
            one
            for one in year.get("/api/tasks", state="all")["tasks"]
            if one["kind"] == "rope_special"
        )
        page = _open(context.new_page(), year, "#/ropes/north_carrying_hauling")
        page.goto(f"{year.url}/#/tasks")
        page.get_by_test_id(f"close-task-{special['id']}").click()
        page.get_by_test_id("result-pass").check()
        page.locator("dialog textarea[name=note]").fill("目视与测径合格，加密检测")
        _sign(page, "task-save")
        year.wait_until("it is closed", lambda: _task(year, special["id"])["state"] == "done", 20)
        done = _task(year, special["id"])
        assert (done["result"], done["name"]) == ("pass", CHAIR)
        alarm = next(one for one in _alarms(year) if one["id"] == special["alarm"])
        assert alarm["state"] == "returned"
        assert_only_read(year)
        assert "Traceback" not in year.log()


def _kill_both_and_start_again(page: Page, rehearsal: Rehearsal, influxd: Influxd) -> None:
    influxd.kill()
    rehearsal.kill_monitor()
    page.wait_for_selector("body[data-feed='stopped']", timeout=FEED_STOP_MS + SLACK_MS)
    rehearsal.start_monitor()
    page.wait_for_selector("body[data-feed='live']", timeout=20_000)
    influxd.start()


def _feeding(influxd: Influxd, bucket: str) -> dict[str, str]:
    account = influxd.account
    return {
        "INFLUXDB_URL": account.url,
        "INFLUXDB_TOKEN": account.token,
        "INFLUXDB_ORG": account.org,
        "INFLUXDB_BUCKET": bucket,
    }


def _open(page: Page, rehearsal: Rehearsal, address: str) -> Page:
    log_in(page, rehearsal.url)
    page.goto(f"{rehearsal.url}/{address}")
    page.wait_for_selector("body[data-feed='live']")
    return page


def _alarms(rehearsal: Rehearsal) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = rehearsal.get("/api/alarms", state="all", limit=1000)["alarms"]
    return found


def _process_alarms(rehearsal: Rehearsal) -> list[dict[str, Any]]:
    found = [one for one in _alarms(rehearsal) if one["kind"] == "process" and one["consultation"]]
    return sorted(found, key=lambda one: int(one["raised_ms"]))


def _consultations(rehearsal: Rehearsal) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = rehearsal.get("/api/consultations")["consultations"]
    return found


def _task(rehearsal: Rehearsal, task_id: int) -> dict[str, Any]:
    tasks = rehearsal.get("/api/tasks", state="all")["tasks"]
    return next(one for one in tasks if one["id"] == task_id)


def _sign(page: Page, button: str = "sign") -> None:
    """Give the password again, as whoever signs must."""
    page.get_by_test_id("signature").fill(PASSWORD)
    page.get_by_test_id(button).click()


def _acknowledge(page: Page, rehearsal: Rehearsal, alarm_id: int) -> None:
    page.goto(f"{rehearsal.url}/#/alarms")
    page.get_by_test_id(f"ack-{alarm_id}").click()
    page.get_by_test_id(f"ack-{alarm_id}").wait_for(state="detached")


def _show_consultation(page: Page, rehearsal: Rehearsal, head: dict[str, Any]) -> None:
    page.goto(f"{rehearsal.url}/#/consultations/{head['id']}")
    page.get_by_test_id("hash").wait_for()


def _decide_all(page: Page, rehearsal: Rehearsal, head: dict[str, Any]) -> None:
    _show_consultation(page, rehearsal, head)
    for ropeway in head["ropeways"]:
        page.get_by_test_id(f"decide-{ropeway}").click()
        page.locator("dialog input[value=stop_loading]").check()
        _sign(page, "decision-save")
        rehearsal.wait_until("it is decided", _is_decided(rehearsal, head["id"], ropeway), 20)


def _is_decided(rehearsal: Rehearsal, consultation: int, ropeway: str) -> Callable[[], bool]:
    def decided() -> bool:
        decisions = rehearsal.get(f"/api/consultations/{consultation}")["decisions"]
        return any(
            one["ropeway"] == ropeway and one["name"] == CHAIR and one["at_ms"] for one in decisions
        )

    return decided


def _close(page: Page, rehearsal: Rehearsal, head: dict[str, Any]) -> None:
    _show_consultation(page, rehearsal, head)
    page.get_by_test_id("close-consultation").click()
    _sign(page)
    rehearsal.wait_until(
        "it is closed",
        lambda: rehearsal.get(f"/api/consultations/{head['id']}")["state"] == "closed",
        20,
    )


def _assert_one_gap_for_the_kill(rehearsal: Rehearsal) -> None:
    """The monitor's own absence is in the ledger, once for each device, and over."""
    gaps = rehearsal.get("/api/gaps", limit=5000)["gaps"]
    down = [gap for gap in gaps if gap["cause"] == "monitor_down"]
    assert sorted(gap["device"] for gap in down) == sorted(
        device.id for device in rehearsal.plant.device
    )
    assert all(gap["to_ms"] is not None for gap in down)


def _assert_all_is_in_influxdb(rehearsal: Rehearsal, influxd: Influxd, bucket: str) -> None:
    rehearsal.wait_until(
        "InfluxDB has caught up",
        lambda: rehearsal.get("/api/health")["influx"]["backlog_scans"] < 200,
        120,
    )
    assert rehearsal.stop_monitor() == 0
    path = rehearsal.folder / "data" / "history.sqlite"
    compared = assert_stores_agree(path, rehearsal.plant, influxd.account, bucket)
    assert compared > 100_000


def _assert_weekly_trend(rehearsal: Rehearsal) -> None:
    trend = rehearsal.get("/api/ropes/north_carrying_hauling/trend", test_point="tuck_1")
    judged = [one for one in trend["tests"] if one["verdict"] != "incomplete"]
    weeks = {one["ended_ms"] // (7 * 86_400_000) for one in judged}
    assert len(weeks) == len(judged), "one test a week, and none twice"
    assert len(judged) >= 27 - MOST_WEEKS_LOST
    assert len(trend["missed"]) <= MOST_WEEKS_LOST + 2
    assert trend["fit"] is not None, trend["fit_reason"]
    losses = [one["loss_pct"] for one in judged]
    assert losses[-1] > trend["action_pct"] > losses[0]
    calm = rehearsal.get("/api/ropes/north_carrying_hauling/trend", test_point="tuck_2")
    assert {one["verdict"] for one in calm["tests"]} <= {"normal", "incomplete"}


def _assert_weekly_tasks_came_once(rehearsal: Rehearsal) -> None:
    tasks = rehearsal.get("/api/tasks", state="all", limit=1000)["tasks"]
    weekly = [one for one in tasks if one["kind"] == "rope_end_weekly"]
    for rope in {one["rope"] for one in weekly}:
        due = [one["due_ms"] for one in weekly if one["rope"] == rope]
        assert len(set(due)) == len(due)
        assert len(due) >= len(range(rehearsal.time_base.skips))
