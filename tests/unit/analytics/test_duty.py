"""Who is on duty at an instant: nights, weeks in turn, and clocks that are put forward and back."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from analytics.duty import DAYS, Duty, Turn, local_time, on_duty, time_of
from collector.model import NANOSECONDS

at = datetime.fromisoformat
SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")
TIMES = st.times().map(lambda one: one.strftime("%H:%M"))
INSTANTS = st.datetimes(at("2024-01-01T00:00"), at("2030-01-01T00:00"))
TURNS = st.builds(
    Turn,
    days=st.sets(st.sampled_from(DAYS), min_size=1).map(tuple),
    begins=TIMES,
    ends=TIMES,
    weeks=st.integers(1, 4),
    starting=st.dates(date(2023, 1, 1), date(2026, 1, 1)).map(date.isoformat),
)


def person(user: str = "zhang.wei", **other: object) -> Duty:
    table = {"user": user, "roles": ["operator"], "contacts": [{"channel": "group"}]}
    return Duty.model_validate(table | other)


def ns(local: datetime, zone: ZoneInfo) -> int:
    return int(local.replace(tzinfo=zone).timestamp()) * NANOSECONDS


def hours_of(turn: Turn, day: date) -> set[datetime]:
    """Every minute of the turn that begins on `day`, counted one by one."""
    monday = day - timedelta(days=day.weekday())
    first = date.fromisoformat(turn.starting)
    first -= timedelta(days=first.weekday())
    on = DAYS[day.weekday()] in turn.days and ((monday - first).days // 7) % turn.weeks == 0
    if not on:
        return set()
    begin = datetime.combine(day, time_of(turn.begins))
    end = datetime.combine(day, time_of(turn.ends))
    if end <= begin:
        end += timedelta(days=1)
    minutes = int((end - begin).total_seconds() // 60)
    return {begin + timedelta(minutes=one) for one in range(minutes)}


@given(TURNS, INSTANTS)
def test_a_turn_is_on_for_just_the_minutes_it_names(turn: Turn, when: datetime) -> None:
    when = when.replace(second=0, microsecond=0)
    minutes = hours_of(turn, when.date()) | hours_of(turn, when.date() - timedelta(days=1))
    assert turn.holds(when) == (when in minutes)


@given(TURNS, INSTANTS, st.sampled_from([SHANGHAI, BERLIN]))
def test_the_sites_clock_decides_whatever_the_zone_does(
    turn: Turn, when: datetime, zone: ZoneInfo
) -> None:
    at_ns = int(when.replace(tzinfo=UTC).timestamp()) * NANOSECONDS
    shown = datetime.fromtimestamp(at_ns / NANOSECONDS, zone)
    on = person(turns=[turn.model_dump()]).is_on(at_ns, zone)
    assert on == turn.holds(shown.replace(tzinfo=None))


def test_a_night_turn_belongs_to_the_day_on_which_it_begins() -> None:
    night = Turn(days=("sun",), begins="20:00", ends="08:00")
    assert night.holds(at("2026-01-04T23:00"))
    assert night.holds(at("2026-01-05T07:59"))
    assert not night.holds(at("2026-01-05T08:00"))
    assert not night.holds(at("2026-01-04T07:00"))


def test_a_night_in_which_the_clock_is_put_back_has_nobody_missing() -> None:
    night = person(turns=[{"begins": "20:00", "ends": "08:00"}])
    day = person("li.na", turns=[{"begins": "08:00", "ends": "20:00"}])
    begin_ns = ns(at("2026-10-24T00:00"), BERLIN)
    for minutes in range(0, 3 * 24 * 60, 10):
        at_ns = begin_ns + minutes * 60 * NANOSECONDS
        assert night.is_on(at_ns, BERLIN) != day.is_on(at_ns, BERLIN)


def test_two_people_in_turn_by_weeks_are_never_on_together_nor_both_off() -> None:
    odd = Turn(weeks=2, starting="2026-01-05")
    even = Turn(weeks=2, starting="2026-01-12")
    for day in range(60):
        noon = datetime.combine(date(2025, 12, 1) + timedelta(days=day), time(12))
        assert odd.holds(noon) != even.holds(noon)


def test_people_are_told_of_their_own_ropeways_and_of_the_whole_site() -> None:
    north = person("north", ropeways=["north"])
    everywhere = person("all")
    chief = person("chief", roles=["chief"])
    local = local_time(0, SHANGHAI)
    roster = [north, everywhere, chief]

    def told(ropeway: str | None, *roles: str) -> list[str]:
        return [one.user for one in on_duty(roster, roles, ropeway, local)]

    assert told("north", "operator") == ["north", "all"]
    assert told("middle", "operator") == ["all"]
    assert told(None, "operator") == ["north", "all"]
    assert told("north", "chief") == ["chief"]


@pytest.mark.parametrize("wrong", ["24:00", "8:00", "08:60", "noon"])
def test_a_time_that_no_clock_shows_is_refused(wrong: str) -> None:
    with pytest.raises(ValidationError):
        Turn(begins=wrong)
