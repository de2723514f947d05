"""Where touches come in: bells ring at once, and then not more than once in a second."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import psycopg
from tests.domains.journeys.shops import ANNA, BORIS, NOON, rows, run

from bookingbridge.domains.journeys import api as journeys
from bookingbridge.domains.journeys.api import Event, Intake, Sender
from bookingbridge.infra.clock import FixedClock
from bookingbridge.infra.db import Database

JOBS = "SELECT args->>'business', scheduled_at FROM procrastinate_jobs WHERE status = 'todo' ORDER BY 1"


def test_the_first_touch_is_told_at_once_and_the_next_within_a_second(database_url: str) -> None:
    def begin_waiting_jobs() -> None:
        with psycopg.connect(database_url) as conn:
            conn.execute("UPDATE procrastinate_jobs SET status = 'doing', lock = NULL WHERE status = 'todo'")

    async def story(db: Database) -> None:
        clock = db.clock
        assert isinstance(clock, FixedClock)
        async with Intake(db) as intake:

            async def take(business: UUID) -> None:
                touch = intake.touch_of(Event(), Sender(business, "US"), intake.now())
                assert await intake.take(business, [touch]) == [None]

            await take(ANNA)
            assert rows(database_url, JOBS) == [(str(ANNA), None)]
            begin_waiting_jobs()
            clock.move(timedelta(milliseconds=300))
            await take(ANNA)
            await take(ANNA)
            await take(BORIS)
            assert rows(database_url, JOBS) == [(str(ANNA), NOON + timedelta(seconds=1)), (str(BORIS), None)]
            begin_waiting_jobs()
            clock.move(timedelta(seconds=1))
            await take(ANNA)
            assert rows(database_url, JOBS) == [(str(ANNA), None)]
        async with db.business(ANNA) as tx:
            assert await journeys.tell(tx) == 4

    run(database_url, story)
