"""The collector: touches come in by script, pixel, link and program, and are stored before the answer says so.

Raw ASGI in front of the app, because a framework's own cost per request is three times all the rest:

    POST /t, /collect             events of the script; 202 after the commit (without words where all is well), 4xx is
                                  for good, 429 and 503 are for later
    GET  /p.gif                   a pixel, for pages and mails without script
    GET  /bb.js                   the script
    POST /api/v1/touchpoints      the same events from programs, with an API token or a site's key
    GET  /l/{slug}, /qr/{slug}.svg   tagged links and their QR codes; see collector_links
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import lru_cache
from urllib.parse import parse_qs

from bookingbridge.api import collector_script, collector_wire
from bookingbridge.api.asgi import (
    Answer,
    App,
    Receive,
    Scope,
    Send,
    header,
    problem,
    read_body,
    send_answer,
)
from bookingbridge.api.collector_answers import ALL, FOR_ALL, Stored, not_post, of_error, recorded
from bookingbridge.api.collector_links import LinkDesk
from bookingbridge.api.collector_senders import Paces, Senders, host_of
from bookingbridge.api.collector_wire import NotJson, Parcel
from bookingbridge.api.express import Door, Lanes
from bookingbridge.canonical.errors import BridgeError, Refused, Throttled, Unreachable, Unreadable
from bookingbridge.domains.journeys import api as journeys
from bookingbridge.domains.journeys.api import Event, Intake, Sender, Touch
from bookingbridge.infra import log
from bookingbridge.infra.db import Database

TOUCHPOINTS = "/api/v1/touchpoints"
BEACONS = ("/t", "/collect")

LARGEST_BEACON = 64 * 1024
"""Bytes. Browsers refuse to send more with a beacon (Fetch standard, 64 kB over all that are on their way)."""
LARGEST_LIST = 1024 * 1024
MOST_IN_BEACON = 50
MOST_IN_LIST = 1_000

_log = log.get(__name__)

_is_bot = lru_cache(4_096)(journeys.is_bot)


@dataclass(slots=True)
class Counts:
    """What the collector has done since it started, for the metrics."""

    accepted: int = 0
    refused: int = 0
    bots: int = 0
    """Requests of programs that said so themselves; nothing of them is stored."""
    limited: int = 0
    """Requests that were answered 429."""
    unstored: int = 0
    """Events that were sent back with 503: the sender still has them."""
    clicks_lost: int = 0
    """People who were sent on to a link's target although their click could not be stored."""


