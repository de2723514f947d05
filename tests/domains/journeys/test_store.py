"""Touches in a real database: whose they are, once each, told once each."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg import AsyncConnection
from tests.domains.journeys.shops import ANNA, BORIS, NOON, rows, run

from bookingbridge.domains.journeys import api as journeys
from bookingbridge.domains.journeys.api import Touch
from bookingbridge.domains.journeys.store import collected, touches
from bookingbridge.infra.db import Database


def touch(number: int, **fields: Any) -> Touch:
    defaults: dict[str, Any] = {
        "kind": "visit",
        "occurred_at": NOON,
        "received_at": NOON,
        "channel": "direct",
        "consent": "granted",
        "visitor": f"v{number}",
    }
    return Touch(id=UUID(int=number), **(defaults | fields))


async def collect(db: Database, items: Iterable[tuple[UUID, Touch]], bells: dict[UUID, datetime | None]) -> None:
    async with await AsyncConnection.connect(db.url, autocommit=True) as conn:
        await collected.enter(conn)
        await collected.collect(conn, list(items), bells)


def test_touches_of_many_businesses_are_stored_at_once_and_each_business_sees_its_own(database_url: str) -> None:
    async def story(db: Database) -> None:
        items = [(ANNA if n % 2 else BORIS, touch(n)) for n in range(10)]
        await collect(db, items, {ANNA: None, BORIS: None})
        for business, own in ((ANNA, {1, 3, 5, 7, 9}), (BORIS, {0, 2, 4, 6, 8})):
            async with db.business(business) as tx:
                assert {t.id.int for t in await journeys.latest(tx)} == own
                assert await journeys.touches_by_id(tx, [UUID(int=n) for n in range(10)]) != {}
                assert set(await journeys.touches_by_id(tx, [UUID(int=n) for n in range(10)])) == {
                    UUID(int=n) for n in own
                }

    run(database_url, story)


def test_the_collectors_realm_can_insert_and_do_nothing_else(database_url: str) -> None:
    async def story(db: Database) -> None:
        await collect(db, [(ANNA, touch(1))], {ANNA: None})
        async with await AsyncConnection.connect(db.url, autocommit=True) as conn:
            await collected.enter(conn)
            for table in ("touches", "touches_untold"):
                found = await (await conn.execute(f"SELECT count(*) FROM {table}".encode())).fetchone()
                assert found == (0,)
                assert (await conn.execute(f"DELETE FROM {table}".encode())).rowcount == 0
            assert (await conn.execute("UPDATE touches SET channel = 'email'")).rowcount == 0
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                await conn.execute(
                    "INSERT INTO sites (business_id, id, key, name, created_at) VALUES (%s, %s, 'k', 'n', now())",
                    (ANNA, UUID(int=5)),
                )

    run(database_url, story)
    assert rows(database_url, "SELECT channel FROM touches") == [("direct",)]


def test_without_the_realm_nothing_is_collected(database_url: str) -> None:
    async def story(db: Database) -> None:
        async with db.business(ANNA) as tx:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                await tx.run(
                    "INSERT INTO touches (business_id, id, kind, occurred_at, received_at, channel, consent) "
                    "VALUES (%s, %s, 'visit', now(), now(), 'direct', 'granted')",
                    (BORIS, UUID(int=1)),
                )

    run(database_url, story)
    assert rows(database_url, "SELECT count(*) FROM touches") == [(0,)]


def test_a_touch_that_comes_twice_is_stored_once_as_it_came_first(database_url: str) -> None:
    async def story(db: Database) -> None:
        twice = [(ANNA, touch(1, channel="email")), (ANNA, touch(1, channel="sms"))]
        await collect(db, twice, {ANNA: None})
        await collect(db, [(ANNA, touch(1, channel="direct"))], {ANNA: None})
        await collect(db, [(BORIS, touch(1, channel="referral"))], {BORIS: None})

    run(database_url, story)
    assert rows(database_url, "SELECT business_id, channel FROM touches ORDER BY 1") == [
        (ANNA, "email"),
        (BORIS, "referral"),
    ]


def test_all_that_a_touch_holds_comes_back(database_url: str) -> None:
    full = touch(
        1, client_id=UUID(int=9), source="google", medium="cpc", campaign='Ü "quoted" \\ {x,NULL}', campaign_ref="12",
        content="c", term="t", click_ids={"gclid": 'a"b\\c'}, url="https://salon.example.com/?q=é", referrer="r",
        email_key="ana@example.com", phone_key="+12065550123", why="They said so.", fields={"n": [1, None, "x"]},
        occurred_at=NOON - timedelta(microseconds=1),
    )  # fmt: skip

    async def story(db: Database) -> None:
        await collect(db, [(ANNA, full), (ANNA, touch(2))], {ANNA: None})
        async with db.business(ANNA) as tx:
            assert await journeys.touches_by_id(tx, [full.id]) == {full.id: full}
            await touches.save(tx, [touch(3), full])
            assert await journeys.touches_by_id(tx, [full.id]) == {full.id: full}

    run(database_url, story)


def test_touches_are_told_once_in_batches_and_one_bell_rings_per_business(database_url: str) -> None:
    async def story(db: Database) -> None:
        for start in (0, 50):
            await collect(
                db,
                [(ANNA if n < 90 else BORIS, touch(n)) for n in range(start, start + 50)],
                {ANNA: None, BORIS: None},
            )
        assert rows(database_url, "SELECT queueing_lock FROM procrastinate_jobs ORDER BY 1") == [
            (f"touches:{ANNA}",),
            (f"touches:{BORIS}",),
        ]
        told: list[int] = []
        for _ in range(4):
            async with db.business(ANNA) as tx:
                told.append(await journeys.tell(tx, batch=40))
        assert told == [40, 40, 10, 0]

    run(database_url, story)
    events = rows(database_url, "SELECT business_id, name, payload FROM events ORDER BY id")
    assert [(b, n, len(p["ids"])) for b, n, p in events] == [
        (ANNA, "touches_recorded", 40),
        (ANNA, "touches_recorded", 40),
        (ANNA, "touches_recorded", 10),
    ]
    assert {UUID(i).int for _, _, p in events for i in p["ids"]} == set(range(90))
    assert rows(database_url, "SELECT business_id, count(*) FROM touches_untold GROUP BY 1") == [(BORIS, 10)]
    assert rows(database_url, "SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'react'") == [(3,)]


def test_a_touch_whose_bell_was_found_ringing_is_not_missed_by_the_job_that_began_meanwhile(database_url: str) -> None:
    async def story(db: Database) -> None:
        await collect(db, [(ANNA, touch(1))], {ANNA: None})
        async with await AsyncConnection.connect(db.url, autocommit=True) as conn:
            await collected.enter(conn)
            async with conn.transaction():
                await collected.collect(conn, [(ANNA, touch(2))], {ANNA: None})
                # The job whose bell was found ringing is taken by a worker now, before this transaction ends.
                with psycopg.connect(database_url, autocommit=True) as worker:
                    worker.execute("UPDATE procrastinate_jobs SET status = 'doing'")

                async def job() -> int:
                    async with db.business(ANNA) as tx:
                        return await journeys.tell(tx)

                telling_job = asyncio.create_task(job())
                await asyncio.sleep(0.3)
                assert not telling_job.done()
            assert await asyncio.wait_for(telling_job, 5) == 2

    run(database_url, story)


def test_a_delayed_bell_waits_and_is_not_doubled(database_url: str) -> None:
    async def story(db: Database) -> None:
        later = NOON + timedelta(seconds=1)
        await collect(db, [(ANNA, touch(1))], {ANNA: later})
        await collect(db, [(ANNA, touch(2))], {ANNA: None})
        assert rows(database_url, "SELECT scheduled_at FROM procrastinate_jobs") == [(later,)]

    run(database_url, story)


def test_questions_about_touches_are_answered(database_url: str) -> None:
    day = timedelta(days=1)

    async def story(db: Database) -> None:
        own = [
            touch(1, visitor="v1", occurred_at=NOON - 3 * day),
            touch(2, visitor="v1", occurred_at=NOON - 2 * day, client_id=UUID(int=7)),
            touch(3, visitor=None, occurred_at=NOON - day, client_id=UUID(int=7)),
            touch(4, visitor="v1", kind="identify", email_key="ana@example.com"),
            touch(5, visitor="v2", phone_key="+12065550123", channel="email"),
            touch(6, visitor=None, kind="asked", channel="unknown", client_id=UUID(int=7)),
            touch(7, visitor="v1", occurred_at=NOON - 40 * day),
            touch(9, visitor="v1", kind="open"),
            touch(10, visitor="v1", kind="own_kind"),
        ]
        await collect(db, [(ANNA, t) for t in own] + [(BORIS, touch(8, visitor="v1"))], {ANNA: None, BORIS: None})
        async with db.business(ANNA) as tx:
            found = await journeys.touches_of(
                tx, visitors=["v1"], client_ids=[UUID(int=7)], since=NOON - 30 * day, until=NOON
            )
            assert [t.id.int for t in found] == [1, 2, 3]
            ids = [t.id for t in own]
            assert set(await journeys.visitors_of(tx, ids)) == {"v1", "v2"}
            assert await journeys.clients_of(tx, ids) == [UUID(int=7)]
            assert {(c.visitor, c.email_key, c.phone_key) for c in await journeys.contacts_in(tx, ids)} == {
                ("v1", "ana@example.com", None),
                ("v2", None, "+12065550123"),
            }
            given = await journeys.contacts_given(tx, emails=["ana@example.com", "x@example.com"], phones=[])
            assert [(c.visitor, c.touch_id.int) for c in given] == [("v1", 4)]
            assert await journeys.newest(tx) == NOON
            assert [(c.channel, c.touches, c.visitors) for c in await journeys.counts(tx, NOON, NOON + day)] == [
                ("direct", 7, 1),
                ("email", 1, 1),
                ("unknown", 1, 0),
            ]
            first = await journeys.latest(tx, limit=3)
            rest = await journeys.latest(tx, limit=10, before=(first[-1].received_at, first[-1].id))
            assert [t.id.int for t in first + rest] == [10, 9, 7, 6, 5, 4, 3, 2, 1]

    run(database_url, story)
