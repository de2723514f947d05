"""The story in a real browser: connect Square, watch the import, click the ad, book, pay, see what brought it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from bookingbridge.domains.attribution.api import MODELS
from bookingbridge.main.demo import door, filling, names, running, story
from bookingbridge.main.demo.world import make

pytestmark = pytest.mark.browser

EMAIL, PASSWORD = "dana@example.com", "mellow-harbor-lantern-42"
CAMPAIGN = names.CAMPAIGNS[0]
PORT = 8700 + os.getpid() % 90 * 10


@contextmanager
def _browser(chromium_path: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[running.Places, str]]:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    for name in ("BOOKINGBRIDGE_DATA_DIR", "PUBLIC_URL", "PORT", "SIMULATORS_URL", "BOOKINGBRIDGE_DEMO"):
        monkeypatch.setenv(name, os.environ.get(name, ""))
    made = running.Places(PORT, tmp_path / "demo")
    with running.running(made) as token:
        assert token
        filling.load_vendors(made.simulators, make(datetime.now(UTC), days=15, seed=5))
        yield made, token
    running.stop_database(made)


def test_from_an_ad_click_to_a_paid_visit(places: tuple[running.Places, str], chromium_path: str) -> None:
    at, token = places
    with _browser(chromium_path) as browser:
        owner = browser.new_page(locale="en-US", user_agent=story.DESK["User-Agent"])
        _become_the_owner(owner, at.web, token)
        _connect_square(owner, at.web)
        link = _publish(at)
        visitor = browser.new_context(user_agent=story.PHONE["User-Agent"]).new_page()
        owner.goto(f"{at.web}/today")
        _click_book_and_pay(visitor, link)
        # Today asks for what is new by itself; nobody reloads it.
        visit = owner.get_by_role("row").filter(has_text="Wanda Walker").filter(has_text="Paid")
        expect(visit).to_be_visible(timeout=story.VISIBLE_WITHIN_S * 1000)
        expect(visit).to_contain_text(CAMPAIGN[0])
        visit.get_by_role("link").first.click()
        _see_the_journey(owner)


def _become_the_owner(page: Page, web: str, token: str) -> None:
    page.goto(f"{web}/setup/{token}")
    page.get_by_label("Your name").fill("Dana Kimber")
    page.get_by_label("E-mail").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create the owner").click()
    page.get_by_role("button", name="Set up my business").click()
    page.get_by_label("Name of the business").fill("Northside Barbers")
    page.get_by_label("Time zone").fill("America/Los_Angeles")
    page.get_by_label("Currency").fill("USD")
    page.get_by_label("Country").fill("US")
    page.get_by_role("button", name="Save and go on").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Locations")


def _connect_square(page: Page, web: str) -> None:
    page.goto(f"{web}/connections/new/square?environment=simulator")
    page.get_by_role("link", name="Continue to Square simulator").click()
    expect(page.get_by_text("Simulated Square")).to_be_visible()
    page.get_by_role("button", name="Allow").click()
    expect(page.get_by_text("MNORTHSIDE01")).to_be_visible()
    page.get_by_role("button", name="Start the import").click()
    expect(page.get_by_role("heading", name="Reading Square")).to_be_visible()
    # The counts change under the owner's eyes until all is read.
    expect(page.get_by_role("main")).to_contain_text("0 so far")
    page.get_by_role("link", name="Check ten rows").click(timeout=60_000)
    expect(page.get_by_role("table").get_by_role("row").nth(1)).to_be_visible()


def _publish(at: running.Places) -> str:
    with door.Browser(at.web) as owner:
        owner.fill(owner.get("/signin"), {"email": EMAIL, "password": PASSWORD}, with_field="password", follow=False)
        site = filling.the_site(owner, at.simulators)
        filling.subscribe(owner, at.simulators)
        filling.set_up_shop(at.web, at.simulators, site["key"])
        links = owner.api("GET", "/publishing/links")
        return str(next(k["url"] for k in links if k["campaign"] == CAMPAIGN[0]))


def _click_book_and_pay(page: Page, link: str) -> None:
    page.goto(link)
    page.get_by_role("link", name="Book a chair").click()
    page.get_by_label("Your name").fill("Wanda Walker")
    page.get_by_label("E-mail").fill("wanda.walker@example.com")
    page.get_by_label("Phone").fill("+1 206 555 0142")
    expect(page.locator("input[name=bb_token]")).to_have_value(re.compile("^bb_"))
    page.get_by_role("button", name="Book the next free time").click()
    page.get_by_role("link", name="Pay now").click()
    page.get_by_role("button", name="Pay").click()
    expect(page.get_by_text("Paid")).to_be_visible()


def _see_the_journey(page: Page) -> None:
    """The page of the visit: the touch, the two links with their evidence, and the same amount in every model."""
    main = page.get_by_role("main")
    expect(main).to_contain_text("The booking carries the token that this browser was given on your site.")
    expect(page.get_by_role("button", name="Undo this link")).to_have_count(2)
    credited = page.get_by_role("row").filter(has_text=CAMPAIGN[0])
    total = page.get_by_role("row").filter(has_text="The visit's revenue")
    for row in (credited, total):
        amounts = row.get_by_role("cell").all_inner_texts()
        assert len(amounts) == len(MODELS)
        assert len(set(amounts)) == 1
        assert amounts[0].startswith("$")
