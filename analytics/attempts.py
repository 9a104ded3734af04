"""How often a wrong secret was given, and how long the next try must wait."""

from collections import defaultdict, deque
from dataclasses import dataclass, field


@dataclass(slots=True)
class Attempts:
    """Count failures by key (a log-in at an address, an address): `most` in `within_s`.

    A try counts as failed from its begin, so that many at once gain nothing; a success
    takes it back. Seconds are given from any origin that never steps back. It remembers
    `kept` keys at most: the one idle longest is forgotten first.
    """

    within_s: float
    kept: int = 10_000
    _failed: dict[tuple[str, ...], deque[float]] = field(default_factory=lambda: defaultdict(deque))

    def wait_s(self, key: tuple[str, ...], most: int, now_s: float) -> float:
        """Return how long `key` must wait before its next try; 0 where it need not."""
        failed = self._failed.get(key)
        if failed is None:
            return 0.0
        self._forget(key, now_s)
        if len(failed) < most:
            return 0.0
        return max(0.0, failed[-1] + self.within_s - now_s)

    def begin(self, key: tuple[str, ...], now_s: float) -> int:
        """Count a try of `key` as failed; return how many there are now."""
        self._forget(key, now_s)
        failed = self._failed.pop(key, deque())
        failed.append(now_s)
        self._failed[key] = failed
        while len(self._failed) > self.kept:
            del self._failed[next(iter(self._failed))]
        return len(failed)

    def succeeded(self, key: tuple[str, ...]) -> None:
        """Forget the failures of `key`."""
        self._failed.pop(key, None)

    def _forget(self, key: tuple[str, ...], now_s: float) -> None:
        failed = self._failed.get(key)
        while failed and now_s - failed[0] >= self.within_s:
            failed.popleft()
