"""The webhooks' way in: verified over raw bytes, kept, acknowledged; then worked on by looking at the vendor.

A payload is never applied. It only says where to look, so that duplicates, disorder and forgeries of content are
harmless; what a webhook says before the vendor's own list shows it is looked for again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection, OperationalError

from bookingbridge.canonical.errors import (
    AuthExpired,
    BridgeError,
    NotFound,
    Refused,
    Throttled,
    Unreachable,
    Unreadable,
)
from bookingbridge.canonical.ids import ConnectionId
from bookingbridge.canonical.ports import Client, Delivery, Hint, RawRecord
from bookingbridge.infra.db import Tx
from bookingbridge.infra.log import get
from bookingbridge.sync import circuit, quality
from bookingbridge.sync.credentials import open_client, webhook_secrets
from bookingbridge.sync.engine import Engine
from bookingbridge.sync.looking import Seen, is_shut_out, look
from bookingbridge.sync.reading import take_raw
from bookingbridge.sync.running import wait_until
from bookingbridge.sync.store import connections, inbound
from bookingbridge.sync.store.connections import Connection
from bookingbridge.sync.store.inbound import Arrival, Kept
from bookingbridge.sync.storing import RESTING

__all__ = ["Arrival", "Door", "keep", "replay", "why_refused", "work_off"]

log = get(__name__)

BATCH = 200
LOOKS = 6
"""How often a thing that a webhook named is looked for before it counts as gone at the vendor: over three minutes."""
TRIES = 12
"""How often a thing is asked for that the vendor does not answer for, while it answers for others."""


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

    async def admit(
        self, vendor_name: str, connection_id: UUID, headers: dict[str, str], body: bytes, *, query: str = ""
    ) -> Arrival:
        """The webhook, verified. NotFound for unknown connections, Refused (with the reason) for bad signatures.

        `query` is what the vendor put behind our address: a secret we registered with it, where it signs nothing.
        """
        connection, secrets = await self._connection(vendor_name, connection_id)
        webhooks = self._engine.vendor(connection.vendor).webhooks
        if webhooks is None:
            raise NotFound(f"{connection.vendor} sends no webhooks")
        url = self._engine.webhook_url(connection.vendor, connection.id)
        delivery = Delivery(headers, body, f"{url}?{query}" if query else url)
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
            self._known.pop(connection_id, None)
            connection = await self._look_up(connection_id)
            if connection is None or connection.state == "removed":
                raise NotFound("there is no such connection")
            if len(self._known) > 10_000:
                self._known.clear()
            known = (connection, webhook_secrets(self._engine, connection), now)
            self._known[connection_id] = known
        if known[0].vendor != vendor_name:
            raise NotFound("there is no such connection")
        return known[0], known[1]

    async def _look_up(self, connection_id: UUID) -> Connection | None:
        try:
            async with self._engine.db.realm("routing") as tx:
                business_id = await connections.find_business(tx, connection_id)
            if business_id is None:
                return None
            async with self._engine.db.business(business_id) as tx:
                return await connections.get(tx, connection_id)
        except (OperationalError, OSError, TimeoutError) as lost:
            raise Unreachable("the database cannot be reached; send it again", code="database_lost") from lost


_SECRET_WORDS = ("token", "secret", "auth", "key", "cookie")
_WORTH_KEEPING = ("content-type", "user-agent", "date")


def _kept_headers(headers: dict[str, str]) -> dict[str, str]:
    """Headers that explain a delivery later; cookies and credentials are not among them."""
    return {
        k: v[:500]
        for k, v in headers.items()
        if k in _WORTH_KEEPING
        or (k.startswith(("x-", "square-", "webhook-")) and not any(word in k for word in _SECRET_WORDS))
    }


async def work_off(engine: Engine, business_id: UUID, connection_id: UUID) -> None:
    """The connection's waiting webhooks are worked on, in order of arrival. Safe to call again at any time."""
    async with engine.db.business(business_id) as tx:
        await inbound.await_ringers(tx, connection_id)
    async with engine.db.business(business_id) as tx:
        connection = await connections.get(tx, connection_id)
        due = await inbound.due(tx, connection_id, BATCH) if connection else []
    if connection is None or not due or connection.state in RESTING:
        return
    if connection.account_remote_id is None:
        return  # whose things they are is not known yet; they wait
    if circuit.is_open(connection, engine.clock.now()):
        assert connection.circuit_until
        async with engine.db.business(business_id) as tx:
            await inbound.wake_later(tx, connection_id, connection.circuit_until)
        return
    said = _read(engine, connection, due)
    try:
        if said.needs_a_look:
            async with open_client(engine, connection) as client:
                later = await _work(engine, connection, due, said, client)
        else:
            later = await _work(engine, connection, due, said, None)
    except AuthExpired as gone:
        async with engine.db.business(business_id) as tx:
            await connections.set_state(tx, connection.id, "needs_reauth", gone.why)
        return
    except (Throttled, Unreachable) as failed:
        later = failed
    async with engine.db.business(business_id) as tx:
        if later is not None:
            until: datetime | None = wait_until(tx.now, later, tries=3)
        else:
            until = await inbound.next_due(tx, connection_id)
        if until is not None:
            await inbound.wake_later(tx, connection_id, until)


@dataclass(slots=True)
class _Said:
    """What the webhooks at hand say, and what became of them: state and outcome in words, by their ids."""

    hints: dict[int, tuple[Hint, ...]] = field(default_factory=dict)
    carried: dict[int, tuple[RawRecord, ...]] = field(default_factory=dict)
    outcomes: dict[int, tuple[str, str]] = field(default_factory=dict)
    is_revoked: bool = False

    @property
    def needs_a_look(self) -> bool:
        """Whether the vendor has to be asked for anything."""
        return self.is_revoked or any(self.hints.values())


