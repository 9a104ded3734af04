"""A transaction done as one piece: all of it or nothing, and it waits for nothing else."""

import asyncio
from pathlib import Path

import pytest

from analytics.records import RecordsError, RecordsRefused, Stores
from tests.unit.analytics.records_words import an_alarm, opened

pytestmark = pytest.mark.usefixtures("either_database")


async def test_what_is_done_at_once_is_kept_together_with_its_entries(tmp_path: Path) -> None:
    async with opened(tmp_path / "records.sqlite") as records:

        async def work(stores: Stores) -> int:
            first = await stores.alarms.raise_alarm(an_alarm("a"))
            await stores.alarms.raise_alarm(an_alarm("b"))
            await stores.state.keep("judge", "{}")
            return first.id

        number = await records.at_once(work)
        assert (await records.alarms.get(number)).source == "a"
        assert len(await records.alarms.open_alarms()) == 2
        assert await records.state.kept("judge") == "{}"
        assert await records.journal.verify() is None


async def test_an_error_takes_back_all_of_it(tmp_path: Path) -> None:
    async with opened(tmp_path / "records.sqlite") as records:

        async def work(stores: Stores) -> None:
            await stores.alarms.raise_alarm(an_alarm("a"))
            raise RecordsError("the disk is full; make room")

        with pytest.raises(RecordsError):
            await records.at_once(work)
        assert await records.alarms.open_alarms() == []
        assert await records.journal.entries() == []


async def test_a_refused_change_leaves_the_others_of_the_piece(tmp_path: Path) -> None:
    async with opened(tmp_path / "records.sqlite") as records:

        async def work(stores: Stores) -> None:
            await stores.alarms.raise_alarm(an_alarm("a"))
            with pytest.raises(RecordsRefused):
                await stores.rule_sets.withdraw(7, "王磊", 1)

        await records.at_once(work)
        assert len(await records.alarms.open_alarms()) == 1


async def test_others_write_before_or_after_and_never_between(tmp_path: Path) -> None:
    async with opened(tmp_path / "records.sqlite") as records:

        async def work(stores: Stores) -> None:
            for number in range(20):
                await stores.alarms.raise_alarm(an_alarm(f"piece/{number}"))

        await asyncio.gather(
            records.at_once(work),
            *(records.alarms.raise_alarm(an_alarm(f"alone/{number}")) for number in range(10)),
            records.state.keep("x", "1"),
        )
        entries = await records.journal.entries()
        subjects = [one.subject for one in entries]
        ids = {alarm.id for alarm in await records.alarms.open_alarms() if "piece" in alarm.source}
        places = [at for at, one in enumerate(subjects) if int(one.split()[1]) in ids]
        assert places == list(range(places[0], places[0] + 20))
        assert await records.journal.verify() is None


async def test_a_piece_that_would_wait_for_something_else_is_refused_and_nothing_kept(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path / "alone.sqlite") as records:
        if records._engines.direct is None:
            return  # where each statement waits for a server anyway, so may the piece

        async def work(stores: Stores) -> None:
            await stores.alarms.raise_alarm(an_alarm("a"))
            await asyncio.sleep(0)

        with pytest.raises(RuntimeError, match="wait for nothing else"):
            await records.at_once(work)
        assert await records.alarms.open_alarms() == []
