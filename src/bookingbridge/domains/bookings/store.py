"""Bookings' rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from bookingbridge.infra.bulk import upsert
from bookingbridge.infra.db import Tx

_TYPES = {
    "id": "uuid", "status": "text", "starts_at": "timestamptz", "ends_at": "timestamptz", "booked_at": "timestamptz",
    "client_id": "uuid", "location_id": "uuid", "staff_id": "uuid", "service_id": "uuid", "price_minor": "int8",
    "currency": "text", "note": "text", "token": "text", "heard_from": "text", "remote_id": "text",
    "connection_id": "uuid",
    "recorded_at": "timestamptz",
}  # fmt: skip

_BLOCK_TYPES = {
    "id": "uuid", "starts_at": "timestamptz", "ends_at": "timestamptz", "staff_id": "uuid", "location_id": "uuid",
    "title": "text", "is_cancelled": "bool", "connection_id": "uuid", "recorded_at": "timestamptz",
}  # fmt: skip

_COLUMNS = (
    "id, status, starts_at, ends_at, booked_at, client_id, location_id, staff_id, service_id, price_minor, currency, "
    "note, token, heard_from, remote_id, connection_id, recorded_at"
)


@dataclass(frozen=True, slots=True)
class Booking:
    """An appointment. `price_minor` is in minor units of `currency`, None where unknown; times are aware."""

    id: UUID
    status: str
    starts_at: datetime
    ends_at: datetime
    booked_at: datetime
    client_id: UUID | None
    location_id: UUID | None
    staff_id: UUID | None
    service_id: UUID | None
    price_minor: int | None
    currency: str | None
    note: str | None
    token: str | None
    heard_from: str | None
    remote_id: str | None
    connection_id: UUID
    recorded_at: datetime


async def save(tx: Tx, rows: Iterable[Sequence[Any]]) -> None:
    await upsert(tx, "bookings", _TYPES, rows)


async def save_blocks(tx: Tx, rows: Iterable[Sequence[Any]]) -> None:
    await upsert(tx, "blocks", _BLOCK_TYPES, rows)


async def by_ids(tx: Tx, ids: Sequence[UUID]) -> list[Booking]:
    rows = await tx.all(
        f"SELECT {_COLUMNS} FROM bookings WHERE business_id = %s AND id = ANY(%s)", (tx.business_id, list(ids))
    )
    return [Booking(*row) for row in rows]


async def of_clients(tx: Tx, client_ids: Sequence[UUID]) -> list[Booking]:
    """All bookings of these clients, by start."""
    rows = await tx.all(
        f"SELECT {_COLUMNS} FROM bookings WHERE business_id = %s AND client_id = ANY(%s) ORDER BY starts_at, id",
        (tx.business_id, list(client_ids)),
    )
    return [Booking(*row) for row in rows]


async def latest(tx: Tx, limit: int) -> list[Booking]:
    """The bookings made last."""
    rows = await tx.all(
        f"SELECT {_COLUMNS} FROM bookings WHERE business_id = %s ORDER BY booked_at DESC LIMIT %s",
        (tx.business_id, limit),
    )
    return [Booking(*row) for row in rows]


async def started(tx: Tx, before: datetime, limit: int) -> list[Booking]:
    """The appointments that began last before then, newest first; cancelled ones left out."""
    rows = await tx.all(
        f"SELECT {_COLUMNS} FROM bookings WHERE business_id = %s AND starts_at <= %s "
        "AND status NOT IN ('cancelled', 'declined') ORDER BY starts_at DESC LIMIT %s",
        (tx.business_id, before, limit),
    )
    return [Booking(*row) for row in rows]


async def of_connection(tx: Tx, connection_id: UUID, before: datetime, limit: int) -> list[Booking]:
    """The latest appointments that came by a connection, started before then."""
    rows = await tx.all(
        f"SELECT {_COLUMNS} FROM bookings WHERE business_id = %s AND starts_at <= %s AND connection_id = %s "
        "ORDER BY starts_at DESC LIMIT %s",
        (tx.business_id, before, connection_id, limit),
    )
    return [Booking(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class LastVisit:
    """When a client's last appointment began that was neither cancelled nor missed."""

    client_id: UUID
    starts_at: datetime
    booking_id: UUID


_CAME = "NOT IN ('cancelled', 'declined', 'no_show')"


async def last_visits(tx: Tx, before: tuple[datetime, UUID], limit: int) -> list[LastVisit]:
    """Clients by their last visit up to now, newest first; those after `before` (starts at, booking) to page on."""
    rows = await tx.all(
        f"""
        SELECT b.client_id, b.starts_at, b.id FROM bookings b
        WHERE b.business_id = %(b)s AND b.starts_at <= %(now)s AND (b.starts_at, b.id) < (%(at)s, %(id)s)
            AND b.client_id IS NOT NULL AND b.status {_CAME}
            AND NOT EXISTS (SELECT FROM bookings n WHERE n.business_id = b.business_id AND n.client_id = b.client_id
                AND n.starts_at <= %(now)s AND (n.starts_at, n.id) > (b.starts_at, b.id) AND n.status {_CAME})
        ORDER BY b.starts_at DESC, b.id DESC LIMIT %(limit)s
        """,
        {"b": tx.business_id, "now": tx.now, "at": before[0], "id": before[1], "limit": limit},
    )
    return [LastVisit(*row) for row in rows]


async def count_of(tx: Tx, connection_id: UUID) -> tuple[int, datetime | None, datetime | None]:
    """How many appointments came by a connection, and when the first and the last of them begin."""
    row = await tx.one(
        "SELECT count(*), min(starts_at), max(starts_at) FROM bookings WHERE business_id = %s AND connection_id = %s",
        (tx.business_id, connection_id),
    )
    assert row
    return row[0], row[1], row[2]


async def first_visits(tx: Tx, client_ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """Each client's earliest booking that was not cancelled, by client."""
    rows = await tx.all(
        "SELECT DISTINCT ON (client_id) client_id, id FROM bookings WHERE business_id = %s AND client_id = ANY(%s) "
        "AND status NOT IN ('cancelled', 'declined', 'no_show') ORDER BY client_id, starts_at, id",
        (tx.business_id, list(client_ids)),
    )
    return {row[0]: row[1] for row in rows}


async def newest(tx: Tx) -> datetime | None:
    """When a booking was last recorded here."""
    row = await tx.one(
        "SELECT recorded_at FROM bookings WHERE business_id = %s ORDER BY booked_at DESC LIMIT 1", (tx.business_id,)
    )
    return row[0] if row else None


async def by_tokens(tx: Tx, tokens: Sequence[str]) -> list[Booking]:
    """Bookings that carry one of these attribution tokens."""
    rows = await tx.all(
        f"SELECT {_COLUMNS} FROM bookings WHERE business_id = %s AND token = ANY(%s)", (tx.business_id, list(tokens))
    )
    return [Booking(*row) for row in rows]
