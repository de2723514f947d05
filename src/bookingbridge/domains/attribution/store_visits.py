"""Questions pages ask of visits: which, by which way, on which day for one campaign. Reads only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from bookingbridge.domains.attribution.rules import Model
from bookingbridge.domains.attribution.store import Conversion
from bookingbridge.infra.day_ranges import EVERYWHERE
from bookingbridge.infra.db import Tx

_CONVERSION = (
    "c.booking_id, c.client_id, c.location_id, c.booked_at, c.settled_at, c.day, c.revenue_minor, c.currency, "
    "c.is_first_visit, c.touch_count, c.computed_at"
)


async def visits(
    tx: Tx, first: date, last: date, *, limit: int, campaign: tuple[str, str] | None, location_id: UUID | None
) -> list[Conversion]:
    """The visits paid from `first` to `last`, newest first; those that a (channel, campaign key) has a share in."""
    rows = await tx.all(
        f"""
        SELECT {_CONVERSION} FROM conversions c
        WHERE c.business_id = %(b)s AND c.day BETWEEN %(first)s AND %(last)s
            AND (%(location)s::uuid IS NULL OR c.location_id = %(location)s)
            AND (%(channel)s::text IS NULL
                OR (%(channel)s = 'unknown' AND c.touch_count = 0)
                OR EXISTS (SELECT FROM credits k WHERE k.business_id = c.business_id AND k.booking_id = c.booking_id
                    AND k.channel = %(channel)s AND k.campaign_key = %(key)s))
        ORDER BY c.day DESC, c.settled_at DESC LIMIT %(limit)s
        """,
        {
            "b": tx.business_id, "first": first, "last": last, "limit": limit, "location": location_id,
            "channel": campaign[0] if campaign else None, "key": campaign[1] if campaign else None,
        },
    )  # fmt: skip
    return [Conversion(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class CampaignDay:
    """What one model gives one campaign on one day, and how many visits it has a share in."""

    day: date
    currency: str
    minor: int
    visits: int


async def campaign_days(
    tx: Tx, model: Model, first: date, last: date, channel: str, key: str, location_id: UUID | None
) -> list[CampaignDay]:
    """Per day, one campaign in one model."""
    rows = await tx.all(
        f"SELECT day, currency, sum({model.value}_minor)::bigint, sum(visits)::bigint FROM credit_days "
        "WHERE business_id = %(b)s AND day BETWEEN %(first)s AND %(last)s AND channel = %(channel)s "
        "AND campaign_key = %(key)s AND location_id = %(place)s "
        "GROUP BY day, currency ORDER BY day",
        {
            "b": tx.business_id, "first": first, "last": last, "channel": channel, "key": key,
            "place": location_id or EVERYWHERE,
        },
    )  # fmt: skip
    return [CampaignDay(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class Way:
    """How many paid visits began with a touch of one channel and ended, before the booking, with one of another.

    Both are "unknown" where no touch is known.
    """

    first: str
    last: str
    is_first_visit: bool
    visits: int


async def ways(tx: Tx, first: date, last: date, location_id: UUID | None) -> list[Way]:
    """The visits paid from `first` to `last`, by where their journey began and ended."""
    rows = await tx.all(
        """
        SELECT began, ended, is_first_visit, count(*) FROM conversions
        WHERE business_id = %(b)s AND day BETWEEN %(first)s AND %(last)s
            AND (%(location)s::uuid IS NULL OR location_id = %(location)s)
        GROUP BY 1, 2, 3 ORDER BY 4 DESC, 1, 2, 3
        """,
        {"b": tx.business_id, "first": first, "last": last, "location": location_id},
    )
    return [Way(*row) for row in rows]


async def since(tx: Tx) -> date | None:
    """The first day with a paid visit."""
    row = await tx.one("SELECT min(day) FROM conversion_days WHERE business_id = %s", (tx.business_id,))
    return row[0] if row else None


async def pulse(tx: Tx) -> str:
    """A text that is another whenever a day's sums were made again."""
    row = await tx.one(
        "SELECT count(*), coalesce(sum(extract(epoch FROM computed_at)), 0), coalesce(sum(known_minor), 0) "
        "FROM conversion_days WHERE business_id = %s AND location_id = %s",
        (tx.business_id, EVERYWHERE),
    )
    assert row
    return f"{row[0]}.{row[1]}.{row[2]}"


async def of_clients(tx: Tx, client_ids: Sequence[UUID]) -> list[Conversion]:
    """The paid visits of these clients, by when they were booked."""
    rows = await tx.all(
        f"SELECT {_CONVERSION} FROM conversions c WHERE c.business_id = %s AND c.client_id = ANY(%s) "
        "ORDER BY c.booked_at, c.booking_id",
        (tx.business_id, list(client_ids)),
    )
    return [Conversion(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class Via:
    """How many visits (in fractions, by one model) a campaign got whose touch is known in this way."""

    channel: str
    campaign_key: str
    via: str
    visits: float


async def vias(tx: Tx, model: Model, first: date, last: date, limit: int, location_id: UUID | None) -> list[Via]:
    """Over the latest `limit` visits paid from `first` to `last`."""
    place = "AND location_id = %(location)s" if location_id else ""
    rows = await tx.all(
        f"""
        SELECT k.channel, k.campaign_key, k.via, sum(k.{model.value}_share::float8)
        FROM (SELECT business_id, booking_id FROM conversions
              WHERE business_id = %(b)s AND day BETWEEN %(first)s AND %(last)s {place}
              ORDER BY day DESC, settled_at DESC LIMIT %(limit)s) c
        JOIN credits k ON k.business_id = c.business_id AND k.booking_id = c.booking_id
        WHERE k.{model.value}_share > 0 GROUP BY 1, 2, 3
        """,
        {"b": tx.business_id, "first": first, "last": last, "limit": limit, "location": location_id},
    )
    return [Via(*row) for row in rows]
