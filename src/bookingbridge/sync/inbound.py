"""The webhooks' way in: verified over raw bytes, kept, acknowledged; then worked on by looking at the vendor.

A payload is never applied. It only says where to look, so that duplicates, disorder and forgeries of content are
harmless; what a webhook says before the vendor's own list shows it is looked for again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection

from bookingbridge.canonical.errors import (
    AuthExpired,
    BridgeError,
    NotFound,
    Refused,
    Rejected,
    Throttled,
    Unreachable,
    Unreadable,
)
from bookingbridge.canonical.ids import ConnectionId, RemoteId
from bookingbridge.canonical.ports import Client, Delivery, Hint, RawRecord
from bookingbridge.infra.log import get
from bookingbridge.sync.credentials import open_client, webhook_secrets
from bookingbridge.sync.engine import Engine
from bookingbridge.sync.reading import take_raw
from bookingbridge.sync.running import wait_until
from bookingbridge.sync.store import connections, inbound
from bookingbridge.sync.store.connections import Connection
from bookingbridge.sync.store.inbound import Arrival, Kept

__all__ = ["Arrival", "Door", "keep", "replay", "why_refused", "work_off"]

log = get(__name__)

BATCH = 200
LOOKS = 6
"""How often a thing that a webhook named is looked for before it counts as gone at the vendor."""
SIDE_BY_SIDE = 5


async def keep(conn: AsyncConnection[Any], arrivals: list[Arrival]) -> list[None]:
    """What a batcher does with webhooks: all are in the inbox, and the worker is woken, with the commit."""
    await inbound.keep(conn, arrivals)
    return [None] * len(arrivals)


class Door:
    """Says for a request at the webhooks' address what is to be kept, or refuses it; looks connections up rarely."""

    _FRESH = timedelta(seconds=30)

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._known: dict[UUID, tuple[Connection, list[str], datetime]] = {}

    async def admit(self, vendor_name: str, connection_id: UUID, headers: dict[str, str], body: bytes) -> Arrival:
        """The webhook, verified. NotFound for unknown connections, Refused (with the reason) for bad signatures."""
        connection, secrets = await self._connection(vendor_name, connection_id)
        webhooks = self._engine.vendor(connection.vendor).webhooks
        if webhooks is None:
            raise NotFound(f"{connection.vendor} sends no webhooks")
        delivery = Delivery(headers, body, self._engine.webhook_url(connection.vendor, connection.id))
        try:
            webhooks.verify(delivery, secrets)
        except Refused:
            # The key may have been replaced since it was looked up.
            connection, secrets = await self._connection(vendor_name, connection_id, is_fresh=True)
            webhooks.verify(delivery, secrets)
        key = webhooks.event_id(delivery) or "sha256:" + sha256(body).hexdigest()
        return Arrival(
            connection.business_id, connection.id, key[:200], "", self._engine.clock.now(), _kept_headers(headers), body
        )

    async def shake(self, vendor_name: str, connection_id: UUID, query: dict[str, str]) -> str:
        """The answer to a vendor that asks whether this address is ours; the verify token is the connection's id."""
        connection, _ = await self._connection(vendor_name, connection_id)
        handshake = self._engine.vendor(connection.vendor).handshake
        if handshake is None:
            raise NotFound(f"{connection.vendor} does not ask by GET")
        return handshake(query, [str(connection.id)])

    async def _connection(
        self, vendor_name: str, connection_id: UUID, *, is_fresh: bool = False
    ) -> tuple[Connection, list[str]]:
        now = self._engine.clock.now()
        known = self._known.get(connection_id)
        if known is None or is_fresh or now - known[2] > self._FRESH:
            async with self._engine.db.realm("routing") as tx:
                business_id = await connections.find_business(tx, connection_id)
            if business_id is None:
                self._known.pop(connection_id, None)
                raise NotFound("there is no such connection")
            async with self._engine.db.business(business_id) as tx:
                connection = await connections.get(tx, connection_id)
            if connection is None or connection.state == "removed":
                raise NotFound("there is no such connection")
            if len(self._known) > 10_000:
                self._known.clear()
            known = (connection, webhook_secrets(self._engine, connection), now)
            self._known[connection_id] = known
        if known[0].vendor != vendor_name:
            raise NotFound("there is no such connection")
        return known[0], known[1]


_WORTH_KEEPING = ("content-type", "user-agent", "date")


def _kept_headers(headers: dict[str, str]) -> dict[str, str]:
    """Headers that explain a delivery later; cookies and credentials are not among them."""
    return {
        k: v[:500] for k, v in headers.items() if k in _WORTH_KEEPING or k.startswith(("x-", "square-", "webhook-"))
    }


