"""Frozen rules: a value that stands still when it should move."""

from collections.abc import Iterator, Sequence
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from analytics.rules.terms import (
    Columns,
    EachTag,
    Looked,
    Newest,
    Row,
    Rows,
    Watch,
    first_slots,
    good_of,
    rules_of,
)
from collector.model import NANOSECONDS


class FrozenColumns:
    """For each row the value from which it has not moved, and since when.

    A sample that is not good ends no standing still, nor is time counted across it.
    """

    def __init__(self, rows: Sequence[Row]) -> None:
        self._slot = first_slots(rows)
        self._after_s = np.array([row.limit for row in rows])
        self._band = np.array([rule.band for rule in rules_of(rows, FrozenRule)])
        self._held = np.full(len(rows), np.nan)
        self._since_ns = np.zeros(len(rows), dtype=np.int64)

    def look(self, rows: Rows, newest: Newest, at_ns: int) -> Looked:
        """Return which rows have stood still for too long."""
        slots = self._slot[rows]
        good, values = good_of(newest, slots), newest.values[slots]
        stood_s = (at_ns - self._since_ns[rows]) / NANOSECONDS
        stands = stood_s >= self._after_s[rows]
        moved = good & ~(np.abs(values - self._held[rows]) <= self._band[rows])
        # A clock set back must not make the standing longer than it was.
        anew = moved | (~good & ~stands) | (stood_s < 0)
        self._held[rows] = np.where(anew, np.where(good, values, np.nan), self._held[rows])
        self._since_ns[rows] = np.where(anew, at_ns, self._since_ns[rows])
        still = good & ~anew & stands
        return Looked(still, good & ~still, ~good, np.where(anew, 0.0, stood_s))


class FrozenRule(EachTag):
    """A good value within `band` of where it was for `after_s` is a condition."""

    columns: ClassVar[type[Columns]] = FrozenColumns

    kind: Literal["frozen"]
    after_s: float = Field(gt=0)
    band: float = Field(default=0.0, ge=0)

    @property
    def looks_back_s(self) -> float:
        """The whole window."""
        return self.after_s

    def watches(self) -> Iterator[Watch]:
        """Yield one condition for each tag."""
        for tag in self.all_tags:
            yield Watch((tag,), "frozen", self.priority, self.advice, self.after_s, unit="s")
