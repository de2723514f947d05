"""Repetition rules give the starts that the standard says, in bounded time."""

from __future__ import annotations

from datetime import datetime, timedelta
from time import perf_counter

import pytest
from dateutil.rrule import rrulestr  # type: ignore[import-untyped]
from hypothesis import given, settings
from hypothesis import strategies as st

from bookingbridge.canonical.errors import Unreadable
from bookingbridge.canonical.times import zone
from bookingbridge.vendorkit.ical.recurrence import occurrences


def at(year: int, month: int, day: int, hour: int = 9) -> datetime:
    """A wall clock's time."""
    return datetime(year, month, day, hour)  # noqa: DTZ001


YEAR = at(2026, 1, 1, 0), at(2027, 1, 1, 0)


@pytest.mark.parametrize(
    ("rule", "start", "days"),
    [
        ("FREQ=WEEKLY;COUNT=3", at(2026, 3, 2), ["03-02", "03-09", "03-16"]),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,TH;COUNT=4", at(2026, 3, 3), ["03-03", "03-05", "03-17", "03-19"]),
        ("FREQ=MONTHLY;BYDAY=-1FR;UNTIL=20260401", at(2026, 1, 30), ["01-30", "02-27", "03-27"]),
        ("FREQ=MONTHLY;COUNT=3", at(2026, 1, 31), ["01-31", "03-31", "05-31"]),
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;COUNT=2", at(2026, 1, 30), ["01-30", "02-27"]),
        ("FREQ=DAILY;BYDAY=SA;UNTIL=20260322T000000", at(2026, 3, 7), ["03-07", "03-14", "03-21"]),
        ("FREQ=YEARLY", at(2020, 2, 29), []),
        ("FREQ=YEARLY;BYMONTH=3;BYDAY=2SU", at(2020, 3, 8), ["03-08"]),
    ],
)
def test_common_rules_give_the_days_they_mean(rule: str, start: datetime, days: list[str]) -> None:
    assert [f"{found:%m-%d}" for found in occurrences(rule, start, None, YEAR)] == days


def test_until_in_utc_is_compared_on_the_events_own_clock() -> None:
    pacific = zone("America/Los_Angeles")
    rule = "FREQ=DAILY;UNTIL=20260304T170000Z"
    assert len(occurrences(rule, at(2026, 3, 2, 9), pacific, YEAR)) == 3
    assert len(occurrences(rule, at(2026, 3, 2, 10), pacific, YEAR)) == 2


@pytest.mark.parametrize(
    "rule",
    ["FREQ=HOURLY", "FREQ=SECONDLY;COUNT=1", "FREQ=DAILY;INTERVAL=0", "FREQ=DAILY;COUNT=0", "FREQ=WEEKLY;BYDAY=2MO",
     "FREQ=YEARLY;BYWEEKNO=5", "FREQ=DAILY;BYHOUR=9,15", "FREQ=DAILY;FREQ=DAILY", "FREQ=MONTHLY;BYMONTHDAY=32", "",
     "FREQ=DAILY;UNTIL=soon", "INTERVAL=2", "FREQ=YEARLY;BYMONTH=-1"],
)  # fmt: skip
def test_rules_that_cannot_be_followed_are_refused(rule: str) -> None:
    with pytest.raises(Unreadable):
        occurrences(rule, at(2026, 3, 2), None, YEAR)


def test_too_many_starts_are_refused() -> None:
    with pytest.raises(Unreadable, match="more than 1,000 times"):
        occurrences("FREQ=DAILY", at(2026, 1, 1), None, (at(2026, 1, 1), at(2030, 1, 1)))


def test_a_rule_that_never_fires_ends_soon() -> None:
    began = perf_counter()
    assert occurrences("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", at(1990, 1, 1), None, YEAR) == []
    assert perf_counter() - began < 2


# Days that every month has: the other reader tries rules that never fire until the year 9999.
NUMBERS = st.lists(st.integers(-28, 28).filter(bool), min_size=1, max_size=3, unique=True)
WEEKDAYS = st.lists(st.sampled_from(["MO", "TU", "WE", "TH", "FR", "SA", "SU"]), min_size=1, max_size=3, unique=True)
ORDINALS = st.lists(
    st.tuples(st.sampled_from([1, 2, 4, 5, -1, -2]), st.sampled_from(["MO", "WE", "SU"])),
    min_size=1,
    max_size=2,
    unique=True,
)


@st.composite
def rules(draw: st.DrawFn) -> str:
    often = draw(st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]))
    parts = [f"FREQ={often}"]
    if draw(st.booleans()):
        parts.append(f"INTERVAL={draw(st.integers(1, 4))}")
    if draw(st.booleans()):
        months = draw(st.lists(st.integers(1, 12), min_size=1, max_size=3, unique=True))
        parts.append("BYMONTH=" + ",".join(map(str, months)))
    if often != "WEEKLY" and draw(st.booleans()):
        parts.append("BYMONTHDAY=" + ",".join(map(str, draw(NUMBERS))))
    if draw(st.booleans()):
        ordinals = often in ("MONTHLY", "YEARLY") and draw(st.booleans())
        days = [f"{n}{day}" for n, day in draw(ORDINALS)] if ordinals else draw(WEEKDAYS)
        parts.append("BYDAY=" + ",".join(days))
    if often != "DAILY" and len(parts) > 2 and draw(st.booleans()):
        places = ["1", "-1", "1,-1"] + ["2", "-3"] * (often != "WEEKLY")
        parts.append(f"BYSETPOS={draw(st.sampled_from(places))}")
    if draw(st.booleans()):
        parts.append(f"WKST={draw(st.sampled_from(['SU', 'MO', 'WE']))}")
    if draw(st.booleans()):
        parts.append(f"COUNT={draw(st.integers(1, 30))}")
    return ";".join(parts)


@given(rules(), st.datetimes(datetime(2019, 1, 1), datetime(2026, 6, 1)))  # noqa: DTZ001
@settings(max_examples=60, deadline=None)
def test_starts_are_those_of_an_independent_reader(rule: str, start: datetime) -> None:
    start = start.replace(microsecond=0)
    if "WEEKLY" in rule and "BYSETPOS" in rule:
        # A start in the middle of a week whose set it does not lead is undefined (RFC 5545, 3.8.5.3): the other reader
        # counts places from the start on, we count them in the week.
        start -= timedelta(days=(start.weekday() - _week_start(rule)) % 7)
    expected = []
    for found in rrulestr(rule, dtstart=start):
        if found >= YEAR[1]:
            break
        if found >= YEAR[0]:
            expected.append(found)
    assert occurrences(rule, start, None, YEAR) == expected


def _week_start(rule: str) -> int:
    named = next((part[5:] for part in rule.split(";") if part.startswith("WKST=")), "MO")
    return ["MO", "TU", "WE", "TH", "FR", "SA", "SU"].index(named)


def test_places_in_a_week_are_counted_in_the_whole_week() -> None:
    # The first of Mondays and Thursdays is the Monday, also of a week that has begun: 1 January 2026 is a Thursday.
    found = occurrences("FREQ=WEEKLY;BYDAY=MO,TH;BYSETPOS=1;COUNT=2", at(2026, 1, 1), None, YEAR)
    assert [f"{day:%m-%d}" for day in found] == ["01-05", "01-12"]
