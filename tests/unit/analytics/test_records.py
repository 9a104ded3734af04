"""The stores: what they keep, what they return, what they refuse."""

import hashlib
import math
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from analytics.model import AlarmState, Opinion, TaskState, Trace, Verdict
from analytics.records import Closing, RecordMissing, RecordsRefused
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


async def test_an_alarm_comes_back_as_it_was_raised(tmp_path: Path) -> None:
    async with opened(tmp_path / "records") as records:
        raised = await records.alarms.raise_alarm(an_alarm())
        assert raised == replace(an_alarm(), id=raised.id)
    async with opened(tmp_path / "records") as records:
        assert await records.alarms.get(raised.id) == raised


async def test_an_open_source_is_not_raised_twice(tmp_path: Path) -> None:
    async with opened(tmp_path / "records") as records:
        first = await records.alarms.raise_alarm(an_alarm())
        again = await records.alarms.raise_alarm(an_alarm(value=25.0))
        assert again == first
        assert len(await records.journal.entries()) == 1


async def test_a_closed_source_is_raised_anew(tmp_path: Path) -> None:
    async with opened(tmp_path / "records") as records:
        first = await records.alarms.raise_alarm(an_alarm())
        closed = replace(first, state=AlarmState.NORMAL, closed_ns=NOON_NS + 5)
        await records.alarms.change(closed)
        second = await records.alarms.raise_alarm(an_alarm())
        assert second.id != first.id
        assert await records.alarms.open_alarms() == [second]
        assert await records.alarms.recent() == [second, closed]
        assert await records.alarms.recent(state=AlarmState.NORMAL) == [closed]


async def test_an_acknowledgement_is_kept_with_its_name(tmp_path: Path) -> None:
    async with opened(tmp_path / "records") as records:
        raised = await records.alarms.raise_alarm(an_alarm())
        acknowledged = replace(
            raised,
            state=AlarmState.ACKNOWLEDGED,
            acknowledged_ns=NOON_NS + 1,
            acknowledged_by="李工",
            acknowledged_comment="已通知",
        )
        assert await records.alarms.change(acknowledged, who="李工") == acknowledged
        last = (await records.journal.entries(f"alarm {raised.id}"))[-1]
        assert (last.who, last.what) == ("李工", "alarm changed")


async def test_what_an_alarm_was_raised_with_cannot_change(tmp_path: Path) -> None:
    async with opened(tmp_path / "records") as records:
        raised = await records.alarms.raise_alarm(an_alarm())
        with pytest.raises(RecordsRefused, match="limit, value stay"):
            await records.alarms.change(replace(raised, value=1.0, limit=2.0))
        with pytest.raises(RecordsRefused, match="closing time"):
            await records.alarms.change(replace(raised, state=AlarmState.NORMAL))


async def test_a_closed_alarm_stays_closed(tmp_path: Path) -> None:
    async with opened(tmp_path / "records") as records:
        raised = await records.alarms.raise_alarm(an_alarm())
        closed = replace(raised, state=AlarmState.NORMAL, closed_ns=NOON_NS)
        await records.alarms.change(closed)
        with pytest.raises(RecordsRefused, match="closed for good"):
            await records.alarms.change(raised)


async def test_the_most_pressing_open_alarm_comes_first(tmp_path: Path) -> None:
    async with opened(tmp_path / "records") as records:
        for place, (source, priority) in enumerate([("a", 3), ("b", 1), ("c", 1)]):
            await records.alarms.raise_alarm(
                an_alarm(source, priority=priority, raised_ns=NOON_NS + place)
            )
        sources = [alarm.source for alarm in await records.alarms.open_alarms()]
        assert sources == ["c", "b", "a"]


async def test_a_missing_record_is_said_to_be_missing(tmp_path: Path) -> None:
    async with opened(tmp_path / "records") as records:
        for look in (
            records.alarms.get,
            records.consultations.get,
            records.tests.get,
            records.tests.trace,
            records.tasks.get,
        ):
            with pytest.raises(RecordMissing, match="7"):
                await look(7)


async def test_a_transaction_is_kept_whole_or_not_at_all(tmp_path: Path) -> None:
    async with opened(tmp_path / "records") as records:

        async def fail_late() -> None:
            async with records.transaction() as within:
                alarm = await within.alarms.raise_alarm(an_alarm())
                await within.consultations.open(an_opening(alarm.id), SHANGHAI)
                await within.state.keep("engine", "{}")
                raise KeyError

        with pytest.raises(KeyError):
            await fail_late()
        assert await records.alarms.recent() == []
        assert await records.consultations.list_heads() == []
        assert await records.state.kept("engine") is None
        assert await records.journal.entries() == []


