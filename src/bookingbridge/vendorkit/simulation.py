"""What all simulated vendors share: a clock that can be moved, faults on demand, a log of requests, real webhooks.

A simulator is an ASGI app that keeps its state in memory and speaks the vendor's wire format. Beside that it answers,
in JSON, under /_sim:

    GET    /_sim              everything below at a glance; DELETE makes everything as at the start, with no world
    POST   /_sim/clock        {"offset_seconds": 3600} or {"now": "2026-11-20T12:00:00Z"}
    POST   /_sim/faults       {"fault": "429", "match": {"method": "GET", "path_prefix": "/v2/bookings"},
                               "times": 2, "retry_after": 1, "seconds": 2}; times null: until DELETE; GET lists them
    POST   /_sim/lag          {"seconds": 5}: lists and searches show what was written only that much later
    POST   /_sim/deliveries   {"is_paused": true, "duplicates": 2, "is_shuffled": true, "delay": 1}; GET shows them
    GET    /_sim/requests     the last 2,000 requests; DELETE forgets them
    POST   /_sim/world        fills the simulator; its shape is the vendor's own
    DELETE /_sim/world        empties it
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bookingbridge.canonical import times
from bookingbridge.canonical.errors import Unreadable
from bookingbridge.vendorkit.simulated_deliveries import Deliveries
from bookingbridge.vendorkit.simulated_faults import Fault, FaultKind, Faults, go_wrong

CONTROL = "/_sim"


class Simulation(ABC):
    """One simulated vendor. A subclass brings its routes, its world and the shape of its errors."""

    def __init__(self, *, now: Callable[[], datetime], base_url: str, config: Mapping[str, str]) -> None:
        self._now = now
        self.base_url = base_url
        self.config = config
        self.offset = timedelta()
        self.lag = timedelta()
        self.faults = Faults()
        self.requests: deque[dict[str, Any]] = deque(maxlen=2000)
        self.deliveries = Deliveries()

    @abstractmethod
    def routes(self) -> Sequence[BaseRoute]:
        """The vendor's own paths."""

    @abstractmethod
    def load(self, world: Mapping[str, Any]) -> dict[str, int]:
        """The state also holds what `world` describes; how many of each. Unreadable when it cannot be understood."""

    @abstractmethod
    def clear(self) -> None:
        """There is no world any more."""

    @abstractmethod
    def refusal(self, fault: Fault) -> Response:
        """A 429 or 500 in the vendor's own shape; `refusal_headers` gives its Retry-After."""

    def now(self) -> datetime:
        """The vendor's time."""
        return self._now() + self.offset

    def app(self) -> Starlette:
        """The simulator, ready to be served."""

        @asynccontextmanager
        async def lifespan(_: Starlette) -> AsyncIterator[None]:
            await self.deliveries.start()
            yield
            await self.deliveries.stop()

        made = Starlette(
            routes=[*self._control(), *self.routes()],
            middleware=[Middleware(_Gate, simulation=self)],
            lifespan=lifespan,
        )
        made.state.simulation = self
        return made

    def _control(self) -> list[BaseRoute]:
        return [
            Route(CONTROL, self._overview),
            Route(CONTROL, self._reset, methods=["DELETE"]),
            Route(f"{CONTROL}/clock", self._move_clock, methods=["POST"]),
            Route(f"{CONTROL}/faults", self._order_faults, methods=["GET", "POST", "DELETE"]),
            Route(f"{CONTROL}/lag", self._set_lag, methods=["POST"]),
            Route(f"{CONTROL}/deliveries", self._order_deliveries, methods=["GET", "POST"]),
            Route(f"{CONTROL}/requests", self._show_requests, methods=["GET", "DELETE"]),
            Route(f"{CONTROL}/world", self._change_world, methods=["POST", "DELETE"]),
        ]

    async def _overview(self, _: Request) -> Response:
        return JSONResponse(
            {
                "now": times.text(self.now()),
                "offset_seconds": self.offset.total_seconds(),
                "lag_seconds": self.lag.total_seconds(),
                "faults": [fault.to_json() for fault in self.faults.open],
                "deliveries": self.deliveries.to_json(),
                "requests": len(self.requests),
            }
        )

    async def _reset(self, _: Request) -> Response:
        self.offset = self.lag = timedelta()
        self.faults.open.clear()
        self.requests.clear()
        self.deliveries.forget()
        self.clear()
        return JSONResponse({})

    async def _move_clock(self, request: Request) -> Response:
        body = await _order(request)
        if "now" in body:
            self.offset = times.rfc3339(str(body["now"])) - self._now()
        else:
            self.offset = _seconds(body, "offset_seconds")
        return JSONResponse({"now": times.text(self.now()), "offset_seconds": self.offset.total_seconds()})

    async def _order_faults(self, request: Request) -> Response:
        if request.method == "DELETE":
            self.faults.open.clear()
        elif request.method == "POST":
            self.faults.open.append(Fault.parse(await _order(request)))
        return JSONResponse({"faults": [fault.to_json() for fault in self.faults.open]})

    async def _set_lag(self, request: Request) -> Response:
        self.lag = _seconds(await _order(request), "seconds")
        return JSONResponse({"lag_seconds": self.lag.total_seconds()})

    async def _order_deliveries(self, request: Request) -> Response:
        if request.method == "POST":
            try:
                self.deliveries.order(await _order(request))
            except (ValueError, TypeError) as broken:
                raise Unreadable("not an order for deliveries") from broken
        return JSONResponse(self.deliveries.to_json())

    async def _show_requests(self, request: Request) -> Response:
        if request.method == "DELETE":
            self.requests.clear()
        return JSONResponse({"requests": list(self.requests)})

    async def _change_world(self, request: Request) -> Response:
        if request.method == "DELETE":
            self.clear()
            return JSONResponse({})
        return JSONResponse(self.load(await _order(request)))


