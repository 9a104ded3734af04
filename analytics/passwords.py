"""Hash passwords, compare them, and make secrets that nobody can guess."""

import asyncio
import hashlib
import secrets
from dataclasses import dataclass, field

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

# No letter or figure that could be read as another one: these are typed from paper.
PLAIN_SIGNS = "abcdefghjkmnpqrstuvwxyz23456789"
GROUPS, GROUP_LENGTH = 4, 4
TOKEN_BYTES = 32


def new_token() -> str:
    """Return a token of 256 bits, fit for a cookie, a header or an address."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def token_digest(token: str) -> str:
    """Return the SHA-256 of a token: enough for what cannot be guessed."""
    return hashlib.sha256(token.encode()).hexdigest()


def one_time_password() -> str:
    """Return a password of 79 bits that is easy to read out and to type."""
    return "-".join(
        "".join(secrets.choice(PLAIN_SIGNS) for _ in range(GROUP_LENGTH)) for _ in range(GROUPS)
    )


@dataclass(slots=True)
class Passwords:
    """Hash by Argon2id (RFC 9106, low-memory terms), one at a time and off the event loop.

    A hash takes some 50 ms of a core: nobody who guesses may hold up collecting.
    """

    hasher: PasswordHasher = field(default_factory=lambda: PasswordHasher(parallelism=1))
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    _nobodys: str = ""

    async def hash(self, password: str) -> str:
        """Return what to keep of a password."""
        async with self._turn:
            return await asyncio.to_thread(self.hasher.hash, password)

    async def fits(self, kept: str | None, password: str) -> bool:
        """Return whether `password` is the one kept; None takes as long and never fits."""
        if kept is None:
            self._nobodys = self._nobodys or await self.hash(new_token())
        async with self._turn:
            fits = await asyncio.to_thread(self._verify, kept or self._nobodys, password)
        return fits and kept is not None

    def _verify(self, kept: str, password: str) -> bool:
        try:
            return self.hasher.verify(kept, password)
        except (VerificationError, InvalidHashError):
            return False
