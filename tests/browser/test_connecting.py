"""A newcomer connects each vendor in a real browser, against its simulator, with nothing but what the pages say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from tests.web.pages.installation import Installation
from tests.web.pages.sharing import shared_installation

from bookingbridge.canonical.ports import Ability, Auth
from bookingbridge.main.demo import story
from bookingbridge.main.wiring import VENDORS

pytestmark = pytest.mark.browser

WAYS = [(name, way) for name, vendor in VENDORS.items() for way in vendor.manifest.auth]
WITHIN_MS = 20_000


@pytest.fixture(scope="module")
def there(admin_url: str, template_database: str) -> Iterator[Installation]:
    with shared_installation(admin_url, template_database) as found:
        _live_a_little(found.simulated)
        yield found


@pytest.fixture(scope="module")
def browser(chromium_path: Path) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=chromium_path, args=["--no-sandbox"])
        try:
            yield made
        finally:
            made.close()


def _live_a_little(simulated: str) -> None:
    """In each simulated shop that is new something has happened, so that there are rows to compare."""
    days = [
        datetime.now(UTC).replace(hour=18, minute=0, second=0, microsecond=0) - timedelta(days=n) for n in range(12)
    ]
    person = {"firstName": "Mara", "lastName": "Quill", "email": "mara.quill@example.com", "phone": "+12065550123"}
    visits = [
        {"id": 9000 + i, "datetime": at.isoformat(), "appointmentTypeID": 3101, "calendarID": 2101, **person}
        for i, at in enumerate(days)
    ]
    paid = [{"id": f"ch_{i}", "amount": 6500, "created": at.isoformat()} for i, at in enumerate(days)]
    events = [
        {
            "id": f"cut{i}", "summary": "Haircut", "start": {"dateTime": at.isoformat()},
            "end": {"dateTime": (at + timedelta(minutes=45)).isoformat()},
        }
        for i, at in enumerate(days)
    ]  # fmt: skip
    calendar = {"id": "robin@example.com", "summary": "Salon", "is_primary": True, "events": events}
    _tell(simulated, "acuity/_sim/world", {"appointments": visits})
    _tell(simulated, "stripe/_sim/world", {"payments": paid})
    _tell(simulated, "google_calendar/_sim/world", {"calendars": [calendar]})
    for at in days:
        starts = at.replace(tzinfo=None).isoformat(timespec="minutes")
        _tell(simulated, "booksy/_sim/mails", {"what": "new", "name": "Mara Lind", "starts": starts})


def _tell(simulated: str, path: str, body: dict[str, Any]) -> None:
    answer = httpx2.post(f"{simulated}/{path}", json=body, timeout=10, trust_env=False)
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(("vendor", "way"), WAYS)
def test_a_newcomer_connects_it(there: Installation, browser: Browser, vendor: str, way: Auth) -> None:
    manifest = VENDORS[vendor].manifest
    context = browser.new_context(locale="en-US", user_agent=story.DESK["User-Agent"])
    try:
        context.add_cookies([{"name": "bb_session", "value": there.owner().token, "url": there.url}])
        page = context.new_page()
        page.set_default_timeout(WITHIN_MS)
        _choose(page, there.url, manifest.title, way, has_ways=len(manifest.auth) > 1)
        (_paste if way is Auth.TOKEN else _consent)(page)
        _import(page, has_scopes=bool(manifest.scopes))
        _compare_and_finish(page, manifest.title, manifest.abilities)
    finally:
        context.close()


def _choose(page: Page, web: str, title: str, way: Auth, *, has_ways: bool) -> None:
    page.goto(f"{web}/connections/new")
    page.get_by_role("link", name=title, exact=True).click()
    expect(page.get_by_role("heading", name=f"At {title}")).to_be_visible()
    if has_ways:
        page.get_by_role("link", name="Paste a token" if way is Auth.TOKEN else f"Sign in at {title}").click()
    expect(page.get_by_text("Nothing to prepare")).to_be_visible()


def _paste(page: Page) -> None:
    page.get_by_role("button", name="Connect", exact=True).click()


def _consent(page: Page) -> None:
    """The vendor's own page: everything it asks for is allowed."""
    page.get_by_role("link", name=re.compile("^Continue to")).click()
    for box in page.get_by_role("checkbox").all():
        box.check()
    page.locator("button.main").click()


def _import(page: Page, *, has_scopes: bool) -> None:
    expect(page.get_by_role("heading", name=re.compile(r"^(Ready to read|Which account\?)$"))).to_be_visible()
    if has_scopes:
        expect(page.get_by_text("missing:")).to_have_count(0)
    page.get_by_role("button", name="Start the import").click()
    # The counts change by themselves until all is read.
    expect(page.locator("#progress")).to_contain_text(re.compile(r"\d+ records? in "), timeout=WITHIN_MS)
    page.get_by_role("link", name="Check ten rows").click()


def _compare_and_finish(page: Page, title: str, abilities: frozenset[Ability]) -> None:
    what = "Campaigns" if Ability.AD_SPEND in abilities else "booking" if Ability.BOOKINGS in abilities else "payment"
    expect(page.get_by_role("heading", name=re.compile(f"{what}s? as we understood"))).to_be_visible()
    rows = page.get_by_role("table").get_by_role("row")
    assert 2 <= rows.count() <= 11  # with the head, at most ten
    page.get_by_role("button", name="Yes, finish").click()
    expect(page.get_by_text(f"{title} is connected.")).to_be_visible()
    expect(page.get_by_role("heading", name="What is read")).to_be_visible()
