"""Rules over the interface: refused with every place, replayed, and signed by another."""

import asyncio
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from analytics.people import Grant, Role
from api.replaying import Question, asked
from tests.people import PASSWORD, a_person, keep_person
from tests.unit.api.parts import BEGIN_MS, GUST, HERE, Desk, a_desk, log_in
from tests.unit.api.shapes import ERROR, REPLAYING, fits

HIGH = f"gust/{GUST}/H"


async def proposed(desk: Desk, line: str = "high = 20.0", instead: str = "high = 15.0") -> Any:
    text = (await desk.get("/api/rule-sets"))["text"]
    assert line in text
    wish = {"text": text.replace(line, instead), "why": "夏季阵风"}
    return await desk.post("/api/rule-sets", wish, 201)


async def leader_of(desk: Desk) -> httpx.AsyncClient:
    """Return a client of a duty leader, who may approve and proposed nothing."""
    leader = a_person("leader", "带班 赵", (Grant(Role.DUTY_LEADER),))
    await keep_person(desk.station.records, leader)
    await desk.station.log_in.restore()
    client = httpx.AsyncClient(transport=desk.client._transport, base_url=HERE)
    await log_in(client, "leader")
    return client


async def test_a_proposal_is_approved_by_another_and_then_in_force(tmp_path: Path) -> None:
    async with a_desk(tmp_path) as desk:
        one = await proposed(desk)
        path = f"/api/rule-sets/{one['id']}/approve"
        fits(await desk.post(path, {"password": PASSWORD}, 409), ERROR)
        leader = await leader_of(desk)
        assert (await leader.post(path, json={"password": "guess"})).status_code == 403
        assert (await leader.post(path, json={"password": PASSWORD})).status_code == 200
        await desk.station.rules.take_up_due()
        listed = await desk.get("/api/rule-sets")
        assert listed["version"] == one["version"]
        assert [each["state"] for each in listed["sets"]] == ["in_force", "superseded"]
        assert listed["sets"][0]["approved_by"] == "带班 赵"
        assert "high = 15.0" in listed["text"]
        rules = await desk.get("/api/rules")
        assert (rules["version"], rules["rules"][0]["high"]) == (one["version"], 15.0)
        await desk.see(desk.reading(1, gust=17.0))
        (alarm,) = (await desk.get("/api/alarms"))["alarms"]
        assert (alarm["rule_set"], alarm["limit"]) == (one["version"], 15.0)


async def test_wrong_rules_are_refused_with_every_place_and_nothing_is_kept(
    tmp_path: Path,
) -> None:
    async with a_desk(tmp_path) as desk:
        text = (await desk.get("/api/rule-sets"))["text"]
        wrong = text.replace(GUST, "north.no.such").replace("high = 20.0", "high = 'x'")
        refusal = await desk.post("/api/rule-sets", {"text": wrong, "why": "试"}, 422)
        fits(refusal, ERROR)
        assert "no tag 'north.no.such'" in refusal["detail"]
        assert "high" in refusal["detail"]
        checked = await desk.post("/api/rule-sets/check", {"text": wrong})
        assert refusal["detail"].splitlines() == checked["faults"]
        assert len((await desk.get("/api/rule-sets"))["sets"]) == 1
        assert (await desk.post("/api/rule-sets/check", {"text": text}))["faults"] == []
        same = await desk.post("/api/rule-sets", {"text": text, "why": "试"}, 409)
        assert "in force" in same["title"]["en"]


async def judged_again(desk: Desk) -> Any:
    """Return what became of the replay that is under way; it takes a process's start."""
    async with asyncio.timeout(60):
        while True:
            job = (await desk.get("/api/rule-sets/replay"))["replay"]
            if job["state"] != "running":
                return job
            await asyncio.sleep(0.05)


def children() -> set[int]:
    """Return the processes that this one has started and that have not ended."""
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, parent = stat.read_text().rpartition(")")[2].split()[:2]
            if int(parent) == os.getpid() and state != "Z":
                found.add(int(stat.parent.name))
    return found


