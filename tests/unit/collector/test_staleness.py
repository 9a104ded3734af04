"""What nobody brought for two periods looks old."""

from collector.board import Board
from collector.clock import Clock, TimeBase
from collector.model import NANOSECONDS, Quality
from collector.staleness import StaleWatch
from tests.unit.collector.words import BEGIN_NS, modbus, plant, scan, tag

SPEED, FORCE = "north.drive.speed", "north.tension.force"
PLANT = plant(modbus("drive", tag(SPEED, 0), scan_s=1.0), modbus("line", tag(FORCE, 0), scan_s=5.0))


def at_ns(seconds: float) -> int:
    return BEGIN_NS + round(seconds * NANOSECONDS)


def read_board() -> Board:
    board = Board(2)
    board.publish(scan(PLANT, {SPEED: 5.0, FORCE: 250.0}, 0.0))
    return board


def test_a_value_is_stale_after_two_periods_of_its_own_device() -> None:
    board, watch = read_board(), StaleWatch(PLANT, Clock())
    assert watch.overdue(board, at_ns(2.0)) is None
    first = watch.overdue(board, at_ns(2.1))
    assert first is not None
    assert first.slots.tolist() == [0]
    assert first.quality.tolist() == [Quality.BAD_STALE]
    assert first.values.tolist() == [5.0]
    both = watch.overdue(board, at_ns(10.1))
    assert both is not None
    assert both.slots.tolist() == [0, 1]


def test_what_stays_stale_is_said_again_so_that_delays_run_on() -> None:
    board, watch = read_board(), StaleWatch(PLANT, Clock())
    said = 0
    for tenth in range(100):
        overdue = watch.overdue(board, at_ns(tenth / 10))
        if overdue is not None:
            board.publish(overdue)
            said += 1
    assert 3 <= said <= 5


def test_what_is_called_bad_already_keeps_its_reason() -> None:
    board, watch = Board(2), StaleWatch(PLANT, Clock())
    assert watch.overdue(board, at_ns(99)) is None
    board.publish(scan(PLANT, {SPEED: Quality.BAD_DEVICE_LOST}, 0.0))
    assert watch.overdue(board, at_ns(99)) is None


def test_in_fast_time_a_hiccup_of_the_machine_makes_nothing_stale() -> None:
    board, watch = read_board(), StaleWatch(PLANT, Clock(TimeBase(speed=60)))
    assert watch.overdue(board, at_ns(29)) is None
    assert watch.overdue(board, at_ns(31)) is not None
