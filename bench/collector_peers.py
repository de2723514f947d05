"""What the collector is compared with: the same touch, the same table, written in the two usual ways.

Both connect as the tables' owner, whom row-level security does not bind, classify nothing and check no key: they do
less than the collector does. They decode and validate the body and answer 202 after the commit.
"""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import grounds  # type: ignore[import-not-found]
import msgspec
import psycopg
import uvicorn
from fastapi import FastAPI, Request, Response
from psycopg_pool import AsyncConnectionPool

from bookingbridge.api.collector_senders import Paces
from bookingbridge.api.express import ExpressProtocol
from bookingbridge.infra.limits import Pace
from bookingbridge.main import web_app, wiring

GC = (100_000, 50, 100)
"""The garbage collector's thresholds, a setting of the server: collections find nothing among short-lived events."""

BUSINESS = UUID("018f0000-0000-7000-8000-0000000000aa")

COLUMNS = (
    "business_id", "id", "kind", "occurred_at", "received_at", "visitor", "channel", "source", "medium", "campaign",
    "url", "referrer", "consent",
)  # fmt: skip
TYPES = (
    "uuid", "uuid", "text", "timestamptz", "timestamptz", "text", "text", "text", "text", "text", "text", "text",
    "text",
)  # fmt: skip


class Event(msgspec.Struct):
    """The fields of the collector's contract that the load sends."""

    id: str
    at: datetime
    kind: str = "visit"
    url: str = ""
    referrer: str = ""
    visitor: str = ""
    consent: str = "granted"
    utm: dict[str, str] = {}


class Body(msgspec.Struct):
    site: str
    events: list[Event]


decoder = msgspec.json.Decoder(Body)


def row(business: UUID, event: Event) -> tuple[Any, ...]:
    tags = event.utm.get
    return (
        business, UUID(event.id), event.kind, event.at, datetime.now(UTC), event.visitor, "direct", tags("source"),
        tags("medium"), tags("campaign"), event.url, event.referrer, event.consent,
    )  # fmt: skip


class Product:
    """The whole app as it is served, with its database, and limits that one load cannot reach."""

    def __init__(self, url: str) -> None:
        config = grounds.settings(url)
        plenty = Pace(10**9, timedelta(seconds=1))
        self._db = wiring.database(url, max_size=20)
        paces = Paces(address=plenty, sender=plenty)
        self._app = web_app.create_app(config, wiring.engine(config, self._db), paces=paces)
        self.lanes = self._app.lanes

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            async with self._db:
                await self._app(scope, receive, send)
        else:
            await self._app(scope, receive, send)


def one_insert_per_request(url: str, business: UUID) -> FastAPI:
    """FastAPI, a pool of ten connections, one INSERT and one commit per request."""
    pool = AsyncConnectionPool(url, min_size=10, max_size=10, open=False, kwargs={"autocommit": True})
    sql = (
        f"INSERT INTO touches ({', '.join(COLUMNS)}) VALUES ({', '.join(['%s'] * len(COLUMNS))}) ON CONFLICT DO NOTHING"
    )

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> Any:
        await pool.open(wait=True)
        yield
        await pool.close()

    app = FastAPI(lifespan=lifespan)

    @app.post("/t")
    async def take(request: Request) -> Response:
        body = decoder.decode(await request.body())
        async with pool.connection() as conn:
            for event in body.events:
                await conn.execute(sql, row(business, event))
        return Response(status_code=202)

    return app


def bare_micro_batcher(
    url: str, business: UUID
) -> Callable[[MutableMapping[str, Any], Callable[[], Awaitable[Any]], Callable[[Any], Awaitable[None]]], Any]:
    """Raw ASGI and one flusher that writes whatever queued with the driver's own arrays: nothing else."""
    queue: list[tuple[tuple[Any, ...], asyncio.Future[None]]] = []
    work = asyncio.Event()
    unnest = ", ".join(f"%s::{kind}[]" for kind in TYPES)
    sql = f"INSERT INTO touches ({', '.join(COLUMNS)}) SELECT * FROM unnest({unnest}) ON CONFLICT DO NOTHING"

    async def flush() -> None:
        conn = await psycopg.AsyncConnection.connect(url, autocommit=True, prepare_threshold=1)
        while True:
            await work.wait()
            batch = queue[:2000]
            del queue[:2000]
            if not queue:
                work.clear()
            if batch:
                await conn.execute(sql, [list(column) for column in zip(*(r for r, _ in batch), strict=True)])
                for _, done in batch:
                    if not done.done():
                        done.set_result(None)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await receive()
            task = asyncio.create_task(flush())
            await send({"type": "lifespan.startup.complete"})
            await receive()
            task.cancel()
            await send({"type": "lifespan.shutdown.complete"})
            return
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        for event in decoder.decode(body).events:
            done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            queue.append((row(business, event), done))
            work.set()
            await done
        await send({"type": "http.response.start", "status": 202, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})

    return app


def main(name: str, url: str, port: int) -> None:
    """One of the servers, until it is told to stop."""
    gc.set_threshold(*GC)
    made: dict[str, Callable[[], Any]] = {
        "collector": lambda: Product(url),
        "micro-batcher": lambda: bare_micro_batcher(url, BUSINESS),
        "one INSERT": lambda: one_insert_per_request(url, BUSINESS),
    }
    # As the product is served: it reads proxies' headers itself.
    uvicorn.run(
        made[name](), port=port, log_level="warning", access_log=False, loop="uvloop",
        http=ExpressProtocol if name == "collector" else "httptools", proxy_headers=False, server_header=False,
    )  # fmt: skip


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
