"""A station put together: rules know what an earlier run has seen, and each file is noted."""

from dataclasses import replace
from pathlib import Path

from analytics.conditions import conditions_of
from analytics.judge import Judge
from api.station import StationSettings, looking_back, open_station
from collector.model import NANOSECONDS
from tests.unit.analytics.judging_words import GUST, a_judging, a_plant, a_rule, scans_of
from tests.unit.analytics.station_words import a_desk, about_now
from tests.unit.api.parts import a_site
from tests.unit.collector.words import BEGIN_NS

# Rises by 8 within a minute: the half of it before the restart, the other after.
RISING = a_rule(kind="rate", change=8.0, within_s=60)


async def test_a_rise_that_began_before_a_restart_is_found_after_it(tmp_path: Path) -> None:
    before = scans_of({GUST: [5.0, 6.0, 7.0, 8.0, 9.0]}, step_s=5)
    (after,) = scans_of({GUST: [14.0]}, begin_s=40)
    async with a_desk(tmp_path, RISING, after_s=35) as desk:
        await desk.see(before)
        await desk.history.committed()
        assert desk.states() == {}
    rules = a_judging(RISING)
    async with a_desk(tmp_path, judging=rules, after_s=35) as desk:
        forgetful = Judge(conditions_of(a_plant(), rules.rule))
        assert forgetful.judge(after) == []
        knowing = Judge(conditions_of(a_plant(), rules.rule))
        await looking_back(desk.history, a_plant(), desk.clock)(knowing, rules.looks_back_s())
        (found,) = knowing.judge(after)
        assert found.holds
        assert found.at_ns == BEGIN_NS + 40 * NANOSECONDS


async def test_a_rule_that_looks_back_to_nothing_reads_nothing(tmp_path: Path) -> None:
    async with a_desk(tmp_path) as desk:
        judge = Judge([])
        await looking_back(desk.history, a_plant(), desk.clock)(judge, 0.0)
        assert len(judge.newest()) == 0


async def test_a_site_file_that_says_other_things_is_noted_once(tmp_path: Path) -> None:
    site, settings = a_site(), StationSettings(tmp_path, about_now(60), environment={})
    other = replace(site, judging=a_judging(a_rule(high=20)))
    for file, noted in ((site, 1), (site, 1), (other, 2), (other, 2), (site, 3)):
        async with open_station(file, settings) as station:
            entries = await station.records.journal.entries("site file")
            assert [one.what for one in entries] == ["site file taken up"] * noted
            assert await station.records.journal.verify() is None
