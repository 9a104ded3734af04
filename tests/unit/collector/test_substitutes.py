"""A value given by hand is never good, says what it stands for, and ends by itself."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.model import NANOSECONDS, UNCERTAIN_FROM, Quality, Said
from collector.substitutes import Substitute, Substitutes
from tests.unit.collector.words import BEGIN_NS, modbus, plant, scan, tag

GUST, MEAN = "north.tower_01.gust", "north.tower_01.mean"
PLANT = plant(modbus("wind", tag(GUST, 0), tag(MEAN, 1)))
UNTIL_NS = BEGIN_NS + 10 * NANOSECONDS


def standing() -> Substitutes:
    substitutes = Substitutes(PLANT)
    substitutes.stand([Substitute(GUST, 12.0, UNTIL_NS)])
    return substitutes


@pytest.mark.parametrize(
    ("measured", "code"),
    [
        (5.0, Quality.UNCERTAIN_SUBSTITUTED),
        (Quality.BAD_FROZEN, Quality.UNCERTAIN_SUBSTITUTED),
        (Quality.BAD_SOURCE, Quality.UNCERTAIN_SUBSTITUTED_FOR_BAD),
        (Quality.UNCERTAIN_SOURCE, Quality.UNCERTAIN_SUBSTITUTED_FOR_BAD),
        (Quality.BAD_DEVICE_LOST, Quality.UNCERTAIN_SUBSTITUTED_FOR_LOST),
    ],
)
def test_the_code_tells_what_the_protocol_said(measured: float | Quality, code: Quality) -> None:
    substitutes = standing()
    found = substitutes.examine(scan(PLANT, {GUST: measured, MEAN: 4.0}, 1.0))
    assert found.values.tolist() == [12.0, 4.0]
    assert found.quality.tolist() == [code, 0]
    newest = substitutes.measured(GUST)
    assert newest is not None
    assert newest.quality == (measured if isinstance(measured, Quality) else Quality.GOOD)
    assert newest.value == (None if isinstance(measured, Quality) else measured)


def test_it_ends_by_itself_at_its_instant() -> None:
    substitutes = standing()
    assert substitutes.examine(scan(PLANT, {GUST: 5.0}, 9.9)).quality[0] != 0
    after = scan(PLANT, {GUST: 5.0}, 10.0)
    assert substitutes.examine(after) is after


def test_what_no_longer_stands_is_measured_again() -> None:
    substitutes = standing()
    substitutes.stand([])
    one = scan(PLANT, {GUST: 5.0}, 1.0)
    assert substitutes.examine(one) is one


def test_a_stranger_cannot_be_substituted() -> None:
    with pytest.raises(KeyError):
        Substitutes(PLANT).stand([Substitute("north.no.such", 1.0, UNTIL_NS)])


@settings(deadline=None)
@given(st.sampled_from(Quality), st.floats(-1e6, 1e6))
def test_a_substituted_sample_is_never_good_and_never_loses_a_lost_device(
    quality: Quality, value: float
) -> None:
    one = scan(PLANT, {GUST: value}, 1.0)
    one.quality[0] = quality
    found = Quality(int(standing().examine(one).quality[0]))
    assert found >= UNCERTAIN_FROM
    assert not found.bad
    assert (found.said is Said.NOTHING) == (quality.said is Said.NOTHING)
