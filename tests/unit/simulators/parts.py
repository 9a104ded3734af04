"""The bundled site and plants on it, for tests of the simulators."""

from pathlib import Path

import simulators
from collector.model import NANOSECONDS
from collector.site import Plant as Site
from collector.sitefile import read_plant
from simulators.plant import Orders, Plant, Programme

MOUNTAIN = Path(simulators.__file__).parent / "sites" / "mountain.toml"
# 10:00 on a summer morning in Asia/Shanghai.
MORNING_NS = 1_782_180_000 * NANOSECONDS
WEEK_S = 7 * 86_400.0


def mountain() -> Site:
    """The bundled site."""
    return read_plant(MOUNTAIN)


def plant_on(site: Site, programme: Programme | None = None, start_s: float = 0.0) -> Plant:
    """A plant whose site time begins on a summer morning."""
    return Plant(
        site,
        programme or Programme(),
        lambda elapsed_s: MORNING_NS + round(elapsed_s * NANOSECONDS),
        start_s,
    )


def run(plant: Plant, seconds: float, orders: Orders, step_s: float = 0.5) -> None:
    """Step the plant on by `seconds`."""
    for _ in range(round(seconds / step_s)):
        plant.step(plant.elapsed_s + step_s, orders)
