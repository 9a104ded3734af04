"""A pass is found whole, whatever came between."""

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from analytics.rope.passes import Found, InstrumentCourses, finished_passes, pass_of
from collector.history.rows import Course
from collector.model import NANOSECONDS, Quality

S = NANOSECONDS


def course(*samples: tuple[float, float] | tuple[float, float, Quality]) -> Course:
    rows = [(*one, Quality.GOOD)[:3] for one in samples]
    return Course(
        np.array([round(row[0] * S) for row in rows], dtype=np.int64),
        np.array([row[1] for row in rows], dtype=np.float64),
        np.array([int(row[2]) for row in rows], dtype=np.uint8),
    )


def passes(running: Course, now_s: float = 10_000.0) -> list[tuple[float, float]]:
    return [(one.from_ns / S, one.to_ns / S) for one in finished_passes(running, round(now_s * S))]


def test_a_pass_lasts_from_the_first_running_to_the_first_not_running() -> None:
    assert passes(course((1, 0), (2, 1), (3, 1), (4, 0), (5, 0))) == [(2, 4)]


def test_two_passes_are_two() -> None:
    assert passes(course((1, 1), (2, 0), (3, 1), (4, 0))) == [(1, 2), (3, 4)]


def test_a_pass_that_still_runs_is_not_over() -> None:
    assert passes(course((1, 1), (2, 1)), now_s=3) == []
    assert passes(course((1, 1), (2, 1)), now_s=601) == []


def test_a_pass_goes_on_over_a_gap_and_over_bad_samples() -> None:
    running = course((1, 1), (2, math.nan, Quality.BAD_DEVICE_LOST), (500, 1), (501, 0))
    assert passes(running) == [(1, 501)]


def test_a_bad_not_running_ends_nothing() -> None:
    running = course((1, 1), (2, 0, Quality.BAD_SOURCE), (3, 1), (4, 0))
    assert passes(running) == [(1, 4)]


def test_ten_minutes_of_silence_end_a_pass_where_it_was_last_heard() -> None:
    assert passes(course((1, 1), (2, 1), (700, 1), (701, 0))) == [(1, 2), (700, 701)]
    assert passes(course((1, 1), (2, 1)), now_s=603) == [(1, 2)]
    assert passes(course((1, 1), (2, 1), (700, 0))) == [(1, 2)]


@given(st.lists(st.tuples(st.integers(1, 900), st.booleans()), max_size=30))
def test_passes_never_overlap_and_lie_within_what_was_said(
    steps: Sequence[tuple[int, bool]],
) -> None:
    at_s, rows = 0, []
    for wait_s, on in steps:
        at_s += wait_s
        rows.append((float(at_s), float(on)))
    found = passes(course(*rows), now_s=at_s + 1000)
    for begin_s, end_s in found:
        assert begin_s <= end_s
        assert (begin_s, 1.0) in rows
    assert all(one[1] <= other[0] for one, other in pairwise(found))
    covered = [row for row in rows if row[1] and any(a <= row[0] <= b for a, b in found)]
    assert covered == [row for row in rows if row[1]]


def instrument(**courses: Course) -> InstrumentCourses:
    whole = {
        "running": course((1, 1), (9, 0)),
        "position": course(*[(float(at), at * 0.1) for at in range(1, 10)]),
        "lma": course((0, 0.5), (4, 3.0)),
        "lf": course((1, -2.0)),
        "test_point": course((1, 7)),
        "pass_counter": course((0, 41), (9, 42)),
    }
    return InstrumentCourses(**{**whole, **courses})


def test_the_position_leads_and_takes_what_held_at_its_instant() -> None:
    found = pass_of(instrument(), Found(1 * S, 9 * S))
    assert found is not None
    rope_pass, code = found
    assert code == 7
    assert rope_pass.number == 42
    assert rope_pass.lma_pct.tolist() == [0.5] * 3 + [3.0] * 6
    assert rope_pass.lf.tolist() == [-2.0] * 9
    assert rope_pass.position_m[0] == 0.1


def test_what_was_not_good_is_not_a_number() -> None:
    lma = course((0, 0.5), (4, 9.9, Quality.BAD_OUT_OF_RANGE), (6, 1.0))
    found = pass_of(instrument(lma=lma), Found(1 * S, 9 * S))
    assert found is not None
    assert np.isnan(found[0].lma_pct).tolist() == [False] * 3 + [True] * 2 + [False] * 4


def test_the_code_of_most_samples_counts() -> None:
    codes = course((1, 0), (2, 7), (3, 7), (9, 8))
    found = pass_of(instrument(test_point=codes), Found(1 * S, 9 * S))
    assert found is not None
    assert found[1] == 7


def test_a_pass_without_position_or_code_is_none() -> None:
    assert pass_of(instrument(position=course()), Found(1 * S, 9 * S)) is None
    bad = course((1, 7, Quality.BAD_SOURCE))
    assert pass_of(instrument(test_point=bad), Found(1 * S, 9 * S)) is None
