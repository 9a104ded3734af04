"""The board holds the newest, and a slow reader harms only itself."""

import asyncio

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from collector.board import Board
from collector.model import Quality, Scan, join_scans, lost_scan


def scan(*samples: tuple[int, float, int], at_ns: int = 1) -> Scan:
    slots, values, quality = zip(*samples, strict=True)
    count = len(slots)
    return Scan(
        slots=np.array(slots, dtype=np.int32),
        values=np.array(values, dtype=np.float64),
        quality=np.array(quality, dtype=np.uint8),
        source_ns=at_ns + np.arange(count, dtype=np.int64),
        received_ns=at_ns + count,
    )


def test_a_tag_without_any_sample_is_bad_as_never_read() -> None:
    board = Board(3)
    board.publish(scan((1, 5.0, Quality.GOOD)))
    assert board.quality.tolist() == [Quality.BAD_NEVER_READ, 0, Quality.BAD_NEVER_READ]
    assert np.isnan(board.values[[0, 2]]).all()


def test_the_last_of_doubles_stays() -> None:
    board = Board(1)
    board.publish(scan((0, 1.0, 0), (0, 2.0, 0), (0, np.nan, Quality.BAD_SOURCE), at_ns=100))
    assert np.isnan(board.values[0])
    assert board.quality[0] == Quality.BAD_SOURCE
    assert board.source_ns[0] == 102
    assert board.good_ns[0] == 101


def test_a_lost_device_takes_the_value_but_not_when_it_was_last_good() -> None:
    board = Board(2)
    board.publish(scan((0, 1.0, 0), (1, 2.0, 0), at_ns=100))
    board.publish(lost_scan(np.array([0, 1], dtype=np.int32), Quality.BAD_DEVICE_LOST, 500))
    assert np.isnan(board.values).all()
    assert board.good_ns.tolist() == [100, 101]
    assert board.source_ns.tolist() == [500, 500]


def test_only_what_a_scan_brings_is_marked_as_new() -> None:
    board = Board(3)
    board.publish(scan((0, 1.0, 0)))
    board.publish(scan((2, 1.0, 0)))
    assert board.revision.tolist() == [1, 0, 2]


@given(st.lists(st.integers(0, 3)), st.integers(1, 5))
def test_each_scan_is_taken_once_or_counted_as_dropped(steps: list[int], capacity: int) -> None:
    board = Board(1)
    subscription = board.subscribe("reader", capacity)
    taken: list[float] = []
    number = 0
    for step in steps:
        for _ in range(step):
            board.publish(scan((0, float(number), 0)))
            number += 1
        if step == 0:
            taken += [float(one.values[0]) for one in subscription.take_now()]
        assert len(subscription) <= capacity
    taken += [float(one.values[0]) for one in subscription.take_now()]
    assert len(taken) + subscription.dropped == number
    assert taken == sorted(taken)
    if number:
        assert taken[-1:] in ([number - 1.0], [])


def test_a_slow_reader_loses_its_own_oldest_and_slows_nobody() -> None:
    board = Board(1)
    slow, quick = board.subscribe("slow", 2), board.subscribe("quick", 100)
    for number in range(5):
        board.publish(scan((0, float(number), 0)))
    assert [one.values[0] for one in slow.take_now()] == [3, 4]
    assert (slow.dropped, quick.dropped, len(quick)) == (3, 0, 5)
    assert [one.name for one in board.subscriptions] == ["slow", "quick"]


async def test_a_reader_waits_until_something_comes() -> None:
    board = Board(1)
    subscription = board.subscribe("reader", 2)
    waiting = asyncio.create_task(subscription.take())
    await asyncio.sleep(0)
    assert not waiting.done()
    board.publish(scan((0, 1.0, 0)))
    assert len(await waiting) == 1
    again = asyncio.create_task(subscription.take())
    await asyncio.sleep(0)
    assert not again.done()
    again.cancel()


def test_joined_scans_keep_every_sample_in_order() -> None:
    joined = join_scans([scan((0, 1.0, 0), at_ns=1), scan((1, 2.0, 64), at_ns=9)])
    assert joined.values.tolist() == [1, 2]
    assert joined.quality.tolist() == [0, 64]
    assert joined.source_ns.tolist() == [1, 9]
    assert joined.received_ns == 10
