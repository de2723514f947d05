"""Two shops in a fresh database, and a clock that stands where it is put."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg

from bookingbridge.infra.clock import FixedClock
from bookingbridge.infra.db import Database

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
ANNA = UUID("018f0000-0000-7000-8000-000000000001")
BORIS = UUID("018f0000-0000-7000-8000-000000000002")

REACTIONS = {"touches_recorded": ("t.touches",)}


def open_shops(owner_url: str) -> None:
    """The businesses ANNA and BORIS exist."""
    account = UUID(int=1)
    with psycopg.connect(owner_url, autocommit=True) as conn:
        conn.execute("INSERT INTO accounts (id, name, created_at) VALUES (%s, 'Two shops', %s)", (account, NOON))
        for business, name in ((ANNA, "Anna's salon"), (BORIS, "Boris's barbers")):
            conn.execute(
                "INSERT INTO businesses (id, account_id, name, time_zone, currency, region, created_at) "
                "VALUES (%s, %s, %s, 'America/New_York', 'USD', 'US', %s)",
                (business, account, name, NOON),
            )


def run(owner_url: str, story: Callable[[Database], Awaitable[None]], *, at: datetime = NOON) -> None:
    """The story is told in a database where both shops exist, at noon."""
    open_shops(owner_url)

    async def main() -> None:
        async with Database(owner_url, FixedClock(at), reactions=REACTIONS) as db:
            await story(db)

    asyncio.run(asyncio.wait_for(main(), 60))


def rows(owner_url: str, sql: str, *params: Any) -> list[tuple[Any, ...]]:
    """What the owner sees, whom row-level security does not bind."""
    with psycopg.connect(owner_url) as conn:
        return conn.execute(sql.encode(), params).fetchall()
