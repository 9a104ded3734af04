"""A real monitor with its records on a real PostgreSQL that is stopped under its hands."""

import signal
from pathlib import Path
from typing import Any

import pytest

from tests.people import NAME
from tests.scenario.rehearsal import Rehearsal
from tests.servers.command import ropewatch
from tests.servers.postgres_server import PASSWORD, Postgres

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


def test_an_alarm_outlives_a_restart_of_postgresql_and_its_export_is_whole(
    own_postgres: Postgres, tmp_path: Path
) -> None:
    own_postgres.make_database("ropewatch")
    word = tmp_path / "address"
    word.write_text(own_postgres.url("ropewatch").render_as_string(hide_password=False))
    environment = {"ROPEWATCH_RECORDS_URL_FILE": str(word)}
    with Rehearsal(tmp_path, "approaching_storm", environment) as storm:
        assert not (storm.folder / "data" / "records.sqlite").exists()
        alarm = storm.wait_until("an alarm is raised", lambda: _raised(storm), 90)[0]
        monitor = storm.pids[0]

        own_postgres.stop(signal.SIGINT)
        refused = _acknowledge(storm, alarm)
        assert refused.status_code == 503
        assert "no server answers" in refused.text or "the server stopped" in refused.text
        assert PASSWORD not in refused.text
        assert storm.get("/api/advice")
        own_postgres.start()

        storm.wait_until("it is kept", lambda: _kept(_acknowledge(storm, alarm)), 20)
        (mine,) = [one for one in storm.get("/api/alarms")["alarms"] if one["id"] == alarm["id"]]
        assert mine["acknowledged_by"] == NAME
        assert storm.pids[0] == monitor
        _assert_a_frozen_server_is_told(storm, own_postgres)
        _assert_no_second_monitor(storm, environment)
        _assert_the_export_is_whole(storm, environment)
        assert storm.stop_monitor() == 0
        assert PASSWORD not in storm.log()
        assert "Traceback" not in storm.log()


def _assert_a_frozen_server_is_told(storm: Rehearsal, server: Postgres) -> None:
    """A server that holds every connection and answers none leaves no page calm."""

    def unjudged() -> int | None:
        found: int | None = storm.get("/api/health")["engine"]["unjudged_ms"]
        return found

    with server.frozen():
        since_ms = storm.wait_until("alarms are known to stand still", unjudged, 40)
        advised = {one["advice"] for one in storm.get("/api/advice")["ropeways"]}
        assert "normal" not in advised
    storm.wait_until("they go on", lambda: unjudged() is None, 40)
    assert since_ms < storm.get("/api/health")["engine"]["last_scan_ms"]


def _assert_no_second_monitor(storm: Rehearsal, environment: dict[str, str]) -> None:
    other = str(storm.folder / "other")
    second = ropewatch("run", str(storm.site), "--data", other, "--port", "0", **environment)
    assert second.returncode == 1
    assert "another monitor (ropewatch on " in second.stderr
    assert len(second.stderr.splitlines()) == 1


def _assert_the_export_is_whole(storm: Rehearsal, environment: dict[str, str]) -> None:
    out, data = str(storm.folder / "copy.sqlite"), str(storm.folder / "data")
    copied = ropewatch("records", "export", "--data", data, "--out", out, **environment)
    assert copied.returncode == 0, copied.stderr
    verified = ropewatch("verify", out)
    assert (verified.returncode, "whole" in verified.stdout) == (0, True), verified.stderr


def _raised(rehearsal: Rehearsal) -> list[dict[str, Any]]:
    found = rehearsal.get("/api/alarms")["alarms"]
    return [one for one in found if one["kind"] == "process" and one["state"] == "unacknowledged"]


def _acknowledge(rehearsal: Rehearsal, alarm: dict[str, Any]) -> Any:
    return rehearsal.http.post(f"/api/alarms/{alarm['id']}/acknowledge", json={"comment": "看到"})


def _kept(answer: Any) -> bool:
    # Between the commit and the answer a connection may be lost: then it is kept already.
    return answer.status_code in (200, 409)
