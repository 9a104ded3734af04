"""Runs the whole station, without its pages, in children forked from one warm process.

`python -m tests.scenario.forked_monitor SITE FOLDER`: each line read starts a monitor and
prints its process id; the next line is read when that monitor is gone. To be killed at
hundreds of instants, a monitor must begin in a moment. The environment may name how often
approved rules are looked for (RULES_LOOK_EVERY_S) and a file that hears of every alarm (TOLD_TO).
"""

import asyncio
import os
import signal
import sys
from dataclasses import replace
from pathlib import Path

from analytics import rule_desk
from api.config import SiteFile, read_site
from api.serve import quiet_libraries
from api.station import StationSettings, open_station, running


async def monitor(site: SiteFile, folder: Path) -> None:
    """Run a station until SIGTERM."""
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    async with open_station(site, StationSettings(folder)) as station:
        if station.sender is not None:
            # A minute between tries is right for a plant, and long for a test.
            station.sender._pace = replace(
                station.sender._pace, longest_wait_s=1.0, refused_wait_s=0.5
            )
        told_to = os.environ.get("TOLD_TO")
        if told_to is not None:
            file = os.open(told_to, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            station.engine.tell(lambda alarm: _write(file, alarm.source))
        async with running(station, ended.set):
            await ended.wait()


def _write(file: int, source: str) -> None:
    os.write(file, f"{source}\n".encode())


def main(site_file: str, folder: str) -> None:
    """Fork one monitor for each line."""
    site = read_site(Path(site_file))
    rule_desk.LOOK_EVERY_S = float(os.environ.get("RULES_LOOK_EVERY_S", rule_desk.LOOK_EVERY_S))
    for _ in sys.stdin:
        child = os.fork()
        if child == 0:
            os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # its words are the log's
            quiet_libraries()
            asyncio.run(monitor(site, Path(folder)))
            os._exit(0)
        print(child, flush=True)
        os.waitpid(child, 0)
        print("gone", flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
