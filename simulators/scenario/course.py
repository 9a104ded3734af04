"""What a script asks of plant and devices at one moment of its course."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from collector import site
from collector.clock import TimeBase
from collector.model import NANOSECONDS
from simulators.physics.drive import Stop
from simulators.physics.rope import Defect
from simulators.physics.storm import Cell
from simulators.plant import Orders, PassOrder, PlantedDefect, Programme, WindOrder
from simulators.scenario.script import (
    Change,
    DemandChange,
    DeviceChange,
    FreezeChange,
    RemoveChange,
    ReverseChange,
    Scenario,
    SetChange,
    ShiftChange,
    SpeedChange,
    StatusChange,
    StopChange,
    StormChange,
    WindChange,
    test_points,
)

OVERHEAD_KM = 0.1


class Mode(StrEnum):
    """How a device behaves on its socket."""

    ANSWERING = "answering"
    SILENT = "silent"  # takes requests, keeps the socket, says nothing
    SLOW = "slow"
    FAILING = "failing"  # answers each request with an exception
    REFUSING = "refusing"  # closes all connections and takes none
    RESTARTING = "restarting"  # is gone, and comes back having forgotten everything
    RENEWED = "renewed"  # the same, and comes back with a new certificate, if it has any
    HALF_OPEN = "half_open"  # those connected now hear nothing any more; others may come
    BLACK_HOLE = "black_hole"  # connections and bytes go in, nothing is even read
    RESET = "reset"  # each answer ends in a reset half-way
    GARBAGE = "garbage"  # answers with bytes of no meaning
    TRUNCATED = "truncated"  # answers with less than it says, and keeps the connection
    SWAPPED = "swapped"  # sends the words of long values the other way round


@dataclass(frozen=True, slots=True)
class Upsets:
    """What is wrong with the signals at one moment, though the plant may be well."""

    frozen: frozenset[str] = frozenset()
    forced: Mapping[str, float] = field(default_factory=dict)
    shifted: Mapping[str, float] = field(default_factory=dict)
    reversed: frozenset[str] = frozenset()
    removed: frozenset[str] = frozenset()
    status: Mapping[str, str] = field(default_factory=dict)
    modes: Mapping[str, tuple[Mode, float]] = field(default_factory=dict)


def time_base(scenario: Scenario, now_ns: int, speed: float | None) -> TimeBase:
    """Return how site time runs for a script that begins at the machine's `now_ns`."""
    origin_ns = now_ns
    if scenario.origin is not None:
        origin_ns = int(scenario.origin.timestamp()) * NANOSECONDS
    pace = scenario.clock
    return TimeBase(
        anchor_ns=now_ns,
        origin_ns=origin_ns,
        speed=speed or pace.speed,
        run_s=pace.run_s,
        skip_s=pace.skip_s,
        skips=pace.skips,
    )


def programme_of(scenario: Scenario, plant: site.Plant, seed: int | None) -> Programme:
    """Return what the plant must know before it starts."""
    places = test_points(plant)
    passes = tuple(
        PassOrder(*places[one.rope, one.test_point], one.first_s, one.every_s, one.times)
        for one in scenario.passes
    )
    defects = tuple(
        PlantedDefect(
            *places[one.rope, one.test_point],
            Defect(one.position_m, one.length_m, one.loss_pct, one.growth_pct_per_week),
        )
        for one in scenario.defect
    )
    return Programme(scenario.seed if seed is None else seed, passes or None, defects)


def orders_at(scenario: Scenario, elapsed_s: float) -> Orders:
    """Return what the script asks of the plant; of two changes the later one holds."""
    speed: dict[str, float] = {}
    stop: dict[str, Stop] = {}
    demand: dict[str, tuple[float, float]] = {}
    wind: dict[str, WindOrder] = {}
    cell: Cell | None = None
    for change in _holding(scenario, elapsed_s):
        match change:
            case SpeedChange():
                speed[change.target] = change.speed_mps
            case StopChange():
                stop[change.target] = change.stop
            case DemandChange():
                demand[change.target] = (change.up_per_h, change.down_per_h)
            case WindChange():
                wind[change.target] = WindOrder(change.mean_mps, change.rise_s)
            case StormChange():
                cell = _cell(change, elapsed_s)
            case _:
                continue
    return Orders(speed, stop, demand, wind, cell)


def upsets_at(scenario: Scenario, elapsed_s: float) -> Upsets:
    """Return what the script does to the signals."""
    holding = list(_holding(scenario, elapsed_s))
    return Upsets(
        frozen=frozenset(one.target for one in holding if isinstance(one, FreezeChange)),
        forced={one.target: one.value for one in holding if isinstance(one, SetChange)},
        shifted={
            one.target: one.by + one.per_s * (elapsed_s - one.at_s)
            for one in holding
            if isinstance(one, ShiftChange)
        },
        reversed=frozenset(one.target for one in holding if isinstance(one, ReverseChange)),
        removed=frozenset(one.target for one in holding if isinstance(one, RemoveChange)),
        status={one.target: one.status for one in holding if isinstance(one, StatusChange)},
        modes={
            one.target: (Mode(one.kind), one.delay_s)
            for one in holding
            if isinstance(one, DeviceChange)
        },
    )


def _holding(scenario: Scenario, elapsed_s: float) -> Iterator[Change]:
    changes = sorted(scenario.change, key=lambda change: change.at_s)
    return (change for change in changes if change.holds_at(elapsed_s))


def _cell(change: StormChange, elapsed_s: float) -> Cell:
    gone_km = (elapsed_s - change.at_s) * change.speed_kmh / 3600.0
    left_km = change.distance_km - gone_km
    bearing = change.bearing_deg if left_km >= 0 else (change.bearing_deg + 180) % 360
    return Cell(
        distance_km=max(abs(left_km), OVERHEAD_KM),
        bearing_deg=bearing,
        radius_km=change.radius_km,
        strikes_per_min=change.strikes_per_min,
    )
