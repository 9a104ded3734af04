"""What we find wrong with samples that the protocol called good."""

from collections.abc import Iterable, Mapping

import numpy as np

from collector.board import Board
from collector.model import NANOSECONDS, Quality, Scan
from collector.site import Plant, Tag


class FrozenWatch:
    """Find tags that stand still when they should move.

    A tag with a `frozen` table whose value stayed within its band for its time,
    when its neighbour (if named) reads good and above the level, is bad with the
    reason "frozen" until it moves again, whatever becomes of the neighbour
    (domain 3.1 [D]).
    """

    def __init__(self, plant: Plant) -> None:
        slot_of = plant.slots()
        watched = [tag for tag in plant.tags() if tag.frozen]
        count = len(slot_of)
        self._row_of_slot = np.full(count, -1, dtype=np.int32)
        for row, tag in enumerate(watched):
            self._row_of_slot[slot_of[tag.id]] = row
        self._after_ns = np.array(
            [tag.frozen.after_s * NANOSECONDS for tag in watched if tag.frozen]
        )
        self._band = np.array([tag.frozen.band for tag in watched if tag.frozen])
        self._above = np.array([tag.frozen.above for tag in watched if tag.frozen])
        self._neighbour = np.array(list(_neighbours(watched, slot_of)), dtype=np.int32)
        self._held = np.full(len(watched), np.nan)
        self._since_ns = np.zeros(len(watched), dtype=np.int64)
        self._frozen = np.zeros(len(watched), dtype=np.bool_)

    def examine(self, scan: Scan, board: Board) -> Scan:
        """Return `scan` with frozen tags marked; the same object where none is.

        A bad sample ends no freezing, nor is standing still counted across it.
        """
        rows = self._row_of_slot[scan.slots]
        at = np.flatnonzero(rows >= 0)
        if not len(at):
            return scan
        rows = rows[at]
        values = scan.values[at]
        good = scan.quality[at] == Quality.GOOD
        moved = good & ~(np.abs(values - self._held[rows]) <= self._band[rows])
        restart = moved | (~good & ~self._frozen[rows])
        self._held[rows[restart]] = values[restart]
        self._since_ns[rows[restart]] = scan.source_ns[at][restart]
        self._frozen[rows[moved]] = False
        stood_ns = scan.source_ns[at] - self._since_ns[rows]
        stands = good & ~moved & (stood_ns >= self._after_ns[rows])
        self._frozen[rows[stands & self._neighbour_moves(rows, board)]] = True
        frozen = good & ~moved & self._frozen[rows]
        if not frozen.any():
            return scan
        quality = scan.quality.copy()
        quality[at[frozen]] = Quality.BAD_FROZEN
        return Scan(scan.slots, scan.values, quality, scan.source_ns, scan.received_ns)

    def _neighbour_moves(
        self, rows: "np.typing.NDArray[np.int32]", board: Board
    ) -> "np.typing.NDArray[np.bool_]":
        neighbour = self._neighbour[rows]
        moves = (board.quality[neighbour] == Quality.GOOD) & (
            board.values[neighbour] > self._above[rows]
        )
        return np.asarray((neighbour < 0) | moves, dtype=np.bool_)


def _neighbours(watched: Iterable[Tag], slot_of: Mapping[str, int]) -> Iterable[int]:
    for tag in watched:
        neighbour = tag.frozen.neighbour if tag.frozen else None
        yield slot_of[neighbour] if neighbour else -1
