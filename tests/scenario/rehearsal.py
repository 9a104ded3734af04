"""A rehearsal: simulators and monitor as processes of their own, as their users run them."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from collector.clock import Clock, TimeBase
from collector.model import NANOSECONDS
from collector.site import Plant
from collector.sitefile import read_plant
from simulators.scenario import Scenario, read_scenario, scenario_path
from tests.people import cookie_at, keep_person_in
from tests.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
MOUNTAIN = ROOT / "simulators" / "sites" / "mountain.toml"
STARTING_S = 40.0
ENDING_S = 30.0


def relocated_site(folder: Path, site: Path = MOUNTAIN) -> Path:
    """Return a copy of the site file whose devices listen on free ports."""
    ports: dict[str, int] = {}

    def moved(match: re.Match[str]) -> str:
        return f"port = {ports.setdefault(match[1], free_port())}"

    copy = folder / "site.toml"
    copy.write_text(re.sub(r"(?m)^port = (\d+)", moved, site.read_text("utf-8")), "utf-8")
    return copy


class Rehearsal:
    """One site rehearsed by one scenario; use it as a context manager."""

    def __init__(
        self,
        folder: Path,
        scenario: str,
        environment: Mapping[str, str] | None = None,
        secured: bool = False,
    ) -> None:
        self.folder = folder
        self.site = relocated_site(folder)
        self._secured = secured
        if secured:
            _secure(self.site)
        self.plant: Plant = read_plant(self.site)
        self.scenario: Scenario = read_scenario(scenario_path(scenario), self.plant)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.http = httpx.Client(base_url=self.url, timeout=20)
        self._environment = {**_plain_environment(), **(environment or {})}
        self._scenario = scenario
        self._report = folder / "report.json"
        self._simulators: subprocess.Popen[str] | None = None
        self._monitor: subprocess.Popen[str] | None = None
        self.time_base = TimeBase()

    def __enter__(self) -> "Rehearsal":
        """Start the simulators, then the monitor."""
        try:
            self._start_simulators()
            self.start_monitor()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """End both."""
        self.http.close()
        self._end_both()

    @property
    def pids(self) -> tuple[int, int]:
        """The processes of monitor and simulators."""
        assert self._monitor is not None
        assert self._simulators is not None
        return self._monitor.pid, self._simulators.pid

    @property
    def elapsed_s(self) -> float:
        """Site seconds run since the scenario's start, leaps not counted."""
        base = self.time_base
        return Clock(TimeBase(base.anchor_ns, 0, base.speed)).now_ns() / NANOSECONDS

    def elapsed_at(self, site_ms: int) -> float:
        """Return the seconds run at an instant of site time."""
        since_s = (site_ms * 1_000_000 - self.time_base.origin_ns) / NANOSECONDS
        base = self.time_base
        turn_s = base.run_s + base.skip_s
        leaps = min(int(since_s // turn_s), base.skips) if base.skips else 0
        return since_s - leaps * base.skip_s

    def start_monitor(self) -> None:
        """Start the monitor and wait until it answers."""
        keep_person_in(self.folder / "data", self._environment)
        command = ["-m", "api.cli", "run", str(self.site), "--data", str(self.folder / "data")]
        command += ["--port", str(self.port), "--time-base", self.time_base.write()]
        with (self.folder / "monitor.log").open("a") as log:
            self._monitor = self._run(command, log.fileno())
        self.wait_until("the monitor answers", self._answers, STARTING_S)
        cookie_at.cache_clear()  # another monitor may have had this very port
        self.http.headers["cookie"] = cookie_at(self.url)

    def go_on(self, scenario: Path) -> None:
        """End both and start them again, from this instant of site time on by another scenario."""
        origin = datetime.fromtimestamp(Clock(self.time_base).now_ns() // NANOSECONDS + 1, UTC)
        self._end_both()
        script = self.folder / scenario.name
        text = f"origin = {origin.isoformat()}\n{scenario.read_text('utf-8')}"
        script.write_text(text, encoding="utf-8")
        self._scenario = str(script)
        self.scenario = read_scenario(script, self.plant)
        self._start_simulators()
        self.start_monitor()

    def kill_monitor(self) -> None:
        """End the monitor as a power cut would."""
        assert self._monitor is not None
        self._monitor.kill()
        self._monitor.wait()

    def stop_monitor(self) -> int:
        """End the monitor as its user would, and return its exit code."""
        assert self._monitor is not None
        self._monitor.send_signal(signal.SIGINT)
        return self._monitor.wait(ENDING_S)

    def get(self, path: str, **query: str | int) -> Any:
        """Return the answer to a GET that must succeed."""
        return self.http.get(path, params=query).raise_for_status().json()

    def post(self, path: str, **body: Any) -> Any:
        """Return the answer to a POST that must succeed."""
        return self.http.post(path, json=body).raise_for_status().json()

    def wait_until(self, what: str, holds: Callable[[], Any], within_s: float) -> Any:
        """Return what `holds` gives once it is true; fail after `within_s` real seconds."""
        deadline = time.monotonic() + within_s
        while time.monotonic() < deadline:
            found = holds()
            if found:
                return found
            time.sleep(0.1)
        message = f"waited {within_s:g} s in vain until {what}\n{self.log()}"
        raise AssertionError(message)

    def real_s(self, site_s: float) -> float:
        """Return how many real seconds `site_s` take, with something for a busy machine."""
        return site_s / self.time_base.speed + 10

    def log(self) -> str:
        """Return what the monitor said."""
        path = self.folder / "monitor.log"
        return path.read_text("utf-8") if path.exists() else ""

    def report(self) -> dict[str, Any]:
        """Return what the simulators were asked so far."""
        found: dict[str, Any] = json.loads(self._report.read_text("utf-8"))
        return found

    def _start_simulators(self) -> None:
        command = ["-m", "simulators", str(self.site), "--scenario", self._scenario]
        if self._secured:
            command += ["--certificates", str(self.folder / "certificates")]
        process = self._run([*command, "--report", str(self._report)], subprocess.PIPE)
        self._simulators = process
        for line in process.stdout or ():
            if line.startswith("time base "):
                self.time_base = TimeBase.read(line.split()[-1])
            if line.strip() == "ready":
                if self._secured:
                    self._trust()
                return
        message = "the simulators did not start"
        raise AssertionError(message)

    def _end_both(self) -> None:
        for process in (self._monitor, self._simulators):
            if process is not None and process.poll() is None:
                process.send_signal(signal.SIGINT)
        for process in (self._monitor, self._simulators):
            if process is not None:
                _end(process)

    def _trust(self) -> None:
        """Have the monitor trust the authority of the simulated servers."""
        trusted = self.folder / "data" / "opcua" / "trusted"
        trusted.mkdir(parents=True)
        authority = self.folder / "certificates" / "authority.der"
        (trusted / authority.name).write_bytes(authority.read_bytes())

    def _run(self, command: list[str], output: int) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, *command],
            cwd=ROOT,
            env=self._environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def _answers(self) -> bool:
        assert self._monitor is not None
        if self._monitor.poll() is not None:
            message = f"the monitor ended with {self._monitor.returncode}\n{self.log()}"
            raise AssertionError(message)
        try:
            return self.http.get("/api/session").status_code == 200
        except httpx.TransportError:
            return False


def _secure(site: Path) -> None:
    """Ask for security from every OPC UA server of the site file."""
    text = site.read_text("utf-8")
    safe = 'protocol = "opcua"\nsecurity = "basic256sha256_sign_and_encrypt"'
    site.write_text(text.replace('protocol = "opcua"', safe), "utf-8")


def _plain_environment() -> dict[str, str]:
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("INFLUXDB_", "COV_CORE"))
    } | {"PYTHONUNBUFFERED": "1"}


def _end(process: "subprocess.Popen[str]") -> None:
    try:
        process.wait(ENDING_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()
