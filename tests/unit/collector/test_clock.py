"""Site time runs forward, by the same word everywhere."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.clock import REAL_TIME, Clock, TimeBase, simulated_time

DAY_S = 86_400.0
BASES = st.builds(
    TimeBase,
    anchor_ns=st.integers(0, 2 * 10**18),
    origin_ns=st.integers(0, 2 * 10**18),
    speed=st.floats(0.01, 1000),
    run_s=st.floats(1, 30 * DAY_S),
    skip_s=st.floats(0, 400 * DAY_S),
    skips=st.integers(0, 100),
)


@given(BASES)
def test_a_time_base_written_and_read_is_the_same(base: TimeBase) -> None:
    assert TimeBase.read(base.write()) == base


@given(BASES, st.lists(st.integers(0, 10**18), min_size=2))
def test_site_time_never_runs_backwards(base: TimeBase, later_ns: list[int]) -> None:
    instants = [base.site_ns(base.anchor_ns + one) for one in sorted(later_ns)]
    assert instants == sorted(instants)


@pytest.mark.parametrize(
    "word",
    [
        "",
        "1:2:3",
        "a:0:1:0:0:0",
        "0:0:0:0:0:0",
        "0:0:-1:0:0:0",
        "0:0:nan:0:0:0",
        "0:0:inf:0:0:0",
        "0:0:1:0:5:3",
        "0:0:1:nan:5:3",
        "0:0:1:5:-5:3",
        "0:0:1:5:5:-3",
        "0:0:1:0:0:0:0",
    ],
)
def test_what_is_no_time_base_is_refused_with_the_word_itself(word: str) -> None:
    with pytest.raises(ValueError, match="time base '") as refusal:
        TimeBase.read(word)
    assert "\n" not in str(refusal.value)


def test_the_calendar_leaps_after_each_run_and_then_no_more() -> None:
    base = TimeBase(speed=2.0, run_s=10, skip_s=100, skips=2)
    seconds = [base.site_ns(int(machine_s * 1e9)) / 1e9 for machine_s in (0, 4.9, 5, 9.9, 10, 50)]
    assert seconds == pytest.approx([0, 9.8, 110, 119.8, 220, 300])


def test_a_time_out_shrinks_in_fast_time_but_stays_fair() -> None:
    assert Clock(REAL_TIME).timeout_s(0.8) == 0.8
    assert Clock(simulated_time(0, 2.0)).timeout_s(3.0) == 1.5
    assert Clock(simulated_time(0, 100.0)).timeout_s(3.0) == 1.0
    assert Clock(simulated_time(0, 100.0)).timeout_s(0.8) == 0.8
    assert Clock(simulated_time(0, 100.0)).timeout_s(0.1) == 0.1


async def test_fast_time_sleeps_less() -> None:
    clock = Clock(simulated_time(0, 100.0))
    began_s = clock.steady_s()
    await clock.sleep(2.0)
    assert 2.0 <= clock.steady_s() - began_s < 40.0
