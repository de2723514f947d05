"""Links: one row per thing at a vendor, with our id, what was last agreed, and the remote version."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.types.json import Jsonb

from bookingbridge.canonical.ids import RemoteId
from bookingbridge.canonical.records import Ref
from bookingbridge.infra.db import Tx


@dataclass(frozen=True, slots=True)
class Link:
    """What is known of one remote thing. `content_hash` is None while it was only mentioned."""

    record_id: UUID
    remote_version: int | None = None
    changed_at: datetime | None = None
    content_hash: bytes | None = None


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
    """No other transaction takes in records of this connection until this one ends."""
    await tx.run("SELECT pg_advisory_xact_lock(hashtextextended(%s, 1))", (str(connection_id),))


async def known(tx: Tx, connection_id: UUID, refs: Collection[Ref]) -> dict[Ref, Link]:
    """The links there are among `refs`."""
    kinds = [kind for kind, _ in refs]
    remote_ids = [remote_id for _, remote_id in refs]
    rows = await tx.all(
        """
        SELECT l.kind, l.remote_id, l.record_id, l.remote_version, l.changed_at, l.content_hash
        FROM unnest(%s::text[], %s::text[]) AS wanted(kind, remote_id)
        JOIN external_links l ON l.business_id = %s AND l.connection_id = %s
            AND l.kind = wanted.kind AND l.remote_id = wanted.remote_id
        """,
        (kinds, remote_ids, tx.business_id, connection_id),
    )
    return {(row[0], row[1]): Link(*row[2:]) for row in rows}


async def remember(tx: Tx, connection_id: UUID, seen: Sequence[Seen], mentioned: Sequence[Seen]) -> None:
    """Links are written for what was seen and for what was only mentioned (so that its id stays the same)."""
    changed = [s for s in seen if s.body is not None] + list(mentioned)
    same = [s for s in seen if s.body is None]
    if changed:
        await tx.run(
            """
            CREATE TEMP TABLE IF NOT EXISTS links_now (
                kind text, remote_id text, record_id uuid, remote_version bigint, changed_at timestamptz,
                base jsonb, content_hash bytea) ON COMMIT DELETE ROWS
            """
        )
        await tx.copy(
            "links_now",
            ("kind", "remote_id", "record_id", "remote_version", "changed_at", "base", "content_hash"),
            ("text", "text", "uuid", "int8", "timestamptz", "jsonb", "bytea"),
            (
                (*s.ref, s.record_id, s.version, s.changed_at, _raw(s.body) if s.body else None, s.content_hash)
                for s in changed
            ),
        )
        await tx.run(
            """
            INSERT INTO external_links (business_id, connection_id, kind, remote_id, record_id, remote_version,
                changed_at, base, content_hash, first_seen_at, last_seen_at)
            SELECT %(business)s, %(connection)s, kind, remote_id, record_id, remote_version, changed_at, base,
                content_hash, %(now)s, CASE WHEN content_hash IS NOT NULL THEN %(now)s::timestamptz END
            FROM links_now
            ON CONFLICT (business_id, connection_id, kind, remote_id) DO UPDATE
            SET remote_version = excluded.remote_version, changed_at = excluded.changed_at, base = excluded.base,
                content_hash = excluded.content_hash, last_seen_at = excluded.last_seen_at
            WHERE excluded.content_hash IS NOT NULL
            """,
            {"business": tx.business_id, "connection": connection_id, "now": tx.now},
        )
        await tx.run("TRUNCATE links_now")
    if same:
        await tx.run(
            """
            UPDATE external_links l SET last_seen_at = %s
            FROM unnest(%s::text[], %s::text[]) AS s(kind, remote_id)
            WHERE l.business_id = %s AND l.connection_id = %s AND l.kind = s.kind AND l.remote_id = s.remote_id
                AND l.last_seen_at < %s - interval '1 hour'
            """,
            (tx.now, [s.ref[0] for s in same], [s.ref[1] for s in same], tx.business_id, connection_id, tx.now),
        )


def _raw(body: bytes) -> Jsonb:
    return Jsonb(body, dumps=bytes)


async def keep_raw(
    tx: Tx, connection_id: UUID, payloads: Sequence[tuple[str, RemoteId, bytes, bytes, str | None]]
) -> None:
    """Payloads (kind, remote id, hash, JSON, problem) are kept as they came, each content once."""
    if not payloads:
        return
    await tx.run(
        """
        CREATE TEMP TABLE IF NOT EXISTS raw_now (
            kind text, remote_id text, content_hash bytea, payload jsonb, problem text) ON COMMIT DELETE ROWS
        """
    )
    await tx.copy(
        "raw_now",
        ("kind", "remote_id", "content_hash", "payload", "problem"),
        ("text", "text", "bytea", "jsonb", "text"),
        ((kind, remote_id, content, _raw(body), problem) for kind, remote_id, content, body, problem in payloads),
    )
    await tx.run(
        """
        INSERT INTO raw_records (business_id, connection_id, kind, remote_id, content_hash, payload, problem,
            received_at)
        SELECT DISTINCT ON (kind, remote_id, content_hash) %s, %s, kind, remote_id, content_hash, payload, problem, %s
        FROM raw_now
        ON CONFLICT (business_id, connection_id, kind, remote_id, content_hash) DO UPDATE
        SET problem = excluded.problem WHERE raw_records.problem IS DISTINCT FROM excluded.problem
        """,
        (tx.business_id, connection_id, tx.now),
    )
    await tx.run("TRUNCATE raw_now")


@dataclass(frozen=True, slots=True)
class RawSight:
    """One kept payload: for pages that show what a vendor sent."""

    kind: str
    remote_id: str
    payload: object
    problem: str | None
    received_at: datetime


async def raws(
    tx: Tx, connection_id: UUID, *, problems_only: bool, limit: int, record_id: UUID | None = None
) -> list[RawSight]:
    """Kept payloads, newest first; of one record where its id is given."""
    rows = await tx.all(
        """
        SELECT r.kind, r.remote_id, r.payload, r.problem, r.received_at FROM raw_records r
        WHERE r.business_id = %(business)s AND r.connection_id = %(connection)s
            AND (NOT %(problems)s OR r.problem IS NOT NULL)
            AND (%(record)s::uuid IS NULL OR EXISTS (
                SELECT FROM external_links l WHERE l.business_id = r.business_id
                    AND l.connection_id = r.connection_id AND l.kind = r.kind AND l.remote_id = r.remote_id
                    AND l.record_id = %(record)s))
        ORDER BY r.received_at DESC LIMIT %(limit)s
        """,
        {
            "business": tx.business_id, "connection": connection_id, "problems": problems_only, "record": record_id,
            "limit": limit,
        },
    )  # fmt: skip
    return [RawSight(*row) for row in rows]


_STILL_ODD = """
r.problem IS NOT NULL AND NOT EXISTS (SELECT FROM raw_records n WHERE n.business_id = r.business_id
    AND n.connection_id = r.connection_id AND n.kind = r.kind AND n.remote_id = r.remote_id
    AND n.received_at > r.received_at AND n.problem IS NULL)
