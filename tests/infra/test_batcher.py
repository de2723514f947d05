"""The batcher against a real PostgreSQL: what is acknowledged is stored, what is not stored is not acknowledged."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import AsyncConnection

from bookingbridge.canonical.errors import Unreachable
from bookingbridge.infra import postgres
from bookingbridge.infra.batcher import Batcher, Closing, Overloaded, Poisoned, connector

Conn = AsyncConnection[Any]


async def _insert(conn: Conn, items: list[int]) -> Sequence[int]:
    """Numbers into a table whose constraint dislikes some of them; returned doubled."""
    await conn.execute("INSERT INTO numbers SELECT unnest(%s::int[]) ON CONFLICT DO NOTHING", (items,))
    return [item * 2 for item in items]


def _run(url: str, story: Callable[[], Awaitable[None]]) -> None:
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute("CREATE TABLE IF NOT EXISTS numbers (n int PRIMARY KEY CHECK (n % 1000 <> 13))")
    asyncio.run(asyncio.wait_for(story(), 60))


async def _until(is_so: Callable[[], bool]) -> None:
    while not is_so():  # noqa: ASYNC110 - what is awaited has no event of its own
        await asyncio.sleep(0.02)


def _stored(url: str) -> set[int]:
    with psycopg.connect(url) as conn:
        return {row[0] for row in conn.execute("SELECT n FROM numbers")}


def test_many_callers_share_few_commits_and_each_gets_its_own_results(empty_database_url: str) -> None:
    async def story() -> None:
        async with Batcher(connector(empty_database_url), _insert, name="t") as batcher:
            results = await asyncio.gather(*(batcher.put(n * 1000) for n in range(500)))
            assert results == [n * 2000 for n in range(500)]
            assert await batcher.put_all([1, 2, 3]) == [2, 4, 6]
            assert await batcher.put_all([]) == []
            assert batcher.counts.stored == 503
            assert batcher.counts.batches <= 5

    _run(empty_database_url, story)
    assert _stored(empty_database_url) == {n * 1000 for n in range(500)} | {1, 2, 3}


def test_no_transaction_holds_more_than_the_cap(empty_database_url: str) -> None:
    sizes: list[int] = []

    async def write(conn: Conn, items: list[int]) -> Sequence[int]:
        sizes.append(len(items))
        return await _insert(conn, items)

    async def story() -> None:
        async with Batcher(connector(empty_database_url), write, name="t", cap=50) as batcher:
            await asyncio.gather(*(batcher.put_all(range(100 * n, 100 * n + 12)) for n in range(20)))

    _run(empty_database_url, story)
    assert sum(sizes) == 240
    assert max(sizes) == 48


def test_one_poisoned_item_harms_nobody_else(empty_database_url: str) -> None:
    async def story() -> None:
        async with Batcher(connector(empty_database_url), _insert, name="t") as batcher:
            alone = asyncio.gather(*(batcher.put(n) for n in range(200)), return_exceptions=True)
            together = batcher.put_all([1012, 1013, 1014])
            results, mixed = await asyncio.gather(alone, together)
            assert [n for n, r in enumerate(results) if isinstance(r, Poisoned)] == [13]
            assert [r for r in results if not isinstance(r, BaseException)] == [n * 2 for n in range(200) if n != 13]
            assert mixed[0] == 2024
            assert isinstance(mixed[1], Poisoned)
            assert mixed[2] == 2028
            assert batcher.counts.poisoned == 2
            assert batcher.counts.connects == 1

    _run(empty_database_url, story)
    assert _stored(empty_database_url) == {n for n in range(200) if n != 13} | {1012, 1014}


def test_an_item_that_cannot_even_be_sent_is_poisoned_too(empty_database_url: str) -> None:
    async def write(conn: Conn, items: list[str]) -> Sequence[None]:
        await conn.execute("INSERT INTO numbers SELECT length(t) FROM unnest(%s::text[]) t", (items,))
        return [None] * len(items)

    async def story() -> None:
        async with Batcher(connector(empty_database_url), write, name="t") as batcher:
            results = await batcher.put_all(["a", "b\0", "cc", "\ud800xx"])
            assert [isinstance(r, Poisoned) for r in results] == [False, True, False, True]

    _run(empty_database_url, story)
    assert _stored(empty_database_url) == {1, 2}


def test_a_trouble_that_is_no_items_fault_is_not_blamed_on_one(empty_database_url: str) -> None:
    async def write(conn: Conn, items: list[int]) -> Sequence[int]:
        await conn.execute("INSERT INTO no_such_table SELECT unnest(%s::int[])", (items,))
        return items

    async def story() -> None:
        async with Batcher(connector(empty_database_url), write, name="t") as batcher:
            with pytest.raises(Unreachable):
                await batcher.put(1)
            assert batcher.counts.poisoned == 0

    _run(empty_database_url, story)


def test_a_full_queue_takes_nothing_and_says_so(empty_database_url: str) -> None:
    gate = asyncio.Event()

    async def write(conn: Conn, items: list[int]) -> Sequence[int]:
        await gate.wait()
        return await _insert(conn, items)

    async def story() -> None:
        async with Batcher(connector(empty_database_url), write, name="t", room=5) as batcher:
            first = asyncio.create_task(batcher.put(1))
            await asyncio.sleep(0.05)
            waiting = asyncio.create_task(batcher.put_all([2, 3, 4, 5]))
            await asyncio.sleep(0)
            with pytest.raises(Overloaded):
                await batcher.put_all([6, 7])
            assert batcher.waiting == 4
            assert batcher.counts.refused == 2
            gate.set()
            assert await first == 2
            assert await waiting == [4, 6, 8, 10]

    _run(empty_database_url, story)
    assert _stored(empty_database_url) == {1, 2, 3, 4, 5}


def test_shutting_down_commits_what_was_queued_and_takes_nothing_new(empty_database_url: str) -> None:
    async def story() -> None:
        batcher = Batcher(connector(empty_database_url), _insert, name="t", cap=10)
        async with batcher:
            tasks = [asyncio.create_task(batcher.put(n * 1000)) for n in range(100)]
            await asyncio.sleep(0)
        assert [await task for task in tasks] == [n * 2000 for n in range(100)]
        with pytest.raises(Closing):
            await batcher.put(7)

    _run(empty_database_url, story)
    assert _stored(empty_database_url) == {n * 1000 for n in range(100)}


def test_shutting_down_waits_only_so_long_for_a_stuck_database(empty_database_url: str) -> None:
    async def write(conn: Conn, items: list[int]) -> Sequence[int]:
        await conn.execute("SELECT pg_sleep(30)")
        return items

    async def story() -> None:
        batcher = Batcher(connector(empty_database_url), write, name="t")
        await batcher.__aenter__()
        stuck = asyncio.create_task(batcher.put(1))
        await asyncio.sleep(0.05)
        behind = asyncio.create_task(batcher.put(2))
        await asyncio.sleep(0)
        await batcher.drain(within_s=0.2)
        for task in (stuck, behind):
            with pytest.raises(Closing):
                await task

    _run(empty_database_url, story)


def test_a_caller_that_went_away_disturbs_nobody(empty_database_url: str) -> None:
    async def story() -> None:
        async with Batcher(connector(empty_database_url), _insert, name="t") as batcher:
            tasks = [asyncio.create_task(batcher.put(n * 1000)) for n in range(20)]
            await asyncio.sleep(0)
            tasks[3].cancel()
            rest = await asyncio.gather(*(t for i, t in enumerate(tasks) if i != 3))
            assert len(rest) == 19

    _run(empty_database_url, story)


def test_a_connection_that_died_while_idle_costs_nobody_anything(empty_database_url: str) -> None:
    async def story() -> None:
        async with Batcher(connector(empty_database_url), _insert, name="t") as batcher:
            assert await batcher.put(1) == 2
            with psycopg.connect(empty_database_url, autocommit=True) as other:
                other.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            assert await batcher.put(2) == 4
            assert batcher.counts.connects == 2

    _run(empty_database_url, story)
    assert _stored(empty_database_url) == {1, 2}


def test_without_a_database_it_says_so_at_once_and_comes_back_by_itself(tmp_path: Path) -> None:
    server = postgres.ensure(tmp_path / "pg", durable=False)
    url = server.url()

    async def story() -> None:
        await asyncio.to_thread(server.stop)
        async with Batcher(connector(url), _insert, name="t") as batcher:
            assert not batcher.is_up
            with pytest.raises(Unreachable):
                await asyncio.wait_for(batcher.put(1), 0.2)
            await asyncio.to_thread(postgres.ensure, tmp_path / "pg", durable=False)
            await _until(lambda: batcher.is_up)
            assert await batcher.put(2) == 4

    try:
        _run(url, story)
        assert _stored(url) == {2}
    finally:
        postgres.stop(tmp_path / "pg")


def test_a_killed_database_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    server = postgres.ensure(tmp_path / "pg")
    url = server.url()
    acknowledged: set[int] = set()
    refused = 0

    async def story() -> None:
        nonlocal refused
        numbers = iter(range(0, 10**8, 1000))
        is_over = asyncio.Event()

        async def caller(batcher: Batcher[int, int]) -> None:
            nonlocal refused
            while not is_over.is_set():
                n = next(numbers)
                try:
                    await batcher.put(n)
                    acknowledged.add(n)
                except Unreachable:
                    refused += 1
                    await asyncio.sleep(0.02)

        async with Batcher(connector(url), _insert, name="t") as batcher:
            callers = [asyncio.create_task(caller(batcher)) for _ in range(30)]
            for _ in range(2):
                await asyncio.sleep(0.3)
                before = len(acknowledged)
                assert before
                os.kill(int((tmp_path / "pg" / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
                await asyncio.sleep(0.1)
                await asyncio.to_thread(postgres.ensure, tmp_path / "pg")
                await _until(lambda: len(acknowledged) >= before + 100)  # noqa: B023 - awaited before it changes
            is_over.set()
            await asyncio.gather(*callers)

    try:
        _run(url, story)
        assert refused > 0
        assert acknowledged <= _stored(url)
    finally:
        postgres.stop(tmp_path / "pg")


def test_a_write_of_one_statement_is_a_transaction_by_itself(empty_database_url: str) -> None:
    async def story() -> None:
        batcher = Batcher(connector(empty_database_url), _insert, name="t", is_one_statement=True)
        async with batcher:
            results = await batcher.put_all([1, 2, 13, 3])
            assert [isinstance(r, Poisoned) for r in results] == [False, False, True, False]

    _run(empty_database_url, story)
    assert _stored(empty_database_url) == {1, 2, 3}
