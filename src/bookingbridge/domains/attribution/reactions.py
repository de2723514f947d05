"""What attribution does when something happened below it."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from bookingbridge.canonical.events import (
    BookingsRecorded,
    BusinessChanged,
    CampaignsRecorded,
    ClientsRecorded,
    TouchesRecorded,
    VisitsSettled,
)
from bookingbridge.domains.attribution import identity, store
from bookingbridge.domains.attribution.computing import recompute
from bookingbridge.domains.bookings import api as bookings
from bookingbridge.domains.journeys import api as journeys
from bookingbridge.domains.matching import api as matching
from bookingbridge.infra.db import Tx


async def on_bookings_recorded(event: BookingsRecorded, tx: Tx) -> None:
    """Tokens and answers in the bookings are used, and what the bookings' clients bring is computed again."""
    found = await bookings.bookings(tx, event.ids)
    for b in found.values():
        if b.heard_from and b.client_id:
            await journeys.record_asked(tx, client_id=b.client_id, at=b.booked_at, answer=b.heard_from, about=b.id)
    gained = await identity.from_bookings(tx, event.ids)
    settled = await matching.settled_among(tx, event.ids)
    await recompute(tx, [*settled, *await _bookings_of(tx, gained)])


async def on_clients_recorded(event: ClientsRecorded, tx: Tx) -> None:
    """New e-mails and phones may tell who a visitor was."""
    await recompute(tx, await _bookings_of(tx, await identity.from_clients(tx, event.ids)))


async def on_touches_recorded(event: TouchesRecorded, tx: Tx) -> None:
    """New touches may tell who their visitor is, and count for visits that are paid already."""
    gained = await identity.from_touches(tx, event.ids)
    visitors = await journeys.visitors_of(tx, event.ids)
    known = {c for some in (await store.clients_of(tx, visitors)).values() for c in some}
    named = await journeys.clients_of(tx, event.ids)
    await recompute(tx, await _bookings_of(tx, [*gained, *known, *named]))


async def on_visits_settled(event: VisitsSettled, tx: Tx) -> None:
    """What the visits brought in is shared anew."""
    await recompute(tx, event.ids)


async def on_campaigns_recorded(event: CampaignsRecorded, tx: Tx) -> None:
    """Campaigns that were known only by a touch's own words get their platform's name."""
    affected = await store.bookings_with_unnamed_campaigns(tx)
    await recompute(tx, affected)


async def on_business_changed(event: BusinessChanged, tx: Tx) -> None:
    """Another window reaches other touches, another zone other days: everything is shared anew."""
    await recompute(tx, await matching.all_settled(tx))


async def _bookings_of(tx: Tx, client_ids: Iterable[UUID]) -> list[UUID]:
    wanted = list(dict.fromkeys(client_ids))
    if not wanted:
        return []
    of_clients = await bookings.of_clients(tx, wanted)
    return await matching.settled_among(tx, [b.id for b in of_clients])
