"""Measures the embedded history and the whole monitor, and holds them to what was wanted."""

from collections.abc import Callable, Iterator

from tests.benchmarks.keeping import measure_append, measure_sealing
from tests.benchmarks.measure import Measured, Pace
from tests.benchmarks.pasts import Length, look_table, measure_reading
from tests.benchmarks.plants import Job
from tests.benchmarks.sending import measure_sending, throw_away_server
from tests.benchmarks.spent import Cost, Report, cost_table, on_core_of_readers
from tests.benchmarks.table import Goal, table
from tests.benchmarks.telegraf import find_telegraf, measure_telegraf, to_influxdb
from tests.benchmarks.whole import (
    RAMP_PACE,
    SEALING_PACE,
    Whole,
    influx_environment,
    measure_whole,
    ramp,
)
from tests.servers.influx_server import Account, find_influxd

PLAIN = Job(devices=10, tags=1000, period_s=0.1)
FULL = Job(devices=100, tags=1000, period_s=0.1)
APPENDED = 2_000_000
APPENDED_TAGS = (30, 125, 1000)
MOUNTAIN_HOURS = 3.0
SENT_MOUNTAIN_S = 1200.0
SENT_SCANS = 500
STEPS = (20, 30, 40, 50, 60, 70)
HISTORY = "Ropewatch, history on"
BOTH = "Ropewatch, history and InfluxDB on"
TELEGRAF = "Telegraf to InfluxDB 2"
NO_SERVER = "no InfluxDB 2 was found, so nothing was sent: `make servers` builds it"
NO_TELEGRAF = "Telegraf was not run: `make bench` builds it where Go is"

Say = Callable[[str], None]


def report_history(say: Say) -> Iterator[str]:
    """Measure appending, sealing, reading and sending; yield the lines of a report."""
    report = Report()
    with on_core_of_readers():
        _keeping(report, say)
        looked, built_s = measure_reading(Length())
        say(f"the long past was built in {built_s:.0f} s and opened")
    report.lines += [*look_table(looked), ""]
    report.goals += [
        Goal(f"{one.words}, p50", one.share_ms(0.5), one.most_ms, " ms")
        for one in looked
        if one.most_ms is not None
    ]
    program = find_influxd()
    if program is None:
        report.lines += [NO_SERVER, ""]
    else:
        with throw_away_server(program) as account, on_core_of_readers():
            sent = measure_sending(account, SENT_MOUNTAIN_S, SENT_SCANS)
        report.lines += [*cost_table(sent), ""]
        report.goals += _rates(sent, 200_000)
    yield from _written(report)


def _keeping(report: Report, say: Say) -> None:
    appended = [measure_append(tags, APPENDED) for tags in APPENDED_TAGS]
    say("appending was measured")
    costs, weight = measure_sealing(MOUNTAIN_HOURS)
    say(f"{weight.samples:,} samples of the bundled mountain were sealed")
    report.lines += [*cost_table([*appended, *costs]), "", *weight.lines(), ""]
    report.goals += _rates(appended, 500_000)
    report.goals.append(Goal("bytes a sample sealed, whole file", weight.whole, 2))


def _rates(costs: list[Cost], least_per_s: int) -> list[Goal]:
    words = f"µs a sample, for {least_per_s:,} a second"
    return [Goal(f"{one.words}: {words}", one.wall_us.median, 1e6 / least_per_s) for one in costs]


def report_whole(say: Say) -> Iterator[str]:
    """Measure the whole monitor beside Telegraf, then raise the load; yield the report."""
    report = Report()
    ours = measure_whole(HISTORY, PLAIN, SEALING_PACE)
    say(ours.words())
    beside: list[Measured] = []
    program = find_influxd()
    if program is None:
        report.lines += [NO_SERVER, ""]
    else:
        with throw_away_server(program) as account:
            beside += _beside(account, report, say)
    raised = []
    for one in ramp(HISTORY, STEPS, RAMP_PACE):
        say(one.words())
        raised.append(one)
    found = [ours.measured, *beside, *(one.measured for one in raised)]
    report.lines += [*table(found, HISTORY), "", ours.words(), ""]
    report.lines += [f"{one.words()}: {'held' if one.held else 'NOT held'}\n" for one in raised]
    report.goals += _goals(ours, beside, raised)
    yield from _written(report)


def _beside(account: Account, report: Report, say: Say) -> Iterator[Measured]:
    """Yield ourselves with InfluxDB on, and Telegraf at the same job and at its top."""
    with account.bucket() as bucket:
        both = measure_whole(BOTH, PLAIN, SEALING_PACE, influx_environment(account, bucket))
    say(both.words())
    report.lines += [both.words(), ""]
    yield both.measured
    telegraf = find_telegraf()
    if telegraf is None:
        report.lines += [NO_TELEGRAF, ""]
        return
    for job in (PLAIN, FULL):
        with account.bucket() as bucket:
            output = to_influxdb(account, bucket)
            found = measure_telegraf(telegraf, job, Pace(8.0, 8.0), output, TELEGRAF)
        say(f"{TELEGRAF}, {job.words()}: {found.us.words(2)} µs, {found.rate.median:,.0f} tags/s")
        yield found


def _goals(ours: Whole, beside: list[Measured], raised: list[Whole]) -> Iterator[Goal]:
    yield Goal(f"{HISTORY}, 100,000 registers/s", ours.measured.core.median, 25, " % of a core")
    yield Goal(f"{HISTORY}, 100,000 registers/s, cycles left out", ours.measured.late, 0)
    us = {one.name: one.us.median for one in beside if one.job == PLAIN}
    if TELEGRAF in us:
        share = ours.measured.us.median / us[TELEGRAF]
        yield Goal(f"{HISTORY} / {TELEGRAF}", share, 0.5)
        yield Goal(f"{BOTH} / {TELEGRAF}", us[BOTH] / us[TELEGRAF], 1)
    top = next((one for one in beside if one.job == FULL), None)
    held = [one.measured.job.wanted_per_s for one in raised if one.held]
    if top is not None and held:
        yield Goal(f"top rate of {TELEGRAF} / ours", top.rate.median / max(held), 1)


def _written(report: Report) -> Iterator[str]:
    yield from report.lines
    yield from (goal.say() for goal in report.goals)
    yield ""
