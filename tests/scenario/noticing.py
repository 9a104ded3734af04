"""Hold the monitor to what a scenario says must be noticed, and by when."""

import time
from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Any

from collector.model import Quality
from simulators.scenario import Expect
from tests.scenario.rehearsal import Rehearsal

LOOK_EVERY_S = 0.15
SLACK_S = 0.3
# These have no instant of their own on the pages: they are seen at the next look.
ONLY_SEEN_BY_LOOKING = ("quality", "error")
QUALITIES = {quality.name.removeprefix("BAD_").lower(): quality for quality in Quality}


class Look:
    """What the monitor shows at one moment; each page is asked for once."""

    def __init__(self, rehearsal: Rehearsal) -> None:
        self.rehearsal = rehearsal
        self.at_s = rehearsal.elapsed_s

    @cached_property
    def quality(self) -> dict[str, int]:
        """The newest quality of every tag."""
        return {one["tag"]: one["quality"] for one in self._get("/api/board", "samples")}

    @cached_property
    def devices(self) -> dict[str, Any]:
        """The health of every device."""
        return {one["id"]: one for one in self._get("/api/health", "devices")}

    @cached_property
    def alarms(self) -> list[Any]:
        """Every alarm that was raised."""
        found: list[Any] = self._get("/api/alarms", "alarms", state="all", limit=1000)
        return found

    @cached_property
    def gaps(self) -> list[Any]:
        """The gap ledger."""
        found: list[Any] = self._get("/api/gaps", "gaps")
        return found

    @cached_property
    def consultations(self) -> list[Any]:
        """Every consultation."""
        found: list[Any] = self._get("/api/consultations", "consultations")
        return found

    @cached_property
    def tasks(self) -> list[Any]:
        """Every task."""
        found: list[Any] = self._get("/api/tasks", "tasks", state="all")
        return found

    def tests(self, rope: str) -> list[Any]:
        """The tests of one rope."""
        found: list[Any] = self._get("/api/rope-tests", "tests", rope=rope)
        return found

    def elapsed_at(self, at_ms: int) -> float:
        """Return the script's second of an instant."""
        return self.rehearsal.elapsed_at(at_ms)

    def _get(self, path: str, part: str, **query: str | int) -> Any:
        return self.rehearsal.get(path, **query)[part]


def watch(rehearsal: Rehearsal, until_s: float) -> None:
    """Watch the monitor until `until_s`; AssertionError names what was missed or late."""
    missed = unnoticed(rehearsal, rehearsal.scenario.expect, until_s)
    assert not missed, "\n".join([*missed, rehearsal.log()])


def unnoticed(rehearsal: Rehearsal, expected: Iterable[Expect], until_s: float) -> list[str]:
    """Watch until all is noticed, or until `until_s`; return what was missed or late."""
    waiting = list(expected)
    missed: list[str] = []
    while waiting and rehearsal.elapsed_s < until_s:
        look = Look(rehearsal)
        for expect in list(waiting):
            at_s = _SEEN[expect.kind](look, expect)
            if at_s is not None:
                waiting.remove(expect)
                by_s = expect.by_s + (SLACK_S if expect.kind in ONLY_SEEN_BY_LOOKING else 0)
                if not expect.after_s <= at_s <= by_s:
                    missed.append(f"{_words(expect)}: at {at_s:.1f} s")
        time.sleep(LOOK_EVERY_S)
    return missed + [f"{_words(one)}: never" for one in waiting]


def _words(expect: Expect) -> str:
    more = expect.quality or expect.level or expect.error or ""
    return f"{expect.kind} {expect.target} {more} {expect.after_s:g} to {expect.by_s:g} s"


def _first(look: Look, expect: Expect, instants_ms: Iterable[int]) -> float | None:
    """Return the second of the first instant that counts, None where there is none yet."""
    seconds = (look.elapsed_at(at_ms) for at_ms in instants_ms)
    return min((at_s for at_s in seconds if at_s >= expect.after_s), default=None)


def _quality(look: Look, expect: Expect) -> float | None:
    wanted = QUALITIES[expect.quality or ""]
    seen = look.at_s >= expect.after_s and look.quality[expect.target] == wanted
    return look.at_s if seen else None


