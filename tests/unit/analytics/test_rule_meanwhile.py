"""Reading and preparing rules takes time: what happens meanwhile is neither held up nor lost."""

import asyncio
from pathlib import Path

import pytest

from analytics.judge import Judge
from analytics.model import RuleSetState
from analytics.rule_desk import RuleDesk
from analytics.rules_text import version_of
from tests.unit.analytics.judging_words import a_plant, a_rule
from tests.unit.analytics.test_rule_desk import OLD, OTHER, released, ruled, text_of

pytestmark = pytest.mark.usefixtures("either_database")


async def test_while_thousands_of_rules_are_read_others_have_their_turn(tmp_path: Path) -> None:
    many = text_of(*(a_rule(f"gust_{number}", high=20) for number in range(2000)))
    async with ruled(tmp_path) as (_, rule_desk):
        reading = asyncio.create_task(rule_desk.version_in(many))
        turns = 0
        while not reading.done():
            await asyncio.sleep(0.005)
            turns += 1
        assert await reading == version_of(many)
    assert turns > 5


async def test_rules_withdrawn_while_they_are_prepared_never_come_into_force(
    tmp_path: Path,
) -> None:
    async with ruled(tmp_path) as (desk, _):
        before = desk.engine.terms.rule_set

        async def withdrawn_meanwhile(_: Judge, __: float) -> None:
            await slow.withdraw((await desk.records.rule_sets.waiting())[0].id, "王磊")

        slow = RuleDesk(a_plant(), desk.engine, desk.records, desk.clock, withdrawn_meanwhile)
        set_id = await released(slow, OTHER)
        assert desk.engine.terms.rule_set == before
        assert (await desk.records.rule_sets.get(set_id)).state is RuleSetState.WITHDRAWN
        standing = await desk.records.rule_sets.in_force()
        assert standing is not None
        assert standing.version == before


async def test_rules_made_from_others_than_those_in_force_by_then_say_so(tmp_path: Path) -> None:
    async with ruled(tmp_path) as (desk, rule_desk):
        before, read = desk.engine.terms.rule_set, rule_desk.version_in
        other = await rule_desk.propose(text_of(OTHER), "试", "李工")
        await rule_desk.approve(other.id, "王磊", None)

        async def read_slowly(text: str) -> str:
            await rule_desk.take_up_due()
            return await read(text)

        rule_desk.version_in = read_slowly  # type: ignore[method-assign]
        one = await rule_desk.propose(text_of(OLD, OTHER), "试", "李工")
        assert one.base == before != desk.engine.terms.rule_set
