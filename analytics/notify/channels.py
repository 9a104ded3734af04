"""The tables of the site file for channels: the services that messages go through."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from analytics.notify.secrets import SecretSource
from collector.site import Id, Name, Table

WebAddress = Annotated[str, StringConstraints(pattern=r"^https?://[^\s]+$", max_length=400)]
Words = Annotated[str, StringConstraints(max_length=200)]

GROUPS = ("dingtalk", "wecom", "feishu", "apprise")
"""Kinds whose message goes to a group, once for all who are told; the others write to each."""


class ChannelTable(Table):
    """What every channel has."""

    id: Id
    name: Name
    secret: SecretSource

    @property
    def is_group(self) -> bool:
        """Whether one message reaches all who are told."""
        return False


class RobotChannel(ChannelTable):
    """The robot of a group."""

    server: WebAddress | None = None

    @property
    def is_group(self) -> bool:
        """Whether one message reaches all who are told."""
        return True


class SignedRobot(RobotChannel):
    """The robot of a group that may ask for signed messages; `signing` is the key for that."""

    signing: SecretSource | None = None


class DingTalk(SignedRobot):
    """A DingTalk group robot (钉钉群机器人)."""

    kind: Literal["dingtalk"]


class WeCom(RobotChannel):
    """A WeCom group robot (企业微信群机器人)."""

    kind: Literal["wecom"]


class Feishu(SignedRobot):
    """A Feishu group robot (飞书群机器人)."""

    kind: Literal["feishu"]


class Email(ChannelTable):
    """E-mail by one SMTP server; the secret is the password."""

    kind: Literal["email"]
    host: Words
    port: int = Field(default=587, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: Words = ""
    sender: Words


class Webhook(ChannelTable):
    """A gateway that takes JSON by POST: text messages, calls, a system of one's own.

    The secret goes in `header`, after `scheme`; `to_key`, `title_key` and `text_key` name
    what is sent. Where `ok_key` is given, an answer counts as taken only with `ok_value` there.
    """

    kind: Literal["webhook"]
    url: WebAddress
    header: Words = "Authorization"
    scheme: Words = "Bearer"
    to_key: Words = "to"
    title_key: Words = "title"
    text_key: Words = "text"
    ok_key: Words = ""
    ok_value: Words = "0"


class AppriseService(ChannelTable):
    """Any other service that Apprise speaks to; the secret is its whole Apprise address."""

    kind: Literal["apprise"]

    @property
    def is_group(self) -> bool:
        """Whether one message reaches all who are told."""
        return True


Channel = Annotated[
    DingTalk | WeCom | Feishu | Email | Webhook | AppriseService, Field(discriminator="kind")
]
