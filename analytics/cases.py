"""Rule cases: courses of readings, and what must begin and end in them, as TOML."""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydantic import Field, model_validator

from analytics.conditions import conditions_of
from analytics.config import Judging
from analytics.judge import Judge
from collector.model import NANOSECONDS, Quality, Scan
from collector.site import Plant, Table
from collector.sitefile import parse

BEGIN_NS = 1_700_000_000 * NANOSECONDS
QUALITIES = {
    "b": Quality.BAD_SOURCE,
    "u": Quality.UNCERTAIN_SOURCE,
    "d": Quality.BAD_DEVICE_LOST,
    "s": Quality.BAD_STALE,
    "f": Quality.BAD_FROZEN,
}
MISSING, AGAIN = "_", "="
FIGURE = re.compile(r"(-?\d+(?:\.\d+)?)([+-]\d+(?:\.\d+)?)?")
LONGEST = 100_000


class CasesError(Exception):
    """A file of cases cannot be played; `faults` lists every reason with its place."""

    def __init__(self, path: Path, faults: Sequence[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(f"{path}: {fault}" for fault in faults))


@dataclass(frozen=True, slots=True)
class Reading:
    """One reading of a course; `again` is the sample before once more, no newer."""

    value: float
    quality: Quality
    again: bool = False


class Expected(Table):
    """One thing that must begin or end, and when."""

    at_s: float = Field(ge=0)
    begins: str | None = None
    ends: str | None = None

    @model_validator(mode="after")
    def says_one_thing(self) -> "Expected":
        """Refuse what says nothing, or two things."""
        if (self.begins is None) == (self.ends is None):
            message = "give either 'begins' or 'ends'"
            raise ValueError(message)
        return self


class Case(Table):
    """One history of readings, and everything that the rules make of it."""

    says: str = Field(min_length=1)
    step_s: float = Field(gt=0)
    series: dict[str, str] = Field(min_length=1)
    only: tuple[str, ...] = ()
    alarms: tuple[Expected, ...]


class CaseFile(Table):
    """A file of cases."""

    case: tuple[Case, ...] = Field(min_length=1)


Event = tuple[float, str, str]


def read_cases(path: Path) -> tuple[Case, ...]:
    """Return the cases of a file; CasesError with every fault at once."""
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CasesError(path, [f"cannot be read: {error.strerror or error}"]) from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise CasesError(path, [f"is no valid TOML: {error}"]) from error
    found, faults = parse(CaseFile, tables)
    if found is None:
        raise CasesError(path, faults)
    return found.case


def failures_of(case: Case, plant: Plant, judging: Judging) -> list[str]:
    """Play `case` and return everything that is not as it says, as sentences."""
    conditions = conditions_of(plant, judging.rule, judging.closed)
    faults = list(_strangers(case, plant, {one.source for one in conditions}))
    if faults:
        return faults
    try:
        courses = {tag: list(readings(words)) for tag, words in case.series.items()}
    except ValueError as error:
        return [str(error)]
    if len({len(course) for course in courses.values()}) > 1:
        lengths = ", ".join(f"{tag} has {len(course)}" for tag, course in courses.items())
        return [f"the courses are of different lengths: {lengths}"]
    wanted = [
        (one.at_s, "begins" if one.begins else "ends", one.begins or one.ends or "")
        for one in case.alarms
    ]
    return list(_compared(wanted, list(_played(case, plant, Judge(conditions), courses))))


def readings(words: str) -> Iterator[Reading | None]:
    """Yield the readings of a course like `12x5 21 b _ 8+0.5x10`; ValueError on other words.

    None is a reading that did not come.
    """
    for word in words.split():
        what, _, times = word.partition("x")
        if times and (not times.isdecimal() or not 0 < int(times) <= LONGEST):
            message = f"'{word}': 'x' is followed by how often, at most {LONGEST}"
            raise ValueError(message)
        for turn in range(int(times or 1)):
            yield _reading(what, turn, word)


def _reading(what: str, turn: int, word: str) -> Reading | None:
    if what == MISSING:
        return None
    if what == AGAIN:
        return Reading(np.nan, Quality.GOOD, again=True)
    if what in QUALITIES:
        return Reading(np.nan, QUALITIES[what])
    figure = FIGURE.fullmatch(what)
    if figure is None:
        known = " ".join([*QUALITIES, MISSING, AGAIN])
        message = f"'{word}': give a figure like 12, 12x5 or 12+0.5x5, or one of {known}"
        raise ValueError(message)
    step = float(figure[2]) * turn if figure[2] else 0.0
    return Reading(round(float(figure[1]) + step, 9), Quality.GOOD)


def _strangers(case: Case, plant: Plant, sources: set[str]) -> Iterator[str]:
    tags = plant.slots()
    yield from (f"series: no tag '{tag}'" for tag in case.series if tag not in tags)
    for one in case.alarms:
        named = one.begins or one.ends
        if named not in sources:
            yield f"alarms: at {one.at_s:g} s: there is no '{named}'"


def _played(
    case: Case, plant: Plant, judge: Judge, courses: Mapping[str, Sequence[Reading | None]]
) -> Iterator[Event]:
    slots = plant.slots()
    held: dict[str, tuple[float, int]] = {}
    for place, row in enumerate(zip(*courses.values(), strict=True)):
        at_ns = BEGIN_NS + round(place * case.step_s * NANOSECONDS)
        came = {tag: one for tag, one in zip(courses, row, strict=True) if one is not None}
        for tag, one in came.items():
            if not one.again:
                held[tag] = (one.value, at_ns)
        if not came:
            continue
        samples = [held.get(tag, (np.nan, at_ns)) for tag in came]
        scan = Scan(
            slots=np.array([slots[tag] for tag in came], dtype=np.int32),
            values=np.array([value for value, _ in samples]),
            quality=np.array([one.quality for one in came.values()], dtype=np.uint8),
            source_ns=np.array([source_ns for _, source_ns in samples], dtype=np.int64),
            received_ns=at_ns,
        )
        for found in judge.judge(scan):
            if found.condition.rule in (case.only or [found.condition.rule]):
                at_s = (found.at_ns - BEGIN_NS) / NANOSECONDS
                yield at_s, "begins" if found.holds else "ends", found.condition.source


def _compared(wanted: Sequence[Event], found: Sequence[Event]) -> Iterator[str]:
    missing, more = list(wanted), []
    for event in found:
        if event in missing:
            missing.remove(event)
        else:
            more.append(event)
    for words, events in (("should have happened", missing), ("was not expected", more)):
        for at_s, verb, source in events:
            yield f"at {at_s:g} s: '{source}' {verb}: {words}"
    if not missing and not more and list(wanted) != list(found):
        yield "everything happened, but in another order than it is listed"
