"""Ropes: every test with its trace, and the weekly trend of each test point."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from analytics.plain import test_table, trace_table
from analytics.rope.thinned import thinned
from api.deps import READING, RecordId, StationDep
from api.errors import Refused
from collector.site import Id

router = APIRouter(prefix="/api", tags=["ropes"], dependencies=[READING])


@router.get("/rope-tests")
async def rope_tests(
    station: StationDep,
    rope: Id | None = None,
    test_point: Id | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> dict[str, Any]:
    """Return the tests, newest first."""
    tests = await station.records.tests.listed(rope, test_point, limit)
    return {"tests": [test_table(test) for test in tests]}


@router.get("/rope-tests/{test_id}")
async def rope_test(
    station: StationDep,
    test_id: RecordId,
    points: Annotated[int | None, Query(ge=100, le=20_000)] = None,
) -> dict[str, Any]:
    """Return one test with its raw trace, or with as many `points` of it as a picture needs."""
    test = await station.records.tests.get(test_id)
    trace = await station.records.tests.trace(test_id)
    if points is not None:
        trace = thinned(trace, points)
    return {**test_table(test), "trace": trace_table(trace)}


@router.get("/ropes/{rope}/trend")
async def trend(station: StationDep, rope: Id, test_point: Id) -> dict[str, Any]:
    """Return the weekly trend of one test point, with what was missed."""
    found = await station.ropes.trend(rope, test_point)
    if found is None:
        raise Refused(404, "没有这个检测点", f"no test point '{test_point}' of rope '{rope}'")
    return found
