"""Rule cases: what an engineer writes without Python, and what he is told when it is wrong."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from analytics.cases import Case, CasesError, failures_of, read_cases, readings
from collector.model import Quality
from tests.unit.analytics.judging_words import GUST, a_judging, a_plant, a_rule

HIGH = f"gust/{GUST}/H"


def a_case(series: dict[str, str], alarms: Sequence[dict[str, Any]] = ()) -> Case:
    return Case.model_validate({"says": "x", "step_s": 1, "series": series, "alarms": alarms})


def failures(series: str, alarms: list[dict[str, Any]]) -> list[str]:
    judging = a_judging(a_rule(high=20, on_delay_s=1))
    return failures_of(a_case({GUST: series}, alarms), a_plant(), judging)


def test_the_compact_notation_has_figures_ramps_and_samples_that_are_not_good() -> None:
    found = list(readings("12x2 -1.5 8+0.5x3 9-1x2 _ b u d s f ="))
    assert [one and (one.value, one.quality) for one in found[:8]] == [
        (12, 0), (12, 0), (-1.5, 0), (8, 0), (8.5, 0), (9, 0), (9, 0), (8, 0),
    ]  # fmt: skip
    assert found[8] is None
    assert [one.quality for one in found[9:14] if one] == [
        Quality.BAD_SOURCE,
        Quality.UNCERTAIN_SOURCE,
        Quality.BAD_DEVICE_LOST,
        Quality.BAD_STALE,
        Quality.BAD_FROZEN,
    ]
    assert found[14] is not None
    assert found[14].again


def test_a_case_that_is_so_has_no_failures() -> None:
    alarms = [{"at_s": 2, "begins": HIGH}, {"at_s": 4, "ends": HIGH}]
    assert failures("5 21 21 b 5", alarms) == []


def test_what_is_missing_and_what_is_too_much_are_both_named_with_their_instants() -> None:
    assert failures("5 21 21 5", [{"at_s": 1, "begins": HIGH}]) == [
        f"at 1 s: '{HIGH}' begins: should have happened",
        f"at 2 s: '{HIGH}' begins: was not expected",
        f"at 3 s: '{HIGH}' ends: was not expected",
    ]


@pytest.mark.parametrize(
    ("series", "alarms", "words"),
    [
        ("5 q", [], "'q': give a figure"),
        ("5x0", [], "how often"),
        ("5x1000000000", [], "how often"),
        ("5", [{"at_s": 1, "begins": "gust/none/H"}], "there is no 'gust/none/H'"),
    ],
)
def test_a_case_that_cannot_be_played_says_why(
    series: str, alarms: list[dict[str, Any]], words: str
) -> None:
    (failure,) = failures(series, alarms)
    assert words in failure


def test_courses_of_different_lengths_and_unknown_tags_are_named() -> None:
    judging = a_judging(a_rule(high=20))
    uneven = a_case({GUST: "1 2", "north.drive.speed": "1"})
    assert "different lengths" in failures_of(uneven, a_plant(), judging)[0]
    strange = a_case({"north.no.tag": "1"})
    assert failures_of(strange, a_plant(), judging) == ["series: no tag 'north.no.tag'"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[[case]", "no valid TOML"),
        ("", "case: is missing"),
        ('[[case]]\nsays="x"\nstep_s=0\nseries={}\nalarms=[{at_s=1}]', "either 'begins' or 'ends'"),
        ('[[case]]\nsays="x"\nstep=1\nseries={"a"="1"}\nalarms=[]', "unknown key"),
    ],
)
def test_a_file_that_cannot_be_read_names_every_fault(
    tmp_path: Path, text: str, words: str
) -> None:
    path = tmp_path / "cases.toml"
    path.write_text(text)
    with pytest.raises(CasesError, match=r".*") as refused:
        read_cases(path)
    assert words in str(refused.value)
    assert str(path) in str(refused.value)