def _alarm(look: Look, expect: Expect) -> float | None:
    raised = (
        alarm["raised_ms"]
        for alarm in look.alarms
        if alarm["tag"] == expect.target and expect.level in (None, alarm["level"])
    )
    return _first(look, expect, raised)


def _no_alarm(look: Look, expect: Expect) -> float | None:
    """Met at the end of the span; an alarm within it is never forgiven."""
    if look.at_s < expect.by_s or _alarm(look, expect) is not None:
        return None
    return expect.by_s


def _device_in(state: str) -> Callable[[Look, Expect], float | None]:
    def seen(look: Look, expect: Expect) -> float | None:
        device = look.devices[expect.target]
        return _first(look, expect, [device["since_ms"]] if device["state"] == state else [])

    return seen


def _gap(look: Look, expect: Expect) -> float | None:
    """One gap, begun within a period of the fault and over at the instant of coming back."""
    device = look.devices[expect.target]
    gaps = [
        one
        for one in look.gaps
        if one["device"] == expect.target
        and one["cause"] == "device_lost"
        and (one["to_ms"] is None or look.elapsed_at(one["to_ms"]) > expect.after_s)
    ]
    if len(gaps) != 1 or gaps[0]["to_ms"] is None or device["state"] != "online":
        return None
    begun_s, ended_s = (look.elapsed_at(gaps[0][end]) for end in ("from_ms", "to_ms"))
    back_s = look.elapsed_at(device["since_ms"])
    period_s = device["period_s"]
    exact = abs(begun_s - expect.after_s) <= period_s + SLACK_S and abs(ended_s - back_s) <= SLACK_S
    return ended_s if exact else None


def _error(look: Look, expect: Expect) -> float | None:
    counted = look.devices[expect.target]["errors"].get(expect.error, 0)
    return look.at_s if counted and look.at_s >= expect.after_s else None


def _consultation(look: Look, expect: Expect) -> float | None:
    heads = look.consultations
    return _first(look, expect, (h["opened_ms"] for h in heads if expect.target in h["ropeways"]))


def _rope_alarm(look: Look, expect: Expect) -> float | None:
    tests = look.tests(expect.target)
    return _first(look, expect, (one["ended_ms"] for one in tests if one["alarm"] is not None))


def _task(look: Look, expect: Expect) -> float | None:
    special = (
        task["opened_ms"]
        for task in look.tasks
        if task["rope"] == expect.target and task["kind"] == "rope_special"
    )
    return _first(look, expect, special)


_SEEN: dict[str, Callable[[Look, Expect], float | None]] = {
    "alarm": _alarm,
    "no_alarm": _no_alarm,
    "quality": _quality,
    "device_lost": _device_in("lost"),
    "device_back": _device_in("online"),
    "gap": _gap,
    "error": _error,
    "consultation": _consultation,
    "rope_alarm": _rope_alarm,
    "task": _task,
}


def assert_periods_kept(devices: Iterable[Any]) -> None:
    """p99 of the lateness under 50 ms, over all ticks of the devices together.

    One device alone has so few ticks in a scenario that its p99 is its worst one. One
    tick of each may be the machine's, standing still for once; a device that held up
    the others would do so at every tick. What a slow device itself skips is its own.
    """
    known = list(devices)
    ticks = [one["scans"] + one["skipped"] for one in known]
    late = [
        max(0.0, count * (1 - one["period_kept_pct"] / 100) - one["skipped"])
        for one, count in zip(known, ticks, strict=True)
    ]
    told = {one["id"]: (one["period_kept_pct"], one["lateness_p99_ms"]) for one in known}
    assert sum(late) <= 0.01 * sum(ticks) + len(known), told


def assert_only_read(rehearsal: Rehearsal) -> None:
    """The wire's own witness: function codes 1 to 4, no Write, no Call."""
    report = rehearsal.report()
    codes = {int(code) for code, count in report["function_codes"].items() if count}
    assert codes, "no Modbus request was recorded at all"
    assert codes <= {1, 2, 3, 4}
    assert (report["opcua_writes"], report["opcua_calls"]) == (0, 0)
