"""Identity links, conversions and credits: rows that can be made again at any time from what happened."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from bookingbridge.domains.attribution.rules import MODELS
from bookingbridge.infra.bulk import upsert
from bookingbridge.infra.day_ranges import EVERYWHERE
from bookingbridge.infra.db import Tx
from bookingbridge.infra.ids import new_id


@dataclass(frozen=True, slots=True)
class IdentityLink:
    """A visitor is a client: by which rule, on what evidence, and whether somebody undid it."""

    id: UUID
    visitor: str
    client_id: UUID
    rule: str
    evidence: dict[str, Any]
    created_at: datetime
    undone_at: datetime | None


_LINK = "id, visitor, client_id, rule, evidence, created_at, undone_at"


async def lock(tx: Tx) -> None:
    """No other transaction computes this business's credits until this one ends."""
    await tx.run("SELECT pg_advisory_xact_lock(hashtextextended(%s, 2))", (str(tx.business_id),))


async def link(tx: Tx, links: Iterable[tuple[str, UUID, str, dict[str, Any]]]) -> list[UUID]:
    """Links (visitor, client, rule, evidence) are made where there were none; the clients that gained one.

    A link that a person undid stays undone: the rule does not make it again.
    """
    rows = list({(v, c, r): (new_id(tx.now), v, c, r, e) for v, c, r, e in links}.values())
    if not rows:
        return []
    found = await tx.all(
        """
        INSERT INTO identity_links (business_id, id, visitor, client_id, rule, evidence, created_at)
        SELECT %s, l.id, l.visitor, l.client_id, l.rule, l.evidence, %s
        FROM unnest(%s::uuid[], %s::text[], %s::uuid[], %s::text[], %s::jsonb[])
            AS l(id, visitor, client_id, rule, evidence)
        ON CONFLICT (business_id, visitor, client_id, rule) DO NOTHING
        RETURNING client_id
        """,
        (
            tx.business_id,
            tx.now,
            [r[0] for r in rows],
            [r[1] for r in rows],
            [r[2] for r in rows],
            [r[3] for r in rows],
            [Jsonb(r[4]) for r in rows],
        ),
    )
    return [row[0] for row in found]


async def links_of(tx: Tx, client_ids: Sequence[UUID], *, with_undone: bool = False) -> list[IdentityLink]:
    rows = await tx.all(
        f"SELECT {_LINK} FROM identity_links WHERE business_id = %s AND client_id = ANY(%s) "
        "AND (%s OR undone_at IS NULL) ORDER BY created_at, id",
        (tx.business_id, list(client_ids), with_undone),
    )
    return [IdentityLink(*row) for row in rows]


async def clients_of(tx: Tx, visitors: Sequence[str]) -> dict[str, list[UUID]]:
    """The clients that these visitors are known to be."""
    rows = await tx.all(
        "SELECT visitor, array_agg(DISTINCT client_id) FROM identity_links "
        "WHERE business_id = %s AND visitor = ANY(%s) AND undone_at IS NULL GROUP BY visitor",
        (tx.business_id, list(visitors)),
    )
    return {row[0]: row[1] for row in rows}


async def undo_link(tx: Tx, link_id: UUID, user_id: UUID | None) -> UUID | None:
    """The link no longer counts; its client, None where there is no such link in force."""
    row = await tx.one(
        "UPDATE identity_links SET undone_at = %s, undone_by = %s "
        "WHERE business_id = %s AND id = %s AND undone_at IS NULL RETURNING client_id",
        (tx.now, user_id, tx.business_id, link_id),
    )
    return row[0] if row else None


async def redo_link(tx: Tx, link_id: UUID) -> UUID | None:
    """The link counts again; its client."""
    row = await tx.one(
        "UPDATE identity_links SET undone_at = NULL, undone_by = NULL "
        "WHERE business_id = %s AND id = %s AND undone_at IS NOT NULL RETURNING client_id",
        (tx.business_id, link_id),
    )
    return row[0] if row else None


