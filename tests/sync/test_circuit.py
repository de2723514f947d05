"""A vendor that does not answer is left alone for a while, longer each time; then one run tries."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from tests.house import run
from tests.sync.diary import kept_diary

from bookingbridge.canonical.errors import BridgeError, Throttled, Unreachable
from bookingbridge.infra.clock import FixedClock
from bookingbridge.sync import circuit, inbound, running
from bookingbridge.sync.inbound import Arrival

HOUR = timedelta(hours=1)


@pytest.mark.parametrize("trouble", [Unreachable("nobody is at home"), Throttled("too fast")])
def test_it_opens_after_many_failures_and_closes_with_the_first_success(
    database_url: str, trouble: BridgeError
) -> None:
    async def story() -> None:
        clock = FixedClock(datetime.now(UTC))
        async with kept_diary(database_url, clock) as k:
            k.diary.trouble = trouble
            for failures in range(1, circuit.OPENS_AFTER + 1):
                assert (await k.sync(asked_by="schedule")).state == "waiting"
                now = await k.stands()
                assert now.failures == failures
                assert circuit.is_open(now, clock.now()) == (failures == circuit.OPENS_AFTER)
            assert (await k.stands()).circuit_until == clock.now() + circuit.FIRST_REST
            attempts = (await k.sync(asked_by="schedule")).attempts  # left alone: nobody knocks
            assert (attempts, (await k.stands()).failures) == (circuit.OPENS_AFTER, circuit.OPENS_AFTER)
            assert await k.rows("SELECT max(scheduled_at) FROM procrastinate_jobs WHERE task_name = 'sync'") == [
                ((await k.stands()).circuit_until,)
            ]
            clock.move(circuit.FIRST_REST)
            assert (await k.sync(asked_by="schedule")).attempts == attempts + 1  # one tries
            assert (await k.stands()).circuit_until == clock.now() + circuit.FIRST_REST * 2
            k.diary.trouble = None
            clock.move(circuit.FIRST_REST * 2)
            assert (await k.sync(asked_by="schedule")).state == "done"
            healed = await k.stands()
            assert (healed.failures, healed.circuit_until, healed.state) == (0, None, "ok")

    run(story())


def test_who_asks_by_hand_is_let_through(database_url: str) -> None:
    async def story() -> None:
        clock = FixedClock(datetime.now(UTC))
        async with kept_diary(database_url, clock) as k:
            k.diary.trouble = Unreachable("nobody is at home")
            for _ in range(circuit.OPENS_AFTER):
                await k.sync(asked_by="schedule")
            k.diary.trouble = None
            async with k.engine.db.business(k.business) as tx:
                run_id = await running.ask(tx, k.connection, is_full=False, asked_by="Mo")
            waiting = "SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'sync' AND scheduled_at IS NULL"
            assert await k.rows(waiting) != [(0,)]  # now, not when the circuit closes
            await running.carry_out(k.engine, k.business, run_id)
            assert (await k.stands()).circuit_until is None

    run(story())


def test_webhooks_wait_while_it_is_open_and_are_not_lost(database_url: str) -> None:
    async def story() -> None:
        clock = FixedClock(datetime.now(UTC))
        async with kept_diary(database_url, clock) as k:
            k.diary.trouble = Unreachable("nobody is at home")
            for _ in range(circuit.OPENS_AFTER):
                await k.sync(asked_by="schedule")
            k.diary.book("B1")
            body = b'{"id": "E1", "hints": [["booking", "B1"]]}'
            async with await psycopg.AsyncConnection.connect(k.engine.db.url) as conn:
                await inbound.keep(conn, [Arrival(k.business, k.connection, "E1", "", clock.now(), {}, body)])
            await inbound.work_off(k.engine, k.business, k.connection)
            assert await k.rows("SELECT state, attempts FROM inbound_events") == [("new", 0)]
            k.diary.trouble = None
            clock.move(circuit.FIRST_REST)
            await inbound.work_off(k.engine, k.business, k.connection)
            assert await k.rows("SELECT state FROM inbound_events") == [("done",)]
            assert await k.bookings() == {"B1": "confirmed"}

    run(story())


def test_a_run_that_gets_on_between_failures_does_not_open_it(database_url: str) -> None:
    async def story() -> None:
        async with kept_diary(database_url, FixedClock(datetime.now(UTC))) as k:
            async with k.engine.db.business(k.business) as tx:
                for _ in range(10):
                    assert await circuit.count(tx, k.connection, has_advanced=True) is None
                assert await circuit.count(tx, k.connection, has_advanced=False) is None
            assert (await k.stands()).failures == 2

    run(story())


def test_the_rest_doubles_up_to_a_limit() -> None:
    rests = [circuit.rest_after(n) for n in (4, 5, 6, 7, 1000)]
    assert rests == [None, timedelta(minutes=5), timedelta(minutes=10), timedelta(minutes=20), 6 * HOUR]
