"""Random histories of samples, acts, restarts and clock steps: what must hold after each."""

import asyncio
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from analytics.acts import Hiding
from analytics.model import Alarm, AlarmState
from analytics.records import RecordsRefused
from analytics.replay import Replay, stored_scans
from collector.clock import Clock, TimeBase
from collector.model import NANOSECONDS, Quality
from tests.unit.analytics.judging_words import E_STOP, GUST, SPEED, a_judging, a_plant, a_rule
from tests.unit.analytics.station_words import Desk, a_desk
from tests.unit.collector.words import BEGIN_NS, scan

JUDGING = a_judging(
    a_rule(high=20, deadband=2, on_delay_s=2, off_delay_s=2, alarm_class="operating"),
    a_rule("stop", tag=E_STOP, high=0.5, latching=True),
    a_rule("note", tag=GUST, high=24, alarm_class="note"),
    alarm_class=[{"id": "note", "must_be_acknowledged": False}],
    closed=[{"ropeway": "north", "while": [{"tag": SPEED, "below": 0.1}], "after_s": 3}],
)
GUSTS = st.sampled_from([5.0, 19.0, 21.0, 25.0])
BAD = st.sampled_from([Quality.BAD_SOURCE, Quality.UNCERTAIN_SOURCE, Quality.BAD_DEVICE_LOST])
STEPS_S = st.sampled_from([1.0, 1.0, 1.0, 3.0, 30.0])
WHOLE = (0, 2**62)


class FixedClock(Clock):
    """A clock that stands where it is put."""

    def __init__(self, at_ns: int) -> None:
        super().__init__(TimeBase())
        self.at_ns = at_ns

    def now_ns(self) -> int:
        return self.at_ns


