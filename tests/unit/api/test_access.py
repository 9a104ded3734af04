"""Over the interface: who is let in, what each may do and where, and what nobody is told."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, APIWebSocketRoute

from analytics.model import Alarm
from analytics.people import Grant, Permission, Role
from api.app import create_app
from api.deps import LoggedIn, Needs, Public
from tests.people import LOGIN, NAME, PASSWORD, a_person, keep_person
from tests.unit.analytics.records_words import a_bypass, an_approval
from tests.unit.api.parts import HERE, SPEED, Desk, a_desk, a_rope_alarm, a_station, a_task, log_in
from tests.unit.api.shapes import ERROR, fits

CHANGING = {"POST", "PUT", "PATCH", "DELETE"}
# Everybody must be able to knock, and a wall screen to open its link.
OPEN_TO_ALL = {"/api/session", "/kiosk/{token}", "/api/live"}
SELF_ONLY = {"/api/session", "/api/session/password"}


def _calls(dependant: Dependant) -> Iterator[Any]:
    for one in dependant.dependencies:
        yield one.call
        yield from _calls(one)


def _routes(app: FastAPI) -> list[APIRoute | APIWebSocketRoute]:
    found: list[APIRoute | APIWebSocketRoute] = []
    waiting = list(app.routes)
    while waiting:
        route = waiting.pop()
        if isinstance(route, APIRoute | APIWebSocketRoute):
            found.append(route)
        else:
            waiting += getattr(getattr(route, "original_router", route), "routes", [])
    return found


async def test_every_route_names_its_permission(tmp_path: Path) -> None:
    async with a_station(tmp_path) as station:
        routes = _routes(create_app(station, screens=tmp_path / "none"))
        assert len(routes) > 40
        for route in routes:
            calls = list(_calls(route.dependant))
            needs = {one.permission for one in calls if isinstance(one, Needs)}
            public = any(isinstance(one, Public) for one in calls)
            own = any(isinstance(one, LoggedIn) for one in calls)
            assert needs or public or own, f"{route.path} names no permission"
            assert not public or route.path in OPEN_TO_ALL, route.path
            assert not own or route.path in SELF_ONLY, route.path
            if (
                isinstance(route, APIRoute)
                and set(route.methods or ()) & CHANGING
                and not (public or own)
            ):
                assert needs - {Permission.READ}, f"{route.path} changes something, and only reads"


async def _as(desk: Desk, login: str, *grants: Grant) -> httpx.AsyncClient:
    """Return a client of somebody with these grants, logged in beside the desk's own."""
    await keep_person(desk.station.records, a_person(login, f"name of {login}", grants))
    await desk.station.log_in.restore()
    other = httpx.AsyncClient(transport=desk.client._transport, base_url=HERE)
    await log_in(other, login)
    return other


def _asked(app: FastAPI) -> Iterator[tuple[str, str]]:
    for path, methods in app.openapi()["paths"].items():
        for method in methods:
            yield method.upper(), path.replace("{", "").replace("}", "")


async def test_a_stranger_sees_and_changes_nothing(tmp_path: Path) -> None:
    async with a_desk(tmp_path) as desk:
        app = desk.client._transport.app  # type: ignore[attr-defined]
        stranger = httpx.AsyncClient(transport=desk.client._transport, base_url=HERE)
        asked = 0
        for method, path in _asked(app):
            if path in ("/api/session", "/kiosk/token") and method in ("GET", "POST"):
                continue
            answer = await stranger.request(method, path, json={})
            assert answer.status_code == 401, (method, path, answer.text)
            fits(answer.json(), ERROR)
            asked += 1
        assert asked > 40
        assert (await stranger.get("/metrics")).status_code == 401
        assert (await stranger.get("/kiosk/guess")).status_code == 401
        assert (await stranger.get("/api/session")).json()["caller"] is None


