"""A bell is rung for the worker in the transaction that stores the work: both are there, or neither.

The tables of work (events, inbound_events, sync_runs) are the truth; the queue is only the doorbell. Jobs are at least
once: every one may run twice. Rows are written into the job library's own table, whose unique index on
`queueing_lock` makes a second bell for the same waiting work a no-op (Procrastinate 3.10, schema.sql).
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from psycopg import AsyncConnection

from bookingbridge.infra import json
from bookingbridge.infra.arrays import literal

_RING = """
INSERT INTO procrastinate_jobs (queue_name, task_name, priority, lock, queueing_lock, args, scheduled_at)
SELECT b.* FROM unnest(
    %(queues)s::text[], %(tasks)s::text[], %(priorities)s::int[], %(locks)s::text[], %(debounces)s::text[],
    %(args)s::jsonb[], %(times)s::timestamptz[]
) b
"""
_UNLESS_RUNG = "ON CONFLICT DO NOTHING"


@dataclass(frozen=True, slots=True)
class Bell:
    """One job to run.

    `lock`: jobs of the same lock run one after the other, in order. `debounce`: while one with the same text waits,
    another is not added. `not_before` is aware, None for at once. Higher `priority` runs first. Each `queue` has so
    many hands of its own.
    """

    task: str
    args: dict[str, Any] = field(default_factory=dict)
    lock: str | None = None
    debounce: str | None = None
    not_before: datetime | None = None
    priority: int = 0
    queue: str = "default"


async def ring(conn: AsyncConnection[Any], *bells: Bell) -> None:
    """The jobs are queued when the connection's transaction commits."""
    if bells:
        await conn.execute(_RING + _UNLESS_RUNG, _columns(bells))


async def ring_with(conn: AsyncConnection[Any], first: str, params: Mapping[str, Any], *bells: Bell) -> None:
    """As `ring`, in one statement with `first`: the common table expressions of what is to be stored with the bells.

    The last of them has the name `before` and a row; whatever it waits for has been waited for when the bells ring.
    """
    await conn.execute(f"WITH {first} {_RING} CROSS JOIN before {_UNLESS_RUNG}", {**params, **_columns(bells)})


def _columns(bells: Iterable[Bell]) -> dict[str, Any]:
    # Two transactions that ring the same bells wait for each other in the same order, so never in a circle.
    some = sorted(bells, key=lambda b: (b.debounce or "", b.lock or ""))
    return {
        "queues": literal([b.queue for b in some]),
        "tasks": literal([b.task for b in some]),
        "priorities": literal([b.priority for b in some]),
        "locks": literal([b.lock for b in some]),
        "debounces": literal([b.debounce for b in some]),
        "args": literal([json.dumps(b.args).decode() for b in some]),
        "times": literal([b.not_before for b in some]),
    }


async def bring_forward(conn: AsyncConnection[Any], debounce: str, to: datetime) -> bool:
    """The waiting job of that `debounce` runs then or sooner; False where none waits."""
    found = await conn.execute(
        "UPDATE procrastinate_jobs SET scheduled_at = CASE WHEN scheduled_at > %s THEN %s ELSE scheduled_at END "
        "WHERE queueing_lock = %s AND status = 'todo'",
        (to, to, debounce),
    )
    return found.rowcount > 0


async def arguments(conn: AsyncConnection[Any], locks: Sequence[str]) -> list[dict[str, Any]]:
    """What those jobs of these locks were given that wait or run."""
    found = await conn.execute(
        "SELECT args FROM procrastinate_jobs WHERE lock = ANY(%s) AND status IN ('todo', 'doing')", (list(locks),)
    )
    return [row[0] for row in await found.fetchall()]


LONGEST_WAIT = timedelta(minutes=30)


def patience(tries: int) -> timedelta:
    """How long to wait before the next try: exponential with full jitter, from a second to half an hour."""
    ceiling = min(LONGEST_WAIT, timedelta(seconds=2 * 2 ** min(max(tries, 0), 12)))
    return timedelta(seconds=1) + ceiling * random.random()  # noqa: S311 - jitter, not a secret
