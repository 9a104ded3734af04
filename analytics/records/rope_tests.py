"""The rope tests on record: the judgement and the raw trace that it rests on."""

import hashlib
import math
import zlib
from typing import Any

import numpy as np
from sqlalchemy import RowMapping, Select, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from analytics.model import RopeTest, Trace, Verdict, WindowLoss
from analytics.records import tables
from analytics.records.canonical import plain
from analytics.records.errors import RecordMissing, RecordsRefused
from analytics.records.journal import Change
from analytics.records.reach import Reach


class RopeTests:
    """Keep rope tests; one for each rope, test point and start."""

    def __init__(self, reach: Reach) -> None:
        self._reach = reach

    async def add(self, test: RopeTest, trace: Trace) -> RopeTest:
        """Keep `test` (its id is ignored) with its raw trace, and return it.

        Where this rope, test point and start are kept already, that one is returned
        unchanged: a pass found again after a restart is not a second test.
        """
        packed = _pack(trace)
        async with self._reach.writing() as writing:
            kept = await _same(writing.connection, test)
            if kept is not None:
                return kept
            row = plain(test)
            del row["id"]
            test_id = await writing.add(tables.rope_test, row)
            await writing.connection.execute(
                insert(tables.rope_trace).values(
                    rope_test=test_id, samples=len(trace.position_m), packed=packed
                )
            )
            writing.touch(tables.rope_trace, test_id)
            row |= {"id": test_id, "trace_sha256": hashlib.sha256(packed).hexdigest()}
            await writing.note(Change("rope test added", f"rope test {test_id}", row))
            return await _kept(writing.connection, test_id)

    async def link_alarm(self, test_id: int, alarm_id: int) -> RopeTest:
        """Say which alarm the test raised; RecordsRefused if it names another one."""
        async with self._reach.writing() as writing:
            kept = await _kept(writing.connection, test_id)
            if kept.alarm == alarm_id:
                return kept
            if kept.alarm is not None:
                raise RecordsRefused(
                    f"检测 {test_id} 已关联报警 {kept.alarm}",
                    f"rope test {test_id} has raised alarm {kept.alarm}",
                )
            link = {"alarm": alarm_id}
            await writing.change(tables.rope_test, test_id, link)
            await writing.note(Change("rope test linked", f"rope test {test_id}", link))
            return await _kept(writing.connection, test_id)

    async def listed(
        self, rope: str | None = None, test_point: str | None = None, limit: int = 200
    ) -> list[RopeTest]:
        """Return at most `limit` tests (of one rope, of one test point), newest first."""
        newest = (tables.rope_test.c.ended_ns.desc(), tables.rope_test.c.id.desc())
        rows = _of(select(tables.rope_test), rope, test_point)
        async with self._reach.reading() as connection:
            found = await connection.execute(rows.order_by(*newest).limit(limit))
            return [_test_of(row) for row in found.mappings()]

    async def get(self, test_id: int) -> RopeTest:
        """Return one test; RecordMissing when there is none with this id."""
        async with self._reach.reading() as connection:
            return await _kept(connection, test_id)

    async def trace(self, test_id: int) -> Trace:
        """Return the raw trace of a test, to the last bit as it was measured."""
        rows = select(tables.rope_trace).where(tables.rope_trace.c.rope_test == test_id)
        async with self._reach.reading() as connection:
            row = (await connection.execute(rows)).first()
        if row is None:
            raise RecordMissing("检测", "rope test", test_id)
        return _unpack(row.packed, row.samples)

    async def latest_end_ns(
        self, rope: str | None = None, test_point: str | None = None
    ) -> int | None:
        """Return when the newest kept pass (of one rope, of one test point) ended."""
        rows = _of(select(func.max(tables.rope_test.c.ended_ns)), rope, test_point)
        async with self._reach.reading() as connection:
            newest: int | None = (await connection.execute(rows)).scalar()
        return newest


def _of(rows: Select[Any], rope: str | None, test_point: str | None) -> Select[Any]:
    if rope is not None:
        rows = rows.where(tables.rope_test.c.rope == rope)
    if test_point is not None:
        rows = rows.where(tables.rope_test.c.test_point == test_point)
    return rows


async def _same(connection: AsyncConnection, test: RopeTest) -> RopeTest | None:
    rows = _of(select(tables.rope_test), test.rope, test.test_point).where(
        tables.rope_test.c.started_ns == test.started_ns
    )
    row = (await connection.execute(rows)).mappings().first()
    return None if row is None else _test_of(row)


async def _kept(connection: AsyncConnection, test_id: int) -> RopeTest:
    rows = select(tables.rope_test).where(tables.rope_test.c.id == test_id)
    row = (await connection.execute(rows)).mappings().first()
    if row is None:
        raise RecordMissing("检测", "rope test", test_id)
    return _test_of(row)


def _test_of(row: RowMapping) -> RopeTest:
    values = dict(row)
    values |= {
        "verdict": Verdict(values["verdict"]),
        "windows": tuple(WindowLoss(**window) for window in values["windows"]),
    }
    for name in ("speed_mps", "lf_max", "lf_position_m"):
        # SQLite keeps not-a-number as nothing.
        values[name] = math.nan if values[name] is None else values[name]
    return RopeTest(**values)


def _pack(trace: Trace) -> bytes:
    if not len(trace.position_m) == len(trace.lma_pct) == len(trace.lf):
        raise RecordsRefused("曲线各列长度不一致", "the columns of a trace must have one length")
    columns = np.array([trace.position_m, trace.lma_pct, trace.lf], dtype="<f8")
    return zlib.compress(columns.tobytes())


def _unpack(packed: bytes, samples: int) -> Trace:
    columns = np.frombuffer(zlib.decompress(packed), dtype="<f8").reshape(3, samples)
    position_m, lma_pct, lf = (tuple(column.tolist()) for column in columns)
    return Trace(position_m=position_m, lma_pct=lma_pct, lf=lf)
