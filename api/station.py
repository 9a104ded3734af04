"""Put one station together: collecting, judging, recording and sending, and run it."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import structlog

from analytics.access import AccessDesk
from analytics.brief import Evidence
from analytics.config import Judging
from analytics.consultation import Consultations
from analytics.engine import QUEUE, Engine
from analytics.judge import Judge
from analytics.log_in import LogInDesk
from analytics.passwords import Passwords
from analytics.records import Records
from analytics.records.address import records_address
from analytics.replay import show_past
from analytics.rope_tests import RopeDesk
from analytics.rule_desk import RuleDesk, rules_at_start
from analytics.schedule import InspectionDesk, Schedule
from analytics.selfwatch import SelfWatch, Trouble
from analytics.substitution import SubstitutionDesk
from api.config import SiteFile
from api.live import LiveFeed
from api.troubles import troubles_of
from collector.clock import REAL_TIME, Clock, TimeBase
from collector.folder import claimed
from collector.history.influx import InfluxServer, settings_from
from collector.history.influxql import InfluxHistory, RemoteFirst
from collector.history.lines import LineRenderer
from collector.history.sender import Pace, Sender
from collector.history.spans import Spans
from collector.history.store import History
from collector.model import NANOSECONDS
from collector.service import Collector
from collector.site import Plant
from collector.supervisor import DeviceState

FINISH_S = 10.0
log = structlog.get_logger()
KIND = "simulated"
READ_FROM_INFLUXDB = "INFLUXDB_READ"


class Past(Protocol):
    """Where pages read the past from: the local history, or InfluxDB if that is asked for."""

    async def spans(self, tags: Sequence[str], within: tuple[int, int], count: int) -> Spans:
        """Return the past of `tags`, in their order, in equal spans."""


class MixedFolderError(Exception):
    """The data folder belongs to another kind of site; the text says what to do."""


@dataclass(frozen=True, slots=True)
class StationSettings:
    """What a station is started with, beside its site file."""

    folder: Path
    time_base: TimeBase = REAL_TIME
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))


@dataclass(frozen=True, slots=True)
class Station:
    """One running station: its rooms' parts, as the routes need them."""

    site: SiteFile
    clock: Clock
    machine_clock: Clock
    collector: Collector
    records: Records
    engine: Engine
    consultations: Consultations
    ropes: RopeDesk
    inspections: InspectionDesk
    substitutions: SubstitutionDesk
    rules: RuleDesk
    log_in: LogInDesk
    access: AccessDesk
    live: LiveFeed
    sender: Sender | None
    past: Past
    started_ns: int

    @property
    def zone(self) -> ZoneInfo:
        """The site's time zone."""
        return ZoneInfo(self.site.plant.site.timezone)


def devices_online(collector: Collector) -> int:
    """Return how many devices answer."""
    return sum(
        supervisor.health.state is DeviceState.ONLINE for supervisor in collector.supervisors
    )


@asynccontextmanager
async def open_station(site: SiteFile, settings: StationSettings) -> AsyncIterator[Station]:
    """Open everything that a station keeps; nothing runs yet.

    HistoryError, RecordsError, InfluxSettingsError, MixedFolderError or FolderInUseError,
    one sentence each, where the folder, a file or a setting cannot be used.
    """
    clock = Clock(settings.time_base)
    async with AsyncExitStack() as stack:
        influx = settings_from(settings.environment)
        stack.enter_context(claimed(settings.folder))
        records = await stack.enter_async_context(
            Records.open(records_address(settings.folder, settings.environment), clock.now_ns)
        )
        for fault in await records.refusals_amiss():
            log.error("records could be altered unseen", fault=fault)
        await _keep_apart(records, site)
        judging = await rules_at_start(records, site.plant, site.judging, clock.now_ns())
        collector = Collector(
            site.plant,
            settings.folder / "history.sqlite",
            clock,
            Random(),  # noqa: S311 - jitter
        )
        stack.callback(collector.history.close)
        sender, past = None, None
        if influx is not None:
            groups = {tag.id: tag.group for tag in site.plant.tags()}
            tag_ids = await collector.history.tag_ids()
            renderer = LineRenderer(site.plant.site.name.en, tag_ids, groups)
            if settings.environment.get(READ_FROM_INFLUXDB) == "1":
                remote = InfluxHistory(influx, site.plant.site.name.en, groups)
                stack.push_async_callback(remote.close)
                past = RemoteFirst(remote, collector.history)
            server = InfluxServer(influx)
            stack.callback(server.close)
            pace = Pace(chance=Random().random)  # noqa: S311 - jitter
            sender = Sender(collector.history, server, renderer.render, Clock(), pace)
        yield _assemble(site, clock, collector, records, _Outlets(sender, past, judging))


