"""A simulated OPC UA server: source times and status codes, nothing to write or call."""

import asyncio
import gc
import socket
import struct
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, timedelta
from random import Random
from typing import Any

from asyncua import ua
from asyncua.common.callback import CallbackType
from asyncua.server.address_space import MethodService
from asyncua.server.server import Server
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.status_codes import StatusCodes

from collector.site import OpcUaDevice, OpcUaTag
from simulators.certificates import Pair
from simulators.plant import RopeReading
from simulators.scenario import Mode

EPOCH = ua.DateTime(1970, 1, 1, tzinfo=UTC)
TRUTHS = frozenset(
    {
        "running",
        "instrument_ok",
        "mains_ok",
        "generator_ready",
        "generator_running",
    }
)
COUNTS = {
    "test_point": ua.VariantType.UInt16,
    "pass_counter": ua.VariantType.UInt32,
    "heartbeat": ua.VariantType.UInt32,
}
# Linger for no time at all: closing then sends a reset instead of a farewell.
RESET_ON_CLOSE = struct.pack("ii", 1, 0)
AWAY_MODES = (Mode.RESTARTING, Mode.RENEWED)
SILENT_MODES = (Mode.SILENT, Mode.SLOW, Mode.FAILING, Mode.BLACK_HOLE)
STATUS = {
    "bad": StatusCodes.BadSensorFailure,
    "gone": StatusCodes.BadNodeIdUnknown,
    "uncertain": StatusCodes.UncertainSensorNotAccurate,
}
PASS_QUANTITIES = (
    "running",
    "test_point",
    "position",
    "lma",
    "lf",
    "pass_counter",
)


Issue = Callable[[str, str], Pair]
"""Gives a certificate to a device, for the URI by which it names itself."""


async def fresh_server(lasting: bool = False) -> Server:
    """Return a server with the standard address space, which listens nowhere yet.

    A lasting one is never looked through for rubbish, nor cleared away once it has
    ended: that costs memory, and the looking would hold up every device of the process.
    """
    server = Server()
    # Looking for rubbish among so many objects that all stay would take twice the time.
    gc.disable()
    try:
        await server.init()
        if lasting:
            gc.freeze()
    finally:
        gc.enable()
    return server


async def end_server(server: Server) -> None:
    """Close every connection and listen no more, without waiting for a clock's next second."""
    inner = server.iserver
    if inner.time_task is not None:
        inner.time_task.cancel()
        with suppress(asyncio.CancelledError):
            await inner.time_task
        inner.time_task = None
    await server.stop()


class _CountedMethods:
    """Method service that counts what it is asked before it answers."""

    def __init__(self, service: MethodService, counted: Counter[str]) -> None:
        self._service = service
        self._counted = counted

    async def call(self, methods: list[ua.CallMethodRequest]) -> list[Any]:
        self._counted["call"] += len(methods)
        return await self._service.call(methods)

    def stop(self) -> None:
        self._service.stop()


