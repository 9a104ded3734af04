"""Open a session with an OPC UA server, as safe as the site file wants it."""

import asyncio
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from asyncua import ua
from asyncua.client.client import Client
from asyncua.client.ua_session import SessionState
from asyncua.crypto.security_policies import SecurityPolicyBasic256Sha256, SecurityPolicyNone
from asyncua.crypto.uacrypto import CertProperties
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.object_ids import ObjectIds
from asyncua.ua.uaerrors import (
    BadCertificateInvalid,
    BadCertificateUntrusted,
    BadIdentityTokenInvalid,
    BadIdentityTokenRejected,
    BadSecurityChecksFailed,
    BadTooManySessions,
    BadUserAccessDenied,
    UaError,
)

from collector.clock import Clock
from collector.drivers import DriverError
from collector.drivers.opcua_trust import FOR_SERVERS, Certificate, Identity, TrustFolder
from collector.drivers.opcua_wire import WireError
from collector.site import OpcUaDevice

NO_PROBE_S = 3600.0
# A session that we lost sight of is the server's to end, soon: servers hold few of them.
SESSION_S = 20.0
CLOSING_S = 1.0

ITEMS_PER_CALL = 500
ITEMS_PER_SUBSCRIPTION = 10_000
NODES_PER_READ = 500

REASONS: tuple[tuple[tuple[type[Exception], ...], str, str], ...] = (
    ((TimeoutError,), "timeout", "no answer in time"),
    ((WireError,), "garbled", "{words}"),
    ((ConnectionRefusedError,), "refused", "nobody listens there ({words})"),
    ((ConnectionError,), "connection", "{words}"),
    (
        (socket.gaierror,),
        "host",
        "no such host ({words}); correct the device's 'host', or the name service",
    ),
    (
        (BadUserAccessDenied, BadIdentityTokenInvalid, BadIdentityTokenRejected),
        "user",
        "the server refuses this user name or password ({words})",
    ),
    (
        (BadSecurityChecksFailed, BadCertificateUntrusted, BadCertificateInvalid),
        "untrusted_us",
        "let the server trust our certificate {ours} ({words})",
    ),
    (
        (BadTooManySessions,),
        "sessions",
        "the server has no session left ({words}); end those of other clients",
    ),
)

PASSWORD = "ROPEWATCH_OPCUA_PASSWORD_"  # noqa: S105 - where it stands, not what it is


@dataclass(frozen=True, slots=True)
class Secrets:
    """Where certificates, trust and passwords are: the data folder and the environment."""

    folder: Path | None
    environment: Mapping[str, str]

    def password(self, device_id: str) -> str:
        """Return the password of a device's user; DriverError where there is none.

        It stands in ROPEWATCH_OPCUA_PASSWORD_<DEVICE>, or in a file named by
        ROPEWATCH_OPCUA_PASSWORD_<DEVICE>_FILE.
        """
        name = PASSWORD + device_id.upper()
        if name in self.environment:
            return self.environment[name]
        path = self.environment.get(f"{name}_FILE")
        if path is None:
            words = (
                f"no password: put it into the environment as {name} or name a file by {name}_FILE"
            )
            raise DriverError("password", words)
        try:
            return Path(path).read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            raise DriverError("password", f"{name}_FILE: {error}") from error


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a session was secured with; `stamp` changes when our certificate's file does."""

    trust: TrustFolder
    identity: Identity
    server: Certificate
    stamp: int


@dataclass(frozen=True, slots=True)
class Limits:
    """What a server says of itself that it can take, or what any server can."""

    items_per_call: int = ITEMS_PER_CALL
    items_per_subscription: int = ITEMS_PER_SUBSCRIPTION
    nodes_per_read: int = NODES_PER_READ


