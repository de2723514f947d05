"""What the webhooks' door is compared with, and the shop whose webhooks they are."""

from __future__ import annotations

import base64
import gc
import hmac
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import grounds  # type: ignore[import-not-found]
import msgspec
import uvicorn
from psycopg_pool import AsyncConnectionPool

from bookingbridge.api.express import ExpressProtocol
from bookingbridge.canonical.ids import ConnectionId
from bookingbridge.domains.accounts import api as accounts
from bookingbridge.infra.clock import SystemClock
from bookingbridge.infra.db import Database
from bookingbridge.infra.ids import new_id
from bookingbridge.main import web_app, wiring
from bookingbridge.sync import credentials
from bookingbridge.sync.store import connections

KEY = "signature-key-of-the-bench"
App = Callable[..., Any]


def event(n: int) -> dict[str, Any]:
    """A booking.updated as Square sends it, one of its larger kinds; with an id of its own."""
    booking = {
        "id": f"bench-booking-{n}", "version": 3, "status": "ACCEPTED", "location_id": "LBENCH0000001",
        "created_at": "2026-03-02T17:00:00Z", "updated_at": "2026-03-02T17:04:00Z", "start_at": "2026-03-09T17:00:00Z",
        "customer_id": f"bench-customer-{n % 500}", "customer_note": "", "seller_note": "", "all_day": False,
        "appointment_segments": [{
            "duration_minutes": 45, "service_variation_id": "SVBENCH00001", "service_variation_version": 1_700_000_000,
            "team_member_id": "TMBENCH00001", "any_team_member": False, "intermission_minutes": 0,
        }],
        "location_type": "BUSINESS_LOCATION", "source": "FIRST_PARTY_MERCHANT", "transition_time_minutes": 0,
        "creator_details": {"creator_type": "TEAM_MEMBER", "team_member_id": "TMBENCH00001"},
    }  # fmt: skip
    return {
        "merchant_id": "MBENCH000001", "type": "booking.updated", "event_id": f"{n:08x}-0000-4000-8000-0123456789ab",
        "created_at": "2026-03-02T17:04:01Z",
        "data": {"type": "booking.updated", "id": f"bench-booking-{n}:3", "object": {"booking": booking}},
    }  # fmt: skip


def address(port: int, connection: UUID) -> str:
    return f"http://127.0.0.1:{port}/api/v1/webhooks/square/{connection}"


async def open_shop(url: str) -> UUID:
    """A business with a connected Square whose signature key is KEY; the connection's id."""
    async with Database(url, SystemClock()) as db:
        engine = wiring.engine(grounds.settings(url), db)
        shop = accounts.NewBusiness("Bench webhooks", "America/Los_Angeles", "USD", "US")
        business = await accounts.found_business(db, shop)
        async with db.business(business.id) as tx:
            connection_id = ConnectionId(new_id(tx.now))
            await connections.add(
                tx, connection_id, vendor="square", environment="production", name="Square", auth="oauth", state="ok"
            )
            connection = await connections.get(tx, connection_id)
            assert connection
            sealed = credentials.seal_webhook_secrets(engine, connection, [KEY])
            await connections.change(tx, connection_id, webhook_secrets=sealed, setup_step=5)
        return connection_id


class Product:
    """The whole app as it is served, with its database."""

    def __init__(self, url: str, port: int) -> None:
        config = grounds.settings(url, f"http://127.0.0.1:{port}")
        self._db = wiring.database(url, max_size=20)
        self._app = web_app.create_app(config, wiring.engine(config, self._db))
        self.lanes = self._app.lanes

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            async with self._db:
                await self._app(scope, receive, send)
        else:
            await self._app(scope, receive, send)


async def _body(receive: Any) -> bytes:
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return body


async def _say(send: Any, status: int) -> None:
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})


async def _live(receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.complete"})


class Event(msgspec.Struct):
    event_id: str
    type: str


def one_insert(url: str, port: int, connection: UUID) -> App:
    """Signature, one INSERT, its commit, 200; as the tables' owner, whom no row-level security binds."""
    pool = AsyncConnectionPool(url, min_size=10, max_size=10, open=False, kwargs={"autocommit": True})
    notified = address(port, connection).encode()
    sql = (
        "INSERT INTO inbound_events (business_id, connection_id, dedupe_key, source, type, received_at, headers, body) "
        "SELECT business_id, id, %s, 'webhook', %s, %s, '{}', %s FROM connections WHERE id = %s ON CONFLICT "
        "(business_id, connection_id, dedupe_key) DO UPDATE SET deliveries = inbound_events.deliveries + 1"
    )

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            async with pool:
                await _live(receive, send)
            return
        body = await _body(receive)
        given = dict(scope["headers"]).get(b"x-square-hmacsha256-signature", b"")
        wanted = base64.b64encode(hmac.digest(KEY.encode(), notified + body, "sha256"))
        if not hmac.compare_digest(given, wanted):
            await _say(send, 401)
            return
        event = msgspec.json.decode(body, type=Event)
        async with pool.connection() as conn:
            await conn.execute(sql, (event.event_id, event.type, datetime.now(UTC), body, connection))
        await _say(send, 200)

    return app


async def bare(scope: Any, receive: Any, send: Any) -> None:
    """Reads and answers."""
    if scope["type"] == "lifespan":
        await _live(receive, send)
        return
    await _body(receive)
    await _say(send, 200)


def main(name: str, url: str, port: int, connection: UUID) -> None:
    """One of the servers, until it is told to stop."""
    gc.set_threshold(100_000, 50, 100)
    made: dict[str, Callable[[], Any]] = {
        "the product": lambda: Product(url, port),
        "one INSERT": lambda: one_insert(url, port, connection),
        "bare ASGI": lambda: bare,
    }
    # As the product is served: it reads proxies' headers itself.
    uvicorn.run(
        made[name](), port=port, log_level="warning", access_log=False, loop="uvloop",
        http=ExpressProtocol if name == "the product" else "httptools", proxy_headers=False, server_header=False,
    )  # fmt: skip


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), UUID(sys.argv[4]))
