"""Read a Modbus TCP device by polling; sends function codes 1 to 4 and no others."""

from collections.abc import Sequence

import numpy as np

from collector.clock import Clock
from collector.drivers import DriverError
from collector.drivers.modbus_class import Line, ModbusClass, classes_of
from collector.drivers.modbus_gateway import ModbusGateway, endpoint_of
from collector.model import Scan, Slots, join_scans
from collector.site import ModbusDevice

SHORTEST_SHARE_S = 0.2
PERIOD_SHARE = 0.8
LONGEST_WAIT_S = 3.0


class ModbusDriver:
    """One unit: read on a connection of its own, or by turns with others of one gateway.

    After a time-out the connection is dropped, so that a late answer is never
    taken for the next one.
    """

    def __init__(
        self,
        device: ModbusDevice,
        first_slot: int,
        clock: Clock,
        gateway: ModbusGateway | None = None,
    ) -> None:
        self._device = device
        self._user = first_slot
        self._slots = np.arange(first_slot, first_slot + len(device.tags), dtype=np.int32)
        self._gateway = gateway or ModbusGateway(endpoint_of(device), 1, clock)
        self._timeout_s = clock.timeout_s(request_timeout_s(device, self._gateway.units))
        self._line = Line(device.unit, self._gateway, self._timeout_s, self.address)
        self._classes = classes_of(device, first_slot, self._line, clock)

    @property
    def slots(self) -> Slots:
        """Every slot of the device, in slot order."""
        return self._slots

    @property
    def refused(self) -> Slots:
        """The slots that the device did not give at the last scan although it answered."""
        return np.concatenate([one.refused for one in self._classes])

    @property
    def address(self) -> str:
        """Where the device is, for people."""
        return f"{self._device.host}:{self._device.port} unit {self._device.unit}"

    @property
    def classes(self) -> Sequence[ModbusClass]:
        """The device's scan classes, the quickest first."""
        return self._classes

    async def connect(self) -> None:
        """Open the TCP connection; DriverError where nobody listens."""
        for one in self._classes:
            one.forget()
        self._line.lost = True
        try:
            await self._gateway.join(self._user, self._timeout_s)
        except DriverError as error:
            await self.close()
            raise DriverError(error.kind, f"{self.address}: {error}") from error

    async def scan(self) -> Scan:
        """Read every tag once; only the tags that the device refuses are bad at the source."""
        scans = [await one.scan() for one in self._classes]
        return scans[0] if len(scans) == 1 else join_scans(scans)

    async def close(self) -> None:
        """Drop the connection, unless other units use it."""
        self._line.lost = True
        self._gateway.leave(self._user)


def request_timeout_s(device: ModbusDevice, units: int) -> float:
    """Return how long to wait for one answer of `device`, one of `units` of a gateway.

    What the site file says; otherwise so long that a loss shows within two periods
    of the quickest scan class, and that even if all other units are silent too.
    """
    if device.timeout_s is not None:
        return device.timeout_s
    quickest_s = min(tag.scan_s or device.scan_s for tag in device.tags)
    return max(SHORTEST_SHARE_S, min(quickest_s * PERIOD_SHARE, LONGEST_WAIT_S) / units)
