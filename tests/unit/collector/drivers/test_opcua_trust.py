"""Our certificate is made once, and no server is trusted that nobody trusted by hand."""

import re
import stat
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from shutil import copy
from threading import Barrier

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from collector.drivers import DriverError
from collector.drivers.opcua_trust import (
    DAY_NS,
    FOR_SERVERS,
    IDENTITY,
    Identity,
    TrustFolder,
    days_left,
)
from tests.contract.certificates import made

pytestmark = pytest.mark.slow

NOW_NS = time.time_ns()


def test_our_certificate_is_made_on_first_use_and_stays(tmp_path: Path) -> None:
    trust = TrustFolder(tmp_path / "opcua")
    assert trust.stamp() == 0
    first = trust.identity(NOW_NS)
    assert trust.identity(NOW_NS) == first
    assert trust.stamp() != 0
    assert (tmp_path / "opcua" / "client.der").read_bytes() == first.certificate
    assert stat.S_IMODE((tmp_path / "opcua" / "client.pem").stat().st_mode) == 0o600
    found = x509.load_der_x509_certificate(first.certificate)
    names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.UniformResourceIdentifier) == [first.uri]
    assert days_left(first.ends_ns, NOW_NS) > 4 * 365
    assert [path.name for path in (tmp_path / "opcua").iterdir() if ".pem" in path.name] == [
        "client.pem"
    ]


def test_a_removed_certificate_is_made_anew(tmp_path: Path) -> None:
    trust = TrustFolder(tmp_path)
    first = trust.identity(NOW_NS)
    (tmp_path / "client.pem").unlink()
    second = trust.identity(NOW_NS)
    assert second.certificate != first.certificate
    assert (tmp_path / "client.der").read_bytes() == second.certificate


def test_our_certificate_that_ended_is_told_with_what_to_do(tmp_path: Path) -> None:
    trust = TrustFolder(tmp_path)
    ends_ns = trust.identity(NOW_NS).ends_ns
    with pytest.raises(DriverError, match=r"our own certificate is valid .* remove .*client\.pem"):
        trust.identity(ends_ns + DAY_NS)


def test_a_file_that_is_no_certificate_is_told_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "client.pem").write_text("nothing of the kind")
    with pytest.raises(DriverError, match="put others there, or remove the file") as caught:
        TrustFolder(tmp_path).identity(NOW_NS)
    assert caught.value.kind == "certificate"


def test_an_unknown_server_is_rejected_until_somebody_moves_its_certificate(
    tmp_path: Path,
) -> None:
    trust, server = TrustFolder(tmp_path), made()
    with pytest.raises(DriverError, match="is not trusted") as caught:
        trust.judge("plc", server.der, NOW_NS)
    assert caught.value.kind == "untrusted"
    named = re.search(r"then move (\S+) into (\S+)", str(caught.value))
    assert named is not None
    Path(named[1]).rename(Path(named[2]) / "plc.der")
    assert trust.judge("plc", server.der, NOW_NS).der == server.der
    assert trust.judge("plc", server.der + made().der, NOW_NS).der == server.der  # a chain


def test_a_certificate_in_text_form_is_trusted_too(tmp_path: Path) -> None:
    trust, server = TrustFolder(tmp_path), made()
    trust.trusted.mkdir()
    (trust.trusted / "notes.txt").write_text("no certificate")
    pem = server.certificate.public_bytes(Encoding.PEM)
    (trust.trusted / "plc.pem").write_bytes(pem)
    assert trust.judge("plc", server.der, NOW_NS).der == server.der


def test_what_a_trusted_authority_issued_is_trusted_and_what_another_did_is_not(
    tmp_path: Path,
) -> None:
    trust = TrustFolder(tmp_path)
    ours, theirs = made("authority", authority=True), made("authority", authority=True)
    trust.trusted.mkdir()
    (trust.trusted / "authority.der").write_bytes(ours.der)
    good = made(issuer=ours)
    assert trust.judge("plc", good.der, NOW_NS).der == good.der
    with pytest.raises(DriverError, match="is not trusted"):
        trust.judge("plc", made(issuer=theirs).der, NOW_NS)


def test_a_trusted_server_vouches_for_no_other(tmp_path: Path) -> None:
    trust, server = TrustFolder(tmp_path), made("server")
    trust.trusted.mkdir()
    (trust.trusted / "server.der").write_bytes(server.der)
    with pytest.raises(DriverError, match="is not trusted"):
        trust.judge("plc", made("another", issuer=server).der, NOW_NS)


@pytest.mark.parametrize("days", [(-30, -1), (1, 30)])
def test_a_certificate_outside_its_time_is_refused_although_trusted(
    tmp_path: Path, days: tuple[float, float]
) -> None:
    trust, server = TrustFolder(tmp_path), made(days=days)
    trust.trusted.mkdir()
    (trust.trusted / "plc.der").write_bytes(server.der)
    with pytest.raises(DriverError, match="renew it on the server") as caught:
        trust.judge("plc", server.der, NOW_NS)
    assert caught.value.kind == "certificate_ended"


def test_a_server_without_a_readable_certificate_is_refused(tmp_path: Path) -> None:
    for der in (b"", b"0", b"0\x82\xff", b"-----BEGIN CERTIFICATE-----"):
        with pytest.raises(DriverError, match="cannot be read"):
            TrustFolder(tmp_path).judge("plc", der, NOW_NS)


@pytest.mark.parametrize("made_before", [True, False])
def test_servers_met_at_once_share_one_identity(tmp_path: Path, made_before: bool) -> None:
    """At a first start each secured device asks for our certificate in a thread of its own."""
    maker = TrustFolder(tmp_path / "made")
    maker.identity(NOW_NS)
    devices = 8
    with ThreadPoolExecutor(devices) as threads:
        for start in range(15 if made_before else 2):
            trust, met = TrustFolder(tmp_path / str(start)), Barrier(devices)
            trust.folder.mkdir()
            if made_before:
                copy(maker.folder / IDENTITY, trust.folder)

            def meet(trust: TrustFolder = trust, met: Barrier = met) -> Identity:
                met.wait()
                return trust.identity(NOW_NS)

            found = [one.result() for one in [threads.submit(meet) for _ in range(devices)]]
            kept = (trust.folder / FOR_SERVERS).read_bytes()
            assert {one.certificate for one in found} == {kept}
            assert {one.name for one in trust.folder.iterdir()} == {IDENTITY, FOR_SERVERS}
