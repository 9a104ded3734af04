"""Other rules without a restart: nothing wrong is kept, two people sign, nothing is told twice."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from analytics.config import Judging
from analytics.judge import Judge
from analytics.model import Alarm, RuleSet, RuleSetState
from analytics.records import Records, RecordsError, RecordsRefused, Stores
from analytics.rule_desk import RuleDesk, RuleFaults, rules_at_start
from analytics.rules.limit import LimitRule
from analytics.rules_text import rules_text
from collector.history.schema import HistoryError
from collector.model import NANOSECONDS
from tests.databases import address_of
from tests.unit.analytics.judging_words import (
    GUST,
    OTHER_GUST,
    a_judging,
    a_plant,
    a_rule,
    scans_of,
)
from tests.unit.analytics.records_words import NOON_NS
from tests.unit.analytics.station_words import Desk, a_desk

pytestmark = pytest.mark.usefixtures("either_database")

HIGH, OTHER_HIGH = f"gust/{GUST}/H", f"other/{OTHER_GUST}/H"
OLD = a_rule(high=20, deadband=2, off_delay_s=2)
OTHER = a_rule("other", tag=OTHER_GUST, high=20)


async def nothing_before(_: Judge, __: float) -> None:
    """No kind of these rules looks back."""


def text_of(*rules: dict[str, Any]) -> str:
    return rules_text(a_judging(*rules))


@asynccontextmanager
async def ruled(folder: Path, *rules: dict[str, Any]) -> AsyncIterator[tuple[Desk, RuleDesk]]:
    judging = a_judging(*(rules or (OLD,)))
    async with a_desk(folder, judging=judging) as desk:
        now_ns = desk.clock.now_ns()
        assert await rules_at_start(desk.records, a_plant(), judging, now_ns) == judging
        rule_desk = RuleDesk(a_plant(), desk.engine, desk.records, desk.clock, nothing_before)
        await rule_desk.restore()
        yield desk, rule_desk
        assert await desk.records.journal.verify() is None


async def released(rule_desk: RuleDesk, *rules: dict[str, Any]) -> int:
    one = await rule_desk.propose(text_of(*rules), "试", "李工")
    await rule_desk.approve(one.id, "王磊", None)
    await rule_desk.take_up_due()
    return one.id


@pytest.mark.parametrize(
    ("line", "instead", "words"),
    [
        (f'"{GUST}"', '"north.no.such"', "no tag 'north.no.such'"),
        ("high = 20.0", "high = 25.0\nhigh_high = 20.0", "high"),
        ("high = 20.0", "high = 20.0\nlow = 19.0", "deadband"),
        ("high = 20.0", 'high = 20.0\nunit = "km/h"', "unit"),
        ('kind = "limit"', 'kind = "guess"', "kind"),
    ],
)
async def test_rules_that_cannot_be_are_refused_with_their_place_and_the_old_ones_stay(
    tmp_path: Path, line: str, instead: str, words: str
) -> None:
    async with ruled(tmp_path) as (desk, rule_desk):
        before = desk.engine.terms.rule_set
        text = text_of(OLD)
        assert line in text
        with pytest.raises(RuleFaults) as refusal:
            await rule_desk.propose(text.replace(line, instead), "试", "李工")
        assert any("gust" in fault and words in fault for fault in refusal.value.faults)
        assert [one.state for one in await desk.records.rule_sets.listed(9)] == ["in_force"]
        assert desk.engine.terms.rule_set == before


async def test_every_fault_is_told_at_once(tmp_path: Path) -> None:
    async with ruled(tmp_path) as (_, rule_desk):
        text = text_of(OLD).replace(GUST, "north.no.such").replace('kind = "limit"', "")
        with pytest.raises(RuleFaults) as refusal:
            await rule_desk.propose("[[strange]]\n" + text, "试", "李工")
        assert len(refusal.value.faults) >= 3


async def test_who_proposed_rules_does_not_approve_them(tmp_path: Path) -> None:
    async with ruled(tmp_path) as (desk, rule_desk):
        one = await rule_desk.propose(text_of(OTHER), "试", "李工")
        with pytest.raises(RecordsRefused, match="another person"):
            await rule_desk.approve(one.id, "李工", None)
        await rule_desk.take_up_due()
        assert next(iter(desk.engine.conditions)) == HIGH


async def test_rules_that_moved_on_are_not_overwritten_unseen(tmp_path: Path) -> None:
    async with ruled(tmp_path) as (_, rule_desk):
        first = await rule_desk.propose(text_of(OLD, OTHER), "试", "李工")
        await released(rule_desk, OTHER)
        with pytest.raises(RecordsRefused, match="propose anew"):
            await rule_desk.approve(first.id, "王磊", None)


async def test_of_two_approved_over_the_same_rules_only_the_first_comes_into_force(
    tmp_path: Path,
) -> None:
    async with ruled(tmp_path) as (desk, rule_desk):
        one = await rule_desk.propose(text_of(OTHER), "试", "李工")
        two = await rule_desk.propose(text_of(OLD, OTHER), "试", "李工")
        for each in (one, two):
            await rule_desk.approve(each.id, "王磊", None)
        await rule_desk.take_up_due()
        states = {each.id: each.state for each in await desk.records.rule_sets.listed(9)}
        assert (states[one.id], states[two.id]) == ("in_force", "withdrawn")


async def test_rules_come_into_force_at_their_instant_and_not_before(tmp_path: Path) -> None:
    async with ruled(tmp_path) as (desk, rule_desk):
        one = await rule_desk.propose(text_of(OTHER), "试", "李工")
        later_ns = desk.clock.now_ns() + NANOSECONDS // 2
        await rule_desk.approve(one.id, "王磊", later_ns)
        await rule_desk.take_up_due()
        assert HIGH in desk.engine.conditions
        running = asyncio.create_task(rule_desk.run())
        async with asyncio.timeout(5):
            while OTHER_HIGH not in desk.engine.conditions:
                await asyncio.sleep(0.01)
        assert desk.clock.now_ns() >= later_ns
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        kept = await desk.records.rule_sets.get(one.id)
        assert kept.begun_ns is not None
        assert kept.begun_ns >= later_ns


async def test_an_alarm_of_a_rule_that_goes_on_stands_as_it_stood(tmp_path: Path) -> None:
    async with ruled(tmp_path) as (desk, rule_desk):
        told: list[Alarm] = []
        await desk.see(scans_of({GUST: [25.0], OTHER_GUST: [25.0]}))
        (alarm,) = desk.engine.alarms
        await desk.engine.acts.acknowledge(alarm.id, "王磊", "减速")
        desk.engine.tell(told.append)
        old = desk.engine.terms.rule_set
        await released(rule_desk, OLD, OTHER)
        assert desk.states() == {HIGH: "acknowledged"}
        assert told == []
        await desk.see(scans_of({GUST: [25.0], OTHER_GUST: [25.0]}, begin_s=1))
        assert desk.states() == {HIGH: "acknowledged", OTHER_HIGH: "unacknowledged"}
        assert [one.source for one in told] == [OTHER_HIGH]
        sets = {one.source: one.rule_set for one in desk.engine.alarms}
        assert sets == {HIGH: old, OTHER_HIGH: desk.engine.terms.rule_set}


async def test_an_alarm_of_a_rule_that_is_gone_is_over_and_waits_to_be_seen(tmp_path: Path) -> None:
    async with ruled(tmp_path) as (desk, rule_desk):
        await desk.see(scans_of({GUST: [25.0]}))
        await released(rule_desk, OTHER)
        assert desk.states() == {HIGH: "returned"}
        await desk.see(scans_of({GUST: [26.0]}, begin_s=1))
        assert desk.states() == {HIGH: "returned"}


async def test_a_delay_that_runs_goes_on_over_the_change(tmp_path: Path) -> None:
    slow = a_rule(high=20, on_delay_s=5)
    async with ruled(tmp_path, slow) as (desk, rule_desk):
        await desk.see(scans_of({GUST: [25.0, 25.0, 25.0]}))
        await released(rule_desk, slow, OTHER)
        await desk.see(scans_of({GUST: [25.0, 25.0, 25.0]}, begin_s=3))
        (alarm,) = desk.engine.alarms
        assert alarm.raised_ns == scans_of({GUST: [0.0]}, begin_s=5)[0].received_ns


async def test_a_lower_limit_is_judged_from_what_was_seen_last(tmp_path: Path) -> None:
    async with ruled(tmp_path) as (desk, rule_desk):
        await desk.see(scans_of({GUST: [18.0]}))
        await released(rule_desk, a_rule(high=15))
        await desk.see(scans_of({GUST: [18.0]}, begin_s=1))
        assert desk.states() == {HIGH: "unacknowledged"}


async def test_a_change_that_cannot_be_kept_leaves_the_old_rules_in_force(tmp_path: Path) -> None:
    async with ruled(tmp_path) as (desk, _):
        await desk.see(scans_of({GUST: [25.0]}))

        async def refuses(_: Stores) -> None:
            raise RecordsError("the disk is full; make room")

        with pytest.raises(RecordsError):
            await desk.engine.take_up(a_judging(OTHER), nothing_before, refuses)
        assert HIGH in desk.engine.conditions
        assert desk.states() == {HIGH: "unacknowledged"}
        await desk.see(scans_of({GUST: [5.0] * 4}, begin_s=1))
        assert desk.states() == {HIGH: "returned"}


async def test_released_rules_hold_over_a_restart_and_nothing_is_told_again(tmp_path: Path) -> None:
    async with ruled(tmp_path) as (desk, rule_desk):
        await released(rule_desk, OLD, OTHER)
        await desk.see(scans_of({OTHER_GUST: [25.0]}))
    async with Records.open(address_of(tmp_path / "records.sqlite"), lambda: NOON_NS) as records:
        judging = await rules_at_start(records, a_plant(), a_judging(OLD), NOON_NS)
    assert judging.version() == a_judging(OLD, OTHER).version()
    told: list[Alarm] = []
    async with a_desk(tmp_path, judging=judging) as desk:
        desk.engine.tell(told.append)
        await desk.see(scans_of({OTHER_GUST: [25.0]}, begin_s=1))
        assert desk.states() == {OTHER_HIGH: "unacknowledged"}
    assert told == []


async def test_a_site_file_that_somebody_edited_is_the_newer_word_and_on_record(
    tmp_path: Path,
) -> None:
    edited = a_judging(a_rule(high=17))
    async with ruled(tmp_path) as (_, rule_desk):
        await released(rule_desk, OLD, OTHER)
    async with Records.open(address_of(tmp_path / "records.sqlite"), lambda: NOON_NS) as records:
        assert await rules_at_start(records, a_plant(), edited, NOON_NS) == edited
        newest, before, _ = await records.rule_sets.listed(3)
        assert (newest.state, newest.version) == (RuleSetState.IN_FORCE, edited.version())
        assert before.state is RuleSetState.SUPERSEDED
        assert await rules_at_start(records, a_plant(), edited, NOON_NS) == edited
        assert len(await records.rule_sets.listed(9)) == 3


async def test_rules_released_after_the_file_caught_up_hold_over_a_restart(tmp_path: Path) -> None:
    copied = a_judging(OLD, OTHER)
    async with ruled(tmp_path) as (_, rule_desk):
        await released(rule_desk, OLD, OTHER)
    async with a_desk(tmp_path, judging=copied) as desk:
        assert await rules_at_start(desk.records, a_plant(), copied, NOON_NS) == copied
        rule_desk = RuleDesk(a_plant(), desk.engine, desk.records, desk.clock, nothing_before)
        await rule_desk.restore()
        await released(rule_desk, OTHER)
    async with Records.open(address_of(tmp_path / "records.sqlite"), lambda: NOON_NS) as records:
        judging = await rules_at_start(records, a_plant(), copied, NOON_NS)
    assert judging.version() == a_judging(OTHER).version()


def test_a_field_that_a_later_program_adds_leaves_the_version_as_it_is() -> None:
    class LaterLimit(LimitRule):
        hold_s: float = 5.0

    said = a_judging(OLD)
    later = said.model_copy(update={"rule": (LaterLimit.model_validate(OLD),)})
    assert later.version() == said.version()


def of_older_program(said: Judging) -> str:
    """Another SHA-256 for the same rules, as a program that counts otherwise would give."""
    return sha256(said.version().encode()).hexdigest()


async def kept_by_older_program(
    records: Records, said: Judging, base: Judging, site_file: Judging
) -> RuleSet:
    return await records.rule_sets.propose(
        RuleSet(
            id=0,
            version=of_older_program(said),
            base=of_older_program(base),
            site_file=of_older_program(site_file),
            text=rules_text(said),
            why="试",
            proposed_by="李工",
            proposed_ns=NOON_NS,
            state=RuleSetState.PROPOSED,
        )
    )


async def test_rules_kept_by_a_program_that_counted_versions_otherwise_stay_in_force(
    tmp_path: Path,
) -> None:
    first, second, third = a_judging(OLD), a_judging(OLD, OTHER), a_judging(OTHER)
    async with Records.open(address_of(tmp_path / "records.sqlite"), lambda: NOON_NS) as records:
        for said, base in ((first, first), (second, first)):
            one = await kept_by_older_program(records, said, base, first)
            await records.rule_sets.begin(one.id, NOON_NS)
        waits = await kept_by_older_program(records, third, second, first)
        await records.rule_sets.approve(waits.id, "王磊", 1, 1)
        released = await rules_at_start(records, a_plant(), first, NOON_NS)
        assert released == second
        now = await records.rule_sets.in_force()
        assert now is not None
        assert (now.version, now.text) == (second.version(), rules_text(second))
        assert await rules_at_start(records, a_plant(), first, NOON_NS) == second
        assert len(await records.rule_sets.listed(9)) == 4
    async with a_desk(tmp_path, judging=second) as desk:
        rule_desk = RuleDesk(a_plant(), desk.engine, desk.records, desk.clock, nothing_before)
        await rule_desk.restore()
        await rule_desk.take_up_due()
        now = await desk.records.rule_sets.in_force()
        assert now is not None
        assert now.version == desk.engine.terms.rule_set == third.version()
        assert await rules_at_start(desk.records, a_plant(), first, NOON_NS) == third
        assert await rules_at_start(desk.records, a_plant(), second, NOON_NS) == second
        assert await desk.records.journal.verify() is None


async def test_an_untouched_site_file_kept_by_an_older_program_stays_the_one_in_force(
    tmp_path: Path,
) -> None:
    own = a_judging(OLD)
    async with Records.open(address_of(tmp_path / "records.sqlite"), lambda: NOON_NS) as records:
        one = await kept_by_older_program(records, own, own, own)
        await records.rule_sets.begin(one.id, NOON_NS)
        assert await rules_at_start(records, a_plant(), own, NOON_NS) == own
        states = [each.state for each in await records.rule_sets.listed(9)]
        assert states == ["in_force", "superseded"]
        edited = a_judging(OTHER)
        assert await rules_at_start(records, a_plant(), edited, NOON_NS) == edited


async def test_a_history_that_cannot_be_read_puts_a_change_off_and_ends_nothing(
    tmp_path: Path,
) -> None:
    refusals = 0

    async def refuses_once(_: Judge, __: float) -> None:
        nonlocal refusals
        refusals += 1
        if refusals == 1:
            raise HistoryError("the disk is full; make room")

    async with ruled(tmp_path) as (desk, _):
        rule_desk = RuleDesk(a_plant(), desk.engine, desk.records, desk.clock, refuses_once)
        await rule_desk.restore()
        one = await rule_desk.propose(text_of(OTHER), "试", "李工")
        await rule_desk.approve(one.id, "王磊", None)
        running = asyncio.create_task(rule_desk.run())
        async with asyncio.timeout(5):
            while OTHER_HIGH not in desk.engine.conditions:
                assert not running.done()
                await asyncio.sleep(0.01)
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
    assert refusals == 2


async def test_released_rules_that_no_longer_fit_the_plant_give_way(tmp_path: Path) -> None:
    async with ruled(tmp_path) as (_, rule_desk):
        await released(rule_desk, OLD, OTHER)
    smaller = a_plant().model_copy(update={"device": a_plant().device[:1]})
    nothing = a_judging(OLD)
    async with Records.open(address_of(tmp_path / "records.sqlite"), lambda: NOON_NS) as records:
        assert await rules_at_start(records, smaller, nothing, NOON_NS) == nothing
