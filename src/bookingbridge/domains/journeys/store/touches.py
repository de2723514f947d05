"""Touches' rows, and which of them the domains above have not been told of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from psycopg import AsyncConnection
from psycopg.types.json import Jsonb

from bookingbridge.infra import jobs, json
from bookingbridge.infra.arrays import literal
from bookingbridge.infra.bulk import upsert
from bookingbridge.infra.db import Tx
from bookingbridge.infra.jobs import Bell

_TYPES = {
    "id": "uuid", "kind": "text", "occurred_at": "timestamptz", "received_at": "timestamptz", "channel": "text",
    "consent": "text", "visitor": "text", "client_id": "uuid", "source": "text", "medium": "text",
    "campaign": "text", "campaign_ref": "text", "content": "text", "term": "text", "click_ids": "jsonb",
    "url": "text", "referrer": "text", "email_key": "text", "phone_key": "text", "why": "text", "fields": "jsonb",
}  # fmt: skip
_COLUMNS = ", ".join(_TYPES)


# A msgspec struct and not a dataclass: the collector makes fifteen thousand in a second, at a tenth of the cost.
class Touch(msgspec.Struct, frozen=True):
    """A contact between a person and the business's marketing. Times are aware.

    `visitor` names a browser or a person a source knows, `client_id` one of our clients. `click_ids` are the ad
    platforms' own, by parameter name. `why` says in words how the channel was found. `fields` holds what else there is.
    """

    id: UUID
    kind: str
    occurred_at: datetime
    received_at: datetime
    channel: str
    consent: str
    visitor: str | None = None
    client_id: UUID | None = None
    source: str | None = None
    medium: str | None = None
    campaign: str | None = None
    campaign_ref: str | None = None
    content: str | None = None
    term: str | None = None
    click_ids: Mapping[str, str] | None = None
    url: str | None = None
    referrer: str | None = None
    email_key: str | None = None
    phone_key: str | None = None
    why: str | None = None
    fields: Mapping[str, Any] | None = None


assert Touch.__struct_fields__ == tuple(_TYPES)


@dataclass(frozen=True, slots=True)
class ContactGiven:
    """A visitor gave an e-mail or a phone number (normal forms) in a touch."""

    visitor: str
    touch_id: UUID
    at: datetime
    email_key: str | None
    phone_key: str | None


# While a shared lock of its slot is held, a business's bell may have been found already ringing; see `await_ringers`.
_RINGERS = 0x746F7563
_SLOTS = 64

_NAMED = ", ".join(f"%({name})s::{kind}[]" for name, kind in _TYPES.items())
_COLLECT = f"""
stored AS (
    INSERT INTO touches (business_id, {_COLUMNS}) SELECT * FROM unnest(%(owners)s::uuid[], {_NAMED})
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
    params: dict[str, Any] = {k: _column(v, _TYPES[k]) for k, v in zip(_TYPES, columns, strict=True)}
    params["owners"] = literal([business for business, _ in items])
    params["slots"] = literal(sorted({_slot(business) for business in bells}))
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


async def save(tx: Tx, touches: Iterable[Touch]) -> None:
    """The touches are stored; one of the same id is replaced."""
    await upsert(tx, "touches", _TYPES, (_row(touch) for touch in touches), keep=("received_at",))


async def put(tx: Tx, touch: Touch) -> bool:
    """The touch is stored, replacing one of the same id; whether anything but the time of receipt changed."""
    columns = [c for c in _TYPES if c not in ("id", "received_at")]
    changed = await tx.run(
        f"INSERT INTO touches AS t (business_id, {_COLUMNS}) VALUES (%s, {', '.join(['%s'] * len(_TYPES))}) "
        f"ON CONFLICT (business_id, id) DO UPDATE SET {', '.join(f'{c} = excluded.{c}' for c in columns)} "
        f"WHERE ({', '.join(f't.{c}' for c in columns)}) IS DISTINCT FROM "
        f"({', '.join(f'excluded.{c}' for c in columns)})",
        (tx.business_id, *_row(touch)),
    )
    return changed > 0


def _row(touch: Touch) -> tuple[Any, ...]:
    values = msgspec.structs.asdict(touch)
    for name in ("click_ids", "fields"):
        if values[name] is not None:
            values[name] = Jsonb(values[name])
    return tuple(values.values())


def _touch(row: Sequence[Any]) -> Touch:
    return Touch(*row)


async def by_ids(tx: Tx, ids: Sequence[UUID]) -> list[Touch]:
    rows = await tx.all(
        f"SELECT {_COLUMNS} FROM touches WHERE business_id = %s AND id = ANY(%s)", (tx.business_id, list(ids))
    )
    return [_touch(row) for row in rows]


@dataclass(frozen=True, slots=True)
class Maker:
    """Whose a touch is, without the rest of it."""

    id: UUID
    kind: str
    visitor: str | None
    client_id: UUID | None


async def makers_of(tx: Tx, ids: Sequence[UUID]) -> list[Maker]:
    rows = await tx.all(
        "SELECT id, kind, visitor, client_id FROM touches WHERE business_id = %s AND id = ANY(%s)",
        (tx.business_id, list(ids)),
    )
    return [Maker(*row) for row in rows]


async def visitors_of(tx: Tx, ids: Sequence[UUID]) -> list[str]:
    """Who made these touches, each visitor once."""
    rows = await tx.all(
        "SELECT DISTINCT visitor FROM touches WHERE business_id = %s AND id = ANY(%s) AND visitor IS NOT NULL",
        (tx.business_id, list(ids)),
    )
    return [row[0] for row in rows]


async def clients_of(tx: Tx, ids: Sequence[UUID]) -> list[UUID]:
    """The clients that these touches name outright, each once."""
    rows = await tx.all(
        "SELECT DISTINCT client_id FROM touches WHERE business_id = %s AND id = ANY(%s) AND client_id IS NOT NULL",
        (tx.business_id, list(ids)),
    )
    return [row[0] for row in rows]


_CONTACT = "SELECT visitor, id, occurred_at, email_key, phone_key FROM touches WHERE business_id = %(b)s AND "


async def contacts_in(tx: Tx, ids: Sequence[UUID]) -> list[ContactGiven]:
    """The e-mails and phones that visitors gave in these touches."""
    rows = await tx.all(
        f"{_CONTACT} id = ANY(%(ids)s) AND visitor IS NOT NULL AND (email_key IS NOT NULL OR phone_key IS NOT NULL)",
        {"b": tx.business_id, "ids": list(ids)},
    )
    return [ContactGiven(*row) for row in rows]


async def contacts_given(tx: Tx, emails: Sequence[str], phones: Sequence[str]) -> list[ContactGiven]:
    """Who ever gave one of these e-mails or phones."""
    rows = await tx.all(
        f"{_CONTACT} email_key = ANY(%(emails)s) AND visitor IS NOT NULL "
        f"UNION {_CONTACT} phone_key = ANY(%(phones)s) AND visitor IS NOT NULL",
        {"b": tx.business_id, "emails": list(emails), "phones": list(phones)},
    )
    return [ContactGiven(*row) for row in rows]


_COUNTS = "kind <> 'identify' AND NOT (kind = 'asked' AND channel = 'unknown')"


async def touches_of(
    tx: Tx, visitors: Sequence[str], client_ids: Sequence[UUID], since: datetime, until: datetime
) -> list[Touch]:
    """Marketing touches by these visitors or naming these clients, from `since` to `until`, each once, by time.

    Left out: what only says who somebody is, and answers that name no channel.
    """
    rows = await tx.all(
        f"""
        SELECT {_COLUMNS} FROM touches
        WHERE business_id = %(b)s AND visitor = ANY(%(visitors)s) AND occurred_at BETWEEN %(since)s AND %(until)s
            AND {_COUNTS}
        UNION ALL
        SELECT {_COLUMNS} FROM touches
        WHERE business_id = %(b)s AND client_id = ANY(%(clients)s) AND occurred_at BETWEEN %(since)s AND %(until)s
            AND (visitor IS NULL OR visitor <> ALL(%(visitors)s)) AND {_COUNTS}
        ORDER BY occurred_at, id
        """,
        {
            "b": tx.business_id,
            "visitors": list(visitors),
            "clients": list(client_ids),
            "since": since,
            "until": until,
        },
    )
    return [_touch(row) for row in rows]


async def latest(tx: Tx, limit: int, before: tuple[datetime, UUID] | None) -> list[Touch]:
    """The touches that arrived last, newest first; those older than `before` (received at, id) to page on."""
    rows = await tx.all(
        f"SELECT {_COLUMNS} FROM touches WHERE business_id = %(b)s "
        "AND (%(at)s::timestamptz IS NULL OR (received_at, id) < (%(at)s, %(id)s)) "
        "ORDER BY received_at DESC, id DESC LIMIT %(limit)s",
        {
            "b": tx.business_id,
            "at": before[0] if before else None,
            "id": before[1] if before else None,
            "limit": limit,
        },
    )
    return [_touch(row) for row in rows]


async def newest(tx: Tx) -> datetime | None:
    """When the last touch arrived."""
    row = await tx.one("SELECT max(received_at) FROM touches WHERE business_id = %s", (tx.business_id,))
    return row[0] if row else None


@dataclass(frozen=True, slots=True)
class ChannelCount:
    """How many touches of a channel arrived, and from how many visitors."""

    channel: str
    touches: int
    visitors: int


async def counts(tx: Tx, start: datetime, end: datetime) -> list[ChannelCount]:
    """What arrived in [start, end), per channel, the busiest first."""
    rows = await tx.all(
        "SELECT channel, count(*), count(DISTINCT visitor) FROM touches "
        "WHERE business_id = %s AND received_at >= %s AND received_at < %s GROUP BY channel ORDER BY 2 DESC, 1",
        (tx.business_id, start, end),
    )
    return [ChannelCount(*row) for row in rows]
