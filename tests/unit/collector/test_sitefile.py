"""A wrong site file says everything that is wrong, each with its place."""

from pathlib import Path

import pytest

from collector.sitefile import SiteFileError, read_plant, read_tables

GOOD = """
[site]
name = { zh = "山", en = "Mountain" }

[[ropeway]]
id = "north"
name = { zh = "北线", en = "North" }
kind = "jig_back"
length_m = 1000
line_speed_mps = 6
emergency_speed_mps = 0.8
speed = "north.drive.speed"
carriers = 2
places = 60
stations = [
  { id = "bottom", name = { zh = "下", en = "Bottom" }, position_m = 0, altitude_m = 900 },
  { id = "top", name = { zh = "上", en = "Top" }, position_m = 1000, altitude_m = 1500 },
]

[[device]]
id = "plc"
ropeway = "north"
protocol = "modbus_tcp"
host = "192.0.2.11"
tags = [
  { id = "north.drive.speed", address = 100, type = "float32", unit = "m/s" },
]
"""


def faults_of(path: Path) -> tuple[str, ...]:
    with pytest.raises(SiteFileError) as refusal:
        read_plant(path)
    assert all(line.startswith(f"{path}: ") for line in str(refusal.value).splitlines())
    return refusal.value.faults


def test_a_good_file_gives_its_plant(tmp_path: Path) -> None:
    path = tmp_path / "site.toml"
    path.write_text(GOOD, encoding="utf-8")
    assert list(read_plant(path).slots()) == ["north.drive.speed"]


def test_every_fault_is_named_at_once_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "site.toml"
    wrong = (
        GOOD.replace("length_m = 1000", "length_m = -1")
        .replace('kind = "jig_back"', 'kind = "rocket"')
        .replace("altitude_m = 1500", "altitude_m = 1500, colour = 'red'")
        .replace('host = "192.0.2.11"', 'host = "192.0.2.11"\nscan_s = 0')
        .replace('type = "float32"', 'type = "float33"')
        .replace('en = "Mountain"', 'fr = "Montagne"')
    )
    path.write_text(wrong, encoding="utf-8")
    assert sorted(fault.split(": ")[0] for fault in faults_of(path)) == [
        "device 'plc' scan_s",
        "device 'plc' tags 'north.drive.speed' type",
        "ropeway 'north' kind",
        "ropeway 'north' length_m",
        "ropeway 'north' stations 'top' colour",
        "site name en",
        "site name fr",
    ]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"[site\n", "is no valid TOML"),
        (b"[site]\nname = 1\nname = 2\n", "is no valid TOML"),
        (b"\xff\xfe[site]", "is not UTF-8 text"),
    ],
)
def test_what_is_no_toml_gives_one_line(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "site.toml"
    path.write_bytes(content)
    (fault,) = faults_of(path)
    assert words in fault
    assert "\n" not in fault


def test_a_file_that_is_not_there_gives_one_line(tmp_path: Path) -> None:
    assert faults_of(tmp_path / "none.toml") == ("cannot be read: No such file or directory",)
    assert faults_of(tmp_path) == ("cannot be read: Is a directory",)


@pytest.mark.parametrize(
    "content",
    ["", "site = 3", "[[site]]\n", "ropeway = [1, 'a']", "[device]\nid = 'a'", "device = [[]]"],
)
def test_tables_of_another_shape_are_faults_and_no_crash(tmp_path: Path, content: str) -> None:
    path = tmp_path / "site.toml"
    path.write_text(content, encoding="utf-8")
    assert faults_of(path)
    assert isinstance(read_tables(path), dict)


def test_a_heartbeat_or_clock_of_another_device_is_named(tmp_path: Path) -> None:
    path = tmp_path / "site.toml"
    signs = 'heartbeat = "north.line.heartbeat"\nclock = "north.line.clock"\ntags = ['
    path.write_text(GOOD.replace("tags = [", signs), encoding="utf-8")
    assert faults_of(path) == (
        "device 'plc' heartbeat: 'north.line.heartbeat' is none of its own tags",
        "device 'plc' clock: 'north.line.clock' is none of its own tags",
    )