_CONVERSION_TYPES = {
    "booking_id": "uuid", "client_id": "uuid", "location_id": "uuid", "booked_at": "timestamptz",
    "settled_at": "timestamptz", "day": "date", "revenue_minor": "int8", "currency": "text",
    "is_first_visit": "bool", "touch_count": "int4", "began": "text", "ended": "text", "computed_at": "timestamptz",
}  # fmt: skip
_MINORS = tuple(f"{m.value}_minor" for m in MODELS)
_SHARES = tuple(f"{m.value}_share" for m in MODELS)
_CREDIT_TYPES = {
    "booking_id": "uuid", "touch_id": "uuid", "position": "int2", "touched_at": "timestamptz", "channel": "text",
    "campaign_key": "text", "campaign": "text", "via": "text", **dict.fromkeys(_MINORS, "int8"),
    **dict.fromkeys(_SHARES, "float4"),
}  # fmt: skip


async def forget(tx: Tx, booking_ids: Sequence[UUID]) -> set[date]:
    """What was computed for these bookings is gone; the days on which they counted."""
    await tx.run(
        "DELETE FROM credits WHERE business_id = %s AND booking_id = ANY(%s)", (tx.business_id, list(booking_ids))
    )
    rows = await tx.all(
        "DELETE FROM conversions WHERE business_id = %s AND booking_id = ANY(%s) RETURNING day",
        (tx.business_id, list(booking_ids)),
    )
    return {row[0] for row in rows}


async def save(tx: Tx, conversions: Sequence[Sequence[Any]], credits: Iterable[Sequence[Any]]) -> None:
    """Conversions and their credits are stored; rows in the order of the tables' columns."""
    await upsert(tx, "conversions", _CONVERSION_TYPES, conversions, key=("booking_id",))
    await upsert(tx, "credits", _CREDIT_TYPES, credits, key=("booking_id", "touch_id"))


_SUMS = ", ".join(f"sum(k.{c})::bigint" for c in _MINORS) + ", " + ", ".join(f"sum(k.{c}::float8)" for c in _SHARES)
_WHOLE = ", ".join(["sum(c.revenue_minor)::bigint"] * 6 + ["count(*)::float8"] * 6)

# Sums stand once over all places and once per location; a visit without a location counts in the former only.
_PLACE = "CASE WHEN grouping(c.location_id) = 1 THEN %(everywhere)s ELSE c.location_id END"
_IS_PLACE = "grouping(c.location_id) = 1 OR c.location_id IS NOT NULL"


