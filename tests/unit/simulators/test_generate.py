"""A generated site is valid, as large as asked for, and holds everything that Modbus can bring."""

import tomllib
from pathlib import Path

import pytest
import typer
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from api.config import read_site
from collector.site import ModbusDevice, ModbusTag, OpcUaDevice, Plant
from collector.sitefile import parse_plant
from simulators.generate import Wish, main, site_lines


def generated(wish: Wish) -> Plant:
    assert wish.fault() == ""
    plant, faults = parse_plant(tomllib.loads("\n".join(site_lines(wish))))
    assert faults == []
    assert plant is not None
    return plant


@settings(deadline=None, max_examples=20)
@given(
    devices=st.integers(1, 12),
    more=st.integers(0, 300),
    opcua=st.integers(0, 12),
    port=st.integers(1, 60_000),
)
def test_any_possible_wish_gives_a_valid_site_of_that_size(
    devices: int, more: int, opcua: int, port: int
) -> None:
    wish = Wish(devices, 2 * devices + more, min(opcua, devices), port)
    plant = generated(wish)
    assert len(plant.device) == devices
    assert len(plant.slots()) == wish.tags
    assert sum(isinstance(one, OpcUaDevice) for one in plant.device) == wish.opcua
    assert [one.port for one in plant.device] == list(range(port, port + devices))


def test_every_type_table_and_order_is_there_and_no_two_tags_share_a_place() -> None:
    plant = generated(Wish(20, 1000, 2, 20000))
    polled = [one for one in plant.device if isinstance(one, ModbusDevice)]
    assert {(one.word_order, one.byte_order) for one in polled} == {
        (words, octets) for words in ("big", "little") for octets in ("big", "little")
    }
    tags = [tag for device in polled for tag in device.tags]
    assert len({tag.type for tag in tags}) == 9
    assert len({tag.table for tag in tags}) == 4
    for device in polled:
        taken = [place for tag in device.tags for place in places(tag)]
        assert len(set(taken)) == len(taken), device.id


def places(tag: ModbusTag) -> list[tuple[str, int, int | None]]:
    return [(tag.table, tag.address + at, tag.bit) for at in range(tag.width)]


def test_the_command_writes_a_file_that_the_monitor_takes(tmp_path: Path) -> None:
    app = typer.Typer()
    app.command()(main)
    path = tmp_path / "large.toml"
    done = CliRunner().invoke(app, ["--devices", "100", "--tags", "5000", "--out", str(path)])
    assert done.exit_code == 0
    site = read_site(path)
    assert len(site.plant.device) == 100
    assert len(site.plant.slots()) == 5000
    assert len(site.judging.rule) == 1
    again = CliRunner().invoke(app, ["--devices", "100", "--tags", "5000"])
    assert again.stdout == path.read_text("utf-8")


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        (Wish(0, 10, 0, 20000), "--devices"),
        (Wish(10, 10, 0, 20000), "--tags"),
        (Wish(1, 9000, 0, 20000), "--tags"),
        (Wish(10, 100, 11, 20000), "--opcua"),
        (Wish(100, 1000, 0, 65500), "--first-port"),
    ],
)
def test_an_impossible_wish_is_one_line_that_names_the_option(wish: Wish, words: str) -> None:
    assert words in wish.fault()
    assert "\n" not in wish.fault()
