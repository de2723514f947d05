"""A busy business of three years, written straight into its tables: each paid visit's credits sum to its revenue.

For n appointments there are 3 n touches; 200,000 clients for a million appointments; 4 locations, 40 campaigns on two
ad platforms, 5,000 webhooks for each 50,000 appointments. Six of ten paid visits have one to three touches.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import psycopg

from bookingbridge.domains.attribution import store
from bookingbridge.domains.bookings import store_days as booking_days
from bookingbridge.domains.payments import store_days as payment_days
from bookingbridge.infra.clock import SystemClock
from bookingbridge.infra.db import Database

ZONE = "America/Los_Angeles"
TABLES = (
    "clients", "bookings", "payments", "settlements", "touches", "identity_links", "conversions", "credits",
    "inbound_events",
)  # fmt: skip


def _id(kind: str, n: str) -> str:
    """The id of the n-th thing of a kind; in order of time, as real ones are."""
    return f"('{kind}0000-0000-7000-8000-' || lpad(to_hex({n}), 12, '0'))::uuid"


# Appointment n, in order of time: the last hundredth lies ahead. It starts on a quarter of an hour between 9 and 19.
_WHEN = """
date_trunc('day', %(now)s::timestamptz - interval '1095 days' + interval '1105 days' * (g.n::float8 / %(n)s))
    + interval '16 hours' + interval '15 minutes' * (g.n * 7 %% 40)
