"""The whole simulated plant: weather, ropeways and rope tests joined, tag by tag."""

from simulators.plant.orders import (
    Moment,
    Orders,
    PassOrder,
    PlantedDefect,
    Programme,
    WindOrder,
)
from simulators.plant.plant import Plant
from simulators.plant.rope_test import RopeReading

__all__ = [
    "Moment",
    "Orders",
    "PassOrder",
    "Plant",
    "PlantedDefect",
    "Programme",
    "RopeReading",
    "WindOrder",
]