class Collector:
    """An ASGI app in front of another: takes what is for the addresses above, hands on the rest.

    What the script sends (`beacon`, at BEACONS) need not come in by here: see `express`.
    """

    def __init__(
        self,
        inner: App,
        intake: Intake,
        db: Database,
        *,
        public_url: str,
        paces: Paces | None = None,
    ) -> None:
        self.counts = Counts()
        self._inner = inner
        self._intake = intake
        self._senders = Senders(intake, db, paces or Paces())
        self._script = collector_script.Script()
        self._links = LinkDesk(intake, public_url, self._senders, self.counts)
        doors = dict.fromkeys(map(str.encode, BEACONS), Door(self.beacon, LARGEST_BEACON))
        self.lanes = Lanes(doors.get, lets_in=lambda _: True)
        self._routes: dict[str, Callable[[Scope, Receive], Awaitable[Answer]]] = {
            **dict.fromkeys(BEACONS, self._beacon),
            "/p.gif": self._pixel,
            "/bb.js": self._send_script,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        handle = self._handler(scope) if scope["type"] == "http" else None
        if handle is None:
            await self._inner(scope, receive, send)
            return
        try:
            answer = await handle(scope, receive)
        except Exception as why:
            answer = self._failed(why, scope)
        await send_answer(send, answer, without_body=scope["method"] == "HEAD")

    def figures(self) -> dict[str, int]:
        """What was counted since the start, by names fit for metrics, and how many events wait to be stored now."""
        batcher = self._intake.batcher
        found = {f"collector_{name}": count for name, count in asdict(self.counts).items()}
        found |= {f"touches_{name}": count for name, count in asdict(batcher.counts).items()}
        return found | {"touches_waiting": batcher.waiting, "touches_up": int(batcher.is_up)}

    def _handler(self, scope: Scope) -> Callable[[Scope, Receive], Awaitable[Answer]] | None:
        path: str = scope["path"]
        if handle := self._routes.get(path):
            return handle
        if path == TOUCHPOINTS and scope["method"] in ("POST", "OPTIONS"):
            return self.touchpoints
        if path.startswith("/l/"):
            return self._links.follow
        return self._links.code if path.startswith("/qr/") else None

    async def _beacon(self, scope: Scope, receive: Receive) -> Answer:
        if scope["method"] != "POST":
            return not_post(scope)
        return await self.beacon(scope, await read_body(receive, LARGEST_BEACON))

    async def beacon(self, scope: Scope, body: bytes | None) -> Answer:
        """The answer to a POST of the script: its events are committed, or it says why not. For `express.Door`."""
        try:
            return await self._beacon_of(scope, body)
        except Exception as why:
            return self._failed(why, scope)

    async def _beacon_of(self, scope: Scope, body: bytes | None) -> Answer:
        agent = origin = ""
        for name, value in scope["headers"]:
            if name == b"user-agent":
                agent = value.decode("latin-1")
            elif name == b"origin":
                origin = value.decode("latin-1")
        if _is_bot(agent):
            self.counts.bots += 1
            return ALL
        parcel = _parcel(body, LARGEST_BEACON, MOST_IN_BEACON)
        now = self._intake.now()
        door = await self._senders.site(scope, parcel.site or "", now, len(parcel.events))
        if origin and door.site.hosts and not door.lets_in(host_of(origin)):
            raise Refused("this site's key may not be used by pages at this host", code="host_not_allowed")
        stored = await self._store(parcel, door.sender, now, agent)
        return recorded(stored, with_ids=False) if stored.errors else ALL

    async def touchpoints(self, scope: Scope, receive: Receive) -> Answer:
        """Events from a program: 202 with their ids when they are committed, 422 where none is usable."""
        if scope["method"] != "POST":
            return not_post(scope)
        now = self._intake.now()
        scheme, _, token = header(scope, b"authorization").partition(" ")
        program = None
        if scheme.lower() == "bearer":
            program = await self._senders.program(scope, token.strip(), now)
        parcel = _parcel(await read_body(receive, LARGEST_LIST), LARGEST_LIST, MOST_IN_LIST)
        if program is None:
            key = parcel.site or header(scope, b"x-site-key")
            sender = (await self._senders.site(scope, key, now, len(parcel.events))).sender
        else:
            self._senders.program_must_have_room(program, now, len(parcel.events))
            sender = await self._senders.for_site(program, parcel.site) if parcel.site else program
        stored = await self._store(parcel, sender, now)
        return recorded(stored, with_ids=True)

    async def _pixel(self, scope: Scope, receive: Receive) -> Answer:
        if scope["method"] not in ("GET", "HEAD"):
            return problem(405, "method_not_allowed", "a pixel is fetched by GET")
        agent = header(scope, b"user-agent")
        if scope["method"] == "HEAD" or _is_bot(agent):
            self.counts.bots += scope["method"] == "GET"
            return collector_script.pixel()
        asked = {name: values[-1] for name, values in parse_qs(scope["query_string"].decode("latin-1")).items()}
        try:
            await self._seen(scope, asked, agent)
        except (Throttled, Unreachable):
            return collector_script.pixel(503)
        except BridgeError:
            self.counts.refused += 1
        return collector_script.pixel()

    async def _seen(self, scope: Scope, asked: dict[str, str], agent: str) -> None:
        """The page view, or the opening of a mail, that a pixel tells of is stored."""
        now = self._intake.now()
        if slug := asked.get("link"):
            self._senders.must_have_room(scope, now)
            await self._links.opened(slug, now, agent)
            return
        event = Event(
            kind="visit",
            id=asked.get("id"),
            url=asked.get("url") or header(scope, b"referer"),
            referrer=asked.get("referrer"),
            visitor=asked.get("visitor"),
            consent=asked.get("consent"),
        )
        door = await self._senders.site(scope, asked.get("site", ""), now, 1)
        await self._store(Parcel(None, [event]), door.sender, now, agent)

    async def _send_script(self, scope: Scope, receive: Receive) -> Answer:
        if scope["method"] not in ("GET", "HEAD"):
            return problem(405, "method_not_allowed", "the script is fetched by GET")
        return self._script.answer(accepts=header(scope, b"accept-encoding"), known=header(scope, b"if-none-match"))

    async def _store(self, parcel: Parcel, sender: Sender, now: datetime, agent: str = "") -> Stored:
        """The usable events are committed. Raises Throttled or Unreachable where none of them is."""
        made: list[Touch | None] = []
        usable: list[Touch] = []
        errors: list[tuple[str, str]] = []
        for place, event in enumerate(parcel.events):
            try:
                if isinstance(event, str):
                    raise Unreadable(event)
                if event.kind in journeys.NEEDS_CODE:
                    touch = await self._intake.touch_with_code(event, sender, now, agent)
                else:
                    touch = self._intake.touch_of(event, sender, now, agent)
            except Unreadable as why:
                made.append(None)
                errors.append((f"events[{place}].{why.where}".rstrip("."), why.why))
            else:
                made.append(touch)
                usable.append(touch)
        try:
            results = await self._intake.take(sender.business_id, usable) if usable else []
        except (Throttled, Unreachable):
            self.counts.unstored += len(usable)
            raise
        if any(results):
            refused = iter(results)
            for place, kept in enumerate(made):
                if kept and (why_not := next(refused)):
                    made[place] = None
                    errors.append((f"events[{place}]", why_not.why))
        self.counts.accepted += len(made) - len(errors)
        self.counts.refused += len(errors)
        return Stored(made, errors)

    def _failed(self, error: Exception, scope: Scope) -> Answer:
        if not isinstance(error, BridgeError):
            _log.error("collector failed", path=scope["path"][:60], exc_info=error)
            return problem(500, "internal", "Something went wrong here; the log has it.", headers=(FOR_ALL,))
        answer = of_error(error, self._intake.now())
        if answer.status == 429:
            self.counts.limited += 1
        elif answer.status < 500:
            self.counts.refused += 1
        return answer


def _parcel(body: bytes | None, largest: int, most: int) -> Parcel:
    if body is None:
        raise Refused(f"a body has at most {largest} bytes", code="too_large")
    try:
        parcel = collector_wire.parcel(body)
    except NotJson as why:
        raise Unreadable(f"the body is not JSON that holds events: {why}"[:300], code="not_json") from why
    if len(parcel.events) > most:
        raise Refused(f"a request holds at most {most} events", code="too_large")
    return parcel
