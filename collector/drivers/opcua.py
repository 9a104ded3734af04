"""Read an OPC UA server by subscription; calls no method and writes no value."""

import asyncio
import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import structlog
from asyncua.client.client import Client
from asyncua.ua.uaerrors import UaError

from collector.clock import Clock
from collector.drivers import DriverError
from collector.drivers.opcua_items import Items
from collector.drivers.opcua_publish import Publishing
from collector.drivers.opcua_rows import TagRows
from collector.drivers.opcua_session import (
    Credentials,
    Secrets,
    close_session,
    end_lost_session,
    open_session,
    reason_of,
)
from collector.drivers.opcua_trust import WARNED_DAYS, days_left
from collector.drivers.opcua_wire import Publication, WireError
from collector.model import NANOSECONDS, Scan, Slots
from collector.remedies import remedy
from collector.site import OpcUaDevice

SHORTEST_PUBLISHING_S = 0.05
# However slow the scan: the server must be heard of, and hear of us, before it ends the session.
LONGEST_PUBLISHING_S = 5.0
SHORTEST_SILENCE_S = 0.5
HEARING_S = 0.02
RETRY_REFUSED_S = 4.0
# Quiet tags are asked after in this share of a period, so that a node that went is bad in two.
AUDIT_SHARE = 0.75
SHORTEST_UPKEEP_S = 0.1
HICCUP_S = 2.0
NO_SECRETS = Secrets(None, os.environ)

log = structlog.get_logger()


@dataclass(slots=True)
class _Session:
    """One session while it lasts, with what each of its subscriptions last said."""

    client: Client
    credentials: Credentials | None
    items: Items
    publishing: Publishing
    upkeep: asyncio.Task[None] | None = None


