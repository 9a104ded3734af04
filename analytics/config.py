"""The tables of the site file that say how to judge, and their checks against the plant."""

from collections.abc import Iterator, Mapping
from typing import Any

from analytics.inspection import RopeEndPlan
from analytics.rules.limit import LimitRule
from collector.site import Id, Table, TagId
from collector.sitefile import parse, rows, stand_twice, tag_rows, text, texts

OWN_TABLES = ("rule", "rope_instrument", "inspection")
INSTRUMENT_TAGS = ("running", "position", "lma", "lf", "test_point", "pass_counter")

Rule = LimitRule


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
    rope_instrument: tuple[RopeInstrument, ...] = ()
    inspection: tuple[RopeEndPlan, ...] = ()


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


def _astray(tables: Mapping[str, Any]) -> Iterator[str]:
    """Yield a fault for each instrument and plan of no known ropeway or rope."""
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


def _named_tags(tables: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for rule in rows(tables, "rule"):
        yield from ((f"rule '{text(rule, 'id')}'", tag) for tag in texts(rule, "tag", "tags"))
    for instrument in rows(tables, "rope_instrument"):
        place = f"rope_instrument '{text(instrument, 'id')}'"
        yield from ((place, tag) for tag in texts(instrument, *INSTRUMENT_TAGS))
