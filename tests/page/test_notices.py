"""The page of messages and the words on the wall, over a mountain whose robot is down."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.chat_services import Answer, Robots, robots
from tests.page.screens import PHONE, SCREENSHOTS, WALL, Dress, dressed, faults_of, show
from tests.page.test_accessible import obstacles
from tests.scenario.rehearsal import Rehearsal

pytestmark = [pytest.mark.browser, pytest.mark.slow]

TABLES = """
[[channel]]
id = "duty_group"
name = {{ zh = "值班群", en = "Duty group" }}
kind = "dingtalk"
secret = {{ env = "ROBOT" }}
server = "{address}"

[[channel]]
id = "sms"
name = {{ zh = "短信", en = "Text messages" }}
kind = "webhook"
secret = {{ env = "SMS" }}
url = "{address}/sms"
ok_key = "result"

[[duty]]
user = "zhang.wei"
name = {{ zh = "张伟", en = "Zhang Wei" }}
roles = ["operator"]
contacts = [
  {{ channel = "duty_group", to = "13800000001" }},
  {{ channel = "sms", to = "13800000001" }},
]

[[duty]]
user = "li.na"
name = {{ zh = "李娜", en = "Li Na" }}
roles = ["leader"]
ropeways = ["north"]
contacts = [{{ channel = "sms", to = "13900000002" }}]
turns = [{{ days = ["mon", "tue", "wed", "thu", "fri"], begins = "08:00", ends = "18:00" }}]

[[escalation]]
id = "desk"
roles = ["operator"]
lowest_priority = 3

[[escalation]]
id = "leader"
after_min = 5
roles = ["leader"]

[notify]
test_at = "00:00"
"""


@contextmanager
def serving() -> Iterator[Robots]:
    """Robots in a thread of their own: the browser's loop has no room for them."""
    begun, ended = threading.Event(), threading.Event()
    found: list[Robots] = []

    async def serve() -> None:
        async with robots() as server:
            found.append(server)
            begun.set()
            while not ended.is_set():
                await asyncio.sleep(0.05)

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    begun.wait(10)
    try:
        yield found[0]
    finally:
        ended.set()
        thread.join()


@pytest.fixture(scope="module")
def telling_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A monitor that tells people of a storm by a robot that refuses and a gateway that takes."""
    folder: Path = tmp_path_factory.mktemp("telling")
    secrets = {"ROBOT": "a1b2c3d4e5f6", "SMS": "gateway-key"}
    with serving() as server:
        server.refuse("/robot", Answer(body={"errcode": 310000, "errmsg": "sign not match"}))
        storm = Rehearsal(folder, "approaching_storm", secrets)
        with storm.site.open("a", encoding="utf-8") as file:
            file.write(TABLES.format(address=server.address))
        with storm:
            storm.wait_until(
                "an alarm was told",
                lambda: storm.get("/api/notices/wall")["undelivered"] > 0,
                90.0,
            )
            yield storm.url


@pytest.mark.timeout(240)
@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("size", ["wall", "phone"])
def test_the_page_of_messages_is_whole_and_the_wall_says_what_did_not_arrive(
    telling_server: str, browser: Browser, size: str, language: str
) -> None:
    dress = Dress({"wall": WALL, "phone": PHONE}[size], language)
    with dressed(browser, dress) as page:
        show(page, telling_server, "#/notices", "notices")
        words = page.get_by_test_id("untold").inner_text()
        assert ("通知未送达" if language == "zh" else "Messages not delivered") in words
        assert "sign not match" in page.locator("main").inner_text()
        assert "139****0002" in page.locator("main").inner_text()
        faults = [*faults_of(page), *obstacles(page)]
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        page.screenshot(
            path=SCREENSHOTS / f"telling-{size}-{language}.png", full_page=size == "phone"
        )
        show(page, telling_server, "#/", "overview")
        page.get_by_test_id("untold").wait_for()
        faults += faults_of(page)
        page.screenshot(path=SCREENSHOTS / f"telling-overview-{size}-{language}.png")
    assert faults == []
