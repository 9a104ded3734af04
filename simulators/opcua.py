"""A simulated OPC UA server: source times and status codes, nothing to write or call."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, timedelta
from typing import Any

from asyncua import ua
from asyncua.common.callback import CallbackType
from asyncua.server.address_space import MethodService
from asyncua.server.server import Server
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.status_codes import StatusCodes

from collector.site import OpcUaDevice, OpcUaTag
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
STATUS = {
    "bad": StatusCodes.BadSensorFailure,
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
    clients: both are refused, and a monitor that only reads leaves them at 0.
    """

    def __init__(self, device: OpcUaDevice, read: Callable[[str], float]) -> None:
        self.device = device
        self.requests: Counter[str] = Counter(write=0, call=0)
        self._read = read
        self._mode = Mode.ANSWERING
        self._server = Server()
        self._nodes: dict[str, ua.NodeId] = {}
        self._kinds = {tag.id: _kind(tag) for tag in device.tags}
        self._ropes = {tag.ropeway for tag in device.tags if tag.place == "rope_test"}

    @property
    def address(self) -> str:
        """Where the server listens, for people."""
        return f"opc ua {self.device.url}"

    async def start(self) -> None:
        """Make the address space and listen."""
        server = self._server
        await server.init()
        server.set_endpoint(self.device.url)
        server.set_server_name(self.device.id)
        server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
        uri = self.device.namespace or f"urn:ropewatch:simulator:{self.device.id}"
        space = await server.register_namespace(uri)
        folder = await server.nodes.objects.add_object(space, self.device.id)
        for tag in self.device.tags:
            plain = tag.node if tag.node.startswith("ns=") else f"ns={space};{tag.node}"
            node = ua.NodeId.from_string(plain)
            kind = self._kinds[tag.id]
            first = ua.Variant(_figure(0.0, kind), kind)
            await folder.add_variable(node, tag.id, first)
            self._nodes[tag.id] = node
        inner = server.iserver
        # asyncua's own types are narrower than what it takes.
        inner.callback_service.addListener(CallbackType.PreWrite, self._on_write)  # type: ignore[arg-type]
        inner.method_service = _CountedMethods(inner.method_service, self.requests)  # type: ignore[assignment]
        await server.start()

    async def stop(self) -> None:
        """Close every connection and listen no more."""
        await self._server.stop()

    async def behave(self, mode: Mode, _delay_s: float = 0.0) -> None:
        """Answer, be silent or be refusing from now on; slow and failing count as silent."""
        listener = self._server.bserver
        if listener is not None and (mode is Mode.REFUSING) is not (self._mode is Mode.REFUSING):
            await (listener.stop() if mode is Mode.REFUSING else listener.start())
        silent = mode not in (Mode.ANSWERING, Mode.REFUSING)
        for transport in self._server.iserver.asyncio_transports:
            # Requests stay in the socket: it is open, and nobody answers.
            if silent:
                transport.pause_reading()
            elif self._mode is not mode:
                transport.resume_reading()
        self._mode = mode

    async def show(self, site_ns: int, status: dict[str, str] | None = None) -> None:
        """Put the value of every tag, with `site_ns` as its source time."""
        if self._mode is Mode.ANSWERING:
            for tag in self.device.tags:
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
            if tag in self._nodes:
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
