"""Limit rules: a value at or beyond H, HH, L or LL."""

from collections.abc import Iterator, Sequence
from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from analytics.model import Advised
from analytics.rules.terms import (
    Against,
    Columns,
    EachTag,
    Looked,
    Newest,
    Priority,
    Row,
    Rows,
    Watch,
    first_slots,
)
from collector.model import UNCERTAIN_FROM, Qualities, Values

LEVELS = ("high", "high_high", "low", "low_low")
LETTERS = {"high": "H", "high_high": "HH", "low": "L", "low_low": "LL"}
URGENT = ("high_high", "low_low")


class LimitColumns:
    """Values against their limits."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self._slot = first_slots(rows)
        self._against = Against(rows)

    def look(self, rows: Rows, newest: Newest, at_ns: int) -> Looked:  # noqa: ARG002
        """Compare the newest value of each row with its limit."""
        slots = self._slot[rows]
        return self.look_at(rows, newest.values[slots], newest.quality[slots])

    def look_at(self, rows: Rows, values: Values, quality: Qualities) -> Looked:
        """Compare samples of each row, one or a column of them, with its limit."""
        return self._against.compare(rows, values, quality < UNCERTAIN_FROM)

    def calm(self) -> tuple[Values, Values]:
        """Return the side of each limit that is not beyond it."""
        return self._against.calm()


class LimitRule(EachTag):
    """A value that reaches a limit for long enough is a condition.

    `priority` and `advice` belong to H and L; HH and LL take `urgent_priority` and
    `urgent_advice`, by default one priority more urgent and the same advice. The
    condition ends when the value has been inside by the deadband for `off_delay_s`.
    """

    columns: ClassVar[type[Columns]] = LimitColumns

    kind: Literal["limit"]
    high: float | None = None
    high_high: float | None = None
    low: float | None = None
    low_low: float | None = None
    deadband: float = Field(default=0.0, ge=0)
    urgent_priority: Priority | None = None
    urgent_advice: Advised | None = None

    def limits(self) -> Iterator[tuple[str, float, Priority, Advised]]:
        """Yield each given limit with its level, priority and advice."""
        for level in LEVELS:
            limit = getattr(self, level)
            if limit is not None:
                urgent = level in URGENT
                yield (
                    level,
                    limit,
                    self._urgent_priority if urgent else self.priority,
                    (self.urgent_advice or self.advice) if urgent else self.advice,
                )

    def watches(self) -> Iterator[Watch]:
        """Yield each limit for each tag."""
        for tag in self.all_tags:
            for level, limit, priority, advice in self.limits():
                yield Watch(
                    (tag,),
                    LETTERS[level],
                    priority,
                    advice,
                    limit,
                    self.deadband,
                    rising=level.startswith("high"),
                )

    @property
    def _urgent_priority(self) -> Priority:
        if self.urgent_priority is not None:
            return self.urgent_priority
        return 1 if self.priority <= 2 else 2

    @model_validator(mode="after")
    def makes_sense(self) -> Self:
        """Refuse limits that are none or contradict each other."""
        given = [self.low_low, self.low, self.high, self.high_high]
        limits = [limit for limit in given if limit is not None]
        if not limits:
            message = "give at least one of high, high_high, low, low_low"
            raise ValueError(message)
        if limits != sorted(set(limits)):
            message = "limits must rise in the order low_low, low, high, high_high"
            raise ValueError(message)
        lower = self.low if self.low is not None else self.low_low
        upper = self.high if self.high is not None else self.high_high
        if lower is not None and upper is not None and upper - lower <= 2 * self.deadband:
            message = f"deadband {self.deadband:g} leaves no band between the limits"
            raise ValueError(message)
        return self
