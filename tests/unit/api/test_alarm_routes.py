"""Alarms over the interface: every act has a name, and what is hidden says by whom."""

from pathlib import Path
from typing import Any

import pytest

from analytics.conditions import conditions_of
from tests.people import LOGIN, NAME, PASSWORD, a_person, keep_person
from tests.unit.api.parts import BEGIN_MS, GUST, Desk, a_desk, a_rope_alarm
from tests.unit.api.shapes import ALARM, ASIDE, ERROR, KPI, fits

HIGH = f"gust/{GUST}/H"
LATER = {"reason": "检修", "for_s": 600}


async def gusty(desk: Desk) -> int:
    await desk.see(*[desk.reading(at, gust=25.0, speed=1.0) for at in range(3)])
    (alarm,) = (await desk.get("/api/alarms"))["alarms"]
    return int(alarm["id"])


async def test_an_alarm_is_confirmed_after_it_was_acknowledged(tmp_path: Path) -> None:
    async with a_desk(tmp_path) as desk:
        path = f"/api/alarms/{await gusty(desk)}"
        fits(await desk.post(f"{path}/confirm", {}, 409), ERROR)
        await desk.post(f"{path}/acknowledge", {})
        done = await desk.post(f"{path}/confirm", {"comment": "已减速"})
        fits(done, ALARM)
        assert (done["confirmed_by"], done["confirmed_comment"]) == (NAME, "已减速")


async def test_a_safety_alarm_is_not_shelved_and_its_class_says_so(tmp_path: Path) -> None:
    async with a_desk(tmp_path) as desk:
        refusal = await desk.post(f"/api/alarms/{await gusty(desk)}/shelve", LATER, 409)
        assert "never shelved" in refusal["title"]["en"]
        rules = await desk.get("/api/rules")
        classes = {one["id"]: one["longest_shelf_h"] for one in rules["classes"]}
        assert classes == {"safety": 0, "operating": 8, "bypass": 0}


async def test_out_of_service_shows_who_signed_and_until_when(tmp_path: Path) -> None:
    async with a_desk(tmp_path) as desk:
        await keep_person(desk.station.records, a_person("ligong", "李工"))
        await desk.station.log_in.restore()
        body = {**LATER, "source": HIGH, "second_login": "ligong", "second_password": PASSWORD}
        await desk.post("/api/alarms/out-of-service", {**body, "second_login": LOGIN}, 409)
        await desk.post("/api/alarms/out-of-service", {**body, "second_password": "guess"}, 403)
        out = await desk.post("/api/alarms/out-of-service", body)
        fits(out, ALARM)
        fits(out["aside"], ASIDE)
        assert (out["aside"]["by"], out["aside"]["second"]) == (NAME, "李工")
        sheet = await desk.get("/api/alarms/hand-over")
        assert [one["source"] for one in sheet["out_of_service"]] == [HIGH]
        assert sheet["shelved"] == []
        await desk.post(f"/api/alarms/{out['id']}/put-back", {})
        assert (await desk.get("/api/alarms"))["alarms"] == []


async def test_every_alarm_names_the_rules_in_force(tmp_path: Path) -> None:
    async with a_desk(tmp_path) as desk:
        await gusty(desk)
        (alarm,) = (await desk.get("/api/alarms"))["alarms"]
        rules = await desk.get("/api/rules")
        assert alarm["rule_set"] == rules["version"]
        assert [one["confirmed_by"] for one in rules["rules"]] == [""]
        known = conditions_of(desk.station.site.plant, desk.station.site.judging.rule)
        assert alarm["source"] in {one.source for one in known}


async def test_the_figures_come_with_their_targets(tmp_path: Path) -> None:
    async with a_desk(tmp_path) as desk:
        await gusty(desk)
        found = await desk.get("/api/alarms/kpi")
        fits(found, KPI)
        assert (found["alarms"], found["busiest"]) == (1, [{"source": HIGH, "alarms": 1}])
        measures = {one["id"]: one for one in found["measures"]}
        assert measures["per_day"]["target"] == 150
        assert measures["per_day"]["state"] == "good"
        other = await desk.get("/api/alarms/kpi", ropeway="south")
        assert other["alarms"] == 0


@pytest.mark.parametrize("query", ["from_ms=-1", "to_ms=99999999999999", "from_ms=x"])
async def test_a_span_that_makes_no_sense_is_refused(tmp_path: Path, query: str) -> None:
    async with a_desk(tmp_path) as desk:
        fits(await desk.get(f"/api/alarms/kpi?{query}", 422), ERROR)


async def test_the_past_is_looked_for_by_ropeway_priority_rule_and_time(tmp_path: Path) -> None:
    async with a_desk(tmp_path) as desk:
        await gusty(desk)
        await desk.station.engine.raise_alarm(a_rope_alarm())

        async def found(**wanted: Any) -> list[str]:
            answer = await desk.get("/api/alarms/history", **wanted)
            for one in answer["alarms"]:
                fits(one, ALARM)
            return [one["source"] for one in answer["alarms"]]

        assert set(await found()) == {HIGH, "rope/haul/end_0"}
        assert await found(rule="gust") == [HIGH]
        assert await found(ropeway="south") == []
        assert set(await found(ropeway="north", priority=2)) == {HIGH, "rope/haul/end_0"}
        assert len(await found(limit=1)) == 1
        assert await found(to_ms=BEGIN_MS - 1) == []
        assert len(await found(from_ms=BEGIN_MS - 1)) == 2
        fits(await desk.get("/api/alarms/history?priority=4", 422), ERROR)