async def begun_beside(before: set[int]) -> None:
    """Wait until this process has another one."""
    async with asyncio.timeout(20):
        while children() == before:
            await asyncio.sleep(0.01)


WHOLE = {"from_ms": BEGIN_MS - 1000, "to_ms": BEGIN_MS + 60_000}


async def test_a_replay_of_stored_scans_shows_what_other_rules_would_have_raised(
    tmp_path: Path,
) -> None:
    async with a_desk(tmp_path) as desk:
        assert (await desk.get("/api/rule-sets/replay")) == {"replay": None}
        await desk.see(*[desk.reading(at, gust=17.0) for at in range(30)])
        assert (await desk.get("/api/alarms"))["alarms"] == []
        one = await proposed(desk)
        job = await desk.post(f"/api/rule-sets/{one['id']}/replay", WHOLE, 202)
        fits(job, REPLAYING)
        assert (job["state"], job["set_id"], job["done_share"]) == ("running", one["id"], 0)
        job = await judged_again(desk)
        assert (job["state"], job["done_share"], job["words"]) == ("done", 1, "")
        again = await desk.get(f"/api/rule-sets/{one['id']}")
        found = again["replayed"]
        assert (found["scans"], found["before"], found["after"]) == (30, 0, 1)
        assert [each["source"] for each in found["new"]] == [HIGH]
        assert found["gone"] == []
        assert {each["id"] for each in found["measures"]} >= {"per_day", "chattering"}
        whats = (await desk.get("/api/journal", subject=f"rule_set {one['id']}"))["entries"]
        assert [each["what"] for each in whats] == ["rules replayed", "rules proposed"]


async def test_one_replay_at_a_time_and_it_can_be_called_off_without_a_trace(
    tmp_path: Path,
) -> None:
    async with a_desk(tmp_path) as desk:
        one = await proposed(desk)
        path = f"/api/rule-sets/{one['id']}/replay"
        before = children()
        await desk.post(path, WHOLE, 202)
        fits(await desk.post(path, WHOLE, 409), ERROR)
        await begun_beside(before)
        off = "/api/rule-sets/replay/call-off"
        called, again = await asyncio.gather(desk.post(off, {}), desk.client.post(off, json={}))
        assert again.status_code == 409
        assert (called["state"], called["words"]) == ("called_off", called["by"])
        assert children() == before
        fits(await desk.post("/api/rule-sets/replay/call-off", {}, 409), ERROR)
        assert (await desk.get(f"/api/rule-sets/{one['id']}"))["replayed"] is None
        await desk.post(path, WHOLE, 202)
        assert (await judged_again(desk))["state"] == "done"


async def test_what_a_replay_found_is_kept_and_no_longer_called_off(tmp_path: Path) -> None:
    async with a_desk(tmp_path) as desk:
        one = await proposed(desk)
        refused: list[Any] = []
        keep = desk.station.records.rule_sets.note_replay

        async def keep_slowly(set_id: int, found: str, who: str) -> Any:
            refused.append(await desk.post("/api/rule-sets/replay/call-off", {}, 409))
            return await keep(set_id, found, who)

        desk.station.records.rule_sets.note_replay = keep_slowly  # type: ignore[method-assign]
        await desk.post(f"/api/rule-sets/{one['id']}/replay", WHOLE, 202)
        assert (await judged_again(desk))["state"] == "done"
        (answer,) = refused
        fits(answer, ERROR)
        assert (await desk.get(f"/api/rule-sets/{one['id']}"))["replayed"] is not None


async def test_no_replay_outlives_its_station(tmp_path: Path) -> None:
    before = children()
    async with a_desk(tmp_path) as desk:
        one = await proposed(desk)
        await desk.post(f"/api/rule-sets/{one['id']}/replay", WHOLE, 202)
        await begun_beside(before)
    assert children() == before


