"""Read one device once, for the engineer who commissions it: raw registers beside values."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from collector.clock import Clock
from collector.codec import Placed, compile_decoder, scaling_of
from collector.drivers.opcua_session import Secrets
from collector.model import NANOSECONDS, Quality
from collector.service import open_driver
from collector.site import ModbusDevice, ModbusTag, OpcUaDevice, Tag

# Registers beside a tag that are read too, to find one that stands elsewhere or is longer.
BEFORE, BEHIND = 1, 5
LONGEST_PROBE_S = 10.0

Words = Mapping[str, Mapping[int, int]]


@dataclass(frozen=True, slots=True)
class Reading:
    """One tag as the device has it now.

    `raw` are its registers (or its one bit) as on the wire, empty where the device
    refused; for OPC UA it is empty and `figure` the value before scale and offset.
    """

    tag: Tag
    raw: tuple[int, ...]
    figure: float
    value: float
    quality: Quality


@dataclass(frozen=True, slots=True)
class Probe:
    """Everything that was read: the tags, and all registers by table and address."""

    readings: tuple[Reading, ...]
    words: Words


def placed_of(device: ModbusDevice, tag: ModbusTag) -> Placed:
    """Return how the site file reads `tag`."""
    word, octet = tag.word_order or device.word_order, tag.byte_order or device.byte_order
    return Placed(0, tag, word, octet)


async def probe_modbus(device: ModbusDevice, around: Collection[str], clock: Clock) -> Probe:
    """Read every register of the device's tags, and those around the tags named in `around`.

    Reads through the driver and can do nothing else. DriverError where the device
    does not answer.
    """
    raw = _raw_device(device, around)
    driver = open_driver(raw, 0, clock)
    try:
        await driver.connect()
        scan = await driver.scan()
    finally:
        await driver.close()
    words: dict[str, dict[int, int]] = defaultdict(dict)
    for at, slot in enumerate(scan.slots.tolist()):
        if scan.quality[at] == Quality.GOOD:
            tag = raw.tags[slot]
            words[tag.table][tag.address] = int(scan.values[at])
    return Probe(tuple(_modbus_reading(device, tag, words) for tag in device.tags), words)


async def probe_opcua(device: OpcUaDevice, clock: Clock, secrets: Secrets) -> Probe:
    """Subscribe to the device's tags until each has a value, at most ten seconds.

    A safe server is read with the certificates and passwords of `secrets`, as the
    monitor reads it. DriverError where the server does not answer, or is not trusted.
    """
    plain = {"scale": 1.0, "offset": 0.0, "min": None, "max": None}
    tags = tuple(tag.model_copy(update=plain) for tag in device.tags)
    plain_device = device.model_copy(update={"tags": tags})
    driver = open_driver(plain_device, 0, clock, secrets=secrets)
    figures = np.full(len(tags), np.nan)
    quality = np.full(len(tags), Quality.BAD_NEVER_READ, dtype=np.uint8)
    until_ns = clock.now_ns() + int(LONGEST_PROBE_S * NANOSECONDS)
    try:
        await driver.connect()
        while (quality == Quality.BAD_NEVER_READ).any() and clock.now_ns() < until_ns:
            await clock.sleep(device.scan_s / 2)
            scan = await driver.scan()
            figures[scan.slots], quality[scan.slots] = scan.values, scan.quality
    finally:
        await driver.close()
    values, found = scaling_of(device.tags).apply(figures.copy())
    shown = np.where(quality == Quality.GOOD, found, quality)
    return Probe(
        tuple(
            Reading(tag, (), float(figures[at]), float(values[at]), Quality(int(shown[at])))
            for at, tag in enumerate(device.tags)
        ),
        {},
    )


def _raw_device(device: ModbusDevice, around: Collection[str]) -> ModbusDevice:
    """Return the device with one plain tag for each register and bit to be read."""
    wanted: dict[str, set[int]] = defaultdict(set)
    for tag in device.tags:
        first, last = tag.address, tag.address + tag.width
        if tag.id in around and not tag.in_bits:
            first, last = max(0, first - BEFORE), min(65536, tag.address + BEHIND)
        wanted[tag.table].update(range(first, last))
    return device.model_copy(
        update={
            "tags": tuple(_raw_tags(wanted)),
            "timeout_s": device.request_timeout_s,
            "scan_s": LONGEST_PROBE_S,
            "heartbeat": None,
            "clock": None,
        }
    )


def _raw_tags(wanted: Mapping[str, set[int]]) -> Iterator[ModbusTag]:
    for table, addresses in wanted.items():
        in_bits = table in ("coil", "discrete_input")
        for address in sorted(addresses):
            yield ModbusTag.model_validate(
                {
                    "id": f"raw.{table}.r{address}",
                    "table": table,
                    "address": address,
                    "type": "bool" if in_bits else "uint16",
                    "byte_order": "big",
                }
            )


def _modbus_reading(device: ModbusDevice, tag: ModbusTag, words: Words) -> Reading:
    own = words.get(tag.table, {})
    raw = tuple(own[place] for place in range(tag.address, tag.address + tag.width) if place in own)
    if len(raw) < tag.width:
        return Reading(tag, (), np.nan, np.nan, Quality.BAD_SOURCE)
    answer = bytes(raw) if tag.in_bits else b"".join(word.to_bytes(2, "big") for word in raw)
    decoder = compile_decoder(tag.address, tag.width, [placed_of(device, tag)])
    values, quality = decoder.decode(answer)
    value = float(values[0])
    return Reading(tag, raw, (value - tag.offset) / tag.scale, value, Quality(int(quality[0])))
