"""Measures it all and prints it: `python -m tests.benchmarks [JOB…]`, about half an hour."""

import argparse
import os
import platform
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.metadata import version

from tests.benchmarks.alarms import report_alarms
from tests.benchmarks.changes import report_changes
from tests.benchmarks.frames import Delays, measure_frames
from tests.benchmarks.history import report_history, report_whole
from tests.benchmarks.load import NoCompilerError, build
from tests.benchmarks.measure import Measured, Pace, measure_reader
from tests.benchmarks.plants import MIXED, Job
from tests.benchmarks.replays import report_replays
from tests.benchmarks.table import Goal, delay_line, table
from tests.benchmarks.telegraf import find_telegraf, measure_telegraf
from tests.benchmarks.thingsboard import NAMED_BY, find_thingsboard, measure_thingsboard

PLAIN = Job(devices=10, tags=1000, period_s=0.1)
MILLION = Job(devices=100, tags=1000, period_s=0.1)
MIXED_SITE = Job(devices=100, tags=len(MIXED), period_s=1.0, mixed=True)
SCALING = tuple(Job(devices=count, tags=300, period_s=0.1) for count in (1, 10, 100, 334))
PAGES = (Job(100, 50, 1.0), Job(10, 50, 0.1))

OURS = "Ropewatch, asyncio"
OURS_UVLOOP = "Ropewatch, uvloop"
BARE = "bare pymodbus loop, asyncio"
BARE_UVLOOP = "bare pymodbus loop, uvloop"
READERS = (
    (OURS, "ours", "asyncio"),
    (OURS_UVLOOP, "ours", "uvloop"),
    (BARE, "bare", "asyncio"),
    (BARE_UVLOOP, "bare", "uvloop"),
    ("raw asyncio client, asyncio", "raw", "asyncio"),
    ("raw asyncio client, uvloop", "raw", "uvloop"),
)
TELEGRAF = "Telegraf"
THINGSBOARD = "ThingsBoard gateway"
OWN_REPORTS: Mapping[str, Callable[[], Iterator[str]]] = {
    "alarms": report_alarms,
    "replays": report_replays,
    "changes": report_changes,
}
JOBS = ("plain", "million", "mixed", "scaling", "frames", "history", "whole", *OWN_REPORTS)


def beside_peers(job: Job, pace: Pace) -> Iterator[Measured]:
    """Measure every program at one job."""
    for name, kind, loop in READERS:
        yield _told(measure_reader(name, kind, loop, job, pace))
    program = find_telegraf()
    if program is None:
        _say("Telegraf was not run: `make servers` builds it, or put one on the PATH")
    else:
        yield _told(measure_telegraf(program, job, pace))
    if job == PLAIN:
        yield from _thingsboard(job, pace)


def _thingsboard(job: Job, pace: Pace) -> Iterator[Measured]:
    python = find_thingsboard()
    if python is None:
        _say(f"ThingsBoard gateway was not run: {NAMED_BY} names no Python that holds it")
    else:
        yield _told(measure_thingsboard(python, job, pace))


def alone(jobs: Sequence[Job], pace: Pace) -> Iterator[Measured]:
    """Measure ourselves at some jobs, on the loop that the program runs on and on uvloop."""
    for name, kind, loop in READERS[:2]:
        for job in jobs:
            yield _told(measure_reader(name, kind, loop, job, pace))


def goals(measured: Sequence[Measured], delays: Sequence[Delays]) -> Iterator[Goal]:
    """Yield what was wanted of the figures that were measured, for both loops."""
    us = {(one.name, one.job): one.us.median for one in measured}
    for one in measured:
        if one.name not in (OURS, OURS_UVLOOP):
            continue
        yield from _beside(one, us)
        if one.job == PLAIN:
            yield Goal(f"{one.name}: 100,000 registers/s", one.core.median, 15, " % of a core")
        if one.job == MILLION:
            short = (1 - one.rate.median / MILLION.wanted_per_s) * 100
            yield Goal(f"{one.name}: 1,000,000 registers/s, short of", max(0.0, short), 0.1, " %")
            yield Goal(f"{one.name}: 1,000,000 registers/s, cycles left out", one.late, 0)
        if one.job == MIXED_SITE:
            yield Goal(f"{one.name}: 5,000 mixed tags at 1 s", one.core.median, 10, " % of a core")
        if one.job == SCALING[-1] and (first := us.get((one.name, SCALING[0]))):
            words = f"{one.name}: cost of a sample at 100,000 tags / at 300"
            yield Goal(words, one.us.median / first, 1.2)
    for late in delays:
        words = f"p99 from register to frame, {late.job.words()}"
        most_ms = late.job.period_s * 1000 + 100
        yield Goal(words, late.percentile_s(0.99) * 1000, most_ms, " ms")


