"""Sends every kept scan to InfluxDB once; its cursor moves only after the server's 204."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Literal, Protocol

import structlog

from collector.history.influx import NO_ANSWER, STORED, Answer
from collector.history.letters import DeadLetter
from collector.history.lines import split_fields
from collector.history.schema import HistoryError
from collector.model import Scan

CURSOR = "influxdb"
SPREAD = 0.5
RATE_OVER_S = 10.0


class LettersWaitError(Exception):
    """Dead letters cannot be sent now; the text is the server's."""


class Kept(Protocol):
    """A scan as the history holds it."""

    @property
    def seq(self) -> int:
        """Its place in the log."""

    @property
    def device(self) -> str:
        """Id of the device that it came from."""

    @property
    def scan(self) -> Scan:
        """The columns, with the history's own slots."""


class Log(Protocol):
    """The history as a sender sees it: one log, a cursor by name, dead letters."""

    async def read_after(self, seq: int, limit_samples: int) -> Sequence[Kept]:
        """Return the scans after `seq` in order: one at least, where there is one."""

    async def cursor(self, name: str) -> int:
        """Return up to where the cursor `name` has come, 0 at first."""

    async def dead_letters(self, cursor: str) -> int:
        """Return how many lines of `cursor` were refused for good."""

    async def letters(self, cursor: str, limit: int) -> Sequence[DeadLetter]:
        """Return the oldest lines of `cursor` that were refused for good."""

    async def drop_letters(self, numbers: Sequence[int]) -> int:
        """Forget dead letters by their numbers; return how many there were."""

    def move_cursor(self, name: str, seq: int) -> None:
        """Keep that everything up to `seq` is stored."""

    def bury(self, cursor: str, line: str, words: str) -> None:
        """Keep a line that the server refuses, with the server's words."""


class Server(Protocol):
    """What takes lines; blocks, so it is called in a worker thread."""

    @property
    def url(self) -> str:
        """Where it is."""

    def write(self, lines: Sequence[str]) -> Answer:
        """Send `lines` in one request; never raises for what a server can do."""


class Waits(Protocol):
    """The machine's time: a server does not run faster because a simulation does."""

    def steady_s(self) -> float:
        """Return seconds that never step backwards."""

    async def sleep(self, site_s: float) -> None:
        """Wait."""


class Verdict(Enum):
    """What an answer means for the lines that were sent."""

    DONE = "done"
    LATER = "later"
    CONFIGURATION = "configuration"
    TOO_BIG = "too big"
    BAD_LINES = "bad lines"


@dataclass(frozen=True, slots=True)
class Pace:
    """How much is sent at once and how long is waited, in seconds.

    `chance` gives numbers from 0 to 1: it spreads the waits of many stations.
    """

    chance: Callable[[], float]
    samples: int = 5000
    look_s: float = 1.0
    first_wait_s: float = 1.0
    longest_wait_s: float = 60.0
    refused_wait_s: float = 60.0


@dataclass(frozen=True, slots=True)
class SenderState:
    """How the sending stands, for the health page.

    `oldest_unsent_ns` is when the oldest scan not yet stored there was received, None
    when all is sent; `sent` counts samples since the start, `dead_letters` lines ever
    refused; `cursor` is the last place in the log known to be stored there and
    `samples_per_s` how fast samples went there lately, 0 while nothing is sent.
    """

    state: Literal["idle", "sending", "waiting", "refused"] = "idle"
    reason: str = ""
    oldest_unsent_ns: int | None = None
    sent: int = 0
    dead_letters: int = 0
    cursor: int = 0
    samples_per_s: float = 0.0


class _NotNowError(Exception):
    """The server did not take the lines and they are not to blame."""

    def __init__(self, answer: Answer, verdict: Verdict) -> None:
        super().__init__(answer.words)
        self.answer = answer
        self.verdict = verdict


