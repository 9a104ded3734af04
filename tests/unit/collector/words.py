"""Small plants, scans and clocks that the tests of the collector speak of."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from collector.model import NANOSECONDS, Quality, Scan
from collector.site import Plant

NAME = {"zh": "名", "en": "name"}
BEGIN_NS = 1_790_000_000_000_000_000


def tag(tag_id: str, address: int = 0, **other: Any) -> dict[str, Any]:
    return {"id": tag_id, "address": address, **other}


def node(tag_id: str, **other: Any) -> dict[str, Any]:
    return {"id": tag_id, "node": f"s={tag_id}", **other}


def modbus(device_id: str, *tags: dict[str, Any], **other: Any) -> dict[str, Any]:
    return {
        "id": device_id,
        "ropeway": "north",
        "protocol": "modbus_tcp",
        "host": "127.0.0.1",
        "tags": list(tags),
        **other,
    }


def opcua(device_id: str, *tags: dict[str, Any], **other: Any) -> dict[str, Any]:
    return modbus(device_id, *tags, **{"protocol": "opcua", **other})


def ropeway(speed: str, way_id: str = "north", **other: Any) -> dict[str, Any]:
    return {
        "id": way_id,
        "name": {"zh": f"{way_id}索道", "en": way_id},
        "kind": "monocable_detachable",
        "length_m": 1000,
        "line_speed_mps": 5,
        "emergency_speed_mps": 0.5,
        "speed": speed,
        "carriers": 10,
        "places": 8,
        "stations": [
            {"id": end, "name": NAME, "position_m": at, "altitude_m": 900}
            for end, at in (("bottom", 0), ("top", 1000))
        ],
        **other,
    }


def tables(*devices: dict[str, Any], **other: Any) -> dict[str, Any]:
    """Return the tables of a good site file with one ropeway."""
    return {
        "site": {"name": NAME, "simulated": True},
        "ropeway": [ropeway(devices[0]["tags"][0]["id"])],
        "device": list(devices),
        **other,
    }


def plant(*devices: dict[str, Any], **other: Any) -> Plant:
    return Plant.model_validate(tables(*devices, **other))


def scan(
    of: Plant,
    readings: Mapping[str, float | Quality],
    at_s: float = 0.0,
    source_s: float | None = None,
) -> Scan:
    """Return one scan: a number is good, a quality stands for a sample without value."""
    slots = of.slots()
    received_ns = BEGIN_NS + round(at_s * NANOSECONDS)
    source_ns = received_ns if source_s is None else BEGIN_NS + round(source_s * NANOSECONDS)
    bad = [one if isinstance(one, Quality) else Quality.GOOD for one in readings.values()]
    return Scan(
        slots=np.array([slots[one] for one in readings], dtype=np.int32),
        values=np.array(
            [np.nan if isinstance(one, Quality) else one for one in readings.values()], dtype=float
        ),
        quality=np.array(bad, dtype=np.uint8),
        source_ns=np.full(len(readings), source_ns, dtype=np.int64),
        received_ns=received_ns,
    )
