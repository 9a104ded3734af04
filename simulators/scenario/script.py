"""The tables of a scenario file, and reading one with all its faults named."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, Field, ValidationError, model_validator

from collector import site
from collector.site import Name, Table
from collector.sitefile import SiteFileError, read_tables

BUNDLED = Path(__file__).parent.parent / "scenarios"


class Timed(Table):
    """What every change has: seconds run since the start, and how long it lasts."""

    at_s: float = Field(ge=0)
    for_s: float | None = Field(default=None, gt=0)
    target: str

    def holds_at(self, elapsed_s: float) -> bool:
        """Whether the change is in force."""
        end_s = float("inf") if self.for_s is None else self.at_s + self.for_s
        return self.at_s <= elapsed_s < end_s


class SpeedChange(Timed):
    """The drive of a ropeway gets another set point."""

    kind: Literal["speed"]
    speed_mps: float = Field(ge=0)


class StopChange(Timed):
    """A ropeway is stopped: electrically, by its service brake, or by its safety brake."""

    kind: Literal["stop"]
    stop: Literal["normal", "service", "safety"] = "normal"


class DemandChange(Timed):
    """People arriving at a ropeway's stations."""

    kind: Literal["demand"]
    up_per_h: float = Field(ge=0)
    down_per_h: float = Field(ge=0)


class WindChange(Timed):
    """Mean wind at an open place of a ropeway, or of the whole `site`; ridges get more."""

    kind: Literal["wind"]
    mean_mps: float = Field(ge=0, le=45)
    rise_s: float = Field(default=60, gt=0)


class StormChange(Timed):
    """A thunder cell that comes straight on from `bearing_deg` and dies at its end."""

    kind: Literal["storm"]
    target: str = site.WHOLE_SITE
    distance_km: float = Field(gt=0)
    bearing_deg: float = Field(default=250, ge=0, lt=360)
    speed_kmh: float = Field(default=40, ge=0)
    radius_km: float = Field(default=7, gt=0)
    strikes_per_min: float = Field(default=3, ge=0)


class FreezeChange(Timed):
    """A tag stays at the value that it has."""

    kind: Literal["freeze"]


class SetChange(Timed):
    """A tag shows another value than the plant has."""

    kind: Literal["set"]
    value: float


class ShiftChange(Timed):
    """A tag shows the plant's value and `by` more, growing by `per_s` each second."""

    kind: Literal["shift"]
    by: float = 0.0
    per_s: float = 0.0


class ReverseChange(Timed):
    """A tag shows its value with the other sign, as an instrument wired the wrong way."""

    kind: Literal["reverse"]


class RemoveChange(Timed):
    """An OPC UA server has the node of a tag no longer."""

    kind: Literal["remove"]


class StatusChange(Timed):
    """An OPC UA server marks a tag's value as bad or uncertain."""

    kind: Literal["status"]
    status: Literal["bad", "uncertain"]


class DeviceChange(Timed):
    """A device misbehaves on its socket."""

    kind: Literal[
        "silent",
        "slow",
        "failing",
        "refusing",
        "restarting",
        "renewed",
        "half_open",
        "black_hole",
        "reset",
        "garbage",
        "truncated",
        "swapped",
    ]
    delay_s: float = Field(default=2.0, gt=0, description="only for 'slow'")


Change = Annotated[
    SpeedChange
    | StopChange
    | DemandChange
    | WindChange
    | StormChange
    | FreezeChange
    | SetChange
    | ShiftChange
    | ReverseChange
    | RemoveChange
    | StatusChange
    | DeviceChange,
    Field(discriminator="kind"),
]


class Pass(Table):
    """Passes of a rope-test head over one test point of one rope."""

    rope: str
    test_point: str
    first_s: float = Field(ge=0)
    every_s: float = Field(default=3600, gt=0)
    times: int = Field(default=1, ge=1)


class Fault(Table):
    """A defect planted in a rope at one test point, metres from the reference mark."""

    rope: str
    test_point: str
    position_m: float = Field(ge=0)
    length_m: float = Field(gt=0)
    loss_pct: float = Field(ge=0)
    growth_pct_per_week: float = 0.0


class Expect(Table):
    """What a monitor should notice, within seconds run since the start.

    `target` is the tag, device, ropeway or rope concerned; `quality`, `level` and
    `error` say more where it matters. `quality` is a code's name in small letters
    ("good", "device_lost", "uncertain_clock"); `error` the word that the device's
    errors are counted by. `no_alarm` holds when nothing was raised for the tag in
    the whole span; `gap` when the ledger has exactly one gap of the device, begun
    and ended within a period and the time of coming back of the span.
    """

    kind: Literal[
        "alarm",
        "no_alarm",
        "quality",
        "device_lost",
        "device_back",
        "gap",
        "error",
        "consultation",
        "rope_alarm",
        "task",
    ]
    target: str
    after_s: float = Field(default=0, ge=0)
    by_s: float = Field(gt=0)
    level: Literal["LL", "L", "H", "HH"] | None = None
    quality: str | None = None
    error: str | None = None

    @model_validator(mode="after")
    def has_time(self) -> Self:
        """Refuse a span that ends before it begins."""
        if self.by_s <= self.after_s:
            message = "by_s must be later than after_s"
            raise ValueError(message)
        return self


