"""Token buckets: what they let pass, in memory and in the database alike."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bookingbridge.canonical.errors import Throttled
from bookingbridge.infra import limits
from bookingbridge.infra.clock import FixedClock
from bookingbridge.infra.db import Database
from bookingbridge.infra.limits import Buckets, Level, Pace

NOW = datetime(2026, 3, 2, 17, 0, tzinfo=UTC)
TEN_A_MINUTE = Pace(10, timedelta(minutes=1))

paces = st.builds(Pace, st.integers(1, 50), st.timedeltas(timedelta(seconds=1), timedelta(hours=1)))
steps = st.lists(st.tuples(st.integers(-5_000, 120_000), st.floats(0.1, 1.0)), min_size=1, max_size=60)
"""(milliseconds since the request before, cost as a share of the burst)"""


@given(paces, steps)
def test_a_bucket_never_overflows_never_lends_and_never_passes_more_than_its_pace(
    pace: Pace, steps: list[tuple[int, float]]
) -> None:
    level: Level | None = None
    now, spent = NOW, 0.0
    for gap, share in steps:
        now += timedelta(milliseconds=gap)
        cost = share * pace.burst
        before = limits.refilled(level, pace, now)
        level, verdict = limits.take(level, pace, now, cost)
        assert 0 <= level.tokens <= pace.burst
        assert verdict.is_allowed == (before >= cost)
        left = limits.refilled(level, pace, now)
        assert verdict.left == int(left)
        assert left == (before - cost if verdict.is_allowed else before)
        spent += cost if verdict.is_allowed else 0
    elapsed = sum(max(0, gap) for gap, _ in steps) / 1000
    assert spent <= pace.burst + elapsed * pace.per_second + 1e-6


@given(paces, st.integers(0, 200))
def test_whoever_waits_as_told_may_pass_and_not_much_sooner(pace: Pace, drained: int) -> None:
    level: Level | None = None
    for _ in range(drained):
        level, verdict = limits.take(level, pace, NOW)
    level, verdict = limits.take(level, pace, NOW)
    if verdict.is_allowed:
        assert verdict.wait <= timedelta(seconds=1 / pace.per_second)
        return
    early, late = NOW + verdict.wait * 0.9, NOW + verdict.wait + timedelta(milliseconds=1)
    assert not limits.take(level, pace, early)[1].is_allowed
    assert limits.take(level, pace, late)[1].is_allowed


def test_a_burst_then_a_steady_pace_then_all_again() -> None:
    buckets = Buckets()
    passed = [buckets.take("a", TEN_A_MINUTE, NOW).is_allowed for _ in range(12)]
    assert passed == [True] * 10 + [False] * 2
    later = NOW + timedelta(seconds=6)
    assert [buckets.take("a", TEN_A_MINUTE, later).is_allowed for _ in range(2)] == [True, False]
    assert buckets.take("b", TEN_A_MINUTE, NOW).left == 9
    assert buckets.take("a", TEN_A_MINUTE, later + timedelta(minutes=1)).left == 9


def test_a_clock_that_goes_back_gives_nothing_away() -> None:
    buckets = Buckets()
    for _ in range(10):
        buckets.take("a", TEN_A_MINUTE, NOW)
    assert not buckets.take("a", TEN_A_MINUTE, NOW - timedelta(hours=1)).is_allowed
    assert not buckets.take("a", TEN_A_MINUTE, NOW).is_allowed


def test_memory_is_bounded_and_the_busy_are_not_forgotten() -> None:
    buckets = Buckets(most=100)
    for _ in range(10):
        buckets.take("busy", TEN_A_MINUTE, NOW)
    for i in range(1_000):
        buckets.take(f"stranger {i}", TEN_A_MINUTE, NOW)
        assert not buckets.take("busy", TEN_A_MINUTE, NOW).is_allowed
    assert len(buckets) == 100


@pytest.mark.parametrize(("burst", "per"), [(0, timedelta(1)), (5, timedelta(0)), (5, timedelta(-1))])
def test_a_pace_that_allows_nothing_is_a_mistake(burst: int, per: timedelta) -> None:
    with pytest.raises(ValueError, match="at least one request"):
        Pace(burst, per)


def test_a_refusal_says_until_when() -> None:
    _, verdict = limits.take(Level(0, NOW), TEN_A_MINUTE, NOW)
    with pytest.raises(Throttled) as refusal:
        verdict.raise_if_refused("Too fast.", NOW)
    assert refusal.value.until == NOW + timedelta(seconds=6)
    limits.take(None, TEN_A_MINUTE, NOW)[1].raise_if_refused("Too fast.", NOW)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pace=paces, steps=steps)
def test_the_shared_bucket_decides_as_the_one_in_memory(
    database_url: str, pace: Pace, steps: list[tuple[int, float]]
) -> None:
    async def act() -> None:
        clock = FixedClock(NOW)
        async with Database(database_url, clock, max_size=1) as db:
            async with db.realm("gate") as tx:
                await tx.run("DELETE FROM rate_buckets")
            level: Level | None = None
            for gap, share in steps[:25]:
                clock.move(timedelta(milliseconds=gap))
                cost = share * pace.burst
                held = limits.refilled(level, pace, clock.now())
                if abs(held - cost) < 1e-6:
                    continue  # a hair's breadth: the two count in different units
                level, expected = limits.take(level, pace, clock.now(), cost)
                found = await limits.take_shared(db, "key", pace, cost)
                assert found.is_allowed == expected.is_allowed
                assert found.wait.total_seconds() == pytest.approx(expected.wait.total_seconds(), abs=0.01)

    asyncio.run(act())


def test_processes_that_ask_at_once_share_one_bucket(database_url: str) -> None:
    async def act() -> None:
        clock = FixedClock(NOW)
        async with Database(database_url, clock, max_size=6) as db, Database(database_url, clock, max_size=6) as other:
            asked = [limits.take_shared(each, "key", TEN_A_MINUTE) for each in (db, other) for _ in range(15)]
            assert sum(verdict.is_allowed for verdict in await asyncio.gather(*asked)) == 10
            await limits.give_back(db, "key", TEN_A_MINUTE)
            assert (await limits.take_shared(other, "key", TEN_A_MINUTE)).is_allowed
            assert not (await limits.take_shared(other, "key", TEN_A_MINUTE)).is_allowed
            for _ in range(20):
                await limits.give_back(db, "key", TEN_A_MINUTE)
            assert (await limits.take_shared(db, "key", TEN_A_MINUTE)).left == 9
            clock.move(timedelta(days=2))
            async with db.realm("gate") as tx:
                assert await limits.forget_untouched(tx, timedelta(days=1)) == 1

    asyncio.run(act())
