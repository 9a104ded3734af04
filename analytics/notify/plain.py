"""Messages, channels and people as plain tables, for answers: no secret, no whole number."""

from analytics.duty import Duty
from analytics.notify.channels import Channel, Email, RobotChannel, Webhook
from analytics.notify.desk import NoticeDesk, Wall
from analytics.notify.secrets import SecretSource, masked_address
from analytics.plain import Plain, milliseconds, name_table
from analytics.records import Attempt, Notice, Receipt


def wall_table(wall: Wall) -> Plain:
    """Return what the wall must show of messages that people did not get."""
    late = (*wall.undelivered, *wall.failed_tests)
    return {
        "undelivered": len(wall.undelivered),
        "failed_tests": len(wall.failed_tests),
        "untold": wall.untold,
        "channels": sorted({one.channel for one in late}),
        "oldest_ms": milliseconds(min((one.made_ns for one in late), default=None)),
    }


def notice_table(notice: Notice) -> Plain:
    """Return a message with every attempt and every person's receipt."""
    return {
        "id": notice.id,
        "kind": notice.kind,
        "channel": notice.channel,
        "priority": notice.priority,
        "title": notice.title,
        "text": notice.text,
        "made_ms": milliseconds(notice.made_ns),
        "late_ms": milliseconds(notice.late_ns),
        "state": notice.state.value,
        "settled_ms": milliseconds(notice.settled_ns),
        "attempts": [_attempt(one) for one in notice.attempts],
        "receipts": [_receipt(one) for one in notice.receipts],
    }


def channel_table(channel: Channel, desk: NoticeDesk, last_test: Notice | None) -> Plain:
    """Return a channel, where its secret stands, and how it does."""
    own = [one for one in desk.outbox.waiting if one.channel == channel.id]
    late = {one.id for one in desk.outbox.undelivered()}
    return {
        "id": channel.id,
        "name": name_table(channel.name),
        "kind": channel.kind,
        "place": _place(channel),
        "secret": _source(channel.secret),
        "waiting": len(own),
        "undelivered": sum(one.id in late for one in own),
        "last_test": notice_table(last_test) if last_test else None,
    }


def person_table(person: Duty, *, is_on: bool) -> Plain:
    """Return a person on the roster; numbers and addresses with their middle left out."""
    name = person.name
    return {
        "user": person.user,
        "name": name_table(name) if name else {"zh": person.user, "en": person.user},
        "roles": list(person.roles),
        "ropeways": list(person.ropeways),
        "on_duty": is_on,
        "contacts": [
            {"channel": one.channel, "to": masked_address(one.to)} for one in person.contacts
        ],
    }


def _attempt(attempt: Attempt) -> Plain:
    return {
        "number": attempt.number,
        "at_ms": milliseconds(attempt.at_ns),
        "took_ms": attempt.took_ms,
        "outcome": attempt.outcome.value,
        "words": attempt.words,
    }


def _receipt(receipt: Receipt) -> Plain:
    return {
        "person": receipt.person,
        "delivered_ms": milliseconds(receipt.delivered_ns),
        "seen_ms": milliseconds(receipt.seen_ns),
    }


def _place(channel: Channel) -> str:
    """Return the server's name: an address may carry more than people should see."""
    match channel:
        case Email():
            return f"{channel.host}:{channel.port}"
        case Webhook():
            return _host(channel.url)
        case RobotChannel():
            return _host(channel.server) if channel.server else ""
        case _:
            return ""


def _host(address: str) -> str:
    return address.split("://", 1)[1].partition("/")[0].rpartition("@")[2]


def _source(source: SecretSource) -> str:
    return f"env {source.env}" if source.env else f"file {source.file}"