async def test_a_refusal_leaves_the_rest_of_its_transaction(tmp_path: Path) -> None:
    async with opened(tmp_path / "records") as records:
        async with records.transaction() as within:
            alarm = await within.alarms.raise_alarm(an_alarm())
            with pytest.raises(RecordsRefused):
                await within.alarms.change(replace(alarm, value=1.0))
            with pytest.raises(RecordsRefused):
                await within.consultations.open(an_opening(alarm=99), SHANGHAI)
            await within.state.keep("engine", "{}")
        assert await records.alarms.open_alarms() == [alarm]
        assert await records.state.kept("engine") == "{}"
        assert await records.journal.verify() is None


async def test_a_transaction_does_not_wait_for_itself(tmp_path: Path) -> None:
    async with opened(tmp_path / "records") as records, records.transaction():
        with pytest.raises(RuntimeError, match="stores that transaction"):
            await records.alarms.raise_alarm(an_alarm())


async def test_a_consultation_is_numbered_in_the_sites_year(tmp_path: Path) -> None:
    new_year = datetime(2027, 1, 1, tzinfo=SHANGHAI)
    opened_ns = int(new_year.timestamp()) * 10**9
    async with opened(tmp_path / "records") as records:
        numbers = []
        for at_ns, zone in [
            (opened_ns - 1, SHANGHAI),
            (opened_ns, SHANGHAI),
            (opened_ns, SHANGHAI),
            (opened_ns, UTC),
        ]:
            opening = an_opening(opened_ns=at_ns)
            numbers.append((await records.consultations.open(opening, zone)).number)
        assert numbers == ["2026-0001", "2027-0001", "2027-0002", "2026-0002"]


async def test_a_brief_stays_to_the_byte_whatever_follows(tmp_path: Path) -> None:
    brief = '{"阵风": 20.60,\r\n "x":"\u2028é\U0001f6a0"}  '
    async with opened(tmp_path / "records") as records:
        kept = await records.consultations.open(an_opening(brief=brief), SHANGHAI)
        said = Opinion("赵敏", "安全部", NOON_NS, "同意", dissent=False)
        await records.consultations.add_opinion(kept.id, said)
        for ropeway in ("north", "middle", "north"):
            await records.consultations.decide(kept.id, a_decision(ropeway))
        closed = await records.consultations.close(kept.id, "王磊", NOON_NS + 9)
    async with opened(tmp_path / "records") as records:
        found = await records.consultations.get(kept.id)
    assert found == closed
    assert found.brief == brief
    assert found.sha256 == hashlib.sha256(brief.encode()).hexdigest()
    assert found.opinions == (said,)
    assert [decision.ropeway for decision in found.decisions] == [
        "north",
        "middle",
        "north",
    ]
    assert (found.state, found.closed_by, found.closed_ns) == (
        "closed",
        "王磊",
        NOON_NS + 9,
    )


async def test_a_consultation_closes_only_when_all_is_decided(tmp_path: Path) -> None:
    async with opened(tmp_path / "records") as records:
        kept = await records.consultations.open(an_opening(), SHANGHAI)
        await records.consultations.decide(kept.id, a_decision("north"))
        with pytest.raises(RecordsRefused, match="no decision yet for middle") as said:
            await records.consultations.close(kept.id, "王磊", NOON_NS)
        assert "middle" in said.value.reason.zh
        await records.consultations.decide(kept.id, a_decision("middle"))
        heads = await records.consultations.list_heads()
        assert [(head.state, head.number) for head in heads] == [("decided", kept.number)]
        with pytest.raises(RecordsRefused, match="name"):
            await records.consultations.close(kept.id, " ", NOON_NS)
        await records.consultations.close(kept.id, "王磊", NOON_NS)
        with pytest.raises(RecordsRefused, match="closed"):
            await records.consultations.decide(kept.id, a_decision("north"))
        with pytest.raises(RecordsRefused, match="closed"):
            await records.consultations.close(kept.id, "王磊", NOON_NS)


async def test_a_consultation_decides_only_its_own_ropeways(tmp_path: Path) -> None:
    async with opened(tmp_path / "records") as records:
        kept = await records.consultations.open(an_opening(), SHANGHAI)
        with pytest.raises(RecordsRefused, match="south"):
            await records.consultations.decide(kept.id, a_decision("south"))
        with pytest.raises(RecordsRefused, match="name"):
            await records.consultations.decide(kept.id, a_decision("north", name=""))
        with pytest.raises(RecordsRefused, match="ropeway"):
            await records.consultations.open(an_opening(ropeways=()), SHANGHAI)


async def test_the_same_pass_is_one_rope_test(tmp_path: Path) -> None:
    async with opened(tmp_path / "records") as records:
        kept = await records.tests.add(a_test(), a_trace())
    async with opened(tmp_path / "records") as records:
        assert await records.tests.add(a_test(lf_max=1.0), a_trace()) == kept
        assert await records.tests.listed() == [kept]
        assert kept == a_test(id=kept.id)


