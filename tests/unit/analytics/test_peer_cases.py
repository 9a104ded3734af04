"""Faults that broke a peer's alarms, each under its number in the list of cases."""

from pathlib import Path

import pytest

from analytics.acts import Hiding
from analytics.model import Alarm
from collector.model import Quality
from collector.site import Plant
from collector.spikes import SpikeWatch
from tests.unit.analytics.judging_words import (
    E_STOP,
    GUST,
    SPEED,
    a_judge,
    a_rule,
    scans_of,
)
from tests.unit.analytics.station_words import a_desk
from tests.unit.collector.words import modbus, scan, tables, tag

pytestmark = pytest.mark.usefixtures("either_database")

HIGH = f"gust/{GUST}/H"
AWAY = Quality.BAD_DEVICE_LOST


async def test_case_13_link_loss_with_a_high_alarm_active_clears_nothing_and_is_no_low_alarm(
    tmp_path: Path,
) -> None:
    async with a_desk(tmp_path, a_rule(high=20, low=1)) as desk:
        await desk.see(scans_of({GUST: [25.0, *[AWAY] * 9]}))
        assert desk.states() == {HIGH: "unacknowledged", "device/wind": "unacknowledged"}
        alarm = next(one for one in desk.engine.alarms if one.source == HIGH)
        assert alarm.active
        twin = next(one for one in desk.engine.alarms if one.source == "device/wind")
        assert twin.priority == alarm.priority


def test_case_14_one_sample_of_32767_is_marked_and_raises_no_alarm() -> None:
    spiky = tag(GUST, 0, spike={"step": 30.0})
    plant = Plant.model_validate(tables(modbus("wind", spiky)))
    watch = SpikeWatch(plant)
    judge = a_judge(a_rule(high=20))
    course = [8.0, 8.2, 32767.0, 8.1, 8.0]
    seen = [watch.examine(scan(plant, {GUST: value}, at)) for at, value in enumerate(course)]
    assert [int(one.quality[0]) for one in seen] == [0, 0, Quality.BAD_SPIKE, 0, 0]
    for one, live in zip(seen, scans_of({GUST: course}), strict=True):
        marked = type(live)(live.slots, one.values, one.quality, live.source_ns, live.received_ns)
        assert judge.judge(marked) == []


async def test_case_15_acknowledge_then_clear_tells_nobody_again(tmp_path: Path) -> None:
    async with a_desk(tmp_path, a_rule(high=20)) as desk:
        told: list[Alarm] = []
        desk.engine.tell(told.append)
        await desk.see(scans_of({GUST: [25.0]}))
        (alarm,) = desk.engine.alarms
        await desk.engine.acts.acknowledge(alarm.id, "王磊", "")
        await desk.see(scans_of({GUST: [5.0, 5.0]}, begin_s=1))
        assert [one.id for one in told] == [alarm.id]
        assert desk.states() == {}


async def test_case_17_disabling_during_a_running_delay_raises_no_alarm(tmp_path: Path) -> None:
    gated = a_rule(high=20, on_delay_s=3, enabled_while={"tag": SPEED, "above": 0.5})
    async with a_desk(tmp_path, gated) as desk:
        await desk.see(scans_of({SPEED: [3.0, 3, 0, 0, 0, 0], GUST: [25.0] * 6}))
        assert desk.states() == {}
        await desk.see(scans_of({SPEED: [3.0] * 4, GUST: [25.0] * 4}, begin_s=6))
        assert desk.states() == {HIGH: "unacknowledged"}
        (alarm,) = desk.engine.alarms
        assert alarm.raised_ns == scans_of({GUST: [0.0]}, begin_s=9)[0].received_ns


@pytest.mark.parametrize("acknowledged", [True, False])
async def test_case_22_a_restart_with_an_alarm_active_gives_no_new_event(
    tmp_path: Path, acknowledged: bool
) -> None:
    rules = [a_rule(high=20), a_rule("stop", tag=E_STOP, high=0.5, alarm_class="operating")]
    async with a_desk(tmp_path, *rules) as desk:
        await desk.see(scans_of({GUST: [25.0], E_STOP: [1.0]}))
        for alarm in desk.engine.alarms:
            if acknowledged:
                await desk.engine.acts.acknowledge(alarm.id, "王磊", "")
        stop = next(one for one in desk.engine.alarms if one.rule == "stop")
        await desk.engine.acts.shelve(stop.id, Hiding("王磊", "检修", 600))
        before = {one.source: one for one in desk.engine.alarms}
    async with a_desk(tmp_path, *rules) as desk:
        told: list[Alarm] = []
        desk.engine.tell(told.append)
        await desk.see(scans_of({GUST: [25.0] * 3, E_STOP: [1.0] * 3}, begin_s=1))
        assert {one.source: one for one in desk.engine.alarms} == before
        assert told == []
        assert len(await desk.records.alarms.activations(0, 2**62)) == 2
