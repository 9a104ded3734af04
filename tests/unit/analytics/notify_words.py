"""A small roster with its channels and steps, as the tests of telling people use it."""

from typing import Any

from analytics.notify.terms import Telling

Contacts = list[tuple[str, str]]


def channel(name: str, kind: str, **other: Any) -> dict[str, Any]:
    table = {"id": name, "name": {"zh": f"{name}通道", "en": name}, "kind": kind}
    return table | {"secret": {"env": name.upper()}} | other


def person(user: str, roles: list[str], contacts: Contacts, **other: Any) -> dict[str, Any]:
    told = [{"channel": one, "to": to} for one, to in contacts]
    return {"user": user, "roles": roles, "contacts": told} | other


def telling_tables(address: str = "http://127.0.0.1:9", mail_port: int = 9) -> dict[str, Any]:
    """A group robot and text messages for two operators, mail for their chief."""
    mail = {"host": "127.0.0.1", "port": mail_port, "security": "none", "sender": "r@x.test"}
    return {
        "channel": [
            channel("group", "dingtalk", server=address),
            channel("sms", "webhook", url=f"{address}/sms", ok_key="result"),
            channel("mail", "email", **mail),
        ],
        "duty": [
            person(
                "zhang.wei",
                ["operator"],
                [("group", "13800000001"), ("sms", "13800000001")],
                name={"zh": "张伟", "en": "Zhang Wei"},
            ),
            person("li.na", ["operator"], [("group", ""), ("sms", "13800000002")]),
            person("chief", ["chief"], [("mail", "chief@x.test")]),
        ],
        "escalation": [
            {"id": "desk", "roles": ["operator"], "lowest_priority": 3},
            {"id": "chief", "after_min": 5, "roles": ["chief"]},
        ],
    }


def a_telling(**other: Any) -> Telling:
    return Telling.model_validate(telling_tables() | other)
