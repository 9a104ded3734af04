"""The live socket: one snapshot, then deltas, until the page goes."""

import asyncio
from contextlib import suppress

from fastapi import APIRouter, WebSocket, WebSocketDisconnect

from api.deps import StationDep
from api.guard import same_origin
from api.live import LiveClient, LiveFeed

router = APIRouter(prefix="/api")

FOREIGN = 4403


@router.websocket("/live")
async def live(socket: WebSocket, station: StationDep) -> None:
    """Send frames as they come; refuse pages that another site has opened."""
    if not same_origin(socket.headers):
        await socket.close(FOREIGN)
        return
    await socket.accept()
    client = station.live.join()
    sending = asyncio.create_task(_send(socket, client, station.live))
    try:
        # A page has nothing to say to us; whatever it sends is read and forgotten.
        while (await socket.receive())["type"] != "websocket.disconnect":
            pass
    finally:
        station.live.leave(client)
        sending.cancel()
        with suppress(asyncio.CancelledError, WebSocketDisconnect, RuntimeError):
            await sending


async def _send(socket: WebSocket, client: LiveClient, feed: LiveFeed) -> None:
    while True:
        frame = await client.next_frame(feed.snapshot)
        await socket.send_text(frame.decode())
