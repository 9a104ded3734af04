"""Measures Telegraf's Modbus input at the same job, its output discarded or sent to InfluxDB 2."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.benchmarks.cores import ended, on_core
from tests.benchmarks.load import load_server
from tests.benchmarks.measure import (
    READER_CORE,
    Measured,
    Pace,
    Watched,
    measured,
    wait_until_all_read,
)
from tests.benchmarks.plants import Job
from tests.servers.influx_server import Account
from tests.servers.make import cache_folder

LATE_WORDS = ("did not complete within its interval", "Collection took longer than expected")


def find_telegraf() -> Path | None:
    """Return the program: on the PATH, else built into the cache folder."""
    found = shutil.which("telegraf")
    if found:
        return Path(found)
    built = cache_folder() / "telegraf"
    return built if os.access(built, os.X_OK) else None


DISCARDED = "[[outputs.discard]]"


def to_influxdb(account: Account, bucket: str) -> str:
    """Return the output that writes to a bucket of an InfluxDB 2."""
    return (
        f'[[outputs.influxdb_v2]]\nurls = ["{account.url}"]\ntoken = "{account.token}"\n'
        f'organization = "{account.org}"\nbucket = "{bucket}"'
    )


def measure_telegraf(
    program: Path, job: Job, pace: Pace, output: str = DISCARDED, name: str = "Telegraf"
) -> Measured:
    """Measure it on a fresh load server; a late collection is one that it warns of."""
    with load_server(job.devices) as server, tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "telegraf.log"
        settings = Path(folder) / "telegraf.conf"
        settings.write_text("\n".join([output, *_settings(job, server.ports, log)]))
        with _running(program, settings) as process:
            wait_until_all_read(process, server)
            seen = 0

            def said() -> dict[str, Any]:
                nonlocal seen
                warned = log.read_text(errors="replace") if log.exists() else ""
                total = sum(warned.count(words) for words in LATE_WORDS)
                since, seen = total - seen, total
                return {"skipped": since}

            return measured(name, job, Watched(server, process.pid, said), pace)


@contextmanager
def _running(program: Path, settings: Path) -> Iterator["subprocess.Popen[str]"]:
    command = on_core(READER_CORE, [str(program), "--config", str(settings)])
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, text=True)
    try:
        yield process
    finally:
        ended(process)


def _settings(job: Job, ports: Sequence[int], log: Path) -> Iterator[str]:
    """Yield the lines of its configuration: every register a field, reads as long as may be."""
    interval = f"{job.period_s * 1000:g}ms"
    yield f'[agent]\ninterval = "{interval}"\nflush_interval = "1s"\nmetric_batch_size = 5000'
    yield f'metric_buffer_limit = 2000000\nomit_hostname = true\nlogfile = "{log}"'
    fields = ",\n".join(f'{{address={at}, name="r{at}", type="UINT16"}}' for at in range(job.tags))
    for number, port in enumerate(ports):
        yield f'[[inputs.modbus]]\nname = "d{number}"\ncontroller = "tcp://127.0.0.1:{port}"'
        yield 'timeout = "1s"\nconfiguration_type = "request"'
        yield '[[inputs.modbus.request]]\nslave_id = 1\nbyte_order = "ABCD"\nregister = "holding"'
        yield 'optimization = "max_insert"\noptimization_max_register_fill = 20'
        yield f'measurement = "modbus"\nfields = [\n{fields}\n]'
        yield f'[inputs.modbus.request.tags]\ndevice = "d{number}"'
