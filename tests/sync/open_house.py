"""The whole web app on a loopback port over a test's database, and hooks to its webhooks' door."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx2
import msgspec
from tests.house import KEY as HOUSE_KEY
from tests.simulators import serving_made
from tests.sync.line import KEY, Shop, sim

from bookingbridge.main import wiring
from bookingbridge.main.settings import Settings
from bookingbridge.main.web_app import House, create_app
from bookingbridge.sync import overview
from bookingbridge.vendorkit import signatures
from bookingbridge.vendors.square.webhooks import SIGNATURE


@contextmanager
def open_house(database_url: str) -> Iterator[str]:
    """The app's address. It has its own pool, in the thread that serves it, and the same keys as the test's engine."""

    def make(address: str) -> _Lazy:
        given = {"database_url": database_url, "secret_key": HOUSE_KEY, "hash_salt": "salt", "public_url": address}
        return _Lazy(Settings.model_validate(given), database_url)

    with serving_made(make) as address:
        yield address


class _Lazy:
    """Opens the database where it is served: in the event loop of the server."""

    def __init__(self, settings: Settings, database_url: str) -> None:
        self._settings = settings
        self._database_url = database_url
        self._house: House | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "lifespan":
            assert self._house is not None
            await self._house(scope, receive, send)
            return
        await receive()
        async with wiring.database(self._database_url) as db:
            self._house = create_app(self._settings, wiring.engine(self._settings, db))
            async with self._house.alive():
                await send({"type": "lifespan.startup.complete"})
                await receive()
        await send({"type": "lifespan.shutdown.complete"})


@dataclass(frozen=True, slots=True)
class Hook:
    """The webhooks' address of a shop's connection, as the vendor knows it."""

    shop: Shop
    url: str

    def subscribe(self) -> None:
        """The simulated Square delivers every event here from now on."""
        subscription = {"notification_url": self.url, "signature_key": KEY}
        sim(self.shop.square, "POST", "/_sim/world", {"subscriptions": [subscription]})

    def settle(self) -> None:
        """Everything the simulator had to deliver was delivered."""
        deadline = time.monotonic() + 20
        while sim(self.shop.square, "GET", "/_sim/deliveries")["waiting"]:
            assert time.monotonic() < deadline, "deliveries do not end"
            time.sleep(0.02)

    def post(self, body: bytes, headers: Mapping[str, str] | None = None, *, to: str | None = None) -> httpx2.Response:
        """The answer to a delivery; signed as Square does where no headers are given."""
        return post(to or self.url, body, signed(self.url, body) if headers is None else headers)

    def tell(self, kind: str, remote_id: str, *, merchant: str, event_id: str = "") -> httpx2.Response:
        """The answer to a signed event of that type about that thing."""
        return self.post(event(kind, remote_id, merchant=merchant, event_id=event_id))


def hook(house: str, shop: Shop, *, connection: UUID | None = None) -> Hook:
    """The hook of the shop's connection at that house."""
    return Hook(shop, f"{house}/api/v1/webhooks/square/{connection or shop.connection}")


def event(kind: str, remote_id: str, *, merchant: str, event_id: str = "") -> bytes:
    """An event in Square's shape, without the object: it is not read anyway."""
    subject = kind.partition(".")[0]
    return msgspec.json.encode(
        {
            "merchant_id": merchant, "type": kind, "event_id": event_id or secrets.token_hex(8),
            "created_at": "2026-11-20T12:00:00Z", "data": {"type": subject, "id": remote_id, "object": {}},
        }
    )  # fmt: skip


def signed(url: str, body: bytes, *, key: str = KEY) -> dict[str, str]:
    """The headers of a genuine delivery."""
    return {"content-type": "application/json", SIGNATURE: signatures.sign_base64(key, url.encode() + body)}


def post(url: str, body: bytes, headers: Mapping[str, str | bytes]) -> httpx2.Response:
    """The answer, whatever it is."""
    return httpx2.post(
        url,
        content=body,
        headers=[(n.encode(), v.encode() if isinstance(v, str) else v) for n, v in headers.items()],
        timeout=30,
        trust_env=False,
    )


async def inbox(shop: Shop) -> list[overview.Kept]:
    """What is kept of the shop's webhooks, oldest first."""
    async with shop.engine.db.business(shop.business) as tx:
        return (await overview.arrivals(tx, limit=1_000))[::-1]
