"""Runs and cursors: how far each connection was read, and what each run did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from bookingbridge.infra.db import Tx

_COLUMNS = (
    "id, connection_id, kind, state, asked_by, asked_at, started_at, heartbeat_at, finished_at, progress, error, "
    "attempts"
)


@dataclass(frozen=True, slots=True)
class Run:
    """One run. `progress` per stream: pages, seen, new, changed, same, stale, problems, total, is_done.

    `attempts` counts how often it was begun or taken up: who holds the latest holds the run.
    """

    id: UUID
    connection_id: UUID
    kind: str
    state: str
    asked_by: str
    asked_at: datetime
    started_at: datetime | None
    heartbeat_at: datetime | None
    finished_at: datetime | None
    progress: Mapping[str, Mapping[str, Any]]
    error: str
    attempts: int = 0


async def add(tx: Tx, run_id: UUID, connection_id: UUID, kind: str, asked_by: str) -> None:
    await tx.run(
        "INSERT INTO sync_runs (business_id, id, connection_id, kind, state, asked_by, asked_at) "
        "VALUES (%s, %s, %s, %s, 'queued', %s, %s)",
        (tx.business_id, run_id, connection_id, kind, asked_by, tx.now),
    )


async def get(tx: Tx, run_id: UUID, *, for_update: bool = False) -> Run | None:
    row = await tx.one(
        f"SELECT {_COLUMNS} FROM sync_runs WHERE business_id = %s AND id = %s" + (" FOR UPDATE" if for_update else ""),
        (tx.business_id, run_id),
    )
    return Run(*row) if row else None


async def recent(
    tx: Tx, *, connection_id: UUID | None = None, states: Sequence[str] = (), before: UUID | None = None,
    limit: int = 50,
) -> list[Run]:  # fmt: skip
    """Runs, newest first; of these states only where some are named, asked for before the run `before`."""
    rows = await tx.all(
        f"SELECT {_COLUMNS} FROM sync_runs WHERE business_id = %(b)s "
        "AND (%(c)s::uuid IS NULL OR connection_id = %(c)s) AND (%(s)s::text[] = '{}' OR state = ANY(%(s)s)) "
        "AND (%(before)s::uuid IS NULL OR (asked_at, id) < (SELECT asked_at, id FROM sync_runs "
        "WHERE business_id = %(b)s AND id = %(before)s)) ORDER BY asked_at DESC, id DESC LIMIT %(limit)s",
        {"b": tx.business_id, "c": connection_id, "s": list(states), "before": before, "limit": limit},
    )
    return [Run(*row) for row in rows]


async def unfinished(tx: Tx, connection_id: UUID) -> Run | None:
    """The run of this connection that has not ended, if there is one; of several one that reads everything."""
    row = await tx.one(
        f"SELECT {_COLUMNS} FROM sync_runs WHERE business_id = %s AND connection_id = %s "
        "AND state IN ('queued', 'running', 'waiting') AND kind <> 'file' "
        "ORDER BY kind = 'full' DESC, asked_at LIMIT 1",
        (tx.business_id, connection_id),
    )
    return Run(*row) if row else None


async def start(tx: Tx, run: Run) -> Run:
    """The run is under way, and whoever held it before holds it no more."""
    row = await tx.one(
        "UPDATE sync_runs SET state = 'running', started_at = coalesce(started_at, %s), heartbeat_at = %s, error = '', "
        f"attempts = attempts + 1 WHERE business_id = %s AND id = %s RETURNING {_COLUMNS}",
        (tx.now, tx.now, tx.business_id, run.id),
    )
    assert row
    return Run(*row)


async def note(tx: Tx, run: Run, progress: Mapping[str, Any]) -> bool:
    """The progress so far, in the transaction that stores what it counts. False where somebody else holds the run."""
    touched = await tx.run(
        "UPDATE sync_runs SET progress = %s, heartbeat_at = %s "
        "WHERE business_id = %s AND id = %s AND attempts = %s AND state = 'running'",
        (Jsonb(progress), tx.now, tx.business_id, run.id, run.attempts),
    )
    return touched > 0


async def end(tx: Tx, run: Run, state: str, error: str = "") -> bool:
    """The run is done, failed, or waiting to go on. False where somebody else holds it."""
    touched = await tx.run(
        "UPDATE sync_runs SET state = %s, error = %s, heartbeat_at = %s, "
        "finished_at = CASE WHEN %s THEN NULL ELSE %s::timestamptz END "
        "WHERE business_id = %s AND id = %s AND attempts = %s AND state NOT IN ('done', 'failed')",
        (state, error, tx.now, state == "waiting", tx.now, tx.business_id, run.id, run.attempts),
    )
    return touched > 0


async def resting(tx: Tx, older_than: datetime) -> list[tuple[UUID, UUID]]:
    """Runs that have not ended and have shown no sign of life since then: (connection, run), oldest first."""
    rows = await tx.all(
        "SELECT connection_id, id FROM sync_runs WHERE business_id = %s AND state IN ('queued', 'running', 'waiting') "
        "AND kind <> 'file' AND coalesce(heartbeat_at, asked_at) < %s ORDER BY asked_at",
        (tx.business_id, older_than),
    )
    return [(row[0], row[1]) for row in rows]


async def tally(tx: Tx, connection_id: UUID) -> tuple[int, int]:
    """How many runs of the last day there were, and how many of them failed or wait for a vendor."""
    row = await tx.one(
        "SELECT count(*), count(*) FILTER (WHERE state IN ('failed', 'waiting')) FROM sync_runs "
        "WHERE business_id = %s AND connection_id = %s AND coalesce(heartbeat_at, asked_at) > %s - interval '1 day'",
        (tx.business_id, connection_id, tx.now),
    )
    return (row[0], row[1]) if row else (0, 0)


async def cursor(tx: Tx, connection_id: UUID, stream: str) -> tuple[dict[str, Any], bool] | None:
    """Where reading the stream stands: the cursor, and whether the stream was read to its end once."""
    row = await tx.one(
        "SELECT cursor, is_complete FROM cursors WHERE business_id = %s AND connection_id = %s AND stream = %s",
        (tx.business_id, connection_id, stream),
    )
    return (row[0], row[1]) if row else None


async def advance(
    tx: Tx,
    connection_id: UUID,
    stream: str,
    cursor: Mapping[str, Any],
    *,
    is_complete: bool,
    exact_from: datetime | None = None,
) -> None:
    """The cursor moves in the transaction that stores the page it follows.

    `exact_from`: since when each sighting of the stream's things is noted.
    """
    await tx.run(
        """
        INSERT INTO cursors (business_id, connection_id, stream, cursor, is_complete, updated_at, exact_from)
        VALUES (%s, %s, %s, %s, %s, %s, %s)
        ON CONFLICT (business_id, connection_id, stream) DO UPDATE
        SET cursor = excluded.cursor, is_complete = excluded.is_complete, updated_at = excluded.updated_at,
            exact_from = excluded.exact_from
        """,
        (tx.business_id, connection_id, stream, Jsonb(cursor), is_complete, tx.now, exact_from),
    )


async def exact_from(tx: Tx, connection_id: UUID, stream: str) -> datetime | None:
    """Since when each sighting of the stream's things is noted; None for streams that never swept."""
    row = await tx.one(
        "SELECT exact_from FROM cursors WHERE business_id = %s AND connection_id = %s AND stream = %s",
        (tx.business_id, connection_id, stream),
    )
    return row[0] if row else None


