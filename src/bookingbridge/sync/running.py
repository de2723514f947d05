"""A run reads a connection's streams page by page. Each page's rows, progress and cursor are one transaction.

A run that dies goes on at its last cursor; a run that is told to wait goes on later; nothing is read twice for naught
and nothing is skipped. Whoever takes a run up holds it alone: a worker that slept meanwhile stores nothing any more.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from bookingbridge.canonical.errors import (
    AuthExpired,
    BridgeError,
    NotFound,
    Rejected,
    Throttled,
    Unreachable,
)
from bookingbridge.canonical.ports import Client, Reach, Stream
from bookingbridge.canonical.times import text
from bookingbridge.infra import jobs
from bookingbridge.infra.db import Tx
from bookingbridge.infra.ids import new_id
from bookingbridge.infra.jobs import Bell
from bookingbridge.infra.log import get
from bookingbridge.sync import circuit, quality
from bookingbridge.sync.credentials import fresh_tokens, open_client, sign_in_again
from bookingbridge.sync.doubting import look_again
from bookingbridge.sync.engine import Engine
from bookingbridge.sync.store import connections, runs
from bookingbridge.sync.store.connections import Connection
from bookingbridge.sync.store.runs import Run
from bookingbridge.sync.storing import RESTING, Course, Overtaken, Progress, Resting, store_page

log = get(__name__)


QUEUE = "sync"
"""Runs have a queue of their own: many of them at once hold up neither webhooks nor reactions."""


def bell(business_id: UUID, connection_id: UUID, run_id: UUID, *, not_before: datetime | None = None) -> Bell:
    """Wakes the worker for a run. Runs of one connection follow one another."""
    return Bell(
        "sync",
        {"business": str(business_id), "run": str(run_id)},
        lock=_lock(connection_id),
        queue=QUEUE,
        not_before=not_before,
        priority=0 if not_before is None else -1,
    )


def _lock(connection_id: UUID) -> str:
    return f"run:{connection_id}"


async def ask(tx: Tx, connection_id: UUID, *, is_full: bool, asked_by: str) -> UUID:
    """A run is queued; its id. A run of the connection that has not ended yet is not doubled."""
    connection = await connections.get(tx, connection_id, for_update=True)
    if connection is None or connection.state == "removed":
        raise NotFound("there is no such connection")
    if connection.state == "paused" and asked_by == "schedule":
        raise NotFound("this connection rests")
    waiting = await runs.unfinished(tx, connection_id)
    if waiting is not None and (waiting.kind == "full" or not is_full):
        if waiting.state == "waiting" and asked_by != "schedule":
            await runs.hasten(tx, waiting, asked_by)
            await tx.ring(bell(tx.business_id, connection_id, waiting.id))
        return waiting.id
    run_id = new_id(tx.now)
    await runs.add(tx, run_id, connection_id, "full" if is_full else "incremental", asked_by)
    if is_full:
        await runs.begin_again(tx, connection_id)
    await tx.ring(bell(tx.business_id, connection_id, run_id))
    return run_id


async def forsaken(tx: Tx, older_than: datetime) -> list[tuple[UUID, UUID]]:
    """Runs that have not ended although no job is left to carry them out: (connection, run), oldest first."""
    resting = await runs.resting(tx, older_than)
    if not resting:
        return []
    known = {args.get("run") for args in await jobs.arguments(tx.conn, [_lock(c) for c, _ in resting])}
    return [(connection_id, run_id) for connection_id, run_id in resting if str(run_id) not in known]


async def carry_out(engine: Engine, business_id: UUID, run_id: UUID) -> None:
    """The run is done, has failed with its reason, or waits to go on. Safe to call again at any time."""
    async with engine.db.business(business_id) as tx:
        run = await runs.get(tx, run_id, for_update=True)
        connection = await connections.get(tx, run.connection_id) if run else None
        if run is None or connection is None or run.state in ("done", "failed"):
            return
        if connection.state in RESTING:
            await runs.end(tx, run, "failed", f"the connection is {connection.state}")
            return
        if run.asked_by == "schedule" and circuit.is_open(connection, tx.now):
            assert connection.circuit_until
            await runs.end(
                tx, run, "waiting", f"not asked before {text(connection.circuit_until)}: {connection.state_why}"
            )
            await tx.ring(bell(business_id, connection.id, run.id, not_before=connection.circuit_until))
            return
        run = await runs.start(tx, run)
    try:
        await _talk(engine, connection, run)
    except Overtaken:
        log.warning("run was taken up by another worker", run=str(run_id))
        return
    except BridgeError as failed:
        await _stop(engine, connection, run, failed)
        return
    async with engine.db.business(business_id) as tx:
        if not await runs.end(tx, run, "done"):
            return
        await connections.change(tx, connection.id, last_success_at=tx.now)
        await circuit.close(tx, connection.id)
        read = await runs.get(tx, run.id)
        assert read
        await quality.look(tx, connection, engine.vendor(connection.vendor).manifest, read)
        if await connections.set_state(tx, connection.id, "ok"):
            log.info("connection works", connection=str(connection.id), vendor=connection.vendor)


async def _talk(engine: Engine, connection: Connection, run: Run) -> None:
    """All that the run has to read is stored. Short-lived tokens that end too soon are replaced once."""
    tokens = await fresh_tokens(engine, connection)
    try:
        async with open_client(engine, connection, tokens) as client:
            await _read_all(engine, connection, run, client)
        return
    except AuthExpired:
        if not await sign_in_again(engine, connection, tokens):
            raise
        async with engine.db.business(connection.business_id) as tx:
            now, ran = await connections.get(tx, connection.id), await runs.get(tx, run.id)
    if now is None or ran is None or ran.attempts != run.attempts:
        raise Overtaken
    async with open_client(engine, now) as client:
        await _read_all(engine, now, ran, client)


async def _read_all(engine: Engine, connection: Connection, run: Run, client: Client) -> None:
    progress: Progress = {name: dict(p) for name, p in run.progress.items()}
    for stream in engine.vendor(connection.vendor).manifest.streams:
        if progress.get(stream.name, {}).get("is_done"):
            continue
        await _read_stream(engine, connection, run, client, stream, progress)


async def _read_stream(
    engine: Engine,
    connection: Connection,
    run: Run,
    client: Client,
    stream: Stream,
    progress: Progress,
) -> None:
    async with engine.db.business(connection.business_id) as tx:
        stored = await runs.cursor(tx, connection.id, stream.name)
        exact_from = await runs.exact_from(tx, connection.id, stream.name)
    # A stream that was never read to its end is read in full, whatever this run was asked to be.
    is_full = run.kind == "full" or stored is None or not stored[1]
    course = Course(engine, connection, run, stream, progress, was_complete=not is_full, exact_from=exact_from)
    reach = Reach(is_full=is_full, now=engine.clock.now())
    async for given in client.pages(stream.name, stored[0] if stored else None, reach):
        page = await look_again(course, client, given)
        async with engine.db.business(connection.business_id) as tx:
            understood = await store_page(tx, course, page)
            await quality.miss_webhooks(tx, course, understood.taken.written)
        if page.is_last:
            return


async def _stop(engine: Engine, connection: Connection, run: Run, failed: BridgeError) -> None:
    """What a failure means for the run and for the connection, by its class."""
    async with engine.db.business(connection.business_id) as tx:
        match failed:
            case Resting():
                await runs.end(tx, run, "failed", failed.why)
                return
            case AuthExpired():
                is_ours = await runs.end(tx, run, "failed", failed.why)
                state = "needs_reauth"
            case Throttled() | Unreachable():
                is_ours = await runs.end(tx, run, "waiting", failed.why)
                if is_ours:
                    until = wait_until(tx.now, failed, tries=run.attempts)
                    shut = await circuit.count(tx, connection.id, has_advanced=await _has_advanced(tx, run))
                    until = max(until, shut) if shut else until
                    await tx.ring(bell(tx.business_id, connection.id, run.id, not_before=until))
                state = "rate_limited" if isinstance(failed, Throttled) else "degraded"
            case Rejected() | _:
                is_ours = await runs.end(tx, run, "failed", failed.why)
                state = "broken"
        changed = is_ours and await connections.set_state(tx, connection.id, state, failed.why)
    if changed:
        log.warning("connection lost", connection=str(connection.id), vendor=connection.vendor, why=failed.why)


async def _has_advanced(tx: Tx, run: Run) -> bool:
    """Whether the vendor gave anything since the run was taken up."""
    now = await runs.get(tx, run.id)
    return now is not None and now.progress != run.progress


def wait_until(now: datetime, failed: BridgeError, *, tries: int) -> datetime:
    """When to try again: when the vendor said, else after an exponential wait with full jitter."""
    if isinstance(failed, Throttled) and failed.until is not None:
        return min(max(failed.until, now), now + timedelta(hours=24))
    return now + jobs.patience(tries)
