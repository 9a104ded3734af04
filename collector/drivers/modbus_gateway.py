"""Share one Modbus TCP connection among all units behind one host and port."""

import asyncio
from collections.abc import Iterable, Mapping

from collector.clock import Clock
from collector.drivers import DriverError
from collector.drivers.modbus_frame import ReadRequest, RefusedError
from collector.drivers.modbus_wire import ModbusWire, connect
from collector.site import Device, ModbusDevice

PROBE_SHARE = 3
"""A lost unit may wait for its answer one third of the time; the rest is the others'."""

Endpoint = tuple[str, int]


class ModbusGateway:
    """One connection with one request in flight; the units behind it take turns.

    Turns go by order of asking, one request each. A time-out ends the connection
    for all; whoever comes next opens it again and notices nothing but the delay.
    Units that are lost are probed one at a time and seldom, so that waiting in vain
    for them leaves the line to those that answer.
    """

    def __init__(self, endpoint: Endpoint, units: int, clock: Clock) -> None:
        self.units = units
        self._host, self._port = endpoint
        self._clock = clock
        self._turns = asyncio.Lock()
        self._probes = asyncio.Lock()
        self._probe_from_s = 0.0
        self._users: set[int] = set()
        self._wire: ModbusWire | None = None
        self._failures = 0
        self._failure = DriverError("closed", "not connected")

    async def join(self, user: int, timeout_s: float) -> None:
        """Open the connection unless it is open; DriverError where nobody listens."""
        self._users.add(user)
        failures = self._failures
        async with self._turns:
            await self._opened(timeout_s, failures)

    def leave(self, user: int) -> None:
        """Drop the connection once nobody uses it any more."""
        self._users.discard(user)
        if not self._users and self._wire is not None:
            self._wire.drop()
            self._wire = None

    async def ask(self, request: ReadRequest, timeout_s: float) -> bytes:
        """Return what the unit holds once its turn has come; `timeout_s` counts from there.

        RefusedError where the unit says no, DriverError where no right answer came.
        """
        failures = self._failures
        async with self._turns:
            wire = self._wire
            if wire is None or not wire.open:
                if wire is not None:
                    wire.tell()
                wire = await self._opened(timeout_s, failures)
            return await wire.ask(request, timeout_s)

    async def probe(self, request: ReadRequest, timeout_s: float) -> bytes:
        """Ask a unit that was lost, when it is its turn among those that are lost."""
        if self.units == 1:
            return await self.ask(request, timeout_s)
        async with self._probes:
            await self._clock.sleep(self._probe_from_s - self._clock.steady_s())
            try:
                return await self.ask(request, timeout_s)
            except (DriverError, RefusedError) as error:
                if isinstance(error, DriverError) or error.by_gateway:
                    rest_s = (PROBE_SHARE - 1) * timeout_s * self._clock.speed
                    self._probe_from_s = self._clock.steady_s() + rest_s
                raise

    async def _opened(self, timeout_s: float, failures: int) -> ModbusWire:
        """Return the open connection; fail with those before us who just failed to open it."""
        if self._wire is not None and self._wire.open:
            return self._wire
        if failures != self._failures:
            raise DriverError(self._failure.kind, str(self._failure))
        try:
            self._wire = await connect(self._host, self._port, timeout_s)
        except DriverError as error:
            self._failures += 1
            self._failure = error
            raise
        return self._wire


Gateways = Mapping[Endpoint, ModbusGateway]


def gateways_of(devices: Iterable[Device], clock: Clock) -> Gateways:
    """Return one gateway for each host and port of the Modbus devices."""
    units: dict[Endpoint, int] = {}
    for device in devices:
        if isinstance(device, ModbusDevice):
            units[endpoint_of(device)] = units.get(endpoint_of(device), 0) + 1
    return {endpoint: ModbusGateway(endpoint, count, clock) for endpoint, count in units.items()}


def endpoint_of(device: ModbusDevice) -> Endpoint:
    """Return where the device's gateway listens."""
    return device.host.lower(), device.port
