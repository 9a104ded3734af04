"""The newest sample of every tag, and a bounded fan-out of scans to subscribers."""

import asyncio
from collections import deque
from collections.abc import Callable

import numpy as np

from collector.model import Quality, Scan


class Subscription:
    """One reader's own queue: when it is full the oldest scan is lost, and counted."""

    def __init__(
        self, name: str, capacity: int, lose: Callable[[Scan], None] | None = None
    ) -> None:
        self.name = name
        self.capacity = capacity
        self.dropped = 0
        self._lose = lose
        self._scans: deque[Scan] = deque()
        self._arrived = asyncio.Event()

    def __len__(self) -> int:
        """Return how many scans wait."""
        return len(self._scans)

    def offer(self, scan: Scan) -> None:
        """Queue `scan`; never waits."""
        if len(self._scans) >= self.capacity:
            lost = self._scans.popleft()
            self.dropped += 1
            if self._lose is not None:
                self._lose(lost)
        self._scans.append(scan)
        self._arrived.set()

    async def take(self) -> list[Scan]:
        """Wait for scans and return all that have come, oldest first."""
        await self._arrived.wait()
        return self.take_now()

    def take_now(self) -> list[Scan]:
        """Return all scans that have come, perhaps none."""
        self._arrived.clear()
        scans = list(self._scans)
        self._scans.clear()
        return scans


class Board:
    """The newest sample of every tag as arrays by slot.

    A tag that nothing has been read for yet is bad with the reason "never read".
    `good_ns` keeps when each tag was last good (0: never).
    """

    def __init__(self, count: int) -> None:
        self.values = np.full(count, np.nan)
        self.quality = np.full(count, Quality.BAD_NEVER_READ, dtype=np.uint8)
        self.source_ns = np.zeros(count, dtype=np.int64)
        self.received_ns = np.zeros(count, dtype=np.int64)
        self.good_ns = np.zeros(count, dtype=np.int64)
        self.revision = np.zeros(count, dtype=np.int64)
        self.published = 0
        self._subscriptions: list[Subscription] = []
        self._watchers: list[asyncio.Event] = []

    @property
    def subscriptions(self) -> tuple[Subscription, ...]:
        """Every subscriber, for the health page."""
        return tuple(self._subscriptions)

    def subscribe(
        self, name: str, capacity: int, lose: Callable[[Scan], None] | None = None
    ) -> Subscription:
        """Return a new subscriber's queue of at most `capacity` scans.

        `lose` is told of every scan that the queue loses.
        """
        subscription = Subscription(name, capacity, lose)
        self._subscriptions.append(subscription)
        return subscription

    def watch(self) -> asyncio.Event:
        """Return an event that is set at every scan; who waits for it clears it."""
        watcher = asyncio.Event()
        self._watchers.append(watcher)
        return watcher

    def publish(self, scan: Scan) -> None:
        """Make `scan` the newest of its tags and offer it to every subscriber.

        Where a scan brings several samples of one tag, the last one stays.
        """
        # numpy would widen the index anew for each of the columns below.
        slots = scan.slots.astype(np.intp)
        self.published += 1
        self.values[slots] = scan.values
        self.quality[slots] = scan.quality
        self.source_ns[slots] = scan.source_ns
        self.received_ns[slots] = scan.received_ns
        self.revision[slots] = self.published
        good = scan.quality == Quality.GOOD
        self.good_ns[slots[good]] = scan.source_ns[good]
        for subscription in self._subscriptions:
            subscription.offer(scan)
        for watcher in self._watchers:
            watcher.set()
