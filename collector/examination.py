"""All that we find wrong with a scan, one finding after the other, before anyone sees it."""

from collector.board import Board
from collector.clock import Clock
from collector.model import Scan
from collector.quality import FrozenWatch
from collector.signs import Signs, SignsWatch
from collector.site import Plant
from collector.spikes import SpikeWatch
from collector.staleness import StaleWatch
from collector.substitutes import Substitutes


class Examination:
    """Examine every scan on its way from the driver to the board.

    A finding is only set on what is good until then, so that each sample carries the
    first reason not to believe it. A value given by hand comes last: it stands for
    whatever was found.
    """

    def __init__(self, plant: Plant, clock: Clock) -> None:
        self.substitutes = Substitutes(plant)
        self._signs = SignsWatch(plant, clock)
        self._spikes = SpikeWatch(plant)
        self._frozen = FrozenWatch(plant)
        self._stale = StaleWatch(plant, clock)

    def examine(self, scan: Scan, board: Board) -> Scan:
        """Return `scan` with what was found; the same object where nothing was."""
        found = self._spikes.examine(self._signs.examine(scan))
        return self.substitutes.examine(self._frozen.examine(found, board))

    def overdue(self, board: Board, now_ns: int) -> Scan | None:
        """Return the scan that calls overdue tags stale; None without any."""
        overdue = self._stale.overdue(board, now_ns)
        return None if overdue is None else self.substitutes.examine(overdue)

    def signs_of(self, device_id: str) -> Signs:
        """Return what the device shows of its own life."""
        return self._signs.of(device_id)
