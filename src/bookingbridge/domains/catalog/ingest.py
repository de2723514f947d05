"""Services as vendors and files say them."""

from __future__ import annotations

from collections.abc import Sequence

from bookingbridge.canonical.events import Batch
from bookingbridge.canonical.records import Service
from bookingbridge.domains.catalog import store
from bookingbridge.infra.db import Tx
from bookingbridge.sync.ingesting import Identified


async def services(tx: Tx, batch: Sequence[Identified[Service]]) -> Sequence[Batch]:
    """The services are stored."""
    await store.save(
        tx,
        [
            (
                i.id,
                i.record.name.replace("\x00", ""),
                i.record.price.minor if i.record.price else None,
                i.record.price.currency if i.record.price else None,
                i.record.duration_minutes,
                i.record.is_active,
                tx.now,
            )
            for i in batch
        ],
    )
    return ()
