"""A substitution is on record by name before it stands, and it ends by itself."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from analytics.records import Records, RecordsRefused
from analytics.substitution import LONGEST_S, SubstitutionDesk, Wish
from collector.clock import Clock, TimeBase
from collector.model import NANOSECONDS, Quality
from collector.substitutes import Substitutes
from tests.databases import address_of
from tests.unit.collector.words import BEGIN_NS, modbus, plant, scan, tag

pytestmark = pytest.mark.usefixtures("either_database")

GUST = "north.tower_01.gust"
PLANT = plant(modbus("wind", tag(GUST, 0, min=0, max=75)))


class SetClock(Clock):
    """A clock that stands where it is put."""

    def __init__(self) -> None:
        super().__init__(TimeBase())
        self.at_s = 0.0

    def now_ns(self) -> int:
        return BEGIN_NS + round(self.at_s * NANOSECONDS)


@asynccontextmanager
async def a_desk(
    folder: Path, clock: Clock
) -> AsyncIterator[tuple[SubstitutionDesk, Substitutes, Records]]:
    async with Records.open(address_of(folder / "records.sqlite"), clock.now_ns) as records:
        substitutes = Substitutes(PLANT)
        desk = SubstitutionDesk(PLANT, records, substitutes, clock)
        await desk.restore()
        yield desk, substitutes, records


def quality_at(substitutes: Substitutes, at_s: float) -> int:
    return int(substitutes.examine(scan(PLANT, {GUST: 5.0}, at_s)).quality[0])


def a_wish(value: float = 12.0, for_s: float = 60.0) -> Wish:
    return Wish(GUST, value, for_s, "王", "风杯结冰")


async def test_it_stands_with_its_name_in_the_journal_until_it_is_ended(tmp_path: Path) -> None:
    async with a_desk(tmp_path, SetClock()) as (desk, substitutes, records):
        await desk.begin(a_wish())
        assert quality_at(substitutes, 1) == Quality.UNCERTAIN_SUBSTITUTED
        assert [one.name for one in desk.standing] == ["王"]
        await desk.end(GUST, "李")
        assert quality_at(substitutes, 2) == Quality.GOOD
        told = await records.journal.entries(f"tag {GUST}")
        assert [(one.who, one.what) for one in told] == [
            ("王", "value substituted"),
            ("李", "substitution ended"),
        ]
        assert await records.journal.verify() is None


async def test_it_expires_by_itself_and_the_journal_says_so(tmp_path: Path) -> None:
    clock = SetClock()
    async with a_desk(tmp_path, clock) as (desk, substitutes, records):
        await desk.begin(a_wish(for_s=60))
        clock.at_s = 61
        assert desk.standing == ()
        assert quality_at(substitutes, 61) == Quality.GOOD
        await desk.expire()
        told = await records.journal.entries(f"tag {GUST}")
        assert (told[-1].who, told[-1].what) == ("ropewatch", "substitution expired")


async def test_it_stands_over_a_restart_and_expires_while_the_monitor_is_down(
    tmp_path: Path,
) -> None:
    clock = SetClock()
    async with a_desk(tmp_path, clock) as (desk, _, _):
        await desk.begin(a_wish(for_s=60))
    clock.at_s = 30
    async with a_desk(tmp_path, clock) as (desk, substitutes, _):
        assert len(desk.standing) == 1
        assert quality_at(substitutes, 30) == Quality.UNCERTAIN_SUBSTITUTED
    clock.at_s = 90
    async with a_desk(tmp_path, clock) as (desk, substitutes, records):
        assert desk.standing == ()
        assert await records.substitutions.standing() == []
        assert quality_at(substitutes, 90) == Quality.GOOD


async def test_a_value_out_of_range_or_of_a_stranger_is_refused(tmp_path: Path) -> None:
    async with a_desk(tmp_path, SetClock()) as (desk, _, records):
        with pytest.raises(RecordsRefused, match="0 to 75"):
            await desk.begin(a_wish(value=99))
        with pytest.raises(RecordsRefused, match="no tag"):
            await desk.begin(Wish("north.no.such", 1.0, 60, "王", ""))
        with pytest.raises(RecordsRefused, match="no value stands in"):
            await desk.end(GUST, "王")
        assert await records.journal.entries() == []


async def test_nothing_stands_longer_than_a_day(tmp_path: Path) -> None:
    async with a_desk(tmp_path, SetClock()) as (desk, _, _):
        one = await desk.begin(a_wish(for_s=10 * LONGEST_S))
        assert one.until_ns - one.from_ns == LONGEST_S * NANOSECONDS