async def test_a_viewer_can_change_nothing(tmp_path: Path) -> None:
    async with a_desk(tmp_path) as desk:
        viewer = await _as(desk, "kan", Grant(Role.VIEWER))
        app = desk.client._transport.app  # type: ignore[attr-defined]
        refused = 0
        for method, path in _asked(app):
            if method == "GET" or path.startswith("/api/session"):
                continue
            answer = await viewer.request(method, path, json={})
            assert answer.status_code in (403, 422), (method, path, answer.text)
            refused += answer.status_code == 403
        assert refused > 15
        assert (await viewer.get("/api/board")).status_code == 200
        for path in ("/api/people", "/api/keys", "/api/journal", "/api/journal/chain"):
            assert (await viewer.get(path)).status_code == 403


APPROVED: dict[str, Any] = {"for_s": 600, "second_login": LOGIN, "second_password": PASSWORD}
BYPASS = APPROVED | {
    "ropeway": "north",
    "safety_device": "3 号门锁",
    "reason": "进水",
    "measures": "专人看门",
}
ACTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("/api/alarms/{alarm}/acknowledge", {}),
    ("/api/alarms/{alarm}/confirm", {}),
    ("/api/alarms/{alarm}/reset", {}),
    ("/api/alarms/{alarm}/shelve", {"reason": "x", "for_s": 600}),
    ("/api/alarms/{alarm}/unshelve", {}),
    ("/api/alarms/{alarm}/put-back", {}),
    ("/api/tasks/{task}/close", {"password": PASSWORD, "result": "pass"}),
    ("/api/consultations", {"reason": "x", "ropeways": ["north"]}),
    ("/api/consultations/{consultation}/opinions", {"role": "x", "text": "y"}),
    (
        "/api/consultations/{consultation}/decisions",
        {"password": PASSWORD, "ropeway": "north", "decision": "suspend"},
    ),
    ("/api/consultations/{consultation}/close", {"password": PASSWORD}),
    ("/api/substitutions", {"tag": SPEED, "value": 4.0, "for_s": 600}),
    ("/api/bypasses", BYPASS),
    ("/api/bypasses/{bypass}/renew", APPROVED),
    ("/api/bypasses/{bypass}/end", {"note": "x"}),
)


async def test_who_works_at_one_ropeway_cannot_act_on_another(tmp_path: Path) -> None:
    async with a_desk(tmp_path) as desk:
        raised: Alarm = await desk.station.engine.raise_alarm(a_rope_alarm())
        task = await desk.station.records.tasks.open_task(a_task())
        opened = await desk.post("/api/consultations", {"reason": "x", "ropeways": ["north"]}, 201)
        bypass = await desk.station.records.bypasses.enter(a_bypass(), an_approval())
        ids = {
            "alarm": raised.id,
            "task": task.id,
            "consultation": opened["id"],
            "bypass": bypass.id,
        }
        everything = [Grant(role, "south") for role in Role]
        southerner = await _as(desk, "nan", *everything)
        before = len(await desk.station.records.journal.entries())
        for path, body in ACTS:
            answer = await southerner.post(path.format(**ids), json=body)
            assert answer.status_code == 403, (path, answer.text)
        assert (await southerner.delete(f"/api/substitutions/{SPEED}")).status_code == 403
        assert len(await desk.station.records.journal.entries()) == before
        northerner = await _as(desk, "bei", Grant(Role.OPERATOR, "north"))
        seen = await northerner.post(f"/api/alarms/{raised.id}/acknowledge", json={})
        assert seen.status_code == 200
        assert seen.json()["acknowledged_by"] == "name of bei"


async def test_nobody_acts_under_another_s_name(tmp_path: Path) -> None:
    async with a_desk(tmp_path) as desk:
        raised = await desk.station.engine.raise_alarm(a_rope_alarm())
        body = {"name": "somebody else", "comment": ""}
        fits(await desk.post(f"/api/alarms/{raised.id}/acknowledge", body, 422), ERROR)


