"""Payloads as vendors sent them, each content once, with what is wrong with those that could not be read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from bookingbridge.canonical.ids import RemoteId
from bookingbridge.infra.bulk import arrays, unnest
from bookingbridge.infra.db import Tx

_KEPT = {"kind": "text", "remote_id": "text", "content_hash": "bytea", "payload": "jsonb", "problem": "text"}


async def keep(tx: Tx, connection_id: UUID, payloads: Sequence[tuple[str, RemoteId, bytes, bytes, str | None]]) -> None:
    """Payloads (kind, remote id, hash, JSON, problem) are kept as they came, each content once."""
    if not payloads:
        return
    await tx.run(
        f"""
        INSERT INTO raw_records (business_id, connection_id, kind, remote_id, content_hash, payload, problem,
            received_at)
        SELECT DISTINCT ON (kind, remote_id, content_hash) %s::uuid, %s::uuid, kind, remote_id, content_hash, payload,
            problem, %s::timestamptz
        FROM {unnest(_KEPT)}
        ON CONFLICT (business_id, connection_id, kind, remote_id, content_hash) DO UPDATE
        SET problem = excluded.problem WHERE raw_records.problem IS DISTINCT FROM excluded.problem
        """,
        (tx.business_id, connection_id, tx.now, *arrays(_KEPT, payloads)),
    )


@dataclass(frozen=True, slots=True)
class RawSight:
    """One kept payload: for pages that show what a vendor sent."""

    kind: str
    remote_id: str
    payload: object
    problem: str | None
    received_at: datetime


async def recent(
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


async def of(tx: Tx, connection_id: UUID, kind: str, remote_id: str) -> list[RawSight]:
    """Every content that came for one thing of a connection, newest first."""
    rows = await tx.all(
        "SELECT kind, remote_id, payload, problem, received_at FROM raw_records "
        "WHERE business_id = %s AND connection_id = %s AND kind = %s AND remote_id = %s "
        "ORDER BY received_at DESC, content_hash LIMIT 50",
        (tx.business_id, connection_id, kind, remote_id),
    )
    return [RawSight(*row) for row in rows]


async def forget(tx: Tx, before: datetime) -> int:
    """Payloads received before then are gone, but for those that could not be read."""
    return await tx.run(
        "DELETE FROM raw_records WHERE business_id = %s AND received_at < %s AND problem IS NULL",
        (tx.business_id, before),
    )
