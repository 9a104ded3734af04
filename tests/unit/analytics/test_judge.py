"""Judging: nothing that is not known raises or clears an alarm."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.conditions import conditions_of
from analytics.judge import Judge, JudgeState
from collector.model import Quality, Scan, join_scans
from tests.unit.analytics.judging_words import (
    DISTANCE,
    E_STOP,
    GUST,
    OTHER_GUST,
    SPEED,
    Reading,
    a_judge,
    a_judging,
    a_plant,
    a_rule,
    at_places,
    scans_of,
    told,
)
from tests.unit.collector.words import scan

HIGH = f"gust/{GUST}/H"
LOST, GONE = f"lost/{GUST}", "device/wind"
BAD, AWAY = Quality.BAD_SOURCE, Quality.BAD_DEVICE_LOST
BY_HAND = Quality.UNCERTAIN_SUBSTITUTED_FOR_LOST
NOT_GOOD = [quality for quality in Quality if quality is not Quality.GOOD]
FIGURES = st.sampled_from([-25.0, -20.0, -15.0, 0.0, 14.0, 15.0, 15.5, 16.0, 19.9, 20.0, 25.0])
READINGS: st.SearchStrategy[Reading] = st.one_of(FIGURES, FIGURES, st.sampled_from(NOT_GOOD))
COURSES = st.lists(READINGS, min_size=1, max_size=40)
RULES: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {
        "deadband": st.sampled_from([0.0, 1.0, 5.0]),
        "on_delay_s": st.sampled_from([0.0, 2.0, 3.5]),
        "off_delay_s": st.sampled_from([0.0, 3.0, 6.5]),
    }
)


def expected(course: Sequence[Reading], rule: dict[str, Any], sign: float) -> list[Any]:
    """Judge one limit at 20 (or -20) in the plainest way there is, a second a scan."""
    holds, begun, ended, found = False, None, None, []
    for at, reading in enumerate(course):
        if isinstance(reading, Quality):
            ended = None
            continue
        figure = reading * sign
        if not holds:
            begun = None if figure < 20 else at if begun is None else begun
            if begun is not None and at - begun >= rule["on_delay_s"]:
                holds, begun = True, None
                found.append((at, True))
        else:
            calm = figure < 20 and figure <= 20 - rule["deadband"]
            ended = None if not calm else at if ended is None else ended
            if ended is not None and at - ended >= rule["off_delay_s"]:
                holds, ended = False, None
                found.append((at, False))
    return found


@given(COURSES, RULES, st.sampled_from(["high", "low"]))
def test_delays_and_deadband_are_exact_to_the_scan(
    course: list[Reading], rule: dict[str, Any], side: str
) -> None:
    sign = 1.0 if side == "high" else -1.0
    judge = a_judge(a_rule(**{**rule, side: sign * 20}))
    found = at_places(judge, scans_of({GUST: course}))
    limits = [(at, holds) for at, source, holds in found if source.startswith("gust/")]
    assert limits == expected(course, rule, sign)


@given(COURSES, RULES)
def test_a_bad_or_uncertain_sample_never_raises_nor_clears_an_alarm(
    course: list[Reading], rule: dict[str, Any]
) -> None:
    judge = a_judge(a_rule(high=20, high_high=25, low=-20, **rule))
    for at, source, _ in at_places(judge, scans_of({GUST: course})):
        assert source.startswith(("lost/", "device/")) or not isinstance(course[at], Quality)


@given(st.lists(st.tuples(READINGS, READINGS, READINGS), min_size=2, max_size=30), st.data())
def test_a_restart_anywhere_changes_nothing_that_is_found(
    rows: list[tuple[Reading, Reading, Reading]], data: st.DataObject
) -> None:
    rules = [
        a_rule("gust", tags=[GUST, OTHER_GUST], high=15, high_high=20, on_delay_s=2, off_delay_s=4),
        a_rule("near", tag=DISTANCE, low=15, deadband=1, on_delay_s=1, off_delay_s=5),
    ]
    gust, other, distance = zip(*rows, strict=True)
    scans = scans_of({GUST: gust, OTHER_GUST: other, DISTANCE: distance})
    unbroken = told(a_judge(*rules), scans)
    cut = data.draw(st.integers(0, len(scans)))
    before, after = a_judge(*rules), a_judge(*rules)
    found = told(before, scans[:cut])
    after.restore(JudgeState(**json.loads(json.dumps(asdict(before.state())))))
    assert [*found, *told(after, scans[cut:])] == unbroken


def test_what_the_rules_no_longer_know_is_left_out_at_a_restart() -> None:
    judge = a_judge(a_rule(high=20))
    judge.restore(JudgeState(("old/rule/H",), {"old/rule/H": 5}, {"old/rule/L": 5}))
    assert judge.state() == JudgeState((), {}, {})


def test_several_samples_in_one_scan_are_judged_oldest_first() -> None:
    judge = a_judge(a_rule(high=20))
    joined = join_scans(scans_of({GUST: [25.0, 5.0, 26.0]}))
    found = judge.judge(joined)
    assert [(one.holds, one.value) for one in found] == [(True, 25), (False, 5), (True, 26)]


def test_high_and_high_high_are_two_conditions_of_one_value() -> None:
    judge = a_judge(a_rule(high=15, high_high=20))
    found = at_places(judge, scans_of({GUST: [14.0, 15.0, 20.0, 16.0, 10.0]}))
    high_high = f"gust/{GUST}/HH"
    assert found == [(1, HIGH, True), (2, high_high, True), (3, high_high, False), (4, HIGH, False)]


def test_the_finding_shows_the_value_and_the_instant_of_its_scan() -> None:
    scans = scans_of({GUST: [10.0, 21.5]})
    (found,) = told(a_judge(a_rule(high=20)), scans)
    assert (found.value, found.at_ns) == (21.5, scans[1].received_ns)


@pytest.mark.parametrize("quality", NOT_GOOD)
def test_the_way_to_calm_begins_anew_after_a_sample_that_is_not_good(quality: Quality) -> None:
    course = [25.0, 5.0, 5.0, 5.0, quality, 5.0, 5.0, 5.0, 5.0, 5.0]
    found = at_places(a_judge(a_rule(high=20, off_delay_s=4)), scans_of({GUST: course}))
    assert [one for one in found if one[1] == HIGH] == [(0, HIGH, True), (9, HIGH, False)]


@pytest.mark.parametrize("quality", [one for one in NOT_GOOD if one not in (AWAY, BY_HAND)])
def test_a_tag_that_cannot_be_judged_raises_its_twin(quality: Quality) -> None:
    course: list[Reading] = [1.0, *[quality] * 8, 1.0, 1.0, 1.0]
    found = at_places(a_judge(a_rule(high=20)), scans_of({GUST: course}))
    assert found == [(6, LOST, True), (11, LOST, False)]


def test_a_twin_that_stands_leaves_the_process_alarm_as_it_is() -> None:
    course: list[Reading] = [25.0, *[BAD] * 8]
    judge = a_judge(a_rule(high=20))
    found = at_places(judge, scans_of({GUST: course}))
    assert found == [(0, HIGH, True), (6, LOST, True)]
    assert set(judge.state().holding) == {HIGH, LOST}


def test_a_lost_device_is_one_condition_and_not_one_for_each_tag() -> None:
    course: list[Reading] = [1.0, *[AWAY] * 9, 1.0, 1.0, 1.0]
    judge = a_judge(a_rule(tags=[GUST, OTHER_GUST], high=20))
    found = at_places(judge, scans_of({GUST: course, OTHER_GUST: course}))
    assert found == [(6, GONE, True), (12, GONE, False)]


def test_a_tag_that_nobody_judges_has_no_twin() -> None:
    judge = a_judge(a_rule(high=20))
    assert at_places(judge, scans_of({SPEED: [BAD] * 20})) == []


def test_a_switch_is_judged_like_a_value() -> None:
    judge = a_judge(a_rule("e_stop", tag=E_STOP, high=0.5))
    found = at_places(judge, scans_of({E_STOP: [0.0, 1.0, 1.0, 0.0]}))
    source = f"e_stop/{E_STOP}/H"
    assert found == [(1, source, True), (3, source, False)]


def test_a_scan_of_other_tags_moves_no_delay() -> None:
    judge = a_judge(a_rule(high=20, on_delay_s=3))
    scans: list[Scan] = [
        *scans_of({GUST: [25.0]}),
        *scans_of({SPEED: [1.0] * 9}, begin_s=1),
        *scans_of({GUST: [5.0]}, begin_s=10),
    ]
    assert at_places(judge, scans) == []


def test_without_rules_only_devices_are_judged() -> None:
    judge = Judge(conditions_of(a_plant(), a_judging().rule))
    assert {one.source for one in judge.conditions} == {
        "device/drive",
        "device/wind",
        "device/warner",
    }
    assert told(judge, scans_of({GUST: [99.0]})) == []


def test_a_value_given_by_hand_does_not_bring_a_lost_device_back() -> None:
    course: list[Reading] = [1.0, *[AWAY] * 6, *[BY_HAND] * 4]
    found = at_places(a_judge(a_rule(high=20)), scans_of({GUST: course}))
    assert found == [(6, GONE, True)]


SHAPES: list[list[str]] = [[GUST, OTHER_GUST], [SPEED, E_STOP], [DISTANCE], [GUST], [SPEED, SPEED]]
ALL_KINDS = [
    a_rule("limit", tags=[GUST, SPEED], high=20, low=-20, deadband=1, on_delay_s=2, off_delay_s=3),
    a_rule("gated", tag=OTHER_GUST, high=15, enabled_while={"tag": SPEED, "above": 0}),
    a_rule("rate", kind="rate", tag=GUST, change=10, within_s=4),
    a_rule("apart", kind="deviation", tag=GUST, other=OTHER_GUST, most=5, on_delay_s=1),
    a_rule("state", kind="discrete", tag=DISTANCE, states=[0, 20], off_delay_s=2),
    a_rule("old", kind="stale", tag=DISTANCE, after_s=3),
    a_rule("still", kind="frozen", tag=SPEED, after_s=2),
    a_rule("often", kind="n_in_window", tag=GUST, above=16, count=2, within_s=6),
    a_rule("vote", kind="two_of_three", tags=[GUST, OTHER_GUST, SPEED], above=15),
]
STEPS = st.lists(
    st.tuples(
        st.sampled_from([0, 0, 0, 0, 1, 1, 1, 2, 2]),
        st.sampled_from([0.0, 0.5, 1.0, 1.0, -2.0, 30.0]),
        st.lists(READINGS, min_size=2, max_size=2),
    ),
    min_size=60,
    max_size=90,
)


@settings(max_examples=60)
@given(STEPS, st.sampled_from([0, 3, 4]), st.booleans(), st.sampled_from([3, 40, 90]))
def test_many_scans_at_once_are_judged_as_one_by_one(
    steps: list[tuple[int, float, list[Reading]]], odd: int, steady: bool, size: int
) -> None:
    scans, at_s = [], 0.0
    for number, (shape, step_s, given_readings) in enumerate(steps):
        at_s += abs(step_s) if steady else step_s
        tags = SHAPES[odd if number == 50 else shape]
        parts = [
            scan(a_plant(), {tag: reading}, at_s)
            for tag, reading in zip(tags, given_readings, strict=False)
        ]
        scans.append(join_scans(parts))
    conditions = conditions_of(a_plant(), a_judging(*ALL_KINDS).rule)
    single, many = Judge(conditions), Judge(conditions)
    one_by_one = told(single, scans)
    together = [
        finding
        for begin in range(0, len(scans), size)
        for finding in many.judge_all(scans[begin : begin + size])
    ]
    assert together == one_by_one
    assert many.state() == single.state()


PLAIN_KINDS = [
    a_rule("gust", tags=[GUST, OTHER_GUST], high=15, high_high=20, low=-20, off_delay_s=2),
    a_rule("speed", tag=SPEED, high=15.5, deadband=2, on_delay_s=1.5),
    a_rule("state", kind="discrete", tag=DISTANCE, states=[15, 20], on_delay_s=1),
    a_rule("zero", kind="discrete", tag=GUST, states=[0], off_delay_s=1),
]
# What hangs on another tag has every sample of its own looked at, and this one is never read.
ALL_LOOKED_AT = [one | {"enabled_while": {"tag": E_STOP, "below": 0}} for one in PLAIN_KINDS]
TOGETHER = [[GUST, OTHER_GUST, DISTANCE], [SPEED, SPEED, SPEED], [GUST, GUST, OTHER_GUST], [SPEED]]


@given(
    st.lists(
        st.tuples(
            st.integers(0, len(TOGETHER) - 1),
            st.sampled_from([0.0, 0.5, 1.0, 1.0, -2.0]),
            st.lists(st.one_of(READINGS, st.just(14.0)), min_size=3, max_size=3),
        ),
        max_size=60,
    ),
    st.integers(0, 60),
    st.integers(1, 40),
)
def test_a_calm_sample_that_is_passed_over_would_have_changed_nothing(
    steps: list[tuple[int, float, list[Reading]]], cut: int, size: int
) -> None:
    scans, at_s = [], 100.0
    for shape, step_s, readings in steps:
        at_s += step_s
        parts = [
            scan(a_plant(), {tag: reading}, at_s)
            for tag, reading in zip(TOGETHER[shape], readings, strict=False)
        ]
        scans.append(join_scans(parts))
    found = []
    for rules in (PLAIN_KINDS, ALL_LOOKED_AT):
        conditions = conditions_of(a_plant(), a_judging(*rules).rule)
        before, after = Judge(conditions), Judge(conditions)
        heard = told(before, scans[:cut])
        after.restore(before.state())
        rest = scans[cut:]
        for begin in range(0, len(rest), size):
            heard += after.judge_all(rest[begin : begin + size])
        told_of = [(one.condition.source, one.holds, one.value, one.at_ns) for one in heard]
        # The tag that is never read has a twin of its own.
        found.append([one for one in told_of if E_STOP not in one[0]])
    assert found[0] == found[1]


def test_rules_that_look_back_know_what_they_are_shown_again() -> None:
    rule = a_rule("rate", kind="rate", tag=GUST, change=6, within_s=10)
    scans = scans_of({GUST: [8.0, 9.0, 15.0]})
    forgetful, shown = a_judge(rule), a_judge(rule)
    for one in scans[:2]:
        shown.remember(one)
    assert told(forgetful, scans[2:]) == []
    assert [one.holds for one in told(shown, scans[2:])] == [True]


def test_what_is_only_remembered_begins_and_ends_nothing() -> None:
    judge = a_judge(a_rule(high=20, on_delay_s=2))
    for one in scans_of({GUST: [25.0] * 9}):
        judge.remember(one)
    assert judge.state() == JudgeState((), {}, {})
