"""The commands about rules: cases played, stored days judged again, refusals in plain words."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.cli import app
from api.config import read_site
from api.demo import demo_site
from collector.clock import Clock
from collector.folder import claimed
from collector.history.store import History
from tests.unit.collector.words import BEGIN_NS, scan

GUST = "north.tower_07.wind_gust_3s"
CASES = Path(__file__).parents[2] / "rules"
BEGIN, END = "2026-09-21T22:13:20+08:00", "2026-09-21T22:15:00+08:00"


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    """A data folder in which two gusts were stored, of 15 and of 21 m/s."""
    plant = read_site(demo_site()).plant
    history = History(tmp_path / "history.sqlite", plant, Clock())
    for at, gust in enumerate([5.0, *[15.5] * 6, 5, 5, *[21.0] * 6, 5]):
        history.append(scan(plant, {GUST: gust}, at))
    history.close()
    return tmp_path


def ropewatch(*words: object) -> tuple[int, str]:
    answer = CliRunner().invoke(app, [str(word) for word in words])
    return answer.exit_code, answer.output


def test_the_span_of_these_tests_holds_their_scans() -> None:
    assert BEGIN_NS == 1_790_000_000 * 10**9


def test_the_bundled_cases_are_played_without_python() -> None:
    code, words = ropewatch("rules", "test", *sorted(CASES.glob("*.toml")))
    assert (code, words.splitlines()[-1].split(":")[1]) == (0, " all as they say")


def test_a_case_that_fails_and_a_file_that_cannot_be_read_are_both_named(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.toml"
    wrong.write_text(
        f'[[case]]\nsays = "calm"\nstep_s = 1\nseries = {{ "{GUST}" = "21x5" }}\n'
        'only = ["north_gust_stop"]\nalarms = []\n'
    )
    code, words = ropewatch("rules", "test", wrong, tmp_path / "missing.toml")
    assert code == 1
    assert f"{wrong}: case 'calm': at 3 s: 'north_gust_stop/{GUST}/HH' begins" in words
    assert "missing.toml: cannot be read" in words
    assert words.splitlines()[-1] == "2 failures"


def test_checking_prints_the_version_that_alarms_name() -> None:
    code, words = ropewatch("rules", "check", demo_site())
    assert code == 0
    assert f"version {read_site(demo_site()).judging.version()}" in words


def test_a_stored_day_is_judged_again(stored: Path) -> None:
    code, words = ropewatch("replay", demo_site(), "--data", stored, "--from", BEGIN, "--to", END)
    assert code == 0, words
    assert f"north_gust_slow/{GUST}/H" in words
    assert f"north_gust_stop/{GUST}/HH" in words
    assert "per_10min" in words


def test_other_rules_are_compared_before_anyone_releases_them(stored: Path, tmp_path: Path) -> None:
    text = demo_site().read_text("utf-8")
    higher = tmp_path / "higher.toml"
    higher.write_text(text.replace("high = 15.0", "high = 25.0"), "utf-8")
    code, words = ropewatch(
        "replay", demo_site(), "--data", stored, "--from", BEGIN, "--to", END, "--rules", higher
    )
    assert code == 0, words
    assert words.splitlines()[0] == "1 gone, 0 new"
    assert f"north_gust_slow/{GUST}/H" in words.splitlines()[1]


def test_other_rules_that_do_not_fit_are_refused_with_every_fault(
    stored: Path, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.toml"
    bad.write_text('[[rule]]\nid = "x"\nkind = "limit"\ntag = "north.no.tag"\n')
    code, words = ropewatch(
        "replay", demo_site(), "--data", stored, "--from", BEGIN, "--to", END, "--rules", bad
    )
    assert code == 2
    assert "rule 'x': no tag 'north.no.tag'" in words
    assert "rule 'x' priority: is missing" in words


@pytest.mark.parametrize(
    ("begin", "end", "words"),
    [
        ("soon", END, "give a time like"),
        (END, BEGIN, "must lie before"),
        ("2020-01-01", "2020-01-02", "no scan of this span"),
    ],
)
def test_a_span_that_makes_no_sense_is_refused(
    stored: Path, begin: str, end: str, words: str
) -> None:
    code, said = ropewatch("replay", demo_site(), "--data", stored, "--from", begin, "--to", end)
    assert code == 1
    assert words in said


def test_a_folder_without_a_history_is_not_made(tmp_path: Path) -> None:
    code, said = ropewatch(
        "replay", demo_site(), "--data", tmp_path / "no", "--from", BEGIN, "--to", END
    )
    assert code == 1
    assert "there is no history" in said
    assert not (tmp_path / "no").exists()


def test_stored_days_are_replayed_beside_a_running_monitor(stored: Path) -> None:
    with claimed(stored):
        code, said = ropewatch(
            "replay", demo_site(), "--data", stored, "--from", BEGIN, "--to", END
        )
    assert code == 0
    assert "alarms" in said