class Station:
    """One OPC UA server, listening from `start` to `stop`.

    `read` gives a tag's value now. `requests` counts writes and calls asked by
    clients: both are refused, and a monitor that only reads leaves them at 0. `issue`
    gives a new certificate to the device and the URI named; without it, and for a
    device without security, anybody may connect.
    """

    def __init__(
        self, device: OpcUaDevice, read: Callable[[str], float], issue: Issue | None = None
    ) -> None:
        self.device = device
        self._issue = issue if device.security != "none" else None
        self._pair: Pair | None = None
        self.requests: Counter[str] = Counter(write=0, call=0)
        self._read = read
        self._mode = Mode.ANSWERING
        self._coming: asyncio.Task[Server] | None = None
        self._server: Server
        self._nodes: dict[str, ua.NodeId] = {}
        self._folder: Any = None
        self._removed: frozenset[str] = frozenset()
        self._deaf: list[Any] = []
        self._shown_ns = 0
        self._chance = Random(device.id)
        self._kinds = {tag.id: _kind(tag) for tag in device.tags}
        self._ropes = {tag.ropeway for tag in device.tags if tag.place == "rope_test"}

    @property
    def _uri(self) -> str:
        return f"urn:ropewatch:simulator:{self.device.id}"

    @property
    def address(self) -> str:
        """Where the server listens, for people."""
        return f"opc ua {self.device.url}"

    async def start(self) -> None:
        """Make the address space and listen."""
        gc.collect()  # servers that ended leave much: now, not while others want answers
        await self._renew()
        await self._open(await fresh_server())

    async def stop(self) -> None:
        """Close every connection and listen no more, if it ever did."""
        if self._nodes:
            await end_server(self._server)

    async def behave(self, mode: Mode, _delay_s: float = 0.0) -> None:
        """Answer or misbehave from now on; slow and failing count as silent."""
        if (mode in AWAY_MODES) is not (self._mode in AWAY_MODES):
            await (self._go_away(mode) if mode in AWAY_MODES else self._come_back())
        if mode is Mode.HALF_OPEN and self._mode is not mode:
            self._deaf = list(self._server.iserver.asyncio_transports)
        self._misbehave(mode)
        listener = self._server.bserver
        if listener is not None and (mode is Mode.REFUSING) is not (self._mode is Mode.REFUSING):
            await (listener.stop() if mode is Mode.REFUSING else listener.start())
        silent = mode in SILENT_MODES
        for transport in self._server.iserver.asyncio_transports:
            # Requests stay in the socket: it is open, and nobody answers.
            if silent or (mode is Mode.HALF_OPEN and transport in self._deaf):
                transport.pause_reading()
            elif self._mode is not mode:
                transport.resume_reading()
        self._mode = mode

    async def _renew(self) -> None:
        """Have a new certificate, where the device is to be safe."""
        if self._issue is not None:
            self._pair = await asyncio.to_thread(self._issue, self.device.id, self._uri)

    async def _go_away(self, mode: Mode) -> None:
        """Listen no more, and make the server that will come back.

        In a thread: asyncua works at it for half a second, and no restart of a real
        server holds up the other devices.
        """
        await self.stop()
        if mode is Mode.RENEWED:
            await self._renew()
        self._coming = asyncio.create_task(
            asyncio.to_thread(asyncio.run, fresh_server(lasting=True))
        )

    async def _come_back(self) -> None:
        """Listen as a server that knows nothing of its former sessions."""
        coming, self._coming = self._coming, None
        if coming is not None:
            self._nodes.clear()
            self._removed = frozenset()
            await self._open(await coming)

    async def _open(self, server: Server) -> None:
        self._server = server
        server.set_endpoint(self.device.url)
        server.set_server_name(self.device.id)
        await self._secure(server)
        uri = self.device.namespace or self._uri
        space = await server.register_namespace(uri)
        self._folder = await server.nodes.objects.add_object(space, self.device.id)
        for tag in self.device.tags:
            plain = tag.node if tag.node.startswith("ns=") else f"ns={space};{tag.node}"
            node = ua.NodeId.from_string(plain)
            self._nodes[tag.id] = node
            await self._add(tag.id)
        inner = server.iserver
        # asyncua's own types are narrower than what it takes.
        inner.callback_service.addListener(CallbackType.PreWrite, self._on_write)  # type: ignore[arg-type]
        inner.method_service = _CountedMethods(inner.method_service, self.requests)  # type: ignore[assignment]
        await server.start()

    async def _secure(self, server: Server) -> None:
        if self._pair is None:
            server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
            return
        await server.set_application_uri(self._uri)
        await server.load_certificate(self._pair.certificate)
        await server.load_private_key(self._pair.key)
        server.set_security_policy([ua.SecurityPolicyType.Basic256Sha256_SignAndEncrypt])

    def _misbehave(self, mode: Mode) -> None:
        """Spoil the connections that stand."""
        for transport in list(self._server.iserver.asyncio_transports):
            if mode is Mode.GARBAGE:
                transport.write(self._chance.randbytes(64))
            elif mode is Mode.RESET:
                # The header of an answer, then a reset: cut off half-way.
                transport.write(b"MSGF\x00\x01\x00\x00")
                found = transport.get_extra_info("socket")
                found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
                transport.abort()

    async def keep_nodes(self, removed: frozenset[str]) -> None:
        """Have no nodes for the tags in `removed`, and one for every other tag."""
        if self._mode in (*AWAY_MODES, Mode.REFUSING):
            return
        own = removed & self._kinds.keys()
        for tag in own - self._removed:
            # asyncua's server deletes in silence; others tell those who watch the node.
            await self._put(tag, 0.0, self._shown_ns, "gone")
            await self._server.delete_nodes([self._server.get_node(self._nodes[tag])])
        for tag in self._removed - own:
            await self._add(tag)
        self._removed = own

    async def _add(self, tag: str) -> None:
        kind = self._kinds[tag]
        first = ua.Variant(_figure(0.0, kind), kind)
        await self._folder.add_variable(self._nodes[tag], tag, first)

    async def show(self, site_ns: int, status: dict[str, str] | None = None) -> None:
        """Put the value of every tag, with `site_ns` as its source time."""
        self._shown_ns = site_ns
        if self._mode in (Mode.ANSWERING, Mode.HALF_OPEN):
            for tag in (one for one in self.device.tags if one.id not in self._removed):
                word = (status or {}).get(tag.id, "good")
                await self._put(tag.id, self._read(tag.id), site_ns, word)

    async def show_reading(self, reading: RopeReading) -> None:
        """Put one sample of a rope test, all its figures with one source time."""
        if self._mode is not Mode.ANSWERING or reading.ropeway not in self._ropes:
            return
        figures = (
            reading.running,
            reading.test_point,
            reading.position_m,
            reading.lma_pct,
            reading.lf_mv,
            reading.pass_counter,
        )
        for quantity, figure in zip(PASS_QUANTITIES, figures, strict=True):
            tag = f"{reading.ropeway}.rope_test.{quantity}"
            if tag in self._nodes and tag not in self._removed:
                await self._put(tag, float(figure), reading.at_ns, "good")

    async def _put(self, tag: str, value: float, site_ns: int, status: str) -> None:
        kind = self._kinds[tag]
        at = EPOCH + timedelta(microseconds=site_ns // 1000)
        code = STATUS.get(status, StatusCodes.Good)
        await self._server.iserver.aspace.write_attribute_value(
            self._nodes[tag],
            AttributeIds.Value,
            ua.DataValue(
                Value=ua.Variant(_figure(value, kind), kind),
                StatusCode=ua.StatusCode(ua.UInt32(code)),
                SourceTimestamp=at,
                ServerTimestamp=at,
            ),
        )

    def _on_write(self, event: Any, _service: object) -> None:
        if event.is_external:
            self.requests["write"] += len(event.request_params.NodesToWrite)


def _kind(tag: OpcUaTag) -> ua.VariantType:
    if tag.quantity in TRUTHS:
        return ua.VariantType.Boolean
    return COUNTS.get(tag.quantity, ua.VariantType.Double)


def _figure(value: float, kind: ua.VariantType) -> bool | int | float:
    if kind is ua.VariantType.Boolean:
        return value >= 0.5
    return value if kind is ua.VariantType.Double else int(value)
