"""Single samples that jump far off and come back: they are marked, not believed."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from collector.model import Quality, Scan
from collector.site import Plant

Rows = NDArray[np.intp]


class SpikeWatch:
    """Mark samples that jump away from the last believed value of their tag.

    A good sample of a tag with a `spike` table that lies more than `step` from the
    last believed value is bad with the reason "spike", until more than `samples` in
    a row have stayed on the same side: that is a change, and believed from there on.
    A sample that is not good ends the comparison: the next good one is believed.
    """

    def __init__(self, plant: Plant) -> None:
        spikes = [(slot, tag.spike) for slot, tag in enumerate(plant.tags()) if tag.spike]
        self._row_of_slot = np.full(len(plant.slots()), -1, dtype=np.intp)
        self._row_of_slot[[slot for slot, _ in spikes]] = np.arange(len(spikes))
        self._step = np.array([spike.step for _, spike in spikes])
        self._samples = np.array([spike.samples for _, spike in spikes], dtype=np.intp)
        self._believed = np.full(len(spikes), np.nan)
        # Consecutive samples far off: above the believed value > 0, below it < 0.
        self._off = np.zeros(len(spikes), dtype=np.intp)

    def examine(self, scan: Scan) -> Scan:
        """Return `scan` with spikes marked; the same object where there is none."""
        if not len(self._step):
            return scan
        rows = self._row_of_slot[scan.slots]
        at = np.flatnonzero(rows >= 0)
        if not len(at):
            return scan
        spikes = [part[self._is_spike(rows[part], scan, part)] for part in _turns(rows, at)]
        found = np.concatenate(spikes)
        if not len(found):
            return scan
        quality = scan.quality.copy()
        quality[found] = Quality.BAD_SPIKE
        return Scan(scan.slots, scan.values, quality, scan.source_ns, scan.received_ns)

    def _is_spike(self, rows: Rows, scan: Scan, at: Rows) -> NDArray[np.bool_]:
        """Return which samples are spikes; each tag stands in `rows` at most once."""
        values = scan.values[at]
        good = scan.quality[at] == Quality.GOOD
        away = values - self._believed[rows]
        far = good & (np.abs(away) > self._step[rows])
        side = np.where(away > 0, 1, -1)
        same = np.sign(self._off[rows]) == side
        off = np.where(same, self._off[rows] + side, side)
        spike: NDArray[np.bool_] = far & (np.abs(off) <= self._samples[rows])
        self._off[rows] = np.where(spike, off, 0)
        believed = np.where(good, values, np.nan)
        self._believed[rows] = np.where(spike, self._believed[rows], believed)
        return spike


def _turns(rows: Rows, at: Rows) -> Iterator[Rows]:
    """Yield `at` in parts in which each tag stands at most once, oldest first."""
    while len(at):
        _, first = np.unique(rows[at], return_index=True)
        yield at[np.sort(first)]
        if len(first) == len(at):
            return
        at = np.delete(at, first)
