"""Simulated vendors, served together on one port of this machine: a playground, the demo's world, the tests' peer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from datetime import UTC, datetime
from importlib import import_module
from threading import Thread

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import BaseRoute, Mount, Route

from bookingbridge.main import shop_site
from bookingbridge.main.wiring import SIMULATED_APP, VENDORS

SECRET = "simulated-secret"  # noqa: S105 - every simulator's, and of no use anywhere else


def addresses(base: str) -> dict[str, str]:
    """Each simulator's base URL, and the demo shop's own website."""
    return {**{name: f"{base}/{name}" for name in VENDORS}, "shop": f"{base}/shop"}


def create_app(base: str, *, now: Callable[[], datetime] | None = None) -> Starlette:
    """All simulators as one app whose address is `base`; each keeps its state in memory."""
    clock = now or (lambda: datetime.now(UTC))
    parts = {
        name: import_module(f"bookingbridge.vendors.{name}.simulator").create_app(
            now=clock, base_url=address, config={"client_id": SIMULATED_APP, "client_secret": SECRET}
        )
        for name, address in addresses(base).items()
        if name in VENDORS
    }
    parts["shop"] = shop_site.create_app(square=f"{base}/square")
    routes: list[BaseRoute] = [Mount(f"/{name}", app=part) for name, part in parts.items()]
    return Starlette(routes=[Route("/", _front), *routes], lifespan=lambda _: _all_alive(parts))


@asynccontextmanager
async def _all_alive(parts: Mapping[str, Starlette]) -> AsyncIterator[None]:
    # Mounted apps are not started by the app around them.
    async with AsyncExitStack() as stack:
        for part in parts.values():
            await stack.enter_async_context(part.router.lifespan_context(part))
        yield


async def _front(request: Request) -> PlainTextResponse:
    lines = [f"{name:12} {address}" for name, address in addresses(str(request.base_url).rstrip("/")).items()]
    return PlainTextResponse("Simulated vendors. Nothing here is real.\n\n" + "\n".join(lines) + "\n")


def serve(port: int) -> None:
    """Serves until stopped, on this machine only."""
    app = create_app(f"http://127.0.0.1:{port}")
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning", access_log=False)


@contextmanager
def in_background(port: int) -> Iterator[None]:
    """Served from a thread of this process while within."""
    app = create_app(f"http://127.0.0.1:{port}")
    config = uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning", access_log=False)
    server = uvicorn.Server(config)
    thread = Thread(target=server.run, name="simulators", daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(timeout=10)
