"""In a real Chromium: accessible in both themes on both sizes, narrow without sideways scrolling, useful by keyboard,
alive with a script and complete without one. The policy is the real one; a refused style or script fails the test."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, ViewportSize, sync_playwright
from tests.web.screenshots import served

from bookingbridge.web import gallery
from bookingbridge.web.pages.connections import samples as connections
from bookingbridge.web.shell import Shell

pytestmark = pytest.mark.browser

AXE = (Path(__file__).parents[1] / "vendored" / "axe.min.js").read_text()
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
DESKTOP: ViewportSize = {"width": 1440, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}
NARROW: ViewportSize = {"width": 320, "height": 640}
NAMES = ["", *(f"pages/{name}" for name in gallery.PAGES)]


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    with served() as address:
        yield f"{address}/ui"


@pytest.fixture(scope="module")
def browser(chromium_path: Path) -> Iterator[Browser]:
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium_path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def looked_at(browser: Browser) -> Iterator[Page]:
    """One page for all that is only looked at."""
    context = browser.new_context(color_scheme="light")
    yield context.new_page()
    context.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A fresh page whose console must stay silent: the browser reports there what the policy refused."""
    context = browser.new_context(viewport=DESKTOP, color_scheme="light")
    page = context.new_page()
    said: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        # A test that takes a live part's server away is told so by the browser; our own files must always be there.
        is_planned = message.text.startswith("Failed to load") and "/static/" not in str(message.location)
        if message.type in ("error", "warning") and not is_planned:
            said.append(message.text)

    page.on("console", heard)
    page.on("pageerror", lambda error: said.append(str(error)))
    yield page
    context.close()
    assert said == []


def violations(page: Page, rules: list[str] | None = None) -> list[str]:
    only = {"type": "rule", "values": rules} if rules else {"type": "tag", "values": TAGS}
    found: list[dict[str, Any]] = page.evaluate(
        f"axe.run(document, {{runOnly: {json.dumps(only)}, resultTypes: ['violations']}}).then(r => r.violations)"
    )
    return [f"{v['id']}: {node['html'][:160]} {node['failureSummary'][:200]}" for v in found for node in v["nodes"]]


@pytest.mark.parametrize("name", NAMES)
def test_axe_finds_nothing_in_either_theme_or_size_and_320_pixels_are_enough(
    looked_at: Page, base: str, name: str
) -> None:
    page = looked_at
    page.set_viewport_size(DESKTOP)
    page.goto(f"{base}/{name}")
    page.evaluate(AXE)
    for size in (DESKTOP, PHONE):
        page.set_viewport_size(size)
        page.evaluate("document.documentElement.dataset.theme = 'light'")
        assert violations(page) == [], size
        page.evaluate("document.documentElement.dataset.theme = 'dark'")
        assert violations(page, ["color-contrast"]) == [], size
    page.set_viewport_size(NARROW)
    page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true })")
    assert page.evaluate("document.documentElement.scrollWidth") == NARROW["width"]


@pytest.mark.parametrize("name", NAMES)
def test_between_phone_and_desk_no_card_cuts_its_table_off(looked_at: Page, base: str, name: str) -> None:
    looked_at.set_viewport_size(DESKTOP)
    looked_at.goto(f"{base}/{name}")
    for width in (770, 900, 1024, 1240, 1250):
        looked_at.set_viewport_size({"width": width, "height": 900})
        cut = looked_at.evaluate(
            "[...document.querySelectorAll('.card table.grid')].filter(t => !t.closest('.scroll') &&"
            " t.getBoundingClientRect().right > t.closest('.card').getBoundingClientRect().right + 0.5)"
            ".map(t => t.getAttribute('aria-label'))"
        )
        assert (width, cut) == (width, [])
        assert looked_at.evaluate("document.documentElement.scrollWidth") == width


def test_axe_finds_what_is_wrong(looked_at: Page, base: str) -> None:
    looked_at.goto(f"{base}/pages/signin")
    looked_at.evaluate(AXE)
    looked_at.evaluate("document.querySelector('label[for=f-password]').remove()")
    looked_at.evaluate("document.querySelector('button').style.color = '#888'")
    found = " ".join(violations(looked_at))
    assert "label:" in found
    assert "color-contrast:" in found


def test_the_first_tab_stop_leads_past_the_navigation(page: Page, base: str) -> None:
    page.goto(f"{base}/pages/today")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_focus_can_always_be_seen(page: Page, base: str) -> None:
    page.goto(f"{base}/pages/today")
    for _ in range(30):
        page.keyboard.press("Tab")
        style = page.evaluate(
            "(() => { const e = document.activeElement, s = e.closest('tr, li') ?? e;"
            " return [getComputedStyle(e).outlineStyle, getComputedStyle(s).outlineStyle]; })()"
        )
        assert "solid" in style, page.evaluate("document.activeElement.outerHTML")


def test_shortcuts_work_and_can_be_switched_off(page: Page, base: str) -> None:
    page.goto(f"{base}/pages/today")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "search"
    page.keyboard.type("/g c")
    assert page.input_value("#search") == "/g c"
    page.locator("h1").click()
    page.keyboard.press("?")
    assert page.locator("#shortcuts").is_visible()
    page.get_by_label("Use shortcuts in this browser").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    assert not page.locator("#shortcuts").is_visible()
    page.reload()
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") != "search"


def test_g_and_a_letter_go_there(page: Page, base: str) -> None:
    page.route("**/customers", lambda route: route.fulfill(body="<title>Customers</title>", content_type="text/html"))
    page.goto(f"{base}/pages/today")
    page.keyboard.press("g")
    page.keyboard.press("c")
    page.wait_for_url("**/customers")


