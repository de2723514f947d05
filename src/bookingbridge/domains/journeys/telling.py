"""Touches that were stored are told to the domains above: in batches, once each, after the fact."""

from __future__ import annotations

from bookingbridge.canonical.events import TouchesRecorded
from bookingbridge.domains.journeys.store import collected
from bookingbridge.infra.db import Tx

BATCH = 2_000
"""How many touches one event tells of, so that no reaction takes long."""


async def tell(tx: Tx, *, batch: int = BATCH) -> int:
    """Up to `batch` touches nobody was told of are announced, and the bell rings on where more wait; how many.

    The job "tell_touches" of a business does only this, in one transaction. Two of them at once do no harm.
    """
    await collected.await_ringers(tx)
    ids = await collected.take_untold(tx, batch)
    await tx.announce(TouchesRecorded(tuple(ids)))
    if len(ids) == batch:
        await tx.ring(collected.bell(tx.business_id))
    return len(ids)
