"""The tables that say who is told: every fault at once, and never a secret in one."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.notify.secrets import (
    MASK,
    Secret,
    SecretError,
    SecretSource,
    masked,
    masked_address,
    read_secret,
)
from analytics.notify.terms import parse_telling
from tests.unit.analytics.judging_words import a_plant
from tests.unit.analytics.notify_words import channel, person, telling_tables

PLANT_TABLES = a_plant().model_dump(mode="json")
SECRET = "SEC0123456789abcdefplanted"


def faults(**other: Any) -> list[str]:
    return parse_telling(PLANT_TABLES | telling_tables() | other)[1]


def test_good_tables_have_no_faults_and_none_at_all_tell_nobody() -> None:
    assert faults() == []
    telling, found = parse_telling(PLANT_TABLES)
    assert (found, telling is not None and telling.channel) == ([], ())


def test_everything_that_is_wrong_is_told_at_once_with_its_place() -> None:
    found = faults(
        channel=[channel("group", "dingtalk"), channel("group", "pigeon")],
        duty=[
            person("a", ["operator"], [("sms", ""), ("none", "")], ropeways=["west"]),
            person("a", ["operator"], [("group", "")], turns=[{"starting": "2026-02-30"}]),
        ],
        escalation=[
            {"id": "one", "after_min": 5, "roles": ["chief"], "channels": ["radio"]},
            {"id": "two", "after_min": 9, "roles": ["operator"], "lowest_priority": 3},
        ],
        quiet_hours=[{"alarm_class": "unknown", "begins": "22:00", "ends": "25:00"}],
        notify={"test_at": "noon"},
    )
    wanted = (
        "'pigeon'",
        "channel 'group': stands 2 times",
        "duty 'a' contacts: no channel 'none'",
        "duty 'a': no ropeway 'west'",
        "duty 'a': stands more than once",
        "no day '2026-02-30'",
        "escalation 'one': nobody on the roster has role 'chief'",
        "escalation 'one': no channel 'radio'",
        "escalation 'two': later steps are for priority 1 and 2",
        "no step has after_min = 0",
        "quiet_hours 'unknown': no such alarm_class",
        "ends",
        "test_at",
    )
    assert [one for one in wanted if not any(one in fault for fault in found)] == []


def test_a_channel_that_writes_to_each_needs_an_address_for_each() -> None:
    found = faults(duty=[person("a", ["operator", "chief"], [("sms", "")])])
    assert found == ["duty 'a' contacts: channel 'sms' needs a 'to'"]


@pytest.mark.parametrize(
    "secret",
    [
        SECRET,
        {"env": f"https://oapi.dingtalk.com/robot/send?access_token={SECRET}"},
        {"file": SECRET},
        {"value": SECRET},
        {"env": SECRET, "file": "/x"},
        [SECRET],
    ],
)
@pytest.mark.parametrize("place", ["secret", "signing"])
def test_a_secret_written_into_the_file_is_refused_and_not_repeated(
    secret: object, place: str
) -> None:
    found = faults(channel=[{**channel("group", "dingtalk"), place: secret}])
    assert any(f"channel 'group' {place}: never the secret itself" in one for one in found)
    assert "planted" not in " ".join(found)


def test_a_secret_names_one_place() -> None:
    assert any("one place" in one for one in faults(channel=[channel("group", "wecom", secret={})]))
    both = {"env": "A", "file": "/a"}
    assert any("one place" in one for one in faults(channel=[channel("g", "wecom", secret=both)]))


def test_a_secret_shows_itself_to_nobody() -> None:
    secret = read_secret(SecretSource(env="TOKEN"), {"TOKEN": f" {SECRET}\n"})
    assert secret.text == SECRET
    assert SECRET not in f"{secret} {secret!r}"
    with pytest.raises(SecretError, match="TOKEN is not set"):
        read_secret(SecretSource(env="TOKEN"), {})


TOKENS = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=12, max_size=40)


@given(TOKENS, st.text(max_size=30), st.text(max_size=30))
def test_a_secret_is_masked_wherever_it_stands_in_the_words(
    token: str, before: str, after: str
) -> None:
    address = f"https://oapi.dingtalk.com/robot/send?access_token={token}"
    for secret in (token, address):
        words = masked(f"{before}{token}{after} {address}", [Secret(secret)])
        assert token not in words


@given(st.text(max_size=500))
def test_words_are_one_short_line(words: str) -> None:
    found = masked(words, [])
    assert len(found) <= 300
    assert "\n" not in found
    assert "\x00" not in found


def test_an_address_keeps_enough_to_know_whose_it_is() -> None:
    assert masked_address("13800001234") == f"138{MASK}1234"
    assert masked_address("zhang@ropeway.test") == f"z{MASK}@ropeway.test"
    assert (masked_address("12345"), masked_address("")) == (MASK, "")


def test_the_examples_of_the_how_to_are_good_together() -> None:
    page = Path(__file__).parents[3] / "docs" / "how-to" / "tell-people.md"
    blocks = re.findall(r"(?ms)^```toml\n(.*?)^```", page.read_text(encoding="utf-8"))
    tables = tomllib.loads("\n".join(one for one in blocks if one.startswith("[[")))
    assert {one["kind"] for one in tables["channel"]} >= {"dingtalk", "wecom", "feishu", "email"}
    assert parse_telling(PLANT_TABLES | tables)[1] == []