async def rebuild_days(tx: Tx, days: Sequence[date]) -> None:
    """The sums of these days are made again from conversions and credits."""
    if not days:
        return
    await tx.run("DELETE FROM credit_days WHERE business_id = %s AND day = ANY(%s)", (tx.business_id, list(days)))
    columns = (
        "business_id, day, location_id, channel, campaign_key, currency, campaign, visits, first_visits, "
        + ", ".join((*_MINORS, *_SHARES))
        + ", computed_at"
    )
    await tx.run(
        f"""
        INSERT INTO credit_days ({columns})
        SELECT %(b)s, c.day, {_PLACE}, k.channel, k.campaign_key, c.currency,
            max(k.campaign), count(DISTINCT c.booking_id),
            count(DISTINCT c.booking_id) FILTER (WHERE c.is_first_visit), {_SUMS}, %(now)s
        FROM conversions c JOIN credits k ON k.business_id = c.business_id AND k.booking_id = c.booking_id
        WHERE c.business_id = %(b)s AND c.day = ANY(%(days)s)
        GROUP BY GROUPING SETS ((c.day, k.channel, k.campaign_key, c.currency),
            (c.day, k.channel, k.campaign_key, c.currency, c.location_id))
        HAVING {_IS_PLACE}
        UNION ALL
        SELECT %(b)s, c.day, {_PLACE}, 'unknown', '', c.currency, '', count(*),
            count(*) FILTER (WHERE c.is_first_visit), {_WHOLE}, %(now)s
        FROM conversions c
        WHERE c.business_id = %(b)s AND c.day = ANY(%(days)s) AND c.touch_count = 0
        GROUP BY GROUPING SETS ((c.day, c.currency), (c.day, c.currency, c.location_id))
        HAVING {_IS_PLACE}
        """,
        {"b": tx.business_id, "days": list(days), "everywhere": EVERYWHERE, "now": tx.now},
    )
    await tx.run("DELETE FROM conversion_days WHERE business_id = %s AND day = ANY(%s)", (tx.business_id, list(days)))
    await tx.run(
        f"""
        INSERT INTO conversion_days (business_id, day, location_id, currency, visits, first_visits, known_visits,
            revenue_minor, known_minor, squares, computed_at)
        SELECT %(b)s, c.day, {_PLACE}, c.currency, count(*),
            count(*) FILTER (WHERE c.is_first_visit), count(*) FILTER (WHERE c.touch_count > 0), sum(c.revenue_minor),
            coalesce(sum(c.revenue_minor) FILTER (WHERE c.touch_count > 0), 0),
            sum(c.revenue_minor::float8 * c.revenue_minor), %(now)s
        FROM conversions c WHERE c.business_id = %(b)s AND c.day = ANY(%(days)s)
        GROUP BY GROUPING SETS ((c.day, c.currency), (c.day, c.currency, c.location_id))
        HAVING {_IS_PLACE}
        """,
        {"b": tx.business_id, "days": list(days), "everywhere": EVERYWHERE, "now": tx.now},
    )


@dataclass(frozen=True, slots=True)
class Sum:
    """What a model gives one campaign of one channel over a period. `share` counts visits, in fractions."""

    channel: str
    campaign_key: str
    campaign: str
    currency: str
    visits: int
    first_visits: int
    minor: tuple[int, ...]
    share: tuple[float, ...]


async def sums(tx: Tx, first: date, last: date, location_id: UUID | None) -> list[Sum]:
    """Per channel and campaign over the days `first` to `last`, both included; per model in the order of MODELS."""
    totals = ", ".join([f"sum({c})::bigint" for c in _MINORS] + [f"sum({c})" for c in _SHARES])
    rows = await tx.all(
        f"""
        SELECT channel, campaign_key, max(campaign), currency, sum(visits)::bigint, sum(first_visits)::bigint, {totals}
        FROM credit_days
        WHERE business_id = %(b)s AND day BETWEEN %(first)s AND %(last)s
            AND location_id = %(place)s
        GROUP BY channel, campaign_key, currency
        """,
        {"b": tx.business_id, "first": first, "last": last, "place": location_id or EVERYWHERE},
    )
    return [Sum(row[0], row[1], row[2], row[3], row[4], row[5], tuple(row[6:12]), tuple(row[12:18])) for row in rows]


@dataclass(frozen=True, slots=True)
class ChannelDay:
    """What one model gives a channel on one day."""

    day: date
    channel: str
    currency: str
    minor: int


