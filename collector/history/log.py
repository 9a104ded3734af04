"""Read the log of the history in the order in which it was kept, sealed or not."""

import asyncio
from bisect import bisect_right
from collections.abc import Iterable
from pathlib import Path

from collector.history.reading import read_segment, scans_after, sealed_after, seq_before
from collector.history.rows import StoredScan
from collector.history.schema import reading


class Log:
    """The log of one history file; it never writes, so that it may stand beside a monitor."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._unsealed: tuple[int, list[StoredScan]] = (0, [])

    async def tag_ids(self) -> dict[int, str]:
        """Return the id of each tag key in the log, also of tags no longer read."""
        return await asyncio.to_thread(self._tag_ids)

    async def seq_at(self, received_ns: int) -> int:
        """Return the number of the last scan before those received at an instant, or a little less.

        Inside a sealed segment it is the segment's beginning.
        """
        return await asyncio.to_thread(self._seq_at, received_ns)

    async def read_after(self, seq: int, limit_samples: int) -> list[StoredScan]:
        """Return the scans after `seq` in order, about `limit_samples`, at least one."""
        return await asyncio.to_thread(self._scans_after, seq, limit_samples)

    def _tag_ids(self) -> dict[int, str]:
        with reading(self._path) as connection:
            return {
                int(key): str(tag) for key, tag in connection.execute("SELECT key, id FROM tag")
            }

    def _seq_at(self, received_ns: int) -> int:
        with reading(self._path) as connection:
            return seq_before(connection, received_ns)

    def _scans_after(self, seq: int, limit_samples: int) -> list[StoredScan]:
        with reading(self._path) as connection:
            while sealed := sealed_after(connection, seq):
                segment, last_seq = sealed
                if self._unsealed[0] != segment:
                    self._unsealed = (segment, read_segment(connection, segment))
                scans = self._unsealed[1]
                begin = bisect_right(scans, seq, key=lambda one: one.seq)
                if begin < len(scans):
                    # No scan is empty: there are never more of them than samples.
                    return _about(scans[begin : begin + limit_samples], limit_samples)
                seq = last_seq  # what is left of it is damaged
            self._unsealed = (0, [])
            return _about(scans_after(connection, seq), limit_samples)


def _about(scans: Iterable[StoredScan], limit_samples: int) -> list[StoredScan]:
    """Return the first scans, with about `limit_samples` samples: one at least, if there is one."""
    found: list[StoredScan] = []
    left = limit_samples
    for one in scans:
        left -= one.scan.slots.size
        if left < 0 and found:
            break
        found.append(one)
    return found