async def test_a_stolen_wall_screen_link_can_only_read(tmp_path: Path) -> None:
    async with a_desk(tmp_path) as desk:
        wish = {
            "kind": "kiosk",
            "name": "大屏",
            "grants": [{"role": "viewer", "ropeway": "site"}],
            "days": 30,
            "password": PASSWORD,
        }
        made = await desk.post("/api/keys", wish, 201)
        thief = httpx.AsyncClient(transport=desk.client._transport, base_url=HERE)
        opened = await thief.get(f"/kiosk/{made['token']}")
        assert opened.status_code == 303
        cookie = opened.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=strict" in cookie
        assert (await thief.get("/api/board")).status_code == 200
        app = desk.client._transport.app  # type: ignore[attr-defined]
        for method, path in _asked(app):
            if method != "GET" and path != "/api/session":
                answer = await thief.request(method, path, json={})
                assert answer.status_code in (401, 403, 422), (method, path)
        await desk.client.delete(f"/api/keys/{made['key']['id']}")
        assert (await thief.get("/api/board")).status_code == 401
        listed = json.dumps(await desk.get("/api/keys"))
        assert made["token"] not in listed


async def test_a_machine_s_key_works_where_its_roles_reach_and_signs_nothing(
    tmp_path: Path,
) -> None:
    async with a_desk(tmp_path) as desk:
        wish = {
            "kind": "machine",
            "name": "scada",
            "grants": [{"role": "shift_lead", "ropeway": "north"}],
            "days": 30,
            "password": PASSWORD,
        }
        await desk.post("/api/keys", wish, 409)
        wish["grants"] = [{"role": "maintenance", "ropeway": "north"}]
        token = (await desk.post("/api/keys", wish, 201))["token"]
        machine = httpx.AsyncClient(
            transport=desk.client._transport,
            base_url=HERE,
            headers={"authorization": f"Bearer {token}"},
        )
        raised = await desk.station.engine.raise_alarm(a_rope_alarm())
        seen = await machine.post(f"/api/alarms/{raised.id}/acknowledge", json={})
        assert seen.json()["acknowledged_by"] == "scada"
        task = await desk.station.records.tasks.open_task(a_task())
        body = {"password": PASSWORD, "result": "pass"}
        unsigned = await machine.post(f"/api/tasks/{task.id}/close", json=body)
        assert unsigned.status_code == 409
        assert (await machine.get("/metrics")).status_code == 200


async def test_what_is_signed_needs_the_signer_s_own_password(tmp_path: Path) -> None:
    async with a_desk(tmp_path) as desk:
        task = await desk.station.records.tasks.open_task(a_task())
        path = f"/api/tasks/{task.id}/close"
        fits(await desk.post(path, {"password": "guess", "result": "pass"}, 403), ERROR)
        assert (await desk.get("/api/tasks"))["tasks"] != []
        done = await desk.post(path, {"password": PASSWORD, "result": "pass"})
        assert done["name"] == NAME


async def test_brute_force_gets_a_time_to_wait(tmp_path: Path) -> None:
    async with a_desk(tmp_path) as desk:
        body = {"login": LOGIN, "password": "x"}
        answers = [await desk.client.post("/api/session", json=body) for _ in range(8)]
        assert [one.status_code for one in answers] == [401] * 4 + [429] * 4
        assert int(answers[-1].headers["retry-after"]) > 0
        assert (await desk.get("/api/board"))["samples"]  # who is in already stays in


async def test_a_session_s_cookie_is_out_of_reach_of_scripts_and_other_sites(
    tmp_path: Path,
) -> None:
    async with a_desk(tmp_path) as desk:
        answer = await desk.client.post("/api/session", json={"login": LOGIN, "password": PASSWORD})
        cookie = answer.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=strict" in cookie
        assert "secure" not in cookie
        secure = httpx.AsyncClient(
            transport=desk.client._transport, base_url=HERE.replace("http:", "https:")
        )
        body = {"login": LOGIN, "password": PASSWORD}
        assert "Secure" in (await secure.post("/api/session", json=body)).headers["set-cookie"]


async def test_logging_out_ends_the_session_for_good(tmp_path: Path) -> None:
    async with a_desk(tmp_path) as desk:
        kept = dict(desk.client.cookies)
        assert (await desk.client.delete("/api/session")).status_code == 200
        thief = httpx.AsyncClient(transport=desk.client._transport, base_url=HERE, cookies=kept)
        assert (await thief.get("/api/board")).status_code == 401


