"""The demo mountain: simulators in one process, the monitor in another, ended together."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import typer

from analytics.records import RecordsError
from api.people import demo_password
from collector.folder import FolderInUseError, claimed

GRACE_S = 20.0
LOGIN, NAME = "demo", "演示员"


class DemoError(Exception):
    """The demo cannot run; the text says why."""


def demo_site() -> Path:
    """Return the bundled site file, without importing the simulators."""
    spec = find_spec("simulators")
    if spec is None or not spec.submodule_search_locations:
        message = "the simulators are not installed"
        raise DemoError(message)
    return Path(spec.submodule_search_locations[0]) / "sites" / "mountain.toml"


def run_demo(folder: Path, port: int) -> None:
    """Start both processes, wait until one ends or Ctrl-C, and end both."""
    site = str(demo_site())
    python = [sys.executable, "-m"]
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    with _process([*python, "simulators", site], stdout=subprocess.PIPE) as simulators:
        for line in simulators.stdout or ():
            typer.echo(f"  {line.rstrip()}")
            if line.strip() == "ready":
                break
        else:
            message = "the simulators did not start; see the lines above"
            raise DemoError(message)
        password = _let_in(folder)
        typer.echo(f"Log in as '{LOGIN}' with the password {password} (another one each start).")
        monitor_command = [*python, "api.cli", "run", site, "--data", str(folder)]
        with _process([*monitor_command, "--port", str(port)]) as monitor:
            try:
                code = monitor.wait()
            except KeyboardInterrupt:
                return
    if code not in (0, -signal.SIGINT, -signal.SIGTERM):
        message = "the monitor ended by itself; see the lines above"
        raise DemoError(message)


def _let_in(folder: Path) -> str:
    """Return the password of someone who may do everything on the simulated mountain."""
    try:
        with claimed(folder):
            return asyncio.run(demo_password(folder, LOGIN, NAME))
    except (RecordsError, FolderInUseError) as error:
        raise DemoError(str(error)) from error


@contextmanager
def _process(command: list[str], stdout: int | None = None) -> Iterator[subprocess.Popen[str]]:
    """Run a program for as long as the body lasts, then end it, kindly at first."""
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(  # noqa: S603 - our own programs
        command, stdout=stdout, env=environment, text=True, start_new_session=True
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(GRACE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
