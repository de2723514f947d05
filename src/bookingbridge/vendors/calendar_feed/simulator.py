"""A system that shares calendars by secret addresses: for demos, for tests, and to play with. `create_app` makes one.

Beside /_sim of vendorkit.simulation it answers:

    POST /_sim/world         {"feeds": [{"secret", "name", "back_days", "ahead_days", "zone", "style", "stamps", "most",
                             "events": [...]}]}; see `Feed` and `Event`
    POST /_sim/events        {"feed": secret, "uid": …, …}: the event is there, or moved (its sequence goes up)
    POST /_sim/events/cancel {"feed": secret, "uid": …, "how": "vanish" | "status"}
    POST /_sim/moods         {"feed": secret, "mood": "well" | "empty" | "login" | "cut" | "withdrawn" | "redirect" |
                             "elsewhere"}: what the address answers from here on
    GET  /                   the page on which a person finds the addresses
    GET  /share/{secret}.ics the feed, with ETag and Last-Modified
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from html import escape
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from bookingbridge.canonical.errors import Unreadable
from bookingbridge.vendorkit.simulated_faults import Fault
from bookingbridge.vendorkit.simulated_pages import page
from bookingbridge.vendorkit.simulation import Simulation, refusal_headers, refusal_status
from bookingbridge.vendors.calendar_feed.client import NAME
from bookingbridge.vendors.calendar_feed.simulated_feeds import STARTER_ROLLING, Event, Feed, etag, starter, written

_MOODS = ("well", "empty", "login", "cut", "withdrawn", "redirect", "elsewhere")
_EMPTY = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Simulated//EN\r\nEND:VCALENDAR\r\n"


def create_app(*, now: Callable[[], datetime], base_url: str, config: Mapping[str, str]) -> Starlette:
    """A simulated calendar system with two feeds in it: one that rolls as Schedulicity's, one that is whole."""
    return FeedSimulation(now=now, base_url=base_url, config=config).app()


def starter_fields(base_url: str) -> Mapping[str, str]:
    """What to paste so that the simulator at `base_url` takes it."""
    return {"feed_url": f"{base_url}/share/{STARTER_ROLLING}.ics", NAME: "Chair 1"}


class FeedSimulation(Simulation):
    """See vendorkit.simulation."""

    def __init__(self, *, now: Callable[[], datetime], base_url: str, config: Mapping[str, str]) -> None:
        super().__init__(now=now, base_url=base_url, config=config)
        self.feeds: dict[str, Feed] = {feed.secret: feed for feed in starter(self.now())}
        self._is_untouched = True

    def routes(self) -> Sequence[BaseRoute]:
        return [
            Route("/_sim/events", self._put, methods=["POST"]),
            Route("/_sim/events/cancel", self._cancel, methods=["POST"]),
            Route("/_sim/moods", self._mood, methods=["POST"]),
            Route("/", self._front),
            Route("/moved/{secret}.ics", self._share),
            Route("/share/{secret}.ics", self._share),
        ]

    def load(self, world: Mapping[str, Any]) -> dict[str, int]:
        try:
            feeds = msgspec.convert(world.get("feeds", []), list[Feed])
        except msgspec.ValidationError as broken:
            raise Unreadable(f"not a world of feeds: {broken}") from broken
        if self._is_untouched:
            self.clear()
        self.feeds.update({feed.secret: feed for feed in feeds})
        return {"feeds": len(feeds), "events": sum(len(feed.events) for feed in feeds)}

    def clear(self) -> None:
        self.feeds = {}
        self._is_untouched = False

    def refusal(self, fault: Fault) -> Response:
        return PlainTextResponse("Ordered by the test.", refusal_status(fault), headers=refusal_headers(fault))

    async def _front(self, _: Request) -> Response:
        rows = "".join(
            f"<dt>{escape(feed.name)}</dt><dd><code>{escape(self.base_url)}/share/{escape(feed.secret)}.ics</code></dd>"
            for feed in self.feeds.values()
        )
        body = f'<p class="soft">Anyone with such an address can read the calendar.</p><dl>{rows}</dl>'
        return page(vendor="calendars", title="Share your calendar", body=body)

    async def _share(self, request: Request) -> Response:
        feed = self.feeds.get(request.path_params["secret"])
        if feed is None or feed.mood == "withdrawn":
            return PlainTextResponse("Not found", 404)
        if feed.mood == "redirect" and "/share/" in request.url.path:
            return RedirectResponse(f"{self.base_url}/moved/{feed.secret}.ics", 302)
        if feed.mood == "elsewhere":
            return RedirectResponse("https://elsewhere.example.com/secret-path/feed.ics", 302)
        if feed.mood == "login":
            return page(vendor="calendars", title="Sign in", body="<p>Sign in to see this calendar.</p>")
        return self._answer(request, feed)

    def _answer(self, request: Request, feed: Feed) -> Response:
        text = _EMPTY if feed.mood == "empty" else written(feed, self.now())
        text = text[: len(text) * 2 // 3] if feed.mood == "cut" else text
        mark = etag(text)
        if request.headers.get("if-none-match") == mark:
            return Response(status_code=304, headers={"ETag": mark})
        return Response(text, media_type="text/calendar; charset=utf-8", headers={"ETag": mark})

    async def _put(self, request: Request) -> Response:
        feed, order = await self._ordered(request)
        uid = str(order.get("uid", ""))
        before = feed.events.get(uid)
        try:
            held = msgspec.to_builtins(before) if before else {}
            event = msgspec.convert({**held, **order}, Event)
        except msgspec.ValidationError as broken:
            raise Unreadable(f"not an event: {broken}") from broken
        sequence = before.sequence + 1 if before else event.sequence
        created = before.created if before else (event.created or self.now())
        feed.events[uid] = msgspec.structs.replace(event, sequence=sequence, created=created, changed=self.now())
        return JSONResponse({"uid": uid, "sequence": sequence})

    async def _cancel(self, request: Request) -> Response:
        feed, order = await self._ordered(request)
        event = feed.events.get(str(order.get("uid")))
        if event is None:
            raise Unreadable("there is no such event")
        if order.get("how") == "status":
            feed.events[event.uid] = msgspec.structs.replace(
                event, status="CANCELLED", sequence=event.sequence + 1, changed=self.now()
            )
        else:
            del feed.events[event.uid]
        return JSONResponse({"uid": event.uid})

    async def _mood(self, request: Request) -> Response:
        feed, order = await self._ordered(request)
        if order.get("mood") not in _MOODS:
            raise Unreadable(f"a mood is one of {', '.join(_MOODS)}")
        feed.mood = str(order["mood"])
        return JSONResponse({"mood": feed.mood})

    async def _ordered(self, request: Request) -> tuple[Feed, dict[str, Any]]:
        try:
            order = msgspec.json.decode(await request.body())
            return self.feeds[order.pop("feed")], order
        except (msgspec.DecodeError, KeyError, AttributeError, TypeError) as broken:
            raise Unreadable("the order names no feed that is there") from broken


__all__ = ["FeedSimulation", "create_app"]
