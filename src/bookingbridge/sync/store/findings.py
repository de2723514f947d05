"""Findings: what is odd about a connection. Each (code, subject) is one row that opens, is seen again, and closes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from bookingbridge.infra.db import Tx

_COLUMNS = "connection_id, code, subject, says, count, detail, since, last_seen_at, confirmed_count, closed_at"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something odd, in words. `code` is for programs, `subject` what it is about (a kind of thing, or a stream).

    `count` is how many things it concerns; `detail` names some of them. It is open while `closed_at` is None.
    `confirmed_count` is how many the owner has agreed to, where that is asked for.
    """

    connection_id: UUID
    code: str
    subject: str
    says: str
    count: int
    detail: Mapping[str, Any]
    since: datetime
    last_seen_at: datetime
    confirmed_count: int | None
    closed_at: datetime | None


async def note(
    tx: Tx, connection_id: UUID, code: str, subject: str, says: str, count: int, detail: Mapping[str, Any] | None = None
) -> None:
    """The finding is open and was seen now; `since` is when it opened."""
    await tx.run(
        """
        INSERT INTO findings (business_id, connection_id, code, subject, says, count, detail, since, last_seen_at)
        VALUES (%(b)s, %(c)s, %(code)s, %(subject)s, %(says)s, %(count)s, %(detail)s, %(now)s, %(now)s)
        ON CONFLICT (business_id, connection_id, code, subject) DO UPDATE
        SET says = excluded.says, count = excluded.count, detail = excluded.detail,
            last_seen_at = excluded.last_seen_at,
            since = CASE WHEN findings.closed_at IS NULL THEN findings.since ELSE excluded.since END,
            confirmed_count = CASE WHEN findings.closed_at IS NULL THEN findings.confirmed_count END,
            closed_at = NULL
        """,
        {
            "b": tx.business_id, "c": connection_id, "code": code, "subject": subject, "says": says, "count": count,
            "detail": Jsonb(dict(detail or {})), "now": tx.now,
        },
    )  # fmt: skip


async def close(tx: Tx, connection_id: UUID, code: str, subject: str) -> bool:
    """What was found is so no more; False where nothing was open."""
    touched = await tx.run(
        "UPDATE findings SET closed_at = %s, confirmed_count = NULL WHERE business_id = %s AND connection_id = %s "
        "AND code = %s AND subject = %s AND closed_at IS NULL",
        (tx.now, tx.business_id, connection_id, code, subject),
    )
    return touched > 0


async def get(tx: Tx, connection_id: UUID, code: str, subject: str) -> Finding | None:
    """The finding, where it is open."""
    row = await tx.one(
        f"SELECT {_COLUMNS} FROM findings WHERE business_id = %s AND connection_id = %s AND code = %s "
        "AND subject = %s AND closed_at IS NULL",
        (tx.business_id, connection_id, code, subject),
    )
    return Finding(*row) if row else None


async def are_open(tx: Tx, connection_id: UUID | None = None) -> list[Finding]:
    """Open findings, of one connection where it is named, the oldest first."""
    rows = await tx.all(
        f"SELECT {_COLUMNS} FROM findings WHERE business_id = %(b)s AND closed_at IS NULL "
        "AND (%(c)s::uuid IS NULL OR connection_id = %(c)s) ORDER BY since, code, subject",
        {"b": tx.business_id, "c": connection_id},
    )
    return [Finding(*row) for row in rows]


async def confirm(tx: Tx, connection_id: UUID, code: str, subject: str | None) -> int:
    """The owner agrees to what was found as far as it goes now; how many open findings that were."""
    return await tx.run(
        "UPDATE findings SET confirmed_count = count WHERE business_id = %(b)s AND connection_id = %(c)s "
        "AND code = %(code)s AND (%(s)s::text IS NULL OR subject = %(s)s) AND closed_at IS NULL",
        {"b": tx.business_id, "c": connection_id, "code": code, "s": subject},
    )


async def forget(tx: Tx, before: datetime) -> int:
    """Findings that closed before then are gone."""
    return await tx.run("DELETE FROM findings WHERE business_id = %s AND closed_at < %s", (tx.business_id, before))
