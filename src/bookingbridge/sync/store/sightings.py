"""Sightings: what was seen at a vendor and when, and what was not seen although everything was shown."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from bookingbridge.canonical.records import Ref
from bookingbridge.infra.arrays import literal
from bookingbridge.infra.db import Tx


async def sight(tx: Tx, connection_id: UUID, refs: Sequence[Ref], *, older_than: datetime) -> None:
    """It is noted that these are there at the vendor, where the last note of it is older."""
    for kind, remote_ids in by_kind(refs).items():
        await tx.run(
            """
            UPDATE external_links SET last_seen_at = %s, tombstone_at = NULL
            WHERE business_id = %s AND connection_id = %s AND kind = %s AND remote_id = ANY(%s::text[])
                AND (last_seen_at < %s OR tombstone_at IS NOT NULL)
            """,
            (tx.now, tx.business_id, connection_id, kind, literal(remote_ids), older_than),
        )


def by_kind(refs: Sequence[Ref]) -> dict[str, list[str]]:
    """The remote ids of each kind. One list of ids is looked up in the index; a join with pairs need not be."""
    found: dict[str, list[str]] = {}
    for kind, remote_id in refs:
        found.setdefault(kind, []).append(remote_id)
    return found


async def sight_with_parts(tx: Tx, connection_id: UUID, refs: Sequence[Ref]) -> None:
    """It is noted that these are there, and what a vendor's reader made of them, whose ids go on after a colon."""
    await tx.run(
        """
        UPDATE external_links l SET last_seen_at = %s, tombstone_at = NULL
        FROM unnest(%s::text[], %s::text[]) AS s(kind, remote_id)
        WHERE l.business_id = %s AND l.connection_id = %s AND l.kind = s.kind
            AND (l.remote_id = s.remote_id OR starts_with(l.remote_id, s.remote_id || ':'))
            AND (l.last_seen_at < %s OR l.tombstone_at IS NOT NULL)
        """,
        (tx.now, literal([r[0] for r in refs]), literal([r[1] for r in refs]), tx.business_id, connection_id, tx.now),
    )


_COVERED = """
l.business_id = %(b)s AND l.connection_id = %(c)s AND l.kind = %(kind)s AND l.content_hash IS NOT NULL
    AND l.base IS NOT NULL AND l.tombstone_at IS NULL
    AND (%(from)s::timestamptz IS NULL OR ((l.base->>'starts_at')::timestamptz >= %(from)s
        AND (l.base->>'starts_at')::timestamptz < %(until)s))
"""


def _covered(tx: Tx, connection_id: UUID, kind: str, starts: tuple[datetime, datetime] | None) -> dict[str, object]:
    first, end = starts or (None, None)
    return {"b": tx.business_id, "c": connection_id, "kind": kind, "from": first, "until": end}


async def unseen(
    tx: Tx, connection_id: UUID, kind: str, since: datetime, starts: tuple[datetime, datetime] | None
) -> list[dict[str, Any]]:
    """What was last agreed of things of the kind that were not seen since then; only what starts in [from, until)."""
    rows = await tx.all(
        f"SELECT l.base FROM external_links l WHERE {_COVERED} AND l.last_seen_at < %(since)s ORDER BY l.remote_id",
        {**_covered(tx, connection_id, kind, starts), "since": since},
    )
    return [row[0] for row in rows]


async def count_living(tx: Tx, connection_id: UUID, kind: str, starts: tuple[datetime, datetime] | None) -> int:
    """How many things of the kind are there, as far as is known, and neither cancelled nor deleted."""
    row = await tx.one(
        f"""
        SELECT count(*) FROM external_links l WHERE {_COVERED}
            AND coalesce(l.base->>'status', '') NOT IN ('cancelled', 'declined', 'no_show')
            AND coalesce(l.base->>'is_cancelled', l.base->>'is_deleted', 'false') = 'false'
        """,
        _covered(tx, connection_id, kind, starts),
    )
    return row[0] if row else 0
