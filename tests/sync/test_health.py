"""How connections do: findings open and close by themselves, tokens are forecast, and one story is told of it all."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import psycopg
import pytest
from tests.house import run
from tests.sync.diary import BEGIN, FIELDS, Kept, kept_diary

from bookingbridge.canonical.errors import NotFound, Refused, Unreachable
from bookingbridge.canonical.ids import RemoteId
from bookingbridge.canonical.money import Money
from bookingbridge.canonical.records import Booking, BookingStatus, Service
from bookingbridge.infra.clock import FixedClock
from bookingbridge.infra.ids import new_id
from bookingbridge.main import worker
from bookingbridge.sync import circuit, connecting, health, inbound, oddity, overview, subscribing
from bookingbridge.sync.health import Health
from bookingbridge.sync.inbound import Arrival

DAY = timedelta(days=1)


async def _health(k: Kept) -> Health:
    async with k.engine.db.business(k.business) as tx:
        return await health.health_of(k.engine, tx, k.connection)


async def _found(k: Kept) -> dict[tuple[str, str], int]:
    """The open findings: how many things each concerns, by code and subject."""
    return {(f.code, f.subject): f.count for f in (await _health(k)).findings}


async def _arrive(k: Kept, name: str) -> None:
    body = msgspec.json.encode({"id": name, "hints": [["booking", "B1"]]})
    async with await psycopg.AsyncConnection.connect(k.engine.db.url) as conn:
        await inbound.keep(conn, [Arrival(k.business, k.connection, name, "", k.engine.clock.now(), {}, body)])
    await inbound.work_off(k.engine, k.business, k.connection)


def test_impossible_dates_and_negative_prices_are_found_and_forgotten_when_mended(database_url: str) -> None:
    async def story() -> None:
        clock = FixedClock(datetime.now(UTC))
        async with kept_diary(database_url, clock) as k:
            k.diary.book("B1", "B2")
            k.diary.book("B3", at=24 * 366 * 9)
            k.diary.book("B4", at=-24 * 365 * 30)
            k.diary.book("B5", price=-500)
            await k.sync(full=True)
            assert await _found(k) == {("impossible_dates", "booking"): 2, ("negative_prices", "booking"): 1}
            found = (await _health(k)).findings
            assert [f.says for f in found] == [
                "2 bookings have a date that cannot be",
                "1 bookings cost less than nothing",
            ]
            assert sorted(found[0].detail["ids"]) == ["B3", "B4"]
            k.diary.book("B3", version=2)
            clock.move(timedelta(hours=1))
            await k.sync()
            assert await _found(k) == {("impossible_dates", "booking"): 1, ("negative_prices", "booking"): 1}
            (dates, _) = (await _health(k)).findings
            assert dates.last_seen_at - dates.since == timedelta(hours=1)
            k.diary.book("B4", version=2)
            k.diary.book("B5", version=2, price=500)
            clock.move(timedelta(hours=1))
            await k.sync()
            assert await _found(k) == {}

    run(story())


def test_something_odd_is_found_by_a_run_that_reads_only_changes(database_url: str) -> None:
    async def story() -> None:
        clock = FixedClock(datetime.now(UTC))
        async with kept_diary(database_url, clock) as k:
            k.diary.book("B1")
            await k.sync(full=True)
            assert await _found(k) == {}
            k.diary.book("B1", version=2, price=-1)
            clock.move(timedelta(hours=1))
            await k.sync()
            assert await _found(k) == {("negative_prices", "booking"): 1}

    run(story())


def test_what_is_mentioned_and_never_shown_is_found_until_it_comes(database_url: str) -> None:
    async def story() -> None:
        clock = FixedClock(datetime.now(UTC))
        async with kept_diary(database_url, clock) as k:
            k.diary.book("B1", client="C9")
            await k.sync(full=True)
            assert await _found(k) == {}  # it may come with the next reading
            clock.move(timedelta(hours=1))
            await k.sync(full=True)
            assert await _found(k) == {("orphaned", "client"): 1}
            k.diary.rows["client"]["C9"] = {"id": "C9", "name": "Ada Prentice"}
            clock.move(timedelta(hours=1))
            await k.sync()
            assert await _found(k) == {}

    run(story())


@pytest.mark.parametrize("odd", [True, False])
def test_a_record_is_odd_where_it_cannot_be_so(odd: bool) -> None:
    now = BEGIN + DAY
    far = BEGIN + oddity.AHEAD + 2 * DAY

    def booking(starts: datetime, ends: datetime, price: int | None = None) -> Booking:
        money = None if price is None else Money(price, "USD")
        return Booking(
            RemoteId("B"), 1, None, BookingStatus.CONFIRMED, starts, ends, BEGIN, None, None, None, None, money
        )

    some = (
        [booking(BEGIN, BEGIN - DAY), booking(far, far), booking(BEGIN, BEGIN, -1),
         booking(oddity.EARLIEST - DAY, BEGIN), Service(RemoteId("S"), 1, None, "Cut", Money(-1, "USD"), 30)]
        if odd else
        [booking(BEGIN, BEGIN), booking(BEGIN, BEGIN + DAY, 0), Service(RemoteId("S"), 1, None, "Cut", None, 30)]
    )  # fmt: skip
    assert [oddity.is_odd(r, now) for r in some] == [odd] * len(some)


def test_changes_that_no_webhook_told_are_said_so_until_webhooks_come_again(database_url: str) -> None:
    async def story() -> None:
        clock = FixedClock(datetime.now(UTC))
        async with kept_diary(database_url, clock) as k:
            k.diary.book("B1")
            await k.sync(full=True)
            await subscribing.ensure(k.engine, k.business, k.connection)
            clock.move(timedelta(hours=2))
            await _arrive(k, "E1")
            clock.move(timedelta(hours=2))
            changed = (clock.now() - timedelta(minutes=30)).isoformat()
            k.diary.book("B2", changed_at=changed)
            k.diary.book("B3", changed_at=(clock.now() - timedelta(minutes=1)).isoformat())  # its webhook may come yet
            k.diary.book("B4", changed_at=(clock.now() - timedelta(hours=3)).isoformat())  # something came after it
            await k.sync()
            assert await _found(k) == {("webhooks_missing", ""): 1}
            shown = await _health(k)
            assert (shown.tone, shown.says) == ("warn", "1 change found by looking, of which no webhook had told")
            clock.move(timedelta(minutes=5))
            await _arrive(k, "E2")
            assert await _found(k) == {}
            assert (await _health(k)).tone == "ok" or (await _health(k)).says == "set-up is not finished"

    run(story())


def test_who_has_no_webhooks_misses_none(database_url: str) -> None:
    async def story() -> None:
        clock = FixedClock(datetime.now(UTC))
        async with kept_diary(database_url, clock) as k:
            await k.sync(full=True)
            clock.move(timedelta(hours=2))
            k.diary.book("B2", changed_at=(clock.now() - timedelta(minutes=30)).isoformat())
            await k.sync()
            assert await _found(k) == {}

    run(story())


def test_a_mass_that_vanished_warns_until_the_owner_confirms_it(database_url: str) -> None:
    async def story() -> None:
        clock = FixedClock(datetime.now(UTC))
        async with kept_diary(database_url, clock) as k:
            k.diary.book(*(f"B{n:02}" for n in range(30)))
            await k.sync()
            with pytest.raises(Refused, match="nothing waits"):
                await health.confirm_vanished(k.engine, k.business, k.connection, asked_by="Mo")
            k.diary.rows["booking"].clear()
            clock.move(timedelta(hours=1))
            await k.sync()
            shown = await _health(k)
            assert (shown.tone, shown.says[:28]) == ("warn", "30 of 30 bookings are shown ")
            with pytest.raises(NotFound):
                await health.confirm_vanished(k.engine, k.business, new_id(clock.now()), asked_by="Mo")
            clock.move(timedelta(hours=1))
            run_id = await health.confirm_vanished(k.engine, k.business, k.connection, asked_by="Mo")
            await worker.drain(k.engine)
            async with k.engine.db.business(k.business) as tx:
                ran = await overview.run_of(tx, run_id)
            assert (ran.state, ran.progress["bookings"]["gone"]) == ("done", 30)
            assert await _found(k) == {}

    run(story())


def test_one_story_is_told_of_a_connection(database_url: str) -> None:
    async def story() -> None:
        clock = FixedClock(datetime.now(UTC))
        async with kept_diary(database_url, clock) as k:
            k.diary.book("B1")
            await connecting.start_import(k.engine, k.business, k.connection, asked_by="test")
            await worker.drain(k.engine)
            clock.move(timedelta(minutes=5))
            await _arrive(k, "E1")
            shown = await _health(k)
            assert (shown.runs, shown.runs_failed, shown.webhooks, shown.webhooks_failed) == (1, 0, 1, 0)
            assert (shown.error_rate, shown.lag, shown.overdue) == (0.0, timedelta(), timedelta())
            assert shown.last_event_at == clock.now()
            assert shown.last_sync_at == clock.now() - timedelta(minutes=5)
            assert shown.token.age == timedelta(minutes=5)
            assert (shown.token.renews_itself, shown.token.says) == (True, "")
            assert shown.hearing.is_registered
            assert shown.next_sync_at is not None
            assert shown.next_full_at is not None
            told = msgspec.json.encode(health.as_json(shown)).decode()
            for secret in (FIELDS["secret"], "token 1", "signs W1"):
                assert secret not in told
            k.diary.trouble = Unreachable("nobody is at home")
            clock.move(timedelta(hours=12))
            for _ in range(circuit.OPENS_AFTER):
                await k.sync(asked_by="schedule")
            shown = await _health(k)
            assert (shown.runs, shown.runs_failed) == (2, 1)
            assert shown.error_rate == pytest.approx(1 / 3)
            assert shown.rests_until == clock.now() + circuit.FIRST_REST
            assert shown.overdue > timedelta(hours=10)

    run(story())


@pytest.mark.parametrize(
    ("left", "renews", "has_failed", "says"),
    [
        (None, False, False, ""), (8 * DAY, False, False, ""),
        (3 * DAY, False, False, "access ends in 3 days; sign in again"),
        (timedelta(hours=5), False, False, "access ends in 5 hours; sign in again"),
        (-DAY, False, False, "access has ended; sign in again"), (3 * DAY, True, False, ""),
        (DAY, True, True, "access ends in 1 day and was not renewed so far; sign in again"),
        (20 * DAY, True, True, ""),
    ],
)  # fmt: skip
def test_the_owner_is_warned_before_access_ends(
    left: timedelta | None, renews: bool, has_failed: bool, says: str
) -> None:
    expires = None if left is None else BEGIN + left
    failed_at = BEGIN - DAY if has_failed else None
    assert health.forecast(expires, BEGIN, renews_itself=renews, failed_at=failed_at) == says
