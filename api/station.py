"""Put one station together: collecting, judging, recording and sending, and run it."""

import asyncio
import hashlib
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
from analytics.bypass import BypassDesk
from analytics.config import Judging
from analytics.consultation import Consultations
from analytics.engine import QUEUE, Engine, LookBack
from analytics.folding import HOUR_NS, MOST_REMEMBERED
from analytics.judge import Judge
from analytics.log_in import LogInDesk
from analytics.notify.desk import Means, NoticeDesk
from analytics.notify.outbox import Outbox
from analytics.notify.outbox import Pace as NoticePace
from analytics.notify.services import Services
from analytics.notify.words import Reading, Teller
from analytics.passwords import Passwords
from analytics.records import Change, Records, Wanted, canonical_json
from analytics.records.address import records_address
from analytics.replay import show_past
from analytics.rope_tests import RopeDesk
from analytics.rule_desk import RuleDesk, rules_at_start
from analytics.schedule import InspectionDesk, Schedule
from analytics.selfwatch import SelfWatch, Trouble
from analytics.substitution import SubstitutionDesk
from api.config import SiteFile
from api.live import LiveFeed
from api.replay_desk import ReplayDesk
from api.troubles import troubles_of, troubles_of_notices
from collector.board import Board
from collector.clock import REAL_TIME, Clock, TimeBase
from collector.folder import claimed
from collector.history.influx import InfluxServer, settings_from
from collector.history.influxql import InfluxHistory, RemoteFirst
from collector.history.lines import LineRenderer
from collector.history.sender import Pace, Sender
from collector.history.spans import Spans
from collector.history.store import History
from collector.model import NANOSECONDS, Quality
from collector.service import Collector
from collector.site import Plant
from collector.supervisor import DeviceState

FINISH_S = 10.0
log = structlog.get_logger()
KIND = "simulated"
SITE_FILE = "site file"
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
    bypasses: BypassDesk
    notices: NoticeDesk
    look_back: LookBack
    rules: RuleDesk
    replays: ReplayDesk
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
        settings_from(settings.environment)  # what is wrong there is said before a file is made
        stack.enter_context(claimed(settings.folder))
        records = await stack.enter_async_context(
            Records.open(records_address(settings.folder, settings.environment), clock.now_ns)
        )
        for fault in await records.refusals_amiss():
            log.error("records could be altered unseen", fault=fault)
        await _keep_apart(records, site)
        await _note_site_file(records, site)
        judging = await rules_at_start(records, site.plant, site.judging, clock.now_ns())
        jitter = Random()  # noqa: S311 - nothing secret
        collector = Collector(site.plant, settings.folder / "history.sqlite", clock, jitter)
        stack.callback(collector.history.close)
        outlets = await _open_outlets(stack, site, collector, judging, settings.environment)
        station = _assemble(site, clock, collector, records, outlets)
        stack.push_async_callback(station.replays.end)
        yield station


@dataclass(frozen=True, slots=True)
class _Outlets:
    """What was opened besides: the way to an InfluxDB, the rules in force, where secrets stand."""

    sender: Sender | None
    past: Past | None
    judging: Judging
    environment: Mapping[str, str]


async def _open_outlets(
    stack: AsyncExitStack,
    site: SiteFile,
    collector: Collector,
    judging: Judging,
    environment: Mapping[str, str],
) -> _Outlets:
    """Open the way to an InfluxDB where the environment names one."""
    influx = settings_from(environment)
    if influx is None:
        return _Outlets(None, None, judging, environment)
    past = None
    groups = {tag.id: tag.group for tag in site.plant.tags()}
    tag_ids = await collector.history.tag_ids()
    renderer = LineRenderer(site.plant.site.name.en, tag_ids, groups)
    if environment.get(READ_FROM_INFLUXDB) == "1":
        remote = InfluxHistory(influx, site.plant.site.name.en, groups)
        stack.push_async_callback(remote.close)
        past = RemoteFirst(remote, collector.history)
    server = InfluxServer(influx)
    stack.callback(server.close)
    pace = Pace(chance=Random().random)  # noqa: S311 - jitter
    sender = Sender(collector.history, server, renderer.render, Clock(), pace)
    return _Outlets(sender, past, judging, environment)


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


async def _note_site_file(records: Records, site: SiteFile) -> None:
    """Note in the journal that the site file says other things than at the last start."""
    said = {"plant": site.plant, "judging": site.judging, "telling": site.telling}
    digest = hashlib.sha256(canonical_json(said).encode()).hexdigest()
    if await records.state.kept(SITE_FILE) == digest:
        return
    body = {"sha256": digest, "tags": len(site.plant.slots()), "devices": len(site.plant.device)}
    async with records.transaction() as stores:
        await stores.state.keep(SITE_FILE, digest)
        await stores.journal.note(Change("site file taken up", "site file", body))


