"""What a body may not say is refused, in one shape, before anything is done."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.people import PASSWORD
from tests.unit.api.parts import a_desk
from tests.unit.api.shapes import ERROR, fits

WHOLE: dict[str, Any] = {
    "/api/alarms/1/acknowledge": {"comment": ""},
    "/api/alarms/1/confirm": {"comment": ""},
    "/api/alarms/1/reset": {"comment": ""},
    "/api/alarms/1/shelve": {"reason": "b", "for_s": 60},
    "/api/alarms/out-of-service": {
        "second_login": "b",
        "second_password": PASSWORD,
        "source": "s",
        "reason": "c",
        "for_s": 60,
    },
    "/api/consultations": {"reason": "b", "ropeways": ["north"]},
    "/api/consultations/1/opinions": {"role": "b", "text": "c"},
    "/api/consultations/1/decisions": {
        "password": PASSWORD,
        "ropeway": "north",
        "decision": "slow",
    },
    "/api/consultations/1/close": {"password": PASSWORD},
    "/api/tasks/1/close": {"password": PASSWORD, "result": "pass"},
}
POSTS = list(WHOLE)
ODD: tuple[Any, ...] = ([], {}, "x" * 20_000, "\ud800")


async def test_a_body_that_makes_no_sense_is_refused_in_one_shape(tmp_path: Path) -> None:
    async with a_desk(tmp_path) as desk:
        for path in POSTS:
            whole = WHOLE[path]
            wrong = [
                b"",
                b"{",
                b"null",
                b"[]",
                b'"text"',
                b"\xff\xfe",
                json.dumps({**whole, "extra": 1}).encode(),
                json.dumps({**whole, "name": "somebody else"}).encode(),
                *[json.dumps({**whole, name: odd}).encode() for name in whole for odd in ODD],
                *[
                    json.dumps(
                        {name: value for name, value in whole.items() if name != lacking}
                    ).encode()
                    for lacking in whole
                    if lacking != "comment"
                ],
            ]
            for body in wrong:
                answer = await desk.client.post(
                    path, content=body, headers={"content-type": "application/json"}
                )
                assert answer.status_code == 422, (path, body, answer.text[:300])
                fits(answer.json(), {**ERROR, "detail": str})
                assert "Traceback" not in answer.text


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/consultations", {"reason": "   "}),
        ("/api/consultations", {"ropeways": []}),
        ("/api/consultations/1/opinions", {"text": " "}),
        ("/api/consultations/1/decisions", {"decision": "rocket"}),
        ("/api/consultations/1/decisions", {"speed_mps": -1}),
        ("/api/consultations/1/decisions", {"speed_mps": 1e9}),
        ("/api/tasks/1/close", {"result": "perhaps"}),
    ],
)
async def test_a_wish_that_says_nothing_is_refused(
    tmp_path: Path, path: str, body: dict[str, Any]
) -> None:
    async with a_desk(tmp_path) as desk:
        fits(await desk.post(path, {**WHOLE[path], **body}, 422), ERROR)


async def test_a_ropeway_named_twice_counts_once(tmp_path: Path) -> None:
    async with a_desk(tmp_path) as desk:
        body = {**WHOLE["/api/consultations"], "ropeways": ["north", "north"]}
        assert (await desk.post("/api/consultations", body, 201))["ropeways"] == ["north"]


async def test_what_is_not_there_is_not_found_in_one_shape(tmp_path: Path) -> None:
    async with a_desk(tmp_path) as desk:
        for path in POSTS:
            if path != "/api/consultations":
                fits(await desk.post(path.replace("1", "77"), WHOLE[path], 404), ERROR)
        for path in (
            "consultations/77",
            "rope-tests/77",
            "nothing",
            "ropes/haul/trend?test_point=x",
        ):
            fits(await desk.get(f"/api/{path}", 404), ERROR)
