"""The journal: what was changed, by whom and when, and whether the chain holds."""

import json
from typing import Annotated, Any

from fastapi import APIRouter, Query

from analytics.plain import milliseconds
from analytics.records import Entry
from api.deps import NO_NUL, ReadingJournal, StationDep

router = APIRouter(prefix="/api/journal", tags=["journal"])

Filter = Annotated[str | None, Query(min_length=1, max_length=120, pattern=NO_NUL)]


@router.get("")
async def entries(
    station: StationDep,
    _: ReadingJournal,
    subject: Filter = None,
    who: Filter = None,
    before: Annotated[int | None, Query(ge=1, le=2**63 - 1)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> dict[str, Any]:
    """Return the newest entries (of one subject, of one person, before one entry), newest first."""
    found = await station.records.journal.entries(subject, limit, who=who, before=before)
    return {"entries": [_entry(one) for one in reversed(found)]}


@router.get("/chain")
async def chain(station: StationDep, _: ReadingJournal) -> dict[str, Any]:
    """Reckon the chain anew: the first entry that does not hold, or none."""
    broken = await station.records.journal.verify()
    newest = await station.records.journal.entries(limit=1)
    last = newest[0] if newest else None
    return {
        "broken": broken,
        "entries": last.seq if last else 0,
        "sha256": last.sha256 if last else None,
    }


def _entry(one: Entry) -> dict[str, Any]:
    return {
        "seq": one.seq,
        "at_ms": milliseconds(one.at_ns),
        "who": one.who,
        "what": one.what,
        "subject": one.subject,
        "body": json.loads(one.body),
        "sha256": one.sha256,
    }
