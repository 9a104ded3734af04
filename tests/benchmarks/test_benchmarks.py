"""The measuring itself: small, quick, and true about what was read."""

from dataclasses import replace
from pathlib import Path

import pytest

from api.config import read_site
from tests.benchmarks.alarms import measure_alarms, measure_replay
from tests.benchmarks.changes import measure_change
from tests.benchmarks.keeping import measure_append, measure_sealing
from tests.benchmarks.load import NoCompilerError, build, load_server
from tests.benchmarks.measure import Measured, Pace, Window, measure_reader
from tests.benchmarks.mountain import Mountain
from tests.benchmarks.opcua_socket import sustain
from tests.benchmarks.pasts import Length, look_table, measure_reading
from tests.benchmarks.plants import MIXED, Job, plant, site_table, toml
from tests.benchmarks.sending import measure_sending, throw_away_server
from tests.benchmarks.spent import cost_table
from tests.benchmarks.table import Goal, table
from tests.benchmarks.whole import Whole, measure_whole
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


def test_the_mountain_that_is_sealed_says_what_its_plant_shows() -> None:
    mountain = Mountain()
    tags = list(mountain.plant.tags())
    seen: set[int] = set()
    for scan in mountain.scans(1.0):
        assert not scan.quality.any()
        assert (scan.source_ns <= scan.received_ns).all()
        for slot, value in zip(scan.slots.tolist(), scan.values.tolist(), strict=True):
            seen.add(slot)
            # A poll shows the plant's last step; within a second nothing goes far.
            shown = mountain.shown(tags[slot].id)
            assert value == pytest.approx(shown, rel=0.05, abs=max(2.0, tags[slot].scale))
    assert seen == set(range(len(tags)))


def test_appending_is_measured_until_it_is_on_the_disk() -> None:
    found = measure_append(tags=30, samples=15_000, windows=2)
    assert found.per_s.least > 0
    assert next(reversed(list(cost_table([found])))).startswith("| append scans of 30 tags |")


@pytest.mark.slow
def test_what_a_sealed_sample_weighs_is_told_by_parts_that_make_the_whole() -> None:
    costs, weight = measure_sealing(hours=0.03)
    parts = dict(weight.parts)
    assert len(costs) == 3
    assert weight.samples > 30_000
    assert parts.pop("whole file") == sum(parts.values())
    assert all(size >= 0 for size in parts.values())
    assert 0.1 < weight.whole < weight.raw_bytes / weight.samples


@pytest.mark.slow
def test_every_kind_of_look_at_a_long_past_finds_something() -> None:
    looked, _ = measure_reading(Length(tags=3, days_of_all=2, days_of_one=1), looks=2)
    assert len(list(look_table(looked))) == 2 + len(looked) == 10
    assert all(len(one.found_ms) == 2 for one in looked)


@pytest.mark.slow
@pytest.mark.influx
def test_sending_is_measured_until_a_real_server_has_it_all(influxd_program: Path) -> None:
    with throw_away_server(influxd_program) as account:
        found = measure_sending(account, mountain_s=2.0, scans_of_one=3)
    assert len(found) == 4
    assert all(one.per_s.least > 0 for one in found)


@pytest.mark.slow
def test_the_whole_monitor_is_seen_to_read_keep_and_show() -> None:
    _need_compiler()
    found = measure_whole("whole", SLOW_JOB, Pace(settle_s=1.0, window_s=2.0, windows=1))
    assert found.measured.rate.median == pytest.approx(SLOW_JOB.wanted_per_s, rel=0.25)
    assert found.frames > 4
    assert found.unsealed > 500
    assert (found.dropped, found.behind) == (0, 0)


def test_a_monitor_that_loses_or_leaves_out_anything_does_not_hold_its_job() -> None:
    measured = Measured("ours", SLOW_JOB, (_window(1.0),), 40.0)
    good = Whole(measured, 3, 0, 10, dropped=0, behind=0, history_late_p99_ms=1.0)
    assert good.held
    assert not replace(good, dropped=1).held
    assert not replace(good, unsealed=9_000_000).held
    late = replace(_window(1.0), late=1)
    assert not replace(good, measured=replace(measured, windows=(late,))).held
    slow = replace(_window(1.0), tags_per_s=490.0)
    assert not replace(good, measured=replace(measured, windows=(slow,))).held


def test_alarms_are_followed_from_their_sample_to_the_page() -> None:
    told = measure_alarms(Job(devices=5, tags=100, period_s=0.1), watch_s=6.0)
    assert told.dropped == 0
    assert told.begun_s
    assert set(told.begun_s) == set(told.kept_ms) == set(told.shown_ms)
    assert all(told.kept_ms[one] <= told.shown_ms[one] for one in told.begun_s)


def test_every_stored_scan_is_judged_again() -> None:
    scans, took_s = measure_replay(Job(devices=2, tags=5, period_s=1.0), hours=0.1)
    assert scans == 2 * 360
    assert took_s > 0


@pytest.mark.slow
def test_a_change_of_rules_is_followed_until_it_is_in_force() -> None:
    steps = measure_change(Job(devices=1, tags=50, period_s=1.0))
    assert len(steps) == 4
    assert all(one.took_s > 0 for one in steps)
