"""The journal: one row for each change, and no change to it goes unseen."""

from dataclasses import replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.model import Opinion
from analytics.records import Closing, Entry, RecordsError, canonical_json, first_broken
from analytics.records.journal import BEFORE_THE_FIRST
from tests.databases import attempt, rewrite
from tests.unit.analytics.records_words import (
    NOON_NS,
    a_decision,
    a_task,
    a_test,
    a_trace,
    an_alarm,
    an_opening,
    opened,
)

pytestmark = pytest.mark.usefixtures("either_database")

SHANGHAI = ZoneInfo("Asia/Shanghai")


def a_chain(bodies: list[str]) -> list[Entry]:
    chain: list[Entry] = []
    for seq, body in enumerate(bodies, 1):
        previous = chain[-1].sha256 if chain else BEFORE_THE_FIRST
        entry = Entry(seq, seq * 10, "who", "what", "alarm 1", body, previous, "")
        chain.append(replace(entry, sha256=entry.digest()))
    return chain


async def test_each_change_is_one_row_by_its_actor(tmp_path: Path) -> None:
    async with opened(tmp_path / "records") as records:
        alarm = await records.alarms.raise_alarm(an_alarm())
        kept = await records.consultations.open(an_opening(alarm.id), SHANGHAI)
        said = Opinion("赵敏", "安全部", NOON_NS, "同意", dissent=False)
        await records.consultations.add_opinion(kept.id, said)
        for ropeway in kept.ropeways:
            await records.consultations.decide(kept.id, a_decision(ropeway))
        await records.consultations.close(kept.id, "陈工", NOON_NS)
        test = await records.tests.add(a_test(), a_trace())
        await records.tests.link_alarm(test.id, alarm.id)
        task = await records.tasks.open_task(a_task())
        await records.tasks.mark_overdue(task.id)
        await records.tasks.close(task.id, Closing("周工", "pass", NOON_NS))
        rows = [(row.what, row.who) for row in await records.journal.entries()]
        assert rows == [
            ("alarm raised", "ropewatch"),
            ("consultation opened", "ropewatch"),
            ("opinion added", "赵敏"),
            ("decided", "王磊"),
            ("decided", "王磊"),
            ("consultation closed", "陈工"),
            ("rope test added", "ropewatch"),
            ("rope test linked", "ropewatch"),
            ("task opened", "ropewatch"),
            ("task overdue", "ropewatch"),
            ("task done", "周工"),
        ]
        assert await records.journal.verify() is None


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE journal SET who = 'x'", "journal: is for good"),
        ("DELETE FROM journal", "journal: is never deleted"),
        ("DELETE FROM alarm", "alarm: is never deleted"),
        ("UPDATE alarm SET value = 1", "alarm: is for good"),
        ('UPDATE alarm SET "limit" = 1', "alarm: is for good"),
        ("UPDATE consultation SET brief = '' WHERE id = 2", "consultation: is for good"),
        ("UPDATE consultation SET sha256 = '' WHERE id = 2", "consultation: is for good"),
        ("UPDATE consultation SET opened_ns = 1 WHERE id = 2", "consultation: is for good"),
        ("UPDATE consultation SET closed_by = 'x'", "consultation: is finished"),
        ("DELETE FROM consultation", "consultation: is never deleted"),
        ("UPDATE decision SET decision = 'normal'", "decision: is for good"),
        ("DELETE FROM decision", "decision: is never deleted"),
        (
            "INSERT INTO opinion (consultation, name, role, at_ns, text, dissent)"
            " VALUES (1, 'x', 'x', 1, 'x', false)",
            "opinion: comes after the closing",
        ),
        ("UPDATE rope_test SET verdict = 'normal'", "rope_test: is for good"),
        ("UPDATE rope_trace SET packed = ''", "rope_trace: is for good"),
        ("UPDATE task SET due_ns = 1 WHERE id = 2", "task: is for good"),
        ("UPDATE task SET result = 'pass'", "task: is finished"),
    ],
)
async def test_the_database_itself_refuses_to_rewrite_what_was_signed(
    tmp_path: Path, statement: str, words: str
) -> None:
    async with opened(tmp_path / "records") as records:
        await records.alarms.raise_alarm(an_alarm())
        kept = await records.consultations.open(an_opening(), SHANGHAI)
        for ropeway in kept.ropeways:
            await records.consultations.decide(kept.id, a_decision(ropeway))
        await records.consultations.close(kept.id, "陈工", NOON_NS)
        await records.tests.add(a_test(), a_trace())
        task = await records.tasks.open_task(a_task())
        await records.tasks.close(task.id, Closing("周工", "fail", NOON_NS))
        await records.consultations.open(an_opening(), SHANGHAI)
        await records.tasks.open_task(a_task(due_ns=NOON_NS + 1))
    assert words in attempt(tmp_path / "records", statement)


