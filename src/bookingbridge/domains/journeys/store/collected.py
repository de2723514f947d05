"""Touches of many businesses stored at once, and which of them the domains above have not been told of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from psycopg import AsyncConnection

from bookingbridge.domains.journeys.store.touches import COLUMNS, TYPES, Touch
from bookingbridge.infra import jobs, json
from bookingbridge.infra.arrays import literal
from bookingbridge.infra.db import Tx
from bookingbridge.infra.jobs import Bell

# While a shared lock of its slot is held, a business's bell may have been found already ringing; see `await_ringers`.
_RINGERS = 0x746F7563
_SLOTS = 64

_NAMED = ", ".join(f"%({name})s::{kind}[]" for name, kind in TYPES.items())
_COLLECT = f"""
stored AS (
    INSERT INTO touches (business_id, {COLUMNS}) SELECT * FROM unnest(%(owners)s::uuid[], {_NAMED})
    ON CONFLICT DO NOTHING
),
untold AS (
    INSERT INTO touches_untold SELECT * FROM unnest(%(owners)s::uuid[], %(id)s::uuid[]) ON CONFLICT DO NOTHING
),
before AS MATERIALIZED (SELECT count(pg_advisory_xact_lock_shared({_RINGERS}, slot)) FROM unnest(%(slots)s::int[]) slot)
"""


async def enter(conn: AsyncConnection[Any]) -> None:
    """The connection is in the realm "collector" from now on: touches can be inserted, nothing can be read."""
    await conn.execute("SELECT set_config('app.business_id', '', false), set_config('app.realm', 'collector', false)")


async def collect(
    conn: AsyncConnection[Any], items: Sequence[tuple[UUID, Touch]], bells: Mapping[UUID, datetime | None]
) -> None:
    """Touches of many businesses, each with its business's id, are stored; those known by their id are left alone.

    One statement, thus one transaction, on a connection that did `enter`. `bells` holds every business of `items` and
    when it may be told at the earliest.
    """
    columns = zip(*(_astuple(touch) for _, touch in items), strict=True)
    params: dict[str, Any] = {k: _column(v, TYPES[k]) for k, v in zip(TYPES, columns, strict=True)}
    params["owners"] = literal([business for business, _ in items])
    slots: list[int] = sorted({_slot(business) for business in bells})
    params["slots"] = literal(slots)
    rung = (bell(business, not_before) for business, not_before in bells.items())
    await jobs.ring_with(conn, _COLLECT, params, *rung)


_astuple = msgspec.structs.astuple


def _column(values: Sequence[Any], kind: str) -> str:
    if values.count(None) == len(values):
        # unnest fills up what is short with NULL.
        return "{}"
    if kind == "jsonb":
        values = [None if value is None else json.dumps(value).decode() for value in values]
    return literal(values)


def bell(business_id: UUID, not_before: datetime | None = None) -> Bell:
    """The job that tells a business's touches: one waits at a time, however many touches come."""
    key = f"touches:{business_id}"
    return Bell("tell_touches", {"business": str(business_id)}, lock=key, debounce=key, not_before=not_before)


def _slot(business_id: UUID) -> int:
    return business_id.int % _SLOTS


async def await_ringers(tx: Tx) -> None:
    """Every transaction that found this business's bell ringing before its job began has ended by now.

    Otherwise a touch whose bell was found ringing could be committed just after the job looked, and lie untold.
    """
    await tx.run(
        "WITH entered AS MATERIALIZED (SELECT pg_advisory_lock(%(k)s, %(s)s)) "
        "SELECT pg_advisory_unlock(%(k)s, %(s)s) FROM entered",
        {"k": _RINGERS, "s": _slot(tx.business_id)},
    )


async def take_untold(tx: Tx, limit: int) -> list[UUID]:
    """Up to `limit` touches that nobody was told of, no longer marked so. Two takers never get the same."""
    rows = await tx.all(
        """
        DELETE FROM touches_untold u USING (
            SELECT touch_id FROM touches_untold WHERE business_id = %(b)s
            ORDER BY touch_id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
        ) taken
        WHERE u.business_id = %(b)s AND u.touch_id = taken.touch_id
        RETURNING u.touch_id
        """,
        {"b": tx.business_id, "limit": limit},
    )
    return sorted(row[0] for row in rows)
