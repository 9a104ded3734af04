"""Consultations open themselves, once, on evidence that never changes."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from analytics.consultation import ByHand
from analytics.model import Consultation, Decision
from analytics.records import RecordsRefused
from tests.unit.analytics.judging_words import DISTANCE, GUST, OTHER_GUST, a_rule, scans_of
from tests.unit.analytics.station_words import Desk, a_desk

pytestmark = pytest.mark.usefixtures("either_database")

STORM = a_rule(tags=[GUST, OTHER_GUST], high=20, raises="consultation")
NEAR = a_rule("near", tag=DISTANCE, low=10, raises="consultation")
PLAIN = a_rule("plain", high=15)


@asynccontextmanager
async def sitting(desk: Desk) -> AsyncIterator[None]:
    running = asyncio.create_task(desk.consultations.run())
    try:
        yield
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


async def opened(desk: Desk, count: int) -> list[Consultation]:
    """Return the consultations, oldest first, once all alarms are joined to one."""
    async with asyncio.timeout(10):
        while True:
            heads = await desk.records.consultations.list_heads()
            wanting = [
                alarm
                for alarm in desk.engine.alarms
                if alarm.source in desk.engine.conditions
                and desk.engine.conditions[alarm.source].opens_consultation
                and alarm.consultation is None
            ]
            if len(heads) >= count and not wanting:
                break
            await asyncio.sleep(0.02)
    await asyncio.sleep(0.1)
    heads = await desk.records.consultations.list_heads()
    return [await desk.records.consultations.get(head.id) for head in reversed(heads)]


async def closed(desk: Desk, consultation: Consultation) -> None:
    for way in consultation.ropeways:
        decision = Decision(way, "suspend", None, "", "王磊", desk.clock.now_ns())
        await desk.records.consultations.decide(consultation.id, decision)
    await desk.records.consultations.close(consultation.id, "王磊", desk.clock.now_ns())


async def test_an_alarm_opens_a_consultation_for_its_ropeway(tmp_path: Path) -> None:
    async with a_desk(tmp_path, STORM, PLAIN) as desk, sitting(desk):
        await desk.see(scans_of({GUST: [25.0]}))
        (one,) = await opened(desk, 1)
        (alarm,) = [alarm for alarm in desk.engine.alarms if alarm.rule == "gust"]
        assert (one.ropeways, one.opened_by, one.alarm) == (("north",), "monitor", alarm.id)
        assert alarm.consultation == one.id


async def test_an_alarm_of_the_whole_site_concerns_every_ropeway(tmp_path: Path) -> None:
    async with a_desk(tmp_path, NEAR) as desk, sitting(desk):
        await desk.see(scans_of({DISTANCE: [5.0]}))
        (one,) = await opened(desk, 1)
        assert one.ropeways == ("north", "south")


async def test_a_rule_that_does_not_ask_opens_none(tmp_path: Path) -> None:
    async with a_desk(tmp_path, PLAIN) as desk, sitting(desk):
        await desk.see(scans_of({GUST: [25.0]}))
        assert await opened(desk, 0) == []


async def test_an_alarm_joins_the_consultation_that_is_open(tmp_path: Path) -> None:
    async with a_desk(tmp_path, STORM, NEAR) as desk, sitting(desk):
        await desk.see(scans_of({DISTANCE: [5.0]}))
        (first,) = await opened(desk, 1)
        await desk.see(scans_of({GUST: [25.0], OTHER_GUST: [26.0]}, begin_s=1))
        assert [one.id for one in await opened(desk, 1)] == [first.id]
        assert {alarm.consultation for alarm in desk.engine.alarms} == {first.id}


async def test_alarms_that_come_together_open_one_consultation(tmp_path: Path) -> None:
    async with a_desk(tmp_path, STORM) as desk, sitting(desk):
        await desk.see(scans_of({GUST: [25.0], OTHER_GUST: [26.0]}))
        assert len(await opened(desk, 1)) == 1


async def test_a_restart_between_alarm_and_consultation_opens_exactly_one(tmp_path: Path) -> None:
    async with a_desk(tmp_path, STORM) as desk:
        await desk.see(scans_of({GUST: [25.0]}))
    for _ in range(2):
        async with a_desk(tmp_path, STORM) as desk, sitting(desk):
            assert len(await opened(desk, 1)) == 1


async def test_a_storm_that_comes_again_after_closing_is_talked_over_again(tmp_path: Path) -> None:
    async with a_desk(tmp_path, STORM) as desk, sitting(desk):
        await desk.see(scans_of({GUST: [25.0]}))
        (first,) = await opened(desk, 1)
        await closed(desk, first)
        await desk.see(scans_of({GUST: [5.0, 25.0]}, begin_s=1))
        second = (await opened(desk, 2))[-1]
        (alarm,) = desk.engine.alarms
        assert (second.alarm, alarm.consultation) == (alarm.id, second.id)


async def test_a_restart_reopens_nothing_for_a_storm_that_still_stands(tmp_path: Path) -> None:
    async with a_desk(tmp_path, STORM) as desk, sitting(desk):
        await desk.see(scans_of({GUST: [25.0]}))
        await closed(desk, (await opened(desk, 1))[0])
    async with a_desk(tmp_path, STORM) as desk, sitting(desk):
        await desk.see(scans_of({GUST: [26.0]}, begin_s=1))
        assert len(await opened(desk, 1)) == 1


async def test_a_brief_is_not_changed_by_anything_that_comes_later(tmp_path: Path) -> None:
    async with a_desk(tmp_path, STORM) as desk, sitting(desk):
        await desk.see(scans_of({GUST: [5.0, 25.0]}))
        (before,) = await opened(desk, 1)
        await desk.see(scans_of({GUST: [30.0] * 20, OTHER_GUST: [40.0] * 20}, begin_s=2))
        await desk.engine.acts.acknowledge(desk.engine.alarms[0].id, "王磊", "")
        await closed(desk, before)
    async with a_desk(tmp_path, STORM) as desk:
        after = await desk.records.consultations.get(before.id)
    assert after.brief == before.brief
    assert after.sha256 == hashlib.sha256(before.brief.encode("utf-8")).hexdigest()


async def test_a_brief_holds_what_was_known_at_its_instant(tmp_path: Path) -> None:
    async with a_desk(tmp_path, STORM, after_s=10) as desk, sitting(desk):
        await desk.see(scans_of({GUST: [5.0, 25.0], OTHER_GUST: [7.0, 8.0]}))
        (one,) = await opened(desk, 1)
    brief = json.loads(one.brief)
    assert brief["frozen_ms"] == one.opened_ns // 1_000_000
    assert brief["trigger"]["value"] == 25.0
    assert [alarm["rule"] for alarm in brief["alarms"]] == ["gust"]
    assert [curve["tag"] for curve in brief["curves"]] == [GUST, OTHER_GUST]
    assert [max(filter(None, curve["max"])) for curve in brief["curves"]] == [25.0, 8.0]
    samples = {sample["tag"]: sample for sample in brief["samples"]}
    assert samples[GUST]["value"] == 25.0
    assert 8_000 <= samples[GUST]["age_ms"] <= 30_000
    never = samples["north.drive.speed"]
    assert (never["value"], never["quality"], never["age_ms"]) == (None, 133, None)
    assert [way["id"] for way in brief["ropeways"]] == ["north"]
    assert (brief["devices_online"], brief["devices"]) == (3, 3)


async def test_what_comes_while_a_brief_is_being_written_is_not_in_it(tmp_path: Path) -> None:
    async with a_desk(tmp_path, STORM, after_s=10) as desk:
        await desk.see(scans_of({GUST: [25.0]}))
        opening = asyncio.create_task(
            desk.consultations.open_by_hand(ByHand("王磊", "看天", ("north",)))
        )
        await asyncio.sleep(0.05)
        await desk.see(scans_of({GUST: [50.0]}, begin_s=10))
        brief = json.loads((await opening).brief)
    (sample,) = [one for one in brief["samples"] if one["tag"] == GUST]
    assert sample["value"] == 25.0
    assert sample["age_ms"] >= 0


async def test_a_disk_that_refuses_does_not_hold_up_a_consultation(tmp_path: Path) -> None:
    async with a_desk(tmp_path, STORM) as desk, sitting(desk):
        await desk.history.committed()
        desk.history._writer._connection.execute("PRAGMA query_only = ON")
        await desk.see(scans_of({GUST: [25.0]}))
        (one,) = await opened(desk, 1)
        assert json.loads(one.brief)["trigger"]["value"] == 25.0
        desk.history._writer._connection.execute("PRAGMA query_only = OFF")


async def test_a_consultation_by_hand_names_known_ropeways(tmp_path: Path) -> None:
    async with a_desk(tmp_path, STORM) as desk:
        one = await desk.consultations.open_by_hand(ByHand("王磊", "看天", ("south", "north")))
        assert (one.opened_by, one.alarm, one.trigger.zh) == ("王磊", None, "看天")
        assert one.ropeways == ("south", "north")
        for wrong in ((), ("west",), ("north", "west")):
            with pytest.raises(RecordsRefused, match="no such ropeway"):
                await desk.consultations.open_by_hand(ByHand("王磊", "看天", wrong))
