"""Play the cases of this folder through the rules of the bundled site file."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from analytics.conditions import conditions_of
from analytics.judge import Judge
from api.config import SiteFile, read_site
from api.demo import demo_site
from collector.model import Quality
from tests.unit.collector.words import BEGIN_NS, scan

WORDS = {
    "b": Quality.BAD_SOURCE,
    "u": Quality.UNCERTAIN_SOURCE,
    "d": Quality.BAD_DEVICE_LOST,
    "_": None,
}
CASES = [
    pytest.param(case, id=f"{path.stem}: {case['says']}")
    for path in sorted(Path(__file__).parent.glob("*.toml"))
    for case in tomllib.loads(path.read_text(encoding="utf-8"))["case"]
]

Reading = float | Quality | None


@pytest.fixture(scope="module")
def site() -> SiteFile:
    return read_site(demo_site())


def readings(series: str) -> Iterator[Reading]:
    """Yield the readings of a course like `12x5 21 b _`."""
    for word in series.split():
        figure, _, times = word.partition("x")
        reading = WORDS[figure] if figure in WORDS else float(figure)
        yield from [reading] * int(times or 1)


def played(site: SiteFile, case: dict[str, Any]) -> list[dict[str, Any]]:
    judge = Judge(conditions_of(site.plant, site.judging.rule))
    courses = {tag: list(readings(series)) for tag, series in case["series"].items()}
    found = []
    for place, row in enumerate(zip(*courses.values(), strict=True)):
        came = {tag: one for tag, one in zip(courses, row, strict=True) if one is not None}
        if not came:
            continue
        for one in judge.judge(scan(site.plant, came, place * case["step_s"])):
            if one.condition.rule in case.get("only", [one.condition.rule]):
                at_s = (one.at_ns - BEGIN_NS) / 1e9
                found.append(
                    {"at_s": at_s, "begins" if one.holds else "ends": one.condition.source}
                )
    return found


@pytest.mark.parametrize("case", CASES)
def test_case(site: SiteFile, case: dict[str, Any]) -> None:
    known = {one.source for one in conditions_of(site.plant, site.judging.rule)}
    named = {alarm.get("begins") or alarm["ends"] for alarm in case["alarms"]}
    assert named <= known
    assert played(site, case) == case["alarms"]