async def begin_again(tx: Tx, connection_id: UUID) -> None:
    """The next run reads everything. Cursors of streams that were read to their end stay: vendors' clients remember in
    them what must be met again (such as days with figures that may be gone)."""
    await tx.run(
        "DELETE FROM cursors WHERE business_id = %s AND connection_id = %s AND NOT is_complete",
        (tx.business_id, connection_id),
    )
    await tx.run(
        "UPDATE cursors SET is_complete = false WHERE business_id = %s AND connection_id = %s",
        (tx.business_id, connection_id),
    )


async def plan(tx: Tx, kind: str, target_id: UUID, every: timedelta, *, due_at: datetime) -> None:
    """The work is due then, and again each `every`."""
    await tx.run(
        """
        INSERT INTO due_work (business_id, kind, target_id, due_at, every) VALUES (%s, %s, %s, %s, %s)
        ON CONFLICT (business_id, kind, target_id) DO UPDATE SET due_at = excluded.due_at, every = excluded.every
        """,
        (tx.business_id, kind, target_id, due_at, every),
    )


async def plan_no_more(tx: Tx, kind: str, target_id: UUID) -> None:
    """The work is not due any more."""
    await tx.run(
        "DELETE FROM due_work WHERE business_id = %s AND kind = %s AND target_id = %s",
        (tx.business_id, kind, target_id),
    )


async def due_of(tx: Tx, target_id: UUID) -> dict[str, datetime]:
    """When each kind of work on the target is due next."""
    rows = await tx.all(
        "SELECT kind, due_at FROM due_work WHERE business_id = %s AND target_id = %s", (tx.business_id, target_id)
    )
    return {row[0]: row[1] for row in rows}


async def time_zone(tx: Tx) -> str:
    """The business's time zone, by its IANA name."""
    row = await tx.one("SELECT time_zone FROM businesses WHERE id = %s", (tx.business_id,))
    return row[0] if row else "UTC"


async def hasten(tx: Tx, run: Run, asked_by: str) -> None:
    """Somebody wants the waiting run now."""
    await tx.run(
        "UPDATE sync_runs SET asked_by = %s WHERE business_id = %s AND id = %s", (asked_by, tx.business_id, run.id)
    )


async def take_due(tx: Tx, limit: int) -> list[tuple[UUID, str, UUID]]:
    """What is due now (realm "schedule"), each moved on to its next time: (business, kind, target)."""
    rows = await tx.all(
        """
        WITH due AS (
            SELECT business_id, kind, target_id FROM due_work WHERE due_at <= %s
            ORDER BY due_at LIMIT %s FOR UPDATE SKIP LOCKED)
        UPDATE due_work w SET due_at = greatest(w.due_at + w.every, %s + w.every / 2)
        FROM due WHERE (w.business_id, w.kind, w.target_id) = (due.business_id, due.kind, due.target_id)
        RETURNING w.business_id, w.kind, w.target_id
        """,
        (tx.now, limit, tx.now),
    )
    return [(row[0], row[1], row[2]) for row in rows]


async def businesses(tx: Tx) -> list[UUID]:
    """All businesses (realm "schedule"): for sweeps."""
    return [row[0] for row in await tx.all("SELECT id FROM businesses ORDER BY id")]