"""


async def count_problems(tx: Tx) -> dict[UUID, int]:
    """How many things each connection sent that cannot be read and that no later payload replaced."""
    rows = await tx.all(
        "SELECT r.connection_id, count(DISTINCT (r.kind, r.remote_id)) FROM raw_records r "
        f"WHERE r.business_id = %s AND {_STILL_ODD} GROUP BY r.connection_id",
        (tx.business_id,),
    )
    return {row[0]: row[1] for row in rows}


async def odd(tx: Tx, *, connection_id: UUID | None, limit: int) -> list[tuple[UUID, RawSight]]:
    """What cannot be read and was not replaced, with its connection, newest first; each thing once."""
    rows = await tx.all(
        "SELECT * FROM (SELECT DISTINCT ON (r.connection_id, r.kind, r.remote_id) r.connection_id, r.kind, "
        "r.remote_id, r.payload, r.problem, r.received_at FROM raw_records r WHERE r.business_id = %(b)s "
        f"AND (%(c)s::uuid IS NULL OR r.connection_id = %(c)s) AND {_STILL_ODD} "
        "ORDER BY r.connection_id, r.kind, r.remote_id, r.received_at DESC) each_once "
        "ORDER BY received_at DESC LIMIT %(limit)s",
        {"b": tx.business_id, "c": connection_id, "limit": limit},
    )
    return [(row[0], RawSight(*row[1:])) for row in rows]


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


async def raws_of(tx: Tx, connection_id: UUID, kind: str, remote_id: str) -> list[RawSight]:
    """Every content that came for one thing of a connection, newest first."""
    rows = await tx.all(
        "SELECT kind, remote_id, payload, problem, received_at FROM raw_records "
        "WHERE business_id = %s AND connection_id = %s AND kind = %s AND remote_id = %s "
        "ORDER BY received_at DESC, content_hash LIMIT 50",
        (tx.business_id, connection_id, kind, remote_id),
    )
    return [RawSight(*row) for row in rows]


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
            content_hash = NULL, last_seen_at = NULL
        WHERE business_id = %s AND connection_id = %s
        """,
        (connection_id, tx.business_id, left_by),
    )
    await tx.run(
        "UPDATE raw_records SET connection_id = %s WHERE business_id = %s AND connection_id = %s",
        (connection_id, tx.business_id, left_by),
    )


async def forget_raw(tx: Tx, before: datetime) -> int:
    """Payloads received before then are gone, but for those that could not be read."""
    return await tx.run(
        "DELETE FROM raw_records WHERE business_id = %s AND received_at < %s AND problem IS NULL",
        (tx.business_id, before),
    )
