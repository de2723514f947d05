"""The door to bookings."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from bookingbridge.canonical.errors import NotFound
from bookingbridge.domains.bookings import store, store_days
from bookingbridge.domains.bookings.store import Booking, LastVisit
from bookingbridge.domains.bookings.store_days import DayCount
from bookingbridge.infra.db import Tx

__all__ = [
    "Booking", "DayCount", "LastVisit", "booking", "bookings", "carrying", "count_of", "days", "first_visits",
    "last_visits", "latest", "newest", "of_clients", "of_connection", "started",
]  # fmt: skip


async def booking(tx: Tx, booking_id: UUID) -> Booking:
    """The booking, or NotFound."""
    found = await store.by_ids(tx, [booking_id])
    if not found:
        raise NotFound("there is no such booking")
    return found[0]


async def bookings(tx: Tx, ids: Iterable[UUID]) -> dict[UUID, Booking]:
    """Those bookings that there are, by id."""
    return {b.id: b for b in await store.by_ids(tx, list(ids))}


async def of_clients(tx: Tx, client_ids: Iterable[UUID]) -> list[Booking]:
    """All bookings of these clients, by start."""
    return await store.of_clients(tx, list(client_ids))


async def carrying(tx: Tx, tokens: Iterable[str]) -> list[Booking]:
    """Bookings in whose note one of these attribution tokens stands."""
    return await store.by_tokens(tx, list(tokens))


async def latest(tx: Tx, *, limit: int = 10) -> list[Booking]:
    """The bookings made last, newest first."""
    return await store.latest(tx, limit)


async def started(tx: Tx, *, limit: int = 10) -> list[Booking]:
    """The appointments that began last, newest first; cancelled ones left out."""
    return await store.started(tx, tx.now, limit)


async def of_connection(tx: Tx, connection_id: UUID, *, limit: int = 10) -> list[Booking]:
    """The latest appointments that came by this connection and have begun, newest first."""
    return await store.of_connection(tx, connection_id, tx.now, limit)


async def count_of(tx: Tx, connection_id: UUID) -> tuple[int, datetime | None, datetime | None]:
    """How many appointments came by this connection, and when the first and the last of them begin."""
    return await store.count_of(tx, connection_id)


async def last_visits(tx: Tx, *, before: tuple[datetime, UUID] | None = None, limit: int = 50) -> list[LastVisit]:
    """Clients by their last visit, newest first; `before` is (starts at, booking id) of the last one shown."""
    return await store.last_visits(tx, before or (tx.now + timedelta(seconds=1), UUID(int=0)), limit)


async def first_visits(tx: Tx, client_ids: Iterable[UUID]) -> dict[UUID, UUID]:
    """Each client's earliest booking that was not cancelled or missed: client id to booking id."""
    return await store.first_visits(tx, list(client_ids))


async def days(tx: Tx, start: datetime, end: datetime, *, zone: str, location_id: UUID | None = None) -> list[DayCount]:
    """How many appointments start on each local day of [start, end), and what became of them."""
    return await store_days.days(tx, start, end, zone, location_id)


async def newest(tx: Tx) -> datetime | None:
    """When the newest booking was recorded here; None where there are none."""
    return await store.newest(tx)
