"""The tables of the site file that say how to judge, and their checks against the plant."""

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import Field

from analytics.inspection import RopeEndPlan
from analytics.kpi import KpiTerms
from analytics.people import LogInTerms
from analytics.records import canonical_json
from analytics.rules.closed import Closed
from analytics.rules.kinds import Rule
from collector.site import Id, Table, TagId
from collector.sitefile import parse, rows, stand_twice, tag_rows, text, texts

OWN_TABLES = (
    "rule",
    "alarm_class",
    "closed",
    "kpi",
    "rope_instrument",
    "inspection",
    "log_in",
)
RULE_TABLES = ("rule", "alarm_class", "closed")
RULE_TAGS = ("tag", "tags", "other")
TAG_LIMITS = ("high", "high_high", "low", "low_low", "above", "below")
RISING, FALLING = ("high", "high_high", "above"), ("low", "low_low", "below")
COMPARING = ("deviation", "two_of_three")
INSTRUMENT_TAGS = ("running", "position", "lma", "lf", "test_point", "pass_counter")


class AlarmClass(Table):
    """What may be done with the alarms of a rule."""

    id: Id
    longest_shelf_h: float = Field(default=8.0, ge=0, le=24)
    longest_out_of_service_h: float = Field(default=168.0, ge=0, le=2160)
    hidden_while_closed: bool = False
    must_be_acknowledged: bool = True


SAFETY = AlarmClass(id="safety", longest_shelf_h=0)
OPERATING = AlarmClass(id="operating", hidden_while_closed=True)
# Of the register alone: whoever hid it would hide that a safety device is out of action.
BYPASS = AlarmClass(id="bypass", longest_shelf_h=0, longest_out_of_service_h=0)


class RopeInstrument(Table):
    """The tags of an instrument that tests rope ends, pass by pass."""

    id: Id
    ropeway: Id
    running: TagId
    position: TagId
    lma: TagId
    lf: TagId
    test_point: TagId
    pass_counter: TagId

    def tags(self) -> tuple[str, ...]:
        """Every tag of the instrument."""
        return (
            self.running,
            self.position,
            self.lma,
            self.lf,
            self.test_point,
            self.pass_counter,
        )


class Judging(Table):
    """How what is read of the plant is judged."""

    rule: tuple[Rule, ...] = ()
    alarm_class: tuple[AlarmClass, ...] = ()
    closed: tuple[Closed, ...] = ()
    kpi: KpiTerms = KpiTerms()
    rope_instrument: tuple[RopeInstrument, ...] = ()
    inspection: tuple[RopeEndPlan, ...] = ()
    log_in: LogInTerms = LogInTerms()

    def classes(self) -> dict[str, AlarmClass]:
        """Return every class by its id; `safety`, `operating` and `bypass` are there unasked."""
        return {one.id: one for one in (SAFETY, OPERATING, *self.alarm_class, BYPASS)}

    def looks_back_s(self) -> float:
        """Return how far back any rule looks."""
        return max((one.looks_back_s for one in self.rule), default=0.0)

    def rules_said(self) -> dict[str, list[dict[str, Any]]]:
        """Return the tables that decide over alarms: what was written, and nothing else."""
        found: dict[str, tuple[Table, ...]] = {name: getattr(self, name) for name in RULE_TABLES}
        return {
            name: [row.model_dump(mode="json", by_alias=True, exclude_unset=True) for row in tables]
            for name, tables in found.items()
            if tables
        }

    def version(self) -> str:
        """Return the SHA-256 of what the rules, classes and closings say, in hexadecimal.

        What is left unsaid does not count: a program whose rules know more, or have
        another default, gives the same rules the same version.
        """
        return hashlib.sha256(canonical_json(self.rules_said()).encode()).hexdigest()


def parse_judging(tables: Mapping[str, Any]) -> tuple[Judging | None, list[str]]:
    """Return the judging tables, or None, and every fault in them with its place.

    `tables` are those of the whole site file: what the judging names must stand there.
    """
    own = {name: tables[name] for name in OWN_TABLES if name in tables}
    judging, faults = parse(Judging, own)
    for name in OWN_TABLES:
        faults += stand_twice(name, rows(tables, name))
    return judging, [*faults, *_strangers(tables)]


def _strangers(tables: Mapping[str, Any]) -> Iterator[str]:
    known = {text(tag, "id") for tag in tag_rows(tables)}
    for place, tag in _named_tags(tables):
        if tag not in known:
            yield f"{place}: no tag '{tag}'"
    yield from _astray(tables)
    yield from _unfit(tables)


