"""Sums kept per day: whatever happened and whenever they were made, asked days equal what is counted by hand."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.house import a_business, engine_over, run

from bookingbridge.canonical.times import day_bounds
from bookingbridge.domains.bookings import store as bookings
from bookingbridge.domains.bookings import store_days as booking_days
from bookingbridge.domains.payments import store as payments
from bookingbridge.domains.payments import store_days as payment_days
from bookingbridge.infra.db import Tx

ZONES = ("America/Los_Angeles", "Asia/Kathmandu", "Pacific/Kiritimati")
BEGIN = datetime(2026, 3, 6, tzinfo=UTC)  # clocks change in Los Angeles on the 8th
PLACES = (None, UUID(int=1), UUID(int=2))
CONNECTION = UUID(int=9)

ids = st.integers(1, 12).map(lambda n: UUID(int=n))
moments = st.integers(0, 6 * 24 * 4).map(lambda quarters: BEGIN + timedelta(minutes=15 * quarters))
places = st.sampled_from(PLACES)
booked = st.tuples(ids, st.sampled_from(["confirmed", "cancelled", "declined", "no_show"]), moments, places)
paid = st.tuples(
    ids, st.sampled_from(["completed", "pending"]), moments, places, st.integers(0, 900), st.integers(0, 90),
    st.sampled_from(["USD", "EUR"]),
)  # fmt: skip
refunded = st.tuples(ids, ids, st.integers(0, 2000))
steps = st.lists(
    st.one_of(
        st.tuples(st.just("book"), st.lists(booked, max_size=4, unique_by=lambda b: b[0])),
        st.tuples(st.just("pay"), st.lists(paid, max_size=4, unique_by=lambda p: p[0])),
        st.tuples(st.just("refund"), st.lists(refunded, max_size=2, unique_by=lambda r: r[0])),
        st.tuples(st.just("remove"), st.lists(ids, max_size=2)),
        st.tuples(st.just("count"), st.just([])),
        st.tuples(st.just("zone"), st.sampled_from(ZONES).map(lambda z: [z])),
    ),
    max_size=14,
)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(happened=steps, start=moments, hours=st.integers(1, 150), place=places, whole=st.booleans())
def test_days_are_as_counted_by_hand(
    database_url: str, happened: list[tuple[str, list[tuple[object, ...]]]], start: datetime, hours: int,
    place: UUID | None, whole: bool,
) -> None:  # fmt: skip
    async def story() -> None:
        async with engine_over(database_url) as engine:
            db, business = engine.db, (await a_business(engine)).id
            zone = ZONES[0]
            for what, rows in happened:
                async with db.business(business) as tx:
                    zone = await _do(tx, what, rows, zone)
            tz = ZoneInfo(zone)
            first, until = start, start + timedelta(hours=hours)
            if whole:
                first, until = (
                    day_bounds(first.astimezone(tz).date(), tz)[0],
                    day_bounds(until.astimezone(tz).date(), tz)[1],
                )
            async with db.business(business) as tx:
                assert await booking_days.days(tx, first, until, zone, place) == await _booked(
                    tx, first, until, tz, place
                )
                assert await payment_days.days(tx, first, until, zone, place) == await _taken(
                    tx, first, until, tz, place
                )

    run(story())


async def _do(tx: Tx, what: str, rows: list[tuple[object, ...]], zone: str) -> str:
    now = tx.now
    match what:
        case "book":
            await bookings.save(
                tx,
                [(i, s, at, at, at, None, place, None, None, None, None, None, None, None, None, CONNECTION, now)
                 for i, s, at, place in rows],
            )  # fmt: skip
        case "pay":
            await payments.save(
                tx,
                [(i, s, amount, tip, 0, currency, at, "card", None, place, None, None, CONNECTION, now)
                 for i, s, at, place, amount, tip, currency in rows],
            )  # fmt: skip
        case "refund":
            await payments.save_refunds(tx, [(i, p, "completed", n, "USD", now, now) for i, p, n in rows])
        case "remove":
            await tx.run("DELETE FROM bookings WHERE id = ANY(%s)", (rows,))
            await tx.run("DELETE FROM payments WHERE id = ANY(%s)", (rows,))
        case "count":
            await booking_days.rebuild(tx, zone)
            await payment_days.rebuild(tx, zone)
        case "zone":
            zone = str(rows[0])
            await booking_days.rebuild_all(tx, zone)
            await payment_days.rebuild_all(tx, zone)
    return zone


async def _booked(
    tx: Tx, start: datetime, end: datetime, tz: ZoneInfo, place: UUID | None
) -> list[booking_days.DayCount]:
    total, cancelled, missed = Counter[date](), Counter[date](), Counter[date]()
    for status, at, where in await tx.all("SELECT status, starts_at, location_id FROM bookings"):
        if start <= at < end and place in (None, where):
            day = at.astimezone(tz).date()
            total[day] += 1
            cancelled[day] += status in ("cancelled", "declined")
            missed[day] += status == "no_show"
    return [booking_days.DayCount(d, total[d], cancelled[d], missed[d]) for d in sorted(total)]


async def _taken(
    tx: Tx, start: datetime, end: datetime, tz: ZoneInfo, place: UUID | None
) -> list[payment_days.DayTaken]:
    net, tips, count = Counter[tuple[date, str]](), Counter[tuple[date, str]](), Counter[tuple[date, str]]()
    rows = await tx.all(
        "SELECT status, paid_at, location_id, currency, amount_minor - refunded_minor, tip_minor FROM payments"
    )
    for status, at, where, currency, kept, tip in rows:
        if status == "completed" and start <= at < end and place in (None, where):
            key = (at.astimezone(tz).date(), currency)
            net[key] += kept
            tips[key] += tip
            count[key] += 1
    return [payment_days.DayTaken(*key, net[key], tips[key], count[key]) for key in sorted(count)]
