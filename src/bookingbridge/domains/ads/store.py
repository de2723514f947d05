"""Campaigns and what they cost per day. What a platform corrects later replaces the row and is kept as a version."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from bookingbridge.infra.bulk import upsert
from bookingbridge.infra.db import Tx

_TYPES = {
    "id": "uuid", "connection_id": "uuid", "remote_id": "text", "name": "text", "name_key": "text",
    "channel": "text", "status": "text", "currency": "text", "recorded_at": "timestamptz",
}  # fmt: skip
_DAY_TYPES = {
    "campaign_id": "uuid", "day": "date", "spend_micros": "int8", "currency": "text", "clicks": "int8",
    "impressions": "int8", "is_settling": "bool", "recorded_at": "timestamptz",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign at an ad platform."""

    id: UUID
    remote_id: str
    name: str
    name_key: str
    channel: str
    status: str
    currency: str


async def save(tx: Tx, rows: Iterable[Sequence[Any]]) -> None:
    await upsert(tx, "campaigns", _TYPES, rows)


async def save_days(tx: Tx, rows: Sequence[Sequence[Any]]) -> None:
    """The days' figures are these; figures that differ from before are kept as versions."""
    await tx.run(
        """
        INSERT INTO ad_day_versions (business_id, campaign_id, day, spend_micros, clicks, impressions, replaced_at)
        SELECT d.business_id, d.campaign_id, d.day, d.spend_micros, d.clicks, d.impressions, %s
        FROM unnest(%s::uuid[], %s::date[], %s::bigint[], %s::bigint[], %s::bigint[])
            AS n(campaign_id, day, spend_micros, clicks, impressions)
        JOIN ad_days d ON d.business_id = %s AND d.campaign_id = n.campaign_id AND d.day = n.day
        WHERE (d.spend_micros, d.clicks, d.impressions) <> (n.spend_micros, n.clicks, n.impressions)
        """,
        (
            tx.now,
            [r[0] for r in rows],
            [r[1] for r in rows],
            [r[2] for r in rows],
            [r[4] for r in rows],
            [r[5] for r in rows],
            tx.business_id,
        ),
    )
    await upsert(tx, "ad_days", _DAY_TYPES, rows, key=("campaign_id", "day"))


async def campaigns(tx: Tx) -> list[Campaign]:
    rows = await tx.all(
        "SELECT id, remote_id, name, name_key, channel, status, currency FROM campaigns WHERE business_id = %s "
        "ORDER BY channel, name, id",
        (tx.business_id,),
    )
    return [Campaign(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class Spend:
    """What a campaign cost and did over a period. Micros are millionths of a major unit; round the total only."""

    campaign_id: UUID
    currency: str
    spend_micros: int
    clicks: int
    impressions: int
    settling_days: int
    as_of: datetime


async def spend(tx: Tx, first: date, last: date) -> list[Spend]:
    """Per campaign, over the days from `first` to `last`, both included."""
    rows = await tx.all(
        "SELECT campaign_id, currency, sum(spend_micros)::bigint, sum(clicks)::bigint, sum(impressions)::bigint, "
        "count(*) FILTER (WHERE is_settling), max(recorded_at) FROM ad_days "
        "WHERE business_id = %s AND day BETWEEN %s AND %s GROUP BY campaign_id, currency",
        (tx.business_id, first, last),
    )
    return [Spend(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class SpendDay:
    """What all campaigns of a channel cost on one day."""

    day: date
    channel: str
    currency: str
    spend_micros: int
    is_settling: bool


async def spend_days(tx: Tx, first: date, last: date) -> list[SpendDay]:
    """Per day and channel."""
    rows = await tx.all(
        "SELECT d.day, c.channel, d.currency, sum(d.spend_micros)::bigint, bool_or(d.is_settling) FROM ad_days d "
        "JOIN campaigns c ON c.business_id = d.business_id AND c.id = d.campaign_id "
        "WHERE d.business_id = %s AND d.day BETWEEN %s AND %s "
        "GROUP BY d.day, c.channel, d.currency ORDER BY d.day, c.channel",
        (tx.business_id, first, last),
    )
    return [SpendDay(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class CampaignDay:
    """What one campaign cost and did on one day."""

    day: date
    currency: str
    spend_micros: int
    clicks: int
    impressions: int
    is_settling: bool


async def campaign_days(tx: Tx, campaign_id: UUID, first: date, last: date) -> list[CampaignDay]:
    """One campaign's days, oldest first."""
    rows = await tx.all(
        "SELECT day, currency, spend_micros, clicks, impressions, is_settling FROM ad_days "
        "WHERE business_id = %s AND campaign_id = %s AND day BETWEEN %s AND %s ORDER BY day",
        (tx.business_id, campaign_id, first, last),
    )
    return [CampaignDay(*row) for row in rows]


async def versions(tx: Tx, campaign_id: UUID, day: date) -> list[tuple[int, int, int, datetime]]:
    """Earlier figures of a day: (micros, clicks, impressions, replaced at), oldest first."""
    rows = await tx.all(
        "SELECT spend_micros, clicks, impressions, replaced_at FROM ad_day_versions "
        "WHERE business_id = %s AND campaign_id = %s AND day = %s ORDER BY id",
        (tx.business_id, campaign_id, day),
    )
    return [(row[0], row[1], row[2], row[3]) for row in rows]
