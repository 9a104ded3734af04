"""Secrets: where each is read from, and how whatever could show one is masked."""

import base64
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import parse_qsl, quote, quote_plus, unquote, urlsplit

from pydantic import StringConstraints, model_validator

from collector.site import Table

VARIABLE = r"^[A-Z][A-Z0-9_]*$"
PATH = r"^/[^\x00]*$"
MASK = "****"
SHORTEST = 4
"""Parts shorter than this are words of everyday; masking them would hide the answer."""

LONGEST_WORDS = 300

Variable = Annotated[str, StringConstraints(pattern=VARIABLE, max_length=80)]
FilePath = Annotated[str, StringConstraints(pattern=PATH, max_length=400)]


class SecretError(Exception):
    """A secret is not where the site file says; the text names the place, never the secret."""


class SecretSource(Table):
    """Where a secret stands: an environment variable, or a file with nothing else in it."""

    env: Variable | None = None
    file: FilePath | None = None

    @model_validator(mode="after")
    def names_one_place(self) -> Self:
        """Refuse a source that names no place, or two."""
        if (self.env is None) == (self.file is None):
            message = "name one place: env or file"
            raise ValueError(message)
        return self


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret as it was read; nothing prints it."""

    text: str = field(repr=False)

    def __str__(self) -> str:
        return MASK


def read_secret(source: SecretSource, environment: Mapping[str, str]) -> Secret:
    """Return the secret; SecretError, in one sentence to act on, where there is none."""
    if source.env is not None:
        text = environment.get(source.env, "").strip()
        if not text:
            raise SecretError(f"environment variable {source.env} is not set")
        return Secret(text)
    path = Path(source.file or "")
    try:
        text = path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SecretError(f"secret file {path}: {error.strerror}") from error
    except UnicodeDecodeError:
        raise SecretError(f"secret file {path}: is not UTF-8 text") from None
    if not text:
        raise SecretError(f"secret file {path}: is empty")
    return Secret(text)


def masked(words: str, secrets: Iterable[Secret]) -> str:
    """Return `words` on one line, cut to a few hundred signs, without any part of a secret."""
    parts = {spelling for one in secrets for part in _parts(one.text) for spelling in _spelt(part)}
    for part in sorted(parts, key=len, reverse=True):
        words = words.replace(part, MASK)
    return re.sub(r"[\x00-\x1f\x7f\s]+", " ", words).strip()[:LONGEST_WORDS]


def masked_address(to: str) -> str:
    """Return a number or an address with its middle left out: enough to know whose it is."""
    name, at, host = to.partition("@")
    if at:
        return f"{name[:1]}{MASK}@{host}"
    return f"{to[:3]}{MASK}{to[-4:]}" if len(to) > 8 else MASK if to else ""


def _parts(secret: str) -> set[str]:
    """Return the secret and what of it is secret by itself: each part of an address."""
    found = {secret, unquote(secret)}
    if "://" in secret:
        pieces = re.split(r"[/:@?&=#]+", secret.split("://", 1)[1])
        found |= {unquote(piece) for piece in pieces}
        found |= {value for _, value in parse_qsl(urlsplit(secret).query)}
        found -= {"send", "hook", "robot", "open-apis", "access_token", "webhook", "cgi-bin"}
    return {part for part in found if len(part) >= SHORTEST}


def _spelt(part: str) -> set[str]:
    coded = base64.b64encode(part.encode()).decode()
    return {part, quote(part), quote(part, safe=""), quote_plus(part), coded}
