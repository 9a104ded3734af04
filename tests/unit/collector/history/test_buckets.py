"""Buckets bridge nothing and invent nothing."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from collector.history.buckets import cut_buckets
from collector.history.rows import Course
from collector.model import Quality

FROM_NS = 1_790_000_000_000_000_000


def course(*samples: tuple[int, float, int]) -> Course:
    samples = tuple(sorted(samples))
    return Course(
        np.array([one[0] for one in samples], dtype=np.int64),
        np.array([one[1] for one in samples], dtype=np.float64),
        np.array([one[2] for one in samples], dtype=np.uint8),
    )


SAMPLES = st.tuples(
    st.integers(-5, 1005),
    st.one_of(st.floats(-1e6, 1e6), st.just(np.nan)),
    st.sampled_from([0, 0, 0, int(Quality.UNCERTAIN_SOURCE), int(Quality.BAD_DEVICE_LOST)]),
)


@given(st.lists(SAMPLES), st.integers(0, 10**6), st.integers(1, 1000), st.integers(1, 50))
def test_each_bucket_holds_exactly_its_own_good_samples(
    samples: list[tuple[int, float, int]], shift_ns: int, span_ns: int, count: int
) -> None:
    from_ns, to_ns = FROM_NS + shift_ns, FROM_NS + shift_ns + span_ns
    moved = [(from_ns + at, value, quality) for at, value, quality in samples]
    cut = cut_buckets(course(*moved), from_ns, to_ns, count)
    assert len(cut.begin_ns) == count
    assert cut.begin_ns[0] == from_ns
    edges = [*cut.begin_ns.tolist(), to_ns]
    for place in range(count):
        inside = [
            one
            for one in moved
            if edges[place] <= one[0] < edges[place + 1] and from_ns <= one[0] < to_ns
        ]
        good = [value for _, value, quality in inside if quality == 0 and np.isfinite(value)]
        share = len(good) / len(inside) if inside else 0.0
        assert cut.good_share[place] == share
        if good:
            assert cut.lowest[place] == min(good)
            assert cut.highest[place] == max(good)
            assert np.isclose(cut.mean[place], np.mean(good), atol=1e-6)
        else:
            assert np.isnan([cut.lowest[place], cut.mean[place], cut.highest[place]]).all()


def test_a_sample_on_the_very_first_instant_is_in_the_first_bucket() -> None:
    for shift_ns in range(0, 512, 7):
        at_ns = FROM_NS + shift_ns
        cut = cut_buckets(course((at_ns, 5.0, 0)), at_ns, at_ns + 10**9, 3)
        assert cut.mean[0] == 5.0


def test_a_hole_stays_a_hole() -> None:
    cut = cut_buckets(course((FROM_NS, 1.0, 0), (FROM_NS + 90, 2.0, 0)), FROM_NS, FROM_NS + 100, 10)
    assert np.isfinite(cut.mean).tolist() == [True, *[False] * 8, True]


def test_a_month_in_thousands_of_buckets_has_even_edges() -> None:
    month_ns = 31 * 86_400 * 10**9
    cut = cut_buckets(course(), FROM_NS, FROM_NS + month_ns, 2000)
    assert np.ptp(np.diff(cut.begin_ns)) <= 1
