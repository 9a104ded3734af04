"""InfluxDB: lines that it refused for good, and filling it again from the local history."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import Field

from analytics.plain import milliseconds
from analytics.records import Change
from api.deps import READING, Act, StationDep, TendingHistory
from api.errors import Refused
from api.routes.history import LATEST_MS, NANOSECONDS_PER_MS
from api.station import Station
from collector.history.sender import CURSOR, LettersWaitError, Sender

router = APIRouter(prefix="/api/influx", tags=["influxdb"], dependencies=[READING])

MOST_LETTERS = 5000


class Drop(Act):
    """Forget these dead letters."""

    ids: list[Annotated[int, Field(ge=1)]] = Field(min_length=1, max_length=MOST_LETTERS)


class Refill(Act):
    """Send again what was received from an instant on; without one, all that is kept."""

    from_ms: Annotated[int, Field(ge=0, le=LATEST_MS)] | None = None


@router.get("/dead-letters")
async def dead_letters(
    station: StationDep, limit: Annotated[int, Query(ge=1, le=MOST_LETTERS)] = 200
) -> dict[str, Any]:
    """Return the oldest lines that were refused for good, with the server's words."""
    letters = await station.collector.history.letters(CURSOR, limit)
    return {
        "letters": [
            {
                "id": one.number,
                "at_ms": milliseconds(one.at_ns),
                "line": one.line,
                "words": one.words,
            }
            for one in letters
        ]
    }


@router.get("/dead-letters.lp", response_class=Response)
async def exported(station: StationDep) -> Response:
    """Return the refused lines as line protocol, the server's words as comments before them."""
    letters = await station.collector.history.letters(CURSOR, MOST_LETTERS)
    text = "".join(f"# {one.words}\n{one.line}\n" for one in letters)
    return Response(text, media_type="text/plain; charset=utf-8")


@router.post("/dead-letters/retry")
async def retry(station: StationDep, caller: TendingHistory) -> dict[str, Any]:
    """Send the refused lines once more; 409 where the server takes nothing now."""
    sender = _sender(station)
    try:
        stored = await sender.retry_letters(MOST_LETTERS)
    except LettersWaitError as error:
        words = f"InfluxDB takes nothing now: {error}"
        raise Refused(409, f"InfluxDB 现在不接收：{error}", words) from error
    await _note(
        station, Change("dead letters sent again", "influxdb", {"stored": stored}, caller.name)
    )
    return {"stored": stored, "left": sender.state.dead_letters}


@router.post("/dead-letters/drop")
async def drop(station: StationDep, caller: TendingHistory, act: Drop) -> dict[str, Any]:
    """Forget refused lines, by name."""
    sender = _sender(station)
    dropped = await sender.drop_letters(act.ids)
    await _note(station, Change("dead letters dropped", "influxdb", {"ids": act.ids}, caller.name))
    return {"dropped": dropped, "left": sender.state.dead_letters}


@router.post("/back-fill")
async def back_fill(station: StationDep, caller: TendingHistory, act: Refill) -> dict[str, Any]:
    """Send again from an instant on: fills an empty server, overwrites what is there."""
    sender = _sender(station)
    from_ns = (act.from_ms or 0) * NANOSECONDS_PER_MS
    seq = await station.collector.history.seq_at(from_ns)
    sender.rewind(seq)
    await _note(
        station, Change("influxdb filled again", "influxdb", {"from_ms": act.from_ms}, caller.name)
    )
    return {"scans": station.collector.history.health.newest_seq - seq}


def _sender(station: Station) -> Sender:
    if station.sender is None:
        raise Refused(409, "没有设置 InfluxDB", "no InfluxDB is set: give INFLUXDB_URL")
    return station.sender


async def _note(station: Station, change: Change) -> None:
    await station.records.journal.note(change)
