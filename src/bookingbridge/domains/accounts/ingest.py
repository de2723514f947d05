"""Locations as vendors and files say them."""

from __future__ import annotations

from collections.abc import Sequence

from bookingbridge.canonical.events import Batch
from bookingbridge.canonical.records import Location
from bookingbridge.domains.accounts.store import places
from bookingbridge.infra.db import Tx
from bookingbridge.sync.ingesting import Identified


async def locations(tx: Tx, batch: Sequence[Identified[Location]]) -> Sequence[Batch]:
    """The locations are stored."""
    await places.save(
        tx,
        [
            (
                i.id,
                i.record.name.replace("\x00", "")[:200],
                i.record.time_zone,
                i.record.address.replace("\x00", "") if i.record.address else None,
                i.record.is_active,
                tx.now,
            )
            for i in batch
        ],
    )
    return ()
