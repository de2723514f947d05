"""Clients' rows. E-mail and phone are kept as written and as keys that compare equal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from bookingbridge.infra.bulk import upsert
from bookingbridge.infra.db import Tx

_TYPES = {
    "id": "uuid", "name": "text", "email": "text", "email_key": "text", "phone": "text", "phone_key": "text",
    "since": "timestamptz", "is_deleted": "bool", "connection_id": "uuid", "recorded_at": "timestamptz",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Client:
    """A client. The keys are the normal forms: lower-case e-mail, E.164 phone."""

    id: UUID
    name: str
    email: str | None
    email_key: str | None
    phone: str | None
    phone_key: str | None
    since: datetime | None
    is_deleted: bool


_COLUMNS = "id, name, email, email_key, phone, phone_key, since, is_deleted"


async def save(tx: Tx, rows: Iterable[Sequence[Any]]) -> None:
    await upsert(tx, "clients", _TYPES, rows)


async def by_ids(tx: Tx, ids: Sequence[UUID]) -> list[Client]:
    rows = await tx.all(
        f"SELECT {_COLUMNS} FROM clients WHERE business_id = %s AND id = ANY(%s)", (tx.business_id, list(ids))
    )
    return [Client(*row) for row in rows]


async def by_keys(tx: Tx, email_keys: Sequence[str], phone_keys: Sequence[str]) -> list[Client]:
    """Clients with any of these e-mails or phones, deleted ones left out."""
    rows = await tx.all(
        f"SELECT {_COLUMNS} FROM clients WHERE business_id = %(b)s AND NOT is_deleted AND email_key = ANY(%(e)s) "
        f"UNION SELECT {_COLUMNS} FROM clients WHERE business_id = %(b)s AND NOT is_deleted "
        "AND phone_key = ANY(%(p)s)",
        {"b": tx.business_id, "e": list(email_keys), "p": list(phone_keys)},
    )
    return [Client(*row) for row in rows]


async def page(tx: Tx, *, after: tuple[str, UUID] | None, limit: int) -> list[Client]:
    """Clients by name, after the given (name, id)."""
    name, last = after or ("", UUID(int=0))
    rows = await tx.all(
        f"SELECT {_COLUMNS} FROM clients WHERE business_id = %s AND NOT is_deleted AND (name, id) > (%s, %s) "
        "ORDER BY name, id LIMIT %s",
        (tx.business_id, name, last, limit),
    )
    return [Client(*row) for row in rows]


async def search(tx: Tx, text: str, *, email_key: str | None, phone_key: str | None, limit: int) -> list[Client]:
    """Clients whose name holds the text, or whose e-mail or phone it is."""
    pattern = "%" + text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    rows = await tx.all(
        f"SELECT {_COLUMNS} FROM clients WHERE business_id = %s AND NOT is_deleted "
        "AND (name ILIKE %s OR email_key = %s OR phone_key = %s OR email_key LIKE %s OR phone_key LIKE %s) "
        "ORDER BY name, id LIMIT %s",
        (tx.business_id, pattern, email_key, phone_key, pattern, pattern, limit),
    )
    return [Client(*row) for row in rows]


async def count(tx: Tx) -> int:
    row = await tx.one("SELECT count(*) FROM clients WHERE business_id = %s AND NOT is_deleted", (tx.business_id,))
    return int(row[0]) if row else 0