async def open_session(
    device: OpcUaDevice, clock: Clock, secrets: Secrets
) -> tuple[Client, Credentials | None]:
    """Return a connected client, and what secures it, if anything does.

    DriverError where the server, or our trust in it, does not allow that; OSError,
    TimeoutError or UaError where it cannot be reached.
    """
    client = new_client(device, clock)
    credentials = None
    try:
        if device.security != "none" or device.user:
            credentials = await _secured(client, device, clock, secrets)
        await client.connect()
    except ConnectionRefusedError:
        raise
    except ConnectionError as error:
        words = f"{error}: hung up before a session began; does it speak OPC UA on this port?"
        raise DriverError("protocol", words) from error
    except AssertionError as error:
        # So the library takes a fault for an answer to opening a channel.
        ours = (secrets.folder or Path()) / FOR_SERVERS
        words = f"the server refuses a secure channel: let the server trust our certificate {ours}"
        raise DriverError("untrusted_us", words) from error
    finally:
        if client.uaclient.session.state is not SessionState.ACTIVATED:
            client.disconnect_socket()
    return client, credentials


def new_client(device: OpcUaDevice, clock: Clock) -> Client:
    """Return a client that never reconnects nor probes by itself."""
    timeout_s = clock.timeout_s(max(device.request_timeout_s, 1.0))
    client = Client(device.url, timeout=timeout_s, watchdog_intervall=NO_PROBE_S)
    client.name = client.description = "ropewatch"
    client.session_timeout = int(SESSION_S * 1000)
    return client


async def close_session(client: Client) -> bool:
    """End the session and drop the socket; False where the server may keep the session."""
    protocol = client.uaclient.protocol
    heard = protocol is not None and not protocol.is_closed
    try:
        async with asyncio.timeout(CLOSING_S):
            await client.close_session()
            await client.close_secure_channel()
    except (TimeoutError, OSError, UaError):
        return False
    finally:
        client.disconnect_socket()
    return heard


async def end_lost_session(client: Client, device: OpcUaDevice, secrets: Secrets) -> None:
    """End a session that outlived its connection, as servers hold few; never raises for it.

    What cannot be ended the server ends by itself after SESSION_S.
    """
    try:
        async with asyncio.timeout(CLOSING_S):
            await client.connect_socket()
            await client.send_hello()
            await client.open_secure_channel()
            client.uaclient.session.rebind_authentication_token()
            password = secrets.password(device.id) if device.user else None
            await client.activate_session(username=device.user or None, password=password)
            await client.close_session()
            await client.close_secure_channel()
    except (TimeoutError, OSError, UaError, DriverError):
        pass  # the server restarted, or is away still
    finally:
        client.disconnect_socket()


def reason_of(error: Exception, secrets: Secrets) -> tuple[str, str]:
    """Return one word for counting an error and a line for people, with what to do if known."""
    if isinstance(error, DriverError):
        return error.kind, str(error)
    words = " ".join(str(error).split()) or type(error).__name__
    for kinds, kind, line in REASONS:
        if isinstance(error, kinds):
            ours = (secrets.folder or Path()) / FOR_SERVERS
            return kind, line.format(words=words, ours=ours)
    return "service" if isinstance(error, UaError) else "connection", words


async def read_limits(client: Client) -> Limits:
    """Ask the server for its limits; what it does not say is as for any server."""
    wanted = (
        ObjectIds.Server_ServerCapabilities_OperationLimits_MaxMonitoredItemsPerCall,
        ObjectIds.Server_ServerCapabilities_MaxMonitoredItemsPerSubscription,
        ObjectIds.Server_ServerCapabilities_OperationLimits_MaxNodesPerRead,
    )
    try:
        told = await read_attribute(client, [ua.NodeId(ua.Int32(one)) for one in wanted])
    except UaError:
        return Limits()
    calls, subscription, reads = (_limit(value) for value in told)
    return Limits(
        min(calls or ITEMS_PER_CALL, ITEMS_PER_CALL),
        subscription or ITEMS_PER_SUBSCRIPTION,
        min(reads or NODES_PER_READ, NODES_PER_READ),
    )


