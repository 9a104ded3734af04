"""The command `python -m simulators` as a process of its own."""

import asyncio
import json
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from collector.clock import TimeBase
from collector.site import Plant as Site
from collector.sitefile import read_plant
from tests.contract.simulator_parts import connected, free_ports, modbus_device, value_of

pytestmark = pytest.mark.slow

SITE = """
[site]
name = {{ zh = "小站", en = "Small site" }}

[[ropeway]]
id = "hill"
name = {{ zh = "小线", en = "Hill" }}
kind = "monocable_detachable"
length_m = 900
line_speed_mps = 5.0
emergency_speed_mps = 0.5
speed = "hill.drive.speed"
carriers = 20
places = 4
stations = [
  {{ id = "bottom", name = {{ zh = "下", en = "Bottom" }}, position_m = 0, altitude_m = 0 }},
  {{ id = "top", name = {{ zh = "上", en = "Top" }}, position_m = 900, altitude_m = 250 }},
]

[[device]]
id = "plc"
ropeway = "hill"
protocol = "modbus_tcp"
host = "127.0.0.1"
port = {modbus}
tags = [
  {{ id = "hill.drive.speed", address = 0, type = "float32", unit = "m/s" }},
  {{ id = "hill.drive_plc.heartbeat", address = 2 }},
  {{ id = "hill.drive_plc.clock", address = 4, type = "uint32" }},
]

[[device]]
id = "station"
ropeway = "site"
protocol = "opcua"
host = "127.0.0.1"
port = {opcua}
tags = [ {{ id = "site.weather.temperature", node = "s=temperature" }} ]
"""
SCRIPT = """
name = { zh = "急停", en = "Stop" }
length_s = 60
[clock]
speed = 30
[[change]]
kind = "stop"
target = "hill"
at_s = 15
stop = "safety"
"""


@pytest.fixture
def site_file(tmp_path: Path) -> Path:
    modbus, opcua = free_ports(2)
    path = tmp_path / "site.toml"
    path.write_text(SITE.format(modbus=modbus, opcua=opcua), encoding="utf-8")
    return path


async def launch(*words: str | Path) -> Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "simulators", *map(str, words), stdout=PIPE, stderr=PIPE
    )


async def lines_until_ready(process: Process) -> Sequence[str]:
    lines: list[str] = []
    assert process.stdout is not None
    while not lines or lines[-1] != "ready":
        line = await asyncio.wait_for(process.stdout.readline(), 30)
        assert line, "ended before it was ready"
        lines.append(line.decode().rstrip())
    return lines


@asynccontextmanager
async def running(*words: str | Path) -> AsyncIterator[tuple[Process, Sequence[str]]]:
    process = await launch(*words)
    try:
        yield process, await lines_until_ready(process)
    finally:
        if process.returncode is None:
            process.terminate()
            await process.communicate()


async def refusal(*words: str | Path) -> tuple[int | None, str]:
    """Run to the end and return the exit code and what was said on stderr."""
    process = await launch(*words)
    _, said = await asyncio.wait_for(process.communicate(), 30)
    return process.returncode, said.decode()


def site_of(path: Path) -> Site:
    return read_plant(path)


async def test_it_says_where_each_device_is_then_the_time_base_then_ready(
    site_file: Path,
) -> None:
    async with running(site_file, "--speed", "4") as (_, lines):
        site = site_of(site_file)
        assert lines[0] == f"plc: modbus tcp 127.0.0.1:{site.device[0].port}"
        assert lines[1] == f"station: opc ua opc.tcp://127.0.0.1:{site.device[1].port}/"
        assert lines[2].startswith("time base ")
        base = TimeBase.read(lines[2].removeprefix("time base "))
        assert (base.speed, base.anchor_ns) == (4.0, base.origin_ns)
        assert len(lines) == 4


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_ends_it_cleanly(site_file: Path, number: signal.Signals) -> None:
    async with running(site_file) as (process, _):
        process.send_signal(number)
        _, said = await asyncio.wait_for(process.communicate(), 10)
        assert (process.returncode, said) == (0, b"")


async def test_site_time_runs_at_the_given_speed_and_origin(site_file: Path) -> None:
    word = f"0:{1_800_000_000 * 10**9}:1:0:0:0"
    async with running(site_file, "--time-base", word) as (_, lines):
        assert lines[2] == f"time base {word}"
        device = modbus_device(site_of(site_file), "plc")
        async with connected(device) as reader:
            clock = await value_of(reader, device, device.tags[2])
    base = TimeBase.read(word)
    assert clock * 10**9 > base.origin_ns  # origin plus the machine's time since 1970


async def test_a_script_acts_in_fast_time_and_requests_are_reported(
    site_file: Path, tmp_path: Path
) -> None:
    script, report = tmp_path / "stop.toml", tmp_path / "report.json"
    script.write_text(SCRIPT, encoding="utf-8")
    words = (site_file, "--scenario", script, "--report", report)
    async with running(*words) as (process, _):
        device = modbus_device(site_of(site_file), "plc")
        async with connected(device) as reader:
            speeds = [await value_of(reader, device, device.tags[0])]
            while speeds[-1] > 0:
                await asyncio.sleep(0.03)
                speeds.append(await value_of(reader, device, device.tags[0]))
        assert len(speeds) > 3
        await asyncio.sleep(1.2)
        assert json.loads(report.read_text())["function_codes"] == {"3": len(speeds)}
        process.terminate()
        await process.communicate()
    last = json.loads(report.read_text())
    assert (last["opcua_writes"], last["opcua_calls"]) == (0, 0)
    assert last["devices"]["plc"]["requests"] == {"3": len(speeds)}


@pytest.mark.parametrize("row", [0, 1])
async def test_a_port_in_use_is_one_clear_line(site_file: Path, row: int) -> None:
    device = site_of(site_file).device[row]
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", device.port))
        taken.listen()
        code, said = await refusal(site_file)
    assert code == 1
    assert said.count("\n") == 1
    assert f"device '{device.id}'" in said
    assert str(device.port) in said


async def test_wrong_words_are_one_clear_line_each(site_file: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.toml"
    broken.write_text(site_file.read_text().replace("length_m", "lenght_m"))
    for words, said in (
        ((tmp_path / "none.toml",), "cannot be read"),
        ((broken,), "lenght_m"),
        ((site_file, "--scenario", "no_such"), "bundled scenarios: approaching_storm"),
        ((site_file, "--time-base", "yesterday"), "time base 'yesterday'"),
    ):
        code, text = await refusal(*words)
        assert code == 2
        assert said in text
        assert "Traceback" not in text
