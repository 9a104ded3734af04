"""First-out: one event is one alarm, with what followed from it under it."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.first_cause import CASCADE_NS, Causes
from analytics.model import Alarm
from collector.model import Quality
from tests.unit.analytics.judging_words import E_STOP, GUST, OTHER_GUST, SPEED, a_plant, a_rule
from tests.unit.analytics.records_words import NOON_NS, an_alarm
from tests.unit.analytics.station_words import a_desk
from tests.unit.collector.words import scan

pytestmark = pytest.mark.usefixtures("either_database")

CAUSES = Causes(frozenset({"stop", "fast"}), {GUST: "wind"})
TRIPS = [
    a_rule("stop", tag=E_STOP, high=0.5, trips=True, latching=True),
    a_rule("fast", tag=SPEED, high=6, trips=True),
    a_rule("gust", tag=GUST, high=20),
]


async def test_of_an_e_stop_cascade_the_first_by_source_time_is_the_cause(tmp_path: Path) -> None:
    plant = a_plant()
    async with a_desk(tmp_path, *TRIPS) as desk:
        # The e-stop reaches us first, but by the PLC's own time the overspeed came before it.
        await desk.see([scan(plant, {E_STOP: 1.0, GUST: 25.0}, 2.0, source_s=1.9)])
        await desk.see([scan(plant, {SPEED: 7.0}, 2.5, source_s=1.2)])
        alarms = {one.rule: one for one in desk.engine.alarms}
        assert alarms["fast"].cause is None
        assert alarms["stop"].cause == alarms["fast"].id
        assert alarms["gust"].cause is None
    async with a_desk(tmp_path, *TRIPS) as desk:
        assert {one.rule: one.cause for one in desk.engine.alarms} == {
            "fast": None,
            "stop": alarms["fast"].id,
            "gust": None,
        }


async def test_trips_long_after_each_other_are_two_events(tmp_path: Path) -> None:
    plant = a_plant()
    async with a_desk(tmp_path, *TRIPS) as desk:
        await desk.see([scan(plant, {E_STOP: 1.0}, 2.0)])
        await desk.see([scan(plant, {SPEED: 7.0}, 20.0)])
        assert [one.cause for one in desk.engine.alarms] == [None, None]


async def test_case_18_a_lost_device_is_one_alarm_with_the_losses_of_its_tags_under_it(
    tmp_path: Path,
) -> None:
    plant = a_plant()
    async with a_desk(tmp_path, a_rule(tags=[GUST, OTHER_GUST], high=20)) as desk:
        bad, away = Quality.BAD_SOURCE, Quality.BAD_DEVICE_LOST
        both = [{GUST: bad, OTHER_GUST: bad}] * 7 + [{GUST: away, OTHER_GUST: away}] * 7
        await desk.see([scan(plant, readings, at) for at, readings in enumerate(both)])
        alarms = {one.source: one for one in desk.engine.alarms}
        root = alarms["device/wind"]
        assert root.cause is None
        assert {one.cause for one in alarms.values() if one is not root} == {root.id}
        assert len(alarms) == 3


@given(st.lists(st.integers(0, CASCADE_NS), min_size=2, max_size=8, unique=True))
def test_however_they_arrive_the_earliest_is_the_cause_of_all(instants: list[int]) -> None:
    standing: dict[int, Alarm] = {}
    for number, at_ns in enumerate(instants, 1):
        new = an_alarm(f"s{number}", rule="stop", source_ns=NOON_NS + at_ns, id=number)
        new, consequences = CAUSES.join(new, standing.values())
        standing[new.id] = new
        for one in consequences:
            standing[one.id] = type(one)(
                **{name: getattr(one, name) for name in one.__slots__} | {"cause": new.id}
            )
    first = min(standing.values(), key=lambda one: one.source_ns or 0)
    assert {one.cause for one in standing.values() if one is not first} <= {first.id}
    assert first.cause is None
