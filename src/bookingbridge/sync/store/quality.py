"""Questions to what is known of a vendor's things: which cannot be so, and which were mentioned but never seen."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from bookingbridge.infra.db import Tx

Odd = tuple[str, int, list[str]]
"""A kind of thing, how many of it, and the remote ids of some."""

_SOME = "l.kind, count(*), (array_agg(l.remote_id ORDER BY l.last_seen_at DESC))[1:10]"
_OURS = "l.business_id = %(b)s AND l.connection_id = %(c)s"


async def impossible_dates(tx: Tx, connection_id: UUID, *, earliest: datetime, latest: datetime) -> list[Odd]:
    """Things that begin or were paid outside of [earliest, latest], or end before they begin."""
    rows = await tx.all(
        f"""
        SELECT {_SOME} FROM external_links l
        WHERE {_OURS} AND l.kind IN ('booking', 'block', 'payment') AND l.base IS NOT NULL AND l.tombstone_at IS NULL
            AND (coalesce(l.base->>'starts_at', l.base->>'paid_at')::timestamptz NOT BETWEEN %(first)s AND %(last)s
                OR (l.base->>'ends_at')::timestamptz < (l.base->>'starts_at')::timestamptz)
        GROUP BY l.kind ORDER BY l.kind
        """,
        {"b": tx.business_id, "c": connection_id, "first": earliest, "last": latest},
    )
    return [(row[0], row[1], row[2]) for row in rows]


async def negative_prices(tx: Tx, connection_id: UUID) -> list[Odd]:
    """Things that cost less than nothing."""
    rows = await tx.all(
        f"""
        SELECT {_SOME} FROM external_links l
        WHERE {_OURS} AND l.kind IN ('booking', 'service', 'payment') AND l.base IS NOT NULL
            AND l.tombstone_at IS NULL
            AND coalesce(l.base->'price'->>'minor', l.base->'amount'->>'minor')::bigint < 0
        GROUP BY l.kind ORDER BY l.kind
        """,
        {"b": tx.business_id, "c": connection_id},
    )
    return [(row[0], row[1], row[2]) for row in rows]


async def orphans(tx: Tx, connection_id: UUID, kinds: Collection[str], before: datetime) -> list[Odd]:
    """Things of these kinds that others have mentioned since before then, and that were never shown."""
    rows = await tx.all(
        f"SELECT {_SOME} FROM external_links l WHERE {_OURS} AND l.kind = ANY(%(kinds)s) AND l.content_hash IS NULL "
        "AND l.last_seen_at IS NULL AND l.base IS NULL AND l.first_seen_at < %(before)s "
        "GROUP BY l.kind ORDER BY l.kind",
        {"b": tx.business_id, "c": connection_id, "kinds": list(kinds), "before": before},
    )
    return [(row[0], row[1], row[2]) for row in rows]