class Pace(Table):
    """How the script's time runs: see `collector.clock.TimeBase`."""

    speed: float = Field(default=1.0, gt=0, le=200)
    run_s: float = Field(default=0, ge=0)
    skip_s: float = Field(default=0, ge=0)
    skips: int = Field(default=0, ge=0)


class Scenario(Table):
    """One script, for tests and for operators' drills alike."""

    name: Name
    story: Name | None = None
    length_s: float = Field(gt=0)
    seed: int = 1
    origin: AwareDatetime | None = None
    clock: Pace = Pace()
    change: tuple[Change, ...] = ()
    passes: tuple[Pass, ...] = Field(default=(), alias="pass")
    defect: tuple[Fault, ...] = ()
    expect: tuple[Expect, ...] = ()


NO_SCRIPT = Scenario(name=Name(zh="平常的一天", en="An ordinary day"), length_s=86_400)


def scenario_path(word: str) -> Path:
    """Return the file that `word` names: a bundled script, or any path."""
    bundled = BUNDLED / f"{word}.toml"
    return bundled if bundled.is_file() else Path(word)


def bundled_scenarios() -> list[str]:
    """Return the names of the bundled scripts."""
    return sorted(path.stem for path in BUNDLED.glob("*.toml"))


def read_scenario(path: Path, plant: site.Plant) -> Scenario:
    """Return the script; SiteFileError with every fault and its place."""
    try:
        scenario = Scenario.model_validate(read_tables(path))
    except ValidationError as error:
        places = [
            f"{'.'.join(str(step) for step in fault['loc'])}: {fault['msg']}"
            for fault in error.errors(include_url=False)
        ]
        raise SiteFileError(path, places) from error
    strangers = list(_strangers(scenario, plant))
    if strangers:
        raise SiteFileError(path, strangers)
    return scenario


def test_points(plant: site.Plant) -> dict[tuple[str, str], tuple[str, int]]:
    """Return ropeway and code of each test point by its rope's and its own id."""
    return {
        (rope.id, point.id): (way.id, point.code)
        for way in plant.ropeway
        for rope in way.ropes
        for point in rope.test_points
    }


def _strangers(scenario: Scenario, plant: site.Plant) -> Iterator[str]:
    ways = {way.id for way in plant.ropeway}
    tags = set(plant.slots())
    devices = {device.id for device in plant.device}
    ropes = {rope.id for way in plant.ropeway for rope in way.ropes}
    for row, change in enumerate(scenario.change):
        known = _may_name(change, plant)
        if change.target not in known:
            yield f"change.{row}.target: '{change.kind}' knows no '{change.target}'"
    points = test_points(plant)
    named: list[tuple[str, Pass | Fault]] = [
        *((f"pass.{row}", one) for row, one in enumerate(scenario.passes)),
        *((f"defect.{row}", one) for row, one in enumerate(scenario.defect)),
    ]
    for place, one in named:
        if (one.rope, one.test_point) not in points:
            yield f"{place}: no test point '{one.test_point}' on rope '{one.rope}'"
    for row, wanted in enumerate(scenario.expect):
        if wanted.target not in tags | devices | ways | ropes | {site.WHOLE_SITE}:
            yield f"expect.{row}.target: the site knows no '{wanted.target}'"


def _may_name(change: Change, plant: site.Plant) -> set[str]:
    if isinstance(change, DeviceChange):
        only_modbus = change.kind in ("truncated", "swapped")
        if change.kind == "renewed":
            return {one.id for one in plant.device if isinstance(one, site.OpcUaDevice)}
        polled = {one.id for one in plant.device if isinstance(one, site.ModbusDevice)}
        return polled if only_modbus else {device.id for device in plant.device}
    if isinstance(change, RemoveChange | StatusChange):
        served = [one for one in plant.device if isinstance(one, site.OpcUaDevice)]
        return {tag.id for device in served for tag in device.tags}
    if isinstance(change, FreezeChange | SetChange | ShiftChange | ReverseChange):
        return set(plant.slots())
    ways = {way.id for way in plant.ropeway}
    if isinstance(change, WindChange | StormChange):
        return ways | {site.WHOLE_SITE}
    return ways
