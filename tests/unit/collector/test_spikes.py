"""One sample far off and back is marked; what stays is believed."""

from collections.abc import Sequence

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.model import Quality, Scan
from collector.spikes import SpikeWatch
from tests.unit.collector.words import BEGIN_NS, modbus, plant, scan, tag

GUST, OTHER = "north.tower_01.gust", "north.tower_01.mean"
PLANT = plant(modbus("wind", tag(GUST, 0, spike={"step": 10, "samples": 2}), tag(OTHER, 1)))
SPIKE = Quality.BAD_SPIKE

Reading = float | Quality


def watched(readings: Sequence[Reading]) -> list[int]:
    """Return the gust's quality, one scan after the other."""
    watch = SpikeWatch(PLANT)
    examined = [watch.examine(scan(PLANT, {GUST: one}, at)) for at, one in enumerate(readings)]
    return [int(one.quality[0]) for one in examined]


def together(readings: Sequence[float]) -> list[int]:
    """Return the gust's quality where one scan brings all its samples."""
    count = len(readings)
    brought = Scan(
        slots=np.zeros(count, dtype=np.int32),
        values=np.array(readings, dtype=float),
        quality=np.zeros(count, dtype=np.uint8),
        source_ns=BEGIN_NS + np.arange(count),
        received_ns=BEGIN_NS + count,
    )
    return [int(one) for one in SpikeWatch(PLANT).examine(brought).quality]


def test_one_sample_of_32767_is_marked_and_the_next_is_good() -> None:
    assert watched([5.0, 5.1, 32767.0, 5.2]) == [0, 0, SPIKE, 0]


def test_what_stays_far_off_is_believed_after_its_samples() -> None:
    assert watched([5.0, 25.0, 26.0, 27.0, 27.0]) == [0, SPIKE, SPIKE, 0, 0]


def test_two_wild_samples_on_either_side_prove_nothing() -> None:
    assert watched([5.0, 99.0, -99.0, 99.0, -99.0, 5.0]) == [0, *[SPIKE] * 4, 0]


def test_a_steady_rise_within_the_step_is_no_spike() -> None:
    assert watched([float(one) for one in range(0, 90, 9)]) == [0] * 10


def test_the_first_sample_and_the_first_after_a_bad_one_are_believed() -> None:
    assert watched([50.0]) == [0]
    lost = Quality.BAD_DEVICE_LOST
    assert watched([5.0, lost, 50.0, 51.0]) == [0, lost, 0, 0]


def test_a_tag_without_a_spike_table_passes_untouched() -> None:
    watch = SpikeWatch(PLANT)
    for value in (5.0, 32767.0):
        one = scan(PLANT, {OTHER: value})
        assert watch.examine(one) is one


@settings(deadline=None)
@given(st.lists(st.floats(-100, 100), min_size=1, max_size=30))
def test_samples_that_come_together_are_judged_as_if_they_came_one_by_one(
    readings: list[float],
) -> None:
    assert together(readings) == watched(readings)


@settings(deadline=None)
@given(st.lists(st.floats(-100, 100), min_size=1, max_size=40))
def test_a_spike_never_hides_a_value_that_stays(readings: list[float]) -> None:
    found = watched([*readings, 77.0, 77.0, 77.0])
    assert found[-1] == 0


@settings(deadline=None)
@given(st.lists(st.floats(-100, 100) | st.just(Quality.BAD_SOURCE), min_size=1, max_size=30))
def test_only_good_samples_are_ever_marked_and_no_figure_is_changed(
    readings: list[Reading],
) -> None:
    watch = SpikeWatch(PLANT)
    for at, reading in enumerate(readings):
        one = scan(PLANT, {GUST: reading}, at)
        examined = watch.examine(one)
        assert examined.values is one.values
        if one.quality[0] != Quality.GOOD:
            assert examined.quality[0] == one.quality[0]
        else:
            assert examined.quality[0] in (Quality.GOOD, SPIKE)
