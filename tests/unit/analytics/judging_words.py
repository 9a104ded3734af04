"""A plant, rules and courses of readings that the tests of judging speak of."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from analytics.conditions import conditions_of
from analytics.config import Judging
from analytics.judge import Finding, Judge
from collector.model import Quality, Scan
from collector.site import Plant
from tests.unit.collector.words import NAME, modbus, ropeway, scan, tables, tag

GUST, OTHER_GUST = "north.tower_07.gust", "north.tower_09.gust"
SPEED, E_STOP, DISTANCE = "north.drive.speed", "north.drive.e_stop", "site.lightning.distance"

Reading = float | Quality
Told = tuple[str, bool, float]


def a_rule(rule_id: str = "gust", **other: Any) -> dict[str, Any]:
    return {
        "id": rule_id,
        "kind": "limit",
        "priority": 2,
        "consequence": NAME,
        "response": NAME,
        "respond_within_s": 60,
        "source": "test",
        **({} if "tag" in other or "tags" in other else {"tag": GUST}),
        **other,
    }


def a_plant() -> Plant:
    """Return two ropeways; the north one with a drive and a wind station of its own."""
    return Plant.model_validate(
        tables(
            modbus("drive", tag(SPEED, 0), tag(E_STOP, 1)),
            modbus("wind", tag(GUST, 0), tag(OTHER_GUST, 1)),
            modbus("warner", tag(DISTANCE, 0), ropeway="site"),
            ropeway=[ropeway(SPEED), ropeway(SPEED, "south")],
        )
    )


def a_judging(*rules: dict[str, Any], **other: Any) -> Judging:
    return Judging.model_validate({"rule": list(rules), **other})


def a_judge(*rules: dict[str, Any]) -> Judge:
    return Judge(conditions_of(a_plant(), a_judging(*rules).rule))


def scans_of(
    courses: Mapping[str, Sequence[Reading]], step_s: float = 1.0, begin_s: float = 0.0
) -> list[Scan]:
    """Return one scan for each place in the courses, `step_s` apart."""
    of = a_plant()
    return [
        scan(of, dict(zip(courses, readings, strict=True)), begin_s + at * step_s)
        for at, readings in enumerate(zip(*courses.values(), strict=True))
    ]


def told(judge: Judge, scans: Iterable[Scan]) -> list[Finding]:
    return [finding for one in scans for finding in judge.judge(one)]


def at_places(judge: Judge, scans: Sequence[Scan]) -> list[tuple[int, str, bool]]:
    """Return what was found as (place of the scan, source, begins)."""
    return [
        (at, finding.condition.source, finding.holds)
        for at, one in enumerate(scans)
        for finding in judge.judge(one)
    ]
