"""Every kind of channel against a real server: what counts as delivered, and what never shows."""

import asyncio
import base64
import hashlib
import hmac
import io
import logging
from collections.abc import Iterator
from email import message_from_string
from email.header import decode_header, make_header
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from analytics.notify.channels import Channel
from analytics.notify.robots import ANSWER_S, Reply
from analytics.notify.services import Letter, Services, token_of
from analytics.records import Outcome
from tests.chat_services import Answer, Mail, Robots, mail, robots
from tests.ports import free_port

TOKEN = "a1b2c3d4e5f6a7b8c9d0planted"
SIGNING = "SECplantedsigningkey0123456789"
PASSWORD = "planted p@ss/word"
ENVIRONMENT = {"TOKEN": TOKEN, "SIGNING": SIGNING, "PASSWORD": PASSWORD}
NOW_S = 1_700_000_000
LETTER = Letter(
    "一级报警 阵风 21 m/s", "一级报警 阵风 21 m/s\n处置：减速\n\nP1 gust", ("13800000001",)
)
PATHS = {"dingtalk": "/robot/send", "wecom": "/cgi-bin/webhook/send", "feishu": "/open-apis"}

CHANNEL: TypeAdapter[Channel] = TypeAdapter(Channel)


def a_channel(kind: str, **other: Any) -> Channel:
    table = {"id": kind, "name": {"zh": kind, "en": kind}, "kind": kind, "secret": {"env": "TOKEN"}}
    return CHANNEL.validate_python(table | other)


async def sent(channel: Channel, letter: Letter = LETTER, **environment: str) -> Reply:
    services = Services(ENVIRONMENT | environment, lambda: NOW_S)
    return await asyncio.to_thread(services.send, channel, letter)


