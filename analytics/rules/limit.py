"""Limit rules: a value at or beyond H, HH, L or LL."""

from collections.abc import Iterator
from typing import Literal, Self

from pydantic import Field, model_validator

from analytics.model import Advised
from collector.site import Id, Name, Table, TagId

LEVELS = ("high", "high_high", "low", "low_low")
LETTERS = {"high": "H", "high_high": "HH", "low": "L", "low_low": "LL"}
URGENT = ("high_high", "low_low")

Priority = Literal[1, 2, 3]


class LimitRule(Table):
    """A value that reaches a limit for long enough is a condition.

    `priority` and `advice` belong to H and L; HH and LL take `urgent_priority` and
    `urgent_advice`, by default one priority more urgent and the same advice. The
    condition ends when the value has been inside by the deadband for `off_delay_s`.
    """

    kind: Literal["limit"]
    id: Id
    tag: TagId | None = None
    tags: tuple[TagId, ...] = ()
    name: Name | None = None
    high: float | None = None
    high_high: float | None = None
    low: float | None = None
    low_low: float | None = None
    deadband: float = Field(default=0.0, ge=0)
    on_delay_s: float = Field(default=0.0, ge=0)
    off_delay_s: float = Field(default=0.0, ge=0)
    priority: Priority
    urgent_priority: Priority | None = None
    advice: Advised = Advised.NORMAL
    urgent_advice: Advised | None = None
    raises: Literal["alarm", "consultation"] = "alarm"
    consequence: Name
    response: Name
    respond_within_s: int = Field(gt=0)
    source: str
    confirmed_by: str = ""

    @property
    def all_tags(self) -> tuple[str, ...]:
        """Every tag that the rule judges."""
        return (self.tag, *self.tags) if self.tag else self.tags

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

    @property
    def _urgent_priority(self) -> Priority:
        if self.urgent_priority is not None:
            return self.urgent_priority
        return 1 if self.priority <= 2 else 2

    @model_validator(mode="after")
    def makes_sense(self) -> Self:
        """Refuse rules that judge nothing or contradict themselves."""
        if not self.all_tags:
            message = "give 'tag' or 'tags'"
            raise ValueError(message)
        if len(set(self.all_tags)) < len(self.all_tags):
            message = "names a tag more than once"
            raise ValueError(message)
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
