"""News, confirmation, doubles and clocks: what becomes of a server's answers, without a server."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.drivers.opcua_rows import TagRows
from collector.drivers.opcua_wire import IMPOSSIBLE_TIME, NO_TIME, Columns
from collector.model import NANOSECONDS, Quality, Scan
from tests.contract.opcua_parts import device_with

T = 1_800_000_000 * NANOSECONDS
SECOND = NANOSECONDS
WAY = 4 * SECOND // 10
"""Two periods of the device, which is what news may be on its way before any was seen."""


def rows_of(*names: str) -> TagRows:
    return TagRows(device_with(4840, names), 10, skew_s=30.0)


def columns(*samples: tuple[int, float, int, int]) -> Columns:
    handles, raw, status, source_ns = zip(*samples, strict=True)
    return Columns(list(handles), list(raw), list(status), list(source_ns))


def scanned(rows: TagRows, confirmed_ns: int, now_ns: int) -> Scan:
    return rows.scan(np.array([confirmed_ns], dtype=np.int64), now_ns)


def test_an_unchanged_tag_is_repeated_up_to_what_its_subscription_confirmed() -> None:
    rows = rows_of("a", "b")
    rows.arrive(columns((0, 1.0, 0, T), (1, 2.0, 0, T)), T)
    assert list(scanned(rows, 0, T).slots) == [10, 11]
    rows.arrive(columns((0, 3.0, 0, T + SECOND)), T + SECOND)
    scan = scanned(rows, T + SECOND // 2, T + SECOND)
    assert list(zip(scan.slots, scan.values, scan.source_ns, strict=True)) == [
        (10, 3.0, T + SECOND),
        (11, 2.0, T + SECOND // 2 - WAY),
    ]
    assert len(scanned(rows, T + SECOND // 2, T + SECOND)) == 0


@given(st.lists(st.tuples(st.integers(1, 20), st.booleans()), min_size=1, max_size=40))
def test_an_old_value_never_stands_after_a_newer_one(answers: list[tuple[int, bool]]) -> None:
    rows = rows_of("a")
    rows.arrive(columns((0, 0.0, 0, T)), T)
    heard, confirmed, changed_at, told = T, 0, T, [T]
    scanned(rows, confirmed, heard)
    for number, (tenths, changed) in enumerate(answers, 1):
        confirmed, heard = heard, heard + tenths * SECOND // 10
        if changed:
            changed_at = max(changed_at + 1, heard - WAY)
            rows.arrive(columns((0, float(number), 0, changed_at)), heard)
        told += scanned(rows, confirmed, heard).source_ns.tolist()
    assert told == sorted(told)


def test_a_value_brought_again_by_a_new_session_is_confirmed_and_no_second_sample() -> None:
    rows = rows_of("a", "b")
    rows.arrive(columns((0, 1.0, 0, T), (1, math.nan, 0x808C0000, T)), T)
    scanned(rows, 0, T)
    rows.begin_session()
    later = T + 60 * SECOND
    rows.arrive(columns((0, 1.0, 0, T), (1, math.nan, 0x808C0000, T)), later)
    scan = scanned(rows, 0, later)
    assert list(scan.source_ns) == [later, later]
    assert list(scan.quality) == [Quality.GOOD, Quality.BAD_SOURCE]
    assert rows.counted["resent"] == 2
    rows.begin_session()
    rows.arrive(columns((0, 1.5, 0, T)), later)  # the same time, another value: news
    assert list(scanned(rows, 0, later).source_ns) == [T]


def test_the_first_value_may_be_old_and_a_later_one_may_not() -> None:
    rows = rows_of("a")
    rows.arrive(columns((0, 1.0, 0, T - 3600 * SECOND)), T)
    assert list(scanned(rows, 0, T).quality) == [Quality.GOOD]
    rows.arrive(columns((0, 2.0, 0, T - 3600 * SECOND + 1)), T + SECOND)
    assert list(scanned(rows, 0, T + SECOND).quality) == [Quality.UNCERTAIN_CLOCK]


def test_a_clock_ahead_is_uncertain_from_the_first_value_and_confirmed_by_itself() -> None:
    rows = rows_of("a")
    ahead = T + 7200 * SECOND
    rows.arrive(columns((0, 1.0, 0, ahead)), T)
    first = scanned(rows, 0, T)
    assert (list(first.quality), list(first.source_ns)) == ([Quality.UNCERTAIN_CLOCK], [ahead])
    again = scanned(rows, T + SECOND, T + 2 * SECOND)
    assert list(again.source_ns) == [ahead + SECOND - WAY]
    assert again.received_ns == T + 2 * SECOND


@pytest.mark.parametrize("stamp", [NO_TIME, IMPOSSIBLE_TIME])
def test_a_sample_without_a_possible_time_gets_that_of_receiving(stamp: int) -> None:
    rows = rows_of("a")
    rows.arrive(columns((0, 1.0, 0, stamp)), T)
    scan = scanned(rows, 0, T)
    assert list(scan.source_ns) == [T]
    expected = Quality.GOOD if stamp == NO_TIME else Quality.UNCERTAIN_CLOCK
    assert list(scan.quality) == [expected]


def test_an_overflow_marks_one_sample_and_no_repetition_of_it() -> None:
    rows = rows_of("a")
    rows.arrive(columns((0, 1.0, 0x480, T)), T)
    assert list(scanned(rows, 0, T).quality) == [Quality.UNCERTAIN_SOURCE]
    assert rows.counted["overflows"] == 1
    assert list(scanned(rows, T + SECOND, T + SECOND).quality) == [Quality.GOOD]


def test_a_refused_tag_is_bad_at_every_scan_until_it_brings_something() -> None:
    rows = rows_of("a", "b")
    rows.arrive(columns((0, 1.0, 0, T)), T)
    rows.refuse([0], 0x80340000)
    for at in (T, T + SECOND):
        scan = scanned(rows, at, at)
        assert list(scan.quality[scan.slots == 10])[-1] == Quality.BAD_SOURCE
    rows.accept(0)
    rows.arrive(columns((0, 2.0, 0, T + SECOND)), T + SECOND)
    assert list(scanned(rows, 0, T + SECOND).quality) == [Quality.GOOD]
    assert rows.statuses["0x80340000"] == 1


STATUS = st.integers(0, 2**32 - 1)
SAMPLE = st.tuples(
    st.integers(0, 2**32 - 1) | st.integers(0, 2), st.floats(), STATUS, st.integers(-1, 2**63 - 1)
)


@given(st.lists(SAMPLE, min_size=1, max_size=30))
def test_whatever_arrives_no_value_is_good_that_is_bad_uncertain_or_no_number(
    samples: list[tuple[int, float, int, int]],
) -> None:
    rows = rows_of("a", "b", "c")
    rows.arrive(columns(*samples), T)
    scan = scanned(rows, 0, T)
    ours = [one for one in samples if one[0] < 3]
    assert list(scan.slots) == [10 + one[0] for one in ours]
    for (_, raw, status, _), quality in zip(ours, scan.quality, strict=True):
        if quality == Quality.GOOD:
            assert status >> 30 == 0
            assert math.isfinite(raw)
    assert rows.counted["strangers"] == len(samples) - len(ours)
