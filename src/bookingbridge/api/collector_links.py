"""Short links and QR codes: people are sent on at once, and the click is stored first whenever that is possible.

GET /l/{slug}       302 to the target with its tags and the visitor's token. Nobody waits longer than PATIENCE for our
                    database: past it they are sent on and the click is counted as lost.
GET /qr/{slug}.svg  the link's address as a QR code.
"""

from __future__ import annotations

import asyncio
import io
import os
import re
from datetime import datetime
from functools import lru_cache
from typing import Protocol

import segno

from bookingbridge.api.asgi import Answer, Header, Receive, Scope, header, problem
from bookingbridge.api.collector_senders import Senders
from bookingbridge.canonical.errors import NotFound, Throttled, Unreachable
from bookingbridge.domains.journeys import api as journeys
from bookingbridge.domains.journeys.api import Event, Intake, LinkDoor, Sender, ShortLink
from bookingbridge.infra import log

PATIENCE_S = 0.25

_log = log.get(__name__)
_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{1,39}")
_TEXT: Header = (b"content-type", b"text/plain; charset=utf-8")
_UNKEPT: tuple[Header, ...] = ((b"cache-control", b"no-store"), (b"x-robots-tag", b"noindex"))
_is_bot = lru_cache(4_096)(journeys.is_bot)


class LostClicks(Protocol):
    """Where clicks are counted that could not be stored."""

    clicks_lost: int
    bots: int


class LinkDesk:
    """Follows links, opens pixels, draws codes."""

    def __init__(self, intake: Intake, public_url: str, senders: Senders, counts: LostClicks) -> None:
        self._intake = intake
        self._public_url = public_url.rstrip("/")
        self._senders = senders
        self._counts = counts

    async def follow(self, scope: Scope, receive: Receive) -> Answer:
        """The visitor is sent on to the link's target."""
        if scope["method"] not in ("GET", "HEAD"):
            return problem(405, "method_not_allowed", "a link is followed by GET")
        began = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(PATIENCE_S):
                door = await self._door(scope["path"].removeprefix("/l/"), ("link", "qr"))
        except NotFound:
            return Answer(404, (_TEXT, *_UNKEPT), b"There is no such link.\n")
        except (TimeoutError, Unreachable):
            return Answer(503, (_TEXT, *_UNKEPT, (b"retry-after", b"5")), b"Please try again in a few seconds.\n")
        query = scope["query_string"].decode("latin-1")
        if not self._counts_as_click(scope, door.link):
            return _sent_to(journeys.onward(door.link, None, query))
        visitor = journeys.find_token(query) or journeys.new_token(os.urandom(journeys.TOKEN_BYTES))
        await self._store(scope, door, visitor, began + PATIENCE_S)
        return _sent_to(journeys.onward(door.link, visitor, query))

    async def opened(self, slug: str, now: datetime, agent: str) -> None:
        """A mail with the link's pixel was opened. Raises NotFound, Throttled, Unreachable, Unreadable."""
        door = await self._door(slug, ("pixel",))
        if door.link.retired_at is None:
            sender = Sender(door.business_id, region="")
            touch = self._intake.touch_of(Event(kind="open"), sender, now, agent, link=door.link)
            await self._intake.take(door.business_id, [touch])

    async def code(self, scope: Scope, receive: Receive) -> Answer:
        """The link's address as a QR code in SVG: dark on white with a quiet zone, one unit per module."""
        if scope["method"] not in ("GET", "HEAD"):
            return problem(405, "method_not_allowed", "a QR code is fetched by GET")
        name: str = scope["path"].removeprefix("/qr/")
        if not name.endswith(".svg"):
            return problem(404, "not_found", "QR codes are at /qr/{slug}.svg")
        door = await self._door(name.removesuffix(".svg"), ("link", "qr"))
        headers: tuple[Header, ...] = (
            (b"content-type", b"image/svg+xml"),
            (b"cache-control", b"public, max-age=86400"),
            (b"x-content-type-options", b"nosniff"),
        )
        return Answer(200, headers, _qr(f"{self._public_url}/l/{door.link.slug}"))

    async def _door(self, slug: str, kinds: tuple[str, ...]) -> LinkDoor:
        word = slug.strip("/").lower()
        links = self._intake.addresses.links
        door = None
        if _SLUG.fullmatch(word):
            door = links.at_hand(word, self._intake.now()) or await links.get(word)
        if door is None or door.link.kind not in kinds:
            raise NotFound("there is no such link", code="not_found")
        return door

    def _counts_as_click(self, scope: Scope, link: ShortLink) -> bool:
        if link.retired_at is not None or scope["method"] != "GET":
            return False
        purpose = header(scope, b"sec-purpose") or header(scope, b"purpose") or header(scope, b"x-moz")
        if "prefetch" in purpose.lower() or _is_bot(header(scope, b"user-agent")):
            self._counts.bots += 1
            return False
        try:
            self._senders.must_have_room(scope, self._intake.now())
        except Throttled:
            return False
        return True

    async def _store(self, scope: Scope, door: LinkDoor, visitor: str, until: float) -> None:
        """The click is committed, or counted as lost."""
        touch = self._intake.click_on(
            door.link,
            visitor,
            self._intake.now(),
            url=f"{self._public_url}{scope['path']}?{scope['query_string'].decode('latin-1')}".rstrip("?"),
            referrer=header(scope, b"referer"),
            agent=header(scope, b"user-agent"),
        )
        try:
            async with asyncio.timeout_at(until):
                await self._intake.take(door.business_id, [touch])
        except (TimeoutError, Throttled, Unreachable) as why:
            self._counts.clicks_lost += 1
            _log.warning("click not stored in time", why=type(why).__name__)


def _sent_to(target: str) -> Answer:
    return Answer(302, ((b"location", target.encode("ascii", "ignore")), *_UNKEPT))


@lru_cache(256)
def _qr(address: str) -> bytes:
    made = io.BytesIO()
    segno.make(address, error="m", micro=False).save(made, kind="svg", border=4, light="#fff", dark="#000")
    return made.getvalue()
