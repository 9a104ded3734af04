"""A device that answers but lives no more, and a wrong clock, are told from a well one."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.clock import Clock
from collector.model import BAD_FROM, NANOSECONDS, Quality, Scan, lost_scan
from collector.signs import SignsWatch
from tests.unit.collector.words import BEGIN_NS, modbus, plant, scan, tag

SPEED, BEAT, TIME = "north.drive.speed", "north.plc.heartbeat", "north.plc.clock"
FORCE = "north.tension.force"
PLANT = plant(
    modbus(
        "drive",
        tag(SPEED, 0),
        tag(BEAT, 1),
        tag(TIME, 2),
        heartbeat=BEAT,
        heartbeat_s=1.0,
        clock=TIME,
        clock_skew_s=30,
        scan_s=0.5,
    ),
    modbus("line", tag(FORCE, 0)),
)
NOW_S = BEGIN_NS / NANOSECONDS
JANUARY_2000_S = 946_684_800.0


def brought(at_s: float, beat: float | Quality, skew_s: float = 0.0) -> Scan:
    return scan(PLANT, {SPEED: 5.0, BEAT: beat, TIME: NOW_S + at_s + skew_s}, at_s)


def test_a_heartbeat_that_stands_still_for_two_periods_makes_all_its_tags_stale() -> None:
    watch = SignsWatch(PLANT, Clock())
    for at_s in (0.0, 0.5, 1.0, 1.5):
        assert not watch.examine(brought(at_s, 7.0)).quality.any()
    assert set(watch.examine(brought(2.0, 7.0)).quality) == {Quality.BAD_STALE}
    assert watch.of("drive").heartbeat_stopped
    assert not watch.examine(brought(2.5, 8.0)).quality.any()
    assert not watch.of("drive").heartbeat_stopped


def test_another_device_is_not_touched_by_it() -> None:
    watch = SignsWatch(PLANT, Clock())
    watch.examine(brought(0.0, 7.0))
    watch.examine(brought(9.0, 7.0))
    other = scan(PLANT, {FORCE: 250.0}, 9.0)
    assert watch.examine(other) is other


def test_a_heartbeat_that_cannot_be_read_is_no_sign_of_life() -> None:
    watch = SignsWatch(PLANT, Clock())
    for at_s in (0.0, 0.5, 1.0, 1.5):
        watch.examine(brought(at_s, Quality.BAD_SOURCE))
    found = watch.examine(brought(2.0, Quality.BAD_SOURCE))
    assert list(found.quality) == [Quality.BAD_STALE, Quality.BAD_SOURCE, Quality.BAD_STALE]


def test_a_device_that_was_lost_is_given_its_two_periods_again() -> None:
    watch = SignsWatch(PLANT, Clock())
    watch.examine(brought(0.0, 7.0))
    slots = np.arange(3, dtype=np.int32)
    for at_s in (1, 20, 60):
        lost = lost_scan(slots, Quality.BAD_DEVICE_LOST, BEGIN_NS + at_s * NANOSECONDS)
        assert watch.examine(lost) is lost
    assert not watch.examine(brought(60.5, 7.0)).quality.any()


@pytest.mark.parametrize("skew_s", [31.0, -31.0, 3 * 3600.0, JANUARY_2000_S - NOW_S])
def test_a_wrong_clock_is_uncertain_with_both_times_and_the_values_stay_good(
    skew_s: float,
) -> None:
    watch = SignsWatch(PLANT, Clock())
    found = watch.examine(brought(1.0, 7.0, skew_s))
    assert list(found.quality) == [0, 0, Quality.UNCERTAIN_CLOCK]
    assert found.values[2] == NOW_S + 1.0 + skew_s
    assert found.source_ns[2] == BEGIN_NS + NANOSECONDS
    signs = watch.of("drive")
    assert signs.clock_wrong
    assert signs.clock_skew_s == pytest.approx(skew_s, abs=1e-3)
    watch.examine(brought(2.0, 8.0))
    assert not signs.clock_wrong


@settings(deadline=None)
@given(
    beats=st.lists(st.integers(0, 2), min_size=1, max_size=40),
    skew_s=st.floats(-1e6, 1e6),
)
def test_no_sign_ever_makes_a_sample_better_or_changes_its_figure(
    beats: list[int], skew_s: float
) -> None:
    watch = SignsWatch(PLANT, Clock())
    for at, beat in enumerate(beats):
        one = brought(at / 2, float(beat), skew_s)
        one.quality[0] = Quality.BAD_OUT_OF_RANGE
        found = watch.examine(one)
        assert found.values is one.values
        assert (found.quality >= one.quality).all()
        assert found.quality[0] == Quality.BAD_OUT_OF_RANGE
        stopped = watch.of("drive").heartbeat_stopped
        assert stopped == (found.quality[1] >= BAD_FROM)
