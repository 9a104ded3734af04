"""How good the alarms are for the one who must handle them: figures against their targets."""

from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal

from pydantic import Field

from analytics.model import Activation
from collector.model import NANOSECONDS
from collector.site import Table

SLOT_S = 600
DAY_S = 86_400
PRIORITIES = (1, 2, 3)

Span = tuple[int, int]


class KpiTerms(Table):
    """When alarms flood, chatter, are fleeting or stale (ISA-18.2 measures, domain 7.2)."""

    flood_above: int = Field(default=10, ge=1)
    flood_ends_below: int = Field(default=5, ge=1)
    chatter_count: int = Field(default=3, ge=2)
    chatter_s: float = Field(default=60.0, gt=0)
    fleeting_s: float = Field(default=10.0, gt=0)
    stale_h: float = Field(default=24.0, gt=0)


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure, what it should be at most, what it must not pass (None: no such limit)."""

    id: str
    value: float | None
    target: float | None
    limit: float | None

    @property
    def state(self) -> Literal["good", "watch", "bad", "unknown"]:
        """Return whether it keeps its target, keeps only its limit, or neither."""
        if self.value is None or self.target is None:
            return "unknown"
        if self.value <= self.target:
            return "good"
        return "watch" if self.limit is not None and self.value <= self.limit else "bad"


@dataclass(frozen=True, slots=True)
class Kpi:
    """The figures of one span, and what to look at: the busiest, the restless, the stale."""

    measures: tuple[Measure, ...]
    floods: tuple[Span, ...]
    busiest: tuple[tuple[str, int], ...]
    chattering: tuple[str, ...]
    stale: tuple[str, ...]


def reckon(activations: Iterable[Activation], from_ns: int, to_ns: int, terms: KpiTerms) -> Kpi:
    """Return the figures for what was announced from `from_ns` to before `to_ns`.

    Only what an operator was told of counts: no acts, no hidden alarms (domain 7.2).
    Targets are those of domain 7.2 [V68]; the time to acknowledge has none.
    """
    told = [one for one in activations if one.announced and from_ns <= one.raised_ns < to_ns]
    told.sort(key=lambda one: one.raised_ns)
    instants = [one.raised_ns for one in told]
    span_s = max((to_ns - from_ns) / NANOSECONDS, 1.0)
    slots = Counter((at - from_ns) // (SLOT_S * NANOSECONDS) for at in instants)
    number = max(1, round(span_s / SLOT_S))
    floods = tuple(floods_of(instants, to_ns, terms))
    flood_s = sum(end - begin for begin, end in floods) / NANOSECONDS
    chattering = tuple(sorted(set(_chattering(told, terms))))
    stale = tuple(sorted({one.source for one in told if _is_stale(one, to_ns, terms)}))
    loads = Counter(one.source for one in told)
    counts = loads.most_common(10)
    # Among ten or fewer the busiest ten are all: that says nothing.
    top = sum(count for _, count in counts) / len(told) if len(loads) > 10 else None
    crowded = sum(count > terms.flood_above for count in slots.values())
    measures = (
        Measure("per_day", len(told) / span_s * DAY_S, 150, 300),
        Measure("per_hour", len(told) / span_s * 3600, 6, 12),
        Measure("per_10min", len(told) / span_s * SLOT_S, 1, 2),
        Measure("crowded_share", crowded / number, 0.01, 0.05),
        Measure("most_in_10min", max(slots.values(), default=0), 10, None),
        Measure("flood_share", flood_s / span_s, 0.01, None),
        Measure("top_ten_share", top, 0.05, None),
        Measure("chattering", len(chattering), 0, None),
        Measure("fleeting", sum(_are_fleeting(told, terms)), 0, None),
        Measure("stale", len(stale), 4, None),
        *_mix(told),
        *_acknowledging(told),
    )
    return Kpi(measures, floods, tuple(counts), chattering, stale)


def floods_of(instants: Sequence[int], until_ns: int, terms: KpiTerms) -> Iterator[Span]:
    """Yield each flood among rising `instants`: from more than so many in ten minutes on.

    It ends when fewer than `flood_ends_below` of the last ten minutes are left, or with
    `until_ns`.
    """
    window: deque[int] = deque()
    begun: int | None = None
    for at_ns in (*instants, until_ns + SLOT_S * NANOSECONDS):
        while window and window[0] + SLOT_S * NANOSECONDS <= at_ns:
            out_ns = window.popleft() + SLOT_S * NANOSECONDS
            if begun is not None and len(window) < terms.flood_ends_below:
                yield begun, min(out_ns, until_ns)
                begun = None
        window.append(at_ns)
        if begun is None and len(window) > terms.flood_above and at_ns < until_ns:
            begun = at_ns


def flood_now(instants: Iterable[int], at_ns: int, terms: KpiTerms) -> bool:
    """Return whether what began at these instants is a flood at `at_ns`."""
    until_ns = at_ns + 1
    lately = sorted(one for one in instants if one < until_ns)
    return any(end_ns == until_ns for _, end_ns in floods_of(lately, until_ns, terms))


def _mix(told: Sequence[Activation]) -> Iterator[Measure]:
    """Yield the share of each priority; only the graver ones have a most (80 / 15 / 5)."""
    counts = Counter(one.priority for one in told)
    for priority, target in zip(PRIORITIES, (0.05, 0.15, None), strict=True):
        share = counts[priority] / len(told) if told else None
        yield Measure(f"priority_{priority}_share", share, target, None)


def _acknowledging(told: Sequence[Activation]) -> Iterator[Measure]:
    waits = sorted(
        (one.acknowledged_ns - one.raised_ns) / NANOSECONDS
        for one in told
        if one.acknowledged_ns is not None and one.acknowledged_ns >= one.raised_ns
    )
    yield Measure("acknowledged_s", median(waits) if waits else None, None, None)
    slow = waits[min(len(waits) - 1, round(0.9 * len(waits)))] if waits else None
    yield Measure("acknowledged_p90_s", slow, None, None)


def _chattering(told: Sequence[Activation], terms: KpiTerms) -> Iterator[str]:
    by_source: defaultdict[str, deque[int]] = defaultdict(deque)
    for one in told:
        lately = by_source[one.source]
        lately.append(one.raised_ns)
        while one.raised_ns - lately[0] > terms.chatter_s * NANOSECONDS:
            lately.popleft()
        if len(lately) == terms.chatter_count:
            yield one.source
            lately.popleft()


def _are_fleeting(told: Sequence[Activation], terms: KpiTerms) -> Iterator[bool]:
    """Yield for each activation whether it went at once and did not come again."""
    following: dict[str, int] = {}
    for one in reversed(told):
        again_ns = following.get(one.source)
        following[one.source] = one.raised_ns
        short = (
            one.returned_ns is not None
            and one.returned_ns - one.raised_ns < terms.fleeting_s * NANOSECONDS
        )
        alone = again_ns is None or again_ns - one.raised_ns > terms.chatter_s * NANOSECONDS
        yield short and alone


def _is_stale(one: Activation, to_ns: int, terms: KpiTerms) -> bool:
    end_ns = to_ns if one.returned_ns is None else one.returned_ns
    return end_ns - one.raised_ns > terms.stale_h * 3600 * NANOSECONDS
