"""The demo's two processes under the fault scenarios in turn, for an hour: `make soak`.

One monitor and one set of simulators, as `make demo` runs them, with all scripts laid end to
end in real time. It checks that everything is noticed as the scripts say, that the health
page is true and all is well after each, that nothing is told as a traceback, and that the
memory of the monitor stays flat.
"""

import argparse
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from threading import Event
from typing import Any

from simulators.scenario import scenario_path
from tests.benchmarks.cores import memory_mb
from tests.benchmarks.plants import toml
from tests.scenario.noticing import unnoticed
from tests.scenario.rehearsal import Rehearsal

SHORT = ("silent_plc", "plant_network", "lying_instruments")
LONG = ("gust_front", "frozen_anemometer")
"""Written for fast time: each takes its turn where the time that is left allows."""

TIMED = ("at_s", "after_s", "by_s")
REST_S = 30.0
WELL_WITHIN_S = 25.0
LATE_S = 3.0
WEIGHED_EVERY_S = 5.0
WARM_UP_S = 600.0
LONGEST_WARM_UP = 0.4
MOST_GROWTH = 1.05


@dataclass(frozen=True, slots=True)
class Leg:
    """One scenario of the course, from second to second."""

    scenario: str
    begin_s: float
    end_s: float


def legs_of(minutes: float, tables: Mapping[str, Mapping[str, Any]]) -> list[Leg]:
    """Return the scenarios in turn: the short ones over and over, a long one after each round."""
    legs: list[Leg] = []
    end_s = 0.0
    long = iter(LONG)
    while True:
        for scenario in (*SHORT, next(long, SHORT[0])):
            length_s = tables[scenario]["length_s"] + REST_S
            if end_s + length_s > minutes * 60:
                if scenario in SHORT:
                    return legs
                continue
            legs.append(Leg(scenario, end_s, end_s + length_s))
            end_s += length_s


def course_of(legs: Sequence[Leg], tables: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return one script that is all of theirs end to end, in real time."""
    return {
        "name": {"zh": "连续演练", "en": "One after the other"},
        "length_s": legs[-1].end_s,
        "change": [one for leg in legs for one in _moved(leg, tables, "change")],
        "expect": [one for leg in legs for one in _moved(leg, tables, "expect")],
    }


def _moved(
    leg: Leg, tables: Mapping[str, Mapping[str, Any]], part: str
) -> Iterator[dict[str, Any]]:
    for one in tables[leg.scenario].get(part, ()):
        yield one | {name: one[name] + leg.begin_s for name in TIMED if name in one}


@dataclass(slots=True)
class Findings:
    """What a run showed; it has passed where there are no faults."""

    legs: int = 0
    lasted_s: float = 0.0
    faults: list[str] = field(default_factory=list)
    memory: list[tuple[float, float, float]] = field(default_factory=list)

    def growth(self) -> float:
        """Return the monitor's memory at the end over that after warming up."""
        warm_s = min(WARM_UP_S, LONGEST_WARM_UP * self.lasted_s)
        settled = [mb for at_s, mb, _ in self.memory if at_s >= warm_s]
        quarter = max(1, len(settled) // 4)
        return median(settled[-quarter:]) / median(settled[:quarter])


def soak(folder: Path, minutes: float) -> Findings:
    """Run it, and say on the way what happens."""
    names = (*SHORT, *LONG)
    tables = {name: tomllib.loads(scenario_path(name).read_text("utf-8")) for name in names}
    legs = legs_of(minutes, tables)
    script = folder / "course.toml"
    script.write_text(toml(course_of(legs, tables)), "utf-8")
    found = Findings()
    with Rehearsal(folder, str(script)) as rehearsal, _weighing(rehearsal, found):
        for leg in legs:
            faults = list(_run(rehearsal, leg))
            found.legs += 1
            found.lasted_s = rehearsal.elapsed_s
            found.faults += [f"{leg.scenario} at {leg.begin_s:.0f} s: {one}" for one in faults]
            _say(f"{leg.end_s:6.0f} s  {leg.scenario}: {'; '.join(faults) or 'as it should be'}")
        if "Traceback" in rehearsal.log():
            found.faults.append("the monitor's log holds a traceback")
    growth = found.growth()
    if growth > MOST_GROWTH:
        found.faults.append(f"the monitor's memory grew by {(growth - 1) * 100:.1f} %")
    return found


def _run(rehearsal: Rehearsal, leg: Leg) -> Iterator[str]:
    own = [one for one in rehearsal.scenario.expect if leg.begin_s <= one.after_s < leg.end_s]
    yield from unnoticed(rehearsal, own, max(one.by_s for one in own) + LATE_S)
    yield from _until_well(rehearsal, leg)


def _until_well(rehearsal: Rehearsal, leg: Leg) -> Iterator[str]:
    """Wait until the leg is over and the health page says that all is well, and acknowledge."""
    while rehearsal.elapsed_s < leg.end_s - WELL_WITHIN_S:
        time.sleep(1)
    ill: list[str] = ["not looked yet"]
    while ill and rehearsal.elapsed_s < leg.end_s:
        time.sleep(1)
        ill = [
            f"{one['id']} is {one['state']} with {one['good_tags']} of {one['tags']} tags good"
            for one in rehearsal.get("/api/health")["devices"]
            if one["state"] != "online" or one["good_tags"] != one["tags"]
        ]
    yield from ill
    # An alarm that stands is not raised anew: the next leg needs a clean desk.
    for alarm in rehearsal.get("/api/alarms")["alarms"]:
        if alarm["state"] in ("unacknowledged", "returned_unacknowledged"):
            rehearsal.post(f"/api/alarms/{alarm['id']}/acknowledge")
    while rehearsal.elapsed_s < leg.end_s:
        time.sleep(0.2)


@contextmanager
def _weighing(rehearsal: Rehearsal, found: Findings) -> Iterator[None]:
    """Note the memory of both processes every few seconds while the block lasts."""
    ended = Event()

    def weigh() -> None:
        while not ended.wait(WEIGHED_EVERY_S):
            monitor, simulators = (memory_mb(pid) for pid in rehearsal.pids)
            found.memory.append((rehearsal.elapsed_s, monitor, simulators))

    with ThreadPoolExecutor(1) as thread:
        thread.submit(weigh)
        try:
            yield
        finally:
            ended.set()


def _say(words: str) -> None:
    print(words, flush=True)


def main(words: Sequence[str]) -> int:
    """Soak for as many minutes as are asked, and say what was found; 1 where there are faults."""
    parser = argparse.ArgumentParser(prog="tests.scenario.soak", description=__doc__)
    parser.add_argument("minutes", nargs="?", type=float, default=60.0)
    minutes = parser.parse_args(words).minutes
    with tempfile.TemporaryDirectory() as folder:
        found = soak(Path(folder), minutes)
    _say(f"{found.legs} scenarios in {found.lasted_s / 60:.1f} minutes, {len(found.faults)} faults")
    for at_s, monitor, simulators in found.memory[:: max(1, len(found.memory) // 12)]:
        _say(f"  {at_s:6.0f} s  monitor {monitor:6.1f} MB  simulators {simulators:6.1f} MB")
    _say(f"monitor's memory at the end over that after warming up: {found.growth():.3f}")
    for fault in found.faults:
        _say(f"FAULT {fault}")
    return 1 if found.faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
