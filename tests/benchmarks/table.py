"""Writes what was measured as one table, ratios first, and says which goals are met."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tests.benchmarks.frames import Delays
from tests.benchmarks.measure import Measured

HEADING = (
    "times ours",
    "program",
    "job",
    "CPU µs a tag",
    "% of a core",
    "tags/s held",
    "of wanted",
    "left out",
    "late p99 ms",
    "MB",
)


@dataclass(frozen=True, slots=True)
class Goal:
    """What was wanted of one figure, and what came of it."""

    words: str
    found: float
    most: float
    unit: str = ""

    @property
    def met(self) -> bool:
        """Whether the figure is no higher than wanted."""
        return self.found <= self.most

    def say(self) -> str:
        """Say it in a line."""
        by = f" by {(self.found / self.most - 1) * 100:.0f} %" if self.most else ""
        verdict = "met" if self.met else f"MISSED{by}"
        return f"- {self.words}: {self.found:.3g}{self.unit} (at most {self.most:g}): {verdict}"


def table(measured: Sequence[Measured], reference: str) -> Iterator[str]:
    """Yield the lines of the table; each program beside `reference` at the same job."""
    yield "| " + " | ".join(HEADING) + " |"
    yield "|" + " --- |" * len(HEADING)
    base = {one.job: one.us.median for one in measured if one.name == reference}
    for one in measured:
        lateness = [window.late_p99_ms for window in one.windows if window.late_p99_ms is not None]
        cells = (
            f"{one.us.median / base[one.job]:.2f}" if one.job in base else "",
            one.name,
            one.job.words(),
            one.us.words(2),
            one.core.words(1),
            f"{one.rate.median:,.0f}",
            f"{one.rate.median / one.job.wanted_per_s * 100:.1f} %",
            f"{one.late:,}" if one.windows[0].late is not None else "not told",
            f"{max(lateness):.1f}" if lateness else "not told",
            f"{one.memory_mb:.0f}",
        )
        yield "| " + " | ".join(cells) + " |"


def delay_line(delays: Delays) -> str:
    """Say how long changes took to reach the page."""
    p50, p99, longest = (delays.percentile_s(share) * 1000 for share in (0.5, 0.99, 1.0))
    return (
        f"Register change to WebSocket frame, {delays.job.words()}, whole monitor running "
        f"({delays.core_pct:.0f} % of a core, n={len(delays.found_s):,}): "
        f"p50 {p50:.0f} ms, p99 {p99:.0f} ms, longest {longest:.0f} ms."
    )
