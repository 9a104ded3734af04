"""Find tags of one Modbus device that cannot both be right about what they read."""

from collections.abc import Iterator

from collector.site import ModbusDevice, ModbusTag, Plant

Place = tuple[str, int, int]


def clashes(plant: Plant) -> Iterator[str]:
    """Yield a fault for every two tags that claim one bit, or cut into each other's registers.

    Bits and the whole register that holds them may stand side by side, and so may two
    readings of the very same registers: both can be meant.
    """
    for device in plant.device:
        if isinstance(device, ModbusDevice):
            yield from _one_bit(device)
            yield from _cut(device)


def _one_bit(device: ModbusDevice) -> Iterator[str]:
    known: dict[Place, ModbusTag] = {}
    for tag in device.tags:
        if tag.type != "bool":
            continue
        place = (tag.table, tag.address, tag.bit or 0)
        first = known.setdefault(place, tag)
        if first is not tag:
            bit = "" if tag.bit is None else f" bit {tag.bit}"
            yield (
                f"device '{device.id}': tags '{first.id}' and '{tag.id}' both read {tag.table} "
                f"{tag.address}{bit}; correct the address of one, or leave one out"
            )


def _cut(device: ModbusDevice) -> Iterator[str]:
    numbers = [tag for tag in device.tags if tag.type != "bool"]
    numbers.sort(key=lambda tag: (tag.table, tag.address, tag.width))
    widest: ModbusTag | None = None
    for tag in numbers:
        first = widest
        if first is None or first.table != tag.table or _end(tag) > _end(first):
            widest = tag
        if first is None or first.table != tag.table or tag.address >= _end(first):
            continue
        if (first.address, first.width) != (tag.address, tag.width):
            yield (
                f"device '{device.id}': tag '{tag.id}' ({tag.type} at {tag.table} {tag.address}) "
                f"lies in the registers of tag '{first.id}' ({first.type} at {first.address}); "
                "correct the address or the type of one"
            )


def _end(tag: ModbusTag) -> int:
    return tag.address + tag.width
