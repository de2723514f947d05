"""Touches' rows: one business's own way in, and the questions asked about them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from psycopg.types.json import Jsonb

from bookingbridge.domains.journeys.vocabulary import MARKETING_KINDS
from bookingbridge.infra.bulk import upsert
from bookingbridge.infra.db import Tx

TYPES = {
    "id": "uuid", "kind": "text", "occurred_at": "timestamptz", "received_at": "timestamptz", "channel": "text",
    "consent": "text", "visitor": "text", "client_id": "uuid", "source": "text", "medium": "text",
    "campaign": "text", "campaign_ref": "text", "content": "text", "term": "text", "click_ids": "jsonb",
    "url": "text", "referrer": "text", "email_key": "text", "phone_key": "text", "why": "text", "fields": "jsonb",
}  # fmt: skip
COLUMNS = ", ".join(TYPES)


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


assert Touch.__struct_fields__ == tuple(TYPES)


@dataclass(frozen=True, slots=True)
class ContactGiven:
    """A visitor gave an e-mail or a phone number (normal forms) in a touch."""

    visitor: str
    touch_id: UUID
    at: datetime
    email_key: str | None
    phone_key: str | None


async def save(tx: Tx, touches: Iterable[Touch]) -> None:
    """The touches are stored; one of the same id is replaced."""
    await upsert(tx, "touches", TYPES, (_row(touch) for touch in touches), keep=("received_at",))


async def put(tx: Tx, touch: Touch) -> bool:
    """The touch is stored, replacing one of the same id; whether anything but the time of receipt changed."""
    columns = [c for c in TYPES if c not in ("id", "received_at")]
    changed = await tx.run(
        f"INSERT INTO touches AS t (business_id, {COLUMNS}) VALUES (%s, {', '.join(['%s'] * len(TYPES))}) "
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
        f"SELECT {COLUMNS} FROM touches WHERE business_id = %s AND id = ANY(%s)", (tx.business_id, list(ids))
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


_KINDS = ", ".join(f"'{kind}'" for kind in sorted(MARKETING_KINDS))
_COUNTS = f"kind IN ({_KINDS}) AND NOT (kind = 'asked' AND channel = 'unknown')"


async def touches_of(
    tx: Tx, visitors: Sequence[str], client_ids: Sequence[UUID], since: datetime, until: datetime
) -> list[Touch]:
    """Marketing touches by these visitors or naming these clients, from `since` to `until`, each once, by time.

    Left out: what only says who somebody is, opened mails, kinds of senders' own, and answers that name no channel.
    """
    rows = await tx.all(
        f"""
        SELECT {COLUMNS} FROM touches
        WHERE business_id = %(b)s AND visitor = ANY(%(visitors)s) AND occurred_at BETWEEN %(since)s AND %(until)s
            AND {_COUNTS}
        UNION ALL
        SELECT {COLUMNS} FROM touches
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
        f"SELECT {COLUMNS} FROM touches WHERE business_id = %(b)s "
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
