"""Our certificate for OPC UA, and the list of server certificates that we trust."""

import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import mkstemp

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from collector.drivers import DriverError
from collector.model import NANOSECONDS

KEY_BITS = 2048  # Basic256Sha256 takes 2048 to 4096, OPC UA part 7
VALID_DAYS = 5 * 365
# A server whose clock is behind ours must not find our certificate too young.
BACKDATED_DAYS = 2
WARNED_DAYS = 60
DAY_NS = 86_400 * NANOSECONDS

IDENTITY = "client.pem"
FOR_SERVERS = "client.der"


@dataclass(frozen=True, slots=True)
class Identity:
    """Our certificate (DER), its key (PEM), the URI it names us by, and when it ends."""

    certificate: bytes
    key: bytes
    uri: str
    ends_ns: int


@dataclass(frozen=True, slots=True)
class Certificate:
    """A server's certificate that may be used now, and when it ends."""

    der: bytes
    ends_ns: int


def days_left(ends_ns: int, now_ns: int) -> float:
    """Return the days from now to the end of a certificate; below 0 once it has ended."""
    return (ends_ns - now_ns) / DAY_NS


class TrustFolder:
    """The folder that holds `client.pem`, `client.der`, `trusted/` and `rejected/`.

    Files are read at each call, so that what a person puts there counts at the
    next connecting, without a restart. Instants are the machine's, in ns UTC: they
    are compared with other machines'. The calls take up to a second of work and
    belong into a thread.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.trusted = folder / "trusted"
        self.rejected = folder / "rejected"

    def identity(self, now_ns: int) -> Identity:
        """Return our certificate and key, made anew where there are none.

        DriverError where the files cannot be used, or the certificate has ended.
        """
        path = self.folder / IDENTITY
        try:
            if not path.exists():
                self._make(now_ns)
            pem = path.read_bytes()
            certificate = x509.load_pem_x509_certificate(pem)
            key = load_pem_private_key(pem, password=None)
            der = certificate.public_bytes(Encoding.DER)
            if _bytes(self.folder / FOR_SERVERS) != der:
                _write(self.folder / FOR_SERVERS, der)
            (uri,) = _uris(certificate)[:1]
        except (OSError, ValueError, TypeError) as error:
            words = (
                f"our certificate and key in {path} cannot be used: {error}; "
                "put others there, or remove the file and new ones are made"
            )
            raise DriverError("certificate", words) from error
        if not _is_valid(certificate, now_ns):
            words = (
                f"our own certificate is valid {_span(certificate)} only; remove {path}, new "
                f"ones are made then, and let the server trust {FOR_SERVERS} beside it"
            )
            raise DriverError("certificate_ended", words)
        pem_key = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return Identity(der, pem_key, uri, _ends_ns(certificate))

    def stamp(self) -> int:
        """Return a number that changes when our certificate's file does; 0 without one."""
        try:
            return (self.folder / IDENTITY).stat().st_mtime_ns
        except OSError:
            return 0

    def judge(self, device: str, der: bytes, now_ns: int) -> Certificate:
        """Return the server's certificate if it is trusted and valid at `now_ns`.

        It is trusted when it stands in `trusted/`, or was issued by a certificate that
        stands there. Otherwise it is put into `rejected/`. DriverError says what to do.
        """
        certificate = _parsed(der)
        if certificate is None:
            words = "the server's certificate cannot be read; give the server a new one"
            raise DriverError("certificate", words)
        der = certificate.public_bytes(Encoding.DER)
        if not any(_vouches(one, certificate, now_ns) for one in self._trusted()):
            raise DriverError("untrusted", self._reject(device, certificate, der))
        if not _is_valid(certificate, now_ns):
            words = (
                f"the server's certificate is valid {_span(certificate)} only; "
                "renew it on the server (and check the clocks of both machines)"
            )
            raise DriverError("certificate_ended", words)
        return Certificate(der, _ends_ns(certificate))

    def _trusted(self) -> Iterator[x509.Certificate]:
        for path in sorted(self.trusted.glob("*")):
            found = _parsed(_bytes(path))
            if found is not None:
                yield found

    def _reject(self, device: str, certificate: x509.Certificate, der: bytes) -> str:
        mark = certificate.fingerprint(hashes.SHA256()).hex().upper()
        path = self.rejected / f"{device}-{mark[:16].lower()}.der"
        try:
            self.trusted.mkdir(parents=True, exist_ok=True)
            _write(path, der)
        except OSError as error:
            return f"the server's certificate is not trusted, nor can it be kept: {error}"
        shown = ":".join(mark[at : at + 4] for at in range(0, 32, 4))
        return (
            f"the server's certificate is not trusted (SHA-256 {shown}…); compare this with "
            f"what the server shows, then move {path} into {self.trusted}"
        )

    def _make(self, now_ns: int) -> None:
        key = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
        certificate = _self_signed(key, datetime.fromtimestamp(now_ns // NANOSECONDS, UTC))
        pem_key = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        path = self.folder / IDENTITY
        draft = path.with_name(f"{IDENTITY}.{certificate.serial_number:x}")
        _write(draft, pem_key + certificate.public_bytes(Encoding.PEM))
        try:
            os.link(draft, path)  # another device may have made them meanwhile: theirs stay
        except FileExistsError:
            pass
        finally:
            draft.unlink()


def _self_signed(key: rsa.RSAPrivateKey, now: datetime) -> x509.Certificate:
    """Return a certificate of an application as OPC UA part 6, 6.2.2 wants it."""
    host = socket.gethostname()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Ropewatch {host}"[:64])])
    uri = x509.UniformResourceIdentifier(f"urn:{host}:ropewatch")
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=True,
        key_encipherment=True,
        data_encipherment=True,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    return (
        x509.CertificateBuilder(
            issuer_name=name,
            subject_name=name,
            public_key=key.public_key(),
            serial_number=x509.random_serial_number(),
            not_valid_before=now - timedelta(days=BACKDATED_DAYS),
            not_valid_after=now + timedelta(days=VALID_DAYS),
        )
        .add_extension(x509.SubjectAlternativeName([uri, x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(identifier, critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier),
            critical=False,
        )
        .add_extension(usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )


def _vouches(trusted: x509.Certificate, found: x509.Certificate, now_ns: int) -> bool:
    """Return whether `trusted` is the certificate found, or a valid authority that issued it."""
    if trusted == found:
        return True
    if not (_is_authority(trusted) and _is_valid(trusted, now_ns)):
        return False
    try:
        found.verify_directly_issued_by(trusted)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (x509.ExtensionNotFound, ValueError):
        return False


def _is_valid(certificate: x509.Certificate, now_ns: int) -> bool:
    now = datetime.fromtimestamp(now_ns // NANOSECONDS, UTC)
    return certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc


def _span(certificate: x509.Certificate) -> str:
    begin, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    return f"from {begin:%Y-%m-%d} to {end:%Y-%m-%d}"


def _ends_ns(certificate: x509.Certificate) -> int:
    return int(certificate.not_valid_after_utc.timestamp()) * NANOSECONDS


def _uris(certificate: x509.Certificate) -> list[str]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound as error:
        message = "the certificate names no application URI"
        raise ValueError(message) from error
    return names.value.get_values_for_type(x509.UniformResourceIdentifier)


def _parsed(found: bytes) -> x509.Certificate | None:
    """Return the certificate in DER (the first of a chain) or PEM; None where there is none."""
    try:
        if found.lstrip().startswith(b"-----BEGIN"):
            return x509.load_pem_x509_certificate(found)
        return x509.load_der_x509_certificate(found[: _der_length(found)])
    except ValueError:
        return None


def _der_length(der: bytes) -> int:
    """Return the length of the first DER value: servers send chains end to end."""
    if len(der) < 2 or der[1] < 0x80:
        return len(der)
    width = der[1] & 0x7F
    return 2 + width + int.from_bytes(der[2 : 2 + width], "big")


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _write(path: Path, content: bytes) -> None:
    """Write a file for the owner's eyes only, whole or not at all.

    The draft's name is its own: devices that are met at once write the same file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    number, draft = mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(number, "wb") as file:
            file.write(content)
        Path(draft).replace(path)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
