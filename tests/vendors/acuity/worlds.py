"""Worlds for the simulated Acuity of these tests, and a way to serve them."""

from __future__ import annotations

import asyncio
import atexit
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, TypeVar

import httpx2
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from tests.simulators import serving, serving_made

from bookingbridge.canonical.ids import RemoteId
from bookingbridge.canonical.ports import Given, Json, Page, RawRecord, Reach, Tokens
from bookingbridge.vendorkit.contract import Simulated
from bookingbridge.vendorkit.http import Transport
from bookingbridge.vendors.acuity import MANIFEST
from bookingbridge.vendors.acuity.client import AcuityClient
from bookingbridge.vendors.acuity.simulator import create_app

NOW = datetime(2026, 11, 20, 17, 0, tzinfo=UTC)
ACCOUNT = 11002
KEY = "key-of-the-one-who-connects"
ADMIN_KEY = "key-of-the-main-admin"

T = TypeVar("T")


def at(days: float) -> str:
    return (NOW + timedelta(days=days)).isoformat()


def person(n: int) -> Json:
    return {
        "firstName": "Client",
        "lastName": f"Number{n}",
        "email": f"client{n}@example.com",
        "phone": f"+1 206 555 {n % 100 + 100:04}",
    }


def small() -> Json:
    """One account with two calendars, and something in every list, more than one list shows of appointments."""
    appointments: list[Json] = [
        {
            "id": 54000 + n,
            "datetime": at(-300 + n * 2.5),
            "appointmentTypeID": 3201 if n % 2 else 3202,
            "calendarID": 2202 if n % 5 == 0 else 2201,
            "canceled": n % 17 == 0,
            "noShow": n % 34 == 0,
            "payments": [{"amount": "65.00"}] if n % 3 == 0 and n % 17 else [],
            **person(n % 40),
        }
        for n in range(1, 161)
    ]
    return {
        "accounts": [
            {"id": ACCOUNT, "name": "North Hair", "timezone": "America/Los_Angeles", "currency": "USD", "api_key": KEY,
             "admin_api_key": ADMIN_KEY},
        ],
        "calendars": [
            {"id": 2201, "name": "Nora Vance", "location": "4 North Street, Portland"},
            {"id": 2202, "name": "Ed Holt", "location": " 4 North  Street, Portland"},
        ],
        "types": [
            {"id": 3201, "name": "Cut", "price": "65.00", "duration": 45},
            {"id": 3202, "name": "Colour", "price": "140.00", "duration": 120},
            {"id": 3203, "name": "Perm", "price": "90.00", "duration": 90, "active": False},
        ],
        "clients": [person(n) for n in range(38)],
        "appointments": appointments,
        "blocks": [{"id": 7000 + n, "calendarID": 2201, "start": at(n * 9 + 0.5), "end": at(n * 9 + 0.6)}
                   for n in range(1, 12)],
    }  # fmt: skip


def busy(per_day: int, days: int, *, calendar: int = 2201) -> list[Json]:
    """So many appointments of a quarter hour each day from tomorrow on."""
    return [
        {"id": 60000 + day * 1000 + n, "datetime": at(day + n * 0.0007), "appointmentTypeID": 3201,
         "calendarID": calendar, **person(n)}
        for day in range(1, days + 1)
        for n in range(per_day)
    ]  # fmt: skip


