"""The one thread that writes the history: it commits what has come as one transaction."""

import queue
import sqlite3
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import structlog

from collector.clock import Clock
from collector.history.schema import HistoryError

COMMIT_EVERY_S = 0.2
RETRY_S = 1.0
COMMITS_REMEMBERED = 600

log = structlog.get_logger()


class Work(Protocol):
    """Something to be written; it is done again where its transaction failed."""

    def __call__(self, connection: sqlite3.Connection) -> None:
        """Write it."""


@dataclass(slots=True)
class Health:
    """How well the history keeps up; seconds are the machine's."""

    failing: str = ""
    last_commit_ns: int = 0
    newest_seq: int = 0
    appended: int = 0
    scans: int = 0
    samples_appended: int = 0
    samples: int = 0
    dropped: int = 0
    commit_s: deque[float] = field(default_factory=lambda: deque(maxlen=COMMITS_REMEMBERED))
    late_s: deque[float] = field(default_factory=lambda: deque(maxlen=COMMITS_REMEMBERED))

    @property
    def waiting(self) -> int:
        """How many scans are not on the disk yet."""
        return self.appended - self.scans

    @property
    def samples_waiting(self) -> int:
        """How many samples are not on the disk yet."""
        return self.samples_appended - self.samples


@dataclass(frozen=True, slots=True)
class Appended:
    """Work that puts one scan of `samples` samples into the log."""

    insert: Work
    samples: int
    asked_s: float

    def __call__(self, connection: sqlite3.Connection) -> None:
        """Insert the scan."""
        self.insert(connection)


@dataclass(frozen=True, slots=True)
class Told:
    """Work after which somebody waits to be told that it is on the disk."""

    work: Work | None
    done: "Future[None]"

    def __call__(self, connection: sqlite3.Connection) -> None:
        """Do the work, if there is any."""
        if self.work is not None:
            self.work(connection)


class Writer:
    """Owns the writing connection and its thread, from its making until `close`.

    Asking never waits. Where the disk refuses, all waits in memory and is tried again
    every second; `forget` is called whenever a transaction was taken back.
    """

    def __init__(
        self, path: Path, connection: sqlite3.Connection, clock: Clock, forget: Callable[[], None]
    ) -> None:
        self.health = Health()
        self._path = path
        self._connection = connection
        self._clock = clock
        self._forget = forget
        self._queue: queue.SimpleQueue[Work | None] = queue.SimpleQueue()
        self._hurry = threading.Event()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._commit_loop, name="history", daemon=True)
        self._thread.start()

    def append(self, insert: Work, samples: int) -> None:
        """Have one scan inserted."""
        self.health.appended += 1
        self.health.samples_appended += samples
        self._queue.put(Appended(insert, samples, self._clock.steady_s()))

    def ask(self, work: Work) -> None:
        """Have `work` done with the next transaction."""
        self._queue.put(work)

    def tell(self, work: Work | None = None) -> "Future[None]":
        """Have `work` done, and everything asked before it; the future ends on the disk."""
        done: Future[None] = Future()
        # From now on nobody can cancel it: who stops waiting must not stop the writer.
        done.set_running_or_notify_cancel()
        self._queue.put(Told(work, done))
        self._hurry.set()
        return done

    def close(self) -> None:
        """Commit what waits and close the file; what a disk refuses now is given up aloud."""
        self._closing.set()
        self._queue.put(None)
        self._hurry.set()
        self._thread.join()
        self._connection.close()

    def _commit_loop(self) -> None:
        going = True
        while going:
            batch = self._take_batch()
            going = batch[-1] is not None
            works = [work for work in batch if work is not None]
            while not self._commit(works):
                if not going or self._closing.wait(RETRY_S):
                    self._give_up(works)
                    break

    def _take_batch(self) -> list[Work | None]:
        """Return what came within one commit interval of the first, ending at None.

        Where somebody waits to be told, the interval is cut short.
        """
        batch = [self._queue.get()]
        if batch[-1] is not None:
            self._hurry.wait(COMMIT_EVERY_S)
        self._hurry.clear()
        while batch[-1] is not None:
            try:
                batch.append(self._queue.get_nowait())
            except queue.Empty:
                break
        return batch

    def _give_up(self, works: list[Work]) -> None:
        """Say what a closing history could not keep."""
        scans = sum(1 for work in works if isinstance(work, Appended))
        self.health.dropped += scans
        log.error("closed with scans that are not kept", scans=scans, reason=self.health.failing)
        for work in works:
            if isinstance(work, Told):
                work.done.set_exception(HistoryError(self.health.failing))

    def _commit(self, works: list[Work]) -> bool:
        began_s = self._clock.steady_s()
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            for work in works:
                work(self._connection)
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            with suppress(sqlite3.Error):  # where SQLite has rolled back by itself
                self._connection.execute("ROLLBACK")
            self._forget()
            self.health.failing = f"{self._path}: {error}"
            return False
        self._note_commit(works, began_s)
        for work in works:
            if isinstance(work, Told):
                work.done.set_result(None)
        return True

    def _note_commit(self, works: list[Work], began_s: float) -> None:
        health, ended_s = self.health, self._clock.steady_s()
        health.failing = ""
        health.last_commit_ns = self._clock.now_ns()
        health.commit_s.append((ended_s - began_s) / self._clock.speed)
        appended = [work for work in works if isinstance(work, Appended)]
        if appended:
            health.late_s.append((ended_s - appended[0].asked_s) / self._clock.speed)
        health.scans += len(appended)
        health.samples += sum(one.samples for one in appended)
