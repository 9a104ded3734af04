"""Roll-ups say of each span what its good samples were, whatever came when."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from collector.history.rollup import (
    HOUR_NS,
    MINUTE_NS,
    NOTHING,
    Rollup,
    merge,
    pack_rollup,
    roll_up,
    roll_up_runs,
    unpack_rollup,
)
from collector.model import Quality

BEGIN_NS = 1_790_000_000_000_000_000
SAMPLE = st.tuples(
    st.integers(0, 3 * HOUR_NS),
    st.one_of(st.integers(-1000, 1000).map(float), st.just(np.nan)),
    st.sampled_from([0, 0, 0, int(Quality.UNCERTAIN_CLOCK), int(Quality.BAD_DEVICE_LOST)]),
)
SAMPLES = st.lists(SAMPLE, max_size=40)


def rolled(samples: list[tuple[int, float, int]], span_ns: int = MINUTE_NS) -> Rollup:
    if not samples:
        return NOTHING
    at, values, quality = zip(*samples, strict=True)
    return roll_up(
        BEGIN_NS + np.array(at, dtype=np.int64),
        np.array(values),
        np.array(quality, dtype=np.uint8),
        span_ns,
    )


def same(one: Rollup, other: Rollup) -> bool:
    return all(
        np.array_equal(getattr(one, name), getattr(other, name), equal_nan=True)
        for name in ("at_ns", "lowest", "highest", "total", "samples", "good")
    )


@given(SAMPLES)
def test_each_span_holds_exactly_its_own_samples(samples: list[tuple[int, float, int]]) -> None:
    spans = rolled(samples)
    assert int(spans.samples.sum()) == len(samples)
    for number, at_ns in enumerate(spans.at_ns.tolist()):
        inside = [one for one in samples if (BEGIN_NS + one[0]) // MINUTE_NS * MINUTE_NS == at_ns]
        good = [value for _, value, quality in inside if quality == 0 and np.isfinite(value)]
        assert (spans.samples[number], spans.good[number]) == (len(inside), len(good))
        assert spans.total[number] == sum(good)
        if good:
            assert (spans.lowest[number], spans.highest[number]) == (min(good), max(good))
        else:
            assert np.isnan(spans.lowest[number])


@given(SAMPLES, SAMPLES)
def test_what_comes_late_corrects_what_was_rolled_up(
    early: list[tuple[int, float, int]], late: list[tuple[int, float, int]]
) -> None:
    parts = [rolled(early), rolled(late)]
    assert same(merge(parts, MINUTE_NS), rolled(early + late))
    assert same(merge(parts, HOUR_NS), rolled(early + late, HOUR_NS))


@given(st.lists(SAMPLES.filter(bool), min_size=1, max_size=5))
def test_many_runs_in_one_sweep_are_rolled_up_as_each_by_itself(
    runs: list[list[tuple[int, float, int]]],
) -> None:
    at, values, quality = zip(*(one for run in runs for one in run), strict=True)
    found = roll_up_runs(
        np.cumsum([0, *map(len, runs)]),
        BEGIN_NS + np.array(at, dtype=np.int64),
        np.array(values),
        np.array(quality, dtype=np.uint8),
    )
    for run, (minutes, hours) in zip(runs, found, strict=True):
        assert same(minutes, rolled(run))
        assert same(hours, merge([rolled(run)], HOUR_NS))


@given(SAMPLES)
def test_a_rollup_comes_back_from_its_packing(samples: list[tuple[int, float, int]]) -> None:
    assert same(unpack_rollup(pack_rollup(rolled(samples))), rolled(samples))
