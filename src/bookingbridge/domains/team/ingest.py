"""Staff members as vendors and files say them."""

from __future__ import annotations

from collections.abc import Sequence

from bookingbridge.canonical.events import Batch
from bookingbridge.canonical.records import StaffMember
from bookingbridge.domains.team import store
from bookingbridge.infra.db import Tx
from bookingbridge.sync.ingesting import Identified


async def staff(tx: Tx, batch: Sequence[Identified[StaffMember]]) -> Sequence[Batch]:
    """The staff members are stored."""
    await store.save(tx, [(i.id, i.record.name.replace("\x00", ""), i.record.is_active, tx.now) for i in batch])
    return ()
