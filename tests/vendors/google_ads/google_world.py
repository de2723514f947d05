"""A simulated Google Ads for tests: a fixed clock, a direct account, an agency with an account below, a closed one."""

from __future__ import annotations

import asyncio
import atexit
import os
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import httpx2
import pytest
from tests.simulators import serving

from bookingbridge.canonical.ids import RemoteId
from bookingbridge.canonical.ports import Given, Json, Page, Reach, Tokens
from bookingbridge.canonical.records import AdDay, Record
from bookingbridge.vendorkit.contract import Simulated
from bookingbridge.vendorkit.http import Transport
from bookingbridge.vendors.google_ads import VENDOR
from bookingbridge.vendors.google_ads.client import GoogleAdsClient
from bookingbridge.vendors.google_ads.oauth import SCOPE
from bookingbridge.vendors.google_ads.simulator import CLIENT_ID, CLIENT_SECRET, create_app

NOW = datetime(2026, 11, 20, 18, tzinfo=UTC)
TODAY = date(2026, 11, 20)
ACCESS, REFRESH = "ya29.canary-access-token", "1//canary-refresh-token"
APP = {"GOOGLE_ADS_CLIENT_ID": CLIENT_ID, "GOOGLE_ADS_CLIENT_SECRET": CLIENT_SECRET}
OWN, AGENCY, CLIENT, CLOSED = "5550100001", "5550100009", "5550100002", "5550100003"
ROOT = Path(__file__).parents[3]
BROWSER = httpx2.Client(verify=False, trust_env=False)
"""Somebody else's client: orders to the simulator, and the person who signs in."""

_ACCOUNT = RemoteId(OWN)
_T = TypeVar("_T")


def days(first: date, count: int, *, spend: str = "10.25") -> list[Json]:
    return [
        {"day": (first + timedelta(days=i)).isoformat(), "spend": spend, "clicks": 12 + i, "impressions": 900 + i}
        for i in range(count)
    ]


def world() -> Json:
    """The person was invited to the own account, to the agency, and to one that was closed since."""
    return {
        "accounts": [
            {
                "id": OWN, "name": "Cedar & Co", "time_zone": "America/Los_Angeles",
                "campaigns": [
                    {"id": "71001", "name": "Brand", "days": days(TODAY - timedelta(days=399), 400)},
                    {"id": "71002", "name": "Two days", "channel": "PERFORMANCE_MAX",
                     "days": days(TODAY - timedelta(days=4), 2, spend="3.000001")},
                    {"id": "71003", "name": "Spring", "status": "REMOVED",
                     "days": days(date(2026, 4, 1), 10, spend="0.01")},
                    {"id": "71004", "name": "Never ran", "status": "PAUSED"},
                ],
            },
            {"id": AGENCY, "name": "Agency", "is_manager": True},
            {"id": CLIENT, "name": "Willow Studio", "manager": AGENCY, "currency": "JPY", "time_zone": "Asia/Tokyo",
             "campaigns": [{"id": "72001", "name": "Tokyo", "days": days(TODAY - timedelta(days=9), 9, spend="1200")}]},
            {"id": CLOSED, "name": "Closed", "status": "CANCELED"},
        ],
        "tokens": [{"access": ACCESS, "refresh": REFRESH}],
    }  # fmt: skip


