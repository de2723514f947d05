"""A stand-in for Google Calendar: consent and tokens, calendars, events with sync tokens, channels that push.

    create_app(now=…, base_url=…, config={"client_id": "…", "client_secret": "…"})

Beside what vendorkit.simulation answers under /_sim, and the world that `world` describes:

    POST /_sim/expire   all sync and page tokens given so far have run out: 410 and 400
    POST /_sim/refuse   {"status": 403, "reason": "userRateLimitExceeded", "times": 1}: the next requests are refused
    GET  /_sim/channels who is told of changes
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from bookingbridge.canonical import times
from bookingbridge.canonical.ports import Json
from bookingbridge.vendorkit.simulated_faults import Fault, FaultKind, is_page_withheld
from bookingbridge.vendorkit.simulated_google import Login, Wording
from bookingbridge.vendorkit.simulation import CONTROL, Simulation, refusal_headers
from bookingbridge.vendors.google_calendar.oauth import CALENDARS, EVENTS
from bookingbridge.vendors.google_calendar.simulator import answers
from bookingbridge.vendors.google_calendar.simulator.answers import Refusal
from bookingbridge.vendors.google_calendar.simulator.channels import Telling
from bookingbridge.vendors.google_calendar.simulator.events import Calendar, Held
from bookingbridge.vendors.google_calendar.simulator.listing import listed
from bookingbridge.vendors.google_calendar.simulator.world import World

CLIENT_ID, CLIENT_SECRET = "simulated-app", "simulated-secret"

_ROOT = "/calendar/v3"
_MEANING = {
    EVENTS: "View and edit events on all your calendars",
    CALENDARS: "See the list of Google calendars you're subscribed to",
}
_ROLES = ("freeBusyReader", "reader", "writerWithoutPrivateAccess", "writer", "owner")

Handler = Callable[[Request], Awaitable[Response]]


def create_app(*, now: Callable[[], datetime], base_url: str, config: Mapping[str, str]) -> Starlette:
    """The simulated Google as an ASGI app. It knows one client: the client_id and client_secret of `config`."""
    return CalendarSimulation(now=now, base_url=base_url, config=config).app()


class CalendarSimulation(Simulation):
    """One simulated Google: sign-in, tokens and the Calendar API on one host."""

    def __init__(self, *, now: Callable[[], datetime], base_url: str, config: Mapping[str, str]) -> None:
        super().__init__(now=now, base_url=base_url, config=config)
        self.client_id = config.get("client_id") or CLIENT_ID
        self.client_secret = config.get("client_secret") or CLIENT_SECRET
        self.world = World(self.client_secret)
        self.telling = Telling(lambda: self.world, self.deliveries, self.now)

    def routes(self) -> Sequence[BaseRoute]:
        wording = Wording(_MEANING, "Your calendars:", self._owned)
        login = Login(self.client_id, self.client_secret, lambda: self.world, self.now, wording)
        events = f"{_ROOT}/calendars/{{calendar}}/events"
        return [
            Route(f"{CONTROL}/expire", self._expire, methods=["POST"]),
            Route(f"{CONTROL}/refuse", self._refuse, methods=["POST"]),
            Route(f"{CONTROL}/channels", self._channels),
            *login.routes(),
            Route(f"{_ROOT}/users/me/calendarList", self._answering(CALENDARS, self._calendars)),
            Route(f"{_ROOT}/users/me/calendarList/{{calendar}}", self._answering(CALENDARS, self._calendar)),
            Route(events, self._answering(EVENTS, self._list)),
            Route(events, self._answering(EVENTS, self._insert), methods=["POST"]),
            Route(f"{events}/watch", self._answering(EVENTS, self._watch), methods=["POST"]),
            Route(f"{events}/{{event}}", self._answering(EVENTS, self._get)),
            Route(f"{events}/{{event}}", self._answering(EVENTS, self._patch), methods=["PATCH"]),
            Route(f"{events}/{{event}}", self._answering(EVENTS, self._delete), methods=["DELETE"]),
            Route(f"{_ROOT}/channels/stop", self._answering(EVENTS, self._stop), methods=["POST"]),
        ]

    def load(self, world: Mapping[str, Any]) -> dict[str, int]:
        return self.world.load(world, self.now(), self.telling.changed)

    def clear(self) -> None:
        self.world = World(self.client_secret)

    def refusal(self, fault: Fault) -> Response:
        refused = answers.too_fast() if fault.kind is FaultKind.THROTTLED else answers.broken()
        return refused.response(refusal_headers(fault))

    def _owned(self) -> list[tuple[str, str]]:
        return [(c.summary or c.id, c.id) for c in self.world.calendars.values()]

    def _answering(self, scope: str, handler: Handler) -> Handler:
        """The handler, for who is signed in and may; refusals become answers."""

        async def answer(request: Request) -> Response:
            try:
                if self.world.refusals:
                    raise self.world.refusals.pop()
                self._signed_in(request, scope)
                return await handler(request)
            except Refusal as refused:
                return refused.response()

        return answer

    def _signed_in(self, request: Request, scope: str) -> None:
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        consent, ends, _ = self.world.accesses.get(token, (None, None, ""))
        if kind.lower() != "bearer" or consent is None or (ends is not None and self.now() >= ends):
            raise answers.signed_out()
        if scope not in consent.scopes:
            raise answers.no_permission()

    def _the(self, request: Request, *, to_write: bool = False) -> Calendar:
        wanted = request.path_params["calendar"]
        calendar = self.world.calendars.get(wanted)
        if wanted == "primary":
            calendar = next((c for c in self.world.calendars.values() if c.is_primary), None)
        if calendar is None:
            raise answers.not_found()
        if to_write and _ROLES.index(calendar.role) < _ROLES.index("writerWithoutPrivateAccess"):
            message = "You need to have writer access to this calendar."
            raise Refusal(403, "requiredAccessLevel", message, domain="calendar")
        return calendar

    async def _calendars(self, request: Request) -> Response:
        least = request.query_params.get("minAccessRole", _ROLES[0])
        found = [c for c in self.world.calendars.values() if _ROLES.index(c.role) >= _ROLES.index(least)]
        start = request.query_params.get("pageToken", "0")
        offset = int(start) if start.isdigit() else 0
        size = self.world.rules.page_size
        answer: Json = {"kind": "calendar#calendarList", "etag": '"p1"'}
        answer["items"] = [_entry(c) for c in found[offset : offset + size]]
        more = {"nextPageToken": str(offset + size)} if offset + size < len(found) else {"nextSyncToken": "c1"}
        return JSONResponse(answer | more)

    async def _calendar(self, request: Request) -> Response:
        return JSONResponse(_entry(self._the(request)))

    async def _list(self, request: Request) -> Response:
        query = dict(request.query_params)
        is_withheld = is_page_withheld(request.scope)
        calendar = self._the(request)
        return JSONResponse(listed(self.world, calendar, query, now=self.now(), lag=self.lag, is_withheld=is_withheld))

    async def _get(self, request: Request) -> Response:
        return JSONResponse(self._the(request).get(request.path_params["event"]).body)

    async def _insert(self, request: Request) -> Response:
        calendar = self._the(request, to_write=True)
        held = calendar.insert(_object(await request.body()), by=self.world.person.email, now=self.now())
        self.telling.changed(calendar)
        return JSONResponse(held.body)

    async def _patch(self, request: Request) -> Response:
        calendar = self._the(request, to_write=True)
        held = _matched(calendar, request)
        calendar.patch(held.body["id"], _object(await request.body()), now=self.now())
        self.telling.changed(calendar)
        return JSONResponse(held.body)

    async def _delete(self, request: Request) -> Response:
        calendar = self._the(request, to_write=True)
        held = calendar.get(request.path_params["event"])
        if held.body["status"] == "cancelled":
            raise Refusal(410, "deleted", "Resource has been deleted")
        calendar.cancel(_matched(calendar, request).body["id"], now=self.now())
        self.telling.changed(calendar)
        return Response(status_code=204)

    async def _watch(self, request: Request) -> Response:
        return JSONResponse(self.telling.open(self._the(request), _object(await request.body()), str(request.url)))

    async def _stop(self, request: Request) -> Response:
        self.telling.stop(_object(await request.body()))
        return Response(status_code=204)

    async def _expire(self, _: Request) -> Response:
        self.world.era += 1
        return JSONResponse({"era": self.world.era})

    async def _refuse(self, request: Request) -> Response:
        order = _object(await request.body())
        status, reason = int(order.get("status", 403)), str(order.get("reason", "rateLimitExceeded"))
        refused = Refusal(status, reason, str(order.get("message", reason)), domain=str(order.get("domain", "global")))
        self.world.refusals += [refused] * int(order.get("times", 1))
        return JSONResponse({"refusals": len(self.world.refusals)})

    async def _channels(self, _: Request) -> Response:
        channels = self.world.channels.values()
        shown = [{"id": c.id, "address": c.address, "expires_at": times.text(c.expires_at)} for c in channels]
        return JSONResponse({"channels": shown})


def _entry(calendar: Calendar) -> Json:
    entry: Json = {
        "kind": "calendar#calendarListEntry", "etag": '"1"', "id": calendar.id, "summary": calendar.summary,
        "timeZone": calendar.time_zone, "accessRole": calendar.role, "selected": True, "defaultReminders": [],
    }  # fmt: skip
    return entry | ({"primary": True} if calendar.is_primary else {})


def _matched(calendar: Calendar, request: Request) -> Held:
    """The event, if it is as the caller last saw it."""
    held = calendar.get(request.path_params["event"])
    wanted = request.headers.get("if-match", "*")
    if wanted not in ("*", held.body["etag"]):
        raise Refusal(412, "conditionNotMet", "Precondition Failed")
    return held


def _object(body: bytes) -> Json:
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeError) as broken:
        raise answers.invalid("Parse Error", "parseError") from broken
    if not isinstance(found, dict):
        raise answers.invalid("Parse Error", "parseError")
    return found
