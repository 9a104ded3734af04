"""Values that nobody brought for two periods: they are old, and must look so."""

import numpy as np

from collector.board import Board
from collector.clock import Clock
from collector.model import BAD_FROM, NANOSECONDS, Quality, Scan
from collector.site import Plant, period_of

PERIODS = 2
# A busy machine may read late; no value is called old for that in fast time.
FAIR_S = 0.5


class StaleWatch:
    """Find tags whose newest sample is older than two periods, though not called bad.

    A device that answers slowly, or a part of the monitor that hangs, brings nothing:
    nothing else would say so.
    """

    def __init__(self, plant: Plant, clock: Clock) -> None:
        fair_ns = int(FAIR_S * clock.speed * NANOSECONDS)
        periods_s = [period_of(device, tag) for device in plant.device for tag in device.tags]
        self._longest_ns = np.maximum(
            (PERIODS * NANOSECONDS * np.array(periods_s)).astype(np.int64), fair_ns
        )

    def overdue(self, board: Board, now_ns: int) -> Scan | None:
        """Return the scan that calls overdue tags stale at `now_ns`; None without any.

        What stays stale is said again every two periods, so that delays run on.
        """
        believed = (board.quality < BAD_FROM) | (board.quality == Quality.BAD_STALE)
        late = believed & (now_ns - board.received_ns > self._longest_ns)
        slots = np.flatnonzero(late).astype(np.int32)
        if not len(slots):
            return None
        return Scan(
            slots=slots,
            values=board.values[slots],
            quality=np.full(len(slots), Quality.BAD_STALE, dtype=np.uint8),
            source_ns=np.full(len(slots), now_ns, dtype=np.int64),
            received_ns=now_ns,
        )
