"""A web of a few sites on the loopback: a shop's pages with the script, a collector, and a real Chromium."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from bookingbridge.api.collector_script import Script

Event = dict[str, Any]
CHROMIUM = "/usr/bin/chromium"


@dataclass
class World:
    """What pages show and what the collector heard. `status` is what the collector answers with."""

    port: int = 0
    status: int = 204
    allow_origin: str = "*"
    attributes: str = ""
    head: str = ""
    body: str = ""
    bodies: list[dict[str, Any]] = field(default_factory=list)
    """Every accepted delivery, repetitions too."""
    refused: list[dict[str, Any]] = field(default_factory=list)
    content_types: list[str] = field(default_factory=list)

    def url(self, path: str = "/", host: str = "shop.example.com") -> str:
        return f"http://{host}:{self.port}{path}"

    @property
    def events(self) -> list[Event]:
        """What a collector keeps: each id once, in the order of arrival."""
        found: dict[str, Event] = {}
        for body in self.bodies:
            for event in body["events"]:
                found.setdefault(event["id"], event)
        return list(found.values())

    def kinds(self) -> list[str]:
        return [event["kind"] for event in self.events]

    async def page(self, request: Request) -> HTMLResponse:
        source = self.url("/bb.js", "bridge.example.com")
        return HTMLResponse(
            f"<!doctype html><html><head><title>Salon</title>{self.head}"
            f'<script async src="{source}" data-site="bbs_test" {self.attributes}></script>'
            f"</head><body>{self.body}</body></html>"
        )

    async def script(self, request: Request) -> Response:
        served = Script().answer(accepts="gzip", known="")
        return Response(served.body, headers={k.decode(): v.decode() for k, v in served.headers})

    async def collect(self, request: Request) -> Response:
        body = json.loads(await request.body())
        self.content_types.append(request.headers["content-type"])
        (self.bodies if self.status < 300 else self.refused).append(body)
        headers = {"Access-Control-Allow-Origin": self.allow_origin} if self.allow_origin else {}
        return Response(status_code=self.status, headers=headers)

    async def elsewhere(self, request: Request) -> HTMLResponse:
        return HTMLResponse(f'<a id="out" href="{request.query_params.get("to", "")}">to the salon</a>')

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/bb.js", self.script),
                Route("/collect", self.collect, methods=["POST"]),
                Route("/elsewhere", self.elsewhere),
                Route("/{path:path}", self.page),
            ]
        )


@contextmanager
def serving(world: World) -> Iterator[World]:
    """The world on a free port of the loopback, until the end of the block."""
    listener = socket.create_server(("127.0.0.1", 0))
    world.port = listener.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(world.app(), log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        until(lambda: server.started)
        yield world
    finally:
        server.should_exit = True
        thread.join(5)
        listener.close()


def until(is_so: Callable[[], object], seconds: float = 8) -> None:
    """Returns as soon as `is_so()`, and fails after `seconds`."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)
