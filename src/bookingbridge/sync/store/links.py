"""Links: one row per thing at a vendor, with our id, what was last agreed, and the remote version."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from bookingbridge.canonical.records import Ref
from bookingbridge.infra.arrays import literal
from bookingbridge.infra.bulk import arrays, unnest
from bookingbridge.infra.db import Tx
from bookingbridge.sync.store import sightings


@dataclass(frozen=True, slots=True)
class Link:
    """What is known of one remote thing. `content_hash` is None while it was only mentioned.

    `is_gone` says that the vendor ceased to show it.
    """

    record_id: UUID
    remote_version: int | None = None
    changed_at: datetime | None = None
    content_hash: bytes | None = None
    is_gone: bool = False


@dataclass(frozen=True, slots=True)
class Seen:
    """One remote thing as it was seen now. Without `body` only the sighting is noted."""

    ref: Ref
    record_id: UUID
    version: int | None = None
    changed_at: datetime | None = None
    body: bytes | None = None
    content_hash: bytes | None = None


async def lock(tx: Tx, connection_id: UUID) -> None:
    """No other transaction takes in records of this connection until this one ends.

    Its statements are planned for the tables as they are now. Plans kept from when a first import had just begun, and
    the tables were empty, compared every record of a page with all there were before it.
    """
    await tx.run(
        "SELECT pg_advisory_xact_lock(hashtextextended(%s, 1)), "
        "set_config('plan_cache_mode', 'force_custom_plan', true)",
        (str(connection_id),),
    )


async def known(tx: Tx, connection_id: UUID, refs: Collection[Ref]) -> dict[Ref, Link]:
    """The links there are among `refs`. Needs `lock`."""
    kinds, remote_ids = [kind for kind, _ in refs], [remote_id for _, remote_id in refs]
    # One look-up by key for each, never a join: the planner has no figures of a table that was empty a moment ago.
    rows = await tx.all(
        """
        SELECT wanted.kind, wanted.remote_id, l.*
        FROM unnest(%s::text[], %s::text[]) AS wanted(kind, remote_id)
        CROSS JOIN LATERAL (
            SELECT l.record_id, l.remote_version, l.changed_at, l.content_hash, l.tombstone_at IS NOT NULL
            FROM external_links l WHERE l.business_id = %s AND l.connection_id = %s
                AND l.kind = wanted.kind AND l.remote_id = wanted.remote_id
            LIMIT 1) l
        """,
        (literal(kinds), literal(remote_ids), tx.business_id, connection_id),
    )
    return {(row[0], row[1]): Link(*row[2:]) for row in rows}


SIGHTED_WITHIN = timedelta(hours=1)
"""How old the note of a sighting of something unchanged may be: it spares a row's writing each time it is seen."""


async def remember(
    tx: Tx,
    connection_id: UUID,
    seen: Sequence[Seen],
    mentioned: Sequence[Seen],
    *,
    is_exact: bool = False,
    is_gone: bool = False,
) -> None:
    """Links are written for what was seen and for what was only mentioned (so that its id stays the same).

    Sightings of unchanged things are noted to the hour, or each one where that `is_exact`. With `is_gone` it was not
    seen: the vendor ceased to show it.
    """
    changed = [s for s in seen if s.body is not None] + list(mentioned)
    if changed:
        await _write(tx, connection_id, changed, is_gone=is_gone)
    same = [s.ref for s in seen if s.body is None]
    if same and is_gone:
        await _bury(tx, connection_id, same)
    elif same:
        await sightings.sight(tx, connection_id, same, older_than=tx.now if is_exact else tx.now - SIGHTED_WITHIN)


_WRITTEN = {
    "kind": "text", "remote_id": "text", "record_id": "uuid", "remote_version": "int8", "changed_at": "timestamptz",
    "base": "jsonb", "content_hash": "bytea",
}  # fmt: skip


