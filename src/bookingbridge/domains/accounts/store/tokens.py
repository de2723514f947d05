"""API tokens, and the audit of what people and programs did."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from bookingbridge.canonical.ids import UserId
from bookingbridge.domains.accounts.records import ApiToken, AuditEntry
from bookingbridge.domains.accounts.rules import Role
from bookingbridge.infra.db import Tx

_TOKEN = "id, name, hint, role, created_by, created_at, last_used_at, expires_at, revoked_at"  # noqa: S105 - column names


def _token(row: tuple[Any, ...]) -> ApiToken:
    return ApiToken(row[0], row[1], row[2], Role(row[3]), UserId(row[4]) if row[4] else None, *row[5:])


async def add(
    tx: Tx,
    token_id: UUID,
    token_hash: bytes,
    *,
    name: str,
    hint: str,
    role: Role,
    created_by: UUID | None,
    expires_at: datetime | None,
) -> None:
    await tx.run(
        "INSERT INTO api_tokens (business_id, id, name, hint, token_hash, role, created_by, created_at, expires_at) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (tx.business_id, token_id, name, hint, token_hash, role, created_by, tx.now, expires_at),
    )


async def every(tx: Tx) -> list[ApiToken]:
    """The business's tokens, revoked ones too, the newest first."""
    rows = await tx.all(
        f"SELECT {_TOKEN} FROM api_tokens WHERE business_id = %s ORDER BY created_at DESC, id DESC", (tx.business_id,)
    )
    return [_token(row) for row in rows]


async def get(tx: Tx, token_id: UUID) -> ApiToken | None:
    row = await tx.one(
        f"SELECT {_TOKEN} FROM api_tokens WHERE business_id = %s AND id = %s", (tx.business_id, token_id)
    )
    return _token(row) if row else None


async def revoke(tx: Tx, token_id: UUID) -> bool:
    """The token opens nothing any more; False where there is none, or it was revoked already."""
    return bool(
        await tx.run(
            "UPDATE api_tokens SET revoked_at = %s WHERE business_id = %s AND id = %s AND revoked_at IS NULL",
            (tx.now, tx.business_id, token_id),
        )
    )


async def revoke_made_by(tx: Tx, business_id: UUID, user_id: UUID) -> int:
    """The tokens the user made for the business open nothing any more; how many."""
    return await tx.run(
        "UPDATE api_tokens SET revoked_at = %s WHERE business_id = %s AND created_by = %s AND revoked_at IS NULL",
        (tx.now, business_id, user_id),
    )


_BY_HASH = """
SELECT t.id, t.role, t.last_used_at, (SELECT count(*) FROM locations l WHERE l.business_id = b.id AND l.is_active),
       b.id, b.account_id, b.name, b.time_zone, b.currency, b.region, b.is_demo, b.settings, b.created_at
FROM api_tokens t JOIN businesses b ON b.id = t.business_id
WHERE t.token_hash = %s AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > %s)
"""


async def by_hash(tx: Tx, token_hash: bytes) -> tuple[Any, ...] | None:
    """The living token with its business. Of the realm "accounts"."""
    return await tx.one(_BY_HASH, (token_hash, tx.now))


async def used(tx: Tx, business_id: UUID, token_id: UUID) -> None:
    await tx.run(
        "UPDATE api_tokens SET last_used_at = %s WHERE business_id = %s AND id = %s", (tx.now, business_id, token_id)
    )


async def note(
    tx: Tx, business_id: UUID, user_id: UUID | None, act: str, subject: str, detail: Mapping[str, Any]
) -> None:
    """The entry is written; the app's role can neither change nor remove it."""
    await tx.run(
        "INSERT INTO audit_entries (business_id, at, user_id, act, subject, detail) VALUES (%s, %s, %s, %s, %s, %s)",
        (business_id, tx.now, user_id, act, subject, Jsonb(dict(detail))),
    )


async def entries(tx: Tx, before: int | None, limit: int) -> list[AuditEntry]:
    """The newest entries, those with an id below `before` where it is given."""
    rows = await tx.all(
        "SELECT id, at, user_id, act, subject, detail FROM audit_entries "
        "WHERE business_id = %s AND (%s::bigint IS NULL OR id < %s) ORDER BY id DESC LIMIT %s",
        (tx.business_id, before, before, limit),
    )
    return [AuditEntry(row[0], row[1], UserId(row[2]) if row[2] else None, *row[3:]) for row in rows]
