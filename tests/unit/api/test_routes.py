"""Every documented route answers in its documented shape, and every fault in one."""

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest

from collector.gaps import Cause, Gap
from collector.model import Quality
from tests.people import NAME, PASSWORD
from tests.unit.analytics.records_words import a_test, a_trace
from tests.unit.api.parts import BEGIN_MS, E_STOP, GUST, SPEED, Desk, a_desk, a_rope_alarm, a_task
from tests.unit.api.shapes import (
    ADVICE,
    ALARM,
    ERROR,
    HEAD,
    HEALTH,
    MAYBE,
    NUMBER,
    SERIES,
    SITE,
    TASK,
    TEST,
    TREND,
    fits,
)
from tests.unit.collector.words import BEGIN_NS

A_WISH: dict[str, Any] = {"reason": "b", "ropeways": ["north"]}


async def stormy(desk: Desk) -> None:
    await desk.see(
        desk.reading(1, speed=5.0, e_stop=1.0),
        desk.reading(1.5, gust=25.0),
        desk.reading(2, speed=Quality.BAD_SOURCE, e_stop=1.0),
    )


async def test_every_route_that_reads_answers_in_its_shape(tmp_path: Path) -> None:
    async with a_desk(tmp_path) as desk:
        await stormy(desk)
        test = await desk.station.records.tests.add(
            a_test(rope="haul", test_point="end_0"), a_trace()
        )
        await desk.station.records.tasks.open_task(a_task())
        fits(await desk.get("/api/site"), SITE)
        fits(await desk.get("/api/health"), HEALTH)
        fits(await desk.get("/api/alarms"), {"alarms": [ALARM]})
        fits(await desk.get("/api/alarms", state="all"), {"alarms": [ALARM]})
        fits(await desk.get("/api/advice"), {"ropeways": [ADVICE]})
        fits(await desk.get("/api/rope-tests"), {"tests": [TEST]})
        one = await desk.get(f"/api/rope-tests/{test.id}")
        fits(one, {**TEST, "trace": {"position_m": [MAYBE], "lma_pct": [MAYBE], "lf": [MAYBE]}})
        fits(await desk.get("/api/ropes/haul/trend", test_point="end_0"), TREND)
        fits(await desk.get("/api/tasks"), {"tasks": [TASK]})
        fits(await desk.get("/api/consultations"), {"consultations": [HEAD]})


async def test_the_board_shows_nothing_as_a_value_that_is_none(tmp_path: Path) -> None:
    async with a_desk(tmp_path) as desk:
        await stormy(desk)
        board = await desk.get("/api/board")
        samples = {one["tag"]: one for one in board["samples"]}
        assert [one["tag"] for one in board["samples"]] == [SPEED, E_STOP, GUST]
        assert samples[SPEED]["value"] is None
        assert samples[SPEED]["quality"] == Quality.BAD_SOURCE
        assert samples[SPEED]["good_ms"] == BEGIN_MS + 1000
        assert samples[GUST]["value"] == 25.0


async def test_what_was_never_read_has_no_time(tmp_path: Path) -> None:
    async with a_desk(tmp_path) as desk:
        for sample in (await desk.get("/api/board"))["samples"]:
            assert sample["quality"] == Quality.BAD_NEVER_READ
            assert [sample[one] for one in ("value", "source_ms", "received_ms", "good_ms")] == [
                None
            ] * 4
        health = await desk.get("/api/health")
        assert health["engine"]["last_scan_ms"] is None


async def test_the_site_names_slots_and_limits(tmp_path: Path) -> None:
    async with a_desk(tmp_path) as desk:
        site = await desk.get("/api/site")
    (way,) = site["ropeways"]
    assert (way["speed"], way["indicators"][1]["slots"]) == (0, [2])
    assert [tower["gust"] for tower in way["towers"]] == [2, None]
    assert site["tags"][1]["boolean"] is True
    assert site["tags"][2]["limits"] == [
        {"level": "H", "value": 20.0, "priority": 2, "rule": "gust"}
    ]


async def test_history_has_every_bucket_and_null_where_nothing_good_was_read(
    tmp_path: Path,
) -> None:
    async with a_desk(tmp_path) as desk:
        await stormy(desk)
        answer = await desk.get(
            "/api/history",
            tags=f"{GUST},{SPEED}",
            from_ms=BEGIN_MS,
            to_ms=BEGIN_MS + 4000,
            buckets=4,
        )
    fits(
        answer,
        {"from_ms": int, "to_ms": int, "bucket_ms": NUMBER, "series": [SERIES], "gaps": list},
    )
    gust, speed = answer["series"]
    assert gust["t"] == [BEGIN_MS + step * 1000 for step in range(4)]
    assert gust["max"] == [None, 25.0, None, None]
    assert (speed["mean"], speed["good"]) == ([None, 5.0, None, None], [0, 1, 0, 0])


