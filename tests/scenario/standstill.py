"""A witness of the machine itself: how late a thread wakes that does nothing but sleep."""

import time
from threading import Event, Thread

LOOK_EVERY_S = 0.02
LATE_S = 0.05
LONGEST_S = 0.3
MOST_LATE = 0.01


class Standstill:
    """Sleeps and wakes beside a rehearsal; use it as a context manager.

    Where even this thread woke late, the machine held up everybody: nothing that a
    monitor missed meanwhile says anything about the monitor.
    """

    def __init__(self) -> None:
        self.longest_s = 0.0
        self._looks = 0
        self._late = 0
        self._ended = Event()
        self._thread = Thread(target=self._look, daemon=True)

    def __enter__(self) -> "Standstill":
        """Begin to look."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End it."""
        self._ended.set()
        self._thread.join()

    @property
    def held_up(self) -> bool:
        """Whether the machine stood still for long, or often for a moment."""
        return self.longest_s > LONGEST_S or self._late > MOST_LATE * self._looks

    def words(self) -> str:
        """Return what was seen."""
        return (
            f"a thread that only sleeps woke late {self._late} of {self._looks} times, "
            f"once by {self.longest_s:.2f} s"
        )

    def _look(self) -> None:
        while not self._ended.is_set():
            asked_s = time.monotonic()
            time.sleep(LOOK_EVERY_S)
            late_s = time.monotonic() - asked_s - LOOK_EVERY_S
            self._looks += 1
            self._late += late_s > LATE_S
            self.longest_s = max(self.longest_s, late_s)
