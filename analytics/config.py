"""The tables of the site file that say how to judge, and their checks against the plant."""

from collections.abc import Iterator, Mapping
from typing import Any

from analytics.inspection import RopeEndPlan
from analytics.rules.limit import LimitRule
from collector.site import Id, Plant, Table, TagId
from collector.sitefile import parse

OWN_TABLES = ("rule", "rope_instrument", "inspection")

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


def parse_judging(
    tables: Mapping[str, Any], plant: Plant | None
) -> tuple[Judging | None, list[str]]:
    """Return the judging tables, or None, and every fault in them with its place."""
    own = {name: tables[name] for name in OWN_TABLES if name in tables}
    judging, faults = parse(Judging, own)
    if judging is not None and plant is not None:
        faults = [*_doubles(judging), *_strangers(judging, plant)]
    return judging, faults


def _doubles(judging: Judging) -> Iterator[str]:
    seen: set[str] = set()
    for rule in judging.rule:
        if rule.id in seen:
            yield f"rule '{rule.id}': stands twice; ids must be unique"
        seen.add(rule.id)


def _strangers(judging: Judging, plant: Plant) -> Iterator[str]:
    known = set(plant.slots())
    for place, tag in _named_tags(judging):
        if tag not in known:
            yield f"{place}: no tag '{tag}'"
    ropes = {way.id: {rope.id for rope in way.ropes} for way in plant.ropeway}
    for instrument in judging.rope_instrument:
        if instrument.ropeway not in ropes:
            yield f"rope_instrument '{instrument.id}': no ropeway '{instrument.ropeway}'"
    for plan in judging.inspection:
        if plan.rope not in ropes.get(plan.ropeway, ()):
            yield f"inspection '{plan.id}': no rope '{plan.rope}' of ropeway '{plan.ropeway}'"


def _named_tags(judging: Judging) -> Iterator[tuple[str, str]]:
    for rule in judging.rule:
        for tag in rule.all_tags:
            yield f"rule '{rule.id}'", tag
    for instrument in judging.rope_instrument:
        for tag in instrument.tags():
            yield f"rope_instrument '{instrument.id}'", tag