async def namespaces(client: Client) -> list[str]:
    """Return the server's namespace URIs, in its present order."""
    node = ua.NodeId(ua.Int32(ObjectIds.Server_NamespaceArray))
    (found,) = await read_attribute(client, [node])
    names = found.Value.Value if found.Value is not None else None
    return [str(name) for name in names or ()]


async def read_attribute(
    client: Client, nodes: list[ua.NodeId], attribute: AttributeIds = AttributeIds.Value
) -> list[ua.DataValue]:
    """Read one attribute of every node, in one call."""
    asked = [ua.ReadValueId(NodeId=node, AttributeId=attribute) for node in nodes]
    return await client.uaclient.session.read(ua.ReadParameters(NodesToRead=asked))


async def _secured(
    client: Client, device: OpcUaDevice, clock: Clock, secrets: Secrets
) -> Credentials:
    """Look at what the server offers, judge its certificate, and set the client up."""
    if secrets.folder is None:
        words = "security needs a data folder to keep certificates in"
        raise DriverError("certificate", words)
    trust = TrustFolder(secrets.folder)
    offered = await new_client(device, clock).connect_and_get_server_endpoints()
    endpoint = _endpoint(device, offered)
    stamp = trust.stamp()
    identity = await asyncio.to_thread(trust.identity, clock.machine_ns())
    server = await asyncio.to_thread(
        trust.judge, device.id, endpoint.ServerCertificate or b"", clock.machine_ns()
    )
    credentials = Credentials(trust, identity, server, stamp or trust.stamp())
    if device.security == "none":
        # The password is encrypted for this certificate; another one is a mismatch.
        client.security_policy.peer_certificate = server.der
    else:
        client.application_uri = identity.uri
        await client.set_security(
            SecurityPolicyBasic256Sha256,
            identity.certificate,
            CertProperties(identity.key, extension="pem"),
            server_certificate=server.der,
        )
    if device.user:
        client.set_user(device.user)
        client.set_password(secrets.password(device.id))
    return credentials


def _endpoint(device: OpcUaDevice, offered: list[ua.EndpointDescription]) -> ua.EndpointDescription:
    """Return the endpoint to use; DriverError where none is as safe as wanted."""
    wanted = (SecurityPolicyNone.URI, ua.MessageSecurityMode.None_)
    if device.security != "none":
        wanted = (SecurityPolicyBasic256Sha256.URI, ua.MessageSecurityMode.SignAndEncrypt)
    found = [one for one in offered if (one.SecurityPolicyUri, one.SecurityMode) == wanted]
    if not found:
        words = f"the server offers no security '{device.security}', only {_offers(offered)}"
        raise DriverError("security", words)
    endpoint = found[0]
    kind = ua.UserTokenType.UserName if device.user else ua.UserTokenType.Anonymous
    tokens = [one for one in endpoint.UserIdentityTokens or () if one.TokenType == kind]
    if not tokens:
        words = "takes no user name" if device.user else "wants a user; give the device a 'user'"
        raise DriverError("user", f"the server {words}")
    clear = (tokens[0].SecurityPolicyUri or wanted[0]) == SecurityPolicyNone.URI
    if device.user and clear and device.security == "none":
        words = "the server would take the password unencrypted only; set 'security' on the device"
        raise DriverError("security", words)
    return endpoint


def _offers(offered: list[ua.EndpointDescription]) -> str:
    names = {
        f"{(one.SecurityPolicyUri or '').rpartition('#')[2]} {one.SecurityMode.name}"
        for one in offered
    }
    return ", ".join(sorted(names)) or "none at all"


def _limit(told: ua.DataValue) -> int:
    """Return the limit told; 0, as by the standard, where there is none."""
    value: Any = told.Value.Value if told.Value is not None else None
    return value if isinstance(value, int) and value > 0 else 0
