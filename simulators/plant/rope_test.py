"""Rope-test heads: which pass runs when, and what it reads, as a function of time."""

import math
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from collector import site
from simulators.physics import rope
from simulators.plant.orders import PassOrder, Programme

SAMPLE_S = rope.SPACING_M / rope.HEAD_MPS
WEEK_NS = 7 * 86_400 * 1_000_000_000
PARKED_M = -0.5
ORDINARY_EVERY_S = 3600.0
ORDINARY_FIRST_S = 45.0
ORDINARY_APART_S = 420.0


@dataclass(frozen=True, slots=True)
class RopeReading:
    """What an instrument shows from `at_ns` on."""

    ropeway: str
    at_ns: int
    running: bool
    test_point: int
    position_m: float
    lma_pct: float
    lf_mv: float
    pass_counter: int


@dataclass(frozen=True, slots=True)
class _Pass:
    order: PassOrder
    number: int
    begin_s: float
    length_m: float

    @property
    def end_s(self) -> float:
        return self.begin_s + rope.duration_s(self.length_m)


def ordinary_passes(plant: site.Plant) -> tuple[PassOrder, ...]:
    """Return the programme of a day without a script.

    The first test point of each ropeway comes soon after the start, then the others.
    """
    orders = []
    for row, way in enumerate(plant.ropeway):
        codes = [point.code for kind in way.ropes for point in kind.test_points]
        for turn, code in enumerate(codes):
            first_s = ORDINARY_FIRST_S + ORDINARY_APART_S * (row + 3 * turn)
            every_s = ORDINARY_EVERY_S * math.ceil(len(codes) / 2)
            orders.append(PassOrder(way.id, code, first_s, every_s))
    return tuple(orders)


class RopeHead:
    """One ropeway's instrument; all it shows follows from the seconds run.

    So a simulator that was started again shows the same pass and the same counter.
    """

    def __init__(
        self,
        ropeway: str,
        lengths_m: Mapping[int, float],
        programme: Programme,
        site_ns_at: Callable[[float], int],
    ) -> None:
        self.ropeway = ropeway
        self.lengths_m = lengths_m
        self.seed = programme.seed
        self.site_ns_at = site_ns_at
        self._orders = tuple(order for order in programme.passes or () if order.ropeway == ropeway)
        self._defects = tuple(
            planted for planted in programme.defects if planted.ropeway == ropeway
        )
        self._origin_ns = site_ns_at(0.0)
        self._trace: tuple[tuple[int, int], rope.Trace] | None = None

    def readings(self, from_s: float, to_s: float) -> Iterator[RopeReading]:
        """Yield what changes after `from_s` up to `to_s`, in order of time."""
        touched = [one for order in self._orders for one in self._passes(order, from_s, to_s)]
        for one in sorted(touched, key=lambda one: one.begin_s):
            yield from self._shown(one, from_s, to_s)

    def standing(self, at_s: float) -> RopeReading:
        """Return what the instrument shows at `at_s`, also in the middle of a pass."""
        longest = max((rope.duration_s(m) for m in self.lengths_m.values()), default=0)
        readings = tuple(self.readings(at_s - longest - 1, at_s))
        if readings:
            return readings[-1]
        return RopeReading(
            ropeway=self.ropeway,
            at_ns=self.site_ns_at(at_s),
            running=False,
            test_point=0,
            position_m=PARKED_M,
            lma_pct=0.0,
            lf_mv=0.0,
            pass_counter=self.finished(at_s),
        )

    def finished(self, at_s: float) -> int:
        """Return how many passes had ended by `at_s`."""
        total = 0
        for order in self._orders:
            length_m = self.lengths_m[order.test_point]
            gone_s = at_s - order.first_s - rope.duration_s(length_m)
            if gone_s >= 0:
                total += min(int(gone_s // order.every_s) + 1, order.times)
        return total

    def _passes(self, order: PassOrder, from_s: float, to_s: float) -> Iterator[_Pass]:
        length_m = self.lengths_m[order.test_point]
        long_s = rope.duration_s(length_m) + SAMPLE_S
        first = math.floor((from_s - order.first_s - long_s) / order.every_s)
        last = math.floor((to_s - order.first_s) / order.every_s)
        for number in range(max(first, 0), min(last, order.times - 1) + 1):
            begin_s = order.first_s + number * order.every_s
            yield _Pass(order, number, begin_s, length_m)

    def _shown(self, one: _Pass, from_s: float, to_s: float) -> Iterator[RopeReading]:
        trace = self._trace_of(one)
        done = self.finished(one.begin_s)
        code, count = one.order.test_point, len(trace)
        first = max(0, math.floor((from_s - one.begin_s) / SAMPLE_S + 1e-9) + 1)
        last = min(count, math.floor((to_s - one.begin_s) / SAMPLE_S + 1e-9))
        for row in range(first, last + 1):
            ended = row == count
            at = min(row, count - 1)
            yield RopeReading(
                ropeway=self.ropeway,
                at_ns=self.site_ns_at(one.begin_s + row * SAMPLE_S),
                running=not ended,
                test_point=code,
                position_m=round(float(trace.position_m[at]), 4),
                lma_pct=float(trace.lma_pct[at]),
                lf_mv=float(trace.lf_mv[at]),
                pass_counter=done + ended,
            )

    def _trace_of(self, one: _Pass) -> rope.Trace:
        key = (one.order.test_point, one.number)
        if self._trace is None or self._trace[0] != key:
            place = [self.seed, zlib.crc32(self.ropeway.encode()), key[0]]
            signature = np.random.default_rng(place)
            own = tuple(planted.defect for planted in self._defects if planted.test_point == key[0])
            small = rope.Defect(
                position_m=float(signature.uniform(0.15, 0.85)) * one.length_m,
                length_m=0.06,
                loss_pct=float(signature.uniform(0.2, 0.7)),
            )
            weeks = (self.site_ns_at(one.begin_s) - self._origin_ns) / WEEK_NS
            rng = np.random.default_rng([*place, one.number + 1])
            trace = rope.run_pass(one.length_m, (*own, small), weeks, rng, signature)
            self._trace = (key, trace)
        return self._trace[1]


def heads_of(
    plant: site.Plant, programme: Programme, site_ns_at: Callable[[float], int]
) -> dict[str, RopeHead]:
    """Return the instrument of every ropeway, with the ordinary passes if none are given."""
    if programme.passes is None:
        programme = replace(programme, passes=ordinary_passes(plant))
    return {
        way.id: RopeHead(
            way.id,
            {point.code: point.length_m for kind in way.ropes for point in kind.test_points},
            programme,
            site_ns_at,
        )
        for way in plant.ropeway
    }
