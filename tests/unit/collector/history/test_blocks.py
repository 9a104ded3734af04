"""Blocks give back every bit that was put in, and say so where they cannot."""

from contextlib import suppress

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from collector.history.blocks import (
    Axis,
    BlockError,
    Column,
    Linear,
    pack_axis,
    pack_column,
    pack_integers,
    pack_values,
    unpack_axis,
    unpack_column,
    unpack_integers,
    unpack_values,
)
from collector.model import Quality, Values

WHOLE = hnp.arrays(np.int64, st.integers(0, 60))
BITS = hnp.arrays(np.uint64, st.integers(1, 60)).map(lambda bits: bits.view(np.float64))
RAW = hnp.arrays(np.int64, st.integers(1, 60), elements=st.integers(-(2**31), 2**31))
SCALES = st.sampled_from([1.0, 0.1, 0.01, 0.5, 1 / 3, 1e-4, 10.0])


@example(np.array([0, -(2**63)], dtype=np.int64))
@given(WHOLE)
def test_whole_numbers_come_back(whole: np.ndarray) -> None:
    assert unpack_integers(pack_integers(whole)).tolist() == whole.tolist()


@given(st.integers(-(2**63), 2**63 - 1), st.integers(1, 10**9), st.integers(1, 50))
def test_instants_on_a_grid_take_no_room_of_their_own(begin: int, step: int, count: int) -> None:
    with np.errstate(over="ignore"):
        grid = np.int64(begin) + np.arange(count, dtype=np.int64) * step
    packed = pack_integers(grid)
    assert unpack_integers(packed).tolist() == grid.tolist()
    assert len(packed) < 80


@given(BITS)
def test_any_sixty_four_bits_come_back_as_they_were(values: Values) -> None:
    assert unpack_values(pack_values(values, Linear())).tobytes() == values.tobytes()


@given(RAW, SCALES, st.sampled_from([0.0, -40.0, 0.05]), st.lists(st.integers(0, 59)))
def test_what_an_instrument_sends_comes_back_with_its_holes(
    raw: np.ndarray, scale: float, offset: float, holes: list[int]
) -> None:
    values = (raw * scale + offset).astype(np.float64)
    values[[hole for hole in holes if hole < len(values)]] = np.nan
    for hint in (Linear(scale, offset), Linear(), Linear(0.3, 7.0)):
        assert unpack_values(pack_values(values, hint)).tobytes() == values.tobytes()


def test_figures_of_an_instrument_are_packed_tightly() -> None:
    rng = np.random.default_rng(1)
    walk: Values = (np.cumsum(rng.integers(-2, 3, 3600)) * 0.1 + 20).astype(np.float64)
    single = (rng.normal(12, 1, 3600)).astype(np.float32).astype(np.float64)
    assert len(pack_values(walk, Linear(0.1, 20))) < 0.5 * len(walk)
    assert len(pack_values(np.round(walk, 1).astype(np.float64), Linear())) < 0.5 * len(walk)
    assert len(pack_values(single, Linear())) < 3.5 * len(single)
    assert len(pack_values(np.full(3600, 7.25), Linear())) < 60


@st.composite
def columns(draw: st.DrawFn) -> tuple[Axis, Column]:
    scans = draw(st.integers(1, 12))
    instants = st.integers(0, 2**62)
    axis = Axis(
        np.arange(scans, dtype=np.int64) * 3 + draw(st.integers(1, 10**6)),
        np.array(draw(st.lists(instants, min_size=scans, max_size=scans)), dtype=np.int64),
        np.array(draw(st.lists(instants, min_size=scans, max_size=scans)), dtype=np.int64),
    )
    rows = np.array(sorted(draw(st.lists(st.integers(0, scans - 1), min_size=1, max_size=20))))
    source_ns = axis.source_ns[rows]
    for at in draw(st.lists(st.integers(0, len(rows) - 1))):
        source_ns[at] = draw(instants)
    quality = draw(st.lists(st.sampled_from(list(Quality)), min_size=len(rows), max_size=len(rows)))
    values = draw(hnp.arrays(np.uint64, len(rows))).view(np.float64)
    return axis, Column(rows, source_ns, values, np.array(quality, dtype=np.uint8))


@given(columns())
def test_a_column_comes_back_with_its_quality_and_both_its_times(
    one: tuple[Axis, Column],
) -> None:
    axis, column = one
    times = unpack_axis(pack_axis(axis)).source_ns
    back = unpack_column(pack_column(column, axis, Linear()), times)
    assert back.rows.tolist() == column.rows.tolist()
    assert back.source_ns.tolist() == column.source_ns.tolist()
    assert back.values.tobytes() == column.values.tobytes()
    assert back.quality.tolist() == column.quality.tolist()


@given(columns(), st.data())
def test_a_damaged_block_is_said_or_harmless_never_a_crash(
    one: tuple[Axis, Column], data: st.DataObject
) -> None:
    axis, column = one
    packed = bytearray(pack_column(column, axis, Linear()))
    packed[data.draw(st.integers(0, len(packed) - 1))] ^= data.draw(st.integers(1, 255))
    with suppress(BlockError):
        assert len(unpack_column(bytes(packed), axis.source_ns)) >= 0


def test_a_flipped_bit_in_the_figures_is_found() -> None:
    axis = Axis(*(np.arange(3600, dtype=np.int64) for _ in range(3)))
    values = np.random.default_rng(2).normal(size=3600)
    column = Column(np.arange(3600), axis.source_ns, values, np.zeros(3600, dtype=np.uint8))
    packed = pack_column(column, axis, Linear())
    for at in range(100, len(packed), 97):
        damaged = bytearray(packed)
        damaged[at] ^= 1
        with pytest.raises(BlockError):
            unpack_column(bytes(damaged), axis.source_ns)