def _assemble(
    site: SiteFile, clock: Clock, collector: Collector, records: Records, outlets: _Outlets
) -> Station:
    scans = collector.board.subscribe("engine", QUEUE, collector.note_unjudged)
    engine = Engine(site.plant, outlets.judging, records, scans, clock)
    board, history = collector.board, collector.history
    evidence = Evidence(site.plant, lambda: engine.judging, board, history, engine.conditions)

    def online() -> int:
        return devices_online(collector)

    machine = Clock()
    look_back = looking_back(collector.history, site.plant, clock)
    log_in, access = _door(site, records, machine)
    outbox = _outbox(site, records, clock, outlets.environment)
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
        bypasses=BypassDesk(site.plant, records, engine, clock),
        notices=NoticeDesk(_means(site, board, outbox, log_in), records, engine, clock),
        log_in=log_in,
        access=access,
        look_back=look_back,
        rules=RuleDesk(site.plant, engine, records, clock, look_back),
        replays=ReplayDesk(site.plant, records, collector.history, clock),
        live=LiveFeed(site.plant, collector.board, engine, clock, online),
        sender=outlets.sender,
        past=outlets.past or collector.history,
        started_ns=clock.now_ns(),
    )


def _outbox(
    site: SiteFile, records: Records, clock: Clock, environment: Mapping[str, str]
) -> Outbox:
    services = Services(environment, lambda: clock.machine_ns() // NANOSECONDS)
    pace = NoticePace(Random().random)  # noqa: S311 - jitter
    return Outbox(site.telling, records, services, clock, pace)


def _means(site: SiteFile, board: Board, outbox: Outbox, log_in: LogInDesk) -> Means:
    """Return what people are called with: by user names, whatever name the records show."""
    slots = site.plant.slots()

    def look(tag: str) -> Reading | None:
        slot = slots.get(tag)
        if slot is None:
            return None
        return Reading(float(board.values[slot]), Quality(int(board.quality[slot])))

    def login_of(name: str) -> str:
        return next((one.login for one in log_in.people if one.name == name), name)

    teller = Teller(site.plant, ZoneInfo(site.plant.site.timezone))
    return Means(site.telling, teller, look, outbox, login_of)


def _troubles(station: Station) -> tuple[Trouble, ...]:
    collector = station.collector
    own = troubles_of(collector.history, collector.thinner, collector.sealer, station.sender)
    return (*own, *troubles_of_notices(station.notices))


def _door(site: SiteFile, records: Records, machine: Clock) -> tuple[LogInDesk, AccessDesk]:
    """Return who lets people in; by the machine's time, whatever time the site runs by."""
    passwords = Passwords()
    log_in = LogInDesk(records, site.judging.log_in, machine, passwords)
    ropeways = [way.id for way in site.plant.ropeway]
    return log_in, AccessDesk(records, log_in, ropeways, passwords, machine)


def looking_back(history: History, plant: Plant, clock: Clock) -> LookBack:
    """Return what shows rules that look back the past, also that of an earlier run."""

    async def look_back(judge: Judge, seconds: float) -> None:
        if seconds > 0:
            await history.committed()
            now_ns = clock.now_ns()
            await show_past(judge, history, plant, (now_ns - int(seconds * NANOSECONDS), now_ns))

    return look_back


async def _restore(station: Station) -> None:
    """Take up what an earlier run left."""
    engine = station.engine
    await engine.restore()
    await station.look_back(engine.judge, engine.judging.looks_back_s())
    await station.rules.restore()
    await station.substitutions.restore()
    await station.bypasses.restore()
    await station.notices.restore()
    lately = Wanted(from_ns=station.clock.now_ns() - HOUR_NS)
    station.live.floods.restore(await station.records.alarms.past(lately, MOST_REMEMBERED))
    await station.log_in.restore()


@asynccontextmanager
async def running(station: Station, stop: Callable[[], None]) -> AsyncIterator[None]:
    """Run the station's parts while the body lasts; call `stop` if one of them fails."""
    await _restore(station)
    parts: list[Coroutine[Any, Any, None]] = [
        station.collector.run(),
        station.engine.run(),
        station.consultations.run(),
        station.ropes.run(),
        station.live.run(),
        station.substitutions.run(),
        station.bypasses.run(),
        station.notices.run(),
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
        with suppress(TimeoutError):
            await asyncio.wait_for(station.notices.outbox.finish(), FINISH_S)
        with suppress(TimeoutError):  # a disk that refuses must not keep us from ending
            await asyncio.wait_for(station.collector.history.committed(), FINISH_S)
        if station.sender is not None:
            with suppress(TimeoutError):
                await asyncio.wait_for(station.sender.finish(), FINISH_S)
