"""The only place that reads the time of day."""

import asyncio
import math
import time
from dataclasses import dataclass

from collector.model import NANOSECONDS

SHORTEST_TIMEOUT_S = 1.0


@dataclass(frozen=True, slots=True)
class TimeBase:
    """How site time runs against the machine's time.

    Real plants run at speed 1 from the machine's own time. A simulated site may
    run faster and may skip: after every `run_s` of site time the calendar leaps
    by `skip_s`, `skips` times in all. Simulators and monitor given the same time
    base agree on the instant without talking to each other, also after a restart.
    """

    anchor_ns: int = 0
    origin_ns: int = 0
    speed: float = 1.0
    run_s: float = 0.0
    skip_s: float = 0.0
    skips: int = 0

    def site_ns(self, machine_ns: int) -> int:
        """Return the site's instant at the machine's instant."""
        elapsed_ns = int((machine_ns - self.anchor_ns) * self.speed)
        leaps = 0
        if self.skips and elapsed_ns > 0:
            leaps = min(elapsed_ns // int(self.run_s * NANOSECONDS), self.skips)
        return self.origin_ns + elapsed_ns + leaps * int(self.skip_s * NANOSECONDS)

    def write(self) -> str:
        """Return the time base as one word for a command line."""
        return (
            f"{self.anchor_ns}:{self.origin_ns}:{_exact(self.speed)}"
            f":{_exact(self.run_s)}:{_exact(self.skip_s)}:{self.skips}"
        )

    @staticmethod
    def read(word: str) -> "TimeBase":
        """Return the time base that `write` wrote; ValueError on anything else."""
        try:
            anchor, origin, speed, run_s, skip_s, skips = word.split(":")
            base = TimeBase(
                anchor_ns=int(anchor),
                origin_ns=int(origin),
                speed=float(speed),
                run_s=float(run_s),
                skip_s=float(skip_s),
                skips=int(skips),
            )
        except ValueError as error:
            message = f"time base '{word}': expected six numbers joined by colons"
            raise ValueError(message) from error
        if not base.runs_forward:
            message = (
                f"time base '{word}': speed and run must be above zero and finite, "
                "skip and skips not below zero"
            )
            raise ValueError(message)
        return base

    @property
    def runs_forward(self) -> bool:
        """Whether site time by this base goes on and never steps back."""
        finite = all(math.isfinite(one) for one in (self.speed, self.run_s, self.skip_s))
        leaps = self.skips >= 0 and self.skip_s >= 0 and (self.run_s > 0 or not self.skips)
        return finite and self.speed > 0 and leaps


def _exact(number: float) -> str:
    """Return the shortest text that reads back as this very number."""
    return repr(float(number)).removesuffix(".0")


REAL_TIME = TimeBase()


class Clock:
    """Tell the site's time and wait by it."""

    def __init__(self, base: TimeBase = REAL_TIME) -> None:
        self.base = base

    @property
    def speed(self) -> float:
        """How many site seconds pass in one second of the machine."""
        return self.base.speed

    def now_ns(self) -> int:
        """Return the site's instant, nanoseconds since 1970 UTC."""
        return self.base.site_ns(time.time_ns())

    def machine_ns(self) -> int:
        """Return the machine's instant, for what other machines check: certificates."""
        return time.time_ns()

    def steady_s(self) -> float:
        """Return seconds of site time that never step backwards, from any origin."""
        return time.monotonic() * self.base.speed

    async def sleep(self, site_s: float) -> None:
        """Wait for `site_s` seconds of site time."""
        await asyncio.sleep(max(0.0, site_s) / self.base.speed)

    def wait(self, machine_s: float) -> None:
        """Hold up the calling thread; for threads of their own, never the event loop."""
        time.sleep(machine_s)

    def timeout_s(self, site_s: float) -> float:
        """Return a time-out in the machine's seconds, never too short to be fair.

        In fast time a time-out shrinks with the speed, but no device is called
        lost for the hiccups of a busy machine.
        """
        return max(site_s / self.base.speed, min(site_s, SHORTEST_TIMEOUT_S))


def simulated_time(origin_ns: int, speed: float) -> TimeBase:
    """Return the time base of a simulation that begins at `origin_ns` now."""
    return TimeBase(anchor_ns=time.time_ns(), origin_ns=origin_ns, speed=speed)
