"""Raises an alarm and calls people, as far as it is told: to be killed there.

`python -m tests.scenario.notice_monitor FOLDER ADDRESS STAGE` with STAGE one of
`committed` (the alarm is on the disk, nobody was told), `kept` (so are the messages),
`sending` (they are being sent), `finish` (send what an earlier run left, then end).
"""

import asyncio
import sys
from pathlib import Path

from analytics.notify.terms import Telling
from tests.unit.analytics.notify_words import NEVER_TESTED, calling, telling_tables


async def main(folder: Path, address: str, stage: str) -> None:
    """Go as far as `stage`, say so, and wait to be killed."""
    telling = Telling.model_validate(telling_tables(address) | NEVER_TESTED)
    async with calling(folder, telling) as calls:
        if stage == "finish":
            await calls.sent()
            return
        await calls.raised()
        if stage != "committed":
            await calls.desk.look()
        if stage == "sending":
            sending = asyncio.ensure_future(calls.desk.outbox.run())
            print(stage, flush=True)
            await sending
        print(stage, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], sys.argv[3]))
