"""The inbox of webhooks: each kept once as it came, with what became of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection

from bookingbridge.infra import jobs, json
from bookingbridge.infra.arrays import literal
from bookingbridge.infra.db import Tx
from bookingbridge.infra.jobs import Bell

_COLUMNS = (
    "id, connection_id, source, type, received_at, headers, body, state, attempts, outcome, processed_at, deliveries"
)


@dataclass(frozen=True, slots=True)
class Arrival:
    """A verified webhook on its way into the inbox."""

    business_id: UUID
    connection_id: UUID
    dedupe_key: str
    type: str
    received_at: datetime
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Kept:
    """A webhook in the inbox. `state`: new, done, failed, unreadable, ignored; `outcome` says why in words."""

    id: int
    connection_id: UUID
    source: str
    type: str
    received_at: datetime
    headers: Mapping[str, str]
    body: bytes
    state: str
    attempts: int
    outcome: str
    processed_at: datetime | None
    deliveries: int


_RINGERS = 0x1B0C
"""The class of the advisory locks that keep bells from being lost; see `await_ringers`."""


def _bell(business_id: UUID, connection_id: UUID, *, not_before: datetime | None = None) -> Bell:
    """Wakes the worker for a connection's inbox; one waiting bell per connection is enough.

    A bell for later has the lower priority: the job library lets a waiting job hold back others of its lock that are
    not more urgent (Procrastinate 3.10, procrastinate_fetch_job_v2).
    """
    is_later = not_before is not None
    return Bell(
        "inbound",
        {"business": str(business_id), "connection": str(connection_id)},
        lock=f"inbox:{connection_id}",
        debounce=f"inbox:{connection_id}" + (":later" if is_later else ""),
        not_before=not_before,
        priority=4 if is_later else 10,
    )


async def wake(conn: AsyncConnection[Any], business_id: UUID, connection_id: UUID) -> None:
    """The connection's inbox is worked on once the transaction has committed."""
    await conn.execute("SELECT pg_advisory_xact_lock_shared(%s, %s)", (_RINGERS, _slot(connection_id)))
    await jobs.ring(conn, _bell(business_id, connection_id))


async def wake_later(tx: Tx, connection_id: UUID, at: datetime) -> None:
    """The connection's inbox is worked on then, or sooner where that was planned. For the job that works on it."""
    later = _bell(tx.business_id, connection_id, not_before=at)
    assert later.debounce
    if not await jobs.bring_forward(tx.conn, later.debounce, at):
        await tx.ring(later)


async def await_ringers(tx: Tx, connection_id: UUID) -> None:
    """Every transaction that found this inbox's bell ringing before the job began has ended by now. End `tx` at once.

    Otherwise a webhook whose bell was found ringing could be committed just after the job looked, and lie unread.
    """
    await tx.run("SELECT pg_advisory_xact_lock(%s, %s)", (_RINGERS, _slot(connection_id)))


def _slot(connection_id: UUID) -> int:
    return connection_id.int % 2**31


async def keep(conn: AsyncConnection[Any], arrivals: Sequence[Arrival]) -> None:
    """All are in the inbox, each delivery once, and the worker is woken, when the connection's transaction commits."""
    by_business: dict[UUID, dict[tuple[int, str], list[Arrival]]] = {}
    for a in arrivals:
        # By the id's number: ids themselves are compared in Python.
        same = by_business.setdefault(a.business_id, {}).setdefault((a.connection_id.int, a.dedupe_key), [])
        same.append(a)
    # Nothing waits for the answer of what was sent before: the whole batch is on its way at once.
    async with conn.pipeline():
        for business_id in sorted(by_business):
            # In one order, so that two batches wait for each other's rows and bells never in a circle.
            groups = [by_business[business_id][key] for key in sorted(by_business[business_id])]
            await conn.execute("SELECT set_config('app.business_id', %s, true)", (str(business_id),))
            await conn.execute(_KEEP, _columns(business_id, groups))
            for connection_id in dict.fromkeys(same[0].connection_id for same in groups):
                await wake(conn, business_id, connection_id)


# Bodies come in base64, which is what a list of bytes is as a literal.
_KEEP = """
INSERT INTO inbound_events (business_id, connection_id, dedupe_key, source, type, received_at, headers, body,
    deliveries)
SELECT %s, a.connection_id, a.dedupe_key, 'webhook', a.type, a.received_at, a.headers, decode(a.body, 'base64'),
    a.deliveries
FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::timestamptz[], %s::jsonb[], %s::text[], %s::bigint[])
    AS a(connection_id, dedupe_key, type, received_at, headers, body, deliveries)
ON CONFLICT (business_id, connection_id, dedupe_key) DO UPDATE
SET deliveries = inbound_events.deliveries + excluded.deliveries
"""


def _columns(business_id: UUID, groups: Sequence[Sequence[Arrival]]) -> tuple[UUID | str, ...]:
    """Of a business's deliveries, those of the same webhook together: the first is kept, all are counted."""
    firsts = [same[0] for same in groups]
    return (
        business_id,
        literal([a.connection_id for a in firsts]),
        literal([a.dedupe_key for a in firsts]),
        literal([a.type for a in firsts]),
        literal([a.received_at for a in firsts]),
        literal([json.dumps(a.headers).decode() for a in firsts]),
        literal([a.body for a in firsts]),
        literal([len(same) for same in groups]),
    )


# A webhook whose thing could not be seen is looked at again after half a second, and then three times as long each
# time, up to an hour.
_DUE_AT = """
CASE WHEN attempts = 0 OR processed_at IS NULL THEN received_at
    ELSE processed_at + least(interval '0.5 s' * 3 ^ least(attempts - 1, 9), interval '1 h') END
"""