async def test_a_trace_comes_back_to_the_last_bit(tmp_path: Path) -> None:
    trace = Trace(
        position_m=(0.1 + 0.2, -0.0, 5e-324), lma_pct=(math.pi,) * 3, lf=(1e308, 0.0, -1.0)
    )
    async with opened(tmp_path / "records") as records:
        kept = await records.tests.add(a_test(), trace)
        found = await records.tests.trace(kept.id)
        assert repr(found) == repr(trace)


async def test_a_trace_that_lacks_samples_is_refused(tmp_path: Path) -> None:
    async with opened(tmp_path / "records") as records:
        with pytest.raises(RecordsRefused, match="one length"):
            await records.tests.add(a_test(), replace(a_trace(), lf=(1.0,)))


async def test_an_incomplete_test_keeps_that_it_has_no_figures(tmp_path: Path) -> None:
    nothing = a_test(
        complete=False,
        windows=(),
        lf_max=math.nan,
        lf_position_m=math.nan,
        speed_mps=math.nan,
        verdict=Verdict.INCOMPLETE,
    )
    async with opened(tmp_path / "records") as records:
        kept = await records.tests.add(nothing, Trace((), (), ()))
        found = await records.tests.get(kept.id)
        assert math.isnan(found.lf_max)
        assert math.isnan(found.speed_mps)
        assert await records.tests.trace(kept.id) == Trace((), (), ())


async def test_rope_tests_are_found_by_rope_and_test_point(tmp_path: Path) -> None:
    async with opened(tmp_path / "records") as records:
        assert await records.tests.latest_end_ns() is None
        for place, (rope, point) in enumerate([("a", "x"), ("a", "y"), ("b", "x")]):
            test = a_test(rope=rope, test_point=point, ended_ns=NOON_NS + place)
            await records.tests.add(test, a_trace())
        assert await records.tests.latest_end_ns() == NOON_NS + 2
        assert await records.tests.latest_end_ns("a") == NOON_NS + 1
        assert await records.tests.latest_end_ns("a", "x") == NOON_NS
        points = [test.test_point for test in await records.tests.listed("a")]
        assert points == ["y", "x"]
        assert len(await records.tests.listed(limit=1)) == 1


async def test_a_rope_test_names_the_one_alarm_it_raised(tmp_path: Path) -> None:
    async with opened(tmp_path / "records") as records:
        test = await records.tests.add(a_test(), a_trace())
        alarm = await records.alarms.raise_alarm(an_alarm())
        other = await records.alarms.raise_alarm(an_alarm("other"))
        for _ in range(2):
            linked = await records.tests.link_alarm(test.id, alarm.id)
            assert linked.alarm == alarm.id
        with pytest.raises(RecordsRefused, match="has raised"):
            await records.tests.link_alarm(test.id, other.id)


async def test_a_task_is_opened_once_for_each_due_instant(tmp_path: Path) -> None:
    async with opened(tmp_path / "records") as records:
        first = await records.tasks.open_task(a_task())
        assert await records.tasks.open_task(a_task(opened_ns=NOON_NS + 1)) == first
        other = await records.tasks.open_task(a_task(due_ns=NOON_NS - 1))
        assert await records.tasks.listed() == [other, first]
        assert await records.tasks.of_plan("north_haul_weekly") == [other, first]


async def test_a_task_goes_from_due_over_overdue_to_done(tmp_path: Path) -> None:
    async with opened(tmp_path / "records") as records:
        test = await records.tests.add(a_test(), a_trace())
        task = await records.tasks.open_task(a_task())
        overdue = await records.tasks.mark_overdue(task.id)
        assert overdue.state is TaskState.OVERDUE
        assert await records.tasks.mark_overdue(task.id) == overdue
        closing = Closing("周工", "pass", NOON_NS + 5, "无断丝", test.id)
        done = await records.tasks.close(task.id, closing)
        assert (done.state, done.name, done.result) == (TaskState.DONE, "周工", "pass")
        assert (done.note, done.test, done.done_ns) == ("无断丝", test.id, NOON_NS + 5)
        assert await records.tasks.mark_overdue(task.id) == done
        with pytest.raises(RecordsRefused, match="was done by 周工"):
            await records.tasks.close(task.id, closing)
        assert await records.tasks.listed(TaskState.DUE, TaskState.OVERDUE) == []
        assert await records.tasks.listed(TaskState.DONE) == [done]
        assert await records.tasks.open_task(a_task()) == done


async def test_a_task_is_not_closed_without_a_name(tmp_path: Path) -> None:
    async with opened(tmp_path / "records") as records:
        task = await records.tasks.open_task(a_task())
        with pytest.raises(RecordsRefused, match="name"):
            await records.tasks.close(task.id, Closing("", "pass", NOON_NS))
        assert await records.tasks.get(task.id) == task