async def test_a_replay_that_cannot_be_made_says_why(tmp_path: Path) -> None:
    async with a_desk(tmp_path) as desk:
        one = await proposed(desk)
        desk.station.collector.history.path.unlink()
        await desk.post(f"/api/rule-sets/{one['id']}/replay", WHOLE, 202)
        job = await judged_again(desk)
        assert job["state"] == "failed"
        assert "is the file readable and undamaged?" in job["words"]
        assert (await desk.get(f"/api/rule-sets/{one['id']}"))["replayed"] is None


@pytest.mark.parametrize(
    ("child", "words"),
    [
        ("echo '{\"x\": 1}'", "what nobody understands: '{\"x\": 1}'"),
        ("echo '{\"share\": null}'", "what nobody understands"),
        ("head -c 17000000 /dev/zero", "a line without an end"),
        ("echo 'KeyError: 7' >&2; exit 1", "exit code 1); ask again, for a shorter span"),
        ("kill -9 $$", "exit code -9); ask again, for a shorter span"),
    ],
)
async def test_a_replay_that_breaks_fails_in_words_to_act_on_and_leaves_room_for_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, child: str, words: str
) -> None:
    broken = tmp_path / "broken"
    broken.write_text(f"#!/bin/sh\ncat >/dev/null\n{child}\n")
    broken.chmod(0o755)
    async with a_desk(tmp_path / "data") as desk:
        one = await proposed(desk)
        with monkeypatch.context() as patch:
            patch.setattr(sys, "executable", str(broken))
            await desk.post(f"/api/rule-sets/{one['id']}/replay", WHOLE, 202)
            job = await judged_again(desk)
        assert job["state"] == "failed"
        assert words in job["words"]
        assert "KeyError" not in job["words"]
        await desk.post(f"/api/rule-sets/{one['id']}/replay", WHOLE, 202)


async def test_a_replay_tells_how_far_it_is_in_what_is_stored(tmp_path: Path) -> None:
    told: list[float] = []
    async with a_desk(tmp_path) as desk:
        await desk.see(*[desk.reading(at, gust=17.0) for at in range(30)])
        station = desk.station
        judging = station.engine.judging
        span = ((BEGIN_MS - 86_400_000) * 1_000_000, (BEGIN_MS + 58_000) * 1_000_000)
        question = Question(
            station.collector.history.path, station.replays.plant, judging, judging, span
        )
        await asked(question, told.append)
    assert told == sorted(told)
    assert told[-1] == pytest.approx(0.5)


async def test_a_span_that_makes_no_sense_is_not_replayed(tmp_path: Path) -> None:
    async with a_desk(tmp_path) as desk:
        one = await proposed(desk)
        for from_ms, to_ms in ((5, 5), (6, 5), (0, 32 * 86_400_000)):
            span = {"from_ms": from_ms, "to_ms": to_ms}
            fits(await desk.post(f"/api/rule-sets/{one['id']}/replay", span, 422), ERROR)


async def test_what_is_withdrawn_never_comes_into_force(tmp_path: Path) -> None:
    async with a_desk(tmp_path) as desk:
        one = await proposed(desk)
        taken = await desk.post(f"/api/rule-sets/{one['id']}/withdraw", {})
        assert taken["state"] == "withdrawn"
        leader = await leader_of(desk)
        path = f"/api/rule-sets/{one['id']}/approve"
        assert (await leader.post(path, json={"password": PASSWORD})).status_code == 409
        fits(await desk.post(f"/api/rule-sets/{one['id']}/withdraw", {}, 409), ERROR)


async def test_who_tends_one_ropeway_does_not_change_the_rules_of_all(tmp_path: Path) -> None:
    async with a_desk(tmp_path) as desk:
        engineer = a_person("north", "北 检修", (Grant(Role.MAINTENANCE, "north"),))
        await keep_person(desk.station.records, engineer)
        await desk.station.log_in.restore()
        client = httpx.AsyncClient(transport=desk.client._transport, base_url=HERE)
        await log_in(client, "north")
        answer = await client.post("/api/rule-sets", json={"text": "", "why": "x"})
        assert answer.status_code == 403
