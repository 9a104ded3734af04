"""Read an OPC UA server by subscription; calls no method and writes no value."""

import asyncio
import contextlib
import math
from calendar import timegm
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
from asyncua import ua
from asyncua.client.client import Client
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.uaerrors import UaError
from numpy.typing import NDArray

from collector.clock import Clock
from collector.codec import scaling_of
from collector.drivers import DriverError
from collector.model import BAD_FROM, NANOSECONDS, Instants, Quality, Scan, Slots
from collector.site import OpcUaDevice, OpcUaTag

ITEMS_PER_CALL = 500
QUEUE_SIZE = 1000
SHORTEST_PUBLISHING_S = 0.05
SHORTEST_SILENCE_S = 0.5
CLOSING_S = 1.0
NO_PROBE_S = 3600.0

STATUS_UNCERTAIN = 0x40000000
STATUS_BAD = 0x80000000

Rows = NDArray[np.intp]


@dataclass(slots=True)
class _Arrivals:
    """What notifications brought since the last scan, in the order of coming."""

    rows: list[int] = field(default_factory=list)
    raw: list[float] = field(default_factory=list)
    status: list[int] = field(default_factory=list)
    source_ns: list[int] = field(default_factory=list)


class OpcUaDriver:
    """One session with one server and one subscription for all its tags.

    What changed comes with the server's source time and status. A tag that did
    not change is confirmed by the server's keep-alive: it is repeated at each
    scan with the instant up to which the server is known to have had no news.
    """

    def __init__(self, device: OpcUaDevice, first_slot: int, clock: Clock) -> None:
        self._device = device
        self._clock = clock
        count = len(device.tags)
        self._slots = np.arange(first_slot, first_slot + count, dtype=np.int32)
        self._scaling = scaling_of(device.tags)
        self._timeout_s = clock.timeout_s(max(device.request_timeout_s, 1.0))
        self._publishing_s = max(device.scan_s / 4 / clock.speed, SHORTEST_PUBLISHING_S)
        self._longest_silence_s = SHORTEST_SILENCE_S
        self._client: Client | None = None
        self._forget()

    @property
    def slots(self) -> Slots:
        """Every slot of the device, in slot order."""
        return self._slots

    @property
    def address(self) -> str:
        """Where the device is, for people."""
        return self._device.url

    async def connect(self) -> None:
        """Open a session and subscribe to every tag; DriverError where that fails."""
        self._forget()
        client = Client(self._device.url, timeout=self._timeout_s, watchdog_intervall=NO_PROBE_S)
        client.name = client.description = "ropewatch"
        self._client = client
        try:
            await client.connect()
            await self._subscribe(client)
        except TimeoutError as error:
            words = f"{self.address}: no answer within {self._timeout_s:g} s"
            raise DriverError("timeout", words) from error
        except (OSError, UaError) as error:
            words = str(error) or type(error).__name__
            raise DriverError("refused", f"{self.address}: {words}") from error
        self._published_s = self._clock.steady_s()

    async def scan(self) -> Scan:
        """Return what came since the last scan, and what the server confirmed."""
        silent_s = (self._clock.steady_s() - self._published_s) / self._clock.speed
        if silent_s > self._longest_silence_s:
            words = f"{self.address}: the server publishes nothing for {silent_s:.1f} s"
            raise DriverError("silent", words)
        now_ns = self._clock.now_ns()
        news = self._news()
        confirmed = self._confirmed(news.slots)
        return Scan(
            slots=np.concatenate([news.slots, self._slots[confirmed]]),
            values=np.concatenate([news.values, self._held[confirmed]]),
            quality=np.concatenate([news.quality, self._held_quality[confirmed]]),
            source_ns=np.concatenate([news.source_ns, self._confirmed_at(confirmed, now_ns)]),
            received_ns=now_ns,
        )

    async def close(self) -> None:
        """End the session, so that the server keeps none of ours, and drop the socket."""
        client, self._client = self._client, None
        if client is None:
            return
        with contextlib.suppress(TimeoutError, OSError, UaError):
            async with asyncio.timeout(CLOSING_S):
                await client.disconnect()
        client.disconnect_socket()

    def _forget(self) -> None:
        count = len(self._slots)
        self._arrivals = _Arrivals()
        self._held = np.full(count, np.nan)
        self._held_quality = np.full(count, Quality.BAD_NEVER_READ, dtype=np.uint8)
        self._held_ns = np.zeros(count, dtype=np.int64)
        self._refused = np.zeros(count, dtype=np.bool_)
        self._published_s = self._clock.steady_s()
        self._received_ns = 0
        self._confirmed_ns = 0

    async def _subscribe(self, client: Client) -> None:
        space = 0
        if self._device.namespace:
            space = await self._namespace(client, self._device.namespace)
        session = client.uaclient.session
        wanted = ua.CreateSubscriptionParameters(
            RequestedPublishingInterval=self._publishing_s * 1000,
            RequestedLifetimeCount=10_000,
            RequestedMaxKeepAliveCount=1,
            MaxNotificationsPerPublish=0,
            PublishingEnabled=True,
            Priority=0,
        )
        subscription = await session.create_subscription(wanted, self._published)
        self._longest_silence_s = self._silence_s(subscription)
        for begin in range(0, len(self._device.tags), ITEMS_PER_CALL):
            part = self._device.tags[begin : begin + ITEMS_PER_CALL]
            items = [self._item(begin + n, tag, space) for n, tag in enumerate(part)]
            results = await session.create_monitored_items(
                ua.CreateMonitoredItemsParameters(
                    SubscriptionId=subscription.SubscriptionId,
                    TimestampsToReturn=ua.TimestampsToReturn.Both,
                    ItemsToCreate=items,
                )
            )
            for row, result in enumerate(results, begin):
                self._refused[row] = not result.StatusCode.is_good()
        self._held_quality[self._refused] = Quality.BAD_SOURCE

    async def _namespace(self, client: Client, uri: str) -> int:
        known = await client.get_namespace_array()
        if uri not in known:
            words = f"{self.address}: no namespace '{uri}'; the server has {', '.join(known)}"
            raise DriverError("namespace", words)
        return int(known.index(uri))

    def _silence_s(self, subscription: ua.CreateSubscriptionResult) -> float:
        """Return how long silence is no loss: one period, unless the server publishes slower."""
        keep_alive_s = subscription.RevisedPublishingInterval / 1000
        keep_alive_s *= max(1, subscription.RevisedMaxKeepAliveCount)
        return float(
            max(self._device.scan_s / self._clock.speed, 2 * keep_alive_s, SHORTEST_SILENCE_S)
        )

    def _item(self, row: int, tag: OpcUaTag, space: int) -> ua.MonitoredItemCreateRequest:
        node = tag.node if tag.node.startswith("ns=") else f"ns={space};{tag.node}"
        sampling_s = (tag.sampling_s or self._device.scan_s / 2) / self._clock.speed
        return ua.MonitoredItemCreateRequest(
            ItemToMonitor=ua.ReadValueId(
                NodeId=ua.NodeId.from_string(node), AttributeId=AttributeIds.Value
            ),
            MonitoringMode=ua.MonitoringMode.Reporting,
            RequestedParameters=ua.MonitoringParameters(
                ClientHandle=row,
                SamplingInterval=sampling_s * 1000,
                QueueSize=QUEUE_SIZE,
                DiscardOldest=True,
            ),
        )

    def _published(self, result: ua.PublishResult) -> None:
        """Note one publish answer: a keep-alive, or notifications."""
        self._confirmed_ns = self._received_ns
        self._received_ns = self._clock.now_ns()
        self._published_s = self._clock.steady_s()
        for notification in result.NotificationMessage.NotificationData or ():
            if isinstance(notification, ua.DataChangeNotification):
                for item in notification.MonitoredItems:
                    self._note(item.ClientHandle, item.Value)

    def _note(self, row: int, value: ua.DataValue) -> None:
        arrivals = self._arrivals
        source = value.SourceTimestamp or value.ServerTimestamp
        status = value.StatusCode
        arrivals.rows.append(row)
        arrivals.raw.append(_figure(value.Value))
        arrivals.status.append(status.value if status is not None else 0)
        arrivals.source_ns.append(self._received_ns if source is None else _nanoseconds(source))

    def _news(self) -> Scan:
        arrivals, self._arrivals = self._arrivals, _Arrivals()
        rows = np.array(arrivals.rows, dtype=np.intp)
        raw = np.array(arrivals.raw, dtype=np.float64)
        status = np.array(arrivals.status, dtype=np.int64)
        values, quality = self._scaling.pick(rows).apply(raw)
        uncertain = (status & STATUS_UNCERTAIN != 0) & (quality < BAD_FROM)
        quality[uncertain] = Quality.UNCERTAIN_SOURCE
        quality[status & STATUS_BAD != 0] = Quality.BAD_SOURCE
        source_ns = np.array(arrivals.source_ns, dtype=np.int64)
        self._held[rows] = values
        self._held_quality[rows] = quality
        self._held_ns[rows] = source_ns
        return Scan(self._slots[rows], values, quality, source_ns, self._received_ns)

    def _confirmed(self, news: Slots) -> Rows:
        """Return the rows without news that are known not to have changed."""
        quiet = np.ones(len(self._slots), dtype=np.bool_)
        quiet[news - self._slots[0]] = False
        known = (self._held_ns > 0) & (self._held_ns < self._confirmed_ns)
        return np.flatnonzero(quiet & (known | self._refused))

    def _confirmed_at(self, rows: Rows, now_ns: int) -> Instants:
        """Return the instant for each confirmed row, and remember it."""
        instants = np.where(self._refused[rows], now_ns, self._confirmed_ns).astype(np.int64)
        self._held_ns[rows] = instants
        return instants


def _figure(variant: Any) -> float:
    """Return the variant's value as a figure; NaN where it is none."""
    value = variant.Value if variant is not None else None
    if isinstance(value, bool | int | float):
        return float(value)
    return math.nan


def _nanoseconds(instant: datetime) -> int:
    return timegm(instant.utctimetuple()) * NANOSECONDS + instant.microsecond * 1000
