"""Closed ropeways: what design suppresses alarms by, judged like a condition."""

from collections.abc import Sequence

import numpy as np
from pydantic import Field

from analytics.rules.terms import EnabledWhile, Looked, Newest, Row, Rows, good_of
from collector.site import Id, Table


class Closed(Table):
    """A ropeway counts as closed once every tag has read so for `after_s`.

    A tag that is not good reads nothing: the ropeway is open then, and hides no alarm.
    """

    ropeway: Id
    while_: tuple[EnabledWhile, ...] = Field(min_length=1, alias="while")
    after_s: float = Field(default=600.0, ge=0)


class ClosedColumns:
    """For each ropeway the tags that must all read so."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self._slots = [np.array(row.slots, dtype=np.intp) for row in rows]
        self._sign = [np.array([_sign(one) for one in row.sides]) for row in rows]
        self._limit = [np.array([_limit(one) for one in row.sides]) for row in rows]

    def look(self, rows: Rows, newest: Newest, at_ns: int) -> Looked:  # noqa: ARG002
        """Return which ropeways look closed; nothing is ever silent here."""
        closed = np.array([self._reads_so(row, newest) for row in rows.tolist()], dtype=bool)
        no = np.zeros(len(rows), dtype=bool)
        return Looked(closed, ~closed, no, np.full(len(rows), np.nan))

    def _reads_so(self, row: int, newest: Newest) -> bool:
        slots, sign = self._slots[row], self._sign[row]
        met = newest.values[slots] * sign > self._limit[row] * sign
        return bool((met & good_of(newest, slots)).all())


def _sign(side: EnabledWhile) -> float:
    return 1.0 if side.above is not None else -1.0


def _limit(side: EnabledWhile) -> float:
    return side.above if side.above is not None else side.below or 0.0