async def test_a_newcomer_is_led_to_a_password_of_their_own(tmp_path: Path) -> None:
    async with a_desk(tmp_path) as desk:
        wish = {
            "login": "LiGong",
            "name": "李工",
            "grants": [{"role": "operator", "ropeway": "north"}],
            "password": PASSWORD,
        }
        told = await desk.post("/api/people", wish, 201)
        fits(await desk.post("/api/people", wish, 409), ERROR)
        newcomer = httpx.AsyncClient(transport=desk.client._transport, base_url=HERE)
        body = {"login": "ligong", "password": told["one_time_password"]}
        inside = (await newcomer.post("/api/session", json=body)).json()
        assert inside["caller"]["one_time"] is True
        refused = await newcomer.get("/api/board")
        assert refused.status_code == 403
        assert "password of your own" in refused.json()["title"]["en"]
        change = {"old": told["one_time_password"], "new": "四条缆绳一只猫和一座山"}
        after = (await newcomer.post("/api/session/password", json=change)).json()
        assert after["caller"]["permissions"]["answer_alarms"] == ["north"]
        assert (await newcomer.get("/api/board")).status_code == 200


async def test_a_person_s_roles_are_changed_by_a_signed_act(tmp_path: Path) -> None:
    async with a_desk(tmp_path) as desk:
        other = await _as(desk, "ligong", Grant(Role.OPERATOR))
        (me, him) = (await desk.get("/api/people"))["people"]
        wish = {
            "name": him["name"],
            "grants": [{"role": "viewer", "ropeway": "site"}],
            "active": True,
            "password": "guess",
        }
        path = f"/api/people/{him['id']}"
        assert (await desk.client.put(path, json=wish)).status_code == 403
        wish["password"] = PASSWORD
        assert (await desk.client.put(path, json=wish)).status_code == 200
        answer = await other.post("/api/alarms/1/acknowledge", json={})
        assert answer.status_code == 403
        nowhere = {**wish, "grants": [{"role": "viewer", "ropeway": "nowhere"}]}
        assert (await desk.client.put(path, json=nowhere)).status_code == 409
        last = {**wish, "name": me["name"], "active": False}
        assert (await desk.client.put(f"/api/people/{me['id']}", json=last)).status_code == 409
        told = await desk.post(f"{path}/reset", {"password": PASSWORD})
        assert told["person"]["one_time"] is True
        assert (await other.get("/api/board")).status_code == 401


async def test_the_journal_tells_who_did_what_and_holds_no_secret(tmp_path: Path) -> None:
    async with a_desk(tmp_path) as desk:
        raised = await desk.station.engine.raise_alarm(a_rope_alarm())
        await desk.post(f"/api/alarms/{raised.id}/acknowledge", {})
        mine = (await desk.get("/api/journal", who=NAME))["entries"]
        assert {one["what"] for one in mine} == {"logged in", "alarm changed"}
        about = (await desk.get("/api/journal", subject=f"alarm {raised.id}"))["entries"]
        assert [one["what"] for one in about] == ["alarm changed", "alarm raised"]
        older = await desk.get("/api/journal", before=about[0]["seq"], limit=1)
        assert older["entries"][0]["seq"] == about[0]["seq"] - 1
        chain = await desk.get("/api/journal/chain")
        assert chain["broken"] is None
        assert chain["entries"] == about[0]["seq"]
        assert PASSWORD not in json.dumps(await desk.get("/api/journal"), ensure_ascii=False)


async def test_a_refused_request_never_repeats_a_secret(tmp_path: Path) -> None:
    async with a_desk(tmp_path) as desk:
        for path in ("/api/session", "/api/session/password", "/api/people", "/api/keys"):
            wrong = {"password": "hush-hush", "old": "hush-hush", "new": "hush-hush", "login": 5}
            answer = await desk.client.post(path, json=wrong)
            assert answer.status_code == 422, path
            assert "hush-hush" not in answer.text


@pytest.mark.parametrize("token", ["", "x" * 201, "%00", "..%2f..%2fetc", "\u7f06"])
async def test_an_odd_link_opens_nothing(tmp_path: Path, token: str) -> None:
    async with a_desk(tmp_path) as desk:
        stranger = httpx.AsyncClient(transport=desk.client._transport, base_url=HERE)
        answer = await stranger.get(f"/kiosk/{token}")
        assert answer.status_code in (401, 404, 422)
        assert "set-cookie" not in answer.headers
