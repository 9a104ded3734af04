"""The tables of the site file that say who is told of what, and their checks."""

from collections.abc import Iterator, Mapping
from datetime import time
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import Field

from analytics.config import OPERATING, SAFETY
from analytics.duty import Duty, TimeOfDay, day_of, local_time, time_of
from analytics.model import Alarm
from analytics.notify.bare import without_bare_secrets
from analytics.notify.channels import Channel
from collector.model import NANOSECONDS
from collector.site import Id, Table
from collector.sitefile import parse, rows, stand_twice, text, texts

OWN_TABLES = ("channel", "duty", "escalation", "quiet_hours", "notify")


class EscalationStep(Table):
    """Who is told when an alarm has stayed unacknowledged so long.

    Later steps are for priority 1 and 2 alone. Without `channels` each person is told
    on all of theirs.
    """

    id: Id
    after_min: float = Field(default=0, ge=0, le=1440)
    roles: tuple[Id, ...] = Field(min_length=1)
    channels: tuple[Id, ...] = ()
    lowest_priority: int = Field(default=2, ge=1, le=3)


class QuietHours(Table):
    """When alarms of a class wait till morning, by the site's clock; priority 1 never waits."""

    alarm_class: Id
    begins: TimeOfDay
    ends: TimeOfDay

    def holds(self, now: time) -> bool:
        """Return whether it is quiet at this time of day."""
        begins, ends = time_of(self.begins), time_of(self.ends)
        return begins <= now < ends if begins < ends else now >= begins or now < ends


class NotifyTerms(Table):
    """When messages are gathered, when one counts as undelivered, when channels are tested."""

    flood_above: int = Field(default=10, ge=1)
    flood_ends_below: int = Field(default=5, ge=1)
    digest_every_min: float = Field(default=3, gt=0, le=60)
    undelivered_after_min: float = Field(default=5, gt=0, le=1440)
    test_at: TimeOfDay = "07:30"


class Telling(Table):
    """Who is told of alarms, when and through which channels; empty: nobody."""

    channel: tuple[Channel, ...] = ()
    duty: tuple[Duty, ...] = ()
    escalation: tuple[EscalationStep, ...] = ()
    quiet_hours: tuple[QuietHours, ...] = ()
    notify: NotifyTerms = NotifyTerms()

    def channels(self) -> dict[str, Channel]:
        """Return every channel by its id."""
        return {one.id: one for one in self.channel}

    def steps(self) -> tuple[EscalationStep, ...]:
        """Return the steps in the order in which they come."""
        return tuple(sorted(self.escalation, key=lambda one: one.after_min))

    def waits(self, alarm: Alarm, at_ns: int, zone: ZoneInfo) -> bool:
        """Return whether quiet hours keep this alarm back now; priority 1 never waits."""
        return alarm.priority != 1 and alarm.alarm_class in self.quiet_classes(at_ns, zone)

    def quiet_classes(self, at_ns: int, zone: ZoneInfo) -> frozenset[str]:
        """Return the classes whose quiet hours are now."""
        now = local_time(at_ns, zone).time()
        return frozenset(one.alarm_class for one in self.quiet_hours if one.holds(now))

    def late_ns(self) -> int:
        """Return after how long a message that was not delivered shows on the wall."""
        return int(self.notify.undelivered_after_min * 60 * NANOSECONDS)


NOBODY_TOLD = Telling()
"""A site whose file names no channel and nobody on duty."""


def parse_telling(tables: Mapping[str, Any]) -> tuple[Telling | None, list[str]]:
    """Return the tables of telling, or None, and every fault in them with its place.

    A fault never shows what stands where a secret's place should: it may be the secret.
    """
    own, bare = without_bare_secrets({name: tables[name] for name in OWN_TABLES if name in tables})
    telling, faults = parse(Telling, own)
    known = faults + list(bare)
    for name in ("channel", "escalation"):
        known += stand_twice(name, rows(own, name))
    return telling, [*known, *_strangers(own, tables), *_gaps(own)]


def _strangers(own: Mapping[str, Any], tables: Mapping[str, Any]) -> Iterator[str]:
    channels = {text(one, "id") for one in rows(own, "channel")}
    ropeways = {text(one, "id") for one in rows(tables, "ropeway")}
    for person in rows(own, "duty"):
        place = f"duty '{text(person, 'user')}'"
        for contact in rows(person, "contacts"):
            yield from _unknown(f"{place} contacts", "channel", contact, channels)
        unknown = [way for way in texts(person, "ropeways") if way not in ropeways]
        yield from (f"{place}: no ropeway '{way}'" for way in unknown)
    for step in rows(own, "escalation"):
        yield from _unknown(f"escalation '{text(step, 'id')}'", "channels", step, channels)
    yield from _strange_classes(own, tables)


def _strange_classes(own: Mapping[str, Any], tables: Mapping[str, Any]) -> Iterator[str]:
    classes = {SAFETY.id, OPERATING.id, *(text(one, "id") for one in rows(tables, "alarm_class"))}
    for quiet in rows(own, "quiet_hours"):
        for one in texts(quiet, "alarm_class"):
            if one not in classes:
                yield f"quiet_hours '{one}': no such alarm_class"


def _unknown(place: str, key: str, row: Mapping[str, Any], channels: set[str]) -> Iterator[str]:
    for one in texts(row, key):
        if one not in channels:
            yield f"{place}: no channel '{one}'"


def _gaps(own: Mapping[str, Any]) -> Iterator[str]:
    """Yield a fault for each thing that would leave somebody untold."""
    people, steps = rows(own, "duty"), rows(own, "escalation")
    roles = {role for one in people for role in texts(one, "roles")}
    for step in steps:
        place = f"escalation '{text(step, 'id')}'"
        for role in texts(step, "roles"):
            if role not in roles:
                yield f"{place}: nobody on the roster has role '{role}'"
        if step.get("after_min", 0) != 0 and step.get("lowest_priority", 2) == 3:
            yield f"{place}: later steps are for priority 1 and 2; leave lowest_priority at 2"
    if steps and all(step.get("after_min", 0) != 0 for step in steps):
        yield "escalation: no step has after_min = 0; nobody would be told at first"
    if people and not steps:
        yield "duty: nobody would ever be told; add an [[escalation]] step with after_min = 0"
    yield from _wrong_people(people, own)


def _wrong_people(people: list[Mapping[str, Any]], own: Mapping[str, Any]) -> Iterator[str]:
    each = {
        text(one, "id") for one in rows(own, "channel") if text(one, "kind") in ("email", "webhook")
    }
    for user in sorted({text(one, "user") for one in people}):
        if sum(text(one, "user") == user for one in people) > 1:
            yield f"duty '{user}': stands more than once; give one person all their turns"
    for person in people:
        place = f"duty '{text(person, 'user')}'"
        for contact in rows(person, "contacts"):
            if text(contact, "channel") in each and not text(contact, "to"):
                yield f"{place} contacts: channel '{text(contact, 'channel')}' needs a 'to'"
        for turn in rows(person, "turns"):
            yield from (
                f"{place} turns: no day '{one}'" for one in texts(turn, "starting") if _no_day(one)
            )


def _no_day(one: str) -> bool:
    try:
        day_of(one)
    except ValueError:
        return True
    return False
