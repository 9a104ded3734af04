"""A pass of a magnetic rope-test head: metallic loss (LMA) and local faults (LF)."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

HEAD_MPS = 0.25
SPACING_M = 0.05
AVERAGING_M = 0.1  # LMA averages over 50 to 500 mm: domain 1.3 [G]
STRAND_M = 0.043
LMA_NOISE_PCT = 0.06
LF_NOISE_MV = 9.0
LF_PER_PCT_MV = 70.0
ENCODER_ERROR = 0.002  # 0.1 to 0.5 % of length: domain 1.3 [G]


@dataclass(frozen=True, slots=True)
class Defect:
    """Lost metal over `length_m` from `position_m`, growing week by week."""

    position_m: float
    length_m: float
    loss_pct: float
    growth_pct_per_week: float = 0.0

    def loss_at(self, weeks: float) -> float:
        """Return the loss in percent of metallic area after `weeks`."""
        return min(max(self.loss_pct + self.growth_pct_per_week * weeks, 0.0), 100.0)


@dataclass(frozen=True, slots=True)
class Trace:
    """One pass as columns: metres from the mark, LMA in percent, LF in millivolts."""

    position_m: Floats
    lma_pct: Floats
    lf_mv: Floats

    def __len__(self) -> int:
        """Return the number of samples."""
        return len(self.position_m)


def samples_in(length_m: float) -> int:
    """Return how many samples a pass over `length_m` brings, both ends included."""
    return round(length_m / SPACING_M) + 1


def duration_s(length_m: float) -> float:
    """Return how long the head travels over `length_m`."""
    return samples_in(length_m) * SPACING_M / HEAD_MPS


def run_pass(
    length_m: float,
    defects: tuple[Defect, ...],
    weeks: float,
    rng: np.random.Generator,
    signature: np.random.Generator,
) -> Trace:
    """Return the trace of one pass `weeks` after the defects were planted.

    `rng` draws what differs from pass to pass, `signature` what belongs to this
    piece of rope and returns in every pass.
    """
    position: Floats = np.arange(samples_in(length_m), dtype=np.float64) * SPACING_M
    at: Floats = position * (1.0 + rng.normal(0.0, ENCODER_ERROR / 3.0))
    waves = signature.uniform(0, math.tau, 4)
    lma: Floats = 0.08 * np.sin(math.tau * at / 3.1 + waves[0])
    lma += 0.04 * np.sin(math.tau * at / STRAND_M + waves[1])
    lma += rng.normal(0.0, LMA_NOISE_PCT, len(at))
    lf: Floats = 6.0 * np.sin(math.tau * at / STRAND_M + waves[2])
    lf += rng.normal(0.0, LF_NOISE_MV, len(at))
    for defect in defects:
        loss = defect.loss_at(weeks)
        lma += loss * _covered(at, defect)
        lf += LF_PER_PCT_MV * loss * _edges(at, defect)
    return Trace(position, lma, np.clip(lf, -4500, 4500))


def _covered(at: Floats, defect: Defect) -> Floats:
    """Share of the averaging length that the defect covers: short faults read low."""
    begin = np.maximum(at - AVERAGING_M / 2, defect.position_m)
    end = np.minimum(at + AVERAGING_M / 2, defect.position_m + defect.length_m)
    covered: Floats = np.clip(end - begin, 0.0, None) / AVERAGING_M
    return covered


def _edges(at: Floats, defect: Defect) -> Floats:
    """Leakage peaks where metal ends and begins again, of opposite sign."""
    width = 0.06
    begin = np.exp(-(((at - defect.position_m) / width) ** 2))
    end = np.exp(-(((at - defect.position_m - defect.length_m) / width) ** 2))
    peaks: Floats = begin - end
    return peaks
