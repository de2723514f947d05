"""Where touches come in: senders are known, touches are made, and many are stored at once.

One per process. Whoever puts touches in hears of it when they are committed, or why they are not.
"""

from __future__ import annotations

from asyncio import Future
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection

from bookingbridge.canonical.errors import Unreadable
from bookingbridge.domains.clients import api as clients
from bookingbridge.domains.journeys import collecting
from bookingbridge.domains.journeys.addresses import Addresses
from bookingbridge.domains.journeys.collecting import Event, Sender
from bookingbridge.domains.journeys.origins import Origins
from bookingbridge.domains.journeys.publishing import coupon_key
from bookingbridge.domains.journeys.store import collected
from bookingbridge.domains.journeys.store.links import ShortLink
from bookingbridge.domains.journeys.store.touches import Touch
from bookingbridge.infra.batcher import Batcher, Connect, Poisoned, connector
from bookingbridge.infra.db import Database

SOON = timedelta(seconds=1)
"""A business's touches are told at most this often by one process, however many come."""

_REMEMBERED_BELLS = 10_000


class Intake:
    """An async context manager around the connection on which touches are stored. `room`: how many may wait."""

    def __init__(self, db: Database, *, room: int = 20_000) -> None:
        self.addresses = Addresses(db)
        self.batcher: Batcher[tuple[UUID, Touch], None] = Batcher(
            _entering(connector(db.url)), self._write, name="touches", room=room, is_one_statement=True
        )
        self._clock = db.clock
        self._origins = Origins()
        self._rung: dict[UUID, datetime] = {}

    async def __aenter__(self) -> Intake:
        await self.batcher.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.batcher.drain()

    def now(self) -> datetime:
        return self._clock.now()

    def touch_of(
        self, event: Event, sender: Sender, now: datetime, agent: str = "", *, link: ShortLink | None = None
    ) -> Touch:
        """As `collecting.touch_of`. Events that name a code need `touch_with_code`."""
        return collecting.touch_of(event, sender, now, self._origins, agent=agent, link=link)

    async def touch_with_code(self, event: Event, sender: Sender, now: datetime, agent: str = "") -> Touch:
        """The touch of a call or coupon. Unreadable where its code is not the business's own."""
        link = await self._link(event, sender)
        return collecting.touch_of(event, sender, now, self._origins, agent=agent, link=link)

    def click_on(self, link: ShortLink, visitor: str, now: datetime, *, url: str, referrer: str, agent: str) -> Touch:
        """As `collecting.click_on`."""
        return collecting.click_on(link, visitor, now, self._origins, url=url, referrer=referrer, agent=agent)

    def take(self, business_id: UUID, some: Sequence[Touch]) -> Future[list[Poisoned | None]]:
        """Awaited: the touches, one at least, are committed; at the place of one the database refuses stands why.

        Raises Overloaded, Closing or Unreachable: then send all of it again, the ids make that harmless.
        """
        return self.batcher.promise([(business_id, touch) for touch in some])

    async def _link(self, event: Event, sender: Sender) -> ShortLink | None:
        code = str(event.fields.get("code") or "")
        if not code:
            return None
        if event.kind == "call":
            kind, key = "phone", clients.phone_key(code, sender.region)
        else:
            kind, key = "coupon", coupon_key(code)
        link = await self.addresses.code(sender.business_id, kind, key) if key else None
        if link is None:
            raise Unreadable("there is no such number or coupon", where="fields.code")
        return link

    async def _write(self, conn: AsyncConnection[Any], items: list[tuple[UUID, Touch]]) -> Sequence[None]:
        await collected.collect(conn, items, self._bells({business for business, _ in items}))
        return [None] * len(items)

    def _bells(self, businesses: set[UUID]) -> dict[UUID, datetime | None]:
        """When each business's touches may be told: at once, unless that happened within the last second."""
        now = self._clock.now()
        if len(self._rung) > _REMEMBERED_BELLS:
            self._rung = {b: at for b, at in self._rung.items() if now - at < SOON}
        bells: dict[UUID, datetime | None] = {}
        for business in businesses:
            last = self._rung.get(business)
            bells[business] = last + SOON if last is not None and now - last < SOON else None
            if bells[business] is None:
                self._rung[business] = now
        return bells


def _entering(connect: Connect) -> Connect:
    async def connected() -> AsyncConnection[Any]:
        conn = await connect()
        await collected.enter(conn)
        return conn

    return connected


NEEDS_CODE = frozenset({"call", "coupon"})
"""Kinds of events whose `fields.code` may name a tracked number or a coupon."""
