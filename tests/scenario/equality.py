"""Compare the local history with a real InfluxDB, sample for sample."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from collector.clock import Clock
from collector.history.store import History
from collector.site import Plant
from tests.contract.influx_parts import points_of
from tests.servers.influx_server import Account

SAMPLES_AT_ONCE = 50_000


def assert_stores_agree(path: Path, plant: Plant, account: Account, bucket: str) -> int:
    """Find every sample of the history in the server with its very value; return how many.

    The monitor must have ended. Where two scans hold one tag at one instant, the later
    one counts, as on the server.
    """
    # Playwright keeps a loop running in the test's own thread.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, _compare(path, plant, account, bucket)).result()


async def _compare(path: Path, plant: Plant, account: Account, bucket: str) -> int:
    history = History(path, plant, Clock())
    try:
        names = await history.tag_ids()
        compared, seq = 0, 0
        while stored := await history.read_after(seq, SAMPLES_AT_ONCE):
            seq = stored[-1].seq
            wanted = points_of(stored, names, plant)
            instants = [key[2] for key in wanted]
            held = account.points(bucket, (min(instants), max(instants)))
            wrong = [key for key, value in wanted.items() if held.get(key) != value]
            assert not wrong, f"{len(wrong)} of {len(wanted)} differ, first {wrong[:3]}"
            compared += len(wanted)
        return compared
    finally:
        history.close()
