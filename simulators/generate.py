"""The command `python -m simulators.generate`: write the site file of a large simulated plant."""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

WRONG_WISH = 2
FEWEST_TAGS = 2  # a heartbeat and something to see
MOST_MODBUS_TAGS = 4000
MOST_DEVICES = 10_000
NODE_SPACE = "urn:ropewatch:generated"

# Type, table, scale, lowest and highest value: all that Modbus can bring, in turn.
KINDS = (
    ("float32", "holding_register", 1.0, -100.0, 100.0),
    ("uint16", "input_register", 0.1, 0.0, 6000.0),
    ("int16", "holding_register", 0.1, -1000.0, 1000.0),
    ("bool", "discrete_input", 1.0, 0.0, 1.0),
    ("int32", "input_register", 0.01, -1e6, 1e6),
    ("uint32", "holding_register", 0.01, 0.0, 1e6),
    ("bool", "coil", 1.0, 0.0, 1.0),
    ("float64", "holding_register", 1.0, -1e4, 1e4),
    ("int64", "input_register", 0.001, -1e9, 1e9),
    ("uint64", "holding_register", 0.001, 0.0, 1e9),
    ("bool", "holding_register", 1.0, 0.0, 1.0),
)
WIDTHS = {"int32": 2, "uint32": 2, "float32": 2, "int64": 4, "uint64": 4, "float64": 4}
ORDERS = (("big", "big"), ("little", "big"), ("big", "little"), ("little", "little"))
BITS_IN_REGISTER = 16


@dataclass(frozen=True, slots=True)
class Wish:
    """How large the site is to be, and on which ports it listens."""

    devices: int
    tags: int
    opcua: int
    first_port: int

    def fault(self) -> str:
        """Return why no such site can be made; empty where it can."""
        if not 1 <= self.devices <= MOST_DEVICES:
            return f"--devices {self.devices}: give 1 to {MOST_DEVICES}"
        if not 0 <= self.opcua <= self.devices:
            return f"--opcua {self.opcua}: give 0 to the number of devices, {self.devices}"
        if self.tags < FEWEST_TAGS * self.devices:
            return f"--tags {self.tags}: give at least {FEWEST_TAGS} for each device"
        if self.tags > MOST_MODBUS_TAGS * self.devices:
            return f"--tags {self.tags}: give at most {MOST_MODBUS_TAGS} for each device"
        if not 1 <= self.first_port <= 65536 - self.devices:
            return f"--first-port {self.first_port}: {self.devices} ports do not fit below 65536"
        return ""


