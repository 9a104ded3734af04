"""No safety device is out of action without a record, an alarm and an approved end."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from analytics.acts import Hiding
from analytics.advice import advise
from analytics.bypass import LONGEST_S, BypassDesk, BypassWish, Signers
from analytics.config import Judging
from analytics.engine import Engine
from analytics.model import Advised
from analytics.records import RecordMissing, Records, RecordsRefused
from collector.board import Board
from collector.clock import Clock, TimeBase
from collector.model import NANOSECONDS
from tests.databases import address_of, attempt, faults_of, rewrite
from tests.unit.analytics.judging_words import DISTANCE, GUST, a_judging, a_plant, scans_of
from tests.unit.analytics.records_words import a_bypass, an_approval, opened
from tests.unit.collector.words import BEGIN_NS

pytestmark = pytest.mark.usefixtures("either_database")

PLANT = a_plant()
TWO = Signers("李工", "王磊")
WISH = BypassWish("north", "3 号门锁开关", None, "开关进水", "专人看门", 3600.0)
STANDING, OVERDUE = "bypass/1", "bypass/1/overdue"


class SetClock(Clock):
    """A clock that stands where it is put."""

    def __init__(self) -> None:
        super().__init__(TimeBase())
        self.at_s = 60.0

    def now_ns(self) -> int:
        return BEGIN_NS + round(self.at_s * NANOSECONDS)


@asynccontextmanager
async def a_desk(
    folder: Path, clock: Clock, judging: Judging | None = None
) -> AsyncIterator[tuple[BypassDesk, Engine, Records]]:
    async with Records.open(address_of(folder / "records.sqlite"), clock.now_ns) as records:
        scans = Board(len(PLANT.slots())).subscribe("engine", 100)
        engine = Engine(PLANT, judging or a_judging(), records, scans, clock)
        await engine.restore()
        desk = BypassDesk(PLANT, records, engine, clock)
        await desk.restore()
        yield desk, engine, records


def states(engine: Engine) -> dict[str, str]:
    return {alarm.source: alarm.state.value for alarm in engine.alarms}


async def test_a_bypass_stands_with_an_alarm_until_it_is_ended(tmp_path: Path) -> None:
    async with a_desk(tmp_path, SetClock()) as (desk, engine, records):
        one = await desk.enter(WISH, TWO)
        (alarm,) = engine.alarms
        assert (alarm.source, alarm.priority, alarm.ropeway) == (STANDING, 1, "north")
        assert "3 号门锁开关" in alarm.name.zh
        assert "专人看门" in alarm.guidance.response.zh
        await engine.acts.acknowledge(alarm.id, "张伟", "")
        await desk.look()
        assert states(engine) == {STANDING: "acknowledged"}
        await desk.end(one.id, "李工", "已换开关，试验正常")
        assert (states(engine), desk.standing) == ({}, ())
        told = await records.journal.entries("bypass 1")
        assert [(one.who, one.what) for one in told] == [
            ("李工", "bypass entered"),
            ("李工", "bypass ended"),
        ]
    assert await faults_of(tmp_path / "records.sqlite") == ()


async def test_beyond_its_approved_end_it_goes_on_and_is_said_to_be_overdue(
    tmp_path: Path,
) -> None:
    clock = SetClock()
    async with a_desk(tmp_path, clock) as (desk, engine, _):
        one = await desk.enter(WISH, TWO)
        clock.at_s += 3599
        await desk.look()
        assert states(engine) == {STANDING: "unacknowledged"}
        clock.at_s += 1
        await desk.look()
        assert states(engine) == {STANDING: "unacknowledged", OVERDUE: "unacknowledged"}
        assert len(desk.standing) == 1
        overdue = engine.standing.by_source[OVERDUE]
        await engine.acts.acknowledge(overdue.id, "张伟", "")
        await desk.renew(one.id, 600, Signers("张伟", "王磊"))
        assert states(engine) == {STANDING: "unacknowledged"}
        clock.at_s += 600
        await desk.look()
        assert states(engine)[OVERDUE] == "unacknowledged"
        await desk.end(one.id, "李工", "已恢复")
        assert all(not alarm.active for alarm in engine.alarms)


async def test_it_stands_over_a_restart_and_runs_out_while_the_monitor_is_down(
    tmp_path: Path,
) -> None:
    clock = SetClock()
    async with a_desk(tmp_path, clock) as (desk, engine, _):
        await desk.enter(WISH, TWO)
        first = engine.alarms[0].id
    clock.at_s += 60
    async with a_desk(tmp_path, clock) as (desk, engine, _):
        assert [alarm.id for alarm in engine.alarms] == [first]
        assert [one.safety_device for one in desk.standing] == ["3 号门锁开关"]
    clock.at_s += 7200
    async with a_desk(tmp_path, clock) as (_, engine, _):
        assert states(engine).keys() == {STANDING, OVERDUE}


async def test_a_record_whose_alarm_was_lost_by_a_kill_gets_it_at_the_start(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path / "records.sqlite") as records:
        await records.bypasses.enter(a_bypass(), an_approval())
    async with a_desk(tmp_path, SetClock()) as (_, engine, _):
        assert STANDING in states(engine)
    async with opened(tmp_path / "records.sqlite") as records:
        await records.bypasses.end(1, "李工", 1, "已恢复")
    async with a_desk(tmp_path, SetClock()) as (_, engine, _):
        assert not any(alarm.active for alarm in engine.alarms)


async def test_neither_a_closed_ropeway_nor_the_site_file_nor_anybody_hides_it(
    tmp_path: Path,
) -> None:
    hiding = [{"id": one, "hidden_while_closed": True} for one in ("safety", "bypass")]
    closed = [{"ropeway": "north", "while": [{"tag": DISTANCE, "below": 1}], "after_s": 0}]
    judging = a_judging(alarm_class=hiding, closed=closed)
    async with a_desk(tmp_path, SetClock(), judging) as (desk, engine, _):
        await desk.enter(WISH, TWO)
        await engine.judge_scans(scans_of({DISTANCE: [0.0, 0.0]}))
        assert engine.closed == {"north"}
        assert states(engine) == {STANDING: "unacknowledged"}
        with pytest.raises(RecordsRefused, match="never shelved"):
            await engine.acts.shelve(engine.alarms[0].id, Hiding("张伟", "吵", 600))
        with pytest.raises(RecordMissing):
            await engine.acts.take_out(STANDING, Hiding("张伟", "吵", 600, "王磊"))


async def test_the_advice_for_its_ropeway_is_to_watch_with_the_reason(tmp_path: Path) -> None:
    async with a_desk(tmp_path, SetClock()) as (desk, engine, _):
        await desk.enter(WISH, TWO)
        board = Board(len(PLANT.slots()))
        (north, *_) = advise(PLANT, board, engine.alarms, engine.conditions)
        assert north.advice is Advised.WATCH
        assert north.reasons[0].zh == "安全装置已旁路：3 号门锁开关"


@pytest.mark.parametrize(
    ("changed", "signers", "words"),
    [
        ({}, Signers("李工", "李工"), "another person"),
        ({}, Signers("李工", " "), "another person"),
        ({"for_s": LONGEST_S + 1}, TWO, "24 hours"),
        ({"for_s": 1}, TWO, "1 minute"),
        ({"ropeway": "west"}, TWO, "no ropeway"),
        ({"tag": "north.no.such"}, TWO, "no tag"),
        ({"from_ns": BEGIN_NS + 61 * NANOSECONDS}, TWO, "not later"),
        ({"from_ns": 0}, TWO, "31 days"),
    ],
)
async def test_what_makes_no_sense_is_refused_and_leaves_nothing(
    tmp_path: Path, changed: dict[str, Any], signers: Signers, words: str
) -> None:
    async with a_desk(tmp_path, SetClock()) as (desk, engine, records):
        with pytest.raises(RecordsRefused, match=words):
            await desk.enter(replace(WISH, **changed), signers)
        assert (desk.standing, engine.alarms) == ((), ())
        assert await records.journal.entries() == []


async def test_a_device_is_bypassed_once_and_an_ended_bypass_is_over(tmp_path: Path) -> None:
    async with a_desk(tmp_path, SetClock()) as (desk, _, records):
        one = await desk.enter(replace(WISH, tag=GUST, from_ns=BEGIN_NS), TWO)
        assert (one.from_ns, one.tag) == (BEGIN_NS, GUST)
        with pytest.raises(RecordsRefused, match="bypassed already"):
            await desk.enter(WISH, TWO)
        ended = await desk.end(one.id, "李工", "已恢复")
        assert await records.bypasses.get(one.id) == ended
        assert await records.bypasses.ended_since(BEGIN_NS) == [ended]
        assert await records.bypasses.ended_since((ended.ended_ns or 0) + 1) == []
        with pytest.raises(RecordsRefused, match="has ended already"):
            await desk.end(one.id, "李工", "再次")
        with pytest.raises(RecordsRefused, match="has ended already"):
            await desk.renew(one.id, 600, TWO)
        with pytest.raises(RecordMissing):
            await desk.renew(7, 600, TWO)
        again = await desk.enter(WISH, TWO)
        assert [each.id for each in desk.standing] == [again.id]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE bypass SET reason = 'x'",
        "UPDATE bypass SET from_ns = 1",
        "UPDATE bypass_approval SET until_ns = until_ns + 1",
        "DELETE FROM bypass",
        "DELETE FROM bypass_approval",
    ],
)
async def test_the_database_itself_refuses_to_alter_the_register(
    tmp_path: Path, statement: str
) -> None:
    path = tmp_path / "records.sqlite"
    async with opened(path) as records:
        await records.bypasses.enter(a_bypass(), an_approval())
    assert "bypass" in attempt(path, statement)
    assert await faults_of(path) == ()


async def test_nothing_is_added_to_a_bypass_that_has_ended(tmp_path: Path) -> None:
    path = tmp_path / "records.sqlite"
    async with opened(path) as records:
        one = await records.bypasses.enter(a_bypass(), an_approval())
        await records.bypasses.end(one.id, "李工", 9, "已恢复")
    assert "is finished" in attempt(path, "UPDATE bypass SET ended_note = 'x'")
    late = (
        "INSERT INTO bypass_approval (bypass, asked_by, approved_by, at_ns, until_ns)"
        " VALUES (1, 'a', 'b', 1, 2)"
    )
    assert "comes after the closing" in attempt(path, late)


async def test_the_proof_names_a_changed_byte_of_a_bypass(tmp_path: Path) -> None:
    path = tmp_path / "records.sqlite"
    async with opened(path) as records:
        await records.bypasses.enter(a_bypass(), an_approval())
    other = "UPDATE bypass SET measures = replace(measures, '10', '20')"
    rewrite(path, "bypass", "fixed", other)
    assert any(fault.startswith("bypass 1: altered") for fault in await faults_of(path))
