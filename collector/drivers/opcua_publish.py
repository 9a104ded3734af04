"""Keep requests waiting at an OPC UA server for what it publishes."""

import asyncio
from collections import Counter
from collections.abc import Callable

from asyncua import ua
from asyncua.client.ua_client import UASocketProtocol
from asyncua.ua.uaerrors import BadTimeout, BadTooManyPublishRequests

from collector.drivers import DriverError
from collector.drivers.opcua_wire import Publication, read_publication

FIRST_NUMBER = 1
NUMBERS = 2**32
# So many requests wait at the server beside one for each subscription: while an answer is on
# its way, the next has something to be sent on.
SPARE_REQUESTS = 2


class Publishing:
    """The requests of one session; they wait from `start` to `stop`.

    Every answer is handed to `taken`, in the order of coming. `counted` says how
    many answers came and how many the server numbered but never sent.
    """

    def __init__(
        self,
        protocol: UASocketProtocol,
        taken: Callable[[Publication], None],
        counted: Counter[str],
    ) -> None:
        self._protocol = protocol
        self._taken = taken
        self._counted = counted
        self._acknowledged: list[ua.SubscriptionAcknowledgement] = []
        self._next_number: dict[int, int] = {}
        self._tasks: list[asyncio.Task[None]] = []

    def start(self, subscriptions: int) -> None:
        """Let requests wait, enough for so many subscriptions."""
        for _ in range(subscriptions + SPARE_REQUESTS - len(self._tasks)):
            self._tasks.append(asyncio.create_task(self._ask()))

    def check(self) -> None:
        """Raise what made a request end; as long as one waits, too many of them are no fault."""
        errors = [task.exception() for task in self._tasks if task.done()]
        self._tasks = [task for task in self._tasks if not task.done()]
        for error in errors:
            too_many = isinstance(error, BadTooManyPublishRequests) and self._tasks
            if error is not None and not too_many:
                raise error

    async def stop(self) -> None:
        """Let no request wait any more."""
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _ask(self) -> None:
        while True:
            request = ua.PublishRequest()
            request.Parameters.SubscriptionAcknowledgements = self._acknowledged
            self._acknowledged = []
            try:
                answer = await self._protocol.send_request(request, timeout=0)
            except BadTimeout:  # the server let the request go unanswered; it waits anew
                continue
            publication = read_publication(bytes(answer))
            self._follow(publication)
            self._taken(publication)

    def _follow(self, publication: Publication) -> None:
        """Acknowledge an answer with news, and count those that never came."""
        name, number = publication.subscription, publication.number
        self._counted["answers"] += 1
        missed = (number - self._next_number.get(name, FIRST_NUMBER)) % NUMBERS
        if missed < NUMBERS // 2:  # more is an answer sent again
            self._counted["answers_missed"] += missed
        if publication.has_news:
            self._next_number[name] = (number + 1) % NUMBERS or FIRST_NUMBER
            self._acknowledged.append(ua.SubscriptionAcknowledgement(name, number))
        else:
            self._next_number[name] = number
        if publication.ended:
            words = f"the server ended the subscription (0x{publication.ended:08X})"
            raise DriverError("subscription_ended", words)
