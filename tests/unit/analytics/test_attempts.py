"""Wrong secrets are counted, and the next try waits."""

from hypothesis import given
from hypothesis import strategies as st

from analytics.attempts import Attempts

KEY = ("login", "wanglei", "192.0.2.1")


def test_after_the_last_permitted_failure_the_next_try_waits() -> None:
    attempts = Attempts(900)
    for number in range(5):
        assert attempts.wait_s(KEY, 5, number) == 0
        attempts.begin(KEY, number)
    assert attempts.wait_s(KEY, 5, 4) == 900
    assert attempts.wait_s(KEY, 5, 100) == 804
    assert attempts.wait_s(("login", "liqiang", "192.0.2.1"), 5, 4) == 0


def test_a_success_forgets_the_failures_before_it() -> None:
    attempts = Attempts(900)
    for _ in range(4):
        attempts.begin(KEY, 1)
    attempts.succeeded(KEY)
    assert attempts.begin(KEY, 2) == 1


@given(st.lists(st.floats(0, 100), min_size=1, max_size=400), st.integers(3, 10))
def test_no_more_than_the_permitted_tries_pass_in_any_window(
    pauses: list[float], most: int
) -> None:
    attempts, now_s, passed = Attempts(60), 0.0, list[float]()
    for pause in pauses:
        now_s += pause
        if attempts.wait_s(KEY, most, now_s) == 0:
            attempts.begin(KEY, now_s)
            passed.append(now_s)
    for begin in passed:
        assert sum(begin <= at < begin + 60 for at in passed) <= most


def test_it_remembers_no_more_keys_than_it_may() -> None:
    attempts = Attempts(900, kept=100)
    for number in range(1000):
        attempts.begin(("address", str(number)), 1)
    assert attempts.wait_s(("address", "0"), 1, 1) == 0
    assert attempts.wait_s(("address", "999"), 1, 1) > 0