def test_a_chosen_theme_is_remembered_and_comes_with_the_page(page: Page, base: str) -> None:
    page.goto(f"{base}/pages/today")
    before = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.locator(".side").get_by_role("button", name="Light or dark colours").click()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != before
    page.reload()
    assert page.locator("html").get_attribute("data-theme") == "dark"


def test_a_copy_button_copies_and_says_so(page: Page, base: str) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"{base}/pages/connect-1")
    button = page.get_by_role("button", name="Copy Redirect address")
    button.click()
    page.get_by_role("button", name="Copied").wait_for()
    said = page.evaluate("navigator.clipboard.readText()")
    assert said == "https://bridge.example.com/connections/square/callback"


def test_a_chart_tells_its_figures_under_the_pointer(page: Page, base: str) -> None:
    page.goto(f"{base}/pages/today")
    page.locator(".chart .hit:visible").first.hover()
    tip = page.locator(".tip")
    tip.wait_for()
    assert tip.inner_text().splitlines()[:2] == ["Aug 10", "Google Ads: $1,820.00"]


def test_a_chart_can_be_read_as_a_table(page: Page, base: str) -> None:
    page.goto(f"{base}/pages/today")
    page.locator("summary").first.click()
    table = page.get_by_role("table", name="Revenue per week by what brought the client")
    assert table.get_by_role("row").count() == 13
    assert table.get_by_role("columnheader").all_inner_texts()[0] == "Week"


def test_tables_that_became_cards_are_still_tables_to_a_reader(browser: Browser, base: str) -> None:
    page = browser.new_page(viewport=PHONE)
    page.goto(f"{base}/pages/today")
    table = page.get_by_role("table", name="Campaigns")
    assert table.get_by_role("row").count() == 10
    assert table.get_by_role("rowheader").count() == 9
    page.close()


def test_on_a_phone_what_needs_somebody_comes_first(browser: Browser, base: str) -> None:
    page = browser.new_page(viewport=PHONE)
    page.goto(f"{base}/pages/today")
    tops = page.evaluate(
        "['h-needs', 'h-kpis', 'h-revenue'].map(id => document.getElementById(id).getBoundingClientRect().top)"
    )
    assert tops == sorted(tops)
    page.get_by_role("button", name="More").click()
    assert page.get_by_role("link", name="Settings").is_visible()
    page.close()


def test_asking_before_what_hurts_needs_no_script(browser: Browser, base: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{base}/pages/connection")
    question = page.get_by_role("dialog", name="Disconnect Square?")
    assert not question.is_visible()
    page.get_by_role("button", name="Disconnect", exact=True).first.click()
    assert question.is_visible()
    assert not page.get_by_role("button", name="Copy").first.is_visible()
    context.close()


def test_an_import_moves_on_by_itself_and_ends_in_the_next_step(page: Page, base: str) -> None:
    frame, shell = gallery.frame("/connections/1/import"), Shell()
    answers = [connections.progress(), connections.progress(), connections.progress_done()]
    asked: list[str | None] = []

    def answer(route: Any) -> None:
        view = answers[min(len(asked), 2)]
        asked.append(route.request.headers.get("hx-request"))
        text = shell.render(frame, "connections/progress.html", view, title="")
        route.fulfill(body=text, content_type="text/html")

    page.route("**/connections/1/import/progress", answer)
    page.goto(f"{base}/pages/connect-3")
    assert page.get_by_role("progressbar", name="Bookings").is_visible()
    page.get_by_role("link", name="Check ten rows").wait_for(timeout=10_000)
    count = len(asked)
    page.wait_for_timeout(1500)
    assert len(asked) == count == 3
    assert set(asked) == {"true"}


def test_a_page_that_refreshes_itself_keeps_what_was_opened_and_typed(page: Page, base: str) -> None:
    frame, shell = gallery.frame("/today"), Shell()
    shown = gallery.PAGES["today"]
    part = shell.render(frame, shown.template, shown.view(), title="Today", is_part=True)
    page.route(
        "**/today?*", lambda route: route.fulfill(body=part.replace("$86,420", "$86,480"), content_type="text/html")
    )
    page.goto(f"{base}/pages/today")
    page.locator("summary").first.click()
    page.locator("#search").fill("Ana")
    page.select_option("#s-period", "30d")
    page.get_by_text("$86,480").wait_for()
    assert page.locator("details[open]").count() == 1
    assert page.input_value("#search") == "Ana"
    assert page.locator("h1").count() == 1
    assert "period=30d" in page.url


def test_when_the_server_is_away_the_page_says_so_and_recovers(page: Page, base: str) -> None:
    frame, shell = gallery.frame("/today"), Shell()
    shown = gallery.PAGES["today"]
    part = shell.render(frame, shown.template, shown.view(), title="Today", is_part=True)
    away = [True]
    page.route(
        "**/today?*", lambda route: route.abort() if away[0] else route.fulfill(body=part, content_type="text/html")
    )
    page.goto(f"{base}/pages/today")
    page.evaluate("console.error = console.warn = () => {}")  # htmx says it too
    page.select_option("#s-period", "30d")
    page.get_by_text("No answer from the server").wait_for()
    away[0] = False
    page.select_option("#s-period", "year")
    page.get_by_text("No answer from the server").wait_for(state="hidden")


def test_a_refresh_that_fails_leaves_the_figures_standing(page: Page, base: str) -> None:
    page.route("**/sync", lambda route: route.fulfill(status=503, body="<h1>Broken</h1>", content_type="text/html"))
    page.goto(f"{base}/pages/runs")
    page.evaluate("console.error = console.warn = () => {}")
    page.get_by_text("No answer from the server").wait_for(timeout=10_000)
    assert page.locator("h1").inner_text() == "Sync"
    assert page.get_by_role("table", name="Runs").is_visible()
