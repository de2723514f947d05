"""Ranges of local days."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from bookingbridge.infra.day_ranges import Days, around

ZONES = (
    "America/Los_Angeles", "America/Sao_Paulo", "America/Havana", "Africa/Cairo", "Pacific/Apia", "Australia/Lord_Howe",
    "Asia/Kathmandu", "UTC",
)  # fmt: skip


@given(
    st.integers(0, 150_000).map(lambda hours: datetime(2010, 1, 1, tzinfo=UTC) + timedelta(hours=hours, minutes=7)),
    st.timedeltas(timedelta(), timedelta(days=400)),
    st.sampled_from(ZONES),
)
def test_ranges_join_without_gaps_and_each_holds_one_local_day(start: datetime, length: timedelta, zone: str) -> None:
    found = Days(start, start + length, zone).ranges()
    starts, ends = found["starts"], found["ends"]
    assert [*starts, start + length][: len(ends) + 1] == [start, *ends]
    for day, first, until in zip(found["days"], starts, ends, strict=True):
        assert isinstance(first, datetime)
        assert isinstance(until, datetime)
        assert first.astimezone(ZoneInfo(zone)).date() == day
        assert (until - timedelta(microseconds=1)).astimezone(ZoneInfo(zone)).date() == day


def test_a_day_that_the_zone_skipped_is_left_out() -> None:
    start = datetime(2011, 12, 29, tzinfo=ZoneInfo("Pacific/Apia"))
    found = Days(start, datetime(2012, 1, 1, tzinfo=ZoneInfo("Pacific/Apia")), "Pacific/Apia")
    assert found.ranges()["days"] == [date(2011, 12, 29), date(2011, 12, 31)]


def test_nothing_lies_between_a_moment_and_itself() -> None:
    at = datetime(2026, 3, 8, 12, tzinfo=UTC)
    assert Days(at, at, "America/Los_Angeles").ranges() == {"days": [], "starts": [], "ends": []}


def test_a_day_cut_short_is_not_whole() -> None:
    tz = ZoneInfo("America/Los_Angeles")
    found = Days(datetime(2026, 3, 7, 1, tzinfo=tz), datetime(2026, 3, 10, tzinfo=tz), "America/Los_Angeles")
    assert found.whole() == {date(2026, 3, 8), date(2026, 3, 9)}


@given(st.dates(date(2010, 1, 1), date(2030, 1, 1)), st.integers(0, 86_399), st.sampled_from(ZONES))
def test_a_moment_of_a_utc_day_lies_in_one_of_the_days_around_it(day: date, second: int, zone: str) -> None:
    at = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(seconds=second)
    found = around([day], zone)
    within = [
        d for d, first, until in zip(found["days"], found["starts"], found["ends"], strict=True)
        if isinstance(first, datetime) and isinstance(until, datetime) and first <= at < until
    ]  # fmt: skip
    assert within == [at.astimezone(ZoneInfo(zone)).date()]
