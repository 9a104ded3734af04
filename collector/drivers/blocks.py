"""Plan the fewest reads that cover a Modbus device's tags within its limits."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from collector.codec import Decoder, Placed, compile_decoder
from collector.site import ModbusDevice


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """One read: `count` registers or bits of `table` from `address`, every `period_s`."""

    period_s: float
    table: str
    address: int
    count: int
    placed: tuple[Placed, ...]
    decoder: Decoder


def plan_blocks(device: ModbusDevice, first_slot: int) -> tuple[Block, ...]:
    """Return the reads that cover every tag of `device` exactly once.

    The device's tags have consecutive slots from `first_slot`. Tags of different
    periods are never read together. A hole of up to `max_gap` registers is read
    through, because a request costs more than the registers; a block never passes
    the device's limits nor cuts a value in two.
    """
    placed = [
        Placed(
            slot=first_slot + index,
            tag=tag,
            word_order=tag.word_order or device.word_order,
            byte_order=tag.byte_order or device.byte_order,
        )
        for index, tag in enumerate(device.tags)
    ]

    def read_together(one: Placed) -> tuple[float, str]:
        return one.tag.scan_s or device.scan_s, one.tag.table

    placed.sort(key=lambda one: (*read_together(one), one.tag.address, one.tag.width))
    return tuple(
        block
        for (period_s, _), group in groupby(placed, key=read_together)
        for block in _blocks(period_s, list(group), device)
    )


def _blocks(period_s: float, ordered: Sequence[Placed], device: ModbusDevice) -> Iterator[Block]:
    in_bits = ordered[0].tag.in_bits
    longest = device.max_bits if in_bits else device.max_registers
    widest_gap = device.max_gap * 16 if in_bits else device.max_gap
    begin = 0
    first = ordered[0].tag.address
    end = first
    for index, one in enumerate(ordered):
        reach = one.tag.address + one.tag.width
        if index > begin and (one.tag.address - end > widest_gap or reach - first > longest):
            yield _block(period_s, first, end, ordered[begin:index])
            begin, first, end = index, one.tag.address, reach
        end = max(end, reach)
    yield _block(period_s, first, end, ordered[begin:])


def split_block(block: Block) -> tuple[Block, Block] | None:
    """Return the block in two parts, cut at its widest hole; None for a single tag.

    A device that refuses an address inside the block answers the part without it.
    """
    placed = block.placed
    if len(placed) < 2:
        return None
    ends = [one.tag.address + one.tag.width for one in placed]
    holes = [placed[at].tag.address - max(ends[:at]) for at in range(1, len(placed))]
    widest = max(holes)
    # Without any hole the middle halves the search for the address that is refused.
    cut = holes.index(widest) + 1 if widest > 0 else len(placed) // 2
    parts = placed[:cut], placed[cut:]
    left, right = (
        _block(
            block.period_s,
            part[0].tag.address,
            max(one.tag.address + one.tag.width for one in part),
            part,
        )
        for part in parts
    )
    return left, right


def _block(period_s: float, first: int, end: int, placed: Sequence[Placed]) -> Block:
    return Block(
        period_s=period_s,
        table=placed[0].tag.table,
        address=first,
        count=end - first,
        placed=tuple(placed),
        decoder=compile_decoder(first, end - first, placed),
    )