def _beside(one: Measured, us: dict[tuple[str, Job], float]) -> Iterator[Goal]:
    bare = us.get((BARE if one.name == OURS else BARE_UVLOOP, one.job))
    if bare:
        words = f"{one.name} / bare pymodbus loop on the same event loop, {one.job.words()}"
        yield Goal(words, one.us.median / bare, 1.25)
    telegraf = us.get((TELEGRAF, one.job))
    if telegraf:
        yield Goal(f"{one.name} / Telegraf, {one.job.words()}", one.us.median / telegraf, 0.5)
    thingsboard = us.get((THINGSBOARD, one.job))
    if thingsboard:
        words = f"60 x {one.name} / ThingsBoard gateway, {one.job.words()}"
        yield Goal(words, 60 * one.us.median / thingsboard, 1)


def _told(one: Measured) -> Measured:
    _say(f"{one.name}, {one.job.words()}: {one.us.words(2)} µs, {one.rate.median:,.0f} tags/s")
    return one


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


def _conditions(pace: Pace) -> str:
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    return (
        f"{len(os.sched_getaffinity(0))} cores of a {platform.machine()}, Linux "
        f"{platform.release().split('-')[0]}, Python {platform.python_version()}, pymodbus "
        f"{version('pymodbus')}, uvloop {version('uvloop')}, numpy {version('numpy')}; "
        f"{pace.windows} windows of {pace.window_s:g} s after {pace.settle_s:g} s, median and "
        f"[least..most]; load averages of the machine at the end {load}"
    )


def main(words: Sequence[str]) -> int:
    """Measure the jobs that are named, all by default, and print them."""
    parser = argparse.ArgumentParser(prog="tests.benchmarks", description=__doc__)
    parser.add_argument("job", nargs="*", help=f"of {', '.join(JOBS)}; all by default")
    parser.add_argument("--window", type=float, default=6.0, help="seconds of a window")
    given = parser.parse_args(words)
    chosen = given.job or list(JOBS)
    unknown = sorted(set(chosen) - set(JOBS))
    if unknown:
        parser.error(f"no job '{unknown[0]}'; there are {', '.join(JOBS)}")
    try:
        build()
    except NoCompilerError as error:
        print(error, file=sys.stderr)
        return 1
    pace = Pace(window_s=given.window)
    kinds: dict[str, Callable[[], Iterator[Measured]]] = {
        "plain": lambda: beside_peers(PLAIN, pace),
        "million": lambda: beside_peers(MILLION, pace),
        "mixed": lambda: alone((MIXED_SITE,), pace),
        "scaling": lambda: alone(SCALING, pace),
    }
    measured = [one for name in kinds if name in chosen for one in kinds[name]()]
    delays = [measure_frames(job, 30.0) for job in PAGES] if "frames" in chosen else []
    print("\n".join(_report(measured, delays, pace)))
    for name, report in (("history", report_history), ("whole", report_whole)):
        if name in chosen:
            print("\n".join(report(_say)), flush=True)
    for name, own in OWN_REPORTS.items():
        if name in chosen:
            print("\n".join(own()), flush=True)
    return 0


def _report(measured: list[Measured], delays: list[Delays], pace: Pace) -> Iterator[str]:
    if measured:
        yield from table(measured, OURS)
        yield ""
    yield from (f"{delay_line(one)}\n" for one in delays)
    yield from (goal.say() for goal in goals(measured, delays))
    yield ""
    yield _conditions(pace)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
