"""The duty roster: who is on turn at an instant, for which ropeways, in which roles."""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, StringConstraints

from collector.model import NANOSECONDS
from collector.site import Id, Name, Table

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
UserName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)]
TimeOfDay = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
Address = Annotated[str, StringConstraints(strip_whitespace=True, max_length=120)]
FirstDay = Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}$")]

A_MONDAY = "2024-01-01"


class Turn(Table):
    """When a person is on duty, by the site's own clock: days, hours, every how many weeks.

    A turn whose end is not after its beginning goes on into the next day. Without days it
    is on every day; with `weeks` above one in every so many weeks, counted from the week of
    `starting`.
    """

    days: tuple[Day, ...] = ()
    begins: TimeOfDay = "00:00"
    ends: TimeOfDay = "00:00"
    weeks: int = Field(default=1, ge=1, le=12)
    starting: FirstDay = A_MONDAY

    def holds(self, local: datetime) -> bool:
        """Return whether the turn is on at `local`, a time of the site's clock."""
        begins, ends = time_of(self.begins), time_of(self.ends)
        now, today = local.time(), local.date()
        if begins < ends:
            return begins <= now < ends and self._begins_on(today)
        if now >= begins:
            return self._begins_on(today)
        return now < ends and self._begins_on(today - timedelta(days=1))

    def _begins_on(self, day: date) -> bool:
        if self.days and DAYS[day.weekday()] not in self.days:
            return False
        weeks = (_monday(day) - _monday(day_of(self.starting))).days // 7
        return weeks % self.weeks == 0


class Contact(Table):
    """How a person is reached on a channel: a number or an address, or who is mentioned."""

    channel: Id
    to: Address = ""


class Duty(Table):
    """One person on the roster, by user name; without turns always on, without ropeways for all."""

    user: UserName
    name: Name | None = None
    roles: tuple[Id, ...] = Field(min_length=1)
    ropeways: tuple[Id, ...] = ()
    contacts: tuple[Contact, ...] = Field(min_length=1)
    turns: tuple[Turn, ...] = ()

    def answers_for(self, ropeway: str | None) -> bool:
        """Return whether the person is told of this ropeway; None is the whole site."""
        return ropeway is None or not self.ropeways or ropeway in self.ropeways

    def is_on(self, at_ns: int, zone: ZoneInfo) -> bool:
        """Return whether the person is on duty at the instant."""
        local = local_time(at_ns, zone)
        return not self.turns or any(turn.holds(local) for turn in self.turns)

    def is_called(self, name: str) -> bool:
        """Return whether `name` means this person: the user name, or the name shown."""
        shown = (self.name.zh, self.name.en) if self.name else ()
        return name in (self.user, *shown)


def on_duty(
    roster: Iterable[Duty], roles: Iterable[str], ropeway: str | None, local: datetime
) -> Iterator[Duty]:
    """Yield those of `roster` who are on at `local` in one of `roles` for the ropeway."""
    wanted = set(roles)
    for one in roster:
        on = not one.turns or any(turn.holds(local) for turn in one.turns)
        if on and one.answers_for(ropeway) and wanted & set(one.roles):
            yield one


def local_time(at_ns: int, zone: ZoneInfo) -> datetime:
    """Return what the site's clock shows at the instant."""
    return datetime.fromtimestamp(at_ns // NANOSECONDS, UTC).astimezone(zone)


def time_of(text: str) -> time:
    """Return the time of day that `text` names, as hours and minutes."""
    return time.fromisoformat(text)


def day_of(text: str) -> date:
    """Return the day that `text` names; ValueError where there is no such day."""
    return date.fromisoformat(text)


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())
