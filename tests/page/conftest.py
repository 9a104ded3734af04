"""A monitor to look at and a browser to look with."""

import os
import shlex
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest

from tests.conftest import lacking

START_S = 90.0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/api/site", timeout=1) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + START_S
    while not _answers(url):
        if process.poll() is not None:
            pytest.fail(f"the page server ended with {process.returncode}")
        if time.monotonic() > until:
            pytest.fail(f"no page server at {url} within {START_S:.0f} s")
        time.sleep(0.2)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@pytest.fixture(scope="session")
def page_server() -> Iterator[str]:
    """Give the address of a running monitor with its screens.

    PAGE_SERVER_COMMAND starts one; `{port}` in it becomes a free port.
    """
    command = os.environ.get("PAGE_SERVER_COMMAND", "")
    if not command:
        lacking("no monitor to look at: set PAGE_SERVER_COMMAND, with {port} in it")
    port = _free_port()
    url = f"http://127.0.0.1:{port}"
    words = [word.replace("{port}", str(port)) for word in shlex.split(command)]
    process = subprocess.Popen(words)
    try:
        _wait_for(url, process)
        yield url
    finally:
        _end(process)
