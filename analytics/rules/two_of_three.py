"""Two-of-three rules: several tags measure one thing, and enough of them must agree."""

from collections.abc import Iterator, Sequence
from typing import ClassVar, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from analytics.rules.terms import (
    Columns,
    Looked,
    Newest,
    Row,
    Rows,
    RuleTerms,
    Watch,
    good_of,
    rules_of,
)
from collector.site import TagId


class VoteColumns:
    """The votes of each row's tags.

    A tag that is not good has no vote; a row is silent where its vote would decide.
    """

    def __init__(self, rows: Sequence[Row]) -> None:
        most = max((len(row.slots) for row in rows), default=0)
        self._voter = np.array(
            [[place < len(row.slots) for place in range(most)] for row in rows], dtype=bool
        )
        padded = [(*row.slots, *[row.slots[0]] * (most - len(row.slots))) for row in rows]
        self._slots = np.array(padded, dtype=np.intp).reshape(len(rows), most)
        rules = rules_of(rows, VoteRule)
        self._votes = np.array([rule.votes for rule in rules], dtype=np.int64)
        self._sign = np.array([1.0 if row.rising else -1.0 for row in rows])
        self._limit = np.array([row.limit for row in rows]) * self._sign
        self._inside = self._limit - np.array([row.deadband for row in rows])

    def look(self, rows: Rows, newest: Newest, at_ns: int) -> Looked:  # noqa: ARG002
        """Count the votes for and, with those that are not known, the most there can be."""
        slots, voter = self._slots[rows], self._voter[rows]
        good = good_of(newest, slots) & voter
        limit, inside = self._limit[rows][:, None], self._inside[rows][:, None]
        with np.errstate(invalid="ignore"):
            turned = newest.values[slots] * self._sign[rows][:, None]
            beyond = good & (turned >= limit)
            calm = good & (turned < limit) & (turned <= inside)
        votes, needed = beyond.sum(axis=1), self._votes[rows]
        unknown = (voter & ~good).sum(axis=1)
        begins = votes >= needed
        ends = (voter & ~calm).sum(axis=1) < needed
        silent = ~begins & ~ends & (votes + unknown >= needed)
        return Looked(begins, ends, silent, votes.astype(np.float64))


class VoteRule(RuleTerms):
    """At least `votes` of `tags` at or beyond one limit are a condition."""

    columns: ClassVar[type[Columns]] = VoteColumns

    kind: Literal["two_of_three"]
    tags: tuple[TagId, ...]
    votes: int = Field(default=2, ge=2)
    above: float | None = None
    below: float | None = None
    deadband: float = Field(default=0.0, ge=0)

    @property
    def all_tags(self) -> tuple[str, ...]:
        """Every tag that votes."""
        return self.tags

    def watches(self) -> Iterator[Watch]:
        """Yield the one condition."""
        rising = self.above is not None
        limit = self.above if rising else self.below
        yield Watch(
            self.tags,
            "vote",
            self.priority,
            self.advice,
            limit,
            self.deadband,
            rising=rising,
            shown=self.votes,
            unit="",
        )

    @model_validator(mode="after")
    def can_vote(self) -> Self:
        """Refuse too few tags, more votes than tags, and a limit on no side or two."""
        if len(set(self.tags)) < len(self.tags):
            message = "names a tag more than once"
            raise ValueError(message)
        if len(self.tags) < 3 or self.votes > len(self.tags):
            message = f"give at least three tags and no fewer than the {self.votes} votes"
            raise ValueError(message)
        if (self.above is None) == (self.below is None):
            message = "give either 'above' or 'below'"
            raise ValueError(message)
        return self
