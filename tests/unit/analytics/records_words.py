"""What the tests of the records put on record."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from analytics.model import (
    Alarm,
    AlarmKind,
    AlarmState,
    Decision,
    Guidance,
    RopeTest,
    RuleSet,
    RuleSetState,
    Task,
    TaskState,
    Trace,
    Verdict,
    WindowLoss,
)
from analytics.records import Approval, Bypass, Notice, Opening, Receipt, Records
from collector.site import Name
from tests.databases import address_of

NOON_NS = 1_798_000_000_000_000_000
GUST = Name(zh="七号支架阵风", en="Tower 7 gust")


@asynccontextmanager
async def opened(path: Path, **how: Any) -> AsyncIterator[Records]:
    async with Records.open(address_of(path), now_ns=lambda: NOON_NS, **how) as records:
        yield records


def an_alarm(source: str = "north_gust:HH", **other: Any) -> Alarm:
    words: dict[str, Any] = {
        "id": 0,
        "source": source,
        "rule": "north_gust",
        "level": "HH",
        "kind": AlarmKind.PROCESS,
        "tag": "north.tower_07.wind_gust_3s",
        "ropeway": "north",
        "priority": 1,
        "state": AlarmState.UNACKNOWLEDGED,
        "name": GUST,
        "value": 20.6,
        "limit": 20.0,
        "unit": "m/s",
        "guidance": Guidance(GUST, GUST, 60),
        "raised_ns": NOON_NS,
    }
    return Alarm(**words | other)


def an_opening(alarm: int | None = None, **other: Any) -> Opening:
    words: dict[str, Any] = {
        "opened_ns": NOON_NS,
        "opened_by": "ropewatch",
        "trigger": GUST,
        "alarm": alarm,
        "ropeways": ("north", "middle"),
        "brief": '{"阵风":20.6}',
    }
    return Opening(**words | other)


def a_decision(ropeway: str, **other: Any) -> Decision:
    words: dict[str, Any] = {
        "ropeway": ropeway,
        "decision": "clear_and_suspend",
        "speed_mps": None,
        "note": "",
        "name": "王磊",
        "at_ns": NOON_NS,
    }
    return Decision(**words | other)


def a_test(**other: Any) -> RopeTest:
    words: dict[str, Any] = {
        "id": 0,
        "rope": "north_haul",
        "test_point": "tuck_1",
        "pass_number": 12,
        "started_ns": NOON_NS,
        "ended_ns": NOON_NS + 60_000_000_000,
        "complete": True,
        "covered_share": 0.99,
        "speed_mps": 0.25,
        "windows": (WindowLoss(6.0, 5.5, 3.25, 6.0), WindowLoss(40.0, 1.5, 2.9, 8.0)),
        "lf_max": 41.5,
        "lf_position_m": 3.3,
        "verdict": Verdict.ACTION,
    }
    return RopeTest(**words | other)


def a_trace() -> Trace:
    return Trace(position_m=(0.0, 0.05, 0.1), lma_pct=(0.1, 1 / 3, 0.2), lf=(1.0, 2.0, 3.0))


def a_task(**other: Any) -> Task:
    words: dict[str, Any] = {
        "id": 0,
        "plan": "north_haul_weekly",
        "kind": "rope_end_weekly",
        "title": Name(zh="北线绳头周检", en="North rope ends, weekly"),
        "ropeway": "north",
        "rope": "north_haul",
        "test_point": None,
        "due_ns": NOON_NS,
        "opened_ns": NOON_NS,
        "state": TaskState.DUE,
    }
    return Task(**words | other)


def a_notice(callout: int, **other: Any) -> Notice:
    words: dict[str, Any] = {
        "id": 0,
        "key": f"alarm/{callout}/0/group/group",
        "kind": "alarm",
        "channel": "group",
        "priority": 1,
        "callouts": (callout,),
        "title": "一级报警 阵风",
        "text": "一级报警 阵风\n\nP1 gust",
        "made_ns": NOON_NS,
        "late_ns": NOON_NS + 300_000_000_000,
        "receipts": (Receipt("zhang.wei"), Receipt("li.na")),
    }
    return Notice(**words | other)


def a_rule_set(**other: Any) -> RuleSet:
    words: dict[str, Any] = {
        "id": 0,
        "version": "v1",
        "base": "v0",
        "site_file": "v0",
        "text": "",
        "why": "阵风限值下调",
        "proposed_by": "李工",
        "proposed_ns": NOON_NS,
        "state": RuleSetState.PROPOSED,
    }
    return RuleSet(**words | other)


def a_bypass(**other: Any) -> Bypass:
    words: dict[str, Any] = {
        "id": 0,
        "ropeway": "north",
        "safety_device": "下站 3 号门锁开关",
        "tag": None,
        "reason": "开关进水，备件明日到",
        "measures": "专人看门，对讲每 10 分钟报一次",
        "from_ns": NOON_NS,
        "entered_by": "李工",
        "entered_ns": NOON_NS,
    }
    return Bypass(**words | other)


def an_approval(**other: Any) -> Approval:
    words: dict[str, Any] = {
        "asked_by": "李工",
        "approved_by": "王磊",
        "at_ns": NOON_NS,
        "until_ns": NOON_NS + 3_600_000_000_000,
    }
    return Approval(**words | other)
