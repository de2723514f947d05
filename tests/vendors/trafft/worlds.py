"""Worlds for the simulated Trafft of these tests, and a way to serve them."""

from __future__ import annotations

import asyncio
import atexit
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
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
from bookingbridge.vendors.trafft import MANIFEST
from bookingbridge.vendors.trafft.client import TrafftClient
from bookingbridge.vendors.trafft.sign_in import CLIENT_ID, CLIENT_SECRET, CURRENCY, TIME_ZONE, sign_in
from bookingbridge.vendors.trafft.simulator import create_app

NOW = datetime(2026, 11, 20, 17, 0, tzinfo=UTC)
FIELDS = {
    CLIENT_ID: "simulated-app", CLIENT_SECRET: "simulated-secret", TIME_ZONE: "Europe/London", CURRENCY: "GBP",
}  # fmt: skip

T = TypeVar("T")


def at(days: float) -> str:
    return (NOW + timedelta(days=days)).isoformat().replace("+00:00", "Z")


def small(**manners: Any) -> Json:
    """A business with 250 appointments (three pages), one of them a class of three clients, and 130 clients."""
    people = [
        {
            "id": 3000 + n, "first_name": "Client", "last_name": f"{n}", "email": f"client{n}@example.com",
            "phone_country_code": "+1", "phone_number": f"206555{n % 100 + 100:04}",
        }
        for n in range(130)
    ]  # fmt: skip
    appointments = [
        {
            "id": 4000 + n, "service": 21 if n % 2 else 22, "employees": [11 + n % 2], "location": 1,
            "start": at(-200 + n), "created_at": at(-210 + n), "status": "no-show" if n % 17 == 5 else "approved",
            "bookings": [
                {"id": 5000 + 10 * n + k, "customer": 3000 + (n + k) % 130} for k in range(3 if n == 7 else 1)
            ],
        }
        for n in range(250)
    ]  # fmt: skip
    return {
        "time_zone": "Europe/London",
        "locations": [{"id": 1, "name": "High Street", "address": "4 High Street, Exampleton"}],
        "employees": [
            {"id": 11, "first_name": "Nora", "last_name": "Vance", "email": "nora@example.com"},
            {"id": 12, "first_name": "Idris", "last_name": "Bell", "email": "idris@example.com"},
        ],
        "services": [
            {"id": 21, "name": "Cut", "price": 65, "duration": 45, "capacity": 1},
            {"id": 22, "name": "Class", "price": 12.5, "duration": 60, "capacity": 8},
        ],
        "customers": people,
        "appointments": appointments,
        "manners": manners,
    }


@dataclass(slots=True)
class Trafft:
    """A running simulator, and what it was asked."""

    base_url: str
    tokens: Tokens
    control: httpx2.Client = field(repr=False)

    def now(self) -> datetime:
        return NOW + timedelta(seconds=self.control.get("/_sim").json()["offset_seconds"])

    def asked(self, path: str = "") -> list[Json]:
        found = self.control.get("/_sim/requests").json()["requests"]
        return [request for request in found if request["path"].startswith(path)]

    def tell(self, path: str, **body: Any) -> Json:
        answer = self.control.post(f"/_sim/{path}", json=body)
        assert answer.status_code == 200, answer.text
        told: Json = answer.json()
        return told

    def talk(self, talk: Callable[[TrafftClient], Awaitable[T]], tokens: Tokens | None = None) -> T:
        async def go() -> T:
            async with transport(self.now) as http:
                return await talk(TrafftClient(Given(self.base_url, tokens or self.tokens, None, {}, self.now, http)))

        return asyncio.run(go())

    def pages(self, stream: str, cursor: Json | None = None) -> list[Page]:
        async def read(client: TrafftClient) -> list[Page]:
            return [page async for page in client.pages(stream, cursor, Reach(is_full=cursor is None, now=self.now()))]

        return self.talk(read)

    def listed(self, name: str) -> list[Json]:
        """The list as Trafft itself shows it, on one page."""
        headers = {"Authorization": f"Bearer {self.tokens.access}"}
        body = self.control.get(f"/{name}", params={"limit": 100, "page": 1}, headers=headers).json()
        rows: list[Json] = body["data"]
        for page in range(2, body["pagination"]["pages"] + 1):
            rows += self.control.get(f"/{name}", params={"limit": 100, "page": page}, headers=headers).json()["data"]
        return rows


def ids(pages: list[Page]) -> list[RemoteId]:
    return [raw.remote_id for page in pages for raw in page.records]


def rid(text: str | int) -> RemoteId:
    return RemoteId(str(text))


def transport(now: Callable[[], datetime]) -> Transport:
    async def no_sleep(_: float) -> None:
        """Tests do not wait."""

    return Transport(
        allowed_hosts=MANIFEST.allowed_hosts, allow_loopback=True, now=now, timeout=5.0, sleep=no_sleep,
        jitter=lambda: 0.0,
    )  # fmt: skip


def signed_in(base_url: str, changed: Mapping[str, str] | None = None, *, now: datetime = NOW) -> Tokens:
    async def go() -> Tokens:
        async with transport(lambda: now) as http:
            return await sign_in(http, base_url, {**FIELDS, **(changed or {})}, now=now)

    return asyncio.run(go())


@cache
def _running() -> str:
    """The base URL of one simulator for all tests of this process: starting a server takes longer than most tests."""
    made = serving_made(lambda base_url: create_app(now=lambda: NOW, base_url=base_url, config={}))
    atexit.register(made.__exit__, None, None, None)
    return made.__enter__()


@contextmanager
def trafft(world: Json | None = None) -> Iterator[Trafft]:
    """A simulated Trafft with `world` (the small one) in it and nothing else, and a token for it."""
    base_url = _running()
    with httpx2.Client(base_url=base_url, trust_env=False) as control:
        assert control.delete("/_sim").status_code == 200
        filled = control.post("/_sim/world", json=small() if world is None else world)
        assert filled.status_code == 200, filled.text
        yield Trafft(base_url, signed_in(base_url), control)


@contextmanager
def simulated() -> Iterator[Simulated]:
    """The same in the contract's words."""
    with trafft() as there:
        yield Simulated(there.base_url, there.tokens, None, lambda: NOW)
