"""Inspection plans: each week once, by the local clock, whatever the clock does."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from analytics import inspection
from analytics.inspection import (
    AHEAD_NS,
    DAY_NS,
    RopeEndPlan,
    due_instants,
    missed_instants,
    reconcile,
)
from analytics.model import Task, TaskState
from collector.model import NANOSECONDS
from collector.site import Name, Rope
from tests.unit.analytics.records_words import a_task, a_test
from tests.unit.analytics.rope_words import a_point, a_rope

SHANGHAI = ZoneInfo("Asia/Shanghai")
ZONES = st.sampled_from(["Asia/Shanghai", "Europe/Vienna", "America/St_Johns", "Pacific/Apia"])
WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEK_NS = 7 * DAY_NS
STARTS = st.integers(1_420_000_000, 2_050_000_000).map(lambda second: second * NANOSECONDS)


def a_plan(weekday: str = "monday", hour: int = 9, **other: Any) -> RopeEndPlan:
    return RopeEndPlan.model_validate(
        {
            "id": "north_ends",
            "ropeway": "north",
            "rope": "north_haul",
            "weekday": weekday,
            "hour": hour,
            "title": Name(zh="绳头周检", en="Rope ends, weekly"),
        }
        | other
    )


def ns(moment: datetime) -> int:
    return int(moment.timestamp()) * NANOSECONDS


def local(instant_ns: int, zone: ZoneInfo) -> datetime:
    return datetime.fromtimestamp(instant_ns // NANOSECONDS, zone)


MONDAY_NS = ns(datetime(2026, 11, 23, 9, tzinfo=SHANGHAI))


def kept(tasks: list[Task], now_ns: int, plan: RopeEndPlan, zone: ZoneInfo) -> list[Task]:
    """Return what the records hold after reconciling once."""
    found = reconcile([plan], tasks, now_ns, zone)
    late = {task.id for task in found.overdue}
    marked = [replace(task, state=TaskState.OVERDUE) if task.id in late else task for task in tasks]
    opened = [replace(task, id=len(tasks) + place) for place, task in enumerate(found.to_open, 1)]
    return marked + opened


@given(
    STARTS,
    st.integers(1, 60),
    ZONES,
    st.sampled_from(WEEKDAYS),
    st.integers(0, 23),
)
def test_work_is_due_once_in_each_local_week_at_its_hour(
    from_ns: int, weeks: int, zone_name: str, weekday: str, hour: int
) -> None:
    zone = ZoneInfo(zone_name)
    to_ns = from_ns + weeks * WEEK_NS
    found = due_instants(a_plan(weekday, hour), from_ns, to_ns, zone)
    assert list(found) == sorted(set(found))
    assert abs(len(found) - weeks) <= 1
    assert all(from_ns <= due < to_ns for due in found)
    for due in found:
        at = local(due, zone)
        # An hour that the clock leaps over comes out as the one after the leap.
        assert WEEKDAYS[at.weekday()] == weekday or at.hour != hour
        assert at.hour in {hour, (hour + 1) % 24}
    for one, other in pairwise(found):
        assert abs(other - one - WEEK_NS) <= 2 * 3600 * NANOSECONDS


@given(
    STARTS,
    st.lists(st.integers(0, 4 * WEEK_NS), min_size=1, max_size=4),
    ZONES,
)
def test_spans_laid_end_to_end_lose_and_double_no_due_instant(
    begin_ns: int, lengths: list[int], zone_name: str
) -> None:
    zone, plan = ZoneInfo(zone_name), a_plan("sunday", 2)
    at_ns = begin_ns
    parts: list[int] = []
    for length_ns in lengths:
        parts += due_instants(plan, at_ns, at_ns + length_ns, zone)
        at_ns += length_ns
    assert tuple(parts) == due_instants(plan, begin_ns, at_ns, zone)


def test_the_hour_is_that_of_the_wall_clock_in_summer_and_winter() -> None:
    vienna = ZoneInfo("Europe/Vienna")
    from_ns = ns(datetime(2026, 3, 1, tzinfo=vienna))
    found = due_instants(a_plan("sunday", 2), from_ns, from_ns + 40 * WEEK_NS, vienna)
    hours = {local(due, vienna).strftime("%m-%d"): local(due, vienna).hour for due in found}
    assert hours["03-22"] == 2
    assert hours["03-29"] == 3  # two o'clock does not exist on that day
    assert hours["04-05"] == 2
    assert hours["10-25"] == 2  # it comes twice; the first counts
    assert len(set(found)) == 40


@given(
    st.lists(st.integers(-3 * WEEK_NS, 6 * WEEK_NS), min_size=1, max_size=12),
    ZONES,
    st.sampled_from(WEEKDAYS),
    st.floats(0, 3),
)
def test_no_leap_of_the_clock_opens_a_week_twice_or_skips_one(
    leaps: list[int], zone_name: str, weekday: str, tolerance_days: float
) -> None:
    zone, plan = ZoneInfo(zone_name), a_plan(weekday, tolerance_days=tolerance_days)
    now_ns = latest_ns = MONDAY_NS
    tasks = kept([], now_ns, plan, zone)
    for leap_ns in leaps:
        now_ns += leap_ns
        latest_ns = max(latest_ns, now_ns)
        tasks = kept(tasks, now_ns, plan, zone)
        assert kept(tasks, now_ns, plan, zone) == tasks
        for task in tasks:
            if task.opened_ns <= now_ns and now_ns > task.due_ns + plan.tolerance_ns:
                assert task.state is TaskState.OVERDUE
    wanted = due_instants(plan, MONDAY_NS - plan.tolerance_ns, latest_ns + AHEAD_NS + 1, zone)
    assert [task.due_ns for task in tasks] == list(wanted)


def test_a_leap_of_five_weeks_opens_each_missed_week_overdue() -> None:
    plan = a_plan()
    tasks = kept([], MONDAY_NS - DAY_NS, plan, SHANGHAI)
    assert [(task.due_ns, task.state) for task in tasks] == [(MONDAY_NS, TaskState.DUE)]
    tasks = kept(tasks, MONDAY_NS + 5 * WEEK_NS, plan, SHANGHAI)
    assert [task.due_ns for task in tasks] == [MONDAY_NS + week * WEEK_NS for week in range(7)]
    states = [task.state for task in tasks]
    assert states == [TaskState.OVERDUE] * 5 + [TaskState.DUE] * 2


def test_a_task_is_overdue_only_when_its_window_has_passed() -> None:
    plan, task = a_plan(), a_task(id=3, plan="north_ends", due_ns=MONDAY_NS)
    edge = MONDAY_NS + DAY_NS
    assert reconcile([plan], [task], edge, SHANGHAI).overdue == ()
    assert reconcile([plan], [task], edge + 1, SHANGHAI).overdue == (task,)
    done = replace(task, state=TaskState.DONE)
    assert reconcile([plan], [done], edge + 1, SHANGHAI).overdue == ()


def test_a_task_of_no_plan_is_overdue_at_its_due_instant() -> None:
    task = a_task(id=3, plan="special:7", kind="rope_special", due_ns=MONDAY_NS)
    assert reconcile([], [task], MONDAY_NS, SHANGHAI).overdue == ()
    assert reconcile([], [task], MONDAY_NS + 1, SHANGHAI).overdue == (task,)


def test_an_opened_task_says_what_its_plan_says() -> None:
    plan = a_plan()
    (task,) = reconcile([plan], [], MONDAY_NS - DAY_NS, SHANGHAI).to_open
    assert (task.id, task.plan, task.kind) == (0, "north_ends", "rope_end_weekly")
    assert (task.title, task.ropeway, task.rope) == (plan.title, "north", "north_haul")
    assert task.opened_ns == MONDAY_NS - DAY_NS


def two_points() -> Rope:
    other = a_point().model_copy(update={"id": "tuck_2", "code": 2})
    return a_rope().model_copy(update={"test_points": (a_point(), other)})


def test_only_all_test_points_together_fulfil_the_week() -> None:
    plan, task = a_plan(), a_task(plan="north_ends", due_ns=MONDAY_NS)
    first = a_test(id=1, ended_ns=MONDAY_NS - 5)
    second = a_test(id=2, test_point="tuck_2", ended_ns=MONDAY_NS + 5)
    assert inspection.tests_that_fulfil(task, plan, two_points(), [first]) == ()
    assert inspection.tests_that_fulfil(task, plan, two_points(), [second, first]) == (
        first,
        second,
    )
    newer = replace(first, id=3, ended_ns=MONDAY_NS + 9)
    assert inspection.tests_that_fulfil(task, plan, two_points(), [newer, first, second]) == (
        newer,
        second,
    )


@pytest.mark.parametrize(
    "other",
    [
        {"complete": False},
        {"rope": "south_haul"},
        {"ended_ns": MONDAY_NS + DAY_NS + 1},
        {"ended_ns": MONDAY_NS - DAY_NS - 1},
    ],
)
def test_an_incomplete_strange_or_untimely_test_fulfils_nothing(other: dict[str, Any]) -> None:
    plan, task = a_plan(), a_task(plan="north_ends", due_ns=MONDAY_NS)
    good = a_test(ended_ns=MONDAY_NS)
    assert inspection.tests_that_fulfil(task, plan, a_rope(), [good]) == (good,)
    assert inspection.tests_that_fulfil(task, plan, a_rope(), [replace(good, **other)]) == ()


def test_a_week_is_missed_when_its_window_passed_without_a_complete_test() -> None:
    due = [MONDAY_NS + week * WEEK_NS for week in range(4)]
    tests = [
        a_test(ended_ns=due[0] + DAY_NS),
        a_test(ended_ns=due[1], complete=False),
        a_test(ended_ns=due[2] - 2 * DAY_NS),
    ]
    assert missed_instants(due, tests, DAY_NS, due[3]) == (due[1], due[2])


@pytest.mark.parametrize(
    "fault", [{"weekday": "funday"}, {"hour": 24}, {"tolerance_days": 4}, {"colour": "red"}]
)
def test_a_plan_that_makes_no_sense_is_refused(fault: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        a_plan(**fault)


def test_an_empty_span_has_nothing_due() -> None:
    assert due_instants(a_plan(), MONDAY_NS, MONDAY_NS, SHANGHAI) == ()
    assert due_instants(a_plan(), MONDAY_NS, MONDAY_NS + 1, SHANGHAI) == (MONDAY_NS,)
    assert timedelta(days=1) // timedelta(microseconds=1) * 1000 == DAY_NS
