"""The sites that are measured: plain full blocks, and one of mixed types."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import Any

from collector.site import REGISTERS, Plant

MIXED = (
    *[("float32", "big")] * 6,
    *[("float32", "little")] * 4,
    *[("int16", "big")] * 12,
    *[("uint16", "big")] * 8,
    *[("int32", "little")] * 6,
    *[("uint32", "big")] * 4,
    *[("int64", "big")] * 1,
    *[("float64", "big")] * 1,
    *[("bool", "big")] * 8,
)
"""The tags of one device of the mixed site, after PLCs of ropeways: 50, eight of them bits."""

HOLE_EVERY = 10
HOLE_REGISTERS = 4


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be read: so many devices of so many tags, every `period_s`."""

    devices: int
    tags: int
    period_s: float
    mixed: bool = False

    @property
    def wanted_per_s(self) -> float:
        """Tags to read in a second."""
        return self.devices * self.tags / self.period_s

    def words(self) -> str:
        """Say the job in a line."""
        kind = "mixed tags" if self.mixed else "registers"
        return f"{self.devices} x {self.tags:,} {kind} every {self.period_s * 1000:g} ms"


def plant(job: Job, ports: Sequence[int]) -> Plant:
    """Return the plant of `job`, device by device on `ports`."""
    return Plant.model_validate(site_table(job, ports))


def site_table(job: Job, ports: Sequence[int]) -> dict[str, Any]:
    """Return the tables of the site file of `job`."""
    named = {"zh": "测", "en": "Measured"}
    end = {"name": named, "altitude_m": 0.0}
    ropeway = {
        "id": "line",
        "name": named,
        "kind": "jig_back",
        "length_m": 1000.0,
        "line_speed_mps": 5.0,
        "emergency_speed_mps": 1.0,
        "speed": "line.d0.t0",
        "carriers": 2,
        "places": 50,
        "stations": [
            {**end, "id": "low", "position_m": 0.0},
            {**end, "id": "high", "position_m": 1000.0},
        ],
    }
    devices = [
        {
            "id": f"d{number}",
            "ropeway": "line",
            "protocol": "modbus_tcp",
            "host": "127.0.0.1",
            "port": port,
            "scan_s": job.period_s,
            "tags": list(_mixed(number) if job.mixed else _full(number, job.tags)),
        }
        for number, port in enumerate(ports)
    ]
    return {"site": {"name": named}, "ropeway": [ropeway], "device": devices}


def _full(device: int, tags: int) -> Iterator[dict[str, Any]]:
    for address in range(tags):
        yield {"id": f"line.d{device}.t{address}", "address": address, "max": 65535.0}


def _mixed(device: int) -> Iterator[dict[str, Any]]:
    """Yield the tags one after the other, a hole after every tenth, bits in one register."""
    address = 0
    bits = cycle(range(8))
    for number, (kind, order) in enumerate(MIXED):
        tag: dict[str, Any] = {
            "id": f"line.d{device}.t{number}",
            "address": address,
            "type": kind,
            "word_order": order,
            "scale": 0.1,
        }
        if kind == "bool":
            tag |= {"bit": next(bits), "scale": 1.0}
        else:
            address += REGISTERS[kind]
        if number % HOLE_EVERY == HOLE_EVERY - 1 and kind != "bool":
            address += HOLE_REGISTERS
        yield tag


def toml(tables: Mapping[str, Any]) -> str:
    """Return `tables` as the text of a TOML file."""
    return "".join(f"{name} = {_written(value)}\n" for name, value in tables.items())


def _written(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name} = {_written(one)}" for name, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",\n".join(map(_written, value)) + "]"
    return json.dumps(value, ensure_ascii=False)