def verdict_of(status: int) -> Verdict:
    """Return what HTTP `status` means; only 204 says that the lines are stored.

    Sending again what was stored already is harmless: same series and same time overwrite.
    """
    if status == STORED:
        return Verdict.DONE
    if status in (NO_ANSWER, 408, 429) or status >= 500:
        return Verdict.LATER
    if status == 413:
        return Verdict.TOO_BIG
    if status in (400, 422):
        return Verdict.BAD_LINES
    # 401, 403, 404, and whatever answers but is no InfluxDB.
    return Verdict.CONFIGURATION


class Sender:
    """Feeds one server from the log under a cursor of its own; run it as one task."""

    def __init__(
        self,
        log: Log,
        server: Server,
        render: Callable[[str, Scan], list[str]],
        clock: Waits,
        pace: Pace,
    ) -> None:
        self.state = SenderState()
        self._log = log
        self._server = server
        self._render = render
        self._clock = clock
        self._pace = pace
        self._begun = False
        self._lines_at_once = pace.samples
        self._failures = 0
        self._rewound: int | None = None
        self._paced: deque[tuple[float, int]] = deque()
        self._words = structlog.get_logger("influxdb").bind(url=server.url)

    async def run(self) -> None:
        """Send until cancelled; what is on its way then is sent again at the next start."""
        while True:
            await self._clock.sleep(await self.send())

    async def finish(self) -> None:
        """Send what is left, until nothing is or the server does not take it."""
        while self.state.state not in ("waiting", "refused"):
            await self.send()
            if self.state.state == "idle":
                return

    async def send(self) -> float:
        """Send one batch and return how many seconds to wait before the next."""
        try:
            if not self._begun:
                await self._begin()
            self._go_back()
            kept = await self._log.read_after(self.state.cursor, self._pace.samples)
        except HistoryError as error:
            self._become("waiting", str(error))
            return self._spread(self._pace.longest_wait_s)
        if not kept:
            if self.state.state != "idle":
                self._become("idle", "")
            self.state = replace(self.state, oldest_unsent_ns=None, samples_per_s=0.0)
            return self._pace.look_s
        self.state = replace(self.state, oldest_unsent_ns=kept[0].scan.received_ns)
        lines = [line for one in kept for line in self._render(one.device, one.scan)]
        try:
            buried = await self._deliver(lines)
        except _NotNowError as problem:
            return self._wait(problem)
        self._keep_up(kept, buried)
        samples = sum(len(one.scan) for one in kept)
        return 0.0 if samples >= self._pace.samples // 2 else self._pace.look_s

    def rewind(self, seq: int) -> None:
        """Send everything after `seq` again: an empty server is filled so; the rest overwrites."""
        self._rewound = seq

    async def retry_letters(self, limit: int) -> int:
        """Send the oldest dead letters once more; return how many are stored now.

        What is refused again stays. LettersWaitError where the server takes nothing now.
        """
        letters = await self._log.letters(CURSOR, limit)
        try:
            buried = {line for line, _ in await self._deliver([one.line for one in letters])}
        except _NotNowError as problem:
            raise LettersWaitError(problem.answer.words or "no answer") from problem
        stored = [one.number for one in letters if one.line not in buried]
        await self.drop_letters(stored)
        return len(stored)

    async def drop_letters(self, numbers: Sequence[int]) -> int:
        """Forget dead letters; return how many there were."""
        dropped = await self._log.drop_letters(numbers)
        self.state = replace(self.state, dead_letters=await self._log.dead_letters(CURSOR))
        return dropped

    def _go_back(self) -> None:
        rewound, self._rewound = self._rewound, None
        if rewound is not None:
            self._log.move_cursor(CURSOR, rewound)
            self.state = replace(self.state, cursor=rewound)

    async def _begin(self) -> None:
        """Go on where the last run was acknowledged."""
        self.state = replace(
            self.state,
            cursor=await self._log.cursor(CURSOR),
            dead_letters=await self._log.dead_letters(CURSOR),
        )
        self._begun = True

    async def _deliver(self, lines: Sequence[str]) -> list[tuple[str, str]]:
        """Have every line stored or refused by itself; return the refused with the words."""
        buried: list[tuple[str, str]] = []
        waiting = [lines]
        while waiting:
            chunk, rest = _cut(waiting.pop(), self._lines_at_once)
            if rest:
                waiting.append(rest)
            answer = await asyncio.to_thread(self._server.write, chunk)
            verdict = verdict_of(answer.status)
            if verdict in (Verdict.LATER, Verdict.CONFIGURATION):
                raise _NotNowError(answer, verdict)
            if verdict is Verdict.DONE:
                continue
            if verdict is Verdict.TOO_BIG:
                self._lines_at_once = min(self._lines_at_once, max(1, len(chunk) // 2))
            parts = _halves(chunk)
            if not parts:
                buried.append((chunk[0], f"{answer.status}: {answer.words}"))
            waiting += parts
        return buried

    def _keep_up(self, kept: Sequence[Kept], buried: Sequence[tuple[str, str]]) -> None:
        for line, words in buried:
            self._log.bury(CURSOR, line, words)
        if buried:
            line, words = buried[0]
            self._words.warning(
                "refused for good, kept as dead letters",
                lines=len(buried),
                first=line,
                words=words,
            )
        self._log.move_cursor(CURSOR, kept[-1].seq)
        self._failures = 0
        if self.state.state != "sending":
            self._become("sending", "")
        samples = sum(len(one.scan) for one in kept)
        self.state = replace(
            self.state,
            sent=self.state.sent + samples,
            samples_per_s=self._rate(samples),
            dead_letters=self.state.dead_letters + len(buried),
            cursor=kept[-1].seq,
        )

    def _rate(self, samples: int) -> float:
        """Return how many samples a second went there lately, these included."""
        now_s = self._clock.steady_s()
        self._paced.append((now_s, samples))
        while now_s - self._paced[0][0] > RATE_OVER_S:
            self._paced.popleft()
        return sum(number for _, number in self._paced) / RATE_OVER_S

    def _wait(self, problem: _NotNowError) -> float:
        """Say once what is wrong and return how long to wait."""
        answer = problem.answer
        if problem.verdict is Verdict.CONFIGURATION:
            self._become("refused", _advice(answer))
            return self._spread(self._pace.refused_wait_s)
        status = answer.status or "no answer"
        self._become("waiting", f"{status}: {answer.words}".rstrip(": "))
        wait_s = min(self._pace.first_wait_s * 2**self._failures, self._pace.longest_wait_s)
        self._failures = min(self._failures + 1, 30)
        return max(self._spread(wait_s), answer.retry_after_s or 0.0)

    def _spread(self, wait_s: float) -> float:
        return wait_s * (1 - SPREAD * self._pace.chance())

    def _become(self, state: Literal["idle", "sending", "waiting", "refused"], reason: str) -> None:
        before = self.state.state
        self.state = replace(self.state, state=state, reason=reason)
        if state == before:
            return
        if state in ("waiting", "refused"):
            self._words.warning("not stored there; kept here until it is", reason=reason)
        elif before in ("waiting", "refused"):
            self._words.info("stored there again")


def _cut(lines: Sequence[str], at: int) -> tuple[Sequence[str], Sequence[str]]:
    return lines[:at], lines[at:]


def _halves(lines: Sequence[str]) -> list[Sequence[str]]:
    """Return `lines` in two parts, the later first; nothing where it is one field of one line."""
    fields = split_fields(lines[0]) if len(lines) == 1 else lines
    middle = len(fields) // 2
    return [fields[middle:], fields[:middle]] if middle else []


def _advice(answer: Answer) -> str:
    """Return what is wrong with the settings and what to do, in one line."""
    what = {
        401: "the token is not accepted: give another in INFLUXDB_TOKEN or INFLUXDB_TOKEN_FILE",
        403: "the token may not write to this bucket: give it that right, or another token",
        404: "no such organisation or bucket: check INFLUXDB_ORG and INFLUXDB_BUCKET",
    }.get(answer.status, "this is not the answer of an InfluxDB: check INFLUXDB_URL")
    return f"{answer.status}: {what} ({answer.words})".replace(" ()", "")