async def work_off(engine: Engine, business_id: UUID, connection_id: UUID) -> None:
    """The connection's waiting webhooks are worked on, in order of arrival. Safe to call again at any time."""
    async with engine.db.business(business_id) as tx:
        connection = await connections.get(tx, connection_id)
        waiting = await inbound.waiting(tx, connection_id, BATCH) if connection else []
    if connection is None or not waiting:
        return
    if connection.state in ("removed", "paused"):
        return
    try:
        client = await open_client(engine, connection)
        try:
            await _work(engine, connection, waiting, client)
        finally:
            await client.close()
    except AuthExpired as gone:
        async with engine.db.business(business_id) as tx:
            await connections.set_state(tx, connection.id, "needs_reauth", gone.why)
        return
    except (Throttled, Unreachable) as later:
        async with engine.db.business(business_id) as tx:
            until = wait_until(tx.now, later, tries=3)
            await tx.ring(inbound.bell(business_id, connection_id, not_before=until))
        return
    if len(waiting) == BATCH:
        async with engine.db.business(business_id) as tx:
            await tx.ring(inbound.bell(business_id, connection_id))


async def _work(engine: Engine, connection: Connection, waiting: Sequence[Kept], client: Client) -> None:
    webhooks = engine.vendor(connection.vendor).webhooks
    assert webhooks is not None
    hints: dict[int, tuple[Hint, ...]] = {}
    outcomes: dict[int, tuple[str, str]] = {}
    is_revoked = False
    for kept in waiting:
        try:
            notice = webhooks.read(Delivery(dict(kept.headers), kept.body, ""))
        except Unreadable as unreadable:
            outcomes[kept.id] = ("unreadable", unreadable.why)
            continue
        hints[kept.id] = tuple(h for h in notice.hints if h.kind)
        is_revoked |= any(h.note == "revoked" for h in notice.hints)
        if not hints[kept.id]:
            outcomes[kept.id] = ("ignored", f"{notice.type}: nothing to look at")
    found, refused = await _look(client, {h for some in hints.values() for h in some})
    is_unseen = False
    for kept in waiting:
        if kept.id in outcomes:
            continue
        unseen = [h for h in hints[kept.id] if not found[h]]
        bad_hints = [h for h in hints[kept.id] if h in refused]
        if bad_hints:
            outcomes[kept.id] = ("failed", refused[bad_hints[0]])
        elif unseen and kept.attempts + 1 < LOOKS:
            outcomes[kept.id] = ("new", f"{unseen[0].kind} {unseen[0].remote_id} is not shown by the vendor yet")
            is_unseen = True
        elif unseen:
            outcomes[kept.id] = ("done", f"{unseen[0].kind} {unseen[0].remote_id} is gone at the vendor")
        else:
            outcomes[kept.id] = ("done", ", ".join(f"{h.kind} {h.remote_id}" for h in hints[kept.id]))
    raws = {(r.kind, r.remote_id): r for some in found.values() for r in some}
    async with engine.db.business(connection.business_id) as tx:
        understood = await take_raw(
            tx,
            ConnectionId(connection.id),
            engine.vendor(connection.vendor),
            list(raws.values()),
            engine.ingesters,
            cause=f"webhooks:{waiting[0].id}-{waiting[-1].id}",
        )
        bad = {(kind, remote_id): why for kind, remote_id, why in understood.problems}
        for kept_id, some in hints.items():
            for raw in (r for h in some for r in found[h] if (r.kind, r.remote_id) in bad):
                outcomes[kept_id] = ("unreadable", bad[raw.kind, raw.remote_id])
        await inbound.settle(tx, [(i, state, why[:500]) for i, (state, why) in outcomes.items()])
        await connections.change(tx, connection.id, last_event_at=tx.now)
        if is_revoked:
            await connections.set_state(tx, connection.id, "needs_reauth", "access was revoked at the vendor")
        elif connection.state in ("degraded", "rate_limited"):
            await connections.set_state(tx, connection.id, "ok")
        if is_unseen:
            tries = max(k.attempts for k in waiting if outcomes[k.id][0] == "new")
            later = tx.now + timedelta(seconds=0.5 * 3**tries)
            await tx.ring(inbound.bell(connection.business_id, connection.id, not_before=later))


async def _look(client: Client, hints: set[Hint]) -> tuple[dict[Hint, list[RawRecord]], dict[Hint, str]]:
    """What the vendor shows for each hint, a few at a time, and why it refused to show some."""
    gate = asyncio.Semaphore(SIDE_BY_SIDE)
    refused: dict[Hint, str] = {}

    async def look(hint: Hint) -> tuple[Hint, list[RawRecord]]:
        async with gate:
            try:
                return hint, await client.fetch(hint.kind, RemoteId(hint.remote_id))
            except (Rejected, Unreadable) as no:
                refused[hint] = no.why
                return hint, []

    return dict(await asyncio.gather(*(look(h) for h in hints))), refused


async def replay(engine: Engine, business_id: UUID, event_id: int) -> None:
    """A kept webhook is worked on once more. NotFound where there is no such."""
    async with engine.db.business(business_id) as tx:
        connection_id = await inbound.renew(tx, event_id)
        if connection_id is None:
            raise NotFound("there is no such event")
        await tx.ring(inbound.bell(business_id, connection_id))


def why_refused(engine: Engine, vendor_name: str, secrets: Sequence[str], delivery: Delivery) -> str | None:
    """The reason why this delivery would be refused, or None where it would be admitted."""
    webhooks = engine.vendor(vendor_name).webhooks
    if webhooks is None:
        return f"{vendor_name} sends no webhooks"
    try:
        webhooks.verify(delivery, secrets)
    except BridgeError as refused:
        return refused.why
    return None
