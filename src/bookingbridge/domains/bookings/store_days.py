"""Appointments per local day: counts kept for days on which nothing has changed since, counted for the others."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from bookingbridge.infra.day_ranges import EVERYWHERE, Days, Ranges, around
from bookingbridge.infra.db import Tx


@dataclass(frozen=True, slots=True)
class DayCount:
    """Appointments that start on a local day, by what became of them."""

    day: date
    total: int
    cancelled: int
    no_shows: int


async def days(tx: Tx, start: datetime, end: datetime, zone: str, location_id: UUID | None) -> list[DayCount]:
    """Appointments starting in [start, end), per local day of `zone`; days without any are left out."""
    asked = Days(start, end, zone)
    rows = await tx.all(
        """
        SELECT k.day, coalesce(p.total, 0), coalesce(p.cancelled, 0), coalesce(p.no_shows, 0)
        FROM booking_days k LEFT JOIN booking_days p ON p.business_id = k.business_id AND p.day = k.day
            AND p.place = %(place)s
        WHERE k.business_id = %(b)s AND k.day BETWEEN %(first)s AND %(last)s AND k.place = %(everywhere)s
            AND k.zone = %(zone)s AND NOT EXISTS (SELECT FROM booking_days_stale m
                WHERE m.business_id = k.business_id AND m.day BETWEEN k.day - 1 AND k.day + 1)
        """,
        {"b": tx.business_id, "zone": zone, "place": location_id or EVERYWHERE, "everywhere": EVERYWHERE,
         "first": asked.first, "last": asked.last},
    )  # fmt: skip
    whole = asked.whole()
    kept = [DayCount(*row) for row in rows if row[0] in whole]
    counted = await _count(tx, asked, {d.day for d in kept}, location_id)
    return sorted([*(d for d in kept if d.total), *counted], key=lambda d: d.day)


async def _count(tx: Tx, asked: Days, known: set[date], location_id: UUID | None) -> list[DayCount]:
    """Each day is a range of the index, whose entries alone are read."""
    rest = asked.ranges(leaving_out=known)
    if not rest["days"]:
        return []
    place = "AND location_id = %(location)s" if location_id else ""
    rows = await tx.all(
        f"""
        SELECT d.day, n.total, n.cancelled, n.no_shows
        FROM unnest(%(days)s::date[], %(starts)s::timestamptz[], %(ends)s::timestamptz[]) AS d(day, start, until),
            LATERAL (
                SELECT count(*) AS total, count(*) FILTER (WHERE status IN ('cancelled', 'declined')) AS cancelled,
                    count(*) FILTER (WHERE status = 'no_show') AS no_shows
                FROM bookings
                WHERE business_id = %(b)s AND starts_at >= d.start AND starts_at < d.until {place}) n
        WHERE n.total > 0 ORDER BY d.day
        """,
        {"b": tx.business_id, **rest, "location": location_id},
    )
    return [DayCount(*row) for row in rows]


async def rebuild(tx: Tx, zone: str) -> None:
    """The days on which something changed are counted anew. One at a time per business; twice is as once."""
    await tx.run("SELECT pg_advisory_xact_lock(hashtextextended(%s, 11))", (str(tx.business_id),))
    # The marks go first: what is stored after this moment leaves a mark of its own, or is seen by the count below.
    marks = await tx.all(
        "WITH gone AS (DELETE FROM booking_days_stale WHERE business_id = %s RETURNING day) "
        "SELECT DISTINCT day FROM gone",
        (tx.business_id,),
    )
    if marks:
        await _store(tx, around([row[0] for row in marks], zone), zone)


async def rebuild_all(tx: Tx, zone: str) -> None:
    """Every day that was kept for another zone is done anew for this one."""
    await tx.run(
        "INSERT INTO booking_days_stale (business_id, day) SELECT DISTINCT business_id, day FROM booking_days "
        "WHERE business_id = %s AND zone <> %s",
        (tx.business_id, zone),
    )
    await rebuild(tx, zone)


async def _store(tx: Tx, ranges: Ranges, zone: str) -> None:
    given = {"b": tx.business_id, "zone": zone, "everywhere": EVERYWHERE, **ranges}
    await tx.run("DELETE FROM booking_days WHERE business_id = %(b)s AND day = ANY(%(days)s)", given)
    await tx.run(
        """
        INSERT INTO booking_days (business_id, day, place, zone, total, cancelled, no_shows)
        SELECT %(b)s, d.day, CASE WHEN n.is_all = 1 THEN %(everywhere)s ELSE n.location_id END, %(zone)s, n.total,
            n.cancelled, n.no_shows
        FROM unnest(%(days)s::date[], %(starts)s::timestamptz[], %(ends)s::timestamptz[]) AS d(day, start, until),
            LATERAL (
                SELECT location_id, grouping(location_id) AS is_all, count(*) AS total,
                    count(*) FILTER (WHERE status IN ('cancelled', 'declined')) AS cancelled,
                    count(*) FILTER (WHERE status = 'no_show') AS no_shows
                FROM bookings
                WHERE business_id = %(b)s AND starts_at >= d.start AND starts_at < d.until
                GROUP BY GROUPING SETS ((location_id), ())) n
        WHERE n.is_all = 1 OR n.location_id IS NOT NULL
        """,
        given,
    )
