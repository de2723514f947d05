"""The door to payments."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from bookingbridge.domains.payments import store, store_days
from bookingbridge.domains.payments.store import Payment, Refund, Taken
from bookingbridge.domains.payments.store_days import DayTaken
from bookingbridge.infra.db import Tx

__all__ = [
    "DayTaken", "Payment", "Refund", "Taken", "between", "days", "naming", "of_clients", "of_connection", "payments",
    "refunds_of",
]  # fmt: skip


async def payments(tx: Tx, ids: Iterable[UUID]) -> dict[UUID, Payment]:
    """Those payments that there are, by id."""
    return {p.id: p for p in await store.by_ids(tx, list(ids))}


async def of_clients(tx: Tx, client_ids: Iterable[UUID]) -> list[Payment]:
    """All payments of these clients, by time."""
    return await store.of_clients(tx, list(client_ids))


async def between(tx: Tx, start: datetime, end: datetime, *, limit: int = 500) -> list[Payment]:
    """Completed payments of [start, end), newest first."""
    return await store.between(tx, start, end, limit)


async def of_connection(tx: Tx, connection_id: UUID) -> list[Taken]:
    """What came in by this connection, per currency."""
    return await store.of_connection(tx, connection_id)


async def naming(tx: Tx, booking_ids: Iterable[UUID]) -> list[Payment]:
    """Payments that name one of these bookings outright."""
    return await store.naming(tx, list(booking_ids))


async def refunds_of(tx: Tx, payment_ids: Iterable[UUID]) -> list[Refund]:
    """The refunds of these payments, by time."""
    return await store.refunds_of(tx, list(payment_ids))


async def days(tx: Tx, start: datetime, end: datetime, *, zone: str, location_id: UUID | None = None) -> list[DayTaken]:
    """What was taken on each local day of [start, end), net of refunds."""
    return await store_days.days(tx, start, end, zone, location_id)