async def test_no_other_way_to_write_gets_round_the_refusals(
    tmp_path: Path, either_database: str
) -> None:
    async with opened(tmp_path / "records") as records:
        kept = await records.consultations.open(an_opening(), SHANGHAI)
        await records.consultations.decide(kept.id, a_decision("north"))
    ways = {
        "sqlite": ["REPLACE INTO decision SELECT * FROM decision"],
        "postgresql": [
            "TRUNCATE decision",
            "TRUNCATE journal, consultation CASCADE",
            "INSERT INTO decision SELECT * FROM decision"
            " ON CONFLICT (id) DO UPDATE SET decision = 'normal'",
        ],
    }
    for statement in ways[either_database]:
        refused = attempt(tmp_path / "records", statement)
        assert "is never deleted" in refused or "is for good" in refused


async def test_a_row_altered_behind_the_triggers_is_found(tmp_path: Path) -> None:
    path = tmp_path / "records"
    async with opened(path) as records:
        for count in range(5):
            await records.alarms.raise_alarm(an_alarm(f"s{count}"))
    rewrite(path, "journal", "fixed", "UPDATE journal SET who = 'nobody' WHERE seq = 3")
    async with opened(path) as records:
        assert await records.journal.verify() == 3


async def test_a_brief_altered_behind_the_triggers_is_not_shown(tmp_path: Path) -> None:
    path = tmp_path / "records"
    async with opened(path) as records:
        kept = await records.consultations.open(an_opening(), SHANGHAI)
    rewrite(path, "consultation", "fixed", "UPDATE consultation SET brief = '{}'")
    async with opened(path) as records:
        with pytest.raises(RecordsError, match="altered from outside"):
            await records.consultations.get(kept.id)
        assert len(await records.consultations.list_heads()) == 1


@given(st.lists(st.text(max_size=5), min_size=1, max_size=8))
def test_an_untouched_chain_holds(bodies: list[str]) -> None:
    assert first_broken(a_chain(bodies)) is None


@given(
    st.lists(st.text(max_size=5), min_size=1, max_size=8),
    st.data(),
    st.sampled_from(["seq", "at_ns", "who", "what", "subject", "body", "previous"]),
)
def test_any_field_changed_anywhere_breaks_the_chain_there(
    bodies: list[str], data: Any, field: str
) -> None:
    chain = a_chain(bodies)
    place = data.draw(st.integers(0, len(chain) - 1))
    old = getattr(chain[place], field)
    new = old + 1 if isinstance(old, int) else old + "x"
    chain[place] = replace(chain[place], **{field: new})
    assert first_broken(chain) == place + 1


@given(st.lists(st.text(max_size=5), min_size=2, max_size=8), st.data())
def test_a_row_taken_out_breaks_the_chain_there(bodies: list[str], data: Any) -> None:
    chain = a_chain(bodies)
    place = data.draw(st.integers(0, len(chain) - 2))
    assert first_broken(chain[:place] + chain[place + 1 :]) == place + 1


def test_equal_content_has_equal_bytes() -> None:
    one = canonical_json({"b": 1, "a": [1.5, None, "绳"]})
    assert one == '{"a":[1.5,null,"绳"],"b":1}'
    assert canonical_json({"a": (1.5, float("nan"), "绳"), "b": 1}) == one
    with pytest.raises(ValueError, match="Out of range"):
        canonical_json(float("inf"))
