"""What every kind of rule has, and what a kind gives to the judge."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, Self, TypeVar, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from analytics.model import Advised
from collector.model import UNCERTAIN_FROM, Instants, Qualities, Quality, Scan, Values
from collector.site import Id, Name, Table, TagId

Priority = Literal[1, 2, 3]
Rows = NDArray[np.intp]
Flags = NDArray[np.bool_]


class EnabledWhile(Table):
    """The rule counts only while another tag reads so.

    Where that tag is not good, the rule counts: losing a switch must hide nothing.
    """

    tag: TagId
    above: float | None = None
    below: float | None = None

    @model_validator(mode="after")
    def names_one_side(self) -> Self:
        """Refuse a table that says nothing or two things."""
        if (self.above is None) == (self.below is None):
            message = "give either 'above' or 'below'"
            raise ValueError(message)
        return self


class RuleTerms(Table):
    """What every rule has, whatever kind of condition it finds."""

    id: Id
    name: Name | None = None
    on_delay_s: float = Field(default=0.0, ge=0)
    off_delay_s: float = Field(default=0.0, ge=0)
    latching: bool = False
    trips: bool = False
    enabled_while: EnabledWhile | None = None
    priority: Priority
    advice: Advised = Advised.NORMAL
    alarm_class: Id = "safety"
    raises: Literal["alarm", "consultation"] = "alarm"
    unit: str | None = None
    consequence: Name
    response: Name
    respond_within_s: int = Field(gt=0)
    source: str
    confirmed_by: str = ""

    @property
    def looks_back_s(self) -> float:
        """How far back samples count beside the newest one."""
        return 0.0


OneKind = TypeVar("OneKind", bound=RuleTerms)


class EachTag(RuleTerms):
    """Rules that judge one tag or several, each by itself."""

    tag: TagId | None = None
    tags: tuple[TagId, ...] = ()

    @property
    def all_tags(self) -> tuple[str, ...]:
        """Every tag that the rule judges."""
        return (self.tag, *self.tags) if self.tag else self.tags

    @model_validator(mode="after")
    def names_its_tags(self) -> Self:
        """Refuse a rule that judges nothing, or a tag twice."""
        if not self.all_tags:
            message = "give 'tag' or 'tags'"
            raise ValueError(message)
        if len(set(self.all_tags)) < len(self.all_tags):
            message = "names a tag more than once"
            raise ValueError(message)
        return self


@dataclass(frozen=True, slots=True)
class Watch:
    """One condition that a rule gives: the tags it looks at and when it begins.

    The alarm speaks of the first tag. `rising` is false where the condition lies
    below the limit. `shown` and `unit` are the limit and the unit of the figure that the
    alarm shows, where they are not those of the tag.
    """

    tags: tuple[str, ...]
    level: str
    priority: Priority
    advice: Advised
    limit: float | None = None
    deadband: float = 0.0
    rising: bool = True
    shown: float | None = None
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One condition as a kind's columns are made of it; `rule` has the kind's own terms.

    `sides` belongs to a closed ropeway: how each slot must read.
    """

    slots: tuple[int, ...]
    limit: float = 0.0
    deadband: float = 0.0
    rising: bool = True
    rule: RuleTerms | None = None
    sides: tuple[EnabledWhile, ...] = ()


@dataclass(frozen=True, slots=True)
class Newest:
    """The newest sample of every tag, by slot."""

    values: Values
    quality: Qualities
    source_ns: Instants

    @staticmethod
    def of(count: int) -> "Newest":
        """Return the state in which nothing has been read yet."""
        return Newest(
            np.full(count, np.nan),
            np.full(count, Quality.BAD_NEVER_READ, dtype=np.uint8),
            np.zeros(count, dtype=np.int64),
        )

    def known(self, scan: Scan) -> Scan:
        """Return `scan` without the tags that nothing looks at."""
        known = scan.slots < len(self.values)
        return scan if known.all() else scan.only(known)

    def put(self, scan: Scan) -> None:
        """Make the samples of `scan` the newest; all are of known tags."""
        self.values[scan.slots] = scan.values
        self.quality[scan.slots] = scan.quality
        self.source_ns[scan.slots] = scan.source_ns


@dataclass(frozen=True, slots=True)
class Looked:
    """What rows look like now: as if they held, as if they had ended, or silent.

    Silent rows (of samples that are not good) stay as they are. `figure` is what is
    shown beside the limit, NaN where there is nothing to show.
    """

    begins: Flags
    ends: Flags
    silent: Flags
    figure: Values


class Columns(Protocol):
    """All conditions of one kind as arrays, with whatever the kind must remember."""

    def look(self, rows: Rows, newest: Newest, at_ns: int) -> Looked:
        """Return what `rows` look like at `at_ns`; each call is a new sample of theirs."""
        ...


@runtime_checkable
class Plain(Protocol):
    """Columns that look at nothing but the newest sample of each row's first tag.

    Whole columns of such samples can be looked at together, with the same outcome, and
    those inside a calm band need not be looked at while the row neither holds nor waits.
    """

    def look_at(self, rows: Rows, values: Values, quality: Qualities) -> Looked:
        """Return what the samples of `rows`, in their last dimension, look like."""
        ...

    def calm(self) -> tuple[Values, Values]:
        """Return for each row above and below what a good value surely begins nothing."""
        ...


class Against:
    """Limits with their deadbands as arrays: rising ones as given, falling ones mirrored."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self._sign = np.array([1.0 if row.rising else -1.0 for row in rows])
        self._limit = np.array([row.limit for row in rows]) * self._sign
        self._inside = self._limit - np.array([row.deadband for row in rows])

    def compare(self, rows: Rows, figure: Values, good: Flags) -> Looked:
        """Return what `figure` says of `rows`, as far as it is good."""
        with np.errstate(invalid="ignore"):
            turned = figure * self._sign[rows]
            beyond = turned >= self._limit[rows]
            inside = (turned < self._limit[rows]) & (turned <= self._inside[rows])
        return Looked(good & beyond, good & inside, ~good, figure)

    def calm(self) -> tuple[Values, Values]:
        """Return for each row above and below what a figure is not beyond its limit."""
        rising = self._sign > 0
        above: Values = np.where(rising, -np.inf, -self._limit)
        below: Values = np.where(rising, self._limit, np.inf)
        return above, below


def rules_of(rows: Sequence[Row], kind: type[OneKind]) -> list[OneKind]:
    """Return the rule of each row, all being of one kind."""
    return [row.rule for row in rows if isinstance(row.rule, kind)]


def good_of(newest: Newest, slots: NDArray[np.intp]) -> Flags:
    """Return which samples may be judged."""
    good: Flags = newest.quality[slots] < UNCERTAIN_FROM
    return good


def first_slots(rows: Sequence[Row]) -> NDArray[np.intp]:
    """Return the slot of the first tag of each row."""
    return np.array([row.slots[0] for row in rows], dtype=np.intp)
