"""Make the web application: routes, screens and error shapes around one station."""

from pathlib import Path

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware

from api.errors import ANSWERS, install_errors
from api.guard import guard
from api.routes import (
    alarm_history,
    alarms,
    bypasses,
    consultations,
    health,
    history,
    influx,
    journal,
    live,
    metrics,
    notices,
    people,
    plant,
    ropes,
    rule_sets,
    rules,
    session,
    substitutions,
    tasks,
)
from api.station import Station

LOCAL_NAMES = ["127.0.0.1", "localhost", "[::1]", "::1"]
ROUTES = (
    session,
    people,
    journal,
    plant,
    history,
    influx,
    rules,
    rule_sets,
    alarm_history,
    alarms,
    consultations,
    ropes,
    tasks,
    substitutions,
    bypasses,
    notices,
    health,
    metrics,
    live,
)
SCREENS = Path(__file__).resolve().parent.parent / "dashboards" / "dist"


def create_app(station: Station, host: str = "127.0.0.1", screens: Path = SCREENS) -> FastAPI:
    """Return the application for `station`, answering to the machine's own names.

    The screens are served where they have been built.
    """
    # FastAPI's own pages load scripts from elsewhere; a station may have no such way out.
    app = FastAPI(
        title="Ropewatch",
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
        responses=ANSWERS,
    )
    app.state.station = station
    allowed = LOCAL_NAMES if host in LOCAL_NAMES else ["*"]
    app.add_middleware(BaseHTTPMiddleware, dispatch=guard)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=allowed)
    install_errors(app)
    for route in ROUTES:
        app.include_router(route.router)
    if screens.is_dir():
        app.mount("/", StaticFiles(directory=screens, html=True), name="screens")
    return app
