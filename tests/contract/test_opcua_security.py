"""OPC UA with security, against a server of the same library: trust, users, renewal."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from asyncua import ua
from asyncua.crypto.permission_rules import User, UserRole
from asyncua.server.server import Server
from structlog.testing import capture_logs

from collector.drivers import DriverError
from collector.drivers.opcua_session import Secrets
from collector.site import OpcUaDevice
from tests.contract.certificates import SERVER_URI, Pair, made
from tests.contract.opcua_parts import Peer, Reading, device_with, peer, reading

pytestmark = pytest.mark.slow

SAFE = "basic256sha256_sign_and_encrypt"
PASSWORD = {"ROPEWATCH_OPCUA_PASSWORD_PEER": "right"}


class Users:
    """One user, with one password."""

    def get_user(
        self,
        _server: object,
        username: str | None = None,
        password: str | None = None,
        certificate: object = None,  # noqa: ARG002 - the library hands it in
    ) -> User | None:
        return User(role=UserRole.User) if (username, password) == ("watch", "right") else None


def secured(folder: Path, pair: Pair, users: bool = False, policies: Any = None) -> Any:
    """What makes a server safe: its certificate, policies and users."""
    certificate, key = pair.write(folder)

    async def prepare(server: Server) -> None:
        await server.set_application_uri(SERVER_URI)
        await server.load_certificate(certificate)
        await server.load_private_key(key)
        server.set_security_policy(
            policies or [ua.SecurityPolicyType.Basic256Sha256_SignAndEncrypt]
        )
        if users:
            server.set_identity_tokens([ua.UserNameIdentityToken])
            server.iserver.user_manager = Users()  # type: ignore[assignment]

    return prepare


def safe_device(server: Peer, **other: Any) -> OpcUaDevice:
    return device_with(server.port, server.names, security=SAFE, **other)


def trust(folder: Path) -> None:
    """Move what was rejected to what is trusted, as the line says."""
    for path in (folder / "rejected").glob("*.der"):
        path.rename(folder / "trusted" / path.name)


async def test_a_safe_server_is_read_once_a_person_trusts_it(tmp_path: Path) -> None:
    secrets = Secrets(tmp_path / "opcua", {})
    async with peer(["a"], prepare=secured(tmp_path, made())) as server:
        with pytest.raises(DriverError, match=r"then move .* into") as caught:
            async with reading(safe_device(server), secrets):
                pass
        assert caught.value.kind == "untrusted"
        assert "\n" not in str(caught.value)
        trust(tmp_path / "opcua")
        async with reading(safe_device(server), secrets) as found:
            await found.until(found.all_good)
            await server.put("a", 2.5)
            await found.until(lambda: found.board.values[0] == 2.5)
            told = found.driver.told()
            assert 364 < float(told["server_certificate_days"]) < 366
            assert float(told["certificate_days"]) > 1000


async def test_a_renewed_server_certificate_needs_trust_and_no_restart(tmp_path: Path) -> None:
    secrets = Secrets(tmp_path / "opcua", {})
    async with peer(["a"], prepare=secured(tmp_path, made())) as server:
        found = Reading(safe_device(server), secrets)
        with pytest.raises(DriverError):
            await found.driver.connect()
        trust(tmp_path / "opcua")
        await found.driver.connect()
        await found.until(found.all_good)
        await server.stop()
        server.prepare = secured(tmp_path, made())
        await server.start()
        with pytest.raises(DriverError):
            await found.until(lambda: False)
        await found.driver.close()
        with pytest.raises(DriverError, match="is not trusted"):
            await found.driver.connect()
        await found.driver.close()
        trust(tmp_path / "opcua")
        await found.driver.connect()
        await found.once()
        await found.until(found.all_good)
        await found.driver.close()


async def test_our_renewed_certificate_is_used_without_a_restart(tmp_path: Path) -> None:
    secrets = Secrets(tmp_path / "opcua", {})
    pair = made()
    (tmp_path / "opcua" / "trusted").mkdir(parents=True)
    (tmp_path / "opcua" / "trusted" / "server.der").write_bytes(pair.der)
    async with (
        peer(["a"], prepare=secured(tmp_path, pair)) as server,
        reading(safe_device(server), secrets) as found,
    ):
        await found.until(found.all_good)
        before = (tmp_path / "opcua" / "client.der").read_bytes()
        (tmp_path / "opcua" / "client.pem").unlink()
        with pytest.raises(DriverError, match="our certificate was renewed"):
            await found.once()
        await found.driver.close()
        await found.driver.connect()
        await found.once()
        await found.until(found.all_good)
        assert (tmp_path / "opcua" / "client.der").read_bytes() != before


async def test_a_server_certificate_that_ended_is_one_clear_line(tmp_path: Path) -> None:
    pair = made(days=(-30, -1))
    (tmp_path / "opcua" / "trusted").mkdir(parents=True)
    (tmp_path / "opcua" / "trusted" / "server.der").write_bytes(pair.der)
    async with peer(["a"], prepare=secured(tmp_path, pair)) as server:
        with pytest.raises(DriverError, match="renew it on the server") as caught:
            async with reading(safe_device(server), Secrets(tmp_path / "opcua", {})):
                pass
    assert caught.value.kind == "certificate_ended"


@pytest.mark.parametrize(("days", "warned"), [(61, 0), (59.5, 1)])
async def test_a_certificate_that_ends_within_sixty_days_is_told_once_a_day(
    days: float, warned: int, tmp_path: Path
) -> None:
    pair = made(days=(-1, days))
    (tmp_path / "opcua" / "trusted").mkdir(parents=True)
    (tmp_path / "opcua" / "trusted" / "server.der").write_bytes(pair.der)
    async with peer(["a"], prepare=secured(tmp_path, pair)) as server:
        with capture_logs() as lines:
            async with reading(safe_device(server), Secrets(tmp_path / "opcua", {})) as found:
                await found.until(found.all_good)
                await asyncio.sleep(2 * found.device.scan_s)
                told = found.driver.told()
    said = [one for one in lines if one["event"] == "certificate ends"]
    assert len(said) == warned
    assert float(told["server_certificate_days"]) == pytest.approx(days, abs=0.2)
    for one in said:
        assert (one["device"], one["which"], one["days"]) == (
            "peer",
            "server_certificate_days",
            pytest.approx(days, abs=0.2),
        )
        assert "client.pem" in one["advice"]


async def test_a_server_without_security_is_never_read_without(tmp_path: Path) -> None:
    async with peer(["a"]) as server:
        with pytest.raises(DriverError, match=r"offers no security .*, only None None_") as caught:
            async with reading(safe_device(server), Secrets(tmp_path, {})):
                pass
    assert caught.value.kind == "security"


async def test_a_user_is_let_in_by_password_and_by_no_other(tmp_path: Path) -> None:
    pair = made()
    folder = tmp_path / "opcua"
    (folder / "trusted").mkdir(parents=True)
    (folder / "trusted" / "server.der").write_bytes(pair.der)
    (tmp_path / "password").write_text("right\n")
    async with peer(["a"], prepare=secured(tmp_path, pair, users=True)) as server:
        device = safe_device(server, user="watch")
        from_file = {"ROPEWATCH_OPCUA_PASSWORD_PEER_FILE": str(tmp_path / "password")}
        for environment in (PASSWORD, from_file):
            async with reading(device, Secrets(folder, environment)) as found:
                await found.until(found.all_good)
        wrong = {"ROPEWATCH_OPCUA_PASSWORD_PEER": "wrong"}
        with pytest.raises(DriverError, match="user name or password") as caught:
            async with reading(device, Secrets(folder, wrong)):
                pass
        assert caught.value.kind == "user"
        with pytest.raises(DriverError, match="put it into the environment as ROPEWATCH_OPCUA_"):
            async with reading(device, Secrets(folder, {})):
                pass
        with pytest.raises(DriverError, match="give the device a 'user'"):
            async with reading(safe_device(server), Secrets(folder, {})):
                pass


async def test_a_password_never_goes_in_the_clear(tmp_path: Path) -> None:
    pair = made()
    folder = tmp_path / "opcua"
    (folder / "trusted").mkdir(parents=True)
    (folder / "trusted" / "server.der").write_bytes(pair.der)
    clear = [ua.SecurityPolicyType.NoSecurity]
    prepare = secured(tmp_path, pair, users=True, policies=clear)
    async with peer(["a"], prepare=prepare) as server:
        device = device_with(server.port, ["a"], user="watch")
        with pytest.raises(DriverError, match="unencrypted only") as caught:
            async with reading(device, Secrets(folder, PASSWORD)):
                pass
    assert caught.value.kind == "security"


async def test_a_safe_session_outlives_many_renewals_of_its_channel(tmp_path: Path) -> None:
    pair = made()
    folder = tmp_path / "opcua"
    (folder / "trusted").mkdir(parents=True)
    (folder / "trusted" / "server.der").write_bytes(pair.der)
    async with (
        peer(["a"], prepare=secured(tmp_path, pair)) as server,
        reading(safe_device(server), Secrets(folder, {})) as found,
    ):
        await found.until(found.all_good)
        session = found.driver._session
        assert session is not None
        for number in range(5):
            await session.client.open_secure_channel(renew=True)
            await server.put("a", float(number))
            await found.until(lambda wanted=number: found.board.values[0] == wanted)  # type: ignore[misc]
