"""A signed checkpoint of the journal, to be kept where the records are not."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from analytics.records.canonical import canonical_json
from analytics.records.errors import RecordsError

KEY_FILE = "checkpoint.key"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The end of the journal at one instant, signed; digests, key and signature in hexadecimal."""

    seq: int
    sha256: str
    count: int
    at_ns: int
    public_key: str
    signature: str = ""

    def signed_bytes(self) -> bytes:
        """Return what the signature covers: every other field."""
        covered = asdict(self)
        del covered["signature"]
        return b"ropewatch checkpoint 1\n" + canonical_json(covered).encode()

    def fault(self, pinned: str | None = None) -> str | None:
        """Say why this is not to be trusted, or None; `pinned` is the public key it must have."""
        if pinned is not None and pinned.strip().lower() != self.public_key:
            return f"checkpoint: signed with key {self.public_key}, not with the one expected"
        try:
            key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(self.public_key))
            key.verify(bytes.fromhex(self.signature), self.signed_bytes())
        except (InvalidSignature, ValueError):
            return "checkpoint: the signature does not belong to its content; it was altered"
        return None


def signing_key(folder: Path) -> Ed25519PrivateKey:
    """Return the key of the data folder, made at first use, readable by its owner only."""
    path = folder / KEY_FILE
    try:
        place = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return _read_key(path)
    except OSError as error:
        raise RecordsError(f"{path}: {error.strerror}; the key cannot be made there") from error
    key = Ed25519PrivateKey.generate()
    with os.fdopen(place, "wb") as file:
        file.write(key.private_bytes_raw())
        file.flush()
        os.fsync(file.fileno())
    return key


def signed(key: Ed25519PrivateKey, end: tuple[int, str, int], at_ns: int) -> Checkpoint:
    """Sign the end of a journal: its last `seq`, that row's SHA-256 and the count of rows."""
    public_key = key.public_key().public_bytes_raw().hex()
    bare = Checkpoint(*end, at_ns, public_key)
    return Checkpoint(*end, at_ns, public_key, key.sign(bare.signed_bytes()).hex())


def read_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint file; RecordsError when it is none."""
    try:
        found = Checkpoint(**json.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise RecordsError(f"{path}: {error.strerror}") from error
    except (ValueError, TypeError) as error:
        raise RecordsError(f"{path}: this is no checkpoint") from error
    whole = (found.seq, found.count, found.at_ns)
    words = (found.sha256, found.public_key, found.signature)
    if not all(type(one) is int for one in whole) or not all(type(one) is str for one in words):
        raise RecordsError(f"{path}: this is no checkpoint")
    return found


def _read_key(path: Path) -> Ed25519PrivateKey:
    try:
        return Ed25519PrivateKey.from_private_bytes(path.read_bytes())
    except (OSError, ValueError) as error:
        raise RecordsError(f"{path}: this is no key; move it away to make a new one") from error