"""
_REVENUE = "(3500 + (g.n * 37 % 90) * 100)"


def _statements(n: int) -> list[tuple[str, str]]:
    booking, client, payment = _id("b00c", "g.n"), _id("c11e", f"g.n * 7919 % {max(n // 5, 1)} + 1"), _id("da1d", "g.n")
    place = _id("10ca", "g.n % 4 + 1")
    paid = "g.n % 20 < 17"
    known = "g.n % 10 < 6"
    touches = "(1 + g.n % 3)"
    series = "generate_series(1::bigint, %(n)s) g(n)"
    when = f"({_WHEN})"
    channels = "'google_ads', 'meta_ads', 'google_organic', 'meta_ads', 'google_ads', 'email'"

    def channel_of(k: str) -> str:
        return f"(ARRAY[{channels}])[(g.n + {k}) %% 6 + 1]"

    channel = channel_of("k.k")
    campaign = "(g.n / 3 + k.k) %% 20 + CASE WHEN (g.n + k.k) %% 6 IN (1, 3) THEN 21 ELSE 1 END"
    has_campaign = "(g.n + k.k) %% 6 IN (0, 1, 3, 4)"
    touched = f"{when} - interval '3 days' - interval '1 hour' * (1 + (3 - k.k) * 100 + g.n %% 90)"
    revenue = _REVENUE.replace("%", "%%")
    paid, known, touches, place, client = (s.replace("%", "%%") for s in (paid, known, touches, place, client))
    return [
        ("clients", f"""
            INSERT INTO clients (business_id, id, name, email, email_key, since, connection_id, recorded_at)
            SELECT %(b)s, {_id("c11e", "g.n")}, 'Client ' || g.n, 'client' || g.n || '@example.com',
                'client' || g.n || '@example.com', %(now)s, %(c)s, %(now)s
            FROM generate_series(1::bigint, greatest(%(n)s / 5, 1)) g(n)"""),
        ("bookings", f"""
            INSERT INTO bookings (business_id, id, status, starts_at, ends_at, booked_at, client_id, location_id,
                staff_id, service_id, price_minor, currency, remote_id, connection_id, recorded_at)
            SELECT %(b)s, {booking}, CASE WHEN s.at > %(now)s THEN 'confirmed' WHEN {paid} THEN 'completed'
                    WHEN g.n %% 20 = 17 THEN 'no_show' ELSE 'cancelled' END,
                s.at, s.at + interval '45 minutes', s.at - interval '3 days' - interval '1 minute' * (g.n %% 60),
                {client}, {place}, NULL, NULL, {revenue}, 'USD', 'square-booking-' || g.n, %(c)s, %(now)s
            FROM {series}, LATERAL (SELECT {when} AS at) s"""),
        ("payments", f"""
            INSERT INTO payments (business_id, id, status, amount_minor, tip_minor, refunded_minor, currency, paid_at,
                method, client_id, location_id, connection_id, recorded_at)
            SELECT %(b)s, {payment}, 'completed', {revenue}, g.n %% 9 * 100, 0, 'USD', s.at + interval '50 minutes',
                'card', {client}, {place}, %(c)s, %(now)s
            FROM {series}, LATERAL (SELECT {when} AS at) s WHERE {paid} AND s.at <= %(now)s"""),
        ("settlements", """
            INSERT INTO settlements (business_id, id, payment_id, booking_id, rule, evidence, amount_minor, currency,
                paid_at, created_at)
            SELECT p.business_id, p.id, p.id, ('b00c' || substr(p.id::text, 5))::uuid, 'time', '{}', p.amount_minor,
                p.currency, p.paid_at, p.recorded_at FROM payments p WHERE p.business_id = %(b)s"""),
        ("touches", f"""
            INSERT INTO touches (business_id, id, kind, occurred_at, received_at, visitor, channel, source, medium,
                campaign, url, consent)
            SELECT %(b)s, {_id("70c8", "g.n * 3 + k.k - 3")}, 'visit', t.at, t.at + interval '1 second',
                CASE WHEN {known} AND k.k <= {touches} THEN 'visitor-of-' || (g.n * 7919 %% greatest(%(n)s / 5, 1) + 1)
                    ELSE 'stranger-' || g.n END,
                {channel}, 'source', 'cpc', CASE WHEN {has_campaign} THEN 'campaign ' || ({campaign}) END,
                'https://salon.example.com/prices', 'granted'
            FROM {series}, generate_series(1, 3) k(k), LATERAL (SELECT {touched} AS at) t"""),
        ("identity_links", f"""
            INSERT INTO identity_links (business_id, id, visitor, client_id, rule, evidence, created_at)
            SELECT %(b)s, {_id("11d0", "g.n")}, 'visitor-of-' || g.n, {_id("c11e", "g.n")}, 'email', '{{}}', %(now)s
            FROM generate_series(1::bigint, greatest(%(n)s / 5, 1)) g(n)"""),
        ("conversions", f"""
            INSERT INTO conversions (business_id, booking_id, client_id, location_id, booked_at, settled_at, day,
                revenue_minor, currency, is_first_visit, touch_count, began, ended, computed_at)
            SELECT %(b)s, b.id, b.client_id, b.location_id, b.booked_at, p.paid_at,
                (p.paid_at AT TIME ZONE 'America/Los_Angeles')::date, p.amount_minor, 'USD',
                g.n <= greatest(%(n)s / 5, 1), CASE WHEN {known} THEN {touches} ELSE 0 END,
                CASE WHEN {known} THEN {channel_of("1")} ELSE 'unknown' END,
                CASE WHEN {known} THEN {channel_of(touches)} ELSE 'unknown' END, %(now)s
            FROM {series} JOIN bookings b ON b.business_id = %(b)s AND b.id = {booking}
            JOIN payments p ON p.business_id = %(b)s AND p.id = {payment}"""),
        ("credits", f"""
            INSERT INTO credits (business_id, booking_id, touch_id, position, touched_at, channel, campaign_key,
                campaign, via, first_minor, last_minor, last_non_direct_minor, linear_minor, position_minor,
                time_decay_minor, first_share, last_share, last_non_direct_share, linear_share, position_share,
                time_decay_share)
            SELECT %(b)s, {booking}, {_id("70c8", "g.n * 3 + k.k - 3")}, k.k, {touched}, {channel},
                CASE WHEN {has_campaign} THEN 'campaign:' || {_id("ca40", campaign)} ELSE '' END,
                CASE WHEN {has_campaign} THEN 'Campaign ' || ({campaign}) ELSE '' END, 'email',
                CASE WHEN k.k = 1 THEN {revenue} ELSE 0 END, m.last, m.last, m.even, m.even, m.even,
                (k.k = 1)::int, (k.k = {touches})::int, (k.k = {touches})::int, 1.0 / {touches}, 1.0 / {touches},
                1.0 / {touches}
            FROM {series} JOIN conversions c ON c.business_id = %(b)s AND c.booking_id = {booking},
                generate_series(1, 3) k(k),
                LATERAL (SELECT CASE WHEN k.k = {touches} THEN {revenue} ELSE 0 END AS last,
                    {revenue} / {touches} + CASE WHEN k.k = 1 THEN {revenue} %% {touches} ELSE 0 END AS even) m
            WHERE {known} AND k.k <= {touches}"""),
        ("inbound_events", """
            INSERT INTO inbound_events (business_id, connection_id, dedupe_key, source, type, received_at, headers,
                body, state, processed_at)
            SELECT %(b)s, %(c)s, 'event-' || g.n, 'webhook', 'booking.updated',
                %(now)s - interval '1 minute' * g.n, '{}', convert_to(repeat('x', 900), 'UTF8'), 'done', %(now)s
            FROM generate_series(1::bigint, greatest(%(n)s / 10, 1)) g(n)"""),
    ]  # fmt: skip


def fill(url: str, business: UUID, n: int) -> dict[str, int]:
    """The business has `n` appointments and all that follows from them; rows by table."""
    now = datetime.now(UTC).replace(microsecond=0)
    connection = UUID(int=77)
    given = {"b": business, "c": connection, "now": now, "n": n}
    with psycopg.connect(url, autocommit=True) as conn:
        _surroundings(conn, given)
        # Nobody else is there yet: foreign keys are right by how the rows are made, and a crash only means once more.
        conn.execute("SET synchronous_commit = off; SET session_replication_role = replica")
        conn.execute("SET maintenance_work_mem = '256MB'; SET work_mem = '256MB'")
        indexes = _without_indexes(conn)
        for _, sql in _statements(n):
            conn.execute(sql, given)
        for sql in indexes:
            conn.execute(sql)
        conn.execute("VACUUM ANALYZE")
        rows = {t: count(conn, t) for t in TABLES}
    asyncio.run(_days(url, business, now))
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute("VACUUM ANALYZE")
        conn.execute("CHECKPOINT")
    return rows


def count(conn: psycopg.Connection[tuple[int, ...]], table: str) -> int:
    row = conn.execute(f"SELECT count(*) FROM {table}").fetchone()  # type: ignore[arg-type]
    return row[0] if row else 0


def _without_indexes(conn: psycopg.Connection[tuple[int, ...]]) -> list[str]:
    """The big tables' plain indexes are gone while they fill; the statements that make them again."""
    rows = conn.execute(
        "SELECT i.indexname, i.indexdef FROM pg_indexes i WHERE i.tablename = ANY(%s) AND NOT EXISTS "
        "(SELECT FROM pg_constraint c WHERE c.conname = i.indexname)", (list(TABLES),)
    ).fetchall()  # fmt: skip
    for name, _ in rows:
        conn.execute(f'DROP INDEX "{name}"')  # type: ignore[arg-type]
    return [str(made) for _, made in rows]


