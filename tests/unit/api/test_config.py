"""The whole site file: every fault of every table, in one answer."""

from pathlib import Path

import pytest

from api.config import SiteFileError, read_site, site_schema
from api.demo import demo_site
from tests.unit.collector.test_sitefile import GOOD

RULE = """
[[rule]]
id = "fast"
kind = "limit"
tag = "north.drive.speed"
high = 6.6
priority = 1
consequence = { zh = "a", en = "a" }
response = { zh = "a", en = "a" }
respond_within_s = 60
source = "manual"
"""


def faults_of(tmp_path: Path, text: str) -> tuple[str, ...]:
    path = tmp_path / "site.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SiteFileError) as refusal:
        read_site(path)
    return refusal.value.faults


def test_the_bundled_site_file_is_good() -> None:
    site = read_site(demo_site())
    assert len(site.plant.ropeway) == 3
    assert len(site.plant.slots()) >= 300
    assert site.plant.site.simulated


def test_a_file_with_eight_faults_names_all_eight(tmp_path: Path) -> None:
    wrong = (
        GOOD.replace("length_m = 1000", "length_m = 0")
        .replace('type = "float32"', 'type = "float33"')
        .replace('host = "192.0.2.11"', 'host = "192.0.2.11"\nbaud = 9600')
        .replace('speed = "north.drive.speed"', 'speed = "north.drive.sped"')
        + RULE.replace("high = 6.6", "")
        + RULE.replace('"fast"', '"faster"').replace("priority = 1", "priority = 7")
        + RULE.replace('"fast"', '"slow"').replace("north.drive.speed", "north.drive.slow")
        + "\n[extra]\nkey = 1\n"
    )
    found = faults_of(tmp_path, wrong)
    for place in (
        "extra: unknown key",
        "ropeway 'north' length_m:",
        "device 'plc' tags 'north.drive.speed' type:",
        "device 'plc' baud: unknown key",
        "ropeway 'north' speed: no tag 'north.drive.sped'",
        "rule 'fast': give at least one",
        "rule 'faster' priority:",
        "rule 'slow': no tag 'north.drive.slow'",
    ):
        assert [fault for fault in found if fault.startswith(place)], place
    assert len(found) == 8


def test_the_schema_knows_every_table() -> None:
    known = site_schema()["properties"]
    plant = {"site", "ropeway", "device", "history"}
    judging = {"rule", "alarm_class", "closed", "kpi", "rope_instrument", "inspection", "log_in"}
    telling = {"channel", "duty", "escalation", "quiet_hours", "notify"}
    assert set(known) == plant | judging | telling


TELLING = """
[[channel]]
id = "group"
kind = "dingtalk"
name = { zh = "群", en = "Group" }
secret = "SEC0123planted"

[[duty]]
user = "zhang.wei"
roles = ["operator"]
contacts = [{ channel = "sms" }]
"""


def test_faults_of_telling_stand_beside_the_others_and_show_no_secret(tmp_path: Path) -> None:
    found = faults_of(tmp_path, GOOD + RULE.replace("high = 6.6", "") + TELLING)
    for place in (
        "rule 'fast'",
        "channel 'group' secret: never the secret itself",
        "duty 'zhang.wei' contacts: no channel 'sms'",
        "duty: nobody would ever be told",
    ):
        assert [fault for fault in found if fault.startswith(place)], place
    assert "planted" not in " ".join(found)
