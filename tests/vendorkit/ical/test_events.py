"""Events are understood one by one: what takes place when, under which id, and what is wrong with the rest."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from bookingbridge.canonical.errors import Unreadable
from bookingbridge.vendorkit.ical import events, lines
from bookingbridge.vendorkit.ical.events import Found, Terms
from bookingbridge.vendorkit.ical.times import Zones, duration, moment

MARCH = date(2026, 3, 1), date(2026, 3, 31)
SERIES = "UID:w\nDTSTART;TZID=America/Los_Angeles:20260302T090000\nDURATION:PT30M\nRRULE:FREQ=WEEKLY"


def read(*blocks: str, terms: Terms | None = None) -> Found:
    text = "".join(f"BEGIN:VEVENT\n{block}\nEND:VEVENT\n" for block in blocks)
    calendar = lines.parse(f"BEGIN:VCALENDAR\n{text}END:VCALENDAR\n", 100, "a")
    return events.read(calendar, terms or Terms(ZoneInfo("UTC"), MARCH))


def test_an_occurrence_is_named_by_the_time_it_was_meant_for_in_utc() -> None:
    moved = "UID:w\nRECURRENCE-ID:20260316T160000Z\nDTSTART:20260320T100000Z"
    assert {at.uid: at.start.astimezone(UTC).day for at in read(SERIES, moved).occurrences
            if isinstance(at.start, datetime)} == {
        "w/20260302T170000Z": 2, "w/20260309T160000Z": 9, "w/20260316T160000Z": 20, "w/20260323T160000Z": 23,
        "w/20260330T160000Z": 30,
    }  # fmt: skip


def test_free_time_is_counted_and_takes_its_repetition_with_it() -> None:
    free = "UID:w\nRECURRENCE-ID:20260316T160000Z\nDTSTART:20260316T160000Z\nTRANSP:TRANSPARENT"
    found = read(SERIES, free)
    assert (found.free, [at.uid for at in found.occurrences if "0316" in at.uid]) == (1, [])


def test_the_newest_version_counts_also_where_it_says_that_time_is_free() -> None:
    busy, free = "UID:a\nDTSTART:20260302T090000Z", "UID:a\nDTSTART:20260302T090000Z\nSEQUENCE:1\nTRANSP:TRANSPARENT"
    for order in ((busy, free), (free, busy)):
        assert read(*order).occurrences == []


def test_a_flaw_names_its_event() -> None:
    found = read("UID:bad\nDTSTART:tomorrow", f"{SERIES};BYHOUR=9,12", "UID:ok\nDTSTART:20260302T090000Z")
    assert [(flaw.uid, flaw.name) for flaw in found.flaws] == [("bad", "DTSTART"), ("w", "RRULE")]
    assert [at.uid for at in found.occurrences] == ["ok"]


def test_a_change_to_all_following_repetitions_is_said_not_half_done() -> None:
    following = "UID:w\nRECURRENCE-ID;RANGE=THISANDFUTURE:20260316T160000Z\nDTSTART:20260316T180000Z"
    [flaw] = read(SERIES, following).flaws
    assert (flaw.uid, flaw.why) == ("w", "a change to this and all following repetitions cannot be followed")


def test_more_than_wanted_is_refused() -> None:
    with pytest.raises(Unreadable, match="more than 2 events"):
        read(SERIES, terms=Terms(ZoneInfo("UTC"), MARCH, most=2))


def test_moments_and_durations_are_read_as_written() -> None:
    assert moment("20260302T090000Z", None) == datetime(2026, 3, 2, 9, tzinfo=UTC)
    assert moment("20260302", None) == date(2026, 3, 2)
    summer = moment("20260702T090000", "Eastern Standard Time", Zones([]))
    assert isinstance(summer, datetime)
    assert summer.astimezone(UTC).hour == 13
    assert duration("P1DT2H").total_seconds() == 26 * 3600
    for bad in ("P", "-PT5M", "PT", "5M", ""):
        with pytest.raises(Unreadable):
            duration(bad)
