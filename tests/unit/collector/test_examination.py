"""Findings in their order: the first reason stays, a value given by hand stands over all."""

from hypothesis import given, settings
from hypothesis import strategies as st

from collector.board import Board
from collector.clock import Clock
from collector.examination import Examination
from collector.model import NANOSECONDS, Quality, Said
from collector.substitutes import Substitute
from tests.unit.collector.words import BEGIN_NS, modbus, plant, scan, tag

GUST, BEAT = "north.tower_01.gust", "north.plc.heartbeat"
WATCHED = {"spike": {"step": 10, "samples": 1}, "frozen": {"after_s": 3}}
PLANT = plant(
    modbus("wind", tag(GUST, 0, **WATCHED), tag(BEAT, 1), heartbeat=BEAT, scan_s=1.0),
)


def test_each_fault_is_found_with_its_own_reason() -> None:
    examination, board = Examination(PLANT, Clock()), Board(2)
    course = [(5.0, 1), (40.0, 2), (5.0, 3), (5.0, 4), (5.0, 5), (6.0, 5), (7.0, 5)]
    found = []
    for at, (gust, beat) in enumerate(course):
        examined = examination.examine(scan(PLANT, {GUST: gust, BEAT: beat}, at), board)
        board.publish(examined)
        found.append(int(examined.quality[0]))
    good = Quality.GOOD
    assert found[:3] == [good, Quality.BAD_SPIKE, good]
    assert found[3:] == [good, Quality.BAD_FROZEN if found[4] else good, good, Quality.BAD_STALE]


def test_a_value_given_by_hand_stands_over_a_stopped_heart_too() -> None:
    examination, board = Examination(PLANT, Clock()), Board(2)
    until_ns = BEGIN_NS + 100 * NANOSECONDS
    examination.substitutes.stand([Substitute(GUST, 12.0, until_ns)])
    for at in range(5):
        board.publish(examination.examine(scan(PLANT, {GUST: 5.0, BEAT: 1}, at), board))
    assert board.quality.tolist() == [Quality.UNCERTAIN_SUBSTITUTED, Quality.BAD_STALE]
    overdue = examination.overdue(board, BEGIN_NS + 50 * NANOSECONDS)
    assert overdue is not None
    assert overdue.quality.tolist() == [Quality.UNCERTAIN_SUBSTITUTED, Quality.BAD_STALE]


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(-50, 50), st.sampled_from(Quality)), max_size=30))
def test_what_the_protocol_did_not_call_good_is_never_called_good(
    course: list[tuple[float, Quality]],
) -> None:
    examination, board = Examination(PLANT, Clock()), Board(2)
    for at, (gust, quality) in enumerate(course):
        one = scan(PLANT, {GUST: gust, BEAT: at}, at)
        one.quality[0] = quality
        found = Quality(int(examination.examine(one, board).quality[0]))
        if quality is Quality.GOOD:
            assert found.said is Said.GOOD
        else:
            assert found is quality
