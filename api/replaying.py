"""Judge stored days by two sets of rules in a process of its own: nothing live waits for it."""

import asyncio
import json
import os
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from analytics.config import Judging
from analytics.kpi import reckon
from analytics.model import Activation
from analytics.plain import figure, milliseconds
from analytics.replay import Difference, Replay, stored_scans
from collector.garbage import never_look
from collector.history.log import Log
from collector.history.schema import HistoryError
from collector.site import Plant

LOWEST_TURN = 10
MOST_LISTED = 200
LONGEST_ANSWER = 16 * 1024 * 1024
LONGEST_SHOWN = 80
STEP = 0.005

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Question:
    """What is to be judged again: a history, a plant as JSON, two sets of rules and a span.

    To write ten thousand tags takes longer than a device may wait for its turn: whoever
    asks has them written once and for all.
    """

    history: Path
    plant: bytes
    before: Judging
    after: Judging
    span: tuple[int, int]

    def write(self) -> bytes:
        """Return the question as two lines of JSON; the second is the plant."""
        said = {
            "history": str(self.history),
            # Only what was written, or they would have other versions over there.
            "before": self.before.model_dump(mode="json", by_alias=True, exclude_unset=True),
            "after": self.after.model_dump(mode="json", by_alias=True, exclude_unset=True),
            "span": self.span,
        }
        return json.dumps(said).encode() + b"\n" + self.plant

    @staticmethod
    def read(text: bytes) -> "Question":
        """Return the question that `write` wrote."""
        head, _, plant = text.partition(b"\n")
        said = json.loads(head)
        return Question(
            Path(said["history"]),
            plant,
            Judging.model_validate(said["before"]),
            Judging.model_validate(said["after"]),
            (said["span"][0], said["span"][1]),
        )


async def asked(question: Question, note: Callable[[float], None]) -> dict[str, Any]:
    """Have another process answer, with less right to the cores than what is live.

    `note` is told the share that is judged, as it grows. HistoryError with words to act on
    where there is no answer. The process ends with whoever waits for it.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "api.replaying",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        limit=LONGEST_ANSWER,
    )
    found: dict[str, Any] | None
    try:
        found, said = await asyncio.gather(_heard(process, question, note), _said(process))
        await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if found is None:
        log.error("a replay broke", exit_code=process.returncode, said=said)
        words = f"the replay ended without an answer (exit code {process.returncode})"
        raise HistoryError(f"{words}; ask again, for a shorter span; the monitor's log says more")
    return found


async def _heard(
    process: asyncio.subprocess.Process, question: Question, note: Callable[[float], None]
) -> dict[str, Any] | None:
    """Ask, and hear line by line until the answer; None where the process ends before."""
    asking, answering = process.stdin, process.stdout
    if asking is None or answering is None:
        return None
    with suppress(ConnectionError):  # it has ended already, and says why elsewhere
        asking.write(question.write())
        await asking.drain()
        asking.close()
    found: dict[str, Any] | None = None
    while line := await _next_line(answering):
        told = _told(line)
        if isinstance(told, dict):
            found = told
        else:
            note(told)
    return found


async def _next_line(answering: asyncio.StreamReader) -> bytes:
    try:
        return await answering.readline()
    except ValueError as error:  # longer than any answer is
        raise _nonsense(b"") from error


def _told(line: bytes) -> dict[str, Any] | float:
    """Return the finding or the share that a line tells; HistoryError for anything else."""
    with suppress(ValueError):
        match json.loads(line):
            case {"found": dict() as found}:
                return found
            case {"share": int() | float() as share}:
                return float(share)
            case {"failed": str() as words}:
                raise HistoryError(words)
    raise _nonsense(line)


def _nonsense(line: bytes) -> HistoryError:
    words = line[:LONGEST_SHOWN].decode(errors="replace").strip() or "a line without an end"
    message = f"the replay said what nobody understands: '{words}'; update Ropewatch as a whole"
    return HistoryError(message)


async def _said(process: asyncio.subprocess.Process) -> str:
    """Return what the process has to say to whoever reads the log."""
    words = await process.stderr.read() if process.stderr else b""
    return words.decode(errors="replace").strip()


async def replayed(question: Question, note: Callable[[float], None]) -> dict[str, Any]:
    """Return what the second rules would have raised and what not, and their figures."""
    log, plant = Log(question.history), Plant.model_validate_json(question.plant)
    before, after = Replay(plant, question.before), Replay(plant, question.after)
    from_ns, to_ns = question.span
    scans, begin_ns = 0, 0
    async for batch in stored_scans(log, plant, from_ns, to_ns):
        scans += len(batch)
        await before.see(batch)
        await after.see(batch)
        if batch:
            # A span that begins long before the first scan would look all but judged at once.
            begin_ns = begin_ns or batch[0].received_ns
            note((batch[-1].received_ns - begin_ns) / (to_ns - begin_ns))
    found = Difference(tuple(before.activations), tuple(after.activations))
    return {
        "from_ms": milliseconds(from_ns),
        "to_ms": milliseconds(to_ns),
        "before_version": question.before.version(),
        "after_version": question.after.version(),
        "scans": scans,
        "before": len(found.before),
        "after": len(found.after),
        "gone": [_table(one) for one in found.gone[:MOST_LISTED]],
        "new": [_table(one) for one in found.new[:MOST_LISTED]],
        "gone_count": len(found.gone),
        "new_count": len(found.new),
        "measures": _measures(question, found),
    }


def _measures(question: Question, found: Difference) -> list[Mapping[str, Any]]:
    old = reckon(found.before, *question.span, question.before.kpi)
    new = reckon(found.after, *question.span, question.after.kpi)
    return [
        {"id": one.id, "before": figure(one.value), "after": figure(two.value), "state": two.state}
        for one, two in zip(old.measures, new.measures, strict=True)
    ]


def _table(one: Activation) -> dict[str, Any]:
    return {
        "source": one.source,
        "priority": one.priority,
        "ropeway": one.ropeway,
        "raised_ms": milliseconds(one.raised_ns),
        "returned_ms": milliseconds(one.returned_ns),
        "announced": one.announced,
    }


class _Progress:
    """Tells the share that is judged, in steps worth a line each."""

    def __init__(self) -> None:
        self._told = 0.0

    def note(self, share: float) -> None:
        if share >= self._told + STEP:
            self._told = share
            _tell({"share": round(share, 4)})


def _tell(table: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(table) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Answer the question on standard input on standard output, with its progress before."""
    os.nice(LOWEST_TURN)
    never_look()
    question = Question.read(sys.stdin.buffer.read())
    try:
        found = asyncio.run(replayed(question, _Progress().note))
        _tell({"found": found})
    except HistoryError as error:
        _tell({"failed": str(error)})
    except BrokenPipeError:  # whoever asked is gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    main()
