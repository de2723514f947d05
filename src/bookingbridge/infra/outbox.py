"""Events that were stored, given to each reaction once: the note that it was done commits with what it did."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bookingbridge.canonical.events import Event, from_json
from bookingbridge.infra.db import Tx


async def take(tx: Tx, event_id: int, reaction: str) -> Event | None:
    """The event, for the reaction to act on in this transaction; None where it has done so already."""
    fresh = await tx.run(
        "INSERT INTO reactions_done (business_id, event_id, reaction, done_at) VALUES (%s, %s, %s, %s) "
        "ON CONFLICT DO NOTHING",
        (tx.business_id, event_id, reaction, tx.now),
    )
    if not fresh:
        return None
    row = await tx.one(
        "SELECT name, payload FROM events WHERE business_id = %s AND id = %s", (tx.business_id, event_id)
    )
    return from_json(row[0], row[1]) if row else None


@dataclass(frozen=True, slots=True)
class Told:
    """A stored event and the reactions that have acted on it."""

    id: int
    name: str
    payload: dict[str, Any]
    cause: str
    at: datetime
    done: dict[str, str]


async def recent(tx: Tx, *, limit: int = 50, before: int | None = None) -> list[Told]:
    """Events, newest first: for the trace page."""
    rows = await tx.all(
        """
        SELECT e.id, e.name, e.payload, e.cause, e.at,
            coalesce((SELECT jsonb_object_agg(d.reaction, d.done_at) FROM reactions_done d
                WHERE d.business_id = e.business_id AND d.event_id = e.id), '{}')
        FROM events e WHERE e.business_id = %(b)s AND (%(before)s::bigint IS NULL OR e.id < %(before)s)
        ORDER BY e.id DESC LIMIT %(limit)s
        """,
        {"b": tx.business_id, "before": before, "limit": limit},
    )
    return [Told(*row) for row in rows]


async def pulse(tx: Tx) -> str:
    """A text that is another whenever something happened in the business since: cheap to ask, for caches.

    Numbers are given before they are committed, so the greatest alone could miss one that comes late.
    """
    row = await tx.one(
        "SELECT coalesce(max(id), 0), coalesce(sum(id), 0) FROM "
        "(SELECT id FROM events WHERE business_id = %s ORDER BY id DESC LIMIT 64) newest",
        (tx.business_id,),
    )
    assert row
    return f"{row[0]}.{row[1]}"


async def forget(tx: Tx, older_than: timedelta) -> int:
    """Old events are gone; how many."""
    return await tx.run("DELETE FROM events WHERE business_id = %s AND at < %s", (tx.business_id, tx.now - older_than))
