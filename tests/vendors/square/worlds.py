"""Worlds for the simulated Square of these tests, and a way to serve them."""

from __future__ import annotations

import asyncio
import atexit
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, TypeVar

import httpx2
from tests.simulators import serving_made

from bookingbridge.canonical.ids import RemoteId
from bookingbridge.canonical.ports import Given, Json, Page, Reach, Tokens
from bookingbridge.vendorkit.contract import Simulated
from bookingbridge.vendorkit.http import Transport
from bookingbridge.vendors.square import MANIFEST
from bookingbridge.vendors.square.client import SquareClient
from bookingbridge.vendors.square.simulator import create_app

NOW = datetime(2026, 11, 20, 17, 0, tzinfo=UTC)
MERCHANT = "MNORTHHAIR"

T = TypeVar("T")


def at(days: float) -> str:
    return (NOW + timedelta(days=days)).isoformat().replace("+00:00", "Z")


def small() -> Json:
    """One merchant with two locations, and something in every list, more than a page where lists have pages."""
    people = [
        {
            "id": f"CUST{n:04}",
            "given_name": "Client",
            "family_name": f"{n}",
            "email_address": f"client{n}@example.com",
            "phone_number": f"+1 206 555 {n % 100 + 100:04}",
            "created_at": at(-300 + n),
        }
        for n in range(130)
    ]
    bookings = [
        {
            "id": f"bkg{n:04}",
            "customer_id": f"CUST{n % 130:04}",
            "team_member_id": "TMNORA1",
            "service_id": "VCUT1" if n % 2 else "VCOLOUR1",
            "location_id": "LSOUTH1" if n % 5 == 0 else "LNORTH1",
            "start_at": at(-360 + n * 2.1),
            "created_at": at(-365 + n * 1.4),
            "status": "NO_SHOW" if n % 17 == 0 else "ACCEPTED",
        }
        for n in range(250)
    ]
    payments = [
        {
            "id": f"PAY{n:04}",
            "customer_id": f"CUST{n % 130:04}",
            "location_id": "LSOUTH1" if n % 5 == 0 else "LNORTH1",
            "amount": 6500,
            "tip": 500 if n % 3 == 0 else 0,
            "created_at": at(-350 + n * 2.2),
            "source_type": "CASH" if n % 7 == 0 else "CARD",
        }
        for n in range(150)
    ]
    return {
        "merchants": [{"id": MERCHANT, "business_name": "North Hair", "main_location_id": "LNORTH1"}],
        "locations": [
            {"id": "LNORTH1", "name": "North Street", "timezone": "America/Los_Angeles"},
            {"id": "LSOUTH1", "name": "South Street", "timezone": "America/New_York", "status": "INACTIVE"},
        ],
        "team": [{"id": "TMNORA1", "given_name": "Nora", "family_name": "Vance", "is_owner": True}],
        "services": [
            {"id": "VCUT1", "name": "Cut", "price": 6500, "duration_minutes": 45, "updated_at": at(-400)},
            {"id": "VCOLOUR1", "name": "Colour", "price": 14000, "duration_minutes": 120, "updated_at": at(-400)},
            {"id": "VTALK1", "name": "Consultation", "price": None, "duration_minutes": 15, "updated_at": at(-400)},
        ],
        "customers": people,
        "bookings": bookings,
        "payments": payments,
        "refunds": [{"id": "PAY0003_R1", "payment_id": "PAY0003", "amount": 1000, "created_at": at(-300)}],
        "payouts_since": at(-60),
    }


@dataclass(slots=True)
class Square:
    """A running simulator, and what it was asked."""

    base_url: str
    tokens: Tokens
    control: httpx2.Client
    settings: dict[str, str] = field(default_factory=dict)

    def now(self) -> datetime:
        offset = self.control.get("/_sim").json()["offset_seconds"]
        return NOW + timedelta(seconds=offset)

    def asked(self, path: str = "") -> list[Json]:
        found = self.control.get("/_sim/requests").json()["requests"]
        return [request for request in found if request["path"].startswith(path)]

    def tell(self, path: str, **body: Any) -> Json:
        answer = self.control.post(path, json=body)
        assert answer.status_code == 200, answer.text
        told: Json = answer.json()
        return told

    def talk(self, talk: Callable[[SquareClient], Awaitable[T]]) -> T:
        async def go() -> T:
            async with self.client() as client:
                return await talk(client)

        return asyncio.run(go())

    @asynccontextmanager
    async def client(self) -> AsyncIterator[SquareClient]:
        async with transport(self.now) as http:
            yield SquareClient(Given(self.base_url, self.tokens, None, self.settings, self.now, http))

    def pages(self, stream: str, cursor: Json | None = None, *, is_full: bool = True) -> list[Page]:
        async def read(client: SquareClient) -> list[Page]:
            return [page async for page in client.pages(stream, cursor, Reach(is_full=is_full, now=self.now()))]

        return self.talk(read)

    def ids(self, stream: str, cursor: Json | None = None, *, is_full: bool = True) -> list[RemoteId]:
        return [raw.remote_id for page in self.pages(stream, cursor, is_full=is_full) for raw in page.records]

    def signed_in(self, *scopes: str) -> Square:
        """The same Square, with another token that may only this."""
        token = self.tell("/_sim/tokens", merchant_id=MERCHANT, scopes=list(scopes))
        return Square(self.base_url, Tokens(token["access_token"]), self.control, self.settings)

    def personal(self) -> str:
        """The application's own token."""
        token: str = self.tell("/_sim/tokens", merchant_id=MERCHANT, is_personal=True)["access_token"]
        return token


def tokens(given: Json) -> Tokens:
    return Tokens(given["access_token"], given["refresh_token"])


def rid(text: str) -> RemoteId:
    return RemoteId(text)


def until(is_so: Callable[[], bool], seconds: float = 10) -> None:
    """It is so, or the test fails."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.02)


def transport(now: Callable[[], datetime]) -> Transport:
    async def no_sleep(_: float) -> None:
        """Tests do not wait."""

    return Transport(
        allowed_hosts=MANIFEST.allowed_hosts, allow_loopback=True, now=now, timeout=5.0, sleep=no_sleep,
        jitter=lambda: 0.0,
    )  # fmt: skip


@cache
def _running() -> str:
    """The base URL of one simulator for all tests of this process: starting a server takes longer than most tests."""
    made = serving_made(lambda base_url: create_app(now=lambda: NOW, base_url=base_url, config={}))
    atexit.register(made.__exit__, None, None, None)
    return made.__enter__()


@contextmanager
def square(world: Json | None = None) -> Iterator[Square]:
    """A simulated Square with `world` (the small one) in it and nothing else, and a token for its merchant."""
    base_url = _running()
    with httpx2.Client(base_url=base_url, trust_env=False) as control:
        assert control.delete("/_sim").status_code == 200
        filled = control.post("/_sim/world", json=small() if world is None else world)
        assert filled.status_code == 200, filled.text
        given = control.post("/_sim/tokens", json={"merchant_id": MERCHANT}).json()
        yield Square(base_url, Tokens(given["access_token"], given["refresh_token"]), control)


@contextmanager
def simulated() -> Iterator[Simulated]:
    """The same in the contract's words."""
    with square() as there:
        yield Simulated(there.base_url, there.tokens, RemoteId(MERCHANT), lambda: NOW)
