"""Rate rules: a value that rises or falls by so much within so many seconds."""

from collections.abc import Iterator, Sequence
from typing import ClassVar, Literal, Self

import numpy as np
from pydantic import Field, model_validator

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

PARTS = 10
KEPT = PARTS + 1


class RateColumns:
    """The lowest value of each tenth of the window, and the newest against the lowest.

    A fall is a rise of the mirrored value. A sample that is not good is left out; what
    was good before it within the window still counts.
    """

    def __init__(self, rows: Sequence[Row]) -> None:
        self._slot = first_slots(rows)
        self._sign = np.array([1.0 if row.rising else -1.0 for row in rows])
        self._change = np.array([row.limit for row in rows])
        self._enough = self._change - np.array([row.deadband for row in rows])
        windows = [rule.within_s for rule in rules_of(rows, RateRule)]
        self._part_ns = (np.array(windows) * NANOSECONDS / PARTS).astype(np.int64)
        self._lowest = np.full((len(rows), KEPT), np.inf)
        self._number = np.full((len(rows), KEPT), -1, dtype=np.int64)

    def look(self, rows: Rows, newest: Newest, at_ns: int) -> Looked:
        """Remember the newest value of each row and compare it with the window's lowest."""
        slots = self._slot[rows]
        good = good_of(newest, slots)
        turned = newest.values[slots] * self._sign[rows]
        number = at_ns // self._part_ns[rows]
        self._remember(rows[good], number[good], turned[good])
        known = (self._number[rows] > (number - KEPT)[:, None]) & (
            self._number[rows] <= number[:, None]
        )
        lowest = np.where(known, self._lowest[rows], np.inf).min(axis=1)
        with np.errstate(invalid="ignore"):
            change = turned - lowest
            begins = good & (change >= self._change[rows])
            ends = good & (change < self._change[rows]) & (change <= self._enough[rows])
        return Looked(begins, ends, ~good, change)

    def _remember(self, rows: Rows, number: "np.typing.NDArray[np.int64]", turned: object) -> None:
        place = number % KEPT
        fresh = self._number[rows, place] != number
        held = np.where(fresh, np.inf, self._lowest[rows, place])
        self._lowest[rows, place] = np.minimum(held, np.asarray(turned))
        self._number[rows, place] = number


class RateRule(EachTag):
    """A change of at least `change` within `within_s` is a condition.

    It is the newest value against the lowest (or highest) of the window, which moves
    in tenths: it may be a tenth longer than it says, never shorter.
    """

    columns: ClassVar[type[Columns]] = RateColumns

    kind: Literal["rate"]
    change: float = Field(gt=0)
    within_s: float = Field(gt=0, le=86400)
    direction: Literal["rise", "fall", "either"] = "rise"
    deadband: float = Field(default=0.0, ge=0)

    @property
    def looks_back_s(self) -> float:
        """The whole window."""
        return self.within_s

    def watches(self) -> Iterator[Watch]:
        """Yield each direction for each tag."""
        for tag in self.all_tags:
            if self.direction != "fall":
                yield self._watch(tag, "rise", rising=True)
            if self.direction != "rise":
                yield self._watch(tag, "fall", rising=False)

    def _watch(self, tag: str, level: str, *, rising: bool) -> Watch:
        return Watch(
            (tag,), level, self.priority, self.advice, self.change, self.deadband, rising=rising
        )

    @model_validator(mode="after")
    def ends_some_time(self) -> Self:
        """Refuse a deadband that no calm value could reach."""
        if self.deadband >= self.change:
            message = f"deadband {self.deadband:g} is not below the change {self.change:g}"
            raise ValueError(message)
        return self
