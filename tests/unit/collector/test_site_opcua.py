"""What the site file may say of OPC UA servers, and what it refuses."""

from typing import Any

import pytest
from pydantic import ValidationError

from collector.site import OpcUaDevice, OpcUaTag
from tests.unit.collector.words import node, opcua

FORCE = "north.tension.force"


@pytest.mark.parametrize(
    "identifier",
    [
        "s=Drive.Speed",
        "ns=2;s=a;b=c",
        "i=4294967295",
        "ns=65535;i=0",
        "g=09087e75-8e5e-499b-954f-f2a9603db28a",
        "ns=3;b=M/RbKBsRVkePCePcx24oRA==",
    ],
)
def test_every_kind_of_node_id_is_taken(identifier: str) -> None:
    assert OpcUaTag.model_validate(node(FORCE, node=identifier)).node == identifier


@pytest.mark.parametrize(
    "identifier",
    ["i=4294967296", "ns=65536;i=1", "i=one", "g=1234", "b=", "s=", "ns=2", "x=1", "Speed"],
)
def test_what_is_no_node_id_is_refused_before_anything_starts(identifier: str) -> None:
    with pytest.raises(ValidationError):
        OpcUaTag.model_validate(node(FORCE, node=identifier))


def test_security_is_one_of_two_words() -> None:
    device = opcua("b", node(FORCE))
    assert OpcUaDevice.model_validate(device).security == "none"
    safe: dict[str, Any] = {**device, "security": "basic256sha256_sign_and_encrypt"}
    assert OpcUaDevice.model_validate(safe).security == safe["security"]
    with pytest.raises(ValidationError, match="basic256sha256_sign_and_encrypt"):
        OpcUaDevice.model_validate({**device, "security": "basic128"})


def test_a_password_in_the_site_file_is_refused() -> None:
    with pytest.raises(ValidationError, match="Extra inputs"):
        OpcUaDevice.model_validate(opcua("b", node(FORCE), user="watch", password="secret"))
