"""Dates and times as people write them; ambiguity is an error; clocks that change."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bookingbridge.canonical.errors import Unreadable
from bookingbridge.vendors.files import DateOrder, clocks, dates
from bookingbridge.vendors.files.dates import Stamp

PACIFIC = ZoneInfo("America/Los_Angeles")
MARCH_5 = date(2026, 3, 5)
HALF_PAST_TWO = time(14, 30)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-05", Stamp(MARCH_5)),
        ("20260305", Stamp(MARCH_5)),
        ("2026-03-05 14:30", Stamp(MARCH_5, HALF_PAST_TWO)),
        ("2026-03-05T14:30:00Z", Stamp(MARCH_5, HALF_PAST_TWO, timedelta(0))),
        ("2026-03-05T14:30:00.000-08:00", Stamp(MARCH_5, HALF_PAST_TWO, timedelta(hours=-8))),
        ("2026-03-05 14:30 +0530", Stamp(MARCH_5, HALF_PAST_TWO, timedelta(hours=5, minutes=30))),
        ("2026-03-05 2:30:00 PM (PST)", Stamp(MARCH_5, HALF_PAST_TWO, None, "PST")),
        ("2026/03/05 2:30 PM", Stamp(MARCH_5, HALF_PAST_TWO)),
        ("Mar 5, 2026", Stamp(MARCH_5)),
        ("March 5th, 2026 at 2:30 p.m.", Stamp(MARCH_5, HALF_PAST_TWO)),
        ("Thu, Mar 5, 2026 2:30pm", Stamp(MARCH_5, HALF_PAST_TWO)),
        ("Thursday, 5 March 2026 14.30", Stamp(MARCH_5, HALF_PAST_TWO)),
        ("5-Mar-26", Stamp(MARCH_5)),
        ("5. März 2026 um 14:30 Uhr", Stamp(MARCH_5, HALF_PAST_TWO)),
        ("5 de marzo de 2026 14:30", Stamp(MARCH_5, HALF_PAST_TWO)),
        ("5 mars 2026 à 14h30", Stamp(MARCH_5, HALF_PAST_TWO)),
        ("5 березня 2026 р. 14:30", Stamp(MARCH_5, HALF_PAST_TWO)),
        ("5 marca 2026, 14:30", Stamp(MARCH_5, HALF_PAST_TWO)),
        ("3/3/2026", Stamp(date(2026, 3, 3))),
        ("25/03/2026", Stamp(date(2026, 3, 25))),
        ("03/25/2026", Stamp(date(2026, 3, 25))),
        ("2026-02-30", None),
        ("31.04.2026", None),
        ("5 Mumble 2026", None),
        ("yesterday", None),
        ("", None),
        ("14:30", None),
        ("2026-03-05 25:00", None),
        ("2026-03-05 13:30 PM", None),
        ("2026-03-05 14:30 +19:00", None),
    ],
)
def test_a_text_says_its_day_and_time_or_is_refused(text: str, expected: Stamp | None) -> None:
    if expected is None:
        with pytest.raises(Unreadable):
            dates.stamp(text, None)
    else:
        assert dates.stamp(text, None) == expected


@pytest.mark.parametrize("text", ["03/04/2026", "3.4.2026", "3-4-26", "01/02/03", "03/04/2026 10:00"])
def test_an_ambiguous_date_asks_for_the_order(text: str) -> None:
    assert dates.needs_order(text)
    with pytest.raises(Unreadable, match="--dates dmy, mdy or ymd"):
        dates.stamp(text, None)


@pytest.mark.parametrize(
    ("order", "day"),
    [
        (DateOrder.DMY, date(2003, 2, 1)),
        (DateOrder.MDY, date(2003, 1, 2)),
        (DateOrder.YMD, date(2001, 2, 3)),
    ],
)
def test_a_given_order_decides(order: DateOrder, day: date) -> None:
    assert dates.stamp("01/02/03", order).day == day


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["03/04/2026", "25/04/2026"], (DateOrder.DMY, False)),
        (["03/04/2026", "04/25/2026"], (DateOrder.MDY, False)),
        (["03/04/2026", "04/03/2026"], (None, False)),
        (["25/04/2026", "04/25/2026"], (None, True)),
        (["2026/04/25", "04/03/2026"], (None, False)),
        (["45/04/03"], (DateOrder.YMD, False)),
        (["not a date", "2026-04-25", "5 May 2026"], (None, False)),
    ],
)
def test_the_order_is_shown_by_any_day_above_twelve(texts: list[str], expected: tuple[DateOrder | None, bool]) -> None:
    assert dates.order_of(texts) == expected


def test_a_time_that_clocks_skipped_is_refused_and_the_zone_doubted() -> None:
    with pytest.raises(Unreadable, match="America/Los_Angeles were put forward past 2026-03-08 02:30"):
        clocks.wall_time(datetime(2026, 3, 8, 2, 30), PACIFIC)  # noqa: DTZ001


def test_a_time_that_came_twice_is_the_first_unless_the_cell_says_the_second() -> None:
    twice = datetime(2026, 11, 1, 1, 30)  # noqa: DTZ001
    first = datetime(2026, 11, 1, 8, 30, tzinfo=UTC)
    assert clocks.wall_time(twice, PACIFIC) == first
    assert clocks.wall_time(twice, PACIFIC, "PDT") == first
    assert clocks.wall_time(twice, PACIFIC, "PT") == first
    assert clocks.wall_time(twice, PACIFIC, "PST") == first + timedelta(hours=1)


def test_an_abbreviation_of_another_zone_is_refused() -> None:
    with pytest.raises(Unreadable, match="showed PST then, not EST"):
        clocks.wall_time(datetime(2026, 1, 5, 9), PACIFIC, "EST")  # noqa: DTZ001
    with pytest.raises(Unreadable, match="not CET"):
        clocks.wall_time(datetime(2026, 11, 1, 1, 30), PACIFIC, "CET")  # noqa: DTZ001


def test_zones_are_known_by_iana_names_and_those_of_tills() -> None:
    assert clocks.zone_named("Pacific Time (US & Canada)").key == "America/Los_Angeles"
    assert clocks.zone_named(" Europe/Kyiv ").key == "Europe/Kyiv"
    with pytest.raises(Unreadable):
        clocks.zone_named("Somewhere")


DAYS = st.dates(date(1991, 1, 1), date(2098, 1, 1))
TIMES = st.times().map(lambda at: at.replace(microsecond=0))


@settings(deadline=None)
@given(
    DAYS,
    TIMES,
    st.sampled_from(["%Y-%m-%d %H:%M:%S", "%d %B %Y %H:%M:%S", "%b %d, %Y %I:%M:%S %p", "%Y/%m/%d %H:%M:%S"]),
)
def test_what_is_written_plainly_is_read_again(day: date, at: time, form: str) -> None:
    text = datetime.combine(day, at).strftime(form)
    assert dates.stamp(text, None) == Stamp(day, at)


@settings(deadline=None)
@given(DAYS, st.sampled_from(list(DateOrder)), st.sampled_from(["/", ".", "-"]))
def test_a_numeric_date_is_read_in_its_order(day: date, order: DateOrder, mark: str) -> None:
    parts = {"d": f"{day:%d}", "m": f"{day:%m}", "y": f"{day:%Y}"}
    assert dates.stamp(mark.join(parts[letter] for letter in order.value), order).day == day


WALLS = st.datetimes(datetime(1991, 1, 1), datetime(2098, 1, 1))  # noqa: DTZ001


@settings(deadline=None)
@given(WALLS, st.sampled_from(["Europe/Kyiv", "America/New_York", "Asia/Kolkata"]))
def test_an_instant_shows_the_wall_clock_it_was_read_from(wall: datetime, name: str) -> None:
    zone = ZoneInfo(name)
    try:
        at = clocks.wall_time(wall, zone)
    except Unreadable:
        # Only hours that clocks skipped are refused.
        there = wall.replace(tzinfo=zone).astimezone(UTC).astimezone(zone)
        assert there.replace(tzinfo=None) != wall
        return
    assert at.astimezone(zone).replace(tzinfo=None) == wall
