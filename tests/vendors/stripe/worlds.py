"""Worlds for the simulated Stripe of these tests, and a way to serve them."""

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
from bookingbridge.canonical.ports import Given, Json, Page, RawRecord, Reach, Tokens
from bookingbridge.canonical.records import Record
from bookingbridge.vendorkit.contract import Simulated
from bookingbridge.vendorkit.http import Transport
from bookingbridge.vendors.stripe import MANIFEST
from bookingbridge.vendors.stripe.client import StripeClient
from bookingbridge.vendors.stripe.read import read
from bookingbridge.vendors.stripe.simulator import create_app

NOW = datetime(2026, 11, 20, 17, 0, tzinfo=UTC)
ACCOUNT = "acct_northhair"

T = TypeVar("T")


def at(days: float) -> str:
    return (NOW + timedelta(days=days)).isoformat().replace("+00:00", "Z")


def small() -> Json:
    """One account with something in every list, more than a page where lists are long."""
    people = [
        {"id": f"cus_{n:04}", "name": f"Client {n}", "email": f"client{n}@example.com", "created": at(-500 + n),
         "phone": f"+1 206 555 {n % 100 + 100:04}"}
        for n in range(130)
    ]  # fmt: skip
    payments = [
        {
            "id": f"ch_{n:04}",
            "intent": f"pi_{n:04}",
            "amount": 6500 + n,
            "created": at(-380 + n * 2.5),
            "customer": f"cus_{n % 130:04}" if n % 3 else None,
            "email": None if n % 3 else f"guest{n}@example.com",
            "name": None if n % 3 else f"Guest {n}",
            "outcome": "failed" if n % 29 == 0 else "succeeded",
            "metadata": {"reference": f"visit-{n:04}"},
            "tip": 500 if n % 5 == 0 else 0,
        }
        for n in range(150)
    ]
    refunds = [
        {"id": f"re_{n:04}", "charge": f"ch_{n:04}", "amount": 1000, "created": at(-370 + n * 2.5)}
        for n in range(30, 140, 5)
    ]
    disputes = [
        {"id": "dp_0041", "charge": "ch_0041", "created": at(-250), "status": "lost"},
        {"id": "dp_0142", "charge": "ch_0142", "created": at(-3), "reason": "product_not_received"},
    ]
    payouts = [{"id": f"po_{n:04}", "created": at(-340 + n * 28)} for n in range(13)]
    return {
        "accounts": [{"id": ACCOUNT, "name": "North Hair", "timezone": "America/Los_Angeles", "created": at(-600)}],
        "customers": people, "payments": payments, "refunds": refunds, "disputes": disputes, "payouts": payouts,
    }  # fmt: skip


@dataclass(slots=True)
class Stripe:
    """A running simulator, and what it was asked."""

    base_url: str
    tokens: Tokens
    control: httpx2.Client
    settings: dict[str, str] = field(default_factory=dict)

    def now(self) -> datetime:
        offset = self.control.get("/_sim").json()["offset_seconds"]
        return NOW + timedelta(seconds=offset)

    def later(self, **span: float) -> None:
        """So much time has passed since NOW."""
        self.tell("/_sim/clock", offset_seconds=timedelta(**span).total_seconds())

    def asked(self, path: str = "", method: str | None = None) -> list[Json]:
        found = self.control.get("/_sim/requests").json()["requests"]
        return [r for r in found if r["path"].startswith(path) and method in (None, r["method"])]

    def tell(self, path: str, **body: Any) -> Json:
        answer = self.control.post(path, json=body)
        assert answer.status_code == 200, answer.text
        told: Json = answer.json()
        return told

    def do(self, method: str, path: str, **form: str) -> Json:
        """What a shop's own software does with the account's key."""
        headers = {"Authorization": f"Bearer {self.tokens.access}"}
        answer = self.control.request(method, path, data=form or None, headers=headers)
        assert answer.status_code == 200, answer.text
        done: Json = answer.json()
        return done

    def talk(self, talk: Callable[[StripeClient], Awaitable[T]]) -> T:
        async def go() -> T:
            async with self.client() as client:
                return await talk(client)

        return asyncio.run(go())

    @asynccontextmanager
    async def client(self) -> AsyncIterator[StripeClient]:
        async with transport(self.now) as http:
            yield StripeClient(self.given(http))

    def given(self, http: Transport) -> Given:
        return Given(self.base_url, self.tokens, RemoteId(ACCOUNT), self.settings, self.now, http)

    def pages(self, stream: str, cursor: Json | None = None, *, is_full: bool = True) -> list[Page]:
        async def reading(client: StripeClient) -> list[Page]:
            return [page async for page in client.pages(stream, cursor, Reach(is_full=is_full, now=self.now()))]

        return self.talk(reading)

    def raws(self, stream: str, cursor: Json | None = None, *, is_full: bool = True) -> list[RawRecord]:
        return [raw for page in self.pages(stream, cursor, is_full=is_full) for raw in page.records]

    def ids(self, stream: str, cursor: Json | None = None, *, is_full: bool = True) -> list[RemoteId]:
        return [raw.remote_id for raw in self.raws(stream, cursor, is_full=is_full)]

    def fetch(self, kind: str, remote_id: str) -> list[RawRecord]:
        return self.talk(lambda client: client.fetch(kind, remote_id))

    def with_key(self, *permissions: str, **extra: str) -> Stripe:
        """The same Stripe, with a key that may only this."""
        key = self.tell("/_sim/keys", account=ACCOUNT, permissions=list(permissions))["key"]
        return Stripe(self.base_url, Tokens(key, extra=extra), self.control, self.settings)


def understood(raws: list[RawRecord]) -> dict[str, Record]:
    """What was read, by remote id; what came last counts."""
    return {record.remote_id: record for raw in raws for record in read(raw.kind, raw.payload)}


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
def stripe(world: Json | None = None) -> Iterator[Stripe]:
    """A simulated Stripe with `world` (the small one) in it and nothing else, and a key that may everything."""
    base_url = _running()
    with httpx2.Client(base_url=base_url, trust_env=False) as control:
        assert control.delete("/_sim").status_code == 200
        filled = control.post("/_sim/world", json=small() if world is None else world)
        assert filled.status_code == 200, filled.text
        key = control.post("/_sim/keys", json={"account": ACCOUNT}).json()["key"]
        yield Stripe(base_url, Tokens(key), control)


@contextmanager
def simulated() -> Iterator[Simulated]:
    """The same in the contract's words."""
    with stripe() as there:
        yield Simulated(there.base_url, there.tokens, RemoteId(ACCOUNT), lambda: NOW)
