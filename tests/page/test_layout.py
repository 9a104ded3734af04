"""Every page in both languages, on a wall and on a phone: nothing cut, nothing over each other."""

import pytest
from playwright.sync_api import Browser, ConsoleMessage

from tests.page.screens import (
    LISTS,
    ONES,
    PHONE,
    SCREENSHOTS,
    WALL,
    Dress,
    address,
    dressed,
    faults_of,
    show,
)

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SIZES = {"wall": WALL, "phone": PHONE}
LOOKS = [
    (name, size, Dress(SIZES[size], language, theme))
    for name in (*LISTS, *ONES)
    for size in SIZES
    for language in ("zh", "en")
    for theme in (("light", "dark") if name == "overview" else ("light",))
]


def _named(look: tuple[str, str, Dress]) -> str:
    name, size, dress = look
    return f"{name}-{size}-{dress.language}-{dress.theme}"


@pytest.mark.parametrize("look", LOOKS, ids=_named)
def test_no_text_is_cut_or_lies_over_another(
    page_server: str, browser: Browser, look: tuple[str, str, Dress]
) -> None:
    name, size, dress = look
    where = address(page_server, name)
    if where is None:
        pytest.skip(f"the monitor has no {name} to show")
    errors: list[str] = []

    def hear(said: ConsoleMessage) -> None:
        if said.type == "error":
            errors.append(said.text)

    with dressed(browser, dress) as page:
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", hear)
        show(page, page_server, where, name)
        faults = faults_of(page)
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        picture = SCREENSHOTS / f"{_named(look)}.png"
        page.screenshot(path=picture, full_page=name != "overview" or size == "phone")
    assert faults == []
    assert errors == []


def test_the_overview_fits_a_wall_without_scrolling(page_server: str, browser: Browser) -> None:
    with dressed(browser, Dress()) as page:
        show(page, page_server, "#/", "overview")
        height = page.evaluate("document.scrollingElement.scrollHeight")
        assert height <= WALL[1]


def test_language_and_theme_are_remembered(page_server: str, browser: Browser) -> None:
    with dressed(browser, Dress()) as page:
        show(page, page_server, "#/", "overview")
        page.get_by_test_id("lang").click()
        page.get_by_test_id("theme").click()
        page.reload()
        page.wait_for_selector("html[lang='en'][data-theme='dark']")


def test_a_simulated_site_says_so_on_every_page(page_server: str, browser: Browser) -> None:
    with dressed(browser, Dress()) as page:
        for name in (*LISTS, *ONES):
            where = address(page_server, name)
            if where is not None:
                show(page, page_server, where, name)
                assert page.locator("header .sim").inner_text() == "模拟数据"