class OpcUaDriver:
    """One session with one server, and a subscription for all its tags, or several.

    What comes is described by TagRows. When any subscription publishes nothing for
    longer than it must, or the server never told that a node went, the tags turn bad.
    """

    def __init__(
        self, device: OpcUaDevice, first_slot: int, clock: Clock, secrets: Secrets = NO_SECRETS
    ) -> None:
        self._device = device
        self._clock = clock
        self._secrets = secrets
        # In fast time the hiccups of a busy machine are no skew of a clock.
        skew_s = max(device.clock_skew_s, (clock.speed > 1) * clock.speed * HICCUP_S)
        self._rows = TagRows(device, first_slot, skew_s)
        publishing_s = max(device.scan_s / 4 / clock.speed, SHORTEST_PUBLISHING_S)
        self._publishing_s = min(publishing_s, LONGEST_PUBLISHING_S)
        self._session: _Session | None = None
        self._lost: Client | None = None
        self._counted: Counter[str] = Counter()
        self._warned: dict[str, int] = {}
        self._index: dict[int, int] = {}
        self._published_s: list[float] = []
        self._received_ns = np.zeros(0, dtype=np.int64)
        self._confirmed_ns = np.zeros(0, dtype=np.int64)

    @property
    def slots(self) -> Slots:
        """Every slot of the device, in slot order."""
        return self._rows.slots

    @property
    def refused(self) -> Slots:
        """The slots whose nodes the server does not have, or does not let us watch."""
        return self._rows.slots[self._rows.refused]

    @property
    def address(self) -> str:
        """Where the device is, for people."""
        return self._device.url

    async def connect(self) -> None:
        """Open a session and subscribe to every tag; DriverError where that fails."""
        await self.close()
        self._rows.begin_session()
        lost, self._lost = self._lost, None
        if lost is not None:
            await end_lost_session(lost, self._device, self._secrets)
        try:
            client, credentials = await open_session(self._device, self._clock, self._secrets)
            items = Items(client, self._device, self._rows, self._publishing_s, self._clock.speed)
            protocol = client.uaclient.protocol
            if protocol is None:
                message = "the connection was lost"
                raise ConnectionError(message)
            publishing = Publishing(protocol, self._published, self._counted)
            self._session = _Session(client, credentials, items, publishing)
            await items.subscribe()
        except (TimeoutError, OSError, UaError, DriverError) as error:
            raise self._worded(error) from error
        self._begin(self._session)

    async def scan(self) -> Scan:
        """Return what came since the last scan, and what the server confirmed.

        The server has had our word for what came: where it fails now, the error carries it.
        """
        session = self._session
        if session is None:
            raise DriverError("not_connected", f"{self.address}: not connected")
        try:
            session.publishing.check()
            if session.upkeep is not None and session.upkeep.done():
                session.upkeep.result()  # it ends by an error only
            await self._check_silence(session)
            self._check_certificate(session)
        except (TimeoutError, OSError, UaError, DriverError, WireError) as error:
            raise self._worded(error, self._brought()) from error
        return self._brought()

    def _brought(self) -> Scan:
        return self._rows.scan(self._confirmed_ns, self._clock.now_ns())

    async def close(self) -> None:
        """End the session, so that the server keeps none of ours, and drop the socket."""
        session, self._session = self._session, None
        if session is None:
            return
        if session.upkeep is not None:
            session.upkeep.cancel()
            await asyncio.gather(session.upkeep, return_exceptions=True)
        await session.publishing.stop()
        if not await close_session(session.client):
            self._lost = session.client

    def told(self) -> Mapping[str, int | float | str]:
        """Return the counts since the start, and what the present session was given.

        Days of certificates are there only where security is; statuses other than
        good are counted by their code.
        """
        found: dict[str, int | float | str] = {
            **{
                name: self._counted[name] for name in ("answers", "answers_missed", "audits_failed")
            },
            **{
                name: self._rows.counted[name]
                for name in ("samples", "resent", "overflows", "clock", "strangers")
            },
            "refused_tags": int(self._rows.refused.sum()),
            **{f"status_{code}": times for code, times in self._rows.statuses.items()},
        }
        session = self._session
        if session is not None:
            found["subscriptions"] = len(session.items.subscriptions)
            found |= session.items.revised
            found |= self._days(session)
        return found

    def _begin(self, session: _Session) -> None:
        found = session.items.subscriptions
        self._index = {one.identity: index for index, one in enumerate(found)}
        self._published_s = [self._clock.steady_s()] * len(found)
        self._received_ns = np.zeros(len(found), dtype=np.int64)
        self._confirmed_ns = np.zeros(len(found), dtype=np.int64)
        session.publishing.start(len(found))
        session.upkeep = asyncio.create_task(self._keep_up(session))
        self._warn_of_ends(session)

    def _warn_of_ends(self, session: _Session) -> None:
        """Say once a day that a certificate ends soon, from sixty days before."""
        for name, days in self._days(session).items():
            if days < WARNED_DAYS and self._warned.get(name) != int(days):
                self._warned[name] = int(days)
                advice = remedy("certificate_ends").en
                device = self._device.id
                log.warning("certificate ends", device=device, which=name, days=days, advice=advice)

    def _published(self, publication: Publication) -> None:
        """Note one publish answer: a keep-alive, or samples."""
        index = self._index.get(publication.subscription)
        if index is None:
            self._counted["strangers"] += 1
            return
        self._confirmed_ns[index] = self._received_ns[index]
        self._received_ns[index] = now_ns = self._clock.now_ns()
        self._published_s[index] = self._clock.steady_s()
        if len(publication.columns):
            self._rows.arrive(publication.columns, now_ns)

    async def _check_silence(self, session: _Session) -> None:
        """Hold every subscription to what it must publish, whatever the connection's state."""
        if self._overdue_s(session) > 0:
            # Where it was we who stood still, the answers wait in the socket.
            await asyncio.sleep(HEARING_S)
            overdue_s = self._overdue_s(session)
            if overdue_s > 0:
                words = f"the server publishes nothing, for {overdue_s:.1f} s longer than it may"
                raise DriverError("silent", words)

    def _overdue_s(self, session: _Session) -> float:
        """Return by how much the most silent subscription passed its time, real seconds."""
        now_s = self._clock.steady_s()
        shortest_s = max(self._device.scan_s / self._clock.speed, SHORTEST_SILENCE_S)
        return max(
            (now_s - published_s) / self._clock.speed - max(shortest_s, one.silence_s)
            for one, published_s in zip(session.items.subscriptions, self._published_s, strict=True)
        )

    def _check_certificate(self, session: _Session) -> None:
        """Connect anew where our certificate was replaced on disk."""
        known = session.credentials
        if known is not None and known.trust.stamp() != known.stamp:
            words = "our certificate was renewed; connecting with the new one"
            raise DriverError("certificate_renewed", words)

    async def _keep_up(self, session: _Session) -> None:
        """Ask after quiet tags and try refused ones again, for as long as the session lasts."""
        pause_s = max(self._device.scan_s * AUDIT_SHARE / self._clock.speed, SHORTEST_UPKEEP_S)
        retried_s = self._clock.steady_s()
        while True:
            await asyncio.sleep(pause_s)
            self._warn_of_ends(session)
            try:
                if self._clock.steady_s() - retried_s >= RETRY_REFUSED_S:
                    retried_s = self._clock.steady_s()
                    await session.items.retry(np.flatnonzero(self._rows.refused).tolist())
                since_ns = self._clock.now_ns() - int(self._device.scan_s * NANOSECONDS)
                await session.items.audit(self._rows.quiet_since(since_ns).tolist())
            except (TimeoutError, OSError, UaError):
                # Whether the server still publishes is watched in `scan`.
                self._counted["audits_failed"] += 1

    def _days(self, session: _Session) -> dict[str, float]:
        known = session.credentials
        if known is None:
            return {}
        now_ns = self._clock.machine_ns()
        return {
            "certificate_days": round(days_left(known.identity.ends_ns, now_ns), 1),
            "server_certificate_days": round(days_left(known.server.ends_ns, now_ns), 1),
        }

    def _worded(self, error: Exception, brought: Scan | None = None) -> DriverError:
        """Return the error as one line that says where, what and, where known, what to do."""
        kind, words = reason_of(error, self._secrets)
        return DriverError(kind, f"{self.address}: {words}", brought)
