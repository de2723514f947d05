"""A simulated Google Calendar for tests: a fixed clock, a salon's calendar with guests, series, notes and absences."""

from __future__ import annotations

import asyncio
import atexit
import os
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import httpx2
import pytest
from tests.simulators import serving

from bookingbridge.canonical.commands import CancelBooking, CreateBooking, MoveBooking, Person
from bookingbridge.canonical.ids import RemoteId
from bookingbridge.canonical.ports import Given, Json, Page, Reach, Tokens
from bookingbridge.canonical.records import Block, Booking, Customer, Record
from bookingbridge.vendorkit.contract import Simulated
from bookingbridge.vendorkit.http import Transport
from bookingbridge.vendors.google_calendar import VENDOR
from bookingbridge.vendors.google_calendar.client import CalendarClient
from bookingbridge.vendors.google_calendar.oauth import CALENDARS, EVENTS
from bookingbridge.vendors.google_calendar.simulator import CLIENT_ID, CLIENT_SECRET, create_app

NOW = datetime(2026, 11, 20, 18, tzinfo=UTC)
ACCESS, REFRESH = "ya29.canary-access-token", "1//canary-refresh-token"
APP = {"GOOGLE_CALENDAR_CLIENT_ID": CLIENT_ID, "GOOGLE_CALENDAR_CLIENT_SECRET": CLIENT_SECRET}
SCOPES = (CALENDARS, EVENTS)
SALON, SHARED = "robin@example.com", "team1@group.calendar.example.com"
ROOT = Path(__file__).parents[3]
BROWSER = httpx2.Client(verify=False, trust_env=False)
"""Somebody else's client: orders to the simulator, and the person who signs in."""

_ACCOUNT = RemoteId(SALON)
_T = TypeVar("_T")


def moment(days: float, hour: int = 10) -> str:
    """That many days from today, at that hour in UTC."""
    day = NOW.replace(hour=hour) + timedelta(days=days)
    return day.isoformat().replace("+00:00", "Z")


def event(event_id: str, days: float, *, guest: str | None = None, hour: int = 17, **more: Any) -> Json:
    """An hour in Google's words, made a day ago."""
    made: Json = {
        "id": event_id, "summary": f"Cut {event_id}", "created": moment(-30), "start": {"dateTime": moment(days, hour)},
        "end": {"dateTime": moment(days, hour + 1)},
    }  # fmt: skip
    if guest:
        name = guest.partition("@")[0].title()
        me = {"email": SALON, "self": True, "organizer": True, "responseStatus": "accepted"}
        made["attendees"] = [me, {"email": guest, "displayName": name}]
    return made | more


def world() -> Json:
    """Five single appointments, a series of three, a note, an absence, an old one; and a calendar shared to read."""
    return {
        "calendars": [
            {
                "id": SALON, "summary": "Salon", "is_primary": True,
                "events": [
                    event("ada01", 3, guest="ada@example.com"),
                    event("bea01", 4, guest="bea@example.com", hour=18),
                    event("cut01", 5),
                    event("past1", -20, guest="ada@example.com"),
                    event("gone1", 6, guest="cy@example.com", status="cancelled"),
                    event("week1", 7, guest="dee@example.com", hour=20, recurrence=["RRULE:FREQ=WEEKLY;COUNT=3"]),
                    event("free1", 2, transparency="transparent"),
                    event("away1", 8, eventType="outOfOffice"),
                    event("note1", 0, start={"date": "2026-11-27"}, end={"date": "2026-11-28"}),
                    event("ancient", -500, guest="eve@example.com"),
                ],
            },
            {"id": SHARED, "summary": "Team", "role": "reader", "time_zone": "Europe/Zurich"},
        ],
        "tokens": [{"access": ACCESS, "refresh": REFRESH}],
    }  # fmt: skip


IN_REACH = {"ada01", "bea01", "cut01", "past1", "gone1", "away1"}


