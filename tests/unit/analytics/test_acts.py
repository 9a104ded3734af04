"""What people do with alarms, and what the design hides: never for ever, never unsigned."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from analytics.acts import Hiding
from analytics.model import Alarm
from analytics.records import RecordMissing, RecordsRefused
from collector.clock import Clock
from collector.model import Quality
from tests.unit.analytics.judging_words import E_STOP, GUST, SPEED, a_judging, a_rule, scans_of
from tests.unit.analytics.station_words import Desk, a_desk, about_now

pytestmark = pytest.mark.usefixtures("either_database")

HIGH = f"gust/{GUST}/H"
STOP = f"stop/{E_STOP}/H"
OPERATING = a_rule(high=20, alarm_class="operating")
CLOSED = {"ropeway": "north", "while": [{"tag": SPEED, "below": 0.1}], "after_s": 2}
HOUR = Hiding("王磊", "传感器检修", 3600)
SIGNED = Hiding("王磊", "更换传感器", 3600, second="李工")


def later(desk: Desk, after_s: float) -> None:
    """Have it be `after_s` after the first scan for everything that the desk does."""
    clock = Clock(about_now(after_s))
    desk.engine._clock = clock
    desk.engine.acts._now_ns = clock.now_ns


async def gusty(desk: Desk, course: list[Any], begin_s: float = 0.0) -> Alarm:
    await desk.see(scans_of({GUST: course}, begin_s=begin_s))
    return next(alarm for alarm in desk.engine.alarms if alarm.source == HIGH)


async def test_a_shelved_alarm_comes_back_by_itself_and_unacknowledged(tmp_path: Path) -> None:
    async with a_desk(tmp_path, OPERATING) as desk:
        told: list[Alarm] = []
        desk.engine.tell(told.append)
        alarm = await gusty(desk, [25.0])
        await desk.engine.acts.acknowledge(alarm.id, "王磊", "")
        shelved = await desk.engine.acts.shelve(alarm.id, HOUR)
        assert (shelved.state, shelved.aside_by) == ("shelved", "王磊")
        await desk.engine.acts.expire()
        assert desk.states() == {HIGH: "shelved"}
        later(desk, 60 + 3601)
        await desk.engine.acts.expire()
        assert desk.states() == {HIGH: "unacknowledged"}
        assert [one.id for one in told] == [alarm.id, alarm.id]


async def test_case_16_acks_and_shelves_survive_a_restart_and_a_shelf_expires_with_no_outside_job(
    tmp_path: Path,
) -> None:
    rules = [OPERATING, a_rule("stop", tag=E_STOP, high=0.5)]
    async with a_desk(tmp_path, *rules) as desk:
        await desk.see(scans_of({GUST: [25.0], E_STOP: [1.0]}))
        alarms = {alarm.source: alarm for alarm in desk.engine.alarms}
        await desk.engine.acts.acknowledge(alarms[STOP].id, "王磊", "")
        await desk.engine.acts.shelve(alarms[HIGH].id, HOUR)
    async with a_desk(tmp_path, *rules) as desk:
        assert desk.states() == {HIGH: "shelved", STOP: "acknowledged"}
    async with a_desk(tmp_path, *rules, after_s=60 + 3601) as desk:
        await desk.engine.acts.expire()
        assert desk.states() == {HIGH: "unacknowledged", STOP: "acknowledged"}


async def test_a_clock_set_back_keeps_nothing_shelved(tmp_path: Path) -> None:
    async with a_desk(tmp_path, OPERATING) as desk:
        alarm = await gusty(desk, [25.0])
        await desk.engine.acts.shelve(alarm.id, HOUR)
        later(desk, -7200)
        await desk.engine.acts.expire()
        assert desk.states() == {HIGH: "unacknowledged"}


async def test_a_shelf_outlives_the_condition_and_what_came_again_needs_seeing(
    tmp_path: Path,
) -> None:
    async with a_desk(tmp_path, OPERATING) as desk:
        alarm = await gusty(desk, [25.0])
        await desk.engine.acts.shelve(alarm.id, HOUR)
        await desk.see(scans_of({GUST: [5.0, 25.0, 5.0]}, begin_s=1))
        assert desk.states() == {HIGH: "shelved"}
        await desk.engine.acts.unshelve(alarm.id, "王磊")
        assert desk.states() == {HIGH: "returned"}


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        (Hiding("王磊", "", 3600), "a reason"),
        (Hiding("王磊", "检修", 8 * 3600 + 1), "to 8 hours"),
        (Hiding("王磊", "检修", 5), "from 1 minute"),
    ],
)
async def test_a_shelf_without_reason_or_end_is_refused(
    tmp_path: Path, wish: Hiding, words: str
) -> None:
    async with a_desk(tmp_path, OPERATING) as desk:
        alarm = await gusty(desk, [25.0])
        with pytest.raises(RecordsRefused, match=words):
            await desk.engine.acts.shelve(alarm.id, wish)
        assert desk.states() == {HIGH: "unacknowledged"}


async def test_alarms_of_the_safety_class_are_never_shelved(tmp_path: Path) -> None:
    async with a_desk(tmp_path, a_rule(high=20)) as desk:
        alarm = await gusty(desk, [25.0])
        with pytest.raises(RecordsRefused, match="class safety are never shelved"):
            await desk.engine.acts.shelve(alarm.id, HOUR)


Deed = Callable[[Desk, int], Any]


@pytest.mark.parametrize(
    ("deed", "words"),
    [
        (lambda desk, one: desk.engine.acts.unshelve(one, "王磊"), "not shelved"),
        (lambda desk, one: desk.engine.acts.put_back(one, "王磊"), "not out of service"),
        (lambda desk, one: desk.engine.acts.reset(one, "王磊", ""), "only a latched"),
        (lambda desk, one: desk.engine.acts.confirm(one, "王磊", ""), "acknowledged first"),
    ],
)
async def test_an_act_that_makes_no_sense_is_refused(
    tmp_path: Path, deed: Deed, words: str
) -> None:
    async with a_desk(tmp_path, OPERATING) as desk:
        alarm = await gusty(desk, [25.0])
        with pytest.raises(RecordsRefused, match=words):
            await deed(desk, alarm.id)
        with pytest.raises((RecordMissing, RecordsRefused)):
            await deed(desk, 999)


async def test_out_of_service_takes_two_signatures_and_ends_by_itself(tmp_path: Path) -> None:
    async with a_desk(tmp_path, OPERATING) as desk:
        acts = desk.engine.acts
        for second in (None, "", "王磊"):
            with pytest.raises(RecordsRefused, match="another person"):
                await acts.take_out(HIGH, Hiding("王磊", "更换", 3600, second))
        with pytest.raises(RecordMissing, match="alarm"):
            await acts.take_out("gust/none/H", SIGNED)
        out = await acts.take_out(HIGH, SIGNED)
        assert (out.state, out.active, out.aside_second) == ("out_of_service", False, "李工")
        with pytest.raises(RecordsRefused, match="already"):
            await acts.take_out(HIGH, SIGNED)
        await desk.see(scans_of({GUST: [25.0]}))
        assert desk.states() == {HIGH: "out_of_service"}
        later(desk, 60 + 3601)
        await acts.expire()
        assert desk.states() == {HIGH: "unacknowledged"}


async def test_what_was_out_of_service_without_a_condition_leaves_nothing_to_see(
    tmp_path: Path,
) -> None:
    async with a_desk(tmp_path, OPERATING) as desk:
        out = await desk.engine.acts.take_out(HIGH, SIGNED)
        await desk.engine.acts.put_back(out.id, "李工")
        assert desk.states() == {}


async def test_a_latched_alarm_waits_for_its_reset_over_a_restart(tmp_path: Path) -> None:
    rule = a_rule("stop", tag=E_STOP, high=0.5, latching=True)
    async with a_desk(tmp_path, rule) as desk:
        await desk.see(scans_of({E_STOP: [1.0, 0.0]}))
        (alarm,) = desk.engine.alarms
        await desk.engine.acts.acknowledge(alarm.id, "王磊", "")
        assert desk.states() == {STOP: "latched"}
    async with a_desk(tmp_path, rule) as desk:
        assert desk.states() == {STOP: "latched"}
        await desk.engine.acts.confirm(alarm.id, "王磊", "已松开")
        await desk.engine.acts.reset(alarm.id, "王磊", "")
        assert desk.states() == {}
        kept = await desk.records.alarms.get(alarm.id)
        assert (kept.state, kept.confirmed_comment) == ("normal", "已松开")
        whole = await desk.records.journal.entries(f"alarm {alarm.id}")
        assert [entry.who for entry in whole][-2:] == ["王磊", "王磊"]


async def test_a_closed_ropeway_hides_operating_alarms_and_nothing_else(tmp_path: Path) -> None:
    judging = a_judging(OPERATING, a_rule("stop", tag=E_STOP, high=0.5), closed=[CLOSED])
    async with a_desk(tmp_path, judging=judging) as desk:
        told: list[Alarm] = []
        desk.engine.tell(told.append)
        closing = scans_of({GUST: [25.0, 25, 25, 25], SPEED: [0.0] * 4, E_STOP: [1.0] * 4})
        for one in closing:
            await desk.see([one])
        assert desk.states() == {HIGH: "suppressed", STOP: "unacknowledged"}
        opening = scans_of({GUST: [25.0], SPEED: [3.0], E_STOP: [1.0]}, begin_s=4)
        await desk.see(opening)
        assert desk.states() == {HIGH: "unacknowledged", STOP: "unacknowledged"}
        assert [one.source for one in told] == [HIGH, STOP, HIGH]


async def test_what_begins_while_closed_is_kept_but_announced_only_on_opening(
    tmp_path: Path,
) -> None:
    judging = a_judging(OPERATING, closed=[CLOSED])
    async with a_desk(tmp_path, judging=judging) as desk:
        told: list[Alarm] = []
        desk.engine.tell(told.append)
        await desk.see(scans_of({GUST: [5.0, 5, 5, 25, 5, 25], SPEED: [0.0] * 6}))
        assert desk.states() == {HIGH: "suppressed"}
        assert told == []
        assert [one.state for one in await desk.records.alarms.recent()] == [
            "suppressed",
            "normal",
        ]
    async with a_desk(tmp_path, judging=judging) as desk:
        assert desk.states() == {HIGH: "suppressed"}
        await desk.see(scans_of({SPEED: [Quality.BAD_SOURCE]}, begin_s=6))
        assert desk.states() == {HIGH: "unacknowledged"}


async def test_what_no_closing_hides_any_more_is_shown_at_the_start(tmp_path: Path) -> None:
    async with a_desk(tmp_path, judging=a_judging(OPERATING, closed=[CLOSED])) as desk:
        await desk.see(scans_of({GUST: [5.0, 5, 5, 25], SPEED: [0.0] * 4}))
        assert desk.states() == {HIGH: "suppressed"}
    async with a_desk(tmp_path, OPERATING) as desk:
        assert desk.states() == {HIGH: "unacknowledged"}


async def test_an_alarm_names_the_rules_that_made_it(tmp_path: Path) -> None:
    async with a_desk(tmp_path, OPERATING) as desk:
        alarm = await gusty(desk, [25.0])
        assert alarm.rule_set == a_judging(OPERATING).version()
        assert a_judging(a_rule(high=21)).version() != alarm.rule_set


async def test_a_class_may_say_that_nobody_need_acknowledge(tmp_path: Path) -> None:
    judging = a_judging(
        a_rule(high=20, alarm_class="note"),
        alarm_class=[{"id": "note", "must_be_acknowledged": False}],
    )
    async with a_desk(tmp_path, judging=judging) as desk:
        await desk.see(scans_of({GUST: [25.0, 5.0]}))
        assert desk.states() == {}
