"""The live socket: one snapshot, then deltas, until the page goes."""

import asyncio
from contextlib import suppress

from fastapi import APIRouter, WebSocket, WebSocketDisconnect

from analytics.people import Caller, Permission
from api.deps import PUBLIC, StationDep, caller_of
from api.guard import same_origin
from api.live import LiveClient
from api.station import Station

router = APIRouter(prefix="/api")

FOREIGN = 4403
NOBODY = 4401
LOOK_EVERY_S = 5.0


# A socket cannot answer 401 before it is open: who may not read is told by its closing code.
@router.websocket("/live", dependencies=[PUBLIC])
async def live(socket: WebSocket, station: StationDep) -> None:
    """Send frames as they come; refuse pages that another site has opened, and strangers.

    The socket is closed as soon as its caller may read no longer.
    """
    if not same_origin(socket.headers):
        await socket.close(FOREIGN)
        return
    await socket.accept()
    caller = caller_of(socket)
    if caller is None or not caller.may(Permission.READ):
        await socket.close(NOBODY)
        return
    client = station.live.join()
    sending = asyncio.create_task(_send(socket, client, station, caller))
    try:
        # A page has nothing to say to us; whatever it sends is read and forgotten.
        while (await socket.receive())["type"] != "websocket.disconnect":
            pass
    finally:
        station.live.leave(client)
        sending.cancel()
        with suppress(asyncio.CancelledError, WebSocketDisconnect, RuntimeError):
            await sending


async def _send(socket: WebSocket, client: LiveClient, station: Station, caller: Caller) -> None:
    clock = station.machine_clock
    looked_s = clock.steady_s()
    while True:
        frame = await client.next_frame(station.live.snapshot)
        if clock.steady_s() - looked_s >= LOOK_EVERY_S:
            looked_s = clock.steady_s()
            if not station.log_in.still_in(caller):
                await socket.close(NOBODY)
                return
            station.log_in.called(caller)
        await socket.send_text(frame.decode())
