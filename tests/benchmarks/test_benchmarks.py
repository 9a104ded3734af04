"""The measuring itself: small, quick, and true about what was read."""

from pathlib import Path

import pytest

from api.config import read_site
from tests.benchmarks.load import NoCompilerError, build, load_server
from tests.benchmarks.measure import Measured, Pace, Window, measure_reader
from tests.benchmarks.opcua_socket import sustain
from tests.benchmarks.plants import MIXED, Job, plant, site_table, toml
from tests.benchmarks.table import Goal, table
from tests.conftest import lacking

SLOW_JOB = Job(devices=2, tags=50, period_s=0.2)


def _window(us: float) -> Window:
    return Window(us, 1.0, 500.0, late=0, late_p99_ms=1.0, good_share=1.0)


def _need_compiler() -> None:
    try:
        build()
    except NoCompilerError as error:
        lacking(str(error))


def test_a_measured_site_is_a_good_site_file(tmp_path: Path) -> None:
    job = Job(devices=2, tags=len(MIXED), period_s=1.0, mixed=True)
    site = tmp_path / "site.toml"
    site.write_text(toml(site_table(job, [15001, 15002])), "utf-8")
    assert read_site(site).plant == plant(job, [15001, 15002])


def test_the_table_sets_each_program_beside_ours_at_the_same_job() -> None:
    ours = Measured("ours", SLOW_JOB, (_window(1.0), _window(2.0), _window(3.0)), 40.0)
    theirs = Measured("theirs", SLOW_JOB, (_window(5.0),), 40.0)
    lines = list(table([ours, theirs], "ours"))
    assert lines[2].startswith("| 1.00 | ours |")
    assert "2.00 [1.00..3.00]" in lines[2]
    assert lines[3].startswith("| 2.50 | theirs |")


def test_a_goal_says_by_how_much_it_was_missed() -> None:
    assert Goal("cost", 1.5, 1.2).say() == "- cost: 1.5 (at most 1.2): MISSED by 25 %"
    assert Goal("cost", 1.0, 1.2).say() == "- cost: 1 (at most 1.2): met"
    assert Goal("cycles left out", 3, 0).say() == "- cycles left out: 3 (at most 0): MISSED"


@pytest.mark.slow
@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
@pytest.mark.parametrize("kind", ["ours", "bare", "raw"])
def test_a_reader_is_seen_to_read_what_its_job_wants(kind: str, loop: str) -> None:
    _need_compiler()
    pace = Pace(settle_s=1.0, window_s=1.0, windows=1)
    found = measure_reader(kind, kind, loop, SLOW_JOB, pace)
    assert found.rate.median == pytest.approx(SLOW_JOB.wanted_per_s, rel=0.25)
    assert 0.0 < found.core.median < 100.0
    if kind == "ours":
        assert found.windows[0].good_share == 1.0


@pytest.mark.slow
def test_the_load_server_answers_every_type_of_the_mixed_site() -> None:
    _need_compiler()
    job = Job(devices=1, tags=len(MIXED), period_s=0.2, mixed=True)
    found = measure_reader("ours", "ours", "asyncio", job, Pace(1.0, 1.0, 1))
    assert found.rate.median == pytest.approx(job.wanted_per_s, rel=0.25)


def test_the_load_server_keeps_the_instant_of_each_step() -> None:
    _need_compiler()
    with load_server(ports=2, step_ms=20) as server:
        assert len(set(server.ports)) == 2
        step = server.counts().step
        while server.counts().step < step + 3:
            pass
        stepped_ms = (server.stepped_ns(step + 2) - server.stepped_ns(step + 1)) / 1e6
    assert 15.0 < stepped_ms < 200.0


@pytest.mark.slow
def test_every_notification_that_is_sent_over_a_socket_is_counted() -> None:
    pace = Pace(settle_s=3.0, window_s=1.0, windows=1)
    found = sustain(6000, tags=300, pace=pace)
    assert found.sent > 1000
    assert found.counts == {
        "good": found.sent,
        "samples": found.sent,
        **dict.fromkeys(("bad", "holes", "dropped", "skipped", "answers_missed", "overflows"), 0),
    }
    assert 0 < found.core_pct[0] < 100
