"""Judge stored days by two sets of rules in a process of its own: nothing live waits for it."""

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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


@dataclass(frozen=True, slots=True)
class Question:
    """What is to be judged again: a history, a plant, two sets of rules and a span."""

    history: Path
    plant: Plant
    before: Judging
    after: Judging
    span: tuple[int, int]

    def write(self) -> bytes:
        """Return the question as one JSON text."""
        said = {
            "history": str(self.history),
            "plant": self.plant.model_dump(mode="json", by_alias=True),
            # Only what was written, or they would have other versions over there.
            "before": self.before.model_dump(mode="json", by_alias=True, exclude_unset=True),
            "after": self.after.model_dump(mode="json", by_alias=True, exclude_unset=True),
            "span": self.span,
        }
        return json.dumps(said).encode()

    @staticmethod
    def read(text: bytes) -> "Question":
        """Return the question that `write` wrote."""
        said = json.loads(text)
        return Question(
            Path(said["history"]),
            Plant.model_validate(said["plant"]),
            Judging.model_validate(said["before"]),
            Judging.model_validate(said["after"]),
            (said["span"][0], said["span"][1]),
        )


async def asked(question: Question) -> dict[str, Any]:
    """Have another process answer, with less right to the cores than what is live.

    HistoryError with its words where it cannot; it ends with us.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "api.replaying",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        answer, words = await process.communicate(question.write())
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise HistoryError(words.decode(errors="replace").strip().splitlines()[-1])
    found: dict[str, Any] = json.loads(answer)
    return found


async def replayed(question: Question) -> dict[str, Any]:
    """Return what the second rules would have raised and what not, and their figures."""
    log = Log(question.history)
    before, after = Replay(question.plant, question.before), Replay(question.plant, question.after)
    scans = 0
    async for batch in stored_scans(log, question.plant, *question.span):
        scans += len(batch)
        await before.see(batch)
        await after.see(batch)
    found = Difference(tuple(before.activations), tuple(after.activations))
    return {
        "from_ms": milliseconds(question.span[0]),
        "to_ms": milliseconds(question.span[1]),
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


def main() -> None:
    """Answer the question on standard input on standard output."""
    os.nice(LOWEST_TURN)
    never_look()
    question = Question.read(sys.stdin.buffer.read())
    try:
        found = asyncio.run(replayed(question))
    except HistoryError as error:
        sys.exit(str(error))
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main()