def _unfit(tables: Mapping[str, Any]) -> Iterator[str]:
    """Yield a fault for each rule in another unit than its tags, or beyond their range."""
    tags = {text(tag, "id"): tag for tag in tag_rows(tables)}
    for rule in rows(tables, "rule"):
        place = f"rule '{text(rule, 'id')}'"
        known = [tags[one] for one in texts(rule, *RULE_TAGS) if one in tags]
        units = {text(tag, "unit") for tag in known}
        for unit in texts(rule, "unit"):
            for tag in known:
                if text(tag, "unit") != unit:
                    own = text(tag, "unit") or "no unit"
                    yield f"{place} unit: is '{unit}', but tag '{text(tag, 'id')}' has {own}"
        if text(rule, "kind") in COMPARING and len(units) > 1:
            yield f"{place}: its tags have different units: {', '.join(sorted(units))}"
        yield from _unreachable(place, rule, known)
        yield from _endless(place, rule, known)


def _unreachable(
    place: str, rule: Mapping[str, Any], tags: list[Mapping[str, Any]]
) -> Iterator[str]:
    for key in TAG_LIMITS:
        limit = rule.get(key)
        for tag in tags:
            least, most = tag.get("min"), tag.get("max")
            if not isinstance(limit, int | float):
                continue
            if (isinstance(least, int | float) and limit < least) or (
                isinstance(most, int | float) and limit > most
            ):
                yield (
                    f"{place} {key}: {limit:g} is outside the range of tag '{text(tag, 'id')}';"
                    " it could never be reached"
                )


def _endless(place: str, rule: Mapping[str, Any], tags: list[Mapping[str, Any]]) -> Iterator[str]:
    """Yield a fault for each limit whose deadband leads out of the range of its tag."""
    deadband = rule.get("deadband", 0)
    if not isinstance(deadband, int | float):
        return
    for key in (*RISING, *FALLING):
        limit = rule.get(key)
        for tag in tags:
            end = tag.get("min" if key in RISING else "max")
            if not isinstance(limit, int | float) or not isinstance(end, int | float):
                continue
            over = limit - deadband if key in RISING else limit + deadband
            if over < end if key in RISING else over > end:
                yield (
                    f"{place} deadband: {key} {limit:g} with {deadband:g} would end at {over:g},"
                    f" outside the range of tag '{text(tag, 'id')}'; it could never end"
                )


def _astray(tables: Mapping[str, Any]) -> Iterator[str]:
    """Yield a fault for each thing of no known ropeway, rope or class."""
    ways = rows(tables, "ropeway")
    ropes = {text(way, "id"): {text(rope, "id") for rope in rows(way, "ropes")} for way in ways}
    for instrument in rows(tables, "rope_instrument"):
        for way_id in texts(instrument, "ropeway"):
            if way_id not in ropes:
                yield f"rope_instrument '{text(instrument, 'id')}': no ropeway '{way_id}'"
    for plan in rows(tables, "inspection"):
        way_id = text(plan, "ropeway")
        for rope in texts(plan, "rope"):
            if rope not in ropes.get(way_id, ()):
                yield f"inspection '{text(plan, 'id')}': no rope '{rope}' of ropeway '{way_id}'"
    yield from _strange_classes(tables)
    for closed in rows(tables, "closed"):
        yield from (
            f"closed '{one}': no such ropeway"
            for one in texts(closed, "ropeway")
            if one not in ropes
        )


def _strange_classes(tables: Mapping[str, Any]) -> Iterator[str]:
    own = {text(one, "id") for one in rows(tables, "alarm_class")}
    if BYPASS.id in own:
        yield f"alarm_class '{BYPASS.id}': is that of the bypass register, and stays as it is"
    known = {SAFETY.id, OPERATING.id, *own}
    for rule in rows(tables, "rule"):
        for one in texts(rule, "alarm_class"):
            if one not in known:
                yield f"rule '{text(rule, 'id')}': no alarm_class '{one}'"


def _named_tags(tables: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for rule in rows(tables, "rule"):
        place = f"rule '{text(rule, 'id')}'"
        yield from ((place, tag) for tag in texts(rule, *RULE_TAGS))
        gate = rule.get("enabled_while")
        if isinstance(gate, Mapping):
            yield from ((f"{place} enabled_while", tag) for tag in texts(gate, "tag"))
    for closed in rows(tables, "closed"):
        place = f"closed '{text(closed, 'ropeway')}'"
        yield from ((place, tag) for one in rows(closed, "while") for tag in texts(one, "tag"))
    for instrument in rows(tables, "rope_instrument"):
        place = f"rope_instrument '{text(instrument, 'id')}'"
        yield from ((place, tag) for tag in texts(instrument, *INSTRUMENT_TAGS))
