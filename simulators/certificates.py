"""Certificates for simulated OPC UA servers that are safe, issued by an authority of their own."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

AUTHORITY = "authority.der"
KEY_BITS = 2048
LASTS = timedelta(days=365)
# A monitor's clock may be a little behind ours.
SINCE = timedelta(hours=1)


class Pair(NamedTuple):
    """Where a certificate (DER) and its key (PEM) stand."""

    certificate: Path
    key: Path


class Authority:
    """Issues certificates into `folder`, its own as `authority.der`: trust that one.

    `now` is the machine's time: other machines compare certificates with theirs.
    """

    def __init__(self, folder: Path, now: datetime) -> None:
        self._folder = folder
        self._key = _new_key()
        self._name = _name("Simulated authority")
        folder.mkdir(parents=True, exist_ok=True)
        certificate = (
            _draft(self._name, self._name, self._key, now)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .sign(self._key, hashes.SHA256())
        )
        (folder / AUTHORITY).write_bytes(certificate.public_bytes(Encoding.DER))

    def issue(self, device: str, uri: str, hosts: Sequence[str], now: datetime) -> Pair:
        """Return a new certificate of a server, in place of the one that it had."""
        key = _new_key()
        names: list[x509.GeneralName] = [x509.UniformResourceIdentifier(uri)]
        names += [x509.DNSName(host) for host in hosts]
        purposes = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
        certificate = (
            _draft(_name(device), self._name, key, now)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        pair = Pair(self._folder / f"{device}.der", self._folder / f"{device}.pem")
        pair.certificate.write_bytes(certificate.public_bytes(Encoding.DER))
        pair.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return pair


def machine_time(machine_ns: int) -> datetime:
    """Return the machine's instant as certificates have it."""
    return datetime.fromtimestamp(machine_ns // 1_000_000_000, UTC)


def _new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _draft(
    subject: x509.Name, issuer: x509.Name, key: rsa.RSAPrivateKey, now: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - SINCE)
        .not_valid_after(now + LASTS)
    )
