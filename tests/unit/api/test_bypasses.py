"""The bypass register over the interface: two persons, an end, and its place on the hand-over."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from analytics.bypass import LONGEST_S
from analytics.people import Grant, Role
from tests.people import LOGIN, NAME, PASSWORD, a_person, keep_person
from tests.unit.api.parts import HERE, SPEED, Desk, a_desk, log_in
from tests.unit.api.shapes import BYPASS, ERROR, fits

HOUR = {"for_s": 3600, "second_login": "qian", "second_password": PASSWORD}
WISH = HOUR | {
    "ropeway": "north",
    "safety_device": "3 号门锁开关",
    "tag": SPEED,
    "reason": "开关进水",
    "measures": "专人看门",
}


async def _somebody(desk: Desk, login: str, *grants: Grant) -> httpx.AsyncClient:
    await keep_person(desk.station.records, a_person(login, f"name of {login}", grants))
    await desk.station.log_in.restore()
    other = httpx.AsyncClient(transport=desk.client._transport, base_url=HERE)
    await log_in(other, login)
    return other


async def test_a_bypass_is_entered_approved_renewed_and_ended(tmp_path: Path) -> None:
    async with a_desk(tmp_path) as desk:
        await _somebody(desk, "qian", Grant(Role.SHIFT_LEAD, "north"))
        entered = await desk.post("/api/bypasses", WISH, 201)
        fits(entered, BYPASS)
        assert (entered["entered_by"], entered["overdue"]) == (NAME, False)
        assert entered["until_ms"] - entered["entered_ms"] == 3_600_000
        assert entered["approvals"][0]["approved_by"] == "name of qian"
        (alarm,) = (await desk.get("/api/alarms"))["alarms"]
        assert (alarm["source"], alarm["priority"], alarm["kind"]) == ("bypass/1", 1, "bypass")
        assert (await desk.get("/api/alarms/hand-over"))["bypassed"] == [entered]
        north = (await desk.get("/api/advice"))["ropeways"][0]
        assert north["advice"] == "watch"
        assert north["reasons"][0]["zh"] == "安全装置已旁路：3 号门锁开关"
        renewed = await desk.post("/api/bypasses/1/renew", HOUR | {"for_s": 7200})
        assert [one["approved_by"] for one in renewed["approvals"]] == ["name of qian"] * 2
        ended = await desk.post("/api/bypasses/1/end", {"note": "已换开关，试验正常"})
        fits(ended, BYPASS)
        assert (ended["ended_by"], ended["ended_note"]) == (NAME, "已换开关，试验正常")
        assert await desk.get("/api/bypasses") == {
            "longest_s": LONGEST_S,
            "standing": [],
            "ended": [ended],
        }
        assert (await desk.get("/api/alarms/hand-over"))["bypassed"] == []
        assert (await desk.get("/api/bypasses", ended_within_h=0))["ended"] == []


async def test_nobody_approves_their_own_bypass_and_no_one_below_a_shift_lead(
    tmp_path: Path,
) -> None:
    async with a_desk(tmp_path) as desk:
        operator = await _somebody(desk, "zhou", Grant(Role.OPERATOR, "north"))
        await _somebody(desk, "wu", Grant(Role.MAINTENANCE, "north"))
        await _somebody(desk, "nan", Grant(Role.DUTY_LEADER, "south"))
        await _somebody(desk, "qian", Grant(Role.SAFETY_OFFICER, "north"))
        for second, status in ((LOGIN, 409), ("wu", 409), ("nan", 403)):
            fits(await desk.post("/api/bypasses", WISH | {"second_login": second}, status), ERROR)
        fits(await desk.post("/api/bypasses", WISH | {"second_password": "wrong"}, 403), ERROR)
        assert (await desk.get("/api/bypasses"))["standing"] == []
        assert (await operator.post("/api/bypasses", json=WISH)).status_code == 201
        lead = await _somebody(desk, "lead", Grant(Role.DUTY_LEADER))
        assert (await lead.post("/api/bypasses/1/end", json={"note": "x"})).status_code == 403


async def test_a_machine_enters_no_bypass(tmp_path: Path) -> None:
    async with a_desk(tmp_path) as desk:
        await _somebody(desk, "qian", Grant(Role.SHIFT_LEAD))
        wish = {
            "kind": "machine",
            "name": "scada",
            "grants": [{"role": "operator", "ropeway": "north"}],
            "days": 1,
            "password": PASSWORD,
        }
        token = (await desk.post("/api/keys", wish, 201))["token"]
        machine = httpx.AsyncClient(transport=desk.client._transport, base_url=HERE)
        said = {"authorization": f"Bearer {token}"}
        answer = await machine.post("/api/bypasses", json=WISH, headers=said)
        assert answer.status_code == 409
        fits(answer.json(), ERROR)


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"for_s": LONGEST_S + 1}, 422),
        ({"for_s": 0}, 422),
        ({"reason": " "}, 422),
        ({"measures": ""}, 422),
        ({"safety_device": ""}, 422),
        ({"entered_by": "李"}, 422),
        ({"ropeway": "west"}, 409),
        ({"tag": "north.no.such"}, 409),
        ({"from_ms": 0}, 409),
        ({"from_ms": 9_000_000_000_000}, 409),
    ],
)
async def test_what_makes_no_sense_is_refused(
    tmp_path: Path, wrong: dict[str, Any], status: int
) -> None:
    async with a_desk(tmp_path) as desk:
        await _somebody(desk, "qian", Grant(Role.SHIFT_LEAD))
        fits(await desk.post("/api/bypasses", WISH | wrong, status), ERROR)
        assert (await desk.get("/api/bypasses"))["standing"] == []


async def test_a_bypass_that_is_not_there_or_over_is_refused(tmp_path: Path) -> None:
    async with a_desk(tmp_path) as desk:
        await _somebody(desk, "qian", Grant(Role.SHIFT_LEAD))
        fits(await desk.post("/api/bypasses/9/end", {"note": "x"}, 404), ERROR)
        fits(await desk.post("/api/bypasses/9/renew", HOUR, 404), ERROR)
        await desk.post("/api/bypasses", WISH, 201)
        fits(await desk.post("/api/bypasses", WISH, 409), ERROR)
        await desk.post("/api/bypasses/1/end", {"note": "x"})
        fits(await desk.post("/api/bypasses/1/end", {"note": "x"}, 409), ERROR)
        fits(await desk.post("/api/bypasses/1/renew", HOUR, 409), ERROR)