async def by_robot(kind: str, server: Robots, **other: Any) -> Reply:
    return await sent(a_channel(kind, server=server.address, **other))


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Everything that a log at the root would be told, down to the last detail."""
    heard = io.StringIO()
    handler, root = logging.StreamHandler(heard), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield heard
    root.removeHandler(handler)
    root.setLevel(level)


@pytest.mark.parametrize("kind", PATHS)
async def test_a_robot_takes_a_message_and_mentions_people(kind: str) -> None:
    async with robots() as server:
        reply = await by_robot(kind, server)
        assert reply.outcome is Outcome.DELIVERED
        (asked,) = server.asked
        assert asked.path.startswith(PATHS[kind])
        assert TOKEN in (asked.path + str(asked.query))
        assert LETTER.text in asked.text
        assert "13800000001" in str(asked.body)


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("dingtalk", {"errcode": 310000, "errmsg": "keywords not in content"}),
        ("dingtalk", {"errcode": 300001, "errmsg": "token is not exist"}),
        ("wecom", {"errcode": 93000, "errmsg": "invalid webhook url"}),
        ("feishu", {"code": 19001, "msg": "param invalid: incoming webhook access token invalid"}),
    ],
)
async def test_an_error_number_in_an_answer_of_status_200_is_no_delivery(
    kind: str, body: dict[str, Any]
) -> None:
    async with robots() as server:
        server.refuse(PATHS[kind], Answer(body=body))
        reply = await by_robot(kind, server)
        assert reply.outcome is Outcome.REFUSED
        assert str(next(iter(body.values()))) in reply.words


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("dingtalk", {"errcode": 410100, "errmsg": "send too fast, exceed 20 times per minute"}),
        ("wecom", {"errcode": 45009, "errmsg": "api freq out of limit"}),
        ("feishu", {"code": 11232, "msg": "frequency limited"}),
    ],
)
async def test_too_many_messages_are_tried_again_soon(kind: str, body: dict[str, Any]) -> None:
    async with robots() as server:
        server.refuse(PATHS[kind], Answer(body=body))
        assert (await by_robot(kind, server)).outcome is Outcome.BUSY


@pytest.mark.parametrize("kind", PATHS)
async def test_an_answer_of_somebody_else_is_no_delivery(kind: str) -> None:
    async with robots() as server:
        server.refuse(PATHS[kind], Answer(body="<html>please log in to the network</html>"))
        assert (await by_robot(kind, server)).outcome is Outcome.FAILED
        server.refuse(PATHS[kind], Answer(body={"welcome": True}))
        assert (await by_robot(kind, server)).outcome is Outcome.FAILED


@pytest.mark.parametrize("kind", PATHS)
async def test_the_wait_that_a_busy_server_asks_for_is_kept(kind: str) -> None:
    async with robots() as server:
        server.refuse(PATHS[kind], Answer(429, "slow down", (("Retry-After", "42"),)))
        reply = await by_robot(kind, server)
        assert (reply.outcome, reply.wait_s) == (Outcome.BUSY, 42.0)


async def test_a_redirect_is_not_followed_for_it_would_carry_the_secret_away() -> None:
    async with robots() as server, robots() as thief:
        to = (("Location", f"{thief.address}/robot/send"),)
        server.refuse("/robot", Answer(307, "", to))
        assert (await by_robot("dingtalk", server)).outcome is Outcome.REFUSED
        assert thief.asked == []


async def test_a_port_that_nobody_hears_is_told_in_words() -> None:
    address = f"http://127.0.0.1:{free_port()}"
    reply = await sent(a_channel("dingtalk", server=address))
    assert reply.outcome is Outcome.FAILED
    assert "Connect" in reply.words


@pytest.mark.slow
async def test_a_black_hole_ends_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analytics.notify.robots.ANSWER_S", 0.3)
    async with robots() as server:
        server.refuse("/robot", Answer(after_s=None))
        reply = await by_robot("dingtalk", server)
        assert reply.outcome is Outcome.FAILED
        assert "no answer in time" in reply.words


async def test_dingtalk_and_feishu_are_signed_as_their_manuals_say() -> None:
    signing = {"env": "SIGNING"}
    async with robots() as server:
        await by_robot("dingtalk", server, signing=signing)
        await by_robot("feishu", server, signing=signing)
        ding, feishu = server.asked
    stamp = ding.query["timestamp"]
    signed = hmac.new(SIGNING.encode(), f"{stamp}\n{SIGNING}".encode(), hashlib.sha256)
    assert ding.query["sign"] == base64.b64encode(signed.digest()).decode()
    signed = hmac.new(f"{NOW_S}\n{SIGNING}".encode(), b"", hashlib.sha256)
    assert feishu.body["timestamp"] == str(NOW_S)
    assert feishu.body["sign"] == base64.b64encode(signed.digest()).decode()


async def test_a_whole_address_copied_from_the_robot_is_as_good_as_its_token() -> None:
    addresses = (
        f"https://oapi.dingtalk.com/robot/send?access_token={TOKEN}",
        f"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={TOKEN}",
        f"https://open.feishu.cn/open-apis/bot/v2/hook/{TOKEN}",
        TOKEN,
    )
    assert {token_of(one) for one in addresses} == {TOKEN}


async def test_a_gateway_gets_the_names_that_the_site_file_gives() -> None:
    async with robots() as server:
        gateway = a_channel(
            "webhook",
            url=f"{server.address}/sms",
            to_key="mobile",
            text_key="message",
            ok_key="result",
        )
        assert (await sent(gateway)).outcome is Outcome.DELIVERED
        (asked,) = server.asked
        assert asked.body["mobile"] == "13800000001"
        assert asked.body["message"] == LETTER.text
        assert asked.headers["Authorization"] == f"Bearer {TOKEN}"
        server.refuse("/sms", Answer(body={"result": "1007", "msg": "no credit left"}))
        reply = await sent(gateway)
        assert (reply.outcome, "no credit" in reply.words) == (Outcome.REFUSED, True)


def mail_channel(server: Mail) -> Channel:
    return a_channel(
        "email",
        host="127.0.0.1",
        port=server.port,
        security="none",
        user="duty@ropeway.test",
        sender="duty@ropeway.test",
        secret={"env": "PASSWORD"},
    )


LETTER_BY_MAIL = Letter(LETTER.title, LETTER.text, ("chief@ropeway.test",))


async def test_a_mail_server_takes_a_letter() -> None:
    async with mail() as server:
        assert (await sent(mail_channel(server), LETTER_BY_MAIL)).outcome is Outcome.DELIVERED
        (letter,) = server.letters
        found = message_from_string(letter.removesuffix("\r\n.\r\n"))
        assert str(make_header(decode_header(found["Subject"]))) == LETTER.title
        body = found.get_payload(decode=True)
        assert isinstance(body, bytes)
        assert "处置：减速" in body.decode()
        assert "chief@ropeway.test" in server.recipients[0]
        assert server.logins


async def test_a_mail_server_that_refuses_is_told_in_its_own_words() -> None:
    async with mail() as server:
        server.refuses = "550 5.1.1 no such mailbox"
        reply = await sent(mail_channel(server), LETTER_BY_MAIL)
        assert reply.outcome is Outcome.REFUSED
        assert "no such mailbox" in reply.words
        server.refuses = "451 4.7.1 try again later"
        assert (await sent(mail_channel(server), LETTER_BY_MAIL)).outcome is Outcome.FAILED


@pytest.mark.slow
async def test_a_mail_server_that_says_nothing_ends_in_time() -> None:
    async with mail() as server:
        server.silent = True
        async with asyncio.timeout(ANSWER_S * 1.5):
            reply = await sent(mail_channel(server), LETTER_BY_MAIL)
        assert reply.outcome is Outcome.FAILED
        assert reply.words


async def test_any_other_service_of_apprise_goes_by_its_address() -> None:
    async with robots() as server:
        address = f"json://127.0.0.1:{server.port}/sms?-token={TOKEN}"
        channel = a_channel("apprise", secret={"env": "ADDRESS"})
        assert (await sent(channel, ADDRESS=address)).outcome is Outcome.DELIVERED
        assert LETTER.text.splitlines()[0] in server.asked[0].body["message"]
        reply = await sent(channel, ADDRESS="nonsense planted")
        assert reply.outcome is Outcome.REFUSED
        assert "planted" not in reply.words


async def test_a_secret_that_is_not_there_is_told_by_its_place(tmp_path: Path) -> None:
    reply = await sent(a_channel("dingtalk", secret={"env": "NOT_SET"}))
    assert (reply.outcome, reply.words) == (
        Outcome.REFUSED,
        "environment variable NOT_SET is not set",
    )
    missing = a_channel("dingtalk", secret={"file": str(tmp_path / "none")})
    assert "No such file" in (await sent(missing)).words
    (tmp_path / "secret").write_text(f"{TOKEN}\n", encoding="utf-8")
    async with robots() as server:
        kept = a_channel(
            "dingtalk", server=server.address, secret={"file": str(tmp_path / "secret")}
        )
        assert (await sent(kept)).outcome is Outcome.DELIVERED
        assert server.asked[0].query["access_token"] == TOKEN


@pytest.mark.parametrize("kind", PATHS)
async def test_a_server_that_echoes_the_secret_does_not_get_it_onto_record(
    kind: str, log: io.StringIO, capfd: pytest.CaptureFixture[str]
) -> None:
    async with robots() as server:
        echo = {"errcode": 300001, "code": 300001, "msg": f"bad token {TOKEN} with {SIGNING}"}
        server.refuse(PATHS[kind], Answer(body=echo))
        signing = {} if kind == "wecom" else {"signing": {"env": "SIGNING"}}
        reply = await by_robot(kind, server, **signing)
        assert "bad token ****" in reply.words
    shown = reply.words + log.getvalue() + "".join(capfd.readouterr())
    assert TOKEN not in shown
    assert kind == "wecom" or SIGNING not in reply.words


async def test_a_malformed_secret_is_not_repeated_in_the_refusal(
    log: io.StringIO, capfd: pytest.CaptureFixture[str]
) -> None:
    bad = "not a token!! planted"
    for kind in PATHS:
        reply = await sent(a_channel(kind), TOKEN=bad)
        assert reply.outcome is not Outcome.DELIVERED
        assert "planted" not in reply.words
    assert "planted" not in log.getvalue() + "".join(capfd.readouterr())
