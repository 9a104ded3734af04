"""What a script may ask of the plant at one moment."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from simulators.physics.drive import Stop
from simulators.physics.rope import Defect
from simulators.physics.storm import Cell

FOR_EVER = 1_000_000


@dataclass(frozen=True, slots=True)
class Moment:
    """Where a step ends: seconds run since the start, its length, the site's instant."""

    elapsed_s: float
    dt_s: float
    site_ns: int


@dataclass(frozen=True, slots=True)
class WindOrder:
    """The mean wind at an open place, and how slowly it is reached."""

    mean_mps: float
    rise_s: float


@dataclass(frozen=True, slots=True)
class PassOrder:
    """Passes of one ropeway's rope-test head over one test point, seconds since the start."""

    ropeway: str
    test_point: int
    first_s: float
    every_s: float = 3600.0
    times: int = FOR_EVER


@dataclass(frozen=True, slots=True)
class PlantedDefect:
    """A defect of the rope at one test point; it grows from the start of the script."""

    ropeway: str
    test_point: int
    defect: Defect


@dataclass(frozen=True, slots=True)
class Orders:
    """All that is asked now; ropeways that are not named run as on any day."""

    speed_mps: Mapping[str, float] = field(default_factory=dict)
    stop: Mapping[str, Stop] = field(default_factory=dict)
    demand_per_h: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    wind: Mapping[str, WindOrder] = field(default_factory=dict)
    cell: Cell | None = None


@dataclass(frozen=True, slots=True)
class Programme:
    """What is settled before the start: chance, rope passes and planted defects.

    `passes` None means the ordinary ones: each test point once in a while.
    """

    seed: int = 1
    passes: tuple[PassOrder, ...] | None = None
    defects: tuple[PlantedDefect, ...] = ()
