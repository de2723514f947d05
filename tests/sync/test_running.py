from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from tests.house import run
from tests.sync.line import shop, sim, simulators, small_world

from bookingbridge.domains.bookings import api as bookings
from bookingbridge.domains.clients import api as clients


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
