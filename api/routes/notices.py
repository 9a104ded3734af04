"""Messages to people: what is under way, what arrived, whom the roster names, tests and retries."""

import asyncio
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query

from analytics.notify.plain import channel_table, notice_table, person_table, wall_table
from api.deps import READING, Act, Answering, RecordId, StationDep, TestingChannels
from collector.site import Id

router = APIRouter(prefix="/api/notices", tags=["notices"], dependencies=[READING])


class AskTest(Act):
    """A test message on one channel."""

    channel: Id


@router.get("")
async def notices(
    station: StationDep,
    state: Literal["waiting", "all"] = "all",
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> dict[str, Any]:
    """Return the messages, newest first, with every attempt and each person's receipt."""
    if state == "waiting":
        found = list(station.notices.outbox.waiting)[::-1][:limit]
    else:
        found = await station.records.notices.recent(limit)
    return {
        "wall": wall_table(station.notices.wall),
        "flood": station.notices.flood,
        "notices": [notice_table(one) for one in found],
    }


@router.get("/wall")
async def wall(station: StationDep) -> dict[str, Any]:
    """Return what the wall must show: messages that people did not get."""
    return wall_table(station.notices.wall)


@router.get("/channels")
async def channels(station: StationDep) -> dict[str, Any]:
    """Return the channels with their last tests, and the roster with who is on duty now."""
    desk = station.notices
    known = desk.telling.channel
    newest = station.records.notices.newest
    tests = await asyncio.gather(*(newest("test", one.id) for one in known))
    now_ns = station.clock.now_ns()
    return {
        "test_at": desk.telling.notify.test_at,
        "channels": [
            channel_table(one, desk, test) for one, test in zip(known, tests, strict=True)
        ],
        "duty": [
            person_table(one, is_on=one.is_on(now_ns, station.zone)) for one in desk.telling.duty
        ],
    }


@router.post("/test")
async def test(station: StationDep, caller: TestingChannels, act: AskTest) -> dict[str, Any]:
    """Send a test message; 404 where there is no such channel."""
    return notice_table(await station.notices.tests.ask(act.channel, caller.name))


@router.post("/{notice_id}/retry")
async def retry(station: StationDep, caller: Answering, notice_id: RecordId) -> dict[str, Any]:
    """Try a message again now; 404 where it is not under way."""
    station.notices.outbox.again(notice_id)
    await station.records.notices.asked_again(notice_id, caller.name)
    return notice_table(await station.records.notices.get(notice_id))