def _surroundings(conn: psycopg.Connection[tuple[int, ...]], given: dict[str, object]) -> None:
    conn.execute(
        "INSERT INTO connections (business_id, id, vendor, environment, name, auth, state, state_since, setup_step, "
        "last_success_at, created_at) VALUES (%(b)s, %(c)s, 'square', 'production', 'Square', 'oauth', 'ok', %(now)s, "
        "5, %(now)s, %(now)s)", given,
    )  # fmt: skip
    conn.execute(
        f"INSERT INTO locations (business_id, id, name, recorded_at) SELECT %(b)s, {_id('10ca', 'g.n')}, "
        "'Place ' || g.n, %(now)s FROM generate_series(1::bigint, 4) g(n)", given,
    )  # fmt: skip
    conn.execute(
        f"INSERT INTO campaigns SELECT %(b)s, {_id('ca40', 'g.n')}, %(c)s, 'remote-' || g.n, 'Campaign ' || g.n, "
        "'campaign ' || g.n, CASE WHEN g.n <= 20 THEN 'google_ads' ELSE 'meta_ads' END, 'active', 'USD', %(now)s "
        "FROM generate_series(1::bigint, 40) g(n)", given,
    )  # fmt: skip
    conn.execute(
        f"INSERT INTO ad_days SELECT %(b)s, {_id('ca40', 'g.n')}, %(now)s::date - d.d, "
        "(20 + g.n) * 1000000, 'USD', 30 + g.n, 1000 + g.n, d.d < 3, %(now)s "
        "FROM generate_series(1::bigint, 40) g(n), generate_series(0, 1094) d(d)", given,
    )  # fmt: skip
    conn.execute(
        "INSERT INTO sites (business_id, id, key, name, created_at) VALUES (%(b)s, %(c)s, 'bbs_bench', 'Site', "
        "%(now)s)",
        given,
    )


async def _days(url: str, business: UUID, now: datetime) -> None:
    first: date = (now - timedelta(days=1_097)).date()
    async with Database(url, SystemClock()) as db:
        for start in range(0, 1_100, 60):
            async with db.business(business) as tx:
                await store.rebuild_days(tx, [first + timedelta(days=start + d) for d in range(60)])
        async with db.business(business) as tx:
            # Triggers were off while the shop was written, so every day is marked by hand.
            for table in ("booking_days_stale", "payment_days_stale"):
                await tx.run(
                    f"INSERT INTO {table} SELECT %s, d::date FROM generate_series(%s::date, %s::date, '1 day') d",
                    (business, first, first + timedelta(days=1_110)),
                )
            await booking_days.rebuild(tx, ZONE)
            await payment_days.rebuild(tx, ZONE)
