"""A small simulated Booksy for these tests: a shop with a partner, and a mailbox."""

from __future__ import annotations

import asyncio
import atexit
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, TypeVar

import httpx2
from tests.simulators import serving_made

from bookingbridge.canonical.ports import Given, Json, Page, Reach, Tokens
from bookingbridge.canonical.records import Booking, Record
from bookingbridge.vendorkit.http import Transport
from bookingbridge.vendors.booksy import MANIFEST, VENDOR
from bookingbridge.vendors.booksy.client import BooksyClient
from bookingbridge.vendors.booksy.partner_api import PARTNER_ID, PARTNER_KEY, PARTNER_NAME
from bookingbridge.vendors.booksy.simulator import PASSWORD, USER, create_app

NOW = datetime(2026, 11, 20, 17, 0, tzinfo=UTC)
ZONE = "America/Los_Angeles"
SHOP = 123
T = TypeVar("T")


def world() -> Json:
    return {
        "businesses": [
            {
                "id": SHOP, "name": "North Hair", "business_timezone": ZONE,
                "resources": [
                    {"id": 456, "name": "Nora Vance", "type": "S"}, {"id": 457, "name": "Chair 1", "type": "R"},
                    {"id": 458, "name": "Iris Holm", "type": "S"},
                ],
                "services": [
                    {"id": 70, "name": "Cut", "variants": [{"id": 789, "type": "X", "price": "65.00", "duration": 45}]},
                    {"id": 71, "name": "Talk", "variants": [{"id": 790, "type": "F", "duration": 15}]},
                ],
                "customers": [
                    {"id": n, "first_name": "Client", "last_name": str(n), "email": f"client{n}@example.com",
                     "cell_phone": f"+1 206 555 {n % 100 + 100:04}"} for n in range(1, 61)
                ],
                "appointments": [appointment(n) for n in range(1, 131)],
            }
        ]
    }  # fmt: skip


def appointment(n: int) -> Json:
    day = (NOW + timedelta(days=n - 100)).date()
    when = {"booked_from": f"{day}T10:00", "booked_till": f"{day}T10:45"}
    return {
        "id": n, "booked_for_id": n % 60 + 1, "customer_name": f"Client {n % 60 + 1}",
        "created": "2026-08-01T10:00:00Z",
        "status": "F" if n < 100 else "A", "type": "C", **when,
        "subbookings": [{"id": n, "staffer_id": 456, "service_variant_id": 789, **when}],
    }  # fmt: skip


@dataclass(slots=True)
class Booksy:
    """A running simulator, asked by whichever way."""

    base_url: str
    control: httpx2.Client
    tokens: Tokens
    app: dict[str, str] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=lambda: {"time_zone": ZONE})

    def tell(self, path: str, **body: Any) -> Json:
        answer = self.control.post(path, json=body)
        assert answer.status_code == 200, answer.text
        told: Json = answer.json()
        return told

    def order(self, fault: str, *, times: int | None = 1, **more: Any) -> None:
        self.tell("/_sim/faults", fault=fault, times=times, **more)

    def talk(self, talk: Callable[[BooksyClient], Awaitable[T]]) -> T:
        async def go() -> T:
            async with asyncio.timeout(30), self.client() as client:
                return await talk(client)

        return asyncio.run(go())

    @asynccontextmanager
    async def client(self) -> AsyncIterator[BooksyClient]:
        async with Transport(
            allowed_hosts=MANIFEST.allowed_hosts, allow_loopback=True, now=self.now, timeout=3.0, sleep=_no_sleep,
            jitter=lambda: 0.0,
        ) as http:  # fmt: skip
            given = Given(self.base_url, self.tokens, None, self.settings, self.now, http, app=self.app)
            yield BooksyClient(given)

    def now(self) -> datetime:
        return NOW + timedelta(seconds=self.control.get("/_sim").json()["offset_seconds"])

    def pages(self, stream: str, cursor: Json | None = None, *, is_full: bool = True) -> list[Page]:
        async def read(client: BooksyClient) -> list[Page]:
            return [page async for page in client.pages(stream, cursor, Reach(is_full=is_full, now=self.now()))]

        return self.talk(read)

    def mail(self, what: str, name: str, starts: str, **more: str) -> None:
        self.tell("/_sim/mails", what=what, name=name, starts=starts, **more)


async def _no_sleep(_: float) -> None:
    """Tests do not wait."""


def taken_in(*runs: list[Page]) -> dict[str, Booking]:
    """The bookings as they stand after these runs were stored one after the other."""
    found: dict[str, Booking] = {}
    for pages in runs:
        for raw in (raw for page in pages for raw in page.records):
            for record in VENDOR.read(raw.kind, raw.payload):
                if isinstance(record, Booking) and not _is_older(record, found.get(record.remote_id)):
                    found[record.remote_id] = record
    return found


def _is_older(record: Record, known: Booking | None) -> bool:
    return bool(known and known.changed_at and record.changed_at and record.changed_at < known.changed_at)


@cache
def _running() -> str:
    made = serving_made(lambda base_url: create_app(now=lambda: NOW, base_url=base_url, config={}))
    atexit.register(made.__exit__, None, None, None)
    return made.__enter__()


@contextmanager
def _fresh() -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=_running(), trust_env=False) as control:
        assert control.delete("/_sim").status_code == 200
        yield control


@contextmanager
def mailbox() -> Iterator[Booksy]:
    """The way by mail, with an empty mailbox."""
    with _fresh() as control:
        host = control.get("/_sim/mailbox").json()["host"]
        yield Booksy(_running(), control, Tokens(USER, extra={"host": host, "password": PASSWORD}))


@contextmanager
def partner() -> Iterator[Booksy]:
    """The partner's way, with one shop."""
    with _fresh() as control:
        assert control.post("/_sim/world", json=world()).status_code == 200
        key = control.get("/_sim/partner").json()
        app = {PARTNER_ID: key["id"], PARTNER_NAME: key["name"], PARTNER_KEY: key["private_key"]}
        yield Booksy(_running(), control, Tokens(USER, extra={"business": str(SHOP)}), app)
