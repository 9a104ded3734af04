"""What the command line does with rules: play their cases, judge stored days again."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from analytics.cases import CasesError, failures_of, read_cases
from analytics.config import OWN_TABLES, Judging, parse_judging
from analytics.kpi import Kpi, reckon
from analytics.model import Activation
from analytics.replay import Difference, Replay, stored_scans
from api.config import SiteFile
from collector.history.log import Log
from collector.history.schema import HistoryError
from collector.model import NANOSECONDS
from collector.sitefile import SiteFileError, read_tables

MOST_LISTED = 40


class RulebookError(Exception):
    """The command cannot do what was asked; the text says why."""


@dataclass(frozen=True, slots=True)
class Days:
    """What to judge again: a data folder and a span of local times of the site."""

    folder: Path
    begin: str
    end: str


def played_cases(site: SiteFile, files: Sequence[Path]) -> tuple[list[str], int]:
    """Return every failure with its place, and how many cases were played."""
    lines: list[str] = []
    played = 0
    for path in files:
        try:
            cases = read_cases(path)
        except CasesError as error:
            lines += [f"{path}: {fault}" for fault in error.faults]
            continue
        played += len(cases)
        for case in cases:
            faults = failures_of(case, site.plant, site.judging)
            lines += [f"{path}: case '{case.says}': {fault}" for fault in faults]
    return lines, played


def other_rules(site_file: Path, rules: Path) -> Judging:
    """Return the judging with the rules of another file in place of the site file's own.

    SiteFileError with every fault: the other rules must fit the same plant.
    """
    others = {name: table for name, table in read_tables(rules).items() if name in OWN_TABLES}
    judging, faults = parse_judging({**read_tables(site_file), **others})
    if judging is None or faults:
        raise SiteFileError(rules, faults)
    return judging


def replayed_lines(site: SiteFile, days: Days, others: Judging | None) -> list[str]:
    """Return what the rules make of stored days, and what other rules would make of them."""
    span = (_instant(site, days.begin), _instant(site, days.end))
    if span[0] >= span[1]:
        raise RulebookError("--from must lie before --to")
    path = days.folder / "history.sqlite"
    if not path.exists():
        raise RulebookError(f"{path}: there is no history; name the station's data folder")
    try:
        found = asyncio.run(_replay(Log(path), site, span, others))
    except HistoryError as error:
        raise RulebookError(str(error)) from error
    zone = ZoneInfo(site.plant.site.timezone)
    if others is None:
        return [*_table(site.judging, found.before, span), *_listed(found.before, " ", zone)]
    return [
        f"{len(found.gone)} gone, {len(found.new)} new",
        *_listed(found.gone, "-", zone),
        *_listed(found.new, "+", zone),
        *_compared(_kpi(site.judging, found.before, span), _kpi(others, found.after, span)),
    ]


async def _replay(
    log: Log, site: SiteFile, span: tuple[int, int], others: Judging | None
) -> Difference:
    runs = [Replay(site.plant, one) for one in (site.judging, others) if one is not None]
    scans = 0
    async for batch in stored_scans(log, site.plant, *span):
        scans += len(batch)
        for run in runs:
            await run.see(batch)
    if not scans:
        raise RulebookError("the history holds no scan of this span")
    return Difference(tuple(runs[0].activations), tuple(runs[-1].activations))


def _instant(site: SiteFile, words: str) -> int:
    try:
        at = datetime.fromisoformat(words)
    except ValueError as error:
        raise RulebookError(f"'{words}': give a time like 2026-05-01T08:00") from error
    if at.tzinfo is None:
        at = at.replace(tzinfo=ZoneInfo(site.plant.site.timezone))
    return int(at.timestamp()) * NANOSECONDS


def _kpi(judging: Judging, found: Sequence[Activation], span: tuple[int, int]) -> Kpi:
    return reckon(found, *span, judging.kpi)


def _table(judging: Judging, found: Sequence[Activation], span: tuple[int, int]) -> Iterator[str]:
    yield f"{len(found)} alarms"
    for one in _kpi(judging, found, span).measures:
        yield f"  {one.id:<20} {_figure(one.value):>10}  {one.state}"


def _compared(before: Kpi, after: Kpi) -> Iterator[str]:
    for old, new in zip(before.measures, after.measures, strict=True):
        yield (
            f"  {old.id:<20} {_figure(old.value):>10} -> {_figure(new.value):>10}"
            f"  {old.state} -> {new.state}"
        )


def _listed(found: Sequence[Activation], sign: str, zone: ZoneInfo) -> Iterator[str]:
    for one in found[:MOST_LISTED]:
        at = datetime.fromtimestamp(one.raised_ns / NANOSECONDS, UTC).astimezone(zone)
        hidden = "" if one.announced else "  (suppressed)"
        yield f"{sign} {at:%Y-%m-%d %H:%M:%S}  P{one.priority}  {one.source}{hidden}"
    if len(found) > MOST_LISTED:
        yield f"{sign} and {len(found) - MOST_LISTED} more"


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"
