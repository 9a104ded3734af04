"""Serve one station over HTTP until it is told to stop."""

import asyncio
import logging
import signal
import socket
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec

import structlog
import typer
import uvicorn

from analytics.access import FIRST
from analytics.records import RecordsError
from api.app import create_app
from api.config import SiteFile
from api.health import log_health
from api.station import MixedFolderError, StationSettings, open_station, running
from collector.folder import FolderInUseError
from collector.garbage import set_aside_what_stays
from collector.history.influx import InfluxSettingsError
from collector.history.schema import HistoryError

QUIET = ("pymodbus", "asyncua", "apscheduler", "uvicorn", "urllib3", "influxdb_client", "alembic")
GRACE_S = 3
UNUSABLE = (HistoryError, RecordsError, InfluxSettingsError, MixedFolderError, FolderInUseError)


class ServeError(Exception):
    """The station cannot be served; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where the station listens."""

    host: str
    port: int


def serve(site: SiteFile, settings: StationSettings, address: Address) -> None:
    """Run the station until SIGINT or SIGTERM; ServeError where it cannot begin."""
    quiet_libraries()
    listener = _listen(address)
    try:
        with asyncio.Runner(loop_factory=quickest_loop()) as runner:
            runner.run(_serve(site, settings, address, listener))
    except UNUSABLE as error:
        raise ServeError(str(error)) from error
    finally:
        listener.close()


def quickest_loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return what makes uvloop's event loop; None, which is asyncio's own, without it."""
    if find_spec("uvloop") is None:
        return None
    return import_module("uvloop").new_event_loop  # type: ignore[no-any-return]


def quiet_libraries() -> None:
    """Let libraries speak only of what is grave: loss and return are ours to tell, once."""
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.dev.ConsoleRenderer(colors=False),
        ],
    )


def _listen(address: Address) -> socket.socket:
    listener = socket.socket(socket.AF_INET6 if ":" in address.host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((address.host, address.port))
    except OSError as error:
        listener.close()
        words = f"cannot listen on {address.host}:{address.port}: {error.strerror}"
        message = f"{words}; stop what uses it or give another --port"
        raise ServeError(message) from error
    return listener


async def _serve(
    site: SiteFile, settings: StationSettings, address: Address, listener: socket.socket
) -> None:
    async with open_station(site, settings) as station:
        config = uvicorn.Config(
            create_app(station, address.host),
            log_config=None,
            access_log=False,
            lifespan="off",
            ws="websockets-sansio",
            ws_ping_interval=20,
            # Packing would be done anew for every page; a plant's network has room.
            ws_per_message_deflate=False,
            timeout_graceful_shutdown=GRACE_S,
        )
        server = uvicorn.Server(config)
        set_aside_what_stays()

        def stop() -> None:
            server.should_exit = True

        for signal_number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(signal_number, stop)
        async with running(station, stop):
            port = listener.getsockname()[1]
            logging_health = asyncio.create_task(log_health(station))
            host = f"[{address.host}]" if ":" in address.host else address.host
            typer.echo(f"Ropewatch: http://{host}:{port}/")
            password = await station.access.first_password()
            if password is not None:
                typer.echo(
                    f"First start: log in as '{FIRST}' with the one-time password {password}"
                )
            try:
                await server.serve(sockets=[listener])
            finally:
                logging_health.cancel()
