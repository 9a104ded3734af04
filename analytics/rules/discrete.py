"""Discrete rules: a switch, bit or state word that reads what it must not."""

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
    rules_of,
)
from collector.model import UNCERTAIN_FROM, Qualities, Values


class DiscreteColumns:
    """Values against the list of states that are alarms."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self._slot = first_slots(rows)
        states = [rule.states for rule in rules_of(rows, DiscreteRule)]
        longest = max(map(len, states), default=1)
        self._states = np.array([(*one, *[np.nan] * (longest - len(one))) for one in states])

    def look(self, rows: Rows, newest: Newest, at_ns: int) -> Looked:  # noqa: ARG002
        """Look for the newest value of each row among its states."""
        slots = self._slot[rows]
        return self.look_at(rows, newest.values[slots], newest.quality[slots])

    def look_at(self, rows: Rows, values: Values, quality: Qualities) -> Looked:
        """Look for samples of each row, one or a column of them, among its states."""
        good = quality < UNCERTAIN_FROM
        among = (values[..., None] == self._states[rows]).any(axis=-1)
        return Looked(good & among, good & ~among, ~good, values)

    def calm(self) -> tuple[Values, Values]:
        """Return what lies below every state or, where the lowest is 0, above every one."""
        lowest, highest = np.nanmin(self._states, axis=1), np.nanmax(self._states, axis=1)
        above: Values = np.where(lowest > 0, -np.inf, highest)
        below: Values = np.where(lowest > 0, lowest, np.inf)
        return above, below


class DiscreteRule(EachTag):
    """A value that is one of `states` is a condition; a switch reads 0 or 1."""

    columns: ClassVar[type[Columns]] = DiscreteColumns

    kind: Literal["discrete"]
    states: tuple[int, ...] = Field(min_length=1)

    def watches(self) -> Iterator[Watch]:
        """Yield one condition for each tag."""
        for tag in self.all_tags:
            yield Watch((tag,), "state", self.priority, self.advice)
