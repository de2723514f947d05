"""What is due is begun, and what was left lying is taken up: the tables are the truth, the queue only the doorbell."""

from __future__ import annotations

from datetime import timedelta

from bookingbridge.canonical.errors import NotFound
from bookingbridge.infra.db import Tx
from bookingbridge.infra.jobs import Bell
from bookingbridge.sync import running, subscribing
from bookingbridge.sync.engine import Engine
from bookingbridge.sync.store import connections, findings, inbound, raws, runs
from bookingbridge.sync.storing import RESTING

PATIENCE = timedelta(minutes=2)


async def begin_due(engine: Engine, *, limit: int = 50) -> int:
    """Runs are queued for connections whose time has come; how many. Safe with many workers."""
    async with engine.db.realm("schedule") as tx:
        due = await runs.take_due(tx, limit)
    for business_id, _, target_id in due:
        async with engine.db.business(business_id) as tx:
            try:
                await running.ask(tx, target_id, is_full=False, asked_by="schedule")
            except NotFound:
                continue
    return len(due)


async def sweep(engine: Engine) -> int:
    """Bells are rung again for runs, webhooks and touches that wait although nobody was told; how many."""
    rung = 0
    async with engine.db.realm("schedule") as tx:
        businesses = await runs.businesses(tx)
    for business_id in businesses:
        async with engine.db.business(business_id) as tx:
            for connection_id in await inbound.stuck(tx, tx.now - PATIENCE):
                await inbound.wake(tx.conn, business_id, connection_id)
                rung += 1
            for connection_id, run_id in await running.forsaken(tx, tx.now - PATIENCE):
                await tx.ring(running.bell(business_id, connection_id, run_id))
                rung += 1
            await tx.ring(Bell("tell_touches", {"business": str(business_id)}, debounce=f"touches:{business_id}"))
    return rung


async def look_after(engine: Engine, tx: Tx) -> int:
    """Bells are rung for the business's connections whose registration of webhooks is due; how many."""
    due = [
        c for c in await connections.every(tx)
        if c.setup_step > 3 and c.state not in RESTING and c.vendor in engine.vendors
        and engine.vendor(c.vendor).subscribing is not None and subscribing.is_due(c, tx.now)
    ]  # fmt: skip
    await tx.ring(*(subscribing.bell(tx.business_id, c.id) for c in due))
    return len(due)


async def forget_raw(tx: Tx, older_than: timedelta) -> int:
    """Payloads that were read long ago are gone, and webhooks that were worked off; how many. Unread ones stay."""
    before = tx.now - older_than
    await findings.forget(tx, before)
    return await raws.forget(tx, before) + await inbound.forget_done(tx, before)
