"""When a connection is read: at night everything, by day often, by night seldom, in the business's own time."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.house import run
from tests.sync.diary import MANIFEST, kept_diary

from bookingbridge.canonical.errors import NotFound, Refused
from bookingbridge.canonical.ports import Ability
from bookingbridge.infra.clock import FixedClock
from bookingbridge.infra.ids import new_id
from bookingbridge.main import worker
from bookingbridge.sync import connecting, overview, planning, schedule
from bookingbridge.sync.planning import Plan

LA = ZoneInfo("America/Los_Angeles")
MORNING = datetime(2026, 11, 20, 18, tzinfo=UTC)  # ten o'clock in Los Angeles
NIGHT = datetime(2026, 11, 21, 6, tzinfo=UTC)  # ten in the evening


def test_a_booking_system_is_read_by_its_own_measure_by_day_and_hourly_by_night() -> None:
    manifest = replace(MANIFEST, every=timedelta(minutes=15))
    assert planning.usual(manifest) == Plan("02:00", 15, 60, "08:00", "20:00")
    assert planning.usual(replace(manifest, every=timedelta(hours=6))) == Plan("02:00", 360, 360)


def test_figures_of_ads_are_read_each_half_hour_at_any_hour() -> None:
    manifest = replace(MANIFEST, abilities=frozenset({Ability.AD_SPEND}), every=timedelta(hours=1))
    assert planning.usual(manifest) == Plan("02:00", 30, 30)


def test_by_day_it_is_the_shorter_and_by_night_the_longer_interval_or_the_opening() -> None:
    plan = Plan("02:00", 15, 60)
    assert planning.next_incremental(plan, MORNING, LA) == MORNING + timedelta(minutes=15)
    assert planning.next_incremental(plan, NIGHT, LA) == NIGHT + timedelta(minutes=60)
    before_eight = datetime(2026, 11, 20, 15, 40, tzinfo=UTC)
    assert planning.next_incremental(plan, before_eight, LA) == datetime(2026, 11, 20, 16, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (datetime(2026, 11, 20, 9, 59, tzinfo=UTC), datetime(2026, 11, 20, 10, tzinfo=UTC)),
        (datetime(2026, 11, 20, 10, tzinfo=UTC), datetime(2026, 11, 21, 10, tzinfo=UTC)),
        # The clock goes from two to three on 8 March 2026, and from two back to one on 1 November.
        (datetime(2026, 3, 8, 7, tzinfo=UTC), datetime(2026, 3, 8, 10, tzinfo=UTC)),
        (datetime(2026, 3, 8, 10, tzinfo=UTC), datetime(2026, 3, 9, 9, tzinfo=UTC)),
        (datetime(2026, 11, 1, 7, tzinfo=UTC), datetime(2026, 11, 1, 10, tzinfo=UTC)),
    ],
)
def test_everything_is_read_at_two_by_the_local_clock(now: datetime, expected: datetime) -> None:
    assert planning.next_full(Plan("02:00", 15, 60), now, LA) == expected
    assert planning.next_full(Plan("", 15, 60), now, LA) is None


_CLOCKS = st.integers(0, 24 * 60 - 1).map(lambda m: f"{m // 60:02}:{m % 60:02}")
_PLANS = st.builds(Plan, _CLOCKS, st.integers(5, 600), st.integers(5, 600), _CLOCKS, _CLOCKS)
_ZONES = st.sampled_from(["America/Los_Angeles", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"])
_TIMES = st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(_PLANS, _ZONES, _TIMES)
def test_the_next_time_is_ahead_and_never_further_than_a_day_or_the_interval(
    plan: Plan, name: str, now: datetime
) -> None:
    zone = ZoneInfo(name)
    full = planning.next_full(plan, now, zone)
    assert full is not None
    assert timedelta() < full - now <= timedelta(hours=25, minutes=30)
    then = planning.next_incremental(plan, now, zone)
    assert timedelta() < then - now <= planning.interval(plan, now, zone)


@given(_PLANS)
def test_what_is_changed_of_a_plan_is_what_is_read_back(plan: Plan) -> None:
    said = {name: str(value) for name, value in asdict(plan).items()}
    stored = planning.change({}, said, MANIFEST)
    assert planning.read(stored, MANIFEST) == plan
    usual = {name: str(value) for name, value in asdict(planning.usual(MANIFEST)).items()}
    assert planning.change(stored, usual, MANIFEST) == {}


@pytest.mark.parametrize(
    "said",
    [
        {"every_minutes": "4"}, {"every_minutes": "10081"}, {"every_minutes": "-15"}, {"every_minutes": "1e3"},
        {"every_minutes": ""}, {"every_outside_minutes": "an hour"}, {"full_at": "25:00"}, {"full_at": "2 am"},
        {"opens": ""}, {"closes": "24:00"}, {"every_minutes": "²²"}, {"colour": "red"},
    ],
)  # fmt: skip
def test_what_is_no_plan_is_refused(said: dict[str, str]) -> None:
    with pytest.raises(Refused):
        planning.change({}, said, MANIFEST)


def test_both_kinds_of_runs_are_due_by_the_local_clock_and_one_run_stands_for_both(database_url: str) -> None:
    async def story() -> None:
        clock = FixedClock(MORNING)
        async with kept_diary(database_url, clock) as k:
            await connecting.start_import(k.engine, k.business, k.connection, asked_by="test")
            await worker.drain(k.engine)

            async def due() -> dict[str, datetime]:
                async with k.engine.db.business(k.business) as tx:
                    return await schedule.due_of(tx, k.connection)

            two = datetime(2026, 11, 21, 10, tzinfo=UTC)
            assert await due() == {"sync": MORNING + timedelta(minutes=30), "full": two}
            clock.move(timedelta(minutes=31))
            assert await schedule.begin_due(k.engine) == 1
            assert await due() == {"sync": clock.now() + timedelta(minutes=30), "full": two}
            await worker.drain(k.engine)
            clock.move(two - clock.now())
            assert await schedule.begin_due(k.engine) == 2
            await worker.drain(k.engine)
            assert (await due())["full"] == two + timedelta(days=1)
            async with k.engine.db.business(k.business) as tx:
                kinds = [(r.kind, r.state) for r in await overview.runs_of(tx)]
            # What changed was asked for first or not at all: everything stands for it.
            assert ("full", "done") in kinds[:2]
            assert {state for _, state in kinds} == {"done"}

    run(story())


def test_a_changed_plan_is_kept_and_counts_at_once(database_url: str) -> None:
    async def story() -> None:
        clock = FixedClock(MORNING)
        async with kept_diary(database_url, clock) as k:
            await connecting.start_import(k.engine, k.business, k.connection, asked_by="test")
            said = {"every_minutes": "10", "full_at": ""}
            made = await schedule.change_plan(k.engine, k.business, k.connection, said)
            assert (made.every_minutes, made.every_outside_minutes, made.full_at) == (10, 60, "")
            assert schedule.plan_of(k.engine, await k.stands()) == made
            assert (await k.stands()).plan == {"every_minutes": 10, "full_at": ""}
            async with k.engine.db.business(k.business) as tx:
                assert await schedule.due_of(tx, k.connection) == {"sync": MORNING + timedelta(minutes=10)}
            with pytest.raises(Refused):
                await schedule.change_plan(k.engine, k.business, k.connection, {"every_minutes": "1"})
            with pytest.raises(NotFound):
                await schedule.change_plan(k.engine, k.business, new_id(MORNING), said)

    run(story())


def test_a_connection_that_is_silent_at_night_as_planned_is_not_stale(database_url: str) -> None:
    async def story() -> None:
        clock = FixedClock(NIGHT)
        async with kept_diary(database_url, clock) as k:
            await connecting.start_import(k.engine, k.business, k.connection, asked_by="test")
            await worker.drain(k.engine)
            stale = []
            for hours in (2, 2):
                clock.move(timedelta(hours=hours))
                async with k.engine.db.business(k.business) as tx:
                    stale.append((await overview.health_of(k.engine, tx, k.connection)).is_stale)
            assert stale == [False, True]

    run(story())