@dataclass(slots=True)
class Acuity:
    """A running simulator, and what it was asked."""

    base_url: str
    tokens: Tokens
    control: httpx2.Client
    settings: dict[str, str] = field(default_factory=dict)

    def now(self) -> datetime:
        offset = self.control.get("/_sim").json()["offset_seconds"]
        return NOW + timedelta(seconds=offset)

    def asked(self, path: str = "", method: str = "GET") -> list[Json]:
        found = self.control.get("/_sim/requests").json()["requests"]
        return [r for r in found if r["path"].startswith(f"/api/v1{path}") and r["method"] == method]

    def forget(self) -> None:
        self.control.delete("/_sim/requests")

    def tell(self, path: str, **body: Any) -> Json:
        answer = self.control.post(path, json=body)
        assert answer.status_code == 200, answer.text
        told: Json = answer.json()
        return told

    def direct(self, method: str, path: str, body: Any = None) -> Any:
        """What somebody else does at Acuity meanwhile."""
        answer = self.control.request(method, f"/api/v1{path}", json=body, auth=(str(ACCOUNT), KEY))
        assert answer.status_code in (200, 204), answer.text
        return answer.json() if answer.content else None

    def given(self, http: Transport) -> Given:
        return Given(self.base_url, self.tokens, None, self.settings, self.now, http)

    def talk(self, talk: Callable[[AcuityClient], Awaitable[T]]) -> T:
        async def go(http: Transport) -> T:
            return await talk(AcuityClient(self.given(http)))

        return self.over(go)

    def over(self, talk: Callable[[Transport], Awaitable[T]]) -> T:
        async def go() -> T:
            async with asyncio.timeout(60), transport(self.now) as http:
                return await talk(http)

        return asyncio.run(go())

    def pages(self, stream: str, cursor: Json | None = None, *, is_full: bool = True) -> list[Page]:
        async def read(client: AcuityClient) -> list[Page]:
            return [page async for page in client.pages(stream, cursor, Reach(is_full=is_full, now=self.now()))]

        return self.talk(read)

    def raws(self, stream: str, cursor: Json | None = None, *, is_full: bool = True) -> list[RawRecord]:
        return [raw for page in self.pages(stream, cursor, is_full=is_full) for raw in page.records]

    def ids(self, stream: str, kind: str, cursor: Json | None = None, *, is_full: bool = True) -> list[str]:
        return [raw.remote_id for raw in self.raws(stream, cursor, is_full=is_full) if raw.kind == kind]

    def fetch(self, kind: str, remote_id: str) -> list[RawRecord]:
        return self.talk(lambda client: client.fetch(kind, RemoteId(remote_id)))

    def signed_in(self) -> Acuity:
        """The same, connected by consent instead of a pasted key."""
        token = self.tell("/_sim/tokens")["access_token"]
        return replace(self, tokens=Tokens(token, scopes=("api-v1",)))


def transport(now: Callable[[], datetime]) -> Transport:
    async def no_sleep(_: float) -> None:
        """Tests do not wait."""

    return Transport(
        allowed_hosts=MANIFEST.allowed_hosts, allow_loopback=True, now=now, timeout=2.0, sleep=no_sleep,
        jitter=lambda: 0.0,
    )  # fmt: skip


@cache
def _running() -> str:
    """The base URL of one simulator for all tests of this process: starting a server takes longer than most tests."""
    made = serving_made(lambda base_url: create_app(now=lambda: NOW, base_url=base_url, config={}))
    atexit.register(made.__exit__, None, None, None)
    return made.__enter__()


@contextmanager
def acuity(**changed: Any) -> Iterator[Acuity]:
    """A simulated Acuity with the small world, parts of it `changed`, no limits, and a pasted key."""
    base_url = _running()
    with httpx2.Client(base_url=base_url, trust_env=False) as control:
        assert control.delete("/_sim").status_code == 200
        control.post("/_sim/limits", json={"per_second": 0, "at_once": 0})
        filled = control.post("/_sim/world", json={**small(), **changed})
        assert filled.status_code == 200, filled.text
        yield Acuity(base_url, Tokens(KEY, extra={"user_id": str(ACCOUNT)}), control)


@contextmanager
def receiving() -> Iterator[tuple[str, list[tuple[dict[str, str], bytes]]]]:
    """An address that takes webhooks, and what came: headers with lower-case names, and the raw body."""
    received: list[tuple[dict[str, str], bytes]] = []

    async def take(request: Request) -> Response:
        received.append((dict(request.headers), await request.body()))
        return Response()

    with serving(Starlette(routes=[Route("/hooks", take, methods=["POST"])])) as base_url:
        yield f"{base_url}/hooks", received


def until(is_so: Callable[[], bool], seconds: float = 10) -> None:
    """It is so, or the test fails."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.02)


@contextmanager
def simulated() -> Iterator[Simulated]:
    """The same in the contract's words."""
    with acuity() as there:
        yield Simulated(there.base_url, there.tokens, RemoteId(str(ACCOUNT)), lambda: NOW)
