"""The collector as one whole: what it did not read is in the ledger, over restarts too."""

import asyncio
from contextlib import suppress
from pathlib import Path
from random import Random

from collector.clock import Clock
from collector.gaps import Cause, Gap
from collector.model import Quality
from collector.service import Collector
from collector.site import Plant
from collector.supervisor import DeviceState
from tests.ports import free_port
from tests.unit.collector.words import modbus, plant, scan, tag

FOREVER_NS = 4 * 10**18


def off(*device_ids: str) -> Plant:
    """Return a plant whose devices are all switched off."""
    return plant(
        *[
            modbus(one, tag(f"north.{one}.speed"), scan_s=0.1, port=free_port())
            for one in device_ids
        ]
    )


async def ran(of: Plant, folder: Path, seconds: float) -> Collector:
    collector = Collector(of, folder / "history.sqlite", Clock(), Random(1))
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await collector.run()
    await collector.history.committed()
    return collector


async def gaps(of: Plant, folder: Path, seconds: float) -> list[Gap]:
    collector = await ran(of, folder, seconds)
    found = [gap for _, gap in await collector.history.gaps(0, FOREVER_NS)]
    collector.history.close()
    return found[::-1]


async def test_starting_with_a_device_off_is_a_normal_start(tmp_path: Path) -> None:
    collector = await ran(off("drive"), tmp_path, 0.6)
    (supervisor,) = collector.supervisors
    assert supervisor.health.state is DeviceState.LOST
    assert supervisor.health.errors == {"refused": 1}
    assert collector.board.quality.tolist() == [Quality.BAD_DEVICE_LOST]
    assert 2 <= collector.history.health.scans <= 7
    collector.history.close()


async def test_a_gap_left_open_is_closed_at_the_next_start(tmp_path: Path) -> None:
    of = off("drive")
    (first,) = await gaps(of, tmp_path, 0.4)
    assert (first.cause, first.to_ns) == (Cause.DEVICE_LOST, None)
    closed, down, again = await gaps(of, tmp_path, 0.4)
    assert closed.from_ns == first.from_ns
    assert closed.to_ns is not None
    assert (down.cause, down.from_ns) == (Cause.MONITOR_DOWN, closed.to_ns)
    assert (again.cause, again.from_ns, again.to_ns) == (Cause.DEVICE_LOST, down.to_ns, None)


async def test_a_device_that_is_no_longer_in_the_site_file_has_no_gap(tmp_path: Path) -> None:
    await gaps(off("drive", "wind"), tmp_path, 0.4)
    found = await gaps(off("drive"), tmp_path, 0.4)
    assert [gap.to_ns is None for gap in found if gap.device == "wind"] == [False]


async def test_what_is_published_goes_examined_to_board_and_history(tmp_path: Path) -> None:
    of = plant(modbus("drive", tag("north.drive.beat", frozen={"after_s": 1}), port=free_port()))
    collector = Collector(of, tmp_path / "history.sqlite", Clock(), Random(1))
    for at in (0, 1):
        collector._publish(scan(of, {"north.drive.beat": 5.0}, at))
    await collector.history.committed()
    stored = await collector.history.read_after(0, 10)
    assert collector.board.quality.tolist() == [Quality.BAD_FROZEN]
    assert [int(one.scan.quality[0]) for one in stored] == [0, Quality.BAD_FROZEN]
    collector.history.close()


async def test_what_the_rules_never_saw_is_in_the_ledger(tmp_path: Path) -> None:
    of = off("drive", "line")
    collector = Collector(of, tmp_path / "history.sqlite", Clock(), Random(1))
    rules = collector.board.subscribe("rules", 2, collector.note_unjudged)
    for second in range(5):
        collector.board.publish(scan(of, {"north.line.speed": 1.0}, at_s=second))
    lost, rules.capacity = rules.dropped, 1000
    running = asyncio.create_task(collector.run())
    await asyncio.sleep(0.4)
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    await collector.history.committed()
    found = [gap for _, gap in await collector.history.gaps(0, FOREVER_NS)]
    collector.history.close()
    (unjudged,) = [gap for gap in found if gap.cause is Cause.NOT_JUDGED]
    first, *_, last = (scan(of, {"north.line.speed": 1.0}, at_s=at) for at in range(3))
    assert (unjudged.device, unjudged.tag, lost) == ("line", None, 3)
    assert (unjudged.from_ns, unjudged.to_ns) == (first.source_ns[0], last.received_ns)
