"""A thunder cell over the mountain: the field it brings and the strikes that are seen."""

import math
from bisect import bisect_left
from dataclasses import dataclass

import numpy as np

FAIR_KVM = 0.2  # 0.1 to 0.3 in fair weather: domain 4.1 [v 53]
OUT_OF_RANGE_KM = 63.0
SEEN_S = 300.0
COUNTED_S = 600.0
JUMP_S = 8.0
MOST_KVM = 40.0
FLOOD_PER_MIN = 600.0


@dataclass(frozen=True, slots=True)
class Cell:
    """A thunder cell: centre, radius, and strikes a minute (0 once it has died)."""

    distance_km: float
    bearing_deg: float
    radius_km: float
    strikes_per_min: float


@dataclass(frozen=True, slots=True)
class Strike:
    """One strike, in seconds since the storm's state began."""

    at_s: float
    distance_km: float
    bearing_deg: float


@dataclass(frozen=True, slots=True)
class StormState:
    """Field with its sign, jump of the last flash, and the strikes of ten minutes."""

    field_kvm: float = FAIR_KVM
    polarity: float = 1.0
    jump_kvm: float = 0.0
    swing_s: float = 0.0
    cloud_kvm: float = 0.0
    now_s: float = 0.0
    strikes: tuple[Strike, ...] = ()
    strikes_total: int = 0

    @property
    def distance_km(self) -> float:
        """Nearest strike of the last five minutes; 63 km when there was none."""
        seen = [hit.distance_km for hit in self.strikes if self.now_s - hit.at_s <= SEEN_S]
        return min(seen, default=OUT_OF_RANGE_KM)

    @property
    def bearing_deg(self) -> float:
        """Bearing of the newest strike, 0 when there is none."""
        return self.strikes[-1].bearing_deg if self.strikes else 0.0

    @property
    def level(self) -> int:
        """Warning level 0 to 3 by distance and field (rings and levels: domain 4.3 [G])."""
        field, distance = abs(self.field_kvm), self.distance_km
        if distance < 10 or field > 8:
            return 3
        if distance < 20 or field > 4:
            return 2
        return 1 if distance < 30 or field > 2 else 0


def step(
    state: StormState,
    cell: Cell | None,
    dt_s: float,
    rng: np.random.Generator,
) -> StormState:
    """Return the storm `dt_s` later; without a cell it fades into fair weather."""
    now_s = state.now_s + dt_s
    hits = tuple(_strike(cell, now_s, rng) for _ in range(_count(cell, dt_s, rng)) if cell)
    gone = bisect_left(state.strikes, now_s - COUNTED_S, key=lambda hit: hit.at_s)
    alive = cell is not None and cell.strikes_per_min > 0
    goal = _cloud_kvm(cell) if cell is not None else 0.0
    cloud = goal + (state.cloud_kvm - goal) * math.exp(-dt_s / 60.0)
    polarity = state.polarity
    if alive and rng.random() < dt_s / 240.0:
        polarity = -polarity
    jump = state.jump_kvm * math.exp(-dt_s / JUMP_S)
    near = [hit for hit in hits if hit.distance_km < 12]
    if near:
        jump = -polarity * rng.uniform(2.0, 3.5)
    # An end-of-storm oscillation: the dying cell's field swings over some minutes.
    swing_s = 0.0 if alive else state.swing_s + dt_s
    swing = math.cos(math.tau * swing_s / 420.0)
    field = FAIR_KVM + 0.03 * rng.standard_normal() + polarity * cloud * swing + jump
    return StormState(
        field_kvm=min(max(field, -MOST_KVM), MOST_KVM),
        polarity=polarity,
        jump_kvm=jump,
        swing_s=swing_s,
        cloud_kvm=cloud,
        now_s=now_s,
        strikes=state.strikes[gone:] + hits,
        strikes_total=state.strikes_total + len(hits),
    )


def _cloud_kvm(cell: Cell) -> float:
    """Field under a cell: 0.2 kV/m at 30 km, above 4 within 7 km (domain 8.3 [D])."""
    if cell.strikes_per_min <= 0:
        return 0.0
    return 12.0 / math.pow(1.0 + (cell.distance_km / 7.0) ** 2, 1.5)


def _count(cell: Cell | None, dt_s: float, rng: np.random.Generator) -> int:
    if cell is None or cell.strikes_per_min <= 0:
        return 0
    return int(rng.poisson(min(cell.strikes_per_min, FLOOD_PER_MIN) / 60.0 * dt_s))


def _strike(cell: Cell, at_s: float, rng: np.random.Generator) -> Strike:
    away = cell.radius_km * math.sqrt(rng.random())
    turn = rng.uniform(0, math.tau)
    bearing = math.radians(cell.bearing_deg)
    east = cell.distance_km * math.sin(bearing) + away * math.sin(turn)
    north = cell.distance_km * math.cos(bearing) + away * math.cos(turn)
    return Strike(
        at_s=at_s,
        distance_km=min(max(math.hypot(east, north), 0.1), OUT_OF_RANGE_KM),
        bearing_deg=math.degrees(math.atan2(east, north)) % 360.0,
    )
