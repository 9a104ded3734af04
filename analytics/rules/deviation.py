"""Deviation rules: two tags that should read the same and do not."""

from collections.abc import Iterator, Sequence
from typing import ClassVar, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from analytics.rules.terms import (
    Against,
    Columns,
    Looked,
    Newest,
    Row,
    Rows,
    RuleTerms,
    Watch,
    good_of,
)
from collector.site import TagId


class DeviationColumns:
    """Differences of two values, without their sign, against the most allowed."""

    def __init__(self, rows: Sequence[Row]) -> None:
        pairs = np.array([row.slots for row in rows], dtype=np.intp).reshape(len(rows), 2)
        self._one, self._other = pairs[:, 0], pairs[:, 1]
        self._against = Against(rows)

    def look(self, rows: Rows, newest: Newest, at_ns: int) -> Looked:  # noqa: ARG002
        """Compare the newest values of both tags; silent while one is not good."""
        one, other = self._one[rows], self._other[rows]
        apart = np.abs(newest.values[one] - newest.values[other])
        return self._against.compare(rows, apart, good_of(newest, one) & good_of(newest, other))


class DeviationRule(RuleTerms):
    """Two tags that differ by at least `most` are a condition; the alarm names `tag`."""

    columns: ClassVar[type[Columns]] = DeviationColumns

    kind: Literal["deviation"]
    tag: TagId
    other: TagId
    most: float = Field(gt=0)
    deadband: float = Field(default=0.0, ge=0)

    @property
    def all_tags(self) -> tuple[str, ...]:
        """Both tags."""
        return (self.tag, self.other)

    def watches(self) -> Iterator[Watch]:
        """Yield the one condition."""
        yield Watch(
            self.all_tags, "deviation", self.priority, self.advice, self.most, self.deadband
        )

    @model_validator(mode="after")
    def can_deviate(self) -> Self:
        """Refuse one tag twice, and a deadband that no agreement could reach."""
        if self.tag == self.other:
            message = "'tag' and 'other' are the same"
            raise ValueError(message)
        if self.deadband >= self.most:
            message = f"deadband {self.deadband:g} is not below {self.most:g}"
            raise ValueError(message)
        return self
