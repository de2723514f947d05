"""What bookings do when bookings were recorded."""

from __future__ import annotations

from bookingbridge.canonical.events import BookingsRecorded, BusinessChanged
from bookingbridge.domains.accounts import api as accounts
from bookingbridge.domains.bookings import store_days
from bookingbridge.infra.db import Tx


async def on_bookings_recorded(event: BookingsRecorded, tx: Tx) -> None:
    """Appointments are counted anew for the days on which something changed."""
    await store_days.rebuild(tx, (await accounts.business(tx)).time_zone)


async def on_business_changed(event: BusinessChanged, tx: Tx) -> None:
    """In another time zone every day has other bounds."""
    await store_days.rebuild_all(tx, (await accounts.business(tx)).time_zone)
