"""An OPC UA server of the tests' own, a device that reads it, and what scans of it said."""

import asyncio
import gc
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, timedelta
from typing import Any

import numpy as np
from asyncua import ua
from asyncua.server.server import Server
from asyncua.ua.attribute_ids import AttributeIds
from pydantic import TypeAdapter

from collector.board import Board
from collector.clock import Clock
from collector.drivers.opcua import OpcUaDriver
from collector.drivers.opcua_session import Secrets
from collector.model import Quality, Scan
from collector.site import OpcUaDevice
from simulators.opcua import end_server, fresh_server
from tests.contract.simulator_parts import free_ports

URI = "urn:ropewatch:tests"
SCAN_S = 0.2
EPOCH = ua.DateTime(1970, 1, 1, tzinfo=UTC)


def device_with(port: int, names: Sequence[str], **other: Any) -> OpcUaDevice:
    """A device whose tags are the nodes of those names."""
    table = {
        "id": "peer",
        "ropeway": "site",
        "protocol": "opcua",
        "host": "127.0.0.1",
        "port": port,
        "namespace": URI,
        "scan_s": SCAN_S,
        "tags": [{"id": f"site.peer.{name.lower()}", "node": f"s={name}"} for name in names],
    }
    return TypeAdapter(OpcUaDevice).validate_python(table | other)


@dataclass
class Peer:
    """A server that listens from `start` to `stop`, over and over if need be."""

    port: int
    names: Sequence[str]
    strange_namespaces: int = 0
    prepare: Callable[[Server], Any] | None = None
    server: Server = field(init=False)

    async def start(self) -> None:
        """Listen, with every node at 1.0 since 2026."""
        gc.collect()  # servers that ended leave much: now, not while others want answers
        self.server = await fresh_server()
        self.server.set_endpoint(f"opc.tcp://127.0.0.1:{self.port}/")
        self.server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
        for number in range(self.strange_namespaces):
            await self.server.register_namespace(f"urn:stranger:{number}")
        self.space = ua.Int16(await self.server.register_namespace(URI))
        if self.prepare is not None:
            await self.prepare(self.server)
        for name in self.names:
            await self.add(name)
        await self.server.start()

    async def stop(self) -> None:
        """Listen no more."""
        await end_server(self.server)

    async def add(self, name: str) -> None:
        """Add a node."""
        folder = self.server.nodes.objects
        node = ua.NodeId(ua.String(name), self.space)
        await folder.add_variable(node, name, ua.Variant(0.0, ua.VariantType.Double))
        await self.put(name, 1.0, at_ns=1_767_225_600_000_000_000)

    async def remove(self, name: str) -> None:
        """Delete a node."""
        node = self.server.get_node(ua.NodeId(ua.String(name), self.space))
        await self.server.delete_nodes([node])

    async def put(self, name: str, value: float, at_ns: int | None = None, status: int = 0) -> None:
        """Give a node a value; now unless told when."""
        at = EPOCH + timedelta(microseconds=(at_ns or time.time_ns()) // 1000)
        await self.server.iserver.aspace.write_attribute_value(
            ua.NodeId(ua.String(name), self.space),
            AttributeIds.Value,
            ua.DataValue(
                Value=ua.Variant(value, ua.VariantType.Double),
                StatusCode=ua.StatusCode(ua.UInt32(status)),
                SourceTimestamp=at,
                ServerTimestamp=at,
            ),
        )


class Reading:
    """A driver read at each period; `board` has the newest, `scans` all."""

    def __init__(self, device: OpcUaDevice, secrets: Secrets | None = None) -> None:
        self.device = device
        arguments = (secrets,) if secrets else ()
        self.driver = OpcUaDriver(device, 0, Clock(), *arguments)
        self.board = Board(len(device.tags))
        self.scans: list[Scan] = []

    async def once(self) -> Scan:
        """Wait a period and read."""
        await asyncio.sleep(self.device.scan_s)
        scan = await self.driver.scan()
        self.board.publish(scan)
        self.scans.append(scan)
        return scan

    async def until(self, holds: Callable[[], bool], within_s: float = 5.0) -> int:
        """Read until that holds; return in how many periods it did."""
        for periods in range(1, int(within_s / self.device.scan_s) + 1):
            await self.once()
            if holds():
                return periods
        message = f"in vain for {within_s} s: {self.board.values} {self.board.quality}"
        raise AssertionError(message)

    def all_good(self) -> bool:
        """Whether every tag is good now."""
        return bool((self.board.quality == Quality.GOOD).all())

    def quality(self, row: int) -> Quality:
        """The newest quality of one tag."""
        return Quality(int(self.board.quality[row]))

    def samples(self, row: int) -> list[tuple[int, float]]:
        """Every sample of one tag so far: source time and value."""
        found = []
        for scan in self.scans:
            at = np.flatnonzero(scan.slots == row)
            found += [(int(scan.source_ns[one]), float(scan.values[one])) for one in at]
        return found


@asynccontextmanager
async def peer(names: Sequence[str], **other: Any) -> AsyncIterator[Peer]:
    """A server on a free port."""
    (port,) = free_ports(1)
    found = Peer(port, names, **other)
    await found.start()
    try:
        yield found
    finally:
        await found.stop()


@asynccontextmanager
async def reading(device: OpcUaDevice, secrets: Secrets | None = None) -> AsyncIterator[Reading]:
    """A connected driver."""
    found = Reading(device, secrets)
    try:
        await found.driver.connect()
        yield found
    finally:
        await found.driver.close()
