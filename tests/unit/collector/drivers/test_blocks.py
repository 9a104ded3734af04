"""Reads are few, whole and within what a device can do."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from collector.drivers.blocks import Block, plan_blocks, split_block
from collector.site import REGISTERS, ModbusDevice
from tests.unit.collector.words import modbus, tag

REGISTER_TABLES = ("holding_register", "input_register")
BIT_TABLES = ("coil", "discrete_input")


@st.composite
def some_tag(draw: st.DrawFn) -> dict[str, Any]:
    table = draw(st.sampled_from(REGISTER_TABLES + BIT_TABLES))
    address = draw(st.one_of(st.integers(0, 300), st.integers(0, 65_000)))
    if table in BIT_TABLES:
        return {"table": table, "address": address, "type": "bool"}
    kind = draw(st.sampled_from(sorted(REGISTERS)))
    bit = {"bit": draw(st.integers(0, 15))} if kind == "bool" else {}
    return {"table": table, "address": address, "type": kind, **bit}


@st.composite
def some_device(draw: st.DrawFn) -> ModbusDevice:
    drawn = draw(st.lists(some_tag(), min_size=1, max_size=40))
    tags = [tag(f"north.drive.q{at}", **one) for at, one in enumerate(drawn)]
    device = modbus(
        "plc",
        *tags,
        max_registers=draw(st.integers(4, 125)),
        max_bits=draw(st.integers(1, 2000)),
        max_gap=draw(st.integers(0, 40)),
    )
    return ModbusDevice.model_validate(device)


def slots_of(*blocks: Block) -> list[int]:
    return sorted(one.slot for block in blocks for one in block.placed)


@given(some_device(), st.integers(0, 500))
def test_each_tag_is_read_exactly_once(device: ModbusDevice, first_slot: int) -> None:
    blocks = plan_blocks(device, first_slot)
    wanted = list(range(first_slot, first_slot + len(device.tags)))
    assert slots_of(*blocks) == wanted
    assert sorted(slot for block in blocks for slot in block.decoder.slots.tolist()) == wanted


@given(some_device())
def test_no_read_passes_the_limits_of_its_device_or_cuts_a_value(device: ModbusDevice) -> None:
    for block in plan_blocks(device, 0):
        in_bits = block.table in BIT_TABLES
        assert 1 <= block.count <= (device.max_bits if in_bits else device.max_registers)
        assert block.address + block.count <= 65_536
        for one in block.placed:
            assert one.tag.table == block.table
            assert block.address <= one.tag.address
            assert one.tag.address + one.tag.width <= block.address + block.count


@given(some_device())
def test_a_read_begins_and_ends_with_a_tag(device: ModbusDevice) -> None:
    for block in plan_blocks(device, 0):
        assert block.address == min(one.tag.address for one in block.placed)
        ends = (one.tag.address + one.tag.width for one in block.placed)
        assert block.address + block.count == max(ends)


@given(some_device())
def test_the_halves_of_a_split_read_lose_no_tag(device: ModbusDevice) -> None:
    waiting = list(plan_blocks(device, 0))
    singles: list[Block] = []
    while waiting:
        block = waiting.pop()
        halves = split_block(block)
        if halves is None:
            singles.append(block)
            continue
        assert slots_of(*halves) == slots_of(block)
        assert all(half.count <= block.count and half.placed for half in halves)
        waiting += halves
    assert slots_of(*singles) == list(range(len(device.tags)))
    assert all(len(block.placed) == 1 for block in singles)


def test_a_hole_is_read_through_up_to_the_gap_and_no_further() -> None:
    near = [tag("north.drive.a", 0), tag("north.drive.b", 17)]
    far = [tag("north.drive.a", 0), tag("north.drive.b", 18)]
    device = [ModbusDevice.model_validate(modbus("plc", *tags)) for tags in (near, far)]
    assert [len(plan_blocks(one, 0)) for one in device] == [1, 2]


def test_a_read_is_split_at_its_widest_hole() -> None:
    tags = [tag(f"north.drive.q{at}", at) for at in (0, 1, 2, 10, 11)]
    (block,) = plan_blocks(ModbusDevice.model_validate(modbus("plc", *tags)), 0)
    halves = split_block(block)
    assert halves is not None
    assert [(half.address, half.count) for half in halves] == [(0, 3), (10, 2)]
