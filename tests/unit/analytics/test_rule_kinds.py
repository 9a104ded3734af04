"""Every kind of rule: when it begins, when it ends, and what it says of what it cannot know."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from analytics.config import parse_judging
from analytics.judge import Judge
from collector.model import Quality
from tests.unit.analytics.judging_words import (
    E_STOP,
    GUST,
    OTHER_GUST,
    SPEED,
    Reading,
    a_judge,
    a_judging,
    a_plant,
    a_rule,
    scans_of,
)

BAD, AWAY = Quality.BAD_SOURCE, Quality.BAD_DEVICE_LOST
THREE = [GUST, OTHER_GUST, SPEED]
READINGS: st.SearchStrategy[Reading] = st.one_of(
    st.integers(0, 30).map(float), st.sampled_from([BAD, AWAY, Quality.UNCERTAIN_SOURCE])
)


def found(judge: Judge, courses: dict[str, list[Reading]], step_s: float = 1.0) -> list[Any]:
    """Return (second, level, begins) of everything that is no loss."""
    return [
        (at * step_s, finding.condition.level, finding.holds)
        for at, one in enumerate(scans_of(courses, step_s))
        for finding in judge.judge(one)
        if finding.condition.level != "lost"
    ]


def test_a_gust_that_rises_by_six_within_three_minutes_is_a_rate() -> None:
    judge = a_judge(a_rule(kind="rate", change=6, within_s=180))
    course: list[Reading] = [8.0, 9.0, 10.0, 11.0, 12.0, 13.0, 14.0]
    assert found(judge, {GUST: course}, step_s=20) == [(120, "rise", True)]


def test_the_same_rise_over_a_longer_time_is_no_rate() -> None:
    judge = a_judge(a_rule(kind="rate", change=6, within_s=180))
    assert found(judge, {GUST: [float(at) for at in range(30)]}, step_s=60) == []


def test_a_rate_ends_when_the_window_no_longer_holds_what_it_rose_from() -> None:
    judge = a_judge(a_rule(kind="rate", change=6, within_s=10))
    assert found(judge, {GUST: [1.0, *[9.0] * 15]}) == [(1, "rise", True), (11, "rise", False)]


@given(st.lists(READINGS, min_size=2, max_size=30))
def test_a_fall_is_the_mirrored_rise_and_both_are_exact_to_a_tenth(course: list[Reading]) -> None:
    rule = a_rule(kind="rate", change=6, within_s=5, direction="either")
    held: dict[str, bool] = {"rise": False, "fall": False}
    events = {(at, level): holds for at, level, holds in found(a_judge(rule), {GUST: course})}
    for at, reading in enumerate(course):
        if isinstance(reading, Quality):
            continue
        surely = [one for one in course[max(0, at - 5) : at + 1] if not isinstance(one, Quality)]
        for level, change in (("rise", reading - min(surely)), ("fall", max(surely) - reading)):
            held[level] = events.get((at, level), held[level])
            # The window is never shorter than it says.
            assert held[level] or change < 6


def test_two_tags_that_part_are_a_deviation_named_after_the_first() -> None:
    judge = a_judge(a_rule(kind="deviation", tag=GUST, other=OTHER_GUST, most=2, on_delay_s=1))
    courses: dict[str, list[Reading]] = {GUST: [5.0] * 6, OTHER_GUST: [5, 8, 8, BAD, 8, 4]}
    assert found(judge, courses) == [(2, "deviation", True), (5, "deviation", False)]


def test_a_state_on_the_list_is_an_alarm_and_any_other_is_none() -> None:
    judge = a_judge(a_rule("mode", kind="discrete", tag=SPEED, states=[2, 5]))
    course: list[Reading] = [0, 2, 5, BAD, 5, 1]
    assert found(judge, {SPEED: course}) == [(1, "state", True), (5, "state", False)]


def test_a_tag_without_a_good_sample_for_too_long_is_stale_even_if_nothing_comes() -> None:
    judge = a_judge(a_rule("old", kind="stale", tag=GUST, after_s=3))
    scans = [
        *scans_of({GUST: [5.0]}),
        *scans_of({SPEED: [1.0] * 5}, begin_s=1),
        *scans_of({GUST: [5.0]}, begin_s=6),
    ]
    events = [(one.holds, one.at_ns, one.value) for scan in scans for one in judge.judge(scan)]
    assert events == [(True, scans[3].received_ns, 3.0), (False, scans[6].received_ns, 0.0)]


def test_a_stale_rule_takes_the_place_of_the_twin_and_leaves_a_lost_device_to_its_alarm() -> None:
    judge = a_judge(a_rule("old", kind="stale", tag=GUST, after_s=3))
    assert f"lost/{GUST}" not in {one.source for one in judge.conditions}
    course: list[Reading] = [5.0, *[AWAY] * 8]
    events = [
        one.condition.source for scan in scans_of({GUST: course}) for one in judge.judge(scan)
    ]
    assert events == ["device/wind"]


def test_a_value_that_stands_still_while_it_should_move_is_frozen() -> None:
    moving = {"tag": OTHER_GUST, "above": 5}
    rule = a_rule("cup", kind="frozen", after_s=4, band=0.1, enabled_while=moving)
    courses: dict[str, list[Reading]] = {
        GUST: [3.0, 3.05, 3.0, 3.0, 3.0, 3.0, 3.0, 3.5],
        OTHER_GUST: [9.0] * 8,
    }
    assert found(a_judge(rule), courses) == [(4, "frozen", True), (7, "frozen", False)]
    assert found(a_judge(rule), {**courses, OTHER_GUST: [1.0] * 8}) == []


def test_a_bad_sample_begins_the_standing_still_anew_but_does_not_end_it() -> None:
    rule = a_rule("cup", kind="frozen", after_s=3)
    assert found(a_judge(rule), {GUST: [3.0, 3.0, BAD, 3.0, 3.0, 3.0]}) == []
    course: list[Reading] = [3.0, 3.0, 3.0, 3.0, BAD, 3.0, 4.0]
    assert found(a_judge(rule), {GUST: course}) == [(3, "frozen", True), (6, "frozen", False)]


def test_a_switch_that_opens_three_times_a_minute_is_counted() -> None:
    rule = a_rule("chatter", kind="n_in_window", tag=E_STOP, below=0.5, count=3, within_s=60)
    course: list[Reading] = [1, 0, 1, 0, 0, 1, 0, 1, *[1] * 12]
    judge = a_judge(rule)
    assert found(judge, {E_STOP: course}, step_s=5) == [(30, "count", True), (70, "count", False)]


def test_two_of_three_outvote_one_and_nobody_votes_for_the_blind() -> None:
    rule = a_rule("vote", kind="two_of_three", tags=THREE, above=20)
    courses: dict[str, list[Reading]] = {
        GUST: [25, 25, 25, 25, BAD, BAD],
        OTHER_GUST: [5, 25, 25, BAD, BAD, 5],
        SPEED: [5, 5, 5, 5, 5, 5],
    }
    assert found(a_judge(rule), courses) == [(1, "vote", True), (5, "vote", False)]


@given(st.lists(st.tuples(READINGS, READINGS, READINGS), min_size=1, max_size=30))
def test_a_vote_never_begins_or_ends_on_what_is_not_known(rows: list[Any]) -> None:
    rule = a_rule("vote", kind="two_of_three", tags=THREE, above=20)
    courses = dict(zip(THREE, map(list, zip(*rows, strict=True)), strict=True))
    for at, _, holds in found(a_judge(rule), courses):
        known = [one for one in rows[int(at)] if not isinstance(one, Quality)]
        beyond = sum(one >= 20 for one in known)
        assert beyond >= 2 if holds else beyond + (3 - len(known)) < 2


def test_a_rule_counts_only_while_it_is_enabled() -> None:
    rule = a_rule(high=20, enabled_while={"tag": SPEED, "above": 0.5})
    courses: dict[str, list[Reading]] = {GUST: [25.0] * 5, SPEED: [0, 0, 1, 1, 0]}
    assert found(a_judge(rule), courses) == [(2, "H", True), (4, "H", False)]


def test_a_switch_that_is_lost_hides_nothing() -> None:
    rule = a_rule(high=20, enabled_while={"tag": SPEED, "above": 0.5})
    assert found(a_judge(rule), {GUST: [5, 25], SPEED: [0, BAD]}) == [(1, "H", True)]


def test_a_disabled_rule_does_not_clear_what_it_cannot_see() -> None:
    rule = a_rule(high=20, enabled_while={"tag": SPEED, "above": 0.5})
    courses: dict[str, list[Reading]] = {GUST: [25, BAD, BAD], SPEED: [1, 0, 0]}
    assert found(a_judge(rule), courses) == [(0, "H", True)]


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (a_rule(kind="rate", change=0, within_s=5), "greater than 0"),
        (a_rule(kind="rate", change=2, within_s=5, deadband=2), "not below the change"),
        (a_rule(kind="deviation", tag=GUST, other=GUST, most=2), "are the same"),
        (a_rule(kind="deviation", other=OTHER_GUST, most=2, deadband=2), "not below"),
        (a_rule(kind="discrete", states=[]), "at least 1"),
        (a_rule(kind="stale", after_s=0), "greater than 0"),
        (a_rule(kind="frozen", after_s=0), "greater than 0"),
        (a_rule(kind="n_in_window", above=1, count=1, within_s=5), "greater than or equal to 2"),
        (a_rule(kind="n_in_window", count=2, within_s=5), "either 'above' or 'below'"),
        (a_rule(kind="two_of_three", tags=THREE[:2], above=1), "at least three tags"),
        (a_rule(kind="two_of_three", tags=THREE, votes=4, above=1), "at least three tags"),
        (a_rule(kind="two_of_three", tags=[GUST] * 3, above=1), "more than once"),
        (a_rule(high=1, enabled_while={"tag": SPEED}), "either 'above' or 'below'"),
        (a_rule(kind="limt", high=1), "does not match"),
    ],
)
def test_a_rule_that_can_never_be_right_is_refused(rule: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        a_judging(rule)


def test_what_does_not_fit_the_plant_is_refused_all_at_once_with_its_places() -> None:
    tables = a_plant().model_dump(mode="json")
    tables["device"][0]["tags"][0] |= {"unit": "m/s", "min": 0, "max": 10}
    rules = [
        a_rule("fast", tag=SPEED, high=12, unit="km/h"),
        a_rule("apart", kind="deviation", tag=SPEED, other=GUST, most=1),
        a_rule("gated", high=5, enabled_while={"tag": "north.drive.none", "above": 1}),
        a_rule("other", kind="deviation", tag=GUST, other="north.drive.nil", most=1),
        a_rule("upside", high=5, low=9),
        a_rule("narrow", high=5, low=1, deadband=3),
        a_rule("few", kind="two_of_three", tags=[GUST, OTHER_GUST], above=1),
    ]
    judging, faults = parse_judging({**tables, "rule": rules})
    assert judging is None
    assert [fault.split(":")[0] for fault in faults] == [
        "rule 'upside'",
        "rule 'narrow'",
        "rule 'few'",
        "rule 'gated' enabled_while",
        "rule 'other'",
        "rule 'fast' unit",
        "rule 'fast' high",
        "rule 'apart'",
    ]
