"""Scenario files: what is refused, and that the bundled ones are right."""

from pathlib import Path

import pytest

from collector.sitefile import SiteFileError
from simulators.scenario import bundled_scenarios, read_scenario, scenario_path
from tests.unit.simulators.parts import mountain

HEAD = 'name = { zh = "试", en = "Trial" }\nlength_s = 60\n'


def faults_of(tmp_path: Path, text: str) -> str:
    path = tmp_path / "trial.toml"
    path.write_text(HEAD + text, encoding="utf-8")
    with pytest.raises(SiteFileError) as caught:
        read_scenario(path, mountain())
    return str(caught.value)


def test_nine_scenarios_are_bundled() -> None:
    assert bundled_scenarios() == [
        "approaching_storm",
        "certificate_renewed",
        "frozen_anemometer",
        "gust_front",
        "lying_instruments",
        "plant_network",
        "rope_half_year",
        "silent_plc",
        "slow_faults",
    ]


@pytest.mark.parametrize("name", bundled_scenarios())
def test_a_bundled_scenario_fits_the_bundled_site_and_says_what_to_expect(name: str) -> None:
    scenario = read_scenario(scenario_path(name), mountain())
    assert scenario.expect
    assert all(wanted.by_s <= scenario.length_s for wanted in scenario.expect)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[[change]]\nkind = "wind"\ntarget = "north"\nat_s = 1\nmean = 3', "change.0.wind.mean"),
        ('[[change]]\nkind = "rain"\ntarget = "north"\nat_s = 1', "change.0"),
        ('[[change]]\nkind = "silent"\ntarget = "west_plc"\nat_s = 1', "no 'west_plc'"),
        ('[[change]]\nkind = "swapped"\ntarget = "site_station"\nat_s = 1', "no 'site_station'"),
        ('[[change]]\nkind = "remove"\ntarget = "north.drive.speed"\nat_s = 1', "knows no"),
        ('[[change]]\nkind = "freeze"\ntarget = "north"\nat_s = 1', "no 'north'"),
        ('[[change]]\nkind = "speed"\ntarget = "north"\nat_s = -1\nspeed_mps = 1', "at_s"),
        ('[[pass]]\nrope = "north_haul"\ntest_point = "tuck_1"\nfirst_s = 1', "north_haul"),
        ('[[expect]]\nkind = "alarm"\ntarget = "moon"\nby_s = 5', "expect.0.target"),
        ('[[expect]]\nkind = "alarm"\ntarget = "north"\nafter_s = 9\nby_s = 5', "by_s"),
        ("origin = 2026-01-01T00:00:00", "origin"),
        ("pace = 3", "pace"),
    ],
)
def test_a_wrong_scenario_names_the_place(tmp_path: Path, text: str, words: str) -> None:
    assert words in faults_of(tmp_path, text)


def test_all_faults_are_named_at_once(tmp_path: Path) -> None:
    text = '[[change]]\nkind = "stop"\ntarget = "x"\nat_s = 1\n' * 2
    assert faults_of(tmp_path, text).count("no 'x'") == 2


def test_a_missing_scenario_is_said_in_one_line() -> None:
    with pytest.raises(SiteFileError, match="cannot be read"):
        read_scenario(scenario_path("no_such"), mountain())
