"""Hold one Modbus TCP connection with one request in flight; whatever is odd ends it."""

import asyncio
import socket
from typing import cast

from collector.drivers import DriverError
from collector.drivers.modbus_frame import LAST_TURN, ReadRequest, RefusedError

STOOD_STILL_S = 0.05
"""A timer that fires later than this tells of a monitor that stood still, not of the device."""


class ModbusWire(asyncio.Protocol):
    """One TCP connection that asks and hears one read at a time.

    A time-out, a cancelled wait, an answer that is not the one asked for, or bytes
    that nobody asked for end the connection: what comes late has no one to hear it.
    What broke it while nobody waited is told to the next who asks.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._waiter: asyncio.Future[bytes] | None = None
        self._timer: asyncio.TimerHandle
        self._request: ReadRequest | None = None
        self._turn = 0
        self._heard = b""
        self._untold: DriverError | None = None

    @property
    def open(self) -> bool:
        """Whether something can be asked."""
        return self._transport is not None

    def tell(self) -> None:
        """Raise, once, the DriverError that ended the connection while nobody waited."""
        untold, self._untold = self._untold, None
        if untold is not None:
            raise untold

    async def ask(self, request: ReadRequest, timeout_s: float) -> bytes:
        """Return what the device holds, within `timeout_s` of the machine's time.

        What the monitor itself stood still meanwhile is waited for again, once.
        RefusedError where it answers with an exception, and the connection stays;
        DriverError where no right answer came, and the connection has ended.
        """
        if self._transport is None:
            self.tell()
            raise DriverError("closed", "not connected")
        self._turn = self._turn % LAST_TURN + 1
        self._heard = b""
        self._request = request
        waiter: asyncio.Future[bytes] = self._loop.create_future()
        self._waiter = waiter
        self._timer = self._loop.call_later(timeout_s, self._judge_wait, waiter, timeout_s)
        self._transport.write(request.frame(self._turn))
        try:
            return await waiter
        except asyncio.CancelledError:
            self.drop()
            if waiter.done() and not waiter.cancelled():
                waiter.exception()  # known here, so that nobody is told of an error unheard
            raise
        finally:
            self._timer.cancel()
            self._request = self._waiter = None

    def drop(self) -> None:
        """End the connection at once; never raises."""
        transport, self._transport = self._transport, None
        if transport is not None:
            transport.abort()
        self._fail(DriverError("connection", "the connection was dropped"))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take up the connection."""
        # No isinstance: uvloop's transports are of no class of asyncio's.
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail what waits: the other end, or the network, ended the connection."""
        self._transport = None
        words = f"the connection broke: {exc}" if exc else "the device closed the connection"
        error = DriverError("connection", words)
        # Some devices close orderly whenever they are not asked for a while: no harm.
        if exc is not None and self._waiter is None:
            self._untold = error
        self._fail(error)

    def data_received(self, data: bytes) -> None:
        """Hear a piece of bytes: a part of the answer, the answer, or nonsense."""
        waiter, request = self._waiter, self._request
        if waiter is None or request is None or waiter.done():
            self._untold = DriverError("protocol", "sent bytes that nobody asked for")
            self.drop()
            return
        heard = self._heard + data if self._heard else data
        try:
            answer = request.answer(heard, self._turn)
        except RefusedError as refusal:
            waiter.set_exception(refusal)
        except DriverError as error:
            self._fail(error)
            self.drop()
        else:
            if answer is None:
                self._heard = heard
            else:
                waiter.set_result(answer)

    def _judge_wait(self, waiter: "asyncio.Future[bytes]", timeout_s: float) -> None:
        """End the wait, unless this comes so late that nobody could have heard the answer."""
        late_s = self._loop.time() - self._timer.when()
        if late_s < STOOD_STILL_S:
            self._expire(waiter, timeout_s)
            return
        again_s = min(late_s, timeout_s)
        self._timer = self._loop.call_later(again_s, self._expire, waiter, timeout_s)

    def _expire(self, waiter: "asyncio.Future[bytes]", timeout_s: float) -> None:
        if waiter.done():
            return
        came = f"; {len(self._heard)} bytes of one came" if self._heard else ""
        self._fail(DriverError("timeout", f"no answer within {timeout_s:g} s{came}"))
        self.drop()

    def _fail(self, error: DriverError) -> None:
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_exception(error)


async def connect(host: str, port: int, timeout_s: float) -> ModbusWire:
    """Return an open connection; DriverError that says what to do where there is none."""
    try:
        async with asyncio.timeout(timeout_s):
            loop = asyncio.get_running_loop()
            _, wire = await loop.create_connection(ModbusWire, host, port)
    except TimeoutError as error:
        raise DriverError("timeout", f"no connection within {timeout_s:g} s") from error
    except (socket.gaierror, UnicodeError) as error:
        words = f"host name '{host}' is not known: correct 'host', or the name server"
        raise DriverError("host", words) from error
    except OSError as error:
        reason = error.strerror or str(error)
        words = f"no connection: {reason}: is the device on, and 'host' and 'port' right?"
        raise DriverError("refused", words) from error
    return wire