@pytest.mark.parametrize(
    ("params", "status"),
    [
        ({"tags": "north.drive.gone"}, 404),
        ({"tags": ""}, 404),
        ({"tags": ",".join([SPEED, "x" * 50])}, 404),
        ({"to_ms": BEGIN_MS}, 422),
        ({"to_ms": BEGIN_MS - 1}, 422),
        ({"buckets": 0}, 422),
        ({"buckets": 2001}, 422),
        ({"buckets": "many"}, 422),
        ({"from_ms": -1}, 422),
        ({"from_ms": 10**30}, 422),
        ({"from_ms": "nan"}, 422),
    ],
)
async def test_a_span_that_makes_no_sense_is_refused(
    tmp_path: Path, params: dict[str, Any], status: int
) -> None:
    good = {"tags": SPEED, "from_ms": BEGIN_MS, "to_ms": BEGIN_MS + 1000}
    async with a_desk(tmp_path) as desk:
        fits(await desk.get("/api/history", status, **{**good, **params}), ERROR)


async def test_a_span_of_years_is_answered_in_hours_and_says_what_is_missing(
    tmp_path: Path,
) -> None:
    async with a_desk(tmp_path) as desk:
        await stormy(desk)
        history = desk.station.collector.history
        history.keep_gap(Gap("wind", BEGIN_NS, BEGIN_NS + 10**9, Cause.STORE_FULL))
        history.keep_gap(Gap("drive", BEGIN_NS, BEGIN_NS + 10**9, Cause.NOT_POLLED))
        await history.committed()
        answer = await desk.get(
            "/api/history",
            tags=GUST,
            from_ms=BEGIN_MS - 3 * 365 * 86_400_000,
            to_ms=BEGIN_MS + 86_400_000,
            buckets=1000,
        )
    assert answer["bucket_ms"] % 3_600_000 == 0
    (gust,) = answer["series"]
    assert 900 < len(gust["t"]) <= 1001
    assert (sum(gust["count"]), max(filter(None, gust["max"]))) == (1, 25.0)
    assert [(gap["device"], gap["cause"]) for gap in answer["gaps"]] == [("wind", "store_full")]


async def test_missing_time_is_totalled_by_week_and_cause(tmp_path: Path) -> None:
    async with a_desk(tmp_path) as desk:
        history = desk.station.collector.history
        now_ns = desk.station.clock.now_ns()
        history.keep_gap(Gap("wind", now_ns - 10**9, now_ns, Cause.DEVICE_LOST))
        await history.committed()
        weeks = (await desk.get("/api/gaps/weeks", weeks=2))["weeks"]
    assert len(weeks) == 2
    assert sum(one["missing_ms"] for week in weeks for one in week["devices"]) == 1000


async def test_gaps_come_newest_first(tmp_path: Path) -> None:
    async with a_desk(tmp_path) as desk:
        history = desk.station.collector.history
        history.keep_gap(Gap("drive", BEGIN_NS, BEGIN_NS + 10**9, Cause.NOT_POLLED))
        history.keep_gap(Gap("wind", BEGIN_NS + 10**9, None, Cause.DEVICE_LOST))
        await history.committed()
        rows = (await desk.get("/api/gaps"))["gaps"]
        later = (await desk.get("/api/gaps", from_ms=BEGIN_MS + 2000))["gaps"]
    assert [(row["device"], row["to_ms"]) for row in rows] == [
        ("wind", None),
        ("drive", BEGIN_MS + 1000),
    ]
    assert [row["device"] for row in later] == ["wind"]


async def test_an_alarm_is_acknowledged_once_by_name(tmp_path: Path) -> None:
    async with a_desk(tmp_path) as desk:
        await stormy(desk)
        (alarm,) = (await desk.get("/api/alarms"))["alarms"]
        path = f"/api/alarms/{alarm['id']}/acknowledge"
        seen = await desk.post(path, {"comment": "减速"})
        fits(seen, ALARM)
        assert (seen["state"], seen["acknowledged_by"]) == ("acknowledged", NAME)
        fits(await desk.post(path, {"comment": ""}, 409), ERROR)


