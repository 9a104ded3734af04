"""What `ropewatch probe` prints: registers beside values, and how else they could be read."""

import asyncio
import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path

from collector.clock import Clock
from collector.drivers import DriverError
from collector.probe import Probe, Reading, placed_of, probe_modbus, probe_opcua
from collector.service import secrets_in
from collector.site import Device, ModbusDevice, ModbusTag, Plant
from collector.suggestion import SCALES, Panel, Suggestion, suggest


class ProbeError(Exception):
    """The device cannot be probed; the text says why and what to do."""


def probed_lines(
    plant: Plant, device_id: str, expected: Sequence[str], folder: Path = Path("data")
) -> list[str]:
    """Read the device once, read-only, and return the lines to print.

    `folder` is the monitor's data folder, with its certificates. `expected` holds texts
    like `north.drive.speed=5.8`. ProbeError, one line, where the device is not there,
    does not answer, or a text is wrong.
    """
    device = _device(plant, device_id)
    panels = dict(_expectation(device, text) for text in expected)
    try:
        probe = asyncio.run(_read(device, panels, folder))
    except DriverError as error:
        message = f"device '{device_id}': {error}"
        raise ProbeError(message) from error
    return list(chain(_table(device, probe), _suggestions(device, probe, panels)))


async def _read(device: Device, panels: Mapping[str, Panel], folder: Path) -> Probe:
    if isinstance(device, ModbusDevice):
        return await probe_modbus(device, panels.keys(), Clock())
    return await probe_opcua(device, Clock(), secrets_in(folder))


def _device(plant: Plant, device_id: str) -> Device:
    for device in plant.device:
        if device.id == device_id:
            return device
    known = ", ".join(device.id for device in plant.device)
    message = f"no device '{device_id}'; the site file has {known}"
    raise ProbeError(message)


def _expectation(device: Device, text: str) -> tuple[str, Panel]:
    tag_id, _, figure = text.partition("=")
    if all(tag.id != tag_id for tag in device.tags):
        message = f"--expect {text}: device '{device.id}' has no tag '{tag_id}'"
        raise ProbeError(message)
    try:
        return tag_id, Panel.read(figure)
    except ValueError as error:
        message = f"--expect {text}: give TAG=VALUE as the panel shows it, like {tag_id}=5.8"
        raise ProbeError(message) from error


def _table(device: Device, probe: Probe) -> Iterator[str]:
    yield f"{device.id}: {len(probe.readings)} tags, read once and nothing written"
    widest = max(len(reading.tag.id) for reading in probe.readings)
    for reading in probe.readings:
        value = "-" if math.isnan(reading.value) else f"{reading.value:.6g} {reading.tag.unit}"
        quality = reading.quality.name.lower()
        where = f"{reading.tag.id:{widest}}  {_place(reading)}"
        yield f"{where}  {_raw(reading):20}  {value.strip():>18}  {quality}"


def _place(reading: Reading) -> str:
    tag = reading.tag
    if not isinstance(tag, ModbusTag):
        return f"{tag.node:30}"
    bit = "" if tag.bit is None else f".{tag.bit}"
    return f"{tag.table:16} {f'{tag.address}{bit}':8} {tag.type:8}"


def _raw(reading: Reading) -> str:
    if not isinstance(reading.tag, ModbusTag):
        return f"{reading.figure:.9g}"
    digits = 1 if reading.tag.in_bits else 4
    return " ".join(f"{word:0{digits}X}" for word in reading.raw) or "refused"


def _suggestions(device: Device, probe: Probe, panels: Mapping[str, Panel]) -> Iterator[str]:
    for reading in probe.readings:
        panel = panels.get(reading.tag.id)
        if panel is None:
            continue
        yield ""
        yield f"{reading.tag.id}: the panel shows {panel.value:g}, we read {reading.value:.6g}"
        if panel.value == 0:
            yield "  zero proves nothing: read it off while it is not zero"
        elif isinstance(device, ModbusDevice) and isinstance(reading.tag, ModbusTag):
            yield from _ways(device, reading.tag, probe, panel)
        else:
            yield from _scales(reading, panel)


def _ways(device: ModbusDevice, tag: ModbusTag, probe: Probe, panel: Panel) -> Iterator[str]:
    as_set = placed_of(device, tag)
    found = suggest(as_set, probe.words.get(tag.table, {}), panel) if not tag.in_bits else ()
    for number, one in enumerate(found, 1):
        mark = "  <- as it is set" if _is_set(as_set.tag, as_set.word_order, one) else ""
        yield f"  {number}. {one.plausibility:4.0%}  {_keys(one)}  -> {one.value:.6g}{mark}"
    if not found:
        yield "  no type, order or scale gives it: check table, address and unit"


def _is_set(tag: ModbusTag, word_order: str, one: Suggestion) -> bool:
    same = (one.address, one.type, one.scale) == (tag.address, tag.type, tag.scale)
    return same and one.word_order == word_order


def _keys(one: Suggestion) -> str:
    return (
        f'address = {one.address}, type = "{one.type}", word_order = "{one.word_order}", '
        f'byte_order = "{one.byte_order}", scale = {one.scale:g}'
    )


def _scales(reading: Reading, panel: Panel) -> Iterator[str]:
    fitting = [
        scale for scale in SCALES if panel.misfit(reading.figure * scale + reading.tag.offset) <= 1
    ]
    for scale in fitting:
        mark = "  <- as it is set" if scale == reading.tag.scale else ""
        yield f"  scale = {scale:g}  -> {reading.figure * scale + reading.tag.offset:.6g}{mark}"
    if not fitting:
        yield "  no power of ten gives it: check node and unit"