def refusal_headers(fault: Fault) -> dict[str, str]:
    """The Retry-After an ordered fault names, if any."""
    return {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}


def refusal_status(fault: Fault) -> int:
    return 429 if fault.kind is FaultKind.THROTTLED else 500


def own_path(scope: Mapping[str, Any]) -> str:
    """The path without the prefix that the simulator is mounted under."""
    return str(scope["path"]).removeprefix(str(scope.get("root_path", "")))


class _Gate:
    """Stands before the simulator: writes each request down and lets it go wrong where that was ordered."""

    def __init__(self, app: ASGIApp, simulation: Simulation) -> None:
        self._app = app
        self._simulation = simulation

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif own_path(scope).startswith(CONTROL):
            await self._ordered(scope, receive, send)
        else:
            await self._served(scope, receive, send)

    async def _ordered(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._app(scope, receive, send)
        except Unreadable as broken:
            await JSONResponse({"error": broken.why}, status_code=400)(scope, receive, send)

    async def _served(self, scope: Scope, receive: Receive, send: Send) -> None:
        method, path = str(scope["method"]), own_path(scope)
        fault = self._simulation.faults.take(method, path)
        entry: dict[str, Any] = {
            "at": times.text(self._simulation.now()),
            "method": method,
            "path": path,
            "query": bytes(scope["query_string"]).decode("latin-1"),
            "fault": fault.kind.value if fault else None,
            "status": None,
        }
        self._simulation.requests.append(entry)

        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start":
                entry["status"] = message["status"]
            await send(message)

        if fault is None:
            await self._app(scope, receive, noting)
        else:
            await go_wrong(fault, self._app, scope, receive, noting, refusal=self._simulation.refusal)


async def _order(request: Request) -> dict[str, Any]:
    """The JSON object that was sent. Unreadable when it is none."""
    try:
        body = msgspec.json.decode(await request.body())
    except (msgspec.DecodeError, RecursionError) as broken:
        raise Unreadable("the body is not JSON") from broken
    if not isinstance(body, dict):
        raise Unreadable("the body is not a JSON object")
    return body


def _seconds(body: Mapping[str, Any], name: str) -> timedelta:
    try:
        return timedelta(seconds=float(body[name]))
    except (KeyError, ValueError, TypeError, OverflowError) as broken:
        raise Unreadable(f"{name} is missing or no number of seconds") from broken
