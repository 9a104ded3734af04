"""Hold the monitor to what a scenario says must be noticed, and by when."""

import time
from dataclasses import dataclass
from typing import Any

from collector.model import Quality
from simulators.scenario import Expect
from tests.scenario.rehearsal import Rehearsal

LOOK_EVERY_S = 0.15
QUALITIES = {quality.name.removeprefix("BAD_").lower(): quality for quality in Quality}


@dataclass(frozen=True, slots=True)
class Noticed:
    """An expectation with the site second at which the monitor met it."""

    expect: Expect
    at_s: float


def watch(rehearsal: Rehearsal, until_s: float) -> list[Noticed]:
    """Watch the monitor until `until_s`; AssertionError names what was missed or late."""
    waiting = list(rehearsal.scenario.expect)
    noticed: list[Noticed] = []
    while waiting and rehearsal.elapsed_s < until_s:
        for expect in list(waiting):
            at_s = _seen(rehearsal, expect)
            if at_s is not None:
                noticed.append(Noticed(expect, at_s))
                waiting.remove(expect)
        time.sleep(LOOK_EVERY_S)
    missed = [f"{one.kind} {one.target} by {one.by_s:g} s: never" for one in waiting]
    missed += [
        f"{one.expect.kind} {one.expect.target} by {one.expect.by_s:g} s: at {one.at_s:.1f} s"
        for one in noticed
        if not one.expect.after_s <= one.at_s <= one.expect.by_s
    ]
    assert not missed, "\n".join([*missed, rehearsal.log()])
    return noticed


def _seen(rehearsal: Rehearsal, expect: Expect) -> float | None:
    """Return the second at which the monitor noticed, None where it has not yet."""
    if expect.kind == "quality":
        return _quality_seen(rehearsal, expect)
    found = _INSTANTS[expect.kind](rehearsal, expect)
    instants = [rehearsal.elapsed_at(at_ms) for at_ms in found]
    return min((at_s for at_s in instants if at_s >= expect.after_s), default=None)


def _quality_seen(rehearsal: Rehearsal, expect: Expect) -> float | None:
    at_s = rehearsal.elapsed_s
    samples = rehearsal.get("/api/board")["samples"]
    quality = next(one["quality"] for one in samples if one["tag"] == expect.target)
    wanted = QUALITIES[expect.quality or ""]
    return at_s if quality == wanted and at_s >= expect.after_s else None


def _alarms(rehearsal: Rehearsal, expect: Expect) -> list[int]:
    return [
        alarm["raised_ms"]
        for alarm in rehearsal.get("/api/alarms", state="all", limit=1000)["alarms"]
        if alarm["tag"] == expect.target and expect.level in (None, alarm["level"])
    ]


def _device_in(state: str) -> Any:
    def instants(rehearsal: Rehearsal, expect: Expect) -> list[int]:
        return [
            device["since_ms"]
            for device in rehearsal.get("/api/health")["devices"]
            if device["id"] == expect.target and device["state"] == state
        ]

    return instants


def _consultations(rehearsal: Rehearsal, expect: Expect) -> list[int]:
    return [
        head["opened_ms"]
        for head in rehearsal.get("/api/consultations")["consultations"]
        if expect.target in head["ropeways"]
    ]


def _rope_alarms(rehearsal: Rehearsal, expect: Expect) -> list[int]:
    return [
        test["ended_ms"]
        for test in rehearsal.get("/api/rope-tests", rope=expect.target)["tests"]
        if test["alarm"] is not None
    ]


def _tasks(rehearsal: Rehearsal, expect: Expect) -> list[int]:
    return [
        task["opened_ms"]
        for task in rehearsal.get("/api/tasks", state="all")["tasks"]
        if task["rope"] == expect.target and task["kind"] == "rope_special"
    ]


_INSTANTS: dict[str, Any] = {
    "alarm": _alarms,
    "device_lost": _device_in("lost"),
    "device_back": _device_in("online"),
    "consultation": _consultations,
    "rope_alarm": _rope_alarms,
    "task": _tasks,
}


def assert_only_read(rehearsal: Rehearsal) -> None:
    """The wire's own witness: function codes 1 to 4, no Write, no Call."""
    report = rehearsal.report()
    codes = {int(code) for code, count in report["function_codes"].items() if count}
    assert codes, "no Modbus request was recorded at all"
    assert codes <= {1, 2, 3, 4}
    assert (report["opcua_writes"], report["opcua_calls"]) == (0, 0)
