"""Measures ThingsBoard gateway's Modbus connector, where an environment of its own is named."""

import json
import os
import socket
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tests.benchmarks.cores import ended, on_core
from tests.benchmarks.load import SERVER_CORE, load_server
from tests.benchmarks.measure import (
    READER_CORE,
    Measured,
    Pace,
    Watched,
    measured,
    wait_until_all_read,
)
from tests.benchmarks.plants import Job

NAMED_BY = "ROPEWATCH_BENCH_THINGSBOARD"
PROGRAMS = Path(__file__).with_name("thingsboard_programs.py")
RANGE = 100
UNLIMITED = "0:0,"


def find_thingsboard() -> Path | None:
    """Return the Python of the environment that holds thingsboard-gateway and amqtt."""
    named = os.environ.get(NAMED_BY)
    return Path(named).absolute() if named else None


def measure_thingsboard(python: Path, job: Job, pace: Pace) -> Measured:
    """Measure it on a fresh load server, publishing to a broker on the server's core."""
    with ExitStack() as stack:
        server = stack.enter_context(load_server(job.devices))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            broker_port = int(probe.getsockname()[1])
        _write_settings(folder, job, server.ports, broker_port)
        log = stack.enter_context((folder / "log").open("w"))

        def started(core: int, output: int | None, *words: str) -> "subprocess.Popen[str]":
            process = subprocess.Popen(
                on_core(core, [str(python), str(PROGRAMS), *words]),
                stdout=output or log,
                stderr=log,
                text=True,
                cwd=folder,
                env={**os.environ, "TB_GW_CONFIG_DIR": str(folder)},
            )
            stack.callback(ended, process)
            return process

        platform = started(SERVER_CORE, subprocess.PIPE, "platform", str(broker_port))
        assert platform.stdout is not None
        platform.stdout.readline()
        gateway = started(READER_CORE, None, "gateway")
        wait_until_all_read(gateway, server)
        return measured(
            "ThingsBoard gateway", job, Watched(server, gateway.pid, dict[str, Any]), pace
        )


def _write_settings(folder: Path, job: Job, ports: Sequence[int], broker_port: int) -> None:
    (folder / "logs").mkdir()
    gateway = {
        "thingsboard": {
            "host": "127.0.0.1",
            "port": broker_port,
            "remoteShell": False,
            "remoteConfiguration": False,
            "latencyDebugMode": False,
            "statistics": {"enable": False},
            "deviceFiltering": {"enable": False, "filterFile": "list.json"},
            "minPackSendDelayMS": 10,
            "checkingDeviceActivity": {"checkDeviceInactivity": False},
            "security": {"type": "accessToken", "accessToken": "x"},
            "qos": 0,
            "reportStrategy": {"type": "ON_RECEIVED"},
            **dict.fromkeys(
                (
                    "rateLimits",
                    "dpRateLimits",
                    "messagesRateLimits",
                    "deviceMessagesRateLimits",
                    "deviceRateLimits",
                    "deviceDpRateLimits",
                ),
                UNLIMITED,
            ),
        },
        "storage": {"type": "memory", "read_records_count": 1000, "max_records_count": 1000000},
        "grpc": {"enabled": False},
        "connectors": [{"type": "modbus", "name": "Modbus", "configuration": "modbus.json"}],
    }
    slaves = [_slave(number, port, job) for number, port in enumerate(ports)]
    modbus = {"name": "Modbus", "logLevel": "ERROR", "master": {"slaves": slaves}}
    (folder / "tb_gateway.json").write_text(json.dumps(gateway))
    (folder / "modbus.json").write_text(json.dumps(modbus))


def _slave(number: int, port: int, job: Job) -> dict[str, Any]:
    """Return one device, its registers in ranges of a hundred: its cheapest way to read them."""
    ranges = [
        {
            "tag": "t_${address}",
            "type": "16uint",
            "address": f"{at}-{min(at + RANGE, job.tags) - 1}",
            "objectsCount": 1,
            "functionCode": 3,
            "maxRegistersPerRequest": RANGE,
        }
        for at in range(0, job.tags, RANGE)
    ]
    return {
        "host": "127.0.0.1",
        "port": port,
        "type": "tcp",
        "method": "socket",
        "unitId": 1,
        "deviceName": f"d{number}",
        "deviceType": "default",
        "timeout": 35,
        "byteOrder": "BIG",
        "wordOrder": "LITTLE",
        "retries": 3,
        "retryOnEmpty": True,
        "retryOnInvalid": True,
        "pollPeriod": round(job.period_s * 1000),
        "connectAttemptTimeMs": 5000,
        "connectAttemptCount": 5,
        "waitAfterFailedAttemptsMs": 300000,
        "attributes": [],
        "timeseries": ranges,
        "attributeUpdates": [],
        "rpc": [],
    }
