"""The call-outs on record: for which alarm people are being called, and how far it has gone."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select

from analytics.records import tables
from analytics.records.canonical import plain
from analytics.records.journal import Change
from analytics.records.reach import Reach

NOBODY_YET = -1


@dataclass(frozen=True, slots=True)
class Callout:
    """One time that people are called for an alarm, until someone has it in hand.

    `step` is the last step of the escalation that was told (-1: none yet), and
    `first_told_ns` when the first one was; `ended_by` is a user name, or why nobody is
    needed any more.
    """

    id: int
    alarm: int
    began_ns: int
    step: int = NOBODY_YET
    first_told_ns: int | None = None
    ended_ns: int | None = None
    ended_by: str | None = None


class Callouts:
    """Keep call-outs; at most one is open for each alarm."""

    def __init__(self, reach: Reach) -> None:
        self._reach = reach

    async def begin(self, alarms: Iterable[int], at_ns: int) -> list[Callout]:
        """Open a call-out for each of `alarms`, in one entry of the journal."""
        async with self._reach.writing() as writing:
            begun = []
            for alarm in alarms:
                row = plain(Callout(0, alarm, at_ns))
                del row["id"]
                begun.append(Callout(await writing.add(tables.callout, row), alarm, at_ns))
            if begun:
                body = {"callouts": [{"callout": one.id, "alarm": one.alarm} for one in begun]}
                await writing.note(Change("people called", f"callout {begun[0].id}", body))
            return begun

    async def keep(self, changed: Iterable[Callout], what: str) -> None:
        """Keep how far call-outs have gone, or that they ended, in one entry of the journal."""
        said = list(changed)
        if not said:
            return
        async with self._reach.writing() as writing:
            for one in said:
                row = plain(one)
                for name in ("id", "alarm", "began_ns"):
                    del row[name]
                await writing.change(tables.callout, one.id, row)
            await writing.note(Change(what, f"callout {said[0].id}", {"callouts": said}))

    async def open_callouts(self) -> list[Callout]:
        """Return every call-out that has not ended, oldest first."""
        rows = select(tables.callout).where(tables.callout.c.ended_ns.is_(None))
        async with self._reach.reading() as connection:
            found = await connection.execute(rows.order_by(tables.callout.c.id))
            return [Callout(**row) for row in found.mappings()]

    async def begun_since(self, at_ns: int) -> list[int]:
        """Return when call-outs began at `at_ns` or later, in order."""
        column = tables.callout.c.began_ns
        rows = select(column).where(column >= at_ns).order_by(column)
        async with self._reach.reading() as connection:
            return list((await connection.execute(rows)).scalars())
