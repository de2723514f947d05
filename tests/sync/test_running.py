from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from tests.house import run
from tests.sync.line import Shop, shop, sim, simulators, small_world

from bookingbridge.canonical.ports import Vendor
from bookingbridge.domains.bookings import api as bookings
from bookingbridge.domains.clients import api as clients
from bookingbridge.infra.clock import FixedClock
from bookingbridge.main.demo import worlds
from bookingbridge.sync import connecting, inbound, overview, running, schedule
from bookingbridge.sync.engine import Place
from bookingbridge.vendorkit.http import Transport


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    with simulators() as address:
        yield address


def _totals(progress: Mapping[str, Mapping[str, Any]], what: str) -> dict[str, int]:
    return {name: p[what] for name, p in progress.items()}


def test_a_full_import_brings_everything_once_and_a_second_one_nothing(database_url: str, base: str) -> None:
    async def story() -> None:
        world = small_world()
        async with shop(database_url, base, world) as s:
            first = await s.sync(full=True)
            assert (first.state, first.error) == ("done", "")
            expected = {
                "locations": 2, "team": 5, "services": 6, "customers": len(world.people),
                "bookings": len(world.visits),
                "payments": sum(v.paid_at is not None for v in world.visits) + len(world.walk_ins),
                "refunds": sum(bool(v.refunded_minor) for v in world.visits),
                "payouts": 0, "payout_entries": 0,
            }  # fmt: skip
            assert _totals(first.progress, "new") == expected
            second = await s.sync(full=True)
            assert second.state == "done"
            assert sum(_totals(second.progress, "new").values()) == 0
            assert sum(_totals(second.progress, "changed").values()) == 0
            async with s.engine.db.business(s.business) as tx:
                assert await clients.count(tx) == len(world.people)

    run(story())


@pytest.mark.parametrize("fault", ["429", "500", "reset"])
def test_a_run_that_meets_a_fault_waits_and_then_ends_whole(database_url: str, base: str, fault: str) -> None:
    async def story() -> None:
        world = small_world(days=8)
        async with shop(database_url, base, world) as s:
            sim(base, "POST", "/square/_sim/faults", {
                "fault": fault, "match": {"path_prefix": "/v2/bookings"}, "times": 4, "retry_after": 0,
            })  # fmt: skip
            stopped = await s.sync(full=True)
            for _ in range(4):
                if stopped.state == "done":
                    break
                assert stopped.state == "waiting"
                stopped = await s.sync(full=True)
            assert stopped.state == "done"
            sim(base, "DELETE", "/square/_sim/faults")
            async with s.engine.db.business(s.business) as tx:
                found = await bookings.latest(tx, limit=10_000)
            assert len(found) == len(world.visits)

    run(story())


def test_an_empty_page_with_a_cursor_does_not_end_a_stream(database_url: str, base: str) -> None:
    async def story() -> None:
        world = small_world(days=8)
        async with shop(database_url, base, world) as s:
            sim(base, "POST", "/square/_sim/faults", {
                "fault": "empty_page_with_cursor", "match": {"path_prefix": "/v2/bookings"}, "times": 2,
            })  # fmt: skip
            done = await s.sync(full=True)
            assert done.state == "done"
            assert done.progress["bookings"]["new"] == len(world.visits)

    run(story())


def test_revoked_access_stops_the_run_and_asks_for_the_owner(database_url: str, base: str) -> None:
    async def story() -> None:
        async with shop(database_url, base, small_world(days=5)) as s:
            sim(base, "DELETE", "/square/_sim/world")
            failed = await s.sync(full=True)
            assert failed.state == "failed"
            assert await s.state() == "needs_reauth"

    run(story())


def test_runs_that_are_asked_for_at_once_are_one_and_a_full_one_stands_for_any(database_url: str, base: str) -> None:
    async def story() -> None:
        async with shop(database_url, base, small_world(days=3)) as s:

            async def ask(*, full: bool) -> UUID:
                async with s.engine.db.business(s.business) as tx:
                    return await running.ask(tx, s.connection, is_full=full, asked_by="test")

            (small,) = set(await asyncio.gather(*(ask(full=False) for _ in range(6))))
            (full,) = set(await asyncio.gather(*(ask(full=True) for _ in range(6))))
            assert full != small
            assert {await ask(full=True), await ask(full=False)} == {full}
            await s.drain()
            async with s.engine.db.business(s.business) as tx:
                found = {r.id: (r.kind, r.state) for r in await overview.runs_of(tx)}
            assert found == {small: ("incremental", "done"), full: ("full", "done")}
            assert await ask(full=True) not in found

    run(story())


