"""What a vendor ceases to show is gone, and comes back when it is shown again; a mass is not believed without a yes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.house import a_business, run
from tests.sync.diary import BEGIN, FIELDS, Diary, Kept, diary_engine, kept_diary

from bookingbridge.canonical.records import Booking, BookingStatus
from bookingbridge.infra.clock import FixedClock
from bookingbridge.sync import connecting, vanishing
from bookingbridge.sync.store import findings
from bookingbridge.sync.store.findings import Finding


async def _open(k: Kept) -> list[Finding]:
    async with k.engine.db.business(k.business) as tx:
        return await findings.are_open(tx, k.connection)


def test_what_is_shown_no_more_is_cancelled_and_alive_again_when_it_is_back(database_url: str) -> None:
    async def story() -> None:
        clock = FixedClock(datetime.now(UTC))
        async with kept_diary(database_url, clock) as k:
            k.diary.book("B1", "B2", "B3")
            k.diary.rows["client"]["C1"] = {"id": "C1", "name": "Ada Prentice"}
            k.diary.rows["block"]["X1"] = {"id": "X1", "starts_at": BEGIN.isoformat(), "minutes": 60}
            assert (await k.sync()).progress["bookings"]["new"] == 3
            clock.move(timedelta(minutes=30))
            kept = {kind: dict(rows) for kind, rows in k.diary.rows.items()}
            del k.diary.rows["booking"]["B2"], k.diary.rows["client"]["C1"], k.diary.rows["block"]["X1"]
            ran = await k.sync()
            assert {name: p.get("gone") for name, p in ran.progress.items()} == {
                "clients": 1, "bookings": 1, "blocks": 1,
            }  # fmt: skip
            assert await k.bookings() == {"B1": "confirmed", "B2": "cancelled", "B3": "confirmed"}
            assert await k.rows("SELECT is_deleted FROM clients") == [(True,)]
            assert await k.rows("SELECT is_cancelled FROM blocks") == [(True,)]
            tombs = "SELECT kind, remote_id FROM external_links WHERE tombstone_at IS NOT NULL ORDER BY kind"
            assert await k.rows(tombs) == [("block", "X1"), ("booking", "B2"), ("client", "C1")]
            (told,) = await k.rows(
                "SELECT payload->'ids' FROM events WHERE name = 'bookings_recorded' ORDER BY id DESC LIMIT 1"
            )
            assert len(told[0]) == 1
            clock.move(timedelta(minutes=30))
            assert (await k.sync()).progress["bookings"]["gone"] == 0
            k.diary.rows.update(kept)
            clock.move(timedelta(minutes=30))
            ran = await k.sync()
            assert ran.progress["bookings"]["changed"] == 1
            assert await k.bookings() == dict.fromkeys(("B1", "B2", "B3"), "confirmed")
            assert await k.rows("SELECT is_deleted FROM clients") == [(False,)]
            assert await k.rows(tombs) == []

    run(story())


def test_what_slips_past_a_sweep_is_asked_for_before_it_counts_as_gone(database_url: str) -> None:
    async def story() -> None:
        clock = FixedClock(datetime.now(UTC))
        async with kept_diary(database_url, clock) as k:
            k.diary.book("B1", "B2", "B3")
            await k.sync()
            clock.move(timedelta(minutes=30))
            k.diary.book("B2", at=5, version=2)
            k.diary.slipping = {"B2"}
            del k.diary.rows["booking"]["B3"]
            ran = await k.sync()
            assert ran.progress["bookings"]["gone"] == 1
            assert await k.bookings() == {"B1": "confirmed", "B2": "confirmed", "B3": "cancelled"}
            ((starts_at,),) = await k.rows("SELECT starts_at FROM bookings WHERE remote_id = 'B2'")
            assert starts_at == BEGIN + timedelta(hours=5)

    run(story())


def test_what_comes_back_is_alive_even_in_an_older_version(database_url: str) -> None:
    async def story() -> None:
        clock = FixedClock(datetime.now(UTC))
        async with kept_diary(database_url, clock) as k:
            k.diary.book("B1", version=5)
            k.diary.book("B2", status="cancelled")
            await k.sync()
            kept = dict(k.diary.rows["booking"])
            k.diary.rows["booking"].clear()
            clock.move(timedelta(hours=1))
            assert (await k.sync()).progress["bookings"]["gone"] == 1  # the other was cancelled before
            assert len(await k.rows("SELECT FROM external_links WHERE tombstone_at IS NOT NULL")) == 2
            k.diary.rows["booking"].update(kept)
            k.diary.book("B1", version=3)
            clock.move(timedelta(hours=1))
            await k.sync()
            assert await k.bookings() == {"B1": "confirmed", "B2": "cancelled"}
            assert await k.rows("SELECT FROM external_links WHERE tombstone_at IS NOT NULL") == []

    run(story())


def test_what_lies_outside_of_what_was_asked_for_has_not_vanished(database_url: str) -> None:
    async def story() -> None:
        clock = FixedClock(datetime.now(UTC))
        async with kept_diary(database_url, clock) as k:
            for at, name in enumerate(("B0", "B1", "B2", "B3")):
                k.diary.book(name, at=at)
            await k.sync()
            k.diary.rows["booking"].clear()
            k.diary.starts = (BEGIN + timedelta(hours=1), BEGIN + timedelta(hours=3))
            clock.move(timedelta(hours=1))
            await k.sync()
            assert await k.bookings() == {"B0": "confirmed", "B1": "cancelled", "B2": "cancelled", "B3": "confirmed"}

    run(story())


def test_what_cannot_be_read_or_is_older_than_known_has_been_seen_all_the_same(database_url: str) -> None:
    async def story() -> None:
        clock = FixedClock(datetime.now(UTC))
        async with kept_diary(database_url, clock) as k:
            k.diary.book("B1", "B2", "B3", version=4)
            await k.sync()
            clock.move(timedelta(minutes=10))
            k.diary.book("B1", is_odd=True)
            k.diary.book("B2", version=2, minutes=45)
            ran = await k.sync()
            counts = {n: ran.progress["bookings"][n] for n in ("same", "stale", "problems", "gone")}
            assert counts == {"same": 1, "stale": 1, "problems": 1, "gone": 0}
            assert set((await k.bookings()).values()) == {"confirmed"}

    run(story())


def test_a_run_that_is_taken_up_again_takes_nothing_for_gone_that_it_saw_before(database_url: str) -> None:
    async def story() -> None:
        clock = FixedClock(datetime.now(UTC))
        async with kept_diary(database_url, clock) as k:
            k.diary.book(*(f"B{n:02}" for n in range(35)))
            await k.sync()
            for _ in range(3):
                clock.move(timedelta(minutes=20))
                ran = await k.sync()
                assert (ran.progress["bookings"]["same"], ran.progress["bookings"]["gone"]) == (35, 0)

    run(story())


def test_a_vendor_that_never_sweeps_loses_nothing_and_costs_no_writing(database_url: str) -> None:
    async def story() -> None:
        clock = FixedClock(datetime.now(UTC))
        async with kept_diary(database_url, clock) as k:
            k.diary.sweeps = False
            k.diary.book("B1", "B2")
            await k.sync()
            links = "SELECT ctid::text, xmin::text FROM external_links WHERE kind = 'booking' ORDER BY 1"
            before = await k.rows(links)
            del k.diary.rows["booking"]["B2"]
            clock.move(timedelta(minutes=30))
            await k.sync()
            assert await k.rows(links) == before
            assert set((await k.bookings()).values()) == {"confirmed"}

    run(story())


def test_a_stream_that_begins_to_sweep_takes_nothing_for_gone_whose_sighting_was_not_noted(database_url: str) -> None:
    async def story() -> None:
        clock = FixedClock(datetime.now(UTC))
        async with kept_diary(database_url, clock) as k:
            k.diary.sweeps = False
            k.diary.book(*(f"B{n:02}" for n in range(15)))
            await k.sync()
            clock.move(timedelta(minutes=30))  # within the hour in which a sighting is not noted anew
            k.diary.sweeps = True
            await k.sync()
            assert set((await k.bookings()).values()) == {"confirmed"}
            del k.diary.rows["booking"]["B03"]
            clock.move(timedelta(minutes=1))
            assert (await k.sync()).progress["bookings"]["gone"] == 1

    run(story())


def test_a_mass_that_vanishes_is_untouched_until_it_is_confirmed(database_url: str) -> None:
    async def story() -> None:
        clock = FixedClock(datetime.now(UTC))
        async with kept_diary(database_url, clock) as k:
            names = [f"B{n:02}" for n in range(40)]
            k.diary.book(*names)
            await k.sync()
            for name in names[:21]:
                del k.diary.rows["booking"][name]
            for _ in range(2):
                clock.move(timedelta(hours=1))
                ran = await k.sync()
                assert ran.state == "done"
                assert ran.progress["bookings"]["gone"] == 0
                assert ran.progress["bookings"]["note"].startswith("21 of 40 bookings are shown no more")
                assert set((await k.bookings()).values()) == {"confirmed"}
            (finding,) = await _open(k)
            assert (finding.code, finding.subject, finding.count) == ("vanished", "booking", 21)
            assert finding.last_seen_at - finding.since == timedelta(hours=1)
            async with k.engine.db.business(k.business) as tx:
                assert await findings.confirm(tx, k.connection, vanishing.VANISHED, None) == 1
            clock.move(timedelta(hours=1))
            ran = await k.sync()
            assert (ran.progress["bookings"]["gone"], ran.progress["bookings"]["note"]) == (21, "")
            assert list((await k.bookings()).values()).count("cancelled") == 21
            assert await _open(k) == []

    run(story())


def test_a_mass_that_is_back_needs_no_confirmation_any_more(database_url: str) -> None:
    async def story() -> None:
        clock = FixedClock(datetime.now(UTC))
        async with kept_diary(database_url, clock) as k:
            k.diary.book(*(f"B{n:02}" for n in range(30)))
            await k.sync()
            kept = dict(k.diary.rows["booking"])
            k.diary.rows["booking"].clear()
            clock.move(timedelta(hours=1))
            await k.sync()
            assert [f.count for f in await _open(k)] == [30]
            k.diary.rows["booking"].update(kept)
            clock.move(timedelta(hours=1))
            await k.sync()
            assert await _open(k) == []
            assert set((await k.bookings()).values()) == {"confirmed"}

    run(story())


def test_a_confirmation_is_good_for_what_it_was_given_for(database_url: str) -> None:
    async def story() -> None:
        clock = FixedClock(datetime.now(UTC))
        async with kept_diary(database_url, clock) as k:
            names = [f"B{n:03}" for n in range(100)]
            k.diary.book(*names)
            await k.sync()
            for name in names[:51]:
                del k.diary.rows["booking"][name]
            clock.move(timedelta(hours=1))
            await k.sync()
            async with k.engine.db.business(k.business) as tx:
                await findings.confirm(tx, k.connection, vanishing.VANISHED, "booking")
            k.diary.rows["booking"].clear()
            clock.move(timedelta(hours=1))
            await k.sync()
            assert set((await k.bookings()).values()) == {"confirmed"}
            assert [(f.count, f.confirmed_count) for f in await _open(k)] == [(100, 51)]

    run(story())


@pytest.mark.parametrize(
    ("going", "covered", "expected"),
    [(20, 20, False), (21, 41, True), (21, 42, False), (500, 1000, False), (501, 1000, True)],
)
def test_more_than_twenty_and_more_than_half_are_a_mass(going: int, covered: int, expected: bool) -> None:
    assert vanishing.is_mass(going, covered) is expected


def test_what_takes_place_no_more_anyway_stays_as_it_was() -> None:
    for status in BookingStatus:
        record = Booking("B1", 1, None, status, BEGIN, BEGIN, BEGIN, None, None, None, None, None)  # type: ignore[arg-type]
        after = vanishing.as_gone(record)
        assert isinstance(after, Booking)
        is_over = status in (BookingStatus.CANCELLED, BookingStatus.DECLINED, BookingStatus.NO_SHOW)
        assert after.status == (status if is_over else BookingStatus.CANCELLED)


class Lasting:
    """One engine in one event loop, in which a diary can be connected again and again."""

    def __init__(self, database_url: str) -> None:
        self._url = database_url
        self._stack = AsyncExitStack()
        self.runner = asyncio.Runner()
        self.clock = FixedClock(datetime.now(UTC))

    def __enter__(self) -> Lasting:
        self.engine, self.diary = self.runner.run(self._stack.enter_async_context(diary_engine(self._url, self.clock)))
        return self

    def __exit__(self, *_: object) -> None:
        self.runner.run(self._stack.aclose())
        self.runner.close()

    async def kept(self) -> Kept:
        """A new business with an empty diary."""
        fresh = Diary(now=self.clock.now)
        for name in ("rows", "page", "starts", "sweeps"):
            setattr(self.diary, name, getattr(fresh, name))
        business = await a_business(self.engine)
        made = await connecting.connect_with_token(
            self.engine, business.id, vendor="diary", environment="simulator", fields=FIELDS
        )
        await connecting.test(self.engine, business.id, made)
        return Kept(self.engine, self.diary, business.id, made)


@pytest.fixture
def lasting(database_url: str) -> Iterator[Lasting]:
    with Lasting(database_url) as found:
        yield found


_NAMES = [f"B{n}" for n in range(8)]
_ACTS = st.lists(
    st.tuples(
        st.dictionaries(st.sampled_from(_NAMES), st.tuples(st.integers(0, 5), st.booleans())), st.integers(1, 4),
        st.sampled_from([1, 30, 90]),
    ),
    min_size=1, max_size=5,
)  # fmt: skip


def test_after_every_sweep_ours_is_what_the_vendor_shows(lasting: Lasting) -> None:
    async def story(k: Kept, acts: list[tuple[dict[str, tuple[int, bool]], int, int]]) -> None:
        await k.sync()
        for shown, page, minutes in acts:
            lasting.clock.move(timedelta(minutes=minutes))
            k.diary.rows["booking"].clear()
            k.diary.page = page
            for name, (version, is_cancelled) in shown.items():
                k.diary.book(name, version=version, status="cancelled" if is_cancelled else "confirmed")
            before = await k.bookings()
            await k.sync()
            ours = await k.bookings()
            assert set(ours) == set(before) | set(shown)
            for name in ours.keys() - shown.keys():
                assert ours[name] == "cancelled"
            buried = {r[0] for r in await k.rows("SELECT remote_id FROM external_links WHERE tombstone_at IS NOT NULL")}
            assert buried == ours.keys() - shown.keys()
            alive = {
                r[0]: r[1] for r in await k.rows("SELECT remote_id, base FROM external_links WHERE kind = 'booking'")
            }
            for name, (version, is_cancelled) in shown.items():
                if alive[name]["version"] == version:
                    assert ours[name] == ("cancelled" if is_cancelled else "confirmed")
                else:
                    assert alive[name]["version"] > version  # an older version of a thing that was there all along

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(_ACTS)
    def agrees(acts: list[Any]) -> None:
        lasting.runner.run(story(lasting.runner.run(lasting.kept()), acts))

    agrees()
