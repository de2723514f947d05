"""The web app: pages, the API, the collector and the webhooks' door, put together and served."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import uvicorn
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from bookingbridge.api.app import PREFIX, api
from bookingbridge.api.collector import Collector
from bookingbridge.api.collector_senders import Paces
from bookingbridge.api.express import ExpressProtocol, Lanes
from bookingbridge.api.webhooks import WebhookDoor
from bookingbridge.domains.accounts import api as accounts
from bookingbridge.domains.accounts.api import Access
from bookingbridge.domains.journeys.api import Intake
from bookingbridge.infra import log, migrate
from bookingbridge.infra.batcher import Batcher, connector
from bookingbridge.infra.db import Database
from bookingbridge.main import database, mail_door, wiring
from bookingbridge.main.settings import Settings
from bookingbridge.sync import inbound
from bookingbridge.sync.engine import Engine
from bookingbridge.sync.inbound import Arrival, Door
from bookingbridge.web import assets
from bookingbridge.web.access import check_routes, declared
from bookingbridge.web.middleware import MAX_BODY, Front
from bookingbridge.web.pages.error import respond

_log = log.get(__name__)


def create_app(settings: Settings, engine: Engine, *, paces: Paces | None = None) -> Any:
    """The whole app over an open database: an ASGI callable. `app.state` of the inner app carries what routes need.

    `paces`: how much the collector takes, where that is not the usual.
    """
    app = FastAPI(title="BookingBridge", openapi_url=None, docs_url=None, redoc_url=None, max_body_size=MAX_BODY)
    app.state.settings = settings
    app.state.engine = engine
    app.state.db = engine.db
    app.state.vault = engine.vault
    app.state.clock = engine.clock
    for router in wiring.PAGES:
        app.include_router(router)
    app.mount(PREFIX, api(app.state))
    app.router.routes += [
        Route("/static/{name:path}", declared(Access.public("style and scripts of the pages"))(assets.serve)),
        Route("/livez", declared(Access.public("says only that the process lives"))(_livez)),
        Route("/readyz", declared(Access.public("says only whether requests can be served"))(_readyz)),
    ]
    respond.install(app)
    check_routes(app)
    return House(app, settings, engine, paces)


class House:
    """The app with its doors in front. Its lifespan opens the batchers; the database is the caller's to open."""

    def __init__(self, app: FastAPI, settings: Settings, engine: Engine, paces: Paces | None = None) -> None:
        self.app = app
        self.mail_port: int | None = None
        batcher: Batcher[Arrival, None] = Batcher(connector(engine.db.url), inbound.keep, name="webhooks")
        intake = Intake(engine.db)
        collector = Collector(app, intake, engine.db, public_url=settings.public_url, paces=paces)
        door = WebhookDoor(collector, Door(engine), batcher)
        self._front = Front(
            door,
            public_url=settings.public_url,
            is_production=settings.environment == "production",
            trusted_proxies=settings.trusted_proxies,
            draw=respond.draw,
        )
        self._parts = (batcher, intake)
        self._mail = settings, engine, batcher
        # Served by `ExpressProtocol`, what the script and the vendors send comes in by these.
        ways = collector.lanes.door_at, door.lanes.door_at
        self.lanes = Lanes(lambda path: ways[0](path) or ways[1](path), self._front.lets_in)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        await self._front(scope, receive, send)

    @asynccontextmanager
    async def alive(self) -> AsyncIterator[None]:
        """The batchers take writes until the end, then what was queued is committed."""
        async with AsyncExitStack() as stack:
            for part in self._parts:
                await stack.enter_async_context(part)
            self.mail_port = await stack.enter_async_context(mail_door.open_door(*self._mail))
            yield

    async def _live(self, receive: Any, send: Any) -> None:
        await receive()
        try:
            async with self.alive():
                await send({"type": "lifespan.startup.complete"})
                await receive()
        except Exception as failed:
            await send({"type": "lifespan.startup.failed", "message": repr(failed)})
            raise
        await send({"type": "lifespan.shutdown.complete"})


async def _livez(request: Request) -> Response:
    return PlainTextResponse("alive\n")


async def _readyz(request: Request) -> Response:
    """200 when the database answers and has this version's shape. A vendor that is down changes nothing here."""
    db: Database = request.app.state.db
    try:
        async with asyncio.timeout(2), db.connection() as conn:
            row = await (await conn.execute("SELECT version_num FROM alembic_version")).fetchone()
    except Exception as failed:
        return JSONResponse({"status": "fail", "why": type(failed).__name__}, status_code=503)
    is_current = row is not None and row[0] == migrate.head()
    return JSONResponse({"status": "pass" if is_current else "fail"}, status_code=200 if is_current else 503)


def serve(settings: Settings, *, host: str, port: int, with_worker: bool) -> None:
    """Serves until stopped. Prints the link that creates the owner while there is none."""
    log.configure(as_json=settings.log_json, level=settings.log_level)
    found = database.prepare(settings)
    # Long-lived objects are many, garbage is mostly freed by reference counts: rarer collections halve the p99 of the
    # collector (bench/collector.py).
    gc.set_threshold(100_000, 50, 100)
    with contextlib.suppress(KeyboardInterrupt):
        uvloop_run(_serve(settings, found.url, host, port, with_worker))


def uvloop_run(act: Any) -> None:
    """Runs on uvloop where it is installed."""
    try:
        import uvloop
    except ImportError:
        asyncio.run(act)
    else:
        uvloop.run(act)


async def _serve(settings: Settings, url: str, host: str, port: int, with_worker: bool) -> None:
    from bookingbridge.main import worker

    async with wiring.database(url, max_size=20, salt=settings.salt()) as db:
        engine = wiring.engine(settings, db)
        app = create_app(settings, engine)
        server = uvicorn.Server(
            uvicorn.Config(
                app, host=host, port=port, log_level="warning", access_log=False, server_header=False,
                date_header=True, timeout_graceful_shutdown=10, proxy_headers=False, http=ExpressProtocol,
            )
        )  # fmt: skip
        if token := await accounts.owner_link(db):
            sys.stderr.write(f"\nBecome the owner of this installation: {settings.public_url}/setup/{token}\n\n")
        _log.info("serving", url=settings.public_url)
        stop = asyncio.Event()
        jobs = worker.run(engine, until=stop, dead_after_s=settings.worker_dead_after_s) if with_worker else None
        working = asyncio.create_task(jobs) if jobs is not None else None
        try:
            await server.serve()
        finally:
            stop.set()
            if working is not None:
                await working