def test_a_run_is_held_by_one_worker_the_one_that_took_it_up_last(database_url: str, base: str) -> None:
    async def story() -> None:
        world = small_world(days=8)
        async with shop(database_url, base, world) as s:
            sim(base, "POST", "/square/_sim/faults", {
                "fault": "slow", "match": {"path_prefix": "/v2/customers"}, "times": 1, "seconds": 1.5,
            })  # fmt: skip
            async with s.engine.db.business(s.business) as tx:
                run_id = await running.ask(tx, s.connection, is_full=True, asked_by="test")
            sleeper = asyncio.create_task(running.carry_out(s.engine, s.business, run_id))
            await _asked(s, "/v2/customers/search")
            await running.carry_out(s.engine, s.business, run_id)
            async with s.engine.db.business(s.business) as tx:
                done = await overview.run_of(tx, run_id)
                cursors = await tx.all("SELECT * FROM cursors ORDER BY stream")
            assert (done.state, done.attempts) == ("done", 2)
            await sleeper  # it wakes up, and finds that it holds nothing any more
            async with s.engine.db.business(s.business) as tx:
                assert await overview.run_of(tx, run_id) == done
                assert await tx.all("SELECT * FROM cursors ORDER BY stream") == cursors
                assert len(await bookings.latest(tx, limit=1_000)) == len(world.visits)

    run(story())


async def _asked(s: Shop, path: str) -> None:
    """Square has been asked at that path."""
    for _ in range(400):
        if any(r["path"] == path for r in sim(s.square, "GET", "/_sim/requests")["requests"]):
            return
        await asyncio.sleep(0.02)
    raise TimeoutError(path)


def test_a_run_whose_job_was_lost_is_found_and_carried_out(database_url: str, base: str) -> None:
    async def story() -> None:
        async with shop(database_url, base, small_world(days=3)) as s:
            async with s.engine.db.business(s.business) as tx:
                run_id = await running.ask(tx, s.connection, is_full=True, asked_by="test")
            assert await schedule.sweep(s.engine) == 0
            with psycopg.connect(database_url) as owner:
                owner.execute("DELETE FROM procrastinate_jobs")
                owner.execute("UPDATE sync_runs SET asked_at = asked_at - interval '3 minutes'")
            assert await schedule.sweep(s.engine) == 1
            assert await schedule.sweep(s.engine) == 0  # the bell rings already
            await s.drain()
            async with s.engine.db.business(s.business) as tx:
                assert (await overview.run_of(tx, run_id)).state == "done"
            assert await schedule.sweep(s.engine) == 0

    run(story())


def test_webhooks_whose_bell_was_lost_are_found_and_worked_on(database_url: str, base: str) -> None:
    async def story() -> None:
        async with shop(database_url, base, small_world(days=3)) as s:
            arrived = s.engine.clock.now() - timedelta(minutes=3)
            lost = inbound.Arrival(s.business, s.connection, "lost", "", arrived, {}, b"unreadable")
            async with await psycopg.AsyncConnection.connect(s.engine.db.url) as conn:
                await inbound.keep(conn, [lost])
            with psycopg.connect(database_url) as owner:
                owner.execute("DELETE FROM procrastinate_jobs")
            assert await schedule.sweep(s.engine) == 1
            await s.drain()
            async with s.engine.db.business(s.business) as tx:
                assert [k.state for k in await overview.arrivals(tx)] == ["unreadable"]
            assert await schedule.sweep(s.engine) == 0

    run(story())


