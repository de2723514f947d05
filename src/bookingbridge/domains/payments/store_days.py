"""What was taken per local day: sums kept for days on which nothing has changed since, counted for the others."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from bookingbridge.infra.day_ranges import EVERYWHERE, Days, Ranges, around
from bookingbridge.infra.db import Tx


@dataclass(frozen=True, slots=True)
class DayTaken:
    """What was taken on a local day: minor units net of refunds without tips, tips, and how many payments."""

    day: date
    currency: str
    net_minor: int
    tip_minor: int
    payments: int


async def days(tx: Tx, start: datetime, end: datetime, zone: str, location_id: UUID | None) -> list[DayTaken]:
    """Completed payments of [start, end) per local day of `zone` and currency; days without any are left out."""
    asked = Days(start, end, zone)
    kept = [
        (row[0], DayTaken(*row[1:]))
        for row in await tx.all(
            """
            SELECT k.place = %(everywhere)s AND k.currency = '', k.day, k.currency, k.net_minor, k.tip_minor, k.payments
            FROM payment_days k
            WHERE k.business_id = %(b)s AND k.day BETWEEN %(first)s AND %(last)s AND k.zone = %(zone)s
                AND (k.place = %(place)s OR k.place = %(everywhere)s AND k.currency = '')
                AND NOT EXISTS (SELECT FROM payment_days_stale m WHERE m.business_id = k.business_id
                    AND m.day BETWEEN k.day - 1 AND k.day + 1)
            ORDER BY k.day, k.currency
            """,
            {"b": tx.business_id, "zone": zone, "place": location_id or EVERYWHERE, "everywhere": EVERYWHERE,
             "first": asked.first, "last": asked.last},
        )
    ]  # fmt: skip
    known = {d.day for is_mark, d in kept if is_mark} & asked.whole()
    counted = await _count(tx, asked, known, location_id)
    return sorted(
        [*(d for is_mark, d in kept if not is_mark and d.day in known), *counted], key=lambda d: (d.day, d.currency)
    )


async def _count(tx: Tx, asked: Days, known: set[date], location_id: UUID | None) -> list[DayTaken]:
    rest = asked.ranges(leaving_out=known)
    if not rest["days"]:
        return []
    place = "AND location_id = %(location)s" if location_id else ""
    rows = await tx.all(
        f"""
        SELECT d.day, n.currency, n.net, n.tips, n.payments
        FROM unnest(%(days)s::date[], %(starts)s::timestamptz[], %(ends)s::timestamptz[]) AS d(day, start, until),
            LATERAL (
                SELECT currency, sum(amount_minor - refunded_minor)::bigint AS net, sum(tip_minor)::bigint AS tips,
                    count(*) AS payments
                FROM payments
                WHERE business_id = %(b)s AND paid_at >= d.start AND paid_at < d.until AND status = 'completed' {place}
                GROUP BY currency) n
        ORDER BY d.day, n.currency
        """,
        {"b": tx.business_id, **rest, "location": location_id},
    )
    return [DayTaken(*row) for row in rows]


async def rebuild(tx: Tx, zone: str) -> None:
    """The days on which something changed are summed anew. One at a time per business; twice is as once."""
    await tx.run("SELECT pg_advisory_xact_lock(hashtextextended(%s, 12))", (str(tx.business_id),))
    # The marks go first: what is stored after this moment leaves a mark of its own, or is seen by the count below.
    marks = await tx.all(
        "WITH gone AS (DELETE FROM payment_days_stale WHERE business_id = %s RETURNING day) "
        "SELECT DISTINCT day FROM gone",
        (tx.business_id,),
    )
    if marks:
        await _store(tx, around([row[0] for row in marks], zone), zone)


async def rebuild_all(tx: Tx, zone: str) -> None:
    """Every day that was kept for another zone is done anew for this one."""
    await tx.run(
        "INSERT INTO payment_days_stale (business_id, day) SELECT DISTINCT business_id, day FROM payment_days "
        "WHERE business_id = %s AND zone <> %s",
        (tx.business_id, zone),
    )
    await rebuild(tx, zone)


async def _store(tx: Tx, ranges: Ranges, zone: str) -> None:
    given = {"b": tx.business_id, "zone": zone, "everywhere": EVERYWHERE, **ranges}
    await tx.run("DELETE FROM payment_days WHERE business_id = %(b)s AND day = ANY(%(days)s)", given)
    await tx.run(
        """
        INSERT INTO payment_days (business_id, day, place, currency, zone, net_minor, tip_minor, payments)
        SELECT %(b)s, d.day, CASE WHEN n.is_all = 1 THEN %(everywhere)s ELSE n.location_id END, n.currency, %(zone)s,
            n.net, n.tips, n.payments
        FROM unnest(%(days)s::date[], %(starts)s::timestamptz[], %(ends)s::timestamptz[]) AS d(day, start, until),
            LATERAL (
                SELECT location_id, currency, grouping(location_id) AS is_all,
                    sum(amount_minor - refunded_minor)::bigint AS net, sum(tip_minor)::bigint AS tips,
                    count(*) AS payments
                FROM payments
                WHERE business_id = %(b)s AND paid_at >= d.start AND paid_at < d.until AND status = 'completed'
                GROUP BY GROUPING SETS ((location_id, currency), (currency))) n
        WHERE n.is_all = 1 OR n.location_id IS NOT NULL
        UNION ALL
        SELECT %(b)s, day, %(everywhere)s, '', %(zone)s, 0, 0, 0 FROM unnest(%(days)s::date[]) AS d(day)
        """,
        given,
    )
