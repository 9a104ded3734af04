"""A long trace with as few samples as a picture needs: every peak stays, no gap is bridged."""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from tsdownsample import MinMaxLTTBDownsampler

from analytics.model import Trace
from collector.model import Values

# A step so many times the usual one is a stretch that the instrument did not see.
WIDE_STEPS = 5.0
FEWEST = 8


def thinned(trace: Trace, points: int) -> Trace:
    """Return about `points` samples of `trace`, those that a picture of it rests on.

    MinMaxLTTB keeps the least and the greatest of each stretch of loss and of local
    fault alike. Between stretches that are not joined, by a wide step or by what is no
    number, stands one sample without loss and fault, so that nothing is bridged.
    """
    position = np.array(trace.position_m)
    columns = (np.array(trace.lma_pct), np.array(trace.lf))
    parts = [_picked(position, columns, *span, points) for span in _stretches(position, columns)]
    places, holes = _with_holes(parts)
    loss, fault = (np.where(holes, np.nan, column[places]) for column in columns)
    moved = position[places] + np.where(holes, _half_steps(position, places), 0.0)
    return Trace(tuple(moved.tolist()), tuple(loss.tolist()), tuple(fault.tolist()))


def _stretches(position: Values, columns: tuple[Values, Values]) -> list[tuple[int, int]]:
    """Return where each joined stretch begins and ends."""
    if not len(position):
        return []
    steps = np.diff(position)
    usual = float(np.median(steps)) if len(steps) else 0.0
    known = np.isfinite(columns[0]) & np.isfinite(columns[1])
    broken = (steps > WIDE_STEPS * usual) | (known[1:] != known[:-1])
    edges = [0, *(np.flatnonzero(broken) + 1).tolist(), len(position)]
    return list(pairwise(edges))


def _picked(
    position: Values, columns: tuple[Values, Values], begin: int, end: int, points: int
) -> NDArray[np.intp]:
    """Return the samples of one stretch that stay, in order, by its share of `points`."""
    count = end - begin
    share = max(FEWEST, points * count // len(position) // 2) & ~1
    if count <= 2 * share:
        return np.arange(begin, end)
    sampler = MinMaxLTTBDownsampler()  # type: ignore[no-untyped-call] # has no types
    x = np.ascontiguousarray(position[begin:end])
    kept = [
        sampler.downsample(x, np.ascontiguousarray(column[begin:end]), n_out=share)
        for column in columns
        if np.isfinite(column[begin:end]).all()
    ]
    ends = np.array([0, count - 1])
    # Which of the samples are the least and the greatest is not left to chance.
    peaks = [
        np.array([int(np.argmin(column)), int(np.argmax(column))])
        for column in (one[begin:end] for one in columns)
        if np.isfinite(column).all()
    ]
    return np.unique(np.concatenate([ends, *peaks, *kept]).astype(np.intp)) + begin


def _with_holes(parts: list[NDArray[np.intp]]) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Return the places to show, the last of each stretch but the final one twice: as a hole."""
    if not parts:
        return np.empty(0, dtype=np.intp), np.empty(0, dtype=np.bool_)
    places, holes = [], []
    for number, part in enumerate(parts):
        places.append(part)
        holes.append(np.zeros(len(part), dtype=np.bool_))
        if number < len(parts) - 1:
            places.append(part[-1:])
            holes.append(np.ones(1, dtype=np.bool_))
    return np.concatenate(places), np.concatenate(holes)


def _half_steps(position: Values, places: NDArray[np.intp]) -> Values:
    """Return half the way from each place to the next sample of the whole trace."""
    following = np.minimum(places + 1, len(position) - 1)
    half: Values = (position[following] - position[places]) / 2
    return half
