"""The worst loss over each reference length, and the verdict it brings."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from analytics.model import Verdict, WindowLoss
from analytics.rope import judge, verdict_of, worst_windows
from collector.site import Rope
from tests.unit.analytics.rope_words import a_pass, a_point, a_rope, a_trace

Floats = NDArray[np.float64]

SAMPLED_M: Floats = np.arange(261, dtype=np.float64) * 0.05
STEPS = st.lists(st.floats(0.01, 0.2), min_size=40, max_size=120)


@st.composite
def courses(draw: st.DrawFn) -> tuple[Floats, Floats]:
    """An uneven course: positions from zero, and a loss at each."""
    steps = draw(STEPS)
    position = np.concatenate(([0.0], np.cumsum(steps)))
    losses = st.lists(st.floats(0, 30), min_size=len(position), max_size=len(position))
    return position, np.array(draw(losses))


def short_rope(length_m: float, *windows_d: float, loop: bool = False) -> Rope:
    """A 50 mm rope: a window of 4 d is 0.2 m, as wide as the widest step."""
    limits = tuple((window_d, 10.0) for window_d in windows_d)
    return a_rope(length_m=length_m, loop=loop, diameter_mm=50.0, limits=limits)


@given(courses(), st.floats(0, 40))
def test_a_uniform_loss_reads_the_same_over_every_length(
    course: tuple[Floats, Floats], loss: float
) -> None:
    position = course[0]
    rope = short_rope(1000, 4, 6, 7.5)
    found = worst_windows(a_trace(position, np.full(len(position), loss)), rope)
    for window in found:
        assert window.loss_pct == pytest.approx(loss, abs=1e-9)


@given(courses())
def test_a_length_holding_the_shorter_one_whole_never_reads_more(
    course: tuple[Floats, Floats],
) -> None:
    losses = [
        window.loss_pct for window in worst_windows(a_trace(*course), short_rope(1000, 4, 8, 16))
    ]
    for shorter, longer in pairwise(losses):
        assert longer <= shorter + 1e-9


@given(courses())
def test_no_window_anywhere_reads_more_than_the_worst(course: tuple[Floats, Floats]) -> None:
    position, lma = course
    for window in worst_windows(a_trace(position, lma), short_rope(1000, 4, 5.3)):
        width = window.window_d * 0.05
        fine = np.linspace(0, width, 400)
        readings = [
            np.trapezoid(np.interp(start + fine, position, lma), fine) / width
            for start in np.linspace(position[0], position[-1] - width, 100)
        ]
        assert max(readings) <= window.loss_pct + 0.02 * max(1.0, float(lma.max()))
        here = np.interp(window.position_m + fine, position, lma)
        # What it reads is really there, at the place it names.
        assert np.trapezoid(here, fine) / width == pytest.approx(
            window.loss_pct, abs=0.02 * max(1.0, float(lma.max()))
        )


@given(courses(), st.floats(0.0, 1.0))
def test_a_loop_reads_the_same_wherever_its_trace_is_cut(
    course: tuple[Floats, Floats], cut: float
) -> None:
    position, lma = course
    loop_m = float(position[-1]) + 0.1
    rope = short_rope(loop_m, 4, 6, 9, loop=True)
    at = int(cut * (len(position) - 1))
    turned = np.concatenate((position[at:], position[:at] + loop_m)) - position[at]
    whole = worst_windows(a_trace(position, lma), rope)
    again = worst_windows(a_trace(turned, np.roll(lma, -at)), rope)
    assert len(whole) == len(again) == 3
    for one, other in zip(whole, again, strict=True):
        assert other.loss_pct == pytest.approx(one.loss_pct, abs=1e-6)
        assert 0 <= one.position_m < loop_m


def test_a_defect_across_zero_of_a_loop_is_found_whole() -> None:
    position = np.arange(0, 20, 0.05)
    lma = np.where((position < 0.25) | (position > 19.75), 8.0, 0.0)
    rope = short_rope(20.0, 8, loop=True)
    (window,) = worst_windows(a_trace(position, lma), rope)
    assert window.loss_pct == pytest.approx(8.0)
    assert window.position_m > 19.7
    (cut,) = worst_windows(a_trace(position, lma), rope.model_copy(update={"loop": False}))
    assert cut.loss_pct < 6.0


def test_a_loop_measured_more_than_once_round_counts_each_place_once() -> None:
    position = np.arange(0, 30, 0.05)
    lma = np.where((position > 25) & (position < 26), 9.0, 0.0)
    rope = short_rope(20.0, 8, loop=True)
    (window,) = worst_windows(a_trace(position, lma), rope)
    assert window.loss_pct == pytest.approx(9.0)
    assert window.position_m == pytest.approx(5.05, abs=0.6)


@pytest.mark.parametrize(
    ("diameter_mm", "window_d", "window_m"),
    [(40.5, 6, 0.243), (40.5, 40, 1.62), (47.5, 30, 1.425), (72, 200, 14.4)],
)
def test_reference_lengths_are_those_of_the_domain(
    diameter_mm: float, window_d: float, window_m: float
) -> None:
    # A loss of 10 % exactly as long as the window, and a sharp edge at both ends.
    edge = 1e-5
    inside = np.arange(10.0, 10.0 + window_m, 0.01)
    position = np.concatenate(
        (np.arange(0, 10, 0.01), inside + edge, np.arange(10 + window_m, 40, 0.01) + 2 * edge)
    )
    lma = np.where((position > 10) & (position < 10 + window_m + edge), 10.0, 0.0)
    rope = a_rope(diameter_mm=diameter_mm, limits=((window_d, 10.0),), loop=False)
    (window,) = worst_windows(a_trace(position, lma), rope)
    assert window.loss_pct == pytest.approx(10.0, rel=0.05)
    assert window.position_m == pytest.approx(10.0, abs=0.03)


def test_a_window_never_bridges_a_gap() -> None:
    position = np.concatenate((np.arange(0, 5, 0.05), np.arange(6, 12, 0.05)))
    lma = np.where((position > 4.9) & (position < 6.1), 8.0, 0.0)
    rope = short_rope(1000, 4, 30, 200)
    found = {window.window_d: window for window in worst_windows(a_trace(position, lma), rope)}
    assert found[30].loss_pct < 1.0
    assert 200 not in found  # 10 m fit on neither side


def test_a_pass_is_judged_by_all_reference_lengths_at_once() -> None:
    short = np.where((SAMPLED_M > 3) & (SAMPLED_M < 3.5), 5.6, 0.0)
    long = np.where((SAMPLED_M > 3) & (SAMPLED_M < 8), 5.0, 0.0)
    test, _ = judge(a_pass(SAMPLED_M, short), a_rope(), a_point())
    assert [window.window_d for window in test.windows] == [6.0, 40.0]  # 20 m are not there
    assert test.verdict is Verdict.ACTION
    assert test.windows[0].position_m == pytest.approx(3.05, abs=0.16)
    test, _ = judge(a_pass(SAMPLED_M, long), a_rope(), a_point())
    assert test.verdict is Verdict.WARNING
    assert test.complete


def test_a_pass_keeps_its_figures() -> None:
    test, trace = judge(a_pass(SAMPLED_M, SAMPLED_M * 0, 50), a_rope(), a_point())
    assert (test.rope, test.test_point, test.pass_number) == ("north_haul", "tuck_1", 7)
    assert (test.started_ns, test.ended_ns) == (50, 50 + 260 * 200_000_000)
    assert test.speed_mps == pytest.approx(0.25)
    assert (test.lf_max, test.lf_position_m) == (3.0, 0.0)
    assert test.covered_share == pytest.approx(1.0)
    assert len(trace.position_m) == 261


@pytest.mark.parametrize(
    ("share", "verdict"),
    [
        (-0.1, Verdict.NORMAL),
        (0.49, Verdict.NORMAL),
        (0.5, Verdict.WATCH),
        (0.7, Verdict.WARNING),
        (0.9, Verdict.ACTION),
        (1.0, Verdict.DISCARD),
        (3.0, Verdict.DISCARD),
    ],
)
def test_the_window_that_uses_up_most_of_its_limit_decides(share: float, verdict: Verdict) -> None:
    windows = (WindowLoss(6, share * 6, 0, 6), WindowLoss(40, -8, 0, 8))
    assert verdict_of(windows, 0.9, complete=True) is verdict
    assert verdict_of(windows[::-1], 0.9, complete=True) is verdict


def test_the_site_sets_from_where_to_act() -> None:
    windows = (WindowLoss(6, 4.0, 0, 6),)
    assert verdict_of(windows, 0.9, complete=True) is Verdict.WATCH
    assert verdict_of(windows, 0.6, complete=True) is Verdict.ACTION


def test_a_pass_cut_short_never_says_that_all_is_well() -> None:
    part = SAMPLED_M[:240]
    test, _ = judge(a_pass(part, part * 0), a_rope(), a_point())
    assert not test.complete
    assert test.covered_share == pytest.approx(239 / 260)
    assert test.verdict is Verdict.INCOMPLETE


def test_a_pass_with_a_gap_is_not_complete() -> None:
    wide = np.concatenate((SAMPLED_M[:100], SAMPLED_M[106:]))
    test, _ = judge(a_pass(wide, wide * 0), a_rope(), a_point())
    assert test.covered_share > 0.95
    assert not test.complete
    narrow = np.concatenate((SAMPLED_M[:100], SAMPLED_M[103:]))
    test, _ = judge(a_pass(narrow, narrow * 0), a_rope(), a_point())
    assert test.complete


def test_bad_samples_are_a_gap() -> None:
    lma = SAMPLED_M * 0
    lma[100:106] = math.nan
    test, trace = judge(a_pass(SAMPLED_M, lma), a_rope(), a_point())
    assert test.verdict is Verdict.INCOMPLETE
    assert len(trace.position_m) == 255


def test_what_a_pass_cut_short_did_find_stands() -> None:
    part = SAMPLED_M[:100]
    lma = np.where((part > 3) & (part < 3.6), 7.0, 0.0)
    test, _ = judge(a_pass(part, lma), a_rope(), a_point())
    assert not test.complete
    assert test.verdict is Verdict.DISCARD


def test_a_pass_without_one_usable_sample_says_nothing() -> None:
    nothing = np.full(5, math.nan)
    test, trace = judge(a_pass(SAMPLED_M[:5], nothing), a_rope(), a_point())
    assert (test.windows, test.verdict, test.complete) == ((), Verdict.INCOMPLETE, False)
    assert math.isnan(test.lf_max)
    assert trace.position_m == ()


def test_a_rope_without_limits_has_no_verdict() -> None:
    test, _ = judge(a_pass(SAMPLED_M, SAMPLED_M * 0), a_rope(limits=()), a_point())
    assert test.verdict is Verdict.INCOMPLETE


def test_the_head_may_come_from_either_side() -> None:
    lma = np.where((SAMPLED_M > 3) & (SAMPLED_M < 3.3), 5.6, 0.0)
    forth, _ = judge(a_pass(SAMPLED_M, lma), a_rope(), a_point())
    back, _ = judge(a_pass(SAMPLED_M[::-1], lma[::-1]), a_rope(), a_point())
    assert back.windows == forth.windows
    assert back.speed_mps == forth.speed_mps