class AlarmHistories(RuleBasedStateMachine):
    """One desk over one data folder, whatever happens to it."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = tempfile.TemporaryDirectory()
        self.stack = AsyncExitStack()
        self.at_s = 0.0
        self.told: list[Alarm] = []
        self.desk: Desk

    def run(self, doing: Any) -> Any:
        return self.runner.run(doing)

    @initialize()
    def start(self) -> None:
        self.run(self._open())

    async def _open(self) -> None:
        desk = a_desk(Path(self.folder.name), judging=JUDGING)
        self.desk = await self.stack.enter_async_context(desk)
        self._set_clock()
        self.told = []
        self.desk.engine.tell(self.told.append)

    def _set_clock(self) -> None:
        clock = FixedClock(BEGIN_NS + round(self.at_s * NANOSECONDS))
        self.desk.engine._clock = clock
        self.desk.engine.acts._now_ns = clock.now_ns

    def see(self, step_s: float, readings: dict[str, Any]) -> None:
        self.at_s += step_s
        self._set_clock()
        self.run(self.desk.see([scan(a_plant(), readings, self.at_s)]))
        self.run(self.desk.engine.acts.expire())

    @rule(step_s=STEPS_S, gust=GUSTS, e_stop=st.sampled_from([0.0, 0.0, 1.0]))
    def good_samples_come(self, step_s: float, gust: float, e_stop: float) -> None:
        self.see(step_s, {GUST: gust, E_STOP: e_stop, SPEED: 3.0})

    @rule(step_s=STEPS_S, gust=GUSTS)
    def the_ropeway_stands(self, step_s: float, gust: float) -> None:
        self.see(step_s, {GUST: gust, E_STOP: 0.0, SPEED: 0.0})

    @rule(step_s=STEPS_S, quality=BAD)
    def bad_samples_come(self, step_s: float, quality: Quality) -> None:
        before = {one.source: one.active for one in self.desk.engine.alarms}
        self.see(step_s, {GUST: quality, E_STOP: quality, SPEED: quality})
        for alarm in self.desk.engine.alarms:
            if alarm.kind == "process":
                assert alarm.active == before[alarm.source]
        process = {source for source in before if not source.startswith(("lost/", "device/"))}
        held = {source for source in process if before[source]}
        assert held <= {one.source for one in self.desk.engine.alarms}

    @rule(step_s=st.sampled_from([-3600.0, -5.0, 7200.0]))
    def the_clock_leaps(self, step_s: float) -> None:
        self.at_s += step_s
        self._set_clock()
        self.run(self.desk.engine.acts.expire())

    @precondition(lambda self: self.desk.engine.alarms)
    @rule(data=st.data(), act=st.sampled_from(["acknowledge", "confirm", "reset", "unshelve"]))
    def someone_acts(self, data: st.DataObject, act: str) -> None:
        alarm = data.draw(st.sampled_from(self.desk.engine.alarms))
        words = ["王磊"] if act == "unshelve" else ["王磊", "看到了"]
        self._try(getattr(self.desk.engine.acts, act)(alarm.id, *words))

    @precondition(lambda self: self.desk.engine.alarms)
    @rule(data=st.data(), for_s=st.sampled_from([60.0, 600.0, 90_000.0]))
    def someone_shelves(self, data: st.DataObject, for_s: float) -> None:
        alarm = data.draw(st.sampled_from(self.desk.engine.alarms))
        self._try(self.desk.engine.acts.shelve(alarm.id, Hiding("王磊", "检修", for_s)))

    @rule(for_s=st.sampled_from([60.0, 600.0]))
    def two_take_it_out_of_service(self, for_s: float) -> None:
        wish = Hiding("王磊", "检修", for_s, "李工")
        self._try(self.desk.engine.acts.take_out(f"gust/{GUST}/H", wish))

    @rule()
    def the_monitor_restarts(self) -> None:
        before = {one.source: one for one in self.desk.engine.alarms}
        self.run(self.stack.aclose())
        self.run(self._open())
        assert {one.source: one for one in self.desk.engine.alarms} == before
        assert self.told == []

    def _try(self, act: Any) -> None:
        try:
            self.run(act)
        except RecordsRefused:
            return

    @invariant()
    def nothing_is_normal_that_nobody_has_seen(self) -> None:
        if not hasattr(self, "desk"):
            return
        for alarm in self.run(self.desk.records.alarms.recent(1000)):
            if alarm.state is AlarmState.NORMAL:
                seen = alarm.acknowledged_by is not None
                assert seen or not alarm.announced or not alarm.must_be_acknowledged
                assert not alarm.active

    @invariant()
    def nothing_stays_hidden_beyond_its_time(self) -> None:
        if not hasattr(self, "desk"):
            return
        now_ns = BEGIN_NS + round(self.at_s * NANOSECONDS)
        for alarm in self.desk.engine.alarms:
            if alarm.state in (AlarmState.SHELVED, AlarmState.OUT_OF_SERVICE):
                assert alarm.aside_ns is not None
                assert alarm.aside_until_ns is not None
                assert alarm.aside_ns <= now_ns < alarm.aside_until_ns
                assert alarm.alarm_class != "safety" or alarm.aside_second

    @invariant()
    def what_is_shown_is_what_is_kept(self) -> None:
        if hasattr(self, "desk"):
            kept = self.run(self.desk.records.alarms.open_alarms())
            assert {one.id: one for one in kept} == {one.id: one for one in self.desk.engine.alarms}

    def teardown(self) -> None:
        if hasattr(self, "desk"):
            self.run(self._replay_equals_live())
            self.run(self.stack.aclose())
        self.runner.close()
        self.folder.cleanup()

    async def _replay_equals_live(self) -> None:
        await self.desk.history.committed()
        replay = Replay(a_plant(), JUDGING)
        async for scans in stored_scans(self.desk.history, a_plant(), *WHOLE):
            await replay.see(scans)
        live = await self.desk.records.alarms.activations(*WHOLE)
        found = [(one.raised_ns, one.source, one.returned_ns) for one in replay.activations]
        assert sorted(found, key=str) == sorted(
            ((one.raised_ns, one.source, one.returned_ns) for one in live), key=str
        )
        assert await self.desk.records.journal.verify() is None


TestAlarmHistories = AlarmHistories.TestCase
TestAlarmHistories.settings = settings(
    max_examples=12,
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


class HistoriesInPostgresql(AlarmHistories):
    """The same, over a database of PostgreSQL."""


TestHistoriesInPostgresql = pytest.mark.usefixtures("on_postgresql")(HistoriesInPostgresql.TestCase)
TestHistoriesInPostgresql.settings = settings(TestAlarmHistories.settings, max_examples=5)
