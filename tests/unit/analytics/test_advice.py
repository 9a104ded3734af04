"""The gravest advice wins, and says why."""

import math
from dataclasses import replace
from typing import Any

import pytest

from analytics.advice import MOST_REASONS, Advice, advise, reason_of
from analytics.conditions import conditions_of
from analytics.model import Alarm, AlarmKind, AlarmState
from collector.board import Board
from collector.model import Quality
from tests.unit.analytics.judging_words import (
    DISTANCE,
    GUST,
    SPEED,
    a_judging,
    a_plant,
    a_rule,
)
from tests.unit.analytics.records_words import NOON_NS, an_alarm
from tests.unit.collector.words import scan

PLANT = a_plant()
RULES = [
    a_rule("slow", high=15, advice="slow"),
    a_rule("stop", high=20, advice="stop_loading", priority=1),
    a_rule("near", tag=DISTANCE, low=10, advice="stop"),
    a_rule("quiet", tag=SPEED, high=6),
]
CONDITIONS = {one.source: one for one in conditions_of(PLANT, a_judging(*RULES).rule)}
SLOW, STOP = f"slow/{GUST}/H", f"stop/{GUST}/H"


def advised(*alarms: Alarm, speed: float | Quality = 5.0) -> dict[str, Advice]:
    board = Board(len(PLANT.slots()))
    board.publish(scan(PLANT, {SPEED: speed}))
    return {one.ropeway: one for one in advise(PLANT, board, alarms, CONDITIONS)}


def alarm(source: str, **other: Any) -> Alarm:
    return an_alarm(source, **other)


def test_without_alarms_everything_is_normal_and_says_so() -> None:
    for one in advised().values():
        assert one.advice == "normal"
        assert [reason.zh for reason in one.reasons] == ["全部条件满足"]


def test_where_nothing_is_judged_no_advice_is_normal_and_a_graver_one_stands() -> None:
    board = Board(len(PLANT.slots()))
    for alarms, expected in ((), "watch"), ((alarm(STOP),), "stop_loading"):
        north = next(
            one
            for one in advise(PLANT, board, alarms, CONDITIONS, judged=False)
            if one.ropeway == "north"
        )
        assert north.advice == expected
        assert north.reasons[0].zh == "报警已停顿，条件不明"


def test_the_gravest_advice_wins_and_its_reason_comes_first() -> None:
    north = advised(alarm(SLOW, value=16.0, limit=15.0), alarm(STOP))["north"]
    assert north.advice == "stop_loading"
    assert [reason.en for reason in north.reasons] == [
        "Tower 7 gust 20.6 ≥ 20.0 m/s",
        "Tower 7 gust 16.0 ≥ 15.0 m/s",
    ]


def test_an_alarm_speaks_only_for_its_own_ropeway() -> None:
    found = advised(alarm(STOP))
    assert (found["north"].advice, found["south"].advice) == ("stop_loading", "normal")


@pytest.mark.parametrize("ropeway", [None, "site"])
def test_an_alarm_of_the_whole_site_speaks_for_every_ropeway(ropeway: str | None) -> None:
    found = advised(alarm(f"near/{DISTANCE}/L", ropeway=ropeway))
    assert {one.advice for one in found.values()} == {"stop"}


def test_an_acknowledged_alarm_still_speaks_and_one_that_went_does_not() -> None:
    standing = replace(alarm(STOP), state=AlarmState.ACKNOWLEDGED)
    assert advised(standing)["north"].advice == "stop_loading"
    assert (
        advised(replace(standing, state=AlarmState.RETURNED, active=False))["north"].advice
        == "normal"
    )


def test_a_rope_beyond_its_limit_is_inspected_before_anything_else() -> None:
    rope = alarm("rope/haul/end_1", kind=AlarmKind.ROPE)
    assert advised(alarm(STOP), rope)["north"].advice == "inspect"


def test_a_rule_without_advice_gives_none() -> None:
    assert advised(alarm(f"quiet/{SPEED}/H"))["north"].advice == "normal"


@pytest.mark.parametrize("source", [f"lost/{GUST}", "device/wind", "system/engine", "overdue/x"])
def test_not_to_know_is_a_reason_to_watch(source: str) -> None:
    assert advised(alarm(source, value=None, limit=None))["north"].advice == "watch"


def test_a_list_of_reasons_stays_short_enough_to_read() -> None:
    many = [alarm(SLOW, id=number, raised_ns=NOON_NS + number) for number in range(9)]
    assert len(advised(*many)["north"].reasons) == MOST_REASONS


def test_a_low_limit_is_said_as_one() -> None:
    assert reason_of(alarm("x", level="LL", value=8.0, limit=10.0, unit="km")).en.endswith(
        "8.0 ≤ 10.0 km"
    )


def test_the_clear_time_is_length_by_speed_and_the_time_in_the_station() -> None:
    clear = advised(speed=4.0)["north"].clear_time
    assert (clear.now_s, clear.full_s, clear.emergency_s) == (370.0, 320.0, 2120.0)
    assert advised(speed=-4.0)["north"].clear_time.now_s == 370.0


@pytest.mark.parametrize("speed", [0.0, 0.2, Quality.BAD_DEVICE_LOST])
def test_a_rope_that_stands_or_is_not_known_has_no_clear_time_now(speed: float | Quality) -> None:
    now_s = advised(speed=speed)["north"].clear_time.now_s
    assert now_s is None or not math.isfinite(now_s)
