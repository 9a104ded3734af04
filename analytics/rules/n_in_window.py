"""N-in-window rules: a value that comes beyond a limit again and again."""

from collections.abc import Iterator, Sequence
from typing import ClassVar, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from analytics.rules.terms import (
    Against,
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


class WindowColumns:
    """The instants at which each row last came beyond its limit, as many as count."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self._slot = first_slots(rows)
        rules = rules_of(rows, WindowRule)
        self._against = Against(rows)
        self._count = np.array([rule.count for rule in rules], dtype=np.int64)
        self._window_ns = np.array([rule.within_s for rule in rules]) * NANOSECONDS
        self._beyond = np.zeros(len(rows), dtype=bool)
        self._came_ns = np.zeros((len(rows), int(self._count.max(initial=1))), dtype=np.int64)

    def look(self, rows: Rows, newest: Newest, at_ns: int) -> Looked:
        """Note who came beyond the limit now, and count within the window."""
        slots = self._slot[rows]
        good = good_of(newest, slots)
        now = self._against.compare(rows, newest.values[slots], good)
        came = rows[now.begins & ~self._beyond[rows]]
        self._beyond[rows] = (self._beyond[rows] | now.begins) & ~now.ends
        self._came_ns[came] = np.roll(self._came_ns[came], 1, axis=1)
        self._came_ns[came, 0] = at_ns
        instants = self._came_ns[rows]
        within = (instants > 0) & (at_ns - instants <= self._window_ns[rows][:, None])
        times = within.sum(axis=1)
        enough = times >= self._count[rows]
        return Looked(good & enough, good & ~enough, ~good, times.astype(np.float64))


class WindowRule(EachTag):
    """A value that comes beyond its limit `count` times within `within_s` is a condition.

    It counts coming beyond, not staying: to come again it must first have been inside
    by the deadband.
    """

    columns: ClassVar[type[Columns]] = WindowColumns

    kind: Literal["n_in_window"]
    above: float | None = None
    below: float | None = None
    count: int = Field(ge=2, le=1000)
    within_s: float = Field(gt=0, le=86400)
    deadband: float = Field(default=0.0, ge=0)

    @property
    def looks_back_s(self) -> float:
        """The whole window."""
        return self.within_s

    def watches(self) -> Iterator[Watch]:
        """Yield one condition for each tag."""
        rising = self.above is not None
        limit = self.above if rising else self.below
        for tag in self.all_tags:
            yield Watch(
                (tag,),
                "count",
                self.priority,
                self.advice,
                limit,
                self.deadband,
                rising=rising,
                shown=self.count,
                unit="",
            )

    @model_validator(mode="after")
    def names_one_side(self) -> Self:
        """Refuse a rule with no side, or two."""
        if (self.above is None) == (self.below is None):
            message = "give either 'above' or 'below'"
            raise ValueError(message)
        return self
