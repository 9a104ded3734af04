"""How the tests open a page of the screens and measure what stands on it."""

import json
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

from tests.people import PASSWORD, cookie_at

SCREENSHOTS = Path(__file__).parents[2] / "build" / "screenshots"
NEW_PASSWORD = "四条缆绳一只猫和一座山"
WALL = (1920, 1080)
PHONE = (390, 844)
LISTS = (
    "overview",
    "alarms",
    "consultations",
    "ropes",
    "trends",
    "tasks",
    "health",
    "alarm-history",
    "alarm-quality",
    "rules",
    "account",
    "people",
    "journal",
    "notices",
)
ONES = ("ropeway", "consultation", "rope", "rule-set")


@dataclass(frozen=True)
class Dress:
    """What a page is looked at with."""

    size: tuple[int, int] = WALL
    language: str = "zh"
    theme: str = "light"


def ask(server: str, path: str) -> Any:
    """Return the monitor's JSON answer."""
    request = urllib.request.Request(f"{server}{path}", headers={"cookie": cookie_at(server)})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def tell(server: str, path: str, cookie: str | None = None, **body: object) -> Any:
    """Return the monitor's answer to an act, done by whoever the cookie stands for."""
    request = urllib.request.Request(
        f"{server}{path}",
        data=json.dumps(body).encode(),
        headers={"content-type": "application/json", "cookie": cookie or cookie_at(server)},
    )
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.load(answer)


def newcomer(server: str, login: str, name: str, role: str) -> str:
    """Add somebody who has chosen NEW_PASSWORD, and return their cookie."""
    grants = [{"role": role, "ropeway": "site"}]
    wish: dict[str, Any] = {"login": login, "name": name, "grants": grants, "password": PASSWORD}
    one_time = tell(server, "/api/people", **wish)["one_time_password"]
    cookie = cookie_at(server, login, one_time)
    tell(server, "/api/session/password", cookie, old=one_time, new=NEW_PASSWORD)
    return cookie


def address(server: str, page: str) -> str | None:
    """Return the hash address of a page; None where the monitor has nothing for it."""
    if page == "overview":
        return "#/"
    if page in LISTS:
        return f"#/{page}"
    ways = ask(server, "/api/site")["ropeways"]
    if page == "ropeway":
        return f"#/ropeway/{ways[0]['id']}"
    if page == "rule-set":
        return "#/rules/1"
    if page == "rope":
        ropes = [rope["id"] for way in ways for rope in way["ropes"]]
        return f"#/ropes/{ropes[0]}" if ropes else None
    heads = ask(server, "/api/consultations")["consultations"]
    return f"#/consultations/{heads[0]['id']}" if heads else None


@contextmanager
def dressed(browser: Browser, dress: Dress) -> Iterator[Page]:
    """Give an empty page of the wanted size, language and theme."""
    width, height = dress.size
    context = browser.new_context(viewport={"width": width, "height": height})
    context.add_init_script(
        f"localStorage.getItem('ropewatch.lang') ?? "
        f"localStorage.setItem('ropewatch.lang', '{dress.language}');"
        f"localStorage.getItem('ropewatch.theme') ?? "
        f"localStorage.setItem('ropewatch.theme', '{dress.theme}');"
    )
    try:
        yield context.new_page()
    finally:
        context.close()


def log_in(page: Page, server: str) -> None:
    """Have the browser be the person who may do everything."""
    name, _, value = cookie_at(server).partition("=")
    page.context.add_cookies([{"name": name, "value": value, "url": server}])


def show(page: Page, server: str, hash_address: str, name: str) -> None:
    """Open the page, logged in, and wait until it is live and drawn."""
    log_in(page, server)
    page.goto(f"{server}/{hash_address}")
    page.wait_for_selector(f"main[data-page='{name}']")
    page.wait_for_selector("body[data-feed='live']")
    page.wait_for_load_state("networkidle")
    page.evaluate("document.fonts.ready")
    page.wait_for_timeout(600)


MEASURE = (Path(__file__).parent / "measure.js").read_text(encoding="utf-8")


def faults_of(page: Page) -> list[str]:
    """Return what is cut, too long, or lies over something else."""
    return [str(fault) for fault in page.evaluate(MEASURE)]