@dataclass
class Google:
    """A running simulator, and a client's view of it."""

    base_url: str
    now: datetime = NOW
    tokens: Tokens = field(default_factory=lambda: Tokens(ACCESS, REFRESH, NOW + timedelta(hours=1), (SCOPE,)))
    account: RemoteId | None = _ACCOUNT
    settings: Mapping[str, str] = field(default_factory=dict)

    def order(self, path: str, body: Json) -> Json:
        done = BROWSER.post(f"{self.base_url}/_sim/{path}", json=body)
        assert done.status_code == 200, done.text
        answer: Json = done.json()
        return answer

    def at(self, moment: datetime) -> None:
        """It is `moment`, here and there."""
        self.now = moment
        self.order("clock", {"now": moment.isoformat()})

    def requests(self, containing: str = "") -> list[Json]:
        held: list[Json] = BROWSER.get(f"{self.base_url}/_sim/requests").json()["requests"]
        return [r for r in held if containing in r["path"]]

    def ask(self, query: str, *, method: str = "search", customer: str = OWN, **more: Any) -> httpx2.Response:
        """A query as another client would send it."""
        headers = {"authorization": f"Bearer {more.pop('token', ACCESS)}"}
        if login := more.pop("login", None):
            headers["login-customer-id"] = login
        url = f"{self.base_url}/v26/customers/{customer}/googleAds:{method}"
        return BROWSER.post(url, headers=headers, json={"query": query, **more})

    def http(self) -> Transport:
        async def no_sleep(_: float) -> None: ...

        return Transport(
            allowed_hosts=VENDOR.manifest.allowed_hosts, allow_loopback=True, now=lambda: self.now, timeout=5,
            sleep=no_sleep, jitter=lambda: 0.0,
        )  # fmt: skip

    def talk(self, talk: Callable[[GoogleAdsClient], Awaitable[_T]]) -> _T:
        async def go() -> _T:
            async with asyncio.timeout(30), self.http() as http:
                given = Given(self.base_url, self.tokens, self.account, self.settings, lambda: self.now, http)
                return await talk(GoogleAdsClient(given))

        return asyncio.run(go())

    def sign_in(self, talk: Callable[[Transport], Awaitable[_T]]) -> _T:
        async def go() -> _T:
            async with asyncio.timeout(30), self.http() as http:
                return await talk(http)

        return asyncio.run(go())

    def read(self, stream: str, cursor: Json | None = None, *, is_full: bool = False, most: int = 1000) -> list[Page]:
        """At most `most` pages from `cursor` on."""

        async def go(client: GoogleAdsClient) -> list[Page]:
            found: list[Page] = []
            async for page in client.pages(stream, cursor, Reach(is_full=is_full, now=self.now)):
                found.append(page)
                if len(found) == most:
                    break
            return found

        return self.talk(go)


@contextmanager
def google(given: Json | None = None) -> Iterator[Google]:
    """The simulator as new, with `given` (or the usual world) in it."""
    there = Google(_served())
    BROWSER.delete(f"{there.base_url}/_sim")
    there.order("world", given or world())
    yield there


@cache
def _served() -> str:
    """One server for all tests of this process: starting one takes longer than most tests."""
    running = serving(create_app(now=lambda: NOW, base_url="", config={}))
    base_url = running.__enter__()
    atexit.register(running.__exit__, None, None, None)
    return base_url


@contextmanager
def simulated() -> Iterator[Simulated]:
    with google() as there:
        there.order("world", {"rules": {"page_rows": 7}})
        yield Simulated(there.base_url, there.tokens, RemoteId(OWN), lambda: NOW, {"history_days": "70"})


def records(pages: list[Page]) -> list[Record]:
    return [record for page in pages for raw in page.records for record in VENDOR.read(raw.kind, raw.payload)]


def ad_days(pages: list[Page]) -> dict[tuple[str, date], AdDay]:
    return {(r.campaign, r.day): r for r in records(pages) if isinstance(r, AdDay)}


def specs() -> Path:
    """Where the vendors' own contracts lie; skips the test where they are absent."""
    folder = Path(os.environ.get("BOOKINGBRIDGE_VENDOR_SPECS", ROOT.parent / "shared" / "vendors"))
    if not (folder / "specs" / "google").is_dir():
        pytest.skip(f"the vendors' published contracts are not at {folder} (see BOOKINGBRIDGE_VENDOR_SPECS)")
    return folder


def only(found: list[Any]) -> Any:
    assert len(found) == 1, found
    return found[0]
