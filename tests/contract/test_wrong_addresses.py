"""A host that is not known and a port that speaks HTTP: one clear line each, with what to do."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

import pytest
from structlog.testing import capture_logs

from collector.clock import Clock
from collector.remedies import REMEDIES, remedy
from collector.service import Collector
from collector.supervisor import DeviceState
from simulators.plc import Plc
from tests.contract.simulator_parts import free_ports
from tests.unit.collector.words import modbus, node, opcua, plant, tag

NOWHERE = "no-such-host.invalid"
WATCHED_S = 6.0


@asynccontextmanager
async def a_web_server() -> AsyncIterator[int]:
    """Answer whatever comes as a web server answers what it does not understand."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            await reader.read(1024)
            writer.write(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\nbad request\r\n")
            await writer.drain()
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield int(server.sockets[0].getsockname()[1])


@pytest.mark.slow
async def test_wrong_addresses_are_one_line_each_and_hold_nobody_up(tmp_path: Path) -> None:
    (well_port,) = free_ports(1)
    async with a_web_server() as web:
        well = modbus("well", tag("north.well.speed", 0), port=well_port, scan_s=0.5)
        site = plant(
            well,
            modbus("nowhere_modbus", tag("north.a.value", 0), host=NOWHERE, scan_s=0.5),
            opcua("nowhere_opcua", node("north.b.value"), host=NOWHERE, scan_s=0.5),
            modbus("web_modbus", tag("north.c.value", 0), port=web, scan_s=0.5),
            opcua("web_opcua", node("north.d.value"), port=web, scan_s=0.5),
        )
        plc = Plc(plant(well).device[0], lambda _: 5.0)  # type: ignore[arg-type]
        await plc.start()
        collector = Collector(site, tmp_path / "history.sqlite", Clock(), Random(1))
        with capture_logs() as lines, suppress(TimeoutError):
            async with asyncio.timeout(WATCHED_S):
                await collector.run()
        collector.history.close()
        await plc.stop()
    assert collector.supervisors[0].health.state is DeviceState.ONLINE
    # One late tick may be the machine's; an address that held others up would delay most.
    assert median(collector.supervisors[0].health.lateness_s) < 0.05
    assert collector.supervisors[0].health.skipped <= 2
    for supervisor in collector.supervisors[1:]:
        _assert_one_clear_line(supervisor, lines)


def _assert_one_clear_line(supervisor: Any, lines: list[Any]) -> None:
    name, health = supervisor.device.id, supervisor.health
    assert health.state is DeviceState.LOST, name
    assert health.reason, name
    assert "\n" not in health.reason
    assert "Traceback" not in health.reason
    told = [one for one in lines if one.get("device") == name]
    assert [one["event"] for one in told] == ["device lost"], told
    assert told[0]["advice"] in {one.en for one in REMEDIES.values()} | {remedy("").en}
    assert supervisor.device.host in health.reason
