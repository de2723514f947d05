"""What is due is begun, and what was left lying is taken up: the tables are the truth, the queue only the doorbell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from bookingbridge.canonical.errors import NotFound
from bookingbridge.canonical.times import zone
from bookingbridge.infra.db import Tx
from bookingbridge.infra.jobs import Bell
from bookingbridge.sync import planning, running, subscribing
from bookingbridge.sync.engine import Engine
from bookingbridge.sync.planning import Plan
from bookingbridge.sync.store import connections, findings, inbound, raws, runs
from bookingbridge.sync.store.connections import Connection
from bookingbridge.sync.storing import RESTING

INCREMENTAL, FULL = "sync", "full"
"""What is due, as `due_work` names it."""

PATIENCE = timedelta(minutes=2)


async def begin_due(engine: Engine, *, limit: int = 50) -> int:
    """Runs are queued for connections whose time has come; how many. Safe with many workers."""
    async with engine.db.realm("schedule") as tx:
        due = await runs.take_due(tx, limit)
    for business_id, kind, target_id in due:
        async with engine.db.business(business_id) as tx:
            connection = await connections.get(tx, target_id)
            if connection is None or connection.vendor not in engine.vendors:
                continue
            await plan(engine, tx, connection, only=kind)
            try:
                await running.ask(tx, target_id, is_full=kind == FULL, asked_by="schedule")
            except NotFound:
                continue
    return len(due)


async def plan(engine: Engine, tx: Tx, connection: Connection, *, only: str | None = None) -> None:
    """It is stored when the connection is read next, by its plan and the business's clock."""
    here = await zone_of(tx)
    mine = plan_of(engine, connection)
    if only in (None, INCREMENTAL):
        every = planning.interval(mine, tx.now, here)
        await runs.plan(tx, INCREMENTAL, connection.id, every, due_at=planning.next_incremental(mine, tx.now, here))
    if only in (None, FULL):
        if due_at := planning.next_full(mine, tx.now, here):
            await runs.plan(tx, FULL, connection.id, timedelta(days=1), due_at=due_at)
        else:
            await runs.plan_no_more(tx, FULL, connection.id)


def plan_of(engine: Engine, connection: Connection) -> Plan:
    """When the connection is read, as its owner wants it or as is usual for the vendor."""
    return planning.read(connection.plan, engine.vendor(connection.vendor).manifest)


async def change_plan(engine: Engine, business_id: UUID, connection_id: UUID, said: Mapping[str, str]) -> Plan:
    """The connection is read when this says, from now on; what is not said stays. The plan, or Refused.

    `said` by the names of `Plan`: times of day as "02:00" (an empty `full_at` switches it off), minutes as digits.
    """
    async with engine.db.business(business_id) as tx:
        found = await connections.get(tx, connection_id, for_update=True)
        if found is None or found.state == "removed":
            raise NotFound("there is no such connection")
        manifest = engine.vendor(found.vendor).manifest
        stored = planning.change(found.plan, said, manifest)
        await connections.change(tx, connection_id, plan=stored)
        if found.setup_step > 3:
            await plan(engine, tx, replace(found, plan=stored))
    return planning.read(stored, manifest)


async def due_of(tx: Tx, connection_id: UUID) -> dict[str, datetime]:
    """When the connection is read next: by "sync" (what changed) and "full" (everything), where it is planned."""
    return await runs.due_of(tx, connection_id)


async def zone_of(tx: Tx) -> ZoneInfo:
    """The business's own time zone."""
    return zone(await runs.time_zone(tx))


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
