"""What payments do when payments were recorded."""

from __future__ import annotations

from bookingbridge.canonical.events import BusinessChanged, PaymentsRecorded
from bookingbridge.domains.accounts import api as accounts
from bookingbridge.domains.payments import store_days
from bookingbridge.infra.db import Tx


async def on_payments_recorded(event: PaymentsRecorded, tx: Tx) -> None:
    """What was taken is summed anew for the days on which something changed."""
    await store_days.rebuild(tx, (await accounts.business(tx)).time_zone)


async def on_business_changed(event: BusinessChanged, tx: Tx) -> None:
    """In another time zone every day has other bounds."""
    await store_days.rebuild_all(tx, (await accounts.business(tx)).time_zone)
