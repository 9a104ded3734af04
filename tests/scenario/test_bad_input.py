"""What a person gives wrongly: one clear line each, never a traceback, nothing kept is lost."""

import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.scenario.rehearsal import MOUNTAIN, ROOT, Rehearsal
from tests.servers.influx_server import Account

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]


def _ropewatch(*words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "api.cli", *words],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def _open_alarms(rehearsal: Rehearsal) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = rehearsal.get("/api/alarms")["alarms"]
    return found


def _assert_one_line(done: "subprocess.CompletedProcess[str]", code: int, *words: str) -> None:
    said = done.stderr.strip()
    assert done.returncode == code, said
    assert len(said.splitlines()) == 1, said
    assert "Traceback" not in said
    for word in words:
        assert word in said


def test_a_wrong_site_file_names_every_error_with_its_place_and_exits_2(tmp_path: Path) -> None:
    wrong = MOUNTAIN.read_text("utf-8")
    wrong = wrong.replace('tag = "north.tension.force"', 'tag = "north.tension.farce"')
    wrong = wrong.replace("emergency_speed_mps = 0.8", "emergency_speed_mps = -0.8", 1)
    wrong = wrong.replace("scan_s = 0.5", 'scan_s = "often"', 1)
    wrong = wrong.replace("priority = 2", "priority = 7", 1)
    site = tmp_path / "site.toml"
    site.write_text(wrong, "utf-8")
    for command in (("check", str(site)), ("run", str(site), "--data", str(tmp_path / "data"))):
        done = _ropewatch(*command)
        assert done.returncode == 2
        assert "Traceback" not in done.stderr
        for place in ("emergency_speed_mps", "scan_s", "priority", "north_drive_plc"):
            assert place in done.stderr
    assert not (tmp_path / "data").exists()


def test_a_site_file_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    done = _ropewatch("check", str(tmp_path / "nowhere.toml"))
    assert done.returncode == 2
    assert "cannot be read" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_port_in_use_is_one_line_that_says_what_to_do(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = _ropewatch("run", str(MOUNTAIN), "--data", str(tmp_path / "d"), "--port", port)
    _assert_one_line(done, 1, port, "--port")


def test_a_data_folder_that_cannot_be_used_is_one_line(tmp_path: Path) -> None:
    in_the_way = tmp_path / "data"
    in_the_way.write_text("a file, not a folder")
    done = _ropewatch("run", str(MOUNTAIN), "--data", str(in_the_way), "--port", "0")
    _assert_one_line(done, 1, str(in_the_way))
    assert in_the_way.read_text() == "a file, not a folder"


def test_a_folder_of_a_simulated_site_is_not_taken_for_a_real_one(tmp_path: Path) -> None:
    with Rehearsal(tmp_path, "silent_plc") as rehearsal:
        assert rehearsal.stop_monitor() == 0
        real = rehearsal.site.read_text("utf-8").replace("simulated = true", "simulated = false")
    (tmp_path / "real.toml").write_text(real, "utf-8")
    folder = str(tmp_path / "data")
    done = _ropewatch("run", str(tmp_path / "real.toml"), "--data", folder, "--port", "0")
    _assert_one_line(done, 1, "simulated", "--data")


def test_an_influxdb_without_a_token_is_one_line(tmp_path: Path) -> None:
    done = _ropewatch(
        "run",
        str(MOUNTAIN),
        "--data",
        str(tmp_path),
        "--port",
        "0",
        INFLUXDB_URL="http://127.0.0.1:9",
        INFLUXDB_TOKEN="",
        INFLUXDB_TOKEN_FILE="",
    )
    _assert_one_line(done, 1, "INFLUXDB_TOKEN")


@pytest.mark.influx
def test_a_wrong_influxdb_token_is_one_clear_line_and_loses_nothing(
    influxd: Account, influx_bucket: str, tmp_path: Path
) -> None:
    wrong = {
        "INFLUXDB_URL": influxd.url,
        "INFLUXDB_TOKEN": "not-the-token",
        "INFLUXDB_ORG": influxd.org,
        "INFLUXDB_BUCKET": influx_bucket,
    }
    with Rehearsal(tmp_path, "silent_plc", wrong) as rehearsal:
        refused = rehearsal.wait_until(
            "the health page says so",
            lambda: rehearsal.get("/api/health")["influx"]["state"] == "refused",
            20,
        )
        assert refused
        health = rehearsal.get("/api/health")
        assert health["influx"]["sent"] == 0
        assert health["influx"]["backlog_scans"] > 0
        assert health["history"]["state"] == "ok"
        alarms = rehearsal.wait_until(
            "one system alarm stands",
            lambda: [one for one in _open_alarms(rehearsal) if one["kind"] == "system"],
            20,
        )
        assert [alarm["rule"] for alarm in alarms] == ["influxdb_refused"]
        said = [line for line in rehearsal.log().splitlines() if "influxdb" in line.lower()]
        assert len(said) == 1, rehearsal.log()
        assert "not-the-token" not in rehearsal.log()
        assert "Traceback" not in rehearsal.log()
