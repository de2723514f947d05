"""Messages that are themselves all there is to know are taken in, not looked up."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import psycopg
from tests.house import run
from tests.sync.diary import BEGIN, Kept, kept_diary

from bookingbridge.canonical.errors import Unreachable
from bookingbridge.infra.clock import FixedClock
from bookingbridge.sync import inbound, overview
from bookingbridge.sync.inbound import Arrival


async def _arrive(k: Kept, *said: dict[str, Any]) -> list[tuple[str, str]]:
    """Webhooks have come and were worked on; the state and outcome of all there are, oldest first."""
    now = k.engine.clock.now()
    arrivals = [Arrival(k.business, k.connection, s["id"], "", now, {}, msgspec.json.encode(s)) for s in said]
    async with await psycopg.AsyncConnection.connect(k.engine.db.url) as conn:
        for arrival in arrivals:
            await inbound.keep(conn, [arrival])
    await inbound.work_off(k.engine, k.business, k.connection)
    async with k.engine.db.business(k.business) as tx:
        return [(e.state, e.outcome) for e in (await overview.arrivals(tx))[::-1]]


def _row(name: str, **more: Any) -> list[Any]:
    return ["booking", {"id": name, "starts_at": BEGIN.isoformat(), "minutes": 30} | more]


def test_what_a_message_carries_is_taken_in_without_a_word_to_the_vendor(database_url: str) -> None:
    async def story() -> None:
        async with kept_diary(database_url, FixedClock(datetime.now(UTC))) as k:
            k.diary.trouble = Unreachable("nobody is at home")
            said = {"id": "E1", "rows": [_row("B1"), _row("B2", is_odd=True)]}, {"id": "E2", "rows": [_row("B3")]}
            assert await _arrive(k, *said) == [("unreadable", "this row is odd"), ("done", "booking B3")]
            assert await k.bookings() == {"B1": "confirmed", "B3": "confirmed"}
            assert (await _arrive(k, {"id": "E3"}))[-1] == ("ignored", "changed: nothing to look at")

    run(story())


def test_messages_are_taken_in_in_the_order_in_which_they_came(database_url: str) -> None:
    async def story() -> None:
        async with kept_diary(database_url, FixedClock(datetime.now(UTC))) as k:
            await _arrive(
                k, {"id": "E1", "rows": [_row("B1")]}, {"id": "E2", "rows": [_row("B1", status="cancelled")]},
                {"id": "E3", "rows": [_row("B2", status="cancelled")]}, {"id": "E4", "rows": [_row("B2")]},
            )  # fmt: skip
            assert await k.bookings() == {"B1": "cancelled", "B2": "confirmed"}

    run(story())


def test_a_message_that_also_names_a_thing_is_taken_in_with_it(database_url: str) -> None:
    async def story() -> None:
        async with kept_diary(database_url, FixedClock(datetime.now(UTC))) as k:
            said = {"id": "E1", "rows": [_row("B1")], "hints": [["booking", "B2"]]}
            ((state, outcome),) = await _arrive(k, said)
            assert (state, outcome) == ("new", "booking B2 is not shown by the vendor yet")
            assert await k.bookings() == {}
            k.diary.book("B2")
            async with k.engine.db.business(k.business) as tx:
                await tx.run("UPDATE inbound_events SET processed_at = processed_at - interval '1 hour'")
            await inbound.work_off(k.engine, k.business, k.connection)
            assert await k.bookings() == {"B1": "confirmed", "B2": "confirmed"}
            assert (await k.rows("SELECT state, outcome FROM inbound_events")) == [("done", "booking B1, booking B2")]

    run(story())


def test_a_message_that_comes_twice_is_taken_in_once(database_url: str) -> None:
    async def story() -> None:
        async with kept_diary(database_url, FixedClock(datetime.now(UTC))) as k:
            before = await _arrive(k, {"id": "E1", "rows": [_row("B1")]})
            assert before == [("done", "booking B1")]
            again = await _arrive(k, {"id": "E1", "rows": [_row("B1")]})
            assert again == before  # the vendor's id of it is known
            assert await k.rows("SELECT count(*) FROM raw_records") == [(1,)]

    run(story())
