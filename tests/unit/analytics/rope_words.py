"""Ropes and passes that the rope tests speak of."""

import numpy as np
from numpy.typing import NDArray

from analytics.model import Trace
from analytics.rope import RopePass
from collector.model import NANOSECONDS
from collector.site import LossLimit, Name, Rope, TestPoint

NAME = Name(zh="绳", en="rope")
HAUL_LIMITS = ((6.0, 6.0), (40.0, 8.0), (500.0, 25.0))


def a_rope(
    length_m: float = 4176.0,
    loop: bool = True,
    diameter_mm: float = 40.5,
    limits: tuple[tuple[float, float], ...] = HAUL_LIMITS,
    action_share: float = 0.9,
) -> Rope:
    return Rope(
        id="north_haul",
        name=NAME,
        kind="carrying_hauling",
        construction="6x17S",
        diameter_mm=diameter_mm,
        metallic_area_mm2=676,
        length_m=length_m,
        loop=loop,
        action_share=action_share,
        limits=tuple(
            LossLimit(window_d=window_d, loss_pct=loss_pct, source="test")
            for window_d, loss_pct in limits
        ),
        test_points=(a_point(),),
    )


def a_point(length_m: float = 13.0) -> TestPoint:
    return TestPoint(
        id="tuck_1",
        name=NAME,
        kind="splice_tuck_zone",
        code=1,
        position_m=400,
        length_m=length_m,
    )


def a_pass(
    position_m: NDArray[np.float64], lma_pct: NDArray[np.float64], begin_ns: int = 0
) -> RopePass:
    count = len(position_m)
    return RopePass(
        number=7,
        position_m=position_m,
        lma_pct=lma_pct,
        lf=np.linspace(-3.0, 2.0, count),
        source_ns=begin_ns + np.arange(count, dtype=np.int64) * (NANOSECONDS // 5),
    )


def a_trace(position_m: NDArray[np.float64], lma_pct: NDArray[np.float64]) -> Trace:
    return Trace(
        position_m=tuple(position_m.tolist()),
        lma_pct=tuple(lma_pct.tolist()),
        lf=(0.0,) * len(position_m),
    )
