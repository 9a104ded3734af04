"""Send one message through one channel by Apprise, in a thread, and say what became of it."""

import logging
import re
import smtplib
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import parse_qs, quote, urlsplit

from apprise import Apprise, AppriseAsset
from apprise.exception import AppriseException
from apprise.plugins.base import NotifyBase
from apprise.plugins.email import NotifyEmail

from analytics.notify.channels import (
    AppriseService,
    Channel,
    DingTalk,
    Email,
    Feishu,
    RobotChannel,
    SignedRobot,
    Webhook,
    WeCom,
)
from analytics.notify.robots import (
    ANSWER_S,
    DingTalkRobot,
    Expected,
    FeishuRobot,
    Gateway,
    Posting,
    Reply,
    WeComRobot,
)
from analytics.notify.secrets import Secret, SecretError, masked, read_secret
from analytics.records import Outcome

APPRISE = "apprise"
# What the parts of Apprise and what they stand on raise; each is a reason, none is ours to hide.
FAULTS = (
    AppriseException,
    smtplib.SMTPException,
    OSError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    RuntimeError,
)
MODES = {"starttls": "starttls", "tls": "ssl", "none": "insecure"}
PERMANENT = re.compile(r"\(5\d\d, |authentication|recipients refused", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Letter:
    """What goes to whom: numbers, addresses or names to mention, as the channel wants them."""

    title: str
    text: str
    to: tuple[str, ...]


class Services:
    """Send letters; every word that comes back has its secrets masked.

    A secret is read anew for every attempt, so that a new one needs no restart.
    """

    def __init__(self, environment: Mapping[str, str], now_s: Callable[[], int]) -> None:
        self._environment = environment
        self._now_s = now_s
        self._asset = AppriseAsset(
            app_id="Ropewatch", app_desc="Ropewatch", http_redirects=False, plugin_paths=[]
        )
        keep_apprise_quiet()

    def send(self, channel: Channel, letter: Letter) -> Reply:
        """Return what became of the letter; blocks, so a thread of its own is the place for it."""
        secrets: list[Secret] = []
        with _Heard() as heard:
            try:
                found = self._sent(channel, letter, secrets)
            except SecretError as error:
                return Reply(Outcome.REFUSED, str(error))
            except FAULTS as error:
                found = Reply(Outcome.FAILED, f"{type(error).__name__}: {error}")
        if found is None:
            words = heard.words()
            grave = Outcome.REFUSED if PERMANENT.search(words) else Outcome.FAILED
            found = Reply(grave, words or "the service did not take it and does not say why")
        return Reply(found.outcome, masked(found.words, secrets), found.wait_s)

    def _sent(self, channel: Channel, letter: Letter, secrets: list[Secret]) -> Reply | None:
        """Return the server's reply; None where only Apprise's log says what went wrong."""
        secrets.append(read_secret(channel.secret, self._environment))
        posting = Posting(mentions=letter.to, now_s=self._now_s())
        if isinstance(channel, RobotChannel):
            posting.server = channel.server
        if isinstance(channel, SignedRobot) and channel.signing is not None:
            secrets.append(read_secret(channel.signing, self._environment))
            posting.signing = secrets[-1].text
        service = self._service(channel, secrets[0].text, posting)
        if service is None:
            return Reply(Outcome.REFUSED, "the secret is not what this kind of channel takes")
        # Robots get the title as part of the text; it is the first line already.
        title = letter.title if isinstance(channel, Email | Webhook) else ""
        taken = service.notify(body=letter.text, title=title)
        if posting.reply is not None:
            return posting.reply
        return Reply(Outcome.DELIVERED, "taken") if taken else None

    def _service(self, channel: Channel, secret: str, posting: Posting) -> NotifyBase | None:
        match channel:
            case DingTalk() | WeCom() | Feishu():
                return self._robot(channel, token_of(secret), posting)
            case Webhook():
                return self._gateway(channel, secret, posting)
            case Email():
                return self._mail(channel, secret, posting.mentions)
            case AppriseService():
                return _made(secret, self._asset)

    def _robot(self, channel: RobotChannel, secret: str, posting: Posting) -> NotifyBase:
        kind: Any
        match channel:
            case DingTalk():
                kind, words = DingTalkRobot, {"secret": posting.signing or None, "token": secret}
            case WeCom():
                kind, words = WeComRobot, {"key": secret}
            case _:
                kind, words = FeishuRobot, {"token": secret}
        return _posting(kind(**words, asset=self._asset), posting)

    def _gateway(self, channel: Webhook, secret: str, posting: Posting) -> NotifyBase:
        kind: Any = Gateway
        gateway = kind(host=urlsplit(channel.url).hostname, asset=self._asset)
        gateway.address = channel.url
        gateway.keys = (channel.to_key, channel.title_key, channel.text_key)
        gateway.authorised = {channel.header: f"{channel.scheme} {secret}".strip()}
        gateway.expected = Expected(channel.ok_key, channel.ok_value)
        return _posting(gateway, posting)

    def _mail(self, channel: Email, secret: str, to: tuple[str, ...]) -> NotifyBase:
        scheme = "mailto" if channel.security == "none" else "mailtos"
        by = f"{quote(channel.user, safe='')}:{quote(secret, safe='')}@" if channel.user else ""
        options = {
            "from": channel.sender,
            "to": ",".join(to),
            "mode": MODES[channel.security],
            "smtp": channel.host,
            "format": "text",
            "cto": f"{ANSWER_S:g}",
        }
        said = "&".join(f"{key}={quote(value, safe='')}" for key, value in options.items())
        address = f"{scheme}://{by}{channel.host}:{channel.port}?{said}"
        kind: Any = NotifyEmail
        # By its own class: Apprise would else load every service there is to find this one.
        return cast("NotifyBase", kind(**kind.parse_url(address), asset=self._asset))


def token_of(secret: str) -> str:
    """Return the robot's token: the secret itself, or what its whole address carries."""
    if "://" not in secret:
        return secret
    address = urlsplit(secret)
    asked = parse_qs(address.query)
    for name in ("access_token", "key"):
        if name in asked:
            return asked[name][0]
    return address.path.rstrip("/").rpartition("/")[2]


def keep_apprise_quiet() -> None:
    """Have Apprise's log heard by nobody but us: its lines carry whole addresses."""
    log = logging.getLogger(APPRISE)
    log.propagate = False
    log.setLevel(logging.DEBUG)
    if not log.handlers:
        log.addHandler(logging.NullHandler())
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.CRITICAL)


def _posting(service: Any, posting: Posting) -> NotifyBase:
    service.posting = posting
    return cast("NotifyBase", service)


def _made(address: str, asset: AppriseAsset) -> NotifyBase | None:
    found = Apprise.instantiate(address, asset=asset)
    return found if isinstance(found, NotifyBase) else None


class _Heard(logging.Handler):
    """What Apprise's log said in this very thread: it is where its reasons stand."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self._thread = threading.get_ident()
        self._said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line that tells a reason; the others tell addresses and contents."""
        reason = record.levelno >= logging.WARNING or "Exception" in str(record.msg)
        if record.thread == self._thread and reason:
            self._said.append(record.getMessage())

    def words(self) -> str:
        """Return what was said, in order."""
        return "; ".join(self._said)

    def __enter__(self) -> "_Heard":
        logging.getLogger(APPRISE).addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        logging.getLogger(APPRISE).removeHandler(self)
