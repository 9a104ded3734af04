"""Apprise's services for group robots and gateways, made to read what the server answers.

Apprise takes each answer of DingTalk and WeCom with status 200 for success, though these
refuse with status 200 and an error number in the body; it neither signs for Feishu nor
mentions people. So here Apprise parses, checks, signs and splits, and this module posts.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx
from apprise.plugins.custom_json import NotifyJSON
from apprise.plugins.dingtalk import NotifyDingTalk
from apprise.plugins.feishu import NotifyFeishu
from apprise.plugins.wecombot import NotifyWeComBot

from analytics.records import Outcome

CONNECT_S, ANSWER_S = 4.0, 8.0
MOST_SHOWN = 200

BUSY_CODES = {
    "410100": "dingtalk: too many messages",
    "130101": "dingtalk: too many messages in a minute",
    "-1": "wecom and dingtalk: the server is busy",
    "45009": "wecom: too many messages in a minute",
    "45033": "wecom: too many requests at once",
    "9499": "feishu: too many requests",
    "11232": "feishu: too many messages",
    "11233": "feishu: the group gets too many messages",
}
"""Error numbers that ask to come again; every other one wants an engineer."""


@dataclass(frozen=True, slots=True)
class Reply:
    """How one attempt ended, in the server's words, and how long the server asks to wait."""

    outcome: Outcome
    words: str
    wait_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Expected:
    """Which key of the answer's JSON body says that the message was taken, and with what value."""

    key: str = ""
    value: str = "0"


@dataclass(slots=True)
class Posting:
    """What a post needs beside the message, and what became of it; worst part counts."""

    mentions: tuple[str, ...] = ()
    signing: str = ""
    server: str | None = None
    now_s: int = 0
    reply: Reply | None = None

    def heard(self, reply: Reply) -> bool:
        """Keep what the server said to one part of a message; True where it was taken."""
        if self.reply is None or self.reply.outcome is Outcome.DELIVERED:
            self.reply = reply
        return reply.outcome is Outcome.DELIVERED

    def place(self, address: str) -> str:
        """Return the address at the server of the site file, where that names one."""
        if self.server is None:
            return address
        path = address.split("://", 1)[1].partition("/")[2]
        return f"{self.server.rstrip('/')}/{path}"


class DingTalkRobot(NotifyDingTalk):
    """DingTalk, refused where `errcode` is not 0."""

    posting: Posting

    def send(self, *_: Any, **said: Any) -> bool:
        """Post one text; return whether the server took it."""
        params: dict[str, str] = {"access_token": self.token}
        if self.secret:
            stamp, signature = self.get_signature()  # type: ignore[no-untyped-call]
            params |= {"timestamp": stamp, "sign": httpx.QueryParams(f"sign={signature}")["sign"]}
        mentioned = " ".join(f"@{one}" for one in self.posting.mentions)
        text = "\n".join(part for part in (said["title"], said["body"], mentioned) if part)
        message = {
            "msgtype": "text",
            "text": {"content": text},
            "at": {"atMobiles": list(self.posting.mentions), "isAtAll": False},
        }
        address = self.posting.place("https://oapi.dingtalk.com/robot/send")
        return self.posting.heard(ask(address, message, Expected("errcode"), params))


class WeComRobot(NotifyWeComBot):
    """WeCom, refused where `errcode` is not 0."""

    posting: Posting

    def send(self, *_: Any, **said: Any) -> bool:
        """Post one text; return whether the server took it."""
        text: dict[str, Any] = {"content": said["body"]}
        if self.posting.mentions:
            text["mentioned_mobile_list"] = list(self.posting.mentions)
        message = {"msgtype": "text", "text": text}
        address = self.posting.place("https://qyapi.weixin.qq.com/cgi-bin/webhook/send")
        return self.posting.heard(ask(address, message, Expected("errcode"), {"key": self.key}))


class FeishuRobot(NotifyFeishu):
    """Feishu, signed where the robot asks for it, refused where `code` is not 0."""

    posting: Posting

    def send(self, *_: Any, **said: Any) -> bool:
        """Post one text; return whether the server took it."""
        mentioned = " ".join(f'<at user_id="{one}"></at>' for one in self.posting.mentions)
        text = "\n".join(part for part in (said["title"], said["body"], mentioned) if part)
        message: dict[str, Any] = {"msg_type": "text", "content": {"text": text}}
        if self.posting.signing:
            stamp = str(self.posting.now_s)
            key = f"{stamp}\n{self.posting.signing}".encode()
            digest = hmac.new(key, b"", hashlib.sha256).digest()
            message |= {"timestamp": stamp, "sign": base64.b64encode(digest).decode()}
        hook = f"https://open.feishu.cn/open-apis/bot/v2/hook/{self.token}"
        return self.posting.heard(ask(self.posting.place(hook), message, Expected("code")))


class Gateway(NotifyJSON):
    """A gateway for text messages: JSON under the names that the site file gives."""

    posting: Posting
    address: str
    keys: tuple[str, str, str]
    authorised: Mapping[str, str]
    expected: Expected

    def send(self, *_: Any, **said: Any) -> bool:
        """Post one text to one number; return whether the gateway took it."""
        to_key, title_key, text_key = self.keys
        message = {
            title_key: said["title"],
            text_key: said["body"],
            to_key: self.posting.mentions[0],
        }
        found = ask(self.address, message, self.expected, headers=self.authorised)
        return self.posting.heard(found)


def ask(
    address: str,
    message: Mapping[str, Any],
    expected: Expected,
    params: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Reply:
    """Post `message` as JSON and return what the server made of it.

    Nowhere else is followed to: a redirect would carry the secret there.
    """
    content = json.dumps(message, ensure_ascii=False).encode()
    told = {"Content-Type": "application/json; charset=utf-8", **(headers or {})}
    wait = httpx.Timeout(ANSWER_S, connect=CONNECT_S)
    try:
        answer = httpx.post(
            address, params=params or None, content=content, headers=told, timeout=wait
        )
    except httpx.TimeoutException as error:
        return Reply(Outcome.FAILED, f"no answer in time ({type(error).__name__})")
    except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError) as error:
        return Reply(Outcome.FAILED, f"{type(error).__name__}: {error}")
    return judge(answer, expected)


def judge(answer: httpx.Response, expected: Expected) -> Reply:
    """Return what an answer means."""
    words = f"HTTP {answer.status_code} {answer.text[:MOST_SHOWN]}".strip()
    if answer.status_code == 429 or answer.status_code >= 500:
        return Reply(Outcome.BUSY, words, _asked_wait_s(answer))
    if not answer.is_success:
        return Reply(Outcome.REFUSED, words)
    return _judge_body(answer, expected, words) if expected.key else Reply(Outcome.DELIVERED, words)


def _judge_body(answer: httpx.Response, expected: Expected, words: str) -> Reply:
    try:
        body = answer.json()
    except ValueError:
        body = None
    code = body.get(expected.key) if isinstance(body, dict) else None
    if code is None:
        # A captive portal or a proxy answers 200 too; the message did not get through.
        return Reply(Outcome.FAILED, f"{words} (not the service's answer: no {expected.key})")
    if str(code) == expected.value:
        return Reply(Outcome.DELIVERED, words)
    return Reply(Outcome.BUSY if str(code) in BUSY_CODES else Outcome.REFUSED, words)


def _asked_wait_s(answer: httpx.Response) -> float:
    asked = answer.headers.get("Retry-After", "")
    return float(asked) if asked.isascii() and asked.isdigit() else 0.0