async def channel_days(tx: Tx, model: str, first: date, last: date, location_id: UUID | None) -> list[ChannelDay]:
    """Per day and channel, in one model."""
    column = _MINORS[[m.value for m in MODELS].index(model)]
    rows = await tx.all(
        f"SELECT day, channel, currency, sum({column})::bigint FROM credit_days WHERE business_id = %(b)s "
        "AND day BETWEEN %(first)s AND %(last)s AND location_id = %(place)s "
        "GROUP BY day, channel, currency ORDER BY day, channel",
        {"b": tx.business_id, "first": first, "last": last, "place": location_id or EVERYWHERE},
    )
    return [ChannelDay(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class Totals:
    """Paid visits of a period: how many, of first-time clients, with a known origin; revenue and its known part."""

    currency: str
    visits: int
    first_visits: int
    known_visits: int
    revenue_minor: int
    known_minor: int
    computed_at: datetime


async def totals(tx: Tx, first: date, last: date, location_id: UUID | None) -> list[Totals]:
    """Per currency over the days `first` to `last`, both included."""
    rows = await tx.all(
        """
        SELECT currency, sum(visits)::bigint, sum(first_visits)::bigint, sum(known_visits)::bigint,
            sum(revenue_minor)::bigint, sum(known_minor)::bigint, max(computed_at)
        FROM conversion_days
        WHERE business_id = %(b)s AND day BETWEEN %(first)s AND %(last)s
            AND location_id = %(place)s
        GROUP BY currency
        """,
        {"b": tx.business_id, "first": first, "last": last, "place": location_id or EVERYWHERE},
    )
    return [Totals(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class Conversion:
    """A paid visit as it counts. `day` is the shop's local day on which it was paid."""

    booking_id: UUID
    client_id: UUID | None
    location_id: UUID | None
    booked_at: datetime
    settled_at: datetime
    day: date
    revenue_minor: int
    currency: str
    is_first_visit: bool
    touch_count: int
    computed_at: datetime


_CONVERSION = ", ".join(c for c in _CONVERSION_TYPES if c not in ("began", "ended"))


async def conversions(tx: Tx, booking_ids: Sequence[UUID]) -> list[Conversion]:
    rows = await tx.all(
        f"SELECT {_CONVERSION} FROM conversions WHERE business_id = %s AND booking_id = ANY(%s)",
        (tx.business_id, list(booking_ids)),
    )
    return [Conversion(*row) for row in rows]


async def latest(tx: Tx, limit: int) -> list[Conversion]:
    """The visits paid last, newest first."""
    rows = await tx.all(
        f"SELECT {_CONVERSION} FROM conversions WHERE business_id = %s ORDER BY day DESC, settled_at DESC LIMIT %s",
        (tx.business_id, limit),
    )
    return [Conversion(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class Credit:
    """What one touch gets of one visit, per model in the order of MODELS."""

    booking_id: UUID
    touch_id: UUID
    position: int
    touched_at: datetime
    channel: str
    campaign_key: str
    campaign: str
    via: str
    minor: tuple[int, ...]
    share: tuple[float, ...]


async def credits(tx: Tx, booking_ids: Sequence[UUID]) -> list[Credit]:
    """The credits of these visits, in order along each path."""
    rows = await tx.all(
        f"SELECT {', '.join(_CREDIT_TYPES)} FROM credits WHERE business_id = %s AND booking_id = ANY(%s) "
        "ORDER BY booking_id, position",
        (tx.business_id, list(booking_ids)),
    )
    return [
        Credit(
            row[0], row[1], row[2], row[3], row[4], row[5], row[6], row[7], tuple(row[8:14]), tuple(row[14:20])
        )
        for row in rows
    ]  # fmt: skip


async def bookings_with_unnamed_campaigns(tx: Tx) -> list[UUID]:
    """Visits with a credit whose campaign no ad platform has told of yet, of the last 90 days."""
    rows = await tx.all(
        "SELECT DISTINCT booking_id FROM credits WHERE business_id = %s AND touched_at > %s - interval '90 days' "
        "AND campaign_key <> '' AND NOT starts_with(campaign_key, 'campaign:')",
        (tx.business_id, tx.now),
    )
    return [row[0] for row in rows]


async def spread(tx: Tx, first: date, last: date) -> float:
    """How much paid visits differ in what they bring: E[x²] / E[x]², at least 1; 2 where there are too few to tell."""
    row = await tx.one(
        "SELECT sum(visits), sum(revenue_minor), sum(squares) FROM conversion_days "
        "WHERE business_id = %s AND day BETWEEN %s AND %s AND location_id = %s",
        (tx.business_id, first, last, EVERYWHERE),
    )
    if row is None or not row[0] or row[0] < 20 or not row[1]:
        return 2.0
    return max(1.0, float(row[2]) * float(row[0]) / float(row[1]) ** 2)
