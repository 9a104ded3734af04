"""The weather over the whole mountain: wind on every mast, the storm, the air."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from collector import site
from simulators.physics import storm, wind
from simulators.plant.orders import WindOrder

EXPOSURE = {"sheltered": 0.72, "open": 1.0, "ridge": 1.2}
BETWEEN_ROPEWAYS_M = 600.0
CALMING_S = 90.0


@dataclass(frozen=True, slots=True)
class Field:
    """All masts of the site in one order; `masts` gives each ropeway's own by tower."""

    shape: wind.Masts
    ropeways: tuple[str, ...]
    index: Mapping[tuple[str, int], int]


@dataclass(frozen=True, slots=True)
class WeatherInputs:
    """Local hour, the winds that are forced by ropeway, and the thunder cell."""

    hour: float
    wind: Mapping[str, WindOrder]
    cell: storm.Cell | None


@dataclass(frozen=True, slots=True)
class WeatherState:
    """Wind, storm and air together."""

    wind: wind.WindState
    storm: storm.StormState
    ambient_c: float


def field_of(plant: site.Plant) -> Field:
    """Return the masts of the site; one stands in where the site names none."""
    downwind: list[float] = []
    exposure: list[float] = []
    ways: list[str] = []
    index: dict[tuple[str, int], int] = {}
    for row, way in enumerate(plant.ropeway):
        for tower in way.towers:
            index[way.id, tower.number] = len(ways)
            downwind.append(row * BETWEEN_ROPEWAYS_M + tower.position_m)
            exposure.append(EXPOSURE[tower.exposure])
            ways.append(way.id)
    if not ways:
        downwind, exposure, ways = [0.0], [1.0], [plant.ropeway[0].id]
    shape = wind.Masts(np.array(downwind), np.array(exposure))
    return Field(shape, tuple(ways), index)


def start(field: Field, hour: float) -> WeatherState:
    """Return an ordinary day's weather at `hour`."""
    return WeatherState(wind.still(field.shape, hour), storm.StormState(), ambient_c(hour))


def step(
    state: WeatherState,
    inputs: WeatherInputs,
    dt_s: float,
    rng: np.random.Generator,
    field: Field,
) -> WeatherState:
    """Return the weather `dt_s` later."""
    asked = [_order(inputs.wind, way) for way in field.ropeways]
    forced = np.array([order.mean_mps if order else np.nan for order in asked])
    blown = wind.WindInputs(
        hour=inputs.hour,
        forced_mps=forced * field.shape.exposure,
        rise_s=np.array([order.rise_s if order else CALMING_S for order in asked]),
    )
    return WeatherState(
        wind=wind.step(state.wind, blown, dt_s, rng, field.shape),
        storm=storm.step(state.storm, inputs.cell, dt_s, rng),
        ambient_c=ambient_c(inputs.hour),
    )


def ambient_c(hour: float) -> float:
    """Return the air's temperature on a mild day, coldest at 4, warmest at 16."""
    return 13.0 + 6.0 * math.sin(math.tau * (hour - 10.0) / 24.0)


def demand_per_h(most_per_h: float, hour: float) -> tuple[float, float]:
    """Return people arriving below and above: down early and late, up before noon.

    Never nobody, so that a demonstration at night still moves (domain 8.3, 8.4).
    """
    up = 0.15 + 0.6 * math.exp(-(((hour - 10.5) / 3.0) ** 2))
    early = 0.45 * math.exp(-(((hour - 7.5) / 1.5) ** 2))
    late = 0.6 * math.exp(-(((hour - 16.0) / 2.5) ** 2))
    return up * most_per_h, (0.15 + early + late) * most_per_h


def _order(asked: Mapping[str, WindOrder], ropeway: str) -> WindOrder | None:
    return asked.get(ropeway) or asked.get(site.WHOLE_SITE)