async def due(tx: Tx, connection_id: UUID, limit: int) -> list[Kept]:
    """The connection's webhooks that nothing became of yet and whose time to be looked at has come, oldest first."""
    rows = await tx.all(
        f"SELECT {_COLUMNS} FROM inbound_events WHERE business_id = %s AND connection_id = %s AND state = 'new' "
        f"AND (attempts = 0 OR {_DUE_AT} <= %s) ORDER BY id LIMIT %s",
        (tx.business_id, connection_id, tx.now, limit),
    )
    return [Kept(*row) for row in rows]


async def next_due(tx: Tx, connection_id: UUID) -> datetime | None:
    """When the next of the connection's waiting webhooks is to be looked at; None where none waits."""
    row = await tx.one(
        f"SELECT min({_DUE_AT}) FROM inbound_events WHERE business_id = %s AND connection_id = %s AND state = 'new'",
        (tx.business_id, connection_id),
    )
    return row[0] if row else None


async def settle(tx: Tx, outcomes: Sequence[tuple[int, str, str]]) -> None:
    """What became of each: (id, state, outcome in words). An attempt is counted."""
    await tx.run(
        """
        UPDATE inbound_events e SET state = o.state, outcome = o.outcome, attempts = e.attempts + 1, processed_at = %s
        FROM unnest(%s::bigint[], %s::text[], %s::text[]) AS o(id, state, outcome)
        WHERE e.business_id = %s AND e.id = o.id
        """,
        (tx.now, [o[0] for o in outcomes], [o[1] for o in outcomes], [o[2] for o in outcomes], tx.business_id),
    )


async def get(tx: Tx, event_id: int) -> Kept | None:
    row = await tx.one(
        f"SELECT {_COLUMNS} FROM inbound_events WHERE business_id = %s AND id = %s", (tx.business_id, event_id)
    )
    return Kept(*row) if row else None


async def recent(
    tx: Tx, *, connection_id: UUID | None = None, state: str | None = None, before: int | None = None, limit: int = 50
) -> list[Kept]:
    """Webhooks, newest first, before the given id."""
    rows = await tx.all(
        f"SELECT {_COLUMNS} FROM inbound_events WHERE business_id = %(b)s "
        "AND (%(c)s::uuid IS NULL OR connection_id = %(c)s) AND (%(s)s::text IS NULL OR state = %(s)s) "
        "AND (%(before)s::bigint IS NULL OR id < %(before)s) ORDER BY id DESC LIMIT %(limit)s",
        {"b": tx.business_id, "c": connection_id, "s": state, "before": before, "limit": limit},
    )
    return [Kept(*row) for row in rows]


async def counts(tx: Tx, connection_id: UUID) -> dict[str, int]:
    """How many webhooks of the last 30 days are in each state."""
    rows = await tx.all(
        "SELECT state, count(*) FROM inbound_events WHERE business_id = %s AND connection_id = %s "
        "AND received_at > %s - interval '30 days' GROUP BY state",
        (tx.business_id, connection_id, tx.now),
    )
    return {row[0]: row[1] for row in rows}


async def newest(tx: Tx, connection_id: UUID) -> datetime | None:
    """When the connection's latest webhook came."""
    row = await tx.one(
        "SELECT max(received_at) FROM inbound_events WHERE business_id = %s AND connection_id = %s",
        (tx.business_id, connection_id),
    )
    return row[0] if row else None


async def pace(tx: Tx, connection_id: UUID) -> tuple[int, int, timedelta | None]:
    """Of the last day's webhooks: how many, how many nothing good became of, and within what 19 of 20 were done."""
    row = await tx.one(
        "SELECT count(*), count(*) FILTER (WHERE state IN ('failed', 'unreadable')), "
        "percentile_cont(0.95) WITHIN GROUP (ORDER BY processed_at - received_at) FILTER (WHERE state = 'done') "
        "FROM inbound_events WHERE business_id = %s AND connection_id = %s AND received_at > %s - interval '1 day'",
        (tx.business_id, connection_id, tx.now),
    )
    return (row[0], row[1], row[2]) if row else (0, 0, None)


async def renew(tx: Tx, event_id: int) -> UUID | None:
    """The webhook waits again, to be worked on once more; its connection's id, None where there is no such."""
    row = await tx.one(
        "UPDATE inbound_events SET state = 'new', outcome = 'replay asked for', attempts = 0 "
        "WHERE business_id = %s AND id = %s RETURNING connection_id",
        (tx.business_id, event_id),
    )
    return row[0] if row else None


async def stuck(tx: Tx, older_than: datetime) -> list[UUID]:
    """Connections at work whose inbox has waited since before then: their bell was lost."""
    rows = await tx.all(
        f"""
        SELECT DISTINCT e.connection_id FROM inbound_events e
        JOIN connections c ON c.business_id = e.business_id AND c.id = e.connection_id
        WHERE e.business_id = %s AND e.state = 'new' AND {_DUE_AT} < %s
            AND c.state NOT IN ('paused', 'removed', 'needs_reauth') AND c.account_remote_id IS NOT NULL
        """,
        (tx.business_id, older_than),
    )
    return [row[0] for row in rows]


async def forget_done(tx: Tx, before: datetime) -> int:
    """Webhooks received before then are gone, but for those that nothing good became of."""
    return await tx.run(
        "DELETE FROM inbound_events WHERE business_id = %s AND received_at < %s AND state IN ('done', 'ignored')",
        (tx.business_id, before),
    )
