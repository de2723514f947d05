"""The collector's buckets hold what those of infra.limits hold."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bookingbridge.api.collector_senders import Room, host_of
from bookingbridge.infra.limits import Buckets, Pace

START = datetime(2026, 6, 1, tzinfo=UTC)


@given(
    burst=st.integers(1, 20),
    span_s=st.sampled_from([0.5, 1.0, 60.0]),
    asks=st.lists(st.tuples(st.integers(0, 30_000), st.sampled_from("ab"), st.integers(1, 20)), max_size=40),
)
def test_room_is_there_exactly_when_a_bucket_would_have_it(
    burst: int, span_s: float, asks: list[tuple[int, str, int]]
) -> None:
    pace = Pace(burst, timedelta(seconds=span_s))
    room, buckets, now = Room(pace), Buckets(), START
    for later_ms, key, wanted in asks:
        now += timedelta(milliseconds=later_ms)
        cost = min(wanted, burst)
        verdict = buckets.take(key, pace, now, cost)
        wait = room.take(key, now.timestamp(), cost)
        # Where it is a matter of less than a millisecond, either answer is right.
        if min(verdict.wait.total_seconds(), wait) > 1e-3 or (verdict.is_allowed and wait == 0.0):
            assert verdict.is_allowed == (wait == 0.0)
            assert abs(verdict.wait.total_seconds() - wait) < 1e-3 or verdict.is_allowed
        else:
            assert abs(verdict.wait.total_seconds() - wait) < 1e-3
            return


def test_the_bucket_untouched_longest_is_forgotten() -> None:
    room = Room(Pace(1, timedelta(seconds=10)), most=2)
    for key in ("a", "b"):
        assert room.take(key, 0.0, 1) == 0.0
    assert room.take("a", 1.0, 1) == 9.0
    assert room.take("c", 1.0, 1) == 0.0
    assert room.take("a", 2.0, 1) == 8.0
    assert room.take("b", 2.0, 1) == 0.0


def test_a_clock_that_goes_back_gives_nothing_away_and_locks_nobody_out() -> None:
    room = Room(Pace(2, timedelta(seconds=10)))
    assert room.take("a", 100.0, 2) == 0.0
    assert room.take("a", 90.0, 1) > 0
    assert room.take("a", 110.0, 2) == 0.0


def test_the_host_of_an_origin() -> None:
    assert host_of("https://Salon.Example.com:8443") == "salon.example.com"
    for text in ("null", "", "https://[", "x"):
        assert host_of(text) == ""