async def _keep_apart(records: Records, site: SiteFile) -> None:
    """Refuse to mix what a simulated site left with what a real one does."""
    simulated = site.plant.site.simulated
    kept = await records.state.kept(KIND)
    if kept is None:
        await records.state.keep(KIND, json.dumps(simulated))
    elif json.loads(kept) != simulated:
        held, given = ("simulated", "real") if json.loads(kept) else ("real", "simulated")
        message = f"the data folder holds records of a {held} site and this site is {given}"
        raise MixedFolderError(f"{message}; give another folder with --data")


@dataclass(frozen=True, slots=True)
class _Outlets:
    """What was opened besides: the way to an InfluxDB, if one is set, and the rules in force."""

    sender: Sender | None
    past: Past | None
    judging: Judging


def _assemble(
    site: SiteFile, clock: Clock, collector: Collector, records: Records, outlets: _Outlets
) -> Station:
    scans = collector.board.subscribe("engine", QUEUE, collector.note_unjudged)
    engine = Engine(site.plant, outlets.judging, records, scans, clock)
    evidence = Evidence(
        site.plant,
        lambda: engine.judging,
        collector.board,
        collector.history,
        engine.conditions,
    )

    def online() -> int:
        return devices_online(collector)

    async def look_back(judge: Judge, seconds: float) -> None:
        await _look_back(collector.history, site.plant, judge, clock.now_ns(), seconds)

    passwords, machine = Passwords(), Clock()
    # Log-ins go by the machine's time, whatever time a simulated site runs by.
    log_in = LogInDesk(records, site.judging.log_in, machine, passwords)
    ropeways = [way.id for way in site.plant.ropeway]
    return Station(
        site=site,
        clock=clock,
        machine_clock=machine,
        collector=collector,
        records=records,
        engine=engine,
        consultations=Consultations(evidence, records, engine, clock, online),
        ropes=RopeDesk(evidence, records, engine, clock),
        inspections=InspectionDesk(site.plant, site.judging, records, engine, clock),
        substitutions=SubstitutionDesk(
            site.plant, records, collector.examination.substitutes, clock
        ),
        log_in=log_in,
        access=AccessDesk(records, log_in, ropeways, passwords, machine),
        rules=RuleDesk(site.plant, engine, records, clock, look_back),
        live=LiveFeed(site.plant, collector.board, engine, clock, online),
        sender=outlets.sender,
        past=outlets.past or collector.history,
        started_ns=clock.now_ns(),
    )


def _troubles(station: Station) -> tuple[Trouble, ...]:
    return tuple(troubles_of(station.collector.history, station.collector.thinner, station.sender))


async def _look_back(
    history: History, plant: Plant, judge: Judge, now_ns: int, seconds: float
) -> None:
    """Show rules that look back what was seen before them, also by an earlier run."""
    if seconds > 0:
        await history.committed()
        await show_past(judge, history, plant, (now_ns - int(seconds * NANOSECONDS), now_ns))


@asynccontextmanager
async def running(station: Station, stop: Callable[[], None]) -> AsyncIterator[None]:
    """Run the station's parts while the body lasts; call `stop` if one of them fails."""
    engine, plant = station.engine, station.site.plant
    await engine.restore()
    seconds = engine.judging.looks_back_s()
    history, now_ns = station.collector.history, station.clock.now_ns()
    await _look_back(history, plant, engine.judge, now_ns, seconds)
    await station.rules.restore()
    await station.substitutions.restore()
    await station.log_in.restore()
    parts: list[Coroutine[Any, Any, None]] = [
        station.collector.run(),
        station.engine.run(),
        station.consultations.run(),
        station.ropes.run(),
        station.live.run(),
        station.substitutions.run(),
        station.log_in.run(),
        station.rules.run(),
        SelfWatch(station.engine, station.clock, _troubles(station)).run(),
    ]
    if station.sender is not None:
        parts.append(station.sender.run())
    schedule = Schedule(station.clock, station.inspections.reconcile)
    group = asyncio.gather(*parts)
    group.add_done_callback(lambda _: stop())
    schedule.start()
    try:
        yield
    finally:
        schedule.stop()
        group.cancel()
        with suppress(asyncio.CancelledError):
            await group
        with suppress(TimeoutError):  # a disk that refuses must not keep us from ending
            await asyncio.wait_for(station.collector.history.committed(), FINISH_S)
        if station.sender is not None:
            with suppress(TimeoutError):
                await asyncio.wait_for(station.sender.finish(), FINISH_S)
