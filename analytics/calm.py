"""Samples that cannot change anything: good ones inside the calm band of their tag."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from analytics.layout import Layout
from analytics.rules.terms import Flags, Newest, Plain, Rows
from collector.model import UNCERTAIN_FROM, Scan, Slots


class CalmBands:
    """One open band of values for each tag, inside which a good sample begins nothing.

    A tag has none while one of its conditions holds or is on its way, or where a
    condition needs every sample of it. So judging a calm scan costs a comparison.
    """

    def __init__(self, layout: Layout) -> None:
        self._first_slot = layout.first_slot
        self._above = np.full(layout.slots, -np.inf)
        self._below = np.full(layout.slots, np.inf)
        for columns, rows in layout.kinds:
            if isinstance(columns, Plain):
                above, below = columns.calm()
                np.maximum.at(self._above, self._first_slot[rows], above)
                np.minimum.at(self._below, self._first_slot[rows], below)
        self._above[layout.needs_all] = np.inf
        self._above_now = self._above.copy()
        self._marked = np.zeros(layout.slots, dtype=bool)

    def stir(self, rows: Rows) -> None:
        """Note that `rows` hold or are on their way: every sample of their tags counts."""
        self._above_now[self._first_slot[rows]] = np.inf

    def settle(self, slots: Slots | None = None) -> None:
        """Note that nothing is under way at `slots`, or anywhere, as far as is known yet."""
        which = slice(None) if slots is None else slots
        self._above_now[which] = self._above[which]

    def take(self, scan: Scan, newest: Newest) -> Iterator[Slots]:
        """Make the scan's samples the newest; yield the tags to look at after each part of it.

        A tag stands in a part at most once, its oldest sample in the first one.
        """
        calm = self._calm(scan)
        if calm.all():
            newest.put(scan)
            return
        self._marked[scan.slots[~calm]] = True
        loud = self._marked[scan.slots]
        self._marked[scan.slots] = False
        if not loud.all():
            newest.put(scan.only(~loud))
            scan = scan.only(loud)
        for part in _single_samples(scan):
            newest.put(part)
            yield part.slots

    def _calm(self, scan: Scan) -> Flags:
        with np.errstate(invalid="ignore"):
            calm: Flags = scan.values > self._above_now[scan.slots]
            calm &= scan.values < self._below[scan.slots]
        calm &= scan.quality < UNCERTAIN_FROM
        return calm


def _single_samples(scan: Scan) -> Iterator[Scan]:
    """Yield the scan in parts in which each tag stands at most once, oldest first."""
    turn = _turns(scan.slots)
    if not turn.any():
        yield scan
        return
    for number in range(int(turn.max()) + 1):
        yield scan.only(turn == number)


def _turns(slots: Slots) -> NDArray[np.intp]:
    """Return the how-manieth sample of its tag each one is."""
    _, first, inverse = np.unique(slots, return_index=True, return_inverse=True)
    turn = np.zeros(len(slots), dtype=np.intp)
    if len(first) < len(slots):
        order = np.argsort(inverse, kind="stable")
        starts = np.searchsorted(inverse[order], np.arange(len(first)))
        turn[order] = np.arange(len(slots)) - starts[inverse[order]]
    return turn