def test_what_is_due_is_begun_once_however_many_workers_look(database_url: str, base: str) -> None:
    async def story() -> None:
        clock = FixedClock(datetime.now(UTC).replace(hour=18, minute=0))  # in the morning in Los Angeles
        async with shop(database_url, base, small_world(days=3), clock=clock) as s:
            await connecting.start_import(s.engine, s.business, s.connection, asked_by="test")
            await s.drain()
            every = s.engine.vendor("square").manifest.every
            assert await schedule.begin_due(s.engine) == 0
            clock.move(every + timedelta(seconds=1))
            assert sum(await asyncio.gather(*(schedule.begin_due(s.engine) for _ in range(6)))) == 1
            clock.move(timedelta(hours=12))  # nobody worked: one run makes up for all that were missed
            assert [await schedule.begin_due(s.engine) for _ in range(3)] == [1, 0, 0]
            await s.drain()
            async with s.engine.db.business(s.business) as tx:
                kinds = [(r.kind, r.state, r.asked_by) for r in await overview.runs_of(tx)]
            assert kinds == [("incremental", "done", "schedule"), ("full", "done", "test")]
            await connecting.pause(s.engine, s.business, s.connection)
            clock.move(every * 2)
            await schedule.begin_due(s.engine)
            async with s.engine.db.business(s.business) as tx:
                assert len(await overview.runs_of(tx)) == 2

    run(story())


def test_a_vendor_that_goes_silent_after_it_was_asked_is_asked_again_later(database_url: str, base: str) -> None:
    async def story() -> None:
        world = small_world(days=8)
        async with shop(database_url, base, world) as s:
            quick = replace(s, engine=replace(s.engine, transport=_impatient))
            for path in ("/v2/catalog/search", "/v2/bookings", "/v2/payments"):
                sim(base, "POST", "/square/_sim/faults", {
                    "fault": "timeout_after_effect", "match": {"path_prefix": path}, "times": 1,
                })  # fmt: skip
            states = [(await quick.sync(full=True)).state for _ in range(4)]
            assert states == ["waiting"] * 3 + ["done"]
            async with s.engine.db.business(s.business) as tx:
                (ran,) = await overview.runs_of(tx)
                assert ran.attempts == 4
                assert ran.progress["bookings"]["new"] == len(world.visits)
                assert len(await bookings.latest(tx, limit=1_000)) == len(world.visits)
            assert await s.state() == "ok"

    run(story())


def _impatient(vendor: Vendor, environment: str, place: Place) -> Transport:
    """Waits for no answer longer than half a second, and asks once."""
    return Transport(
        allowed_hosts=frozenset({"127.0.0.1"}), allow_loopback=True, now=lambda: datetime.now(UTC), timeout=0.5, tries=1
    )


def test_nonsense_instead_of_a_page_is_told_and_the_next_run_makes_it_good(database_url: str, base: str) -> None:
    async def story() -> None:
        world = small_world(days=8)
        async with shop(database_url, base, world) as s:
            sim(base, "POST", "/square/_sim/faults", {
                "fault": "garbage", "match": {"path_prefix": "/v2/payments"}, "times": 1,
            })  # fmt: skip
            failed = await s.sync(full=True)
            assert failed.state == "failed"
            assert failed.error
            assert await s.state() == "broken"
            again = await s.sync(full=False)
            assert again.state == "done"
            assert again.progress["payments"]["new"] == len(worlds.square(world)["payments"])
            assert await s.state() == "ok"

    run(story())


def test_what_one_record_has_too_much_of_stops_no_other(database_url: str, base: str) -> None:
    async def story() -> None:
        world = small_world(days=8)
        async with shop(database_url, base, world) as s:
            row = worlds.square(world)["bookings"][0]
            odd = [row | {"id": "BKODD", "status": "TELEPORTED"}, row | {"id": "BKGOOD"}]
            sim(base, "POST", "/square/_sim/world", {"bookings": odd})
            done = await s.sync(full=True)
            assert (done.state, done.progress["bookings"]["problems"]) == ("done", 1)
            assert done.progress["bookings"]["new"] == len(world.visits) + 1
            async with s.engine.db.business(s.business) as tx:
                assert [p.remote_id for p in await overview.problems(tx, s.connection)] == ["BKODD"]
                assert await overview.problem_counts(tx) == {s.connection: 1}
            sim(base, "POST", "/square/_sim/world", {"bookings": [odd[0] | {"status": "ACCEPTED", "version": 2}]})
            mended = await s.sync(full=True)
            assert (mended.progress["bookings"]["problems"], mended.progress["bookings"]["new"]) == (0, 1)
            async with s.engine.db.business(s.business) as tx:
                assert await overview.problem_counts(tx) == {}

    run(story())
