"""Monitor every tag of one OPC UA server in as many subscriptions as the server wants."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from asyncua import ua
from asyncua.client.client import Client
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.status_codes import StatusCodes
from asyncua.ua.ua_binary import struct_from_binary
from asyncua.ua.uaerrors import (
    BadEncodingLimitsExceeded,
    BadRequestTooLarge,
    BadResponseTooLarge,
    BadTooManyOperations,
    BadTooManySubscriptions,
)

from collector.drivers import DriverError
from collector.drivers.opcua_rows import TagRows
from collector.drivers.opcua_session import Limits, namespaces, read_attribute, read_limits
from collector.site import OpcUaDevice, OpcUaTag

QUEUE_SIZE = 1000
# A subscription that we lost sight of is the server's to end after so many intervals at least.
LIFETIME_S = 20.0
FEWEST_INTERVALS = 30
FULL = frozenset({StatusCodes.BadTooManyMonitoredItems, StatusCodes.BadOutOfMemory})
NO_SUCH_NODE = frozenset({StatusCodes.BadNodeIdUnknown, StatusCodes.BadNodeIdInvalid})
TOO_MUCH = (
    BadTooManyOperations,
    BadRequestTooLarge,
    BadResponseTooLarge,
    BadEncodingLimitsExceeded,
)


@dataclass(frozen=True, slots=True)
class Subscribed:
    """One subscription as the server revised it; an answer comes every `silence_s` at least."""

    identity: int
    publishing_s: float
    silence_s: float


class Items:
    """The subscriptions and monitored items of one session.

    `rows` learns which tags the server refuses; `revised` counts what the server
    made of our wishes.
    """

    def __init__(
        self, client: Client, device: OpcUaDevice, rows: TagRows, publishing_s: float, speed: float
    ) -> None:
        self.subscriptions: list[Subscribed] = []
        self.revised: Counter[str] = Counter()
        self._client = client
        self._device = device
        self._rows = rows
        self._publishing_s = publishing_s
        self._speed = speed
        self._limits = Limits()
        self._nodes: list[ua.NodeId] = []
        self._items: dict[int, int] = {}
        self._audited = 0

    async def subscribe(self) -> None:
        """Subscribe to every tag; DriverError where the server lacks the namespace."""
        self._limits = await read_limits(self._client)
        space = await self._space()
        self._nodes = [_node(tag, space) for tag in self._device.tags]
        waiting = list(range(len(self._nodes)))
        while waiting:
            try:
                self.subscriptions.append(await self._create())
            except BadTooManySubscriptions:
                if not self.subscriptions:
                    raise
                self._rows.refuse(waiting, StatusCodes.BadTooManySubscriptions)
                return
            now, later = _split(waiting, self._limits.items_per_subscription)
            full = await self._monitor(now, len(self.subscriptions) - 1)
            if len(full) == len(now):
                self._rows.refuse(full, StatusCodes.BadTooManyMonitoredItems)
                full = []
            waiting = full + later

    async def retry(self, rows: Sequence[int]) -> None:
        """Monitor the refused tags at `rows` anew: perhaps their nodes are back."""
        by_subscription: dict[int, list[int]] = {}
        for row in rows:
            by_subscription.setdefault(int(self._rows.subscription[row]), []).append(row)
        for subscription, part in by_subscription.items():
            await self._drop(part, subscription)
            full = await self._monitor(part, subscription)
            self._rows.refuse(full, StatusCodes.BadTooManyMonitoredItems)

    async def audit(self, rows: Sequence[int]) -> None:
        """Ask whether the nodes of quiet tags are there; some servers never say that one went.

        At most as many as fit into two reads, in turn.
        """
        most = 2 * self._limits.nodes_per_read
        if len(rows) > most:
            self._audited %= len(rows)
            rows = [*rows[self._audited :], *rows[: self._audited]][:most]
            self._audited += most
        for part in _parts(rows, self._limits.nodes_per_read):
            nodes = [self._nodes[row] for row in part]
            found = await read_attribute(self._client, nodes, AttributeIds.NodeClass)
            gone = [
                row
                for row, answer in zip(part, found, strict=True)
                if answer.StatusCode is not None and answer.StatusCode.value in NO_SUCH_NODE
            ]
            if gone:
                self._rows.refuse(gone, StatusCodes.BadNodeIdUnknown)

    async def _space(self) -> int:
        """Find the namespace by its URI, as servers number them anew when they start."""
        if not self._device.namespace:
            return 0
        known = await namespaces(self._client)
        if self._device.namespace not in known:
            words = (
                f"the server has no namespace '{self._device.namespace}', "
                f"only {', '.join(known) or 'none'}; correct the device's 'namespace'"
            )
            raise DriverError("namespace", words)
        return known.index(self._device.namespace)

    async def _create(self) -> Subscribed:
        request = ua.CreateSubscriptionRequest()
        request.Parameters = ua.CreateSubscriptionParameters(
            RequestedPublishingInterval=self._publishing_s * 1000,
            RequestedLifetimeCount=max(FEWEST_INTERVALS, int(LIFETIME_S / self._publishing_s)),
            RequestedMaxKeepAliveCount=1,
            MaxNotificationsPerPublish=0,
            PublishingEnabled=True,
            Priority=0,
        )
        protocol = self._client.uaclient.protocol
        if protocol is None:
            message = "the connection was lost"
            raise ConnectionError(message)
        # Not by the library's own call, which would begin to ask for answers by itself.
        answer = struct_from_binary(
            ua.CreateSubscriptionResponse, await protocol.send_request(request)
        )
        revised = answer.Parameters
        publishing_s = revised.RevisedPublishingInterval / 1000
        # The first answers may take one interval more than the count says.
        silence_s = publishing_s * (max(revised.RevisedMaxKeepAliveCount, 1) + 1)
        return Subscribed(revised.SubscriptionId, publishing_s, silence_s)

    async def _monitor(self, rows: Sequence[int], subscription: int) -> list[int]:
        """Monitor the tags at `rows`; return those for which the subscription is full."""
        full: list[int] = []
        waiting = list(rows)
        while waiting:
            now, later = _split(waiting, self._limits.items_per_call)
            try:
                full += await self._monitor_part(now, subscription)
            except TOO_MUCH:
                if len(now) == 1:
                    raise
                fewer = max(1, len(now) // 2)
                self._limits = Limits(
                    fewer, self._limits.items_per_subscription, self._limits.nodes_per_read
                )
            else:
                waiting = later
        return full

    async def _monitor_part(self, rows: Sequence[int], subscription: int) -> list[int]:
        self._rows.subscription[list(rows)] = subscription
        for row in rows:  # before the server is asked: its first values may come with its answer
            self._rows.accept(row)
        results = await self._client.uaclient.session.create_monitored_items(
            ua.CreateMonitoredItemsParameters(
                SubscriptionId=self.subscriptions[subscription].identity,
                TimestampsToReturn=ua.TimestampsToReturn.Both,
                ItemsToCreate=[self._item(row) for row in rows],
            )
        )
        full = []
        for row, result in zip(rows, results, strict=True):
            if result.StatusCode.is_good():
                self._items[row] = result.MonitoredItemId
                self._note_revised(result, subscription)
            elif result.StatusCode.value in FULL:
                full.append(row)
            else:
                self._rows.refuse([row], result.StatusCode.value)
        return full

    async def _drop(self, rows: Sequence[int], subscription: int) -> None:
        """Stop monitoring what a node that went may have left behind."""
        items = [self._items.pop(row) for row in rows if row in self._items]
        for part in _parts(items, self._limits.items_per_call):
            await self._client.uaclient.session.delete_monitored_items(
                ua.DeleteMonitoredItemsParameters(
                    SubscriptionId=self.subscriptions[subscription].identity,
                    MonitoredItemIds=list(part),
                )
            )

    def _item(self, row: int) -> ua.MonitoredItemCreateRequest:
        tag = self._device.tags[row]
        sampling_s = (tag.sampling_s or self._device.scan_s / 2) / self._speed
        return ua.MonitoredItemCreateRequest(
            ItemToMonitor=ua.ReadValueId(NodeId=self._nodes[row], AttributeId=AttributeIds.Value),
            MonitoringMode=ua.MonitoringMode.Reporting,
            RequestedParameters=ua.MonitoringParameters(
                ClientHandle=row,
                SamplingInterval=sampling_s * 1000,
                QueueSize=QUEUE_SIZE,
                DiscardOldest=True,
            ),
        )

    def _note_revised(self, result: ua.MonitoredItemCreateResult, subscription: int) -> None:
        """Note the slowest sampling and shortest queue, and queues that must overflow."""
        sampling_ms = result.RevisedSamplingInterval
        queue = result.RevisedQueueSize
        known = self.revised
        known["sampling_ms"] = max(known["sampling_ms"], round(max(sampling_ms, 0)))
        known["queue"] = min(known.get("queue", QUEUE_SIZE), queue)
        publishing_ms = self.subscriptions[subscription].publishing_s * 1000
        known["publishing_ms"] = max(known["publishing_ms"], round(publishing_ms))
        if queue * sampling_ms < publishing_ms:
            known["short_queues"] += 1


def _node(tag: OpcUaTag, space: int) -> ua.NodeId:
    return ua.NodeId.from_string(
        tag.node if tag.node.startswith("ns=") else f"ns={space};{tag.node}"
    )


def _split(rows: list[int], count: int) -> tuple[list[int], list[int]]:
    return rows[:count], rows[count:]


def _parts(rows: Sequence[int], size: int) -> list[Sequence[int]]:
    return [rows[at : at + size] for at in range(0, len(rows), size)]
