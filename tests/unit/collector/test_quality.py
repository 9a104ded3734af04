"""A frozen anemometer is not calm."""

from collections.abc import Sequence

from collector.board import Board
from collector.model import Quality
from collector.quality import FrozenWatch
from tests.unit.collector.words import modbus, plant, scan, tag

GUST, NEIGHBOUR, BEAT = "north.tower_01.gust", "north.tower_02.gust", "north.plc.heartbeat"
FROZEN = {"after_s": 10, "band": 0.1, "neighbour": NEIGHBOUR, "above": 5}
PLANT = plant(
    modbus(
        "wind",
        tag(GUST, 0, frozen=FROZEN),
        tag(NEIGHBOUR, 1),
        tag(BEAT, 2, frozen={"after_s": 3}),
    )
)

Reading = float | Quality


def watched(own: Sequence[Reading], neighbour: Sequence[Reading]) -> list[int]:
    """Return the quality of the first anemometer, second by second."""
    board, watch = Board(3), FrozenWatch(PLANT)
    found = []
    for second, (one, other) in enumerate(zip(own, neighbour, strict=True)):
        examined = watch.examine(scan(PLANT, {GUST: one, NEIGHBOUR: other}, second), board)
        board.publish(examined)
        found.append(int(board.quality[0]))
    return found


def test_a_value_that_stands_while_its_neighbour_moves_is_frozen_after_its_time() -> None:
    found = watched([3.0] * 13, [8.0] * 13)
    assert found == [0] * 10 + [Quality.BAD_FROZEN] * 3


def test_movement_within_the_band_is_no_movement() -> None:
    found = watched([3.0, 3.05] * 6, [8.0] * 12)
    assert found[-1] == Quality.BAD_FROZEN


def test_creeping_slowly_out_of_the_band_is_movement() -> None:
    assert set(watched([3.0 + 0.05 * at for at in range(20)], [8.0] * 20)) == {0}


def test_where_the_neighbour_is_calm_nothing_is_frozen() -> None:
    assert set(watched([0.0] * 30, [5.0] * 30)) == {0}


def test_a_bad_neighbour_is_no_proof_of_movement() -> None:
    assert set(watched([0.0] * 30, [Quality.BAD_DEVICE_LOST] * 30)) == {0}


def test_a_frozen_tag_is_good_again_as_soon_as_it_moves() -> None:
    found = watched([3.0] * 12 + [3.2, 3.2], [8.0] * 14)
    assert found[11:] == [Quality.BAD_FROZEN, 0, 0]


def test_a_frozen_tag_stays_frozen_when_its_neighbour_calms_down_or_is_lost() -> None:
    for after in (0.0, Quality.BAD_DEVICE_LOST):
        found = watched([3.0] * 20, [8.0] * 12 + [after] * 8)
        assert set(found[12:]) == {Quality.BAD_FROZEN}


def test_a_bad_sample_in_between_does_not_thaw_what_is_frozen() -> None:
    found = watched([3.0] * 12 + [Quality.BAD_SOURCE] + [3.0] * 2, [8.0] * 15)
    assert found[12:] == [Quality.BAD_SOURCE, Quality.BAD_FROZEN, Quality.BAD_FROZEN]


def test_standing_is_not_counted_across_a_bad_sample() -> None:
    found = watched([3.0] * 8 + [Quality.BAD_SOURCE] + [3.0] * 9, [8.0] * 18)
    assert set(found) == {0, Quality.BAD_SOURCE}


def test_a_heartbeat_without_neighbour_is_frozen_by_itself() -> None:
    board, watch = Board(3), FrozenWatch(PLANT)
    for second in range(3):
        examined = watch.examine(scan(PLANT, {BEAT: 7.0}, second), board)
        assert not examined.quality.any()
    examined = watch.examine(scan(PLANT, {BEAT: 7.0}, 3), board)
    assert examined.quality.tolist() == [Quality.BAD_FROZEN]
    assert examined.values.tolist() == [7.0]


def test_a_scan_without_watched_tags_passes_untouched() -> None:
    one = scan(PLANT, {NEIGHBOUR: 1.0})
    assert FrozenWatch(PLANT).examine(one, Board(3)) is one
