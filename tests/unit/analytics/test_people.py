"""Who may do what: by role, and at their own ropeways only."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.people import (
    PERMITS,
    Caller,
    Grant,
    Permission,
    Role,
    password_fault,
    permits,
)
from collector.site import WHOLE_SITE
from tests.people import a_person

PLACES = ("north", "middle", "south")
grants = st.builds(Grant, st.sampled_from(Role), st.sampled_from([*PLACES, WHOLE_SITE]))


@given(st.lists(grants), st.sampled_from(Permission), st.sampled_from(PLACES))
def test_nothing_is_permitted_at_a_ropeway_that_no_grant_names(
    held: list[Grant], permission: Permission, place: str
) -> None:
    elsewhere = [one for one in held if one.ropeway not in (place, WHOLE_SITE)]
    assert not permits(elsewhere, permission, place)


@given(st.lists(grants), grants, st.sampled_from(Permission), st.sampled_from([*PLACES, None]))
def test_another_grant_never_takes_a_permission_away(
    held: list[Grant], more: Grant, permission: Permission, place: str | None
) -> None:
    assert permits(held, permission, place) <= permits([*held, more], permission, place)


@given(st.lists(grants), st.sampled_from(Permission), st.sampled_from(PLACES))
def test_what_is_permitted_at_a_ropeway_is_permitted_somewhere(
    held: list[Grant], permission: Permission, place: str
) -> None:
    assert permits(held, permission, place) <= permits(held, permission, None)


@given(st.lists(grants, min_size=1), st.sampled_from(Permission))
def test_with_a_one_time_password_nothing_is_permitted(
    held: list[Grant], permission: Permission
) -> None:
    newcomer = a_person(grants=tuple(held), one_time=True)
    caller = Caller(newcomer.name, newcomer.grants, newcomer)
    assert not caller.may(permission)
    assert caller.permissions() == {}


def test_every_role_reads_and_every_permission_belongs_to_a_role() -> None:
    assert all(Permission.READ in permitted for permitted in PERMITS.values())
    assert set(PERMITS) == set(Role)
    assert set().union(*PERMITS.values()) == set(Permission)


def test_a_viewer_only_reads_and_an_administrator_runs_no_ropeway() -> None:
    assert PERMITS[Role.VIEWER] == {Permission.READ}
    runs = {Permission.ANSWER_ALARMS, Permission.DECIDE, Permission.SUBSTITUTE}
    assert not PERMITS[Role.ADMINISTRATOR] & runs


def test_who_proposes_rules_by_trade_does_not_approve_them_alone() -> None:
    """A second person approves; the engineer who tends the instruments is not one who may."""
    assert Permission.APPROVE_RULES not in PERMITS[Role.MAINTENANCE]


@pytest.mark.parametrize(
    ("password", "words"),
    [
        ("short", "at least 10"),
        ("x" * 257, "at most 256"),
        ("mywanglei2026", "log-in name"),
        ("aaaaaaaaaaaa", "few different"),
    ],
)
def test_a_password_that_is_soon_guessed_will_not_do(password: str, words: str) -> None:
    fault = password_fault(password, "wanglei", 10)
    assert fault is not None
    assert words in fault[1]


def test_a_few_chinese_words_in_a_row_are_a_good_password() -> None:
    assert password_fault("山上有四条缆绳和一只猫", "wanglei", 10) is None