async def _write(tx: Tx, connection_id: UUID, changed: Sequence[Seen], *, is_gone: bool) -> None:
    rows = [(*s.ref, s.record_id, s.version, s.changed_at, s.body, s.content_hash) for s in changed]
    gone = "%s::boolean"
    await tx.run(
        f"""
        INSERT INTO external_links (business_id, connection_id, kind, remote_id, record_id, remote_version,
            changed_at, base, content_hash, first_seen_at, last_seen_at)
        SELECT %s::uuid, %s::uuid, kind, remote_id, record_id, remote_version, changed_at, base,
            content_hash, %s::timestamptz, CASE WHEN content_hash IS NOT NULL THEN %s::timestamptz END
        FROM {unnest(_WRITTEN)}
        ON CONFLICT (business_id, connection_id, kind, remote_id) DO UPDATE
        SET remote_version = excluded.remote_version, changed_at = excluded.changed_at, base = excluded.base,
            content_hash = excluded.content_hash,
            last_seen_at = CASE WHEN {gone} THEN external_links.last_seen_at ELSE excluded.last_seen_at END,
            tombstone_at = CASE WHEN {gone} THEN excluded.first_seen_at END
        WHERE excluded.content_hash IS NOT NULL
        """,
        (tx.business_id, connection_id, tx.now, tx.now, *arrays(_WRITTEN, rows), is_gone, is_gone),
    )


async def _bury(tx: Tx, connection_id: UUID, refs: Sequence[Ref]) -> None:
    for kind, remote_ids in sightings.by_kind(refs).items():
        await tx.run(
            "UPDATE external_links SET tombstone_at = %s WHERE business_id = %s AND connection_id = %s AND kind = %s "
            "AND remote_id = ANY(%s::text[])",
            (tx.now, tx.business_id, connection_id, kind, literal(remote_ids)),
        )


async def counts(tx: Tx) -> dict[UUID, dict[str, int]]:
    """How many things of each kind every connection has shown."""
    rows = await tx.all(
        "SELECT connection_id, kind, count(*) FROM external_links WHERE business_id = %s AND content_hash IS NOT NULL "
        "GROUP BY connection_id, kind",
        (tx.business_id,),
    )
    found: dict[UUID, dict[str, int]] = {}
    for connection_id, kind, number in rows:
        found.setdefault(connection_id, {})[kind] = number
    return found


async def record_of(tx: Tx, connection_id: UUID, kind: str, remote_id: str) -> UUID | None:
    """Our id of a vendor's thing."""
    row = await tx.one(
        "SELECT record_id FROM external_links WHERE business_id = %s AND connection_id = %s AND kind = %s "
        "AND remote_id = %s",
        (tx.business_id, connection_id, kind, remote_id),
    )
    return row[0] if row else None


async def sources(tx: Tx, record_id: UUID) -> list[tuple[UUID, str, str, datetime | None]]:
    """Where a record of ours is known from: (connection id, kind, remote id, last seen)."""
    rows = await tx.all(
        "SELECT connection_id, kind, remote_id, last_seen_at FROM external_links "
        "WHERE business_id = %s AND record_id = %s",
        (tx.business_id, record_id),
    )
    return [(row[0], row[1], row[2], row[3]) for row in rows]


async def are_there(tx: Tx, connection_id: UUID) -> bool:
    """Whether anything came by this connection."""
    row = await tx.one(
        "SELECT EXISTS (SELECT FROM external_links WHERE business_id = %s AND connection_id = %s)",
        (tx.business_id, connection_id),
    )
    return bool(row and row[0])


async def inherit(tx: Tx, connection_id: UUID, left_by: UUID) -> None:
    """What another connection knew is this one's, which has none yet: everything keeps our id, and nothing is taken
    for known, so that all of it is written anew when it is seen again."""
    await tx.run(
        """
        UPDATE external_links SET connection_id = %s, remote_version = NULL, changed_at = NULL, base = NULL,
            content_hash = NULL, last_seen_at = NULL, tombstone_at = NULL
        WHERE business_id = %s AND connection_id = %s
        """,
        (connection_id, tx.business_id, left_by),
    )
    await tx.run(
        "UPDATE raw_records SET connection_id = %s WHERE business_id = %s AND connection_id = %s",
        (connection_id, tx.business_id, left_by),
    )
