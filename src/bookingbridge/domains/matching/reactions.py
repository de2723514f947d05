"""What matching does when bookings or payments were recorded."""

from __future__ import annotations

from bookingbridge.canonical.events import BookingsRecorded, PaymentsRecorded
from bookingbridge.domains.bookings import api as bookings
from bookingbridge.domains.matching.settling import settle
from bookingbridge.domains.payments import api as payments
from bookingbridge.infra.db import Tx


async def on_payments_recorded(event: PaymentsRecorded, tx: Tx) -> None:
    """The payments settle the visits they belong to."""
    found = await payments.payments(tx, event.ids)
    await settle(tx, found.values(), cause="payments_recorded")


async def on_bookings_recorded(event: BookingsRecorded, tx: Tx) -> None:
    """Payments that came before their booking, or whose booking moved or was cancelled, are looked at again."""
    found = await bookings.bookings(tx, event.ids)
    own = await payments.of_clients(tx, {b.client_id for b in found.values() if b.client_id})
    naming = await payments.naming(tx, found)
    await settle(tx, {p.id: p for p in [*own, *naming]}.values(), cause="bookings_recorded")