async def _work(
    engine: Engine, connection: Connection, due: Sequence[Kept], said: _Said, client: Client | None
) -> Throttled | Unreachable | None:
    """What the webhooks named was looked at and stored, and what they carried. Why the rest has to wait, if it has."""
    is_revoked = said.is_revoked and client is not None and await is_shut_out(client)
    seen = await look(client, {h for some in said.hints.values() for h in some}) if client else Seen()
    throttled = next((e for e in seen.silent.values() if isinstance(e, Throttled)), None)
    for kept in due:
        if kept.id not in said.outcomes:
            outcome = _outcome(kept, said.hints[kept.id], said.carried[kept.id], seen)
            if outcome is not None:
                said.outcomes[kept.id] = outcome
    async with engine.db.business(connection.business_id) as tx:
        now = await connections.get(tx, connection.id, for_update=True)
        if now is None or now.state in RESTING:
            return None
        await _store(engine, tx, connection, said, seen, cause=f"webhooks:{due[0].id}-{due[-1].id}")
        await inbound.settle(tx, [(i, state, why[:500]) for i, (state, why) in said.outcomes.items()])
        await connections.change(tx, connection.id, last_event_at=tx.now)
        await quality.hear_webhooks(tx, connection.id, max(k.received_at for k in due))
        if is_revoked:
            await connections.set_state(tx, connection.id, "needs_reauth", "access was revoked at the vendor")
        elif now.state in ("degraded", "rate_limited") and seen.found and not seen.silent:
            await connections.set_state(tx, connection.id, "ok")
    return throttled


def _read(engine: Engine, connection: Connection, due: Sequence[Kept]) -> _Said:
    """What each webhook says to look at; those that say nothing have their outcome."""
    webhooks = engine.vendor(connection.vendor).webhooks
    assert webhooks is not None
    said = _Said()
    for kept in due:
        try:
            notice = webhooks.read(Delivery(dict(kept.headers), kept.body, ""))
        except Unreadable as unreadable:
            said.outcomes[kept.id] = ("unreadable", unreadable.why)
            continue
        if notice.account is not None and notice.account != connection.account_remote_id:
            said.outcomes[kept.id] = ("ignored", "of another account")
            continue
        said.hints[kept.id] = tuple(h for h in notice.hints if h.kind)
        said.carried[kept.id] = notice.carried
        notes = [h.note for h in notice.hints if not h.kind and h.note]
        said.is_revoked |= "revoked" in notes
        if not said.hints[kept.id] and not notice.carried:
            outcome = ("done", ", ".join(notes)) if notes else ("ignored", f"{notice.type}: nothing to look at")
            said.outcomes[kept.id] = outcome
    return said


def _outcome(kept: Kept, hints: Sequence[Hint], carried: Sequence[RawRecord], seen: Seen) -> tuple[str, str] | None:
    """What became of a webhook, as state and words; None where it just goes on waiting."""
    if refused := [seen.refused[h] for h in hints if h in seen.refused]:
        return "failed", refused[0]
    if silent := [seen.silent[h] for h in hints if h in seen.silent]:
        if any(isinstance(e, Throttled) for e in silent):
            return None
        return "new" if kept.attempts + 1 < TRIES else "failed", silent[0].why
    if unseen := [h for h in hints if not seen.found[h]]:
        name = f"{unseen[0].kind} {unseen[0].remote_id}"
        if kept.attempts + 1 < LOOKS:
            return "new", f"{name} is not shown by the vendor yet"
        return "done", f"{name} is gone at the vendor"
    things: list[Hint | RawRecord] = [*carried, *hints]
    return "done", ", ".join(f"{thing.kind} {thing.remote_id}" for thing in things)


async def _store(engine: Engine, tx: Tx, connection: Connection, said: _Said, seen: Seen, *, cause: str) -> None:
    """What was carried and what was seen is taken in; webhooks that brought something unreadable say so.

    A webhook that waits for what it named is not taken in by halves: what it carried comes with it.
    """
    ready = [i for i in said.carried if said.outcomes.get(i, ("new", ""))[0] != "new"]
    of_event = {i: said.carried[i] for i in ready}
    for i, hints in said.hints.items():
        of_event[i] = (*of_event.get(i, ()), *(r for h in hints for r in seen.found.get(h, ())))
    understood = await take_raw(
        tx, ConnectionId(connection.id), engine.vendor(connection.vendor), _each_once(said, ready, seen),
        engine.ingesters, cause=cause,
    )  # fmt: skip
    bad = {(kind, remote_id): why for kind, remote_id, why in understood.problems}
    for kept_id, raws in of_event.items():
        for raw in (r for r in raws if (r.kind, r.remote_id) in bad):
            said.outcomes[kept_id] = ("unreadable", bad[raw.kind, raw.remote_id])


def _each_once(said: _Said, ready: Sequence[int], seen: Seen) -> list[RawRecord]:
    """What is to be taken in: all that was carried, in the order of its arrival, then each thing that was looked at."""
    looked = {(r.kind, r.remote_id): r for some in seen.found.values() for r in some}
    return [r for i in sorted(ready) for r in said.carried[i]] + list(looked.values())


async def replay(engine: Engine, business_id: UUID, event_id: int) -> None:
    """A kept webhook is worked on once more. NotFound where there is no such."""
    async with engine.db.business(business_id) as tx:
        connection_id = await inbound.renew(tx, event_id)
        if connection_id is None:
            raise NotFound("there is no such event")
        await inbound.wake(tx.conn, business_id, connection_id)


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
