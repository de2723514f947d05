"""The whole product on loopback, with an owner whose business has one of each thing that an address can name."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID, uuid4

import psycopg
from psycopg import sql
from tests.simulators import serving_made
from tests.small_site import NOW, Site

from bookingbridge.infra import log
from bookingbridge.infra.clock import FixedClock
from bookingbridge.main import wiring
from bookingbridge.main.settings import Settings
from bookingbridge.main.web_app import create_app

_KEY = "a key of the tests that is long enough"


class _Whole:
    """The product's app, whose database is open for as long as it lives."""

    def __init__(self, database_url: str, public_url: str, clock: FixedClock, simulators: str | None) -> None:
        settings = Settings.model_validate(
            {"database_url": database_url, "secret_key": _KEY, "hash_salt": "salt", "public_url": public_url,
             "simulators_url": simulators}
        )  # fmt: skip
        self.db = wiring.database(database_url, clock, max_size=6)
        self.house = create_app(settings, wiring.engine(settings, self.db))
        self.loop: asyncio.AbstractEventLoop | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "lifespan":
            await self.house(scope, receive, send)
            return
        self.loop = asyncio.get_running_loop()
        async with self.db:
            await self.house(scope, receive, send)


@contextmanager
def whole_site(database_url: str, *, simulators: str | None = None) -> Iterator[Site]:
    """The product is up until the block ends; no worker runs. Vendors are reached at `simulators` where given."""
    log.configure(as_json=True, level="ERROR")
    clock = FixedClock(NOW)
    made: list[_Whole] = []

    def make(url: str) -> _Whole:
        made.append(_Whole(database_url, url, clock, simulators))
        return made[0]

    with serving_made(make) as url:
        assert made[0].loop
        yield Site(url, made[0].house.app, clock, made[0].loop)


def one_of_each(database_url: str, business: UUID) -> dict[str, UUID]:
    """The business has a row of each kind; their ids by the names that addresses have for them."""
    link, connection, client, booking, payment, site, run, settlement = (uuid4() for _ in range(8))
    known = {"connection_id": connection, "recorded_at": NOW}
    paid = {"amount_minor": 5000, "currency": "USD", "paid_at": NOW}
    rows: list[tuple[str, dict[str, object]]] = [
        (
            "connections",
            {"id": connection, "vendor": "square", "environment": "sandbox", "name": "Square", "auth": "token",
             "state": "ok", "state_since": NOW, "account_remote_id": "M1", "created_at": NOW},
        ),
        ("public_addresses", {"kind": "connection", "key": connection, "target_id": connection, "created_at": NOW}),
        ("sync_runs", {"id": run, "connection_id": connection, "kind": "full", "state": "done", "asked_at": NOW}),
        ("clients", {"id": client, "name": "Ana Sousa", "email": "ana@example.com", **known}),
        (
            "bookings",
            {"id": booking, "status": "completed", "starts_at": NOW, "ends_at": NOW, "booked_at": NOW,
             "client_id": client, **known},
        ),
        (
            "payments",
            {"id": payment, "status": "completed", "tip_minor": 0, "refunded_minor": 0, "method": "card",
             **paid, **known},
        ),
        (
            "settlements",
            {"id": settlement, "payment_id": payment, "booking_id": booking, "rule": "client", "evidence": "{}",
             "created_at": NOW, **paid},
        ),
        (
            "identity_links",
            {"id": link, "visitor": "v1", "client_id": client, "rule": "email", "evidence": "{}", "created_at": NOW},
        ),
        ("sites", {"id": site, "key": "k1", "name": "shop", "created_at": NOW}),
        (
            "short_links",
            {"id": link, "slug": "spring", "name": "Spring", "target_url": "https://example.com/", "kind": "link",
             "created_at": NOW},
        ),
    ]  # fmt: skip
    with psycopg.connect(database_url, autocommit=True) as conn:
        for table, values in rows:
            columns = ["business_id", *values]
            slots = sql.SQL(", ").join(sql.Placeholder() * len(columns))
            names = sql.SQL(", ").join(map(sql.Identifier, columns))
            statement = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(sql.Identifier(table), names, slots)
            given = [str(value) if name == "key" else value for name, value in values.items()]
            conn.execute(statement, [business, *given])
    return {
        "connection": connection, "client_id": client, "booking": booking, "booking_id": booking, "link": link,
        "link_id": link, "settlement": settlement, "site": site, "site_id": site, "run": run,
    }  # fmt: skip


def everything_of(database_url: str, business: UUID) -> dict[str, object]:
    """A digest of all rows of the business, by table: equal as long as nobody changes anything."""
    with psycopg.connect(database_url, autocommit=True) as conn:
        tables = conn.execute(
            "SELECT table_name FROM information_schema.columns WHERE column_name = 'business_id' "
            "AND table_schema = 'public' AND table_name <> 'sessions' ORDER BY 1"
        ).fetchall()
        digests: dict[str, object] = {}
        for (table,) in tables:
            statement = sql.SQL("SELECT md5(string_agg(t::text, '' ORDER BY t::text)) FROM {} t WHERE business_id = %s")
            row = conn.execute(statement.format(sql.Identifier(table)), (business,)).fetchone()
            digests[table] = row[0] if row else None
    return digests