@dataclass
class Google:
    """A running simulator, and a client's view of it."""

    base_url: str
    now: datetime = NOW
    tokens: Tokens = field(default_factory=lambda: Tokens(ACCESS, REFRESH, NOW + timedelta(hours=1), SCOPES))
    account: RemoteId | None = _ACCOUNT
    settings: Mapping[str, str] = field(default_factory=dict)

    def order(self, path: str, body: Json) -> Json:
        done = BROWSER.post(f"{self.base_url}/_sim/{path}", json=body)
        assert done.status_code == 200, done.text
        answer: Json = done.json()
        return answer

    def shown(self, path: str) -> Json:
        answer: Json = BROWSER.get(f"{self.base_url}/_sim/{path}").json()
        return answer

    def at(self, at: datetime) -> None:
        """It is `at`, here and there."""
        self.now = at
        self.order("clock", {"now": at.isoformat()})

    def change(self, *events: Json, calendar: str = SALON) -> None:
        """The owner changes something in the calendar herself."""
        self.order("world", {"calendars": [{"id": calendar, "events": list(events)}]})

    def requests(self, containing: str = "", method: str = "") -> list[Json]:
        held: list[Json] = self.shown("requests")["requests"]
        return [r for r in held if containing in r["path"] + "?" + r["query"] and method in r["method"]]

    def ask(self, method: str, path: str, token: str = ACCESS, **more: Any) -> httpx2.Response:
        """A request as another client would send it."""
        headers = {"authorization": f"Bearer {token}"} | more.pop("headers", {})
        return BROWSER.request(method, f"{self.base_url}/calendar/v3{path}", headers=headers, **more)

    def http(self) -> Transport:
        async def no_sleep(_: float) -> None: ...

        return Transport(
            allowed_hosts=VENDOR.manifest.allowed_hosts, allow_loopback=True, now=lambda: self.now, timeout=2,
            sleep=no_sleep, jitter=lambda: 0.0,
        )  # fmt: skip

    def given(self, http: Transport) -> Given:
        return Given(self.base_url, self.tokens, self.account, self.settings, lambda: self.now, http)

    def with_http(self, talk: Callable[[Transport], Awaitable[_T]]) -> _T:
        async def go() -> _T:
            async with asyncio.timeout(30), self.http() as http:
                return await talk(http)

        return asyncio.run(go())

    def talk(self, talk: Callable[[CalendarClient], Awaitable[_T]]) -> _T:
        return self.with_http(lambda http: talk(CalendarClient(self.given(http))))

    def read(self, cursor: Json | None = None, *, is_full: bool = False, most: int = 1000) -> list[Page]:
        """At most `most` pages from `cursor` on."""

        async def go(client: CalendarClient) -> list[Page]:
            found: list[Page] = []
            async for page in client.pages("events", cursor, Reach(is_full=is_full, now=self.now)):
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
def simulated(settings: dict[str, str]) -> Iterator[Simulated]:
    with google() as there:
        there.order("world", {"rules": {"page_size": 3}})
        yield Simulated(there.base_url, there.tokens, RemoteId(SALON), lambda: NOW, settings)


def records(pages: list[Page]) -> list[Record]:
    return [record for page in pages for raw in page.records for record in VENDOR.read(raw.kind, raw.payload)]


def bookings(pages: list[Page]) -> dict[str, Booking]:
    return {r.remote_id: r for r in records(pages) if isinstance(r, Booking)}


def blocks(pages: list[Page]) -> dict[str, Block]:
    return {r.remote_id: r for r in records(pages) if isinstance(r, Block)}


def clients(pages: list[Page]) -> dict[str, Customer]:
    return {r.remote_id: r for r in records(pages) if isinstance(r, Customer)}


def end(pages: list[Page]) -> Json:
    assert pages[-1].is_last
    return pages[-1].cursor


def at(days: float, hour: int = 17) -> datetime:
    return NOW.replace(hour=hour) + timedelta(days=days)


def create(key: str = "cmd-1", *, days: float = 3, hour: int = 21, **person: Any) -> CreateBooking:
    who = Person(**({"name": "Fay Ng", "email": "fay@example.com", "phone": "+12065550123"} | person))
    return CreateBooking(key, at(days, hour), at(days, hour + 1), who, None, None, None, note="First visit")


def move(booking: str, version: int | None, key: str = "cmd-2", *, days: float = 3, hour: int = 22) -> MoveBooking:
    return MoveBooking(key, RemoteId(booking), version, at(days, hour), at(days, hour + 1))


def cancel(booking: str, version: int | None, key: str = "cmd-3") -> CancelBooking:
    return CancelBooking(key, RemoteId(booking), version)


def specs() -> Path:
    """Where the vendors' own contracts lie; skips the test where they are absent."""
    folder = Path(os.environ.get("BOOKINGBRIDGE_VENDOR_SPECS", ROOT.parent / "shared" / "vendors"))
    if not (folder / "specs" / "google_calendar").is_dir():
        pytest.skip(f"the vendors' published contracts are not at {folder} (see BOOKINGBRIDGE_VENDOR_SPECS)")
    return folder
