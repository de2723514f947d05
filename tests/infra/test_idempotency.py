"""Keys of requests: one does the work, the others hear of it; a dead one is not done again."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from bookingbridge.domains.accounts import api as accounts
from bookingbridge.infra import idempotency
from bookingbridge.infra.clock import FixedClock
from bookingbridge.infra.db import Database

NOW = datetime(2026, 3, 2, 17, 0, tzinfo=UTC)
SHOP = accounts.NewBusiness("Alder & Ash Barbers", "America/Los_Angeles", "USD", "US")
ONE, OTHER = b"one request", b"another request"

Claiming = Callable[[str, bytes], Awaitable[idempotency.Claim]]


def over(database_url: str, act: Callable[[Database, FixedClock, accounts.Business], Awaitable[None]]) -> None:
    async def run() -> None:
        clock = FixedClock(NOW)
        async with Database(database_url, clock, max_size=8) as db:
            await act(db, clock, await accounts.found_business(db, SHOP))

    asyncio.run(run())


async def claim(db: Database, shop: accounts.Business, key: str, request: bytes) -> idempotency.Claim:
    async with db.business(shop.id) as tx:
        return await idempotency.claim(tx, key, request)


def test_a_key_is_claimed_once_and_then_carries_its_answer(database_url: str) -> None:
    async def act(db: Database, clock: FixedClock, shop: accounts.Business) -> None:
        states = Counter(c.state for c in await asyncio.gather(*(claim(db, shop, "k", ONE) for _ in range(12))))
        assert states == {"mine": 1, "busy": 11}
        assert (await claim(db, shop, "k", OTHER)).state == "other"
        async with db.business(shop.id) as tx:
            await idempotency.answer(tx, "k", 201, b"made")
        assert await claim(db, shop, "k", ONE) == idempotency.Claim("answered", b"made")
        assert (await claim(db, shop, "k", OTHER)).state == "other"
        assert (await claim(db, shop, "k2", ONE)).state == "mine"

    over(database_url, act)


def test_a_failed_request_frees_its_key(database_url: str) -> None:
    async def act(db: Database, clock: FixedClock, shop: accounts.Business) -> None:
        await claim(db, shop, "k", ONE)
        async with db.business(shop.id) as tx:
            await idempotency.release(tx, "k")
        assert (await claim(db, shop, "k", OTHER)).state == "mine"
        async with db.business(shop.id) as tx:
            await idempotency.answer(tx, "k", 200, b"done")
            await idempotency.release(tx, "k")
        assert (await claim(db, shop, "k", OTHER)).state == "answered"

    over(database_url, act)


def test_a_request_whose_process_died_is_lost_and_not_done_again(database_url: str) -> None:
    async def act(db: Database, clock: FixedClock, shop: accounts.Business) -> None:
        await claim(db, shop, "k", ONE)
        clock.move(timedelta(minutes=2, seconds=1))
        assert (await claim(db, shop, "k", ONE)).state == "lost"
        clock.move(timedelta(hours=24))
        assert (await claim(db, shop, "k", ONE)).state == "mine"

    over(database_url, act)


def test_answers_are_kept_for_a_day(database_url: str) -> None:
    async def act(db: Database, clock: FixedClock, shop: accounts.Business) -> None:
        await claim(db, shop, "k", ONE)
        async with db.business(shop.id) as tx:
            await idempotency.answer(tx, "k", 200, b"done")
        clock.move(timedelta(hours=24, seconds=1))
        async with db.business(shop.id) as tx:
            assert await idempotency.forget_old(tx) == 1
        assert (await claim(db, shop, "k", OTHER)).state == "mine"

    over(database_url, act)


def test_businesses_do_not_share_keys(database_url: str) -> None:
    async def act(db: Database, clock: FixedClock, shop: accounts.Business) -> None:
        stranger = await accounts.found_business(db, SHOP)
        assert (await claim(db, shop, "k", ONE)).state == "mine"
        assert (await claim(db, stranger, "k", OTHER)).state == "mine"

    over(database_url, act)