async def test_a_consultation_goes_its_whole_way(tmp_path: Path) -> None:
    async with a_desk(tmp_path) as desk:
        wish = {"reason": "看天", "ropeways": ["north"]}
        one = await desk.post("/api/consultations", wish, 201)
        fits(one, {**HEAD, "brief": str, "opinions": list, "decisions": list})
        path = f"/api/consultations/{one['id']}"
        await desk.post(f"{path}/close", {"password": PASSWORD}, 409)
        opinion = {"role": "机电", "text": "应停", "dissent": True}
        await desk.post(f"{path}/opinions", opinion, 201)
        decision = {"password": PASSWORD, "ropeway": "north", "decision": "suspend"}
        await desk.post(f"{path}/decisions", decision, 201)
        closed = await desk.post(f"{path}/close", {"password": PASSWORD})
        assert (closed["state"], closed["closed_by"]) == ("closed", NAME)
        assert closed["brief"] == one["brief"]
        await desk.post(f"{path}/decisions", decision, 409)
        assert (await desk.get(path))["opinions"][0]["dissent"] is True


async def test_a_task_is_closed_once_by_name(tmp_path: Path) -> None:
    async with a_desk(tmp_path) as desk:
        task = await desk.station.records.tasks.open_task(a_task())
        path = f"/api/tasks/{task.id}/close"
        closed = await desk.post(path, {"password": PASSWORD, "result": "pass", "note": "好"})
        fits(closed, TASK)
        assert (closed["state"], closed["name"]) == ("done", NAME)
        fits(
            await desk.post(path, {"password": PASSWORD, "result": "pass", "note": ""}, 409), ERROR
        )
        assert (await desk.get("/api/tasks"))["tasks"] == []
        assert len((await desk.get("/api/tasks", state="all"))["tasks"]) == 1


@pytest.mark.parametrize("number", ["0", "-1", "x", "9223372036854775808", "9" * 40])
async def test_a_number_that_no_record_can_have_is_refused(tmp_path: Path, number: str) -> None:
    async with a_desk(tmp_path) as desk:
        for path in ("consultations", "rope-tests"):
            fits(await desk.get(f"/api/{path}/{number}", 422), ERROR)


async def test_a_foreign_page_may_change_nothing(tmp_path: Path) -> None:
    async with a_desk(tmp_path) as desk:
        body = A_WISH
        foreign = [
            {"origin": "http://evil.example"},
            {"origin": "null"},
            {"origin": "http://127.0.0.1:9999"},
            {"sec-fetch-site": "cross-site"},
        ]
        for headers in foreign:
            fits(await desk.post("/api/consultations", body, 403, **headers), ERROR)
        await desk.post("/api/consultations", body, 201, origin="http://127.0.0.1:8420")
        await desk.post("/api/consultations", body, 201)
        assert len((await desk.get("/api/consultations"))["consultations"]) == 2


async def test_another_host_s_name_is_not_ours(tmp_path: Path) -> None:
    async with a_desk(tmp_path) as desk:
        answer = await desk.client.get("/api/site", headers={"host": "evil.example"})
        assert answer.status_code == 400


async def test_a_method_that_is_not_there_is_refused_in_one_shape(tmp_path: Path) -> None:
    async with a_desk(tmp_path) as desk:
        answer = await desk.client.delete("/api/alarms")
        assert answer.status_code == 405
        fits(answer.json(), ERROR)


async def test_records_that_cannot_be_used_are_said_in_one_shape(tmp_path: Path) -> None:
    async with a_desk(tmp_path) as desk:
        (tmp_path / "records.sqlite").write_bytes(b"junk" * 5000)
        for name in ("records.sqlite-wal", "records.sqlite-shm"):
            (tmp_path / name).unlink(missing_ok=True)
        answer = await desk.client.get("/api/consultations")
        assert answer.status_code in (200, 503)
        assert "Traceback" not in answer.text


async def test_a_history_that_cannot_be_read_is_said_in_one_shape(tmp_path: Path) -> None:
    async with a_desk(tmp_path) as desk:
        (tmp_path / "history.sqlite").rename(tmp_path / "elsewhere")
        fits(await desk.get("/api/gaps", 503), {**ERROR, "detail": str})


async def test_a_rope_s_alarm_speaks_in_the_advice(tmp_path: Path) -> None:
    async with a_desk(tmp_path) as desk:
        await desk.station.engine.raise_alarm(a_rope_alarm())
        (north,) = (await desk.get("/api/advice"))["ropeways"]
        assert north["advice"] == "inspect"
        assert north["reasons"][0]["en"] == "rope 5.8 ≥ 5.4 %"


async def test_requests_at_the_same_time_do_not_disturb_each_other(tmp_path: Path) -> None:
    async with a_desk(tmp_path) as desk:
        body = A_WISH

        async def one(number: int) -> httpx.Response:
            if number % 2:
                return await desk.client.post("/api/consultations", json=body)
            return await desk.client.get("/api/health")

        answers = await asyncio.gather(*[one(number) for number in range(8)])
        assert {answer.status_code for answer in answers} == {200, 201}
        heads = (await desk.get("/api/consultations"))["consultations"]
        assert len({head["number"] for head in heads}) == 4
