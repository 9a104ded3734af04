"""The values given by hand that stand now, each change to them in the journal."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from analytics.records import tables
from analytics.records.canonical import canonical_json
from analytics.records.errors import RecordsRefused
from analytics.records.journal import MONITOR, Change
from analytics.records.reach import Reach, Writing

KEPT = "substitutions"


@dataclass(frozen=True, slots=True)
class Substitution:
    """A value that a person put in the place of a tag's, until it expires."""

    tag: str
    value: float
    name: str
    reason: str
    from_ns: int
    until_ns: int


class Substitutions:
    """Keep what stands; what stood is told by the journal, which loses nothing."""

    def __init__(self, reach: Reach) -> None:
        self._reach = reach

    async def standing(self) -> list[Substitution]:
        """Return what stands, by tag; also what has expired but was not ended yet."""
        async with self._reach.reading() as connection:
            return await _standing(connection)

    async def begin(self, one: Substitution) -> None:
        """Keep `one` in the place of what stood for its tag."""
        async with self._reach.writing() as writing:
            others = [two for two in await _standing(writing.connection) if two.tag != one.tag]
            await _keep(writing, [*others, one])
            change = Change("value substituted", f"tag {one.tag}", asdict(one), one.name)
            await writing.note(change)

    async def end(self, tag: str, name: str | None) -> None:
        """End what stands for `tag`: by a person, or because it expired (None).

        RecordsRefused where nothing stands.
        """
        async with self._reach.writing() as writing:
            standing = await _standing(writing.connection)
            ended = [one for one in standing if one.tag == tag]
            if not ended:
                raise RecordsRefused(f"测点 {tag} 没有替代值", f"no value stands in for {tag}")
            await _keep(writing, [one for one in standing if one.tag != tag])
            what = "substitution ended" if name else "substitution expired"
            await writing.note(Change(what, f"tag {tag}", asdict(ended[0]), name or MONITOR))


async def _standing(connection: AsyncConnection) -> list[Substitution]:
    table = tables.kept_state
    rows = select(table.c.content).where(table.c.name == KEPT)
    found = (await connection.execute(rows)).scalar()
    return [Substitution(**one) for one in json.loads(found or "[]")]


async def _keep(writing: Writing, standing: Sequence[Substitution]) -> None:
    table = tables.kept_state
    ordered = sorted(standing, key=lambda one: one.tag)
    content = canonical_json([asdict(one) for one in ordered])
    await writing.connection.execute(delete(table).where(table.c.name == KEPT))
    await writing.connection.execute(insert(table).values(name=KEPT, content=content))
    writing.touch(table, KEPT)
