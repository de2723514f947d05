"""The worker: takes up what the dead left, outlives its database, and stops when it is told to."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb
from tests.house import run
from tests.sync.line import Shop, shop, sim, simulators, small_world

from bookingbridge.main import worker
from bookingbridge.sync import connecting, overview, running
from bookingbridge.sync.store import inbound

DEAD_AFTER_S = 2.0


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    with simulators() as address:
        yield address


@asynccontextmanager
async def working(s: Shop) -> AsyncIterator[asyncio.Task[None]]:
    """A worker works until the block ends; it is given when it ends by itself, too."""
    stop = asyncio.Event()
    task = asyncio.create_task(worker.run(s.engine, until=stop, dead_after_s=DEAD_AFTER_S))
    yield task
    assert not task.done()
    stop.set()
    await asyncio.wait_for(task, 30)


async def _until(s: Shop, sql: str, expected: list[tuple[Any, ...]], seconds: float = 25) -> None:
    """The query of the business finds this."""
    deadline = time.monotonic() + seconds
    found: list[tuple[Any, ...]] = []
    while time.monotonic() < deadline:
        try:
            async with s.engine.db.business(s.business) as tx:
                found = await tx.all(sql)
        except psycopg.OperationalError:
            found = []  # the test has just cut the lines
        if found == expected:
            return
        await asyncio.sleep(0.05)
    async with s.engine.db.business(s.business) as tx:
        jobs = await tx.all("SELECT task_name, args, status, priority, scheduled_at, attempts FROM procrastinate_jobs")
    raise AssertionError(f"{found} is not {expected}; jobs: {jobs}")


RUNS = "SELECT state FROM sync_runs"
INBOX = "SELECT state FROM inbound_events ORDER BY id"
DOING = "SELECT count(*) FROM procrastinate_jobs WHERE status = 'doing'"


def _left_behind(owner: psycopg.Connection, *, lock: str, debounce: str | None, task: str, args: object) -> None:
    """A job that a worker had begun when it died; nobody has heard of that worker for a minute."""
    owner.execute(
        "WITH dead AS (INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '1 minute') "
        "RETURNING id) INSERT INTO procrastinate_jobs (queue_name, task_name, priority, lock, queueing_lock, args, "
        "status, worker_id) SELECT 'default', %s, 10, %s, %s, %s, 'doing', id FROM dead",
        (task, lock, debounce, Jsonb(args)),
    )


def test_the_run_of_a_worker_that_died_is_carried_out_by_another(database_url: str, base: str) -> None:
    async def story() -> None:
        async with shop(database_url, base, small_world(days=3)) as s:
            async with s.engine.db.business(s.business) as tx:
                run_id = await running.ask(tx, s.connection, is_full=True, asked_by="test")
            with psycopg.connect(database_url) as owner:
                owner.execute("DELETE FROM procrastinate_jobs")
                _left_behind(
                    owner, lock=f"run:{s.connection}", debounce=None, task="sync",
                    args={"business": str(s.business), "run": str(run_id)},
                )  # fmt: skip
            async with working(s):
                await _until(s, RUNS, [("done",)])

    run(story())


def test_an_inbox_whose_worker_died_is_worked_on_although_a_new_bell_rings(database_url: str, base: str) -> None:
    async def story() -> None:
        async with shop(database_url, base, small_world(days=3)) as s:
            lock = f"inbox:{s.connection}"
            with psycopg.connect(database_url) as owner:
                _left_behind(
                    owner, lock=lock, debounce=lock, task="inbound",
                    args={"business": str(s.business), "connection": str(s.connection)},
                )  # fmt: skip
            await _arrive(s, "one")  # its bell waits behind the dead worker's job, and has the same name
            async with working(s):
                await _until(s, INBOX, [("unreadable",)])
                await _until(s, DOING, [(0,)])
                await _arrive(s, "two")
                await _until(s, INBOX, [("unreadable",)] * 2)

    run(story())


async def _arrive(s: Shop, key: str) -> None:
    arrival = inbound.Arrival(s.business, s.connection, key, "", s.engine.clock.now(), {}, b"unreadable")
    async with await psycopg.AsyncConnection.connect(s.engine.db.url) as conn:
        await inbound.keep(conn, [arrival])


async def _inbound_job(s: Shop) -> None:
    """A bell rings for an inbox in which nothing lies."""
    async with s.engine.db.business(s.business) as tx:
        await tx.ring(inbound._bell(s.business, s.connection))


def test_a_job_that_this_worker_lost_sight_of_does_not_block_its_connection_for_ever(
    database_url: str, base: str
) -> None:
    async def story() -> None:
        async with shop(database_url, base, small_world(days=3)) as s:
            lock = f"inbox:{s.connection}"
            async with working(s):
                with psycopg.connect(database_url) as owner:
                    # The job waits for this, so that it is seen which worker it is that does such jobs.
                    slot = s.connection.int % 2**31
                    owner.execute("SELECT pg_advisory_xact_lock(%s, %s)", (inbound._RINGERS, slot))
                    await _inbound_job(s)
                    await _until(s, DOING, [(1,)])
                    (number,) = owner.execute(
                        "SELECT worker_id FROM procrastinate_jobs WHERE status = 'doing'"
                    ).fetchall()[0]
                await _arrive(s, "one")
                await _until(s, INBOX, [("unreadable",)])
                await _until(s, DOING, [(0,)])
                with psycopg.connect(database_url) as owner:
                    # As when the line broke while the end of a job was written.
                    owner.execute(
                        "INSERT INTO procrastinate_jobs (queue_name, task_name, priority, lock, queueing_lock, args, "
                        "status, worker_id) VALUES ('default', 'inbound', 10, %s, %s, %s, 'doing', %s)",
                        (lock, lock, Jsonb({"business": str(s.business), "connection": str(s.connection)}), number),
                    )
                await _arrive(s, "two")
                await _until(s, INBOX, [("unreadable",)] * 2)

    run(story())


def test_a_worker_that_was_taken_for_dead_begins_anew(database_url: str, base: str) -> None:
    async def story() -> None:
        async with shop(database_url, base, small_world(days=3)) as s, working(s):
            await _until(s, "SELECT count(*) FROM procrastinate_workers", [(len(worker.QUEUES),)])
            async with await psycopg.AsyncConnection.connect(database_url) as owner:
                # As another one does that starts while this one sleeps. It may have to wait for this one's statement.
                await owner.execute("DELETE FROM procrastinate_workers")
            await _arrive(s, "one")
            await _until(s, INBOX, [("unreadable",)])
            await _until(s, DOING, [(0,)])

    run(story())


def test_a_worker_outlives_a_database_that_cuts_all_lines_and_takes_none_for_a_while(
    database_url: str, admin_url: str, base: str
) -> None:
    async def story() -> None:
        world = small_world(days=3)
        async with shop(database_url, base, world) as s:
            sim(base, "POST", "/square/_sim/faults", {"fault": "slow", "times": None, "seconds": 0.1})
            async with working(s) as task:
                await connecting.start_import(s.engine, s.business, s.connection, asked_by="test")
                for away in (0, 0, 2.0):
                    await asyncio.sleep(0.8)
                    with psycopg.connect(admin_url, autocommit=True) as owner:
                        name = psycopg.conninfo.conninfo_to_dict(database_url)["dbname"]
                        owner.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false".encode())
                        cut = owner.execute(
                            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,)
                        )
                        assert cut.rowcount > 0
                        await asyncio.sleep(away)
                        owner.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true".encode())
                assert not task.done()
                await _until(s, RUNS, [("done",)])
                await _until(s, "SELECT count(*) FROM bookings", [(len(world.visits),)])
                await _until(s, "SELECT count(*) FROM procrastinate_jobs WHERE status <> 'failed'", [(0,)], 60)

    run(story())


def test_begun_work_is_finished_before_the_worker_ends(database_url: str, base: str) -> None:
    async def story() -> None:
        async with shop(database_url, base, small_world(days=3)) as s:
            sim(base, "POST", "/square/_sim/faults", {
                "fault": "slow", "match": {"path_prefix": "/v2/customers"}, "times": 1, "seconds": 1,
            })  # fmt: skip
            stop = asyncio.Event()
            task = asyncio.create_task(worker.run(s.engine, until=stop, dead_after_s=DEAD_AFTER_S))
            run_id = await connecting.start_import(s.engine, s.business, s.connection, asked_by="test")
            await _until(s, RUNS, [("running",)])
            stop.set()
            await asyncio.wait_for(task, 30)
            async with s.engine.db.business(s.business) as tx:
                assert (await overview.run_of(tx, run_id)).state == "done"
                left = await tx.all("SELECT status, count(*) FROM procrastinate_jobs GROUP BY status")
                assert await tx.all("SELECT count(*) FROM procrastinate_workers") == [(0,)]
            # What arose from it waits for the next worker.
            assert [status for status, _ in left] == ["todo"]

    run(story())
