"""Stale rules: a tag of which nothing good has come for too long."""

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
)
from collector.model import NANOSECONDS, Quality


class StaleColumns:
    """Ages of the newest good samples, by the time of their source.

    Counted from the first look where nothing good has come yet. While its device is
    lost a row is silent: the device's own alarm says so for all its tags.
    """

    by_time = True

    def __init__(self, rows: Sequence[Row]) -> None:
        self._slot = first_slots(rows)
        self._after_s = np.array([row.limit for row in rows])
        self._good_ns = np.zeros(len(rows), dtype=np.int64)

    def look(self, rows: Rows, newest: Newest, at_ns: int) -> Looked:
        """Return which rows are older than allowed."""
        slots = self._slot[rows]
        good = good_of(newest, slots)
        # A source ahead of us would never grow old.
        source_ns = np.minimum(newest.source_ns[slots], at_ns)
        known_ns = np.minimum(self._good_ns[rows], at_ns)
        known_ns = np.where(known_ns == 0, at_ns, known_ns)
        known_ns = np.where(good, source_ns, known_ns)
        self._good_ns[rows] = known_ns
        age_s = (at_ns - known_ns) / NANOSECONDS
        away = newest.quality[slots] == Quality.BAD_DEVICE_LOST
        old = age_s >= self._after_s[rows]
        return Looked(old & ~away, ~old & ~away, away, age_s)


class StaleRule(EachTag):
    """A tag without a good sample for `after_s` is a condition.

    It takes the place of the twin "monitoring lost" that a judged tag has unasked.
    """

    columns: ClassVar[type[Columns]] = StaleColumns

    kind: Literal["stale"]
    after_s: float = Field(gt=0)

    @property
    def looks_back_s(self) -> float:
        """The whole window."""
        return self.after_s

    def watches(self) -> Iterator[Watch]:
        """Yield one condition for each tag."""
        for tag in self.all_tags:
            yield Watch((tag,), "stale", self.priority, self.advice, self.after_s, unit="s")