def main(
    devices: Annotated[int, typer.Option(help="How many devices.")] = 100,
    tags: Annotated[int, typer.Option(help="How many tags in all.")] = 5000,
    opcua: Annotated[
        int | None, typer.Option(help="How many of the devices are OPC UA servers; a tenth.")
    ] = None,
    first_port: Annotated[int, typer.Option(help="Each device has a port from here on.")] = 20000,
    out: Annotated[Path | None, typer.Option(help="Write here instead of printing.")] = None,
) -> None:
    """Print the site file of a simulated plant with mixed Modbus and OPC UA devices."""
    wish = Wish(devices, tags, devices // 10 if opcua is None else opcua, first_port)
    fault = wish.fault()
    if fault:
        typer.echo(fault, err=True)
        raise typer.Exit(WRONG_WISH)
    text = "\n".join(site_lines(wish)) + "\n"
    if out is None:
        sys.stdout.write(text)
        return
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        typer.echo(f"{out}: cannot be written: {error.strerror}", err=True)
        raise typer.Exit(WRONG_WISH) from error


def site_lines(wish: Wish) -> Iterator[str]:
    """Yield the lines of the site file; the same wish gives the same file."""
    yield from HEAD.format(speed=_tag_id(0, 1)).splitlines()
    for number in range(wish.devices):
        share = wish.tags // wish.devices + (number < wish.tags % wish.devices)
        served = number >= wish.devices - wish.opcua
        lines = _opcua(number, share, wish) if served else _modbus(number, share, wish)
        yield from ("", "[[device]]", *lines)
    yield from RULE.format(speed=_tag_id(0, 1)).splitlines()


def _tag_id(device: int, number: int) -> str:
    quantity = "heartbeat" if number == 0 else f"value_{number:04}"
    return f"line.device_{device:04}.{quantity}"


def _common(number: int, wish: Wish) -> Iterator[str]:
    yield f'id = "device_{number:04}"'
    yield 'ropeway = "line"'
    yield 'host = "127.0.0.1"'
    yield f"port = {wish.first_port + number}"
    yield "scan_s = 1.0"
    yield f'heartbeat = "{_tag_id(number, 0)}"'


def _modbus(number: int, share: int, wish: Wish) -> Iterator[str]:
    words, octets = ORDERS[number % len(ORDERS)]
    yield from _common(number, wish)
    yield 'protocol = "modbus_tcp"'
    yield f'word_order = "{words}"'
    yield f'byte_order = "{octets}"'
    yield "tags = ["
    yield _row(_tag_id(number, 0), address=0, type="uint16", min=0, max=65535)
    # Every table is filled from its own begin; a hole now and then, as real ones have.
    free = {"holding_register": 1, "input_register": 0, "coil": 0, "discrete_input": 0}
    packed = 0
    for one in range(1, share):
        kind, table, scale, low, high = KINDS[(one - 1) % len(KINDS)]
        row: dict[str, object] = {"table": table, "type": kind}
        if kind == "bool" and table == "holding_register":
            row["bit"] = packed % BITS_IN_REGISTER
            packed += 5
        row["address"] = free[table]
        free[table] += WIDTHS.get(kind, 1) + (one % 37 == 0)
        if kind != "bool":
            row |= {"scale": scale, "min": low, "max": high}
        yield _row(_tag_id(number, one), **row)
    yield "]"


def _opcua(number: int, share: int, wish: Wish) -> Iterator[str]:
    yield from _common(number, wish)
    yield 'protocol = "opcua"'
    yield f'namespace = "{NODE_SPACE}"'
    yield "tags = ["
    yield _row(_tag_id(number, 0), node="s=heartbeat", min=0)
    for one in range(1, share):
        yield _row(_tag_id(number, one), node=f"s=value_{one:04}", min=-100.0, max=100.0)
    yield "]"


def _row(tag_id: str, **keys: object) -> str:
    # JSON's numbers and texts are TOML's too.
    pairs = (f"{key} = {json.dumps(value)}" for key, value in {"id": tag_id, **keys}.items())
    return f"  {{ {', '.join(pairs)} }},"


HEAD = """\
# A large simulated plant, as 'ropewatch generate' writes it. Every device listens on this machine.

[site]
name = {{ zh = "大型仿真场站", en = "Large simulated site" }}
simulated = true

[[ropeway]]
id = "line"
name = {{ zh = "仿真索道", en = "Simulated line" }}
kind = "monocable_detachable"
length_m = 2000
line_speed_mps = 6.0
emergency_speed_mps = 0.8
speed = "{speed}"
carriers = 40
places = 8
stations = [
  {{ id = "bottom", name = {{ zh = "下站", en = "Bottom" }}, position_m = 0, altitude_m = 800 }},
  {{ id = "top", name = {{ zh = "上站", en = "Top" }}, position_m = 2000, altitude_m = 1300 }},
]
"""

RULE = """
[[rule]]
id = "first_value_high"
kind = "limit"
tag = "{speed}"
high = 90.0
priority = 3
consequence = {{ zh = "仿真", en = "Only a simulation" }}
response = {{ zh = "无需处理", en = "Nothing to do" }}
respond_within_s = 600
source = "generated"
"""


if __name__ == "__main__":
    typer.run(main)
