"""Calendars: zones, floating and all-day times, versions, repetitions, cancellations, who comes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from tests.vendors.files.given import SHOP, only

from bookingbridge.canonical.errors import Unreadable
from bookingbridge.canonical.records import Booking, BookingStatus, Customer
from bookingbridge.vendors import files
from bookingbridge.vendors.files import Limits, Loaded, Problem, Reading, read_table

CUSTOM = """BEGIN:VTIMEZONE
TZID:Customized Time Zone
BEGIN:STANDARD
DTSTART:16010101T020000
TZOFFSETFROM:-0700
TZOFFSETTO:-0800
RRULE:FREQ=YEARLY;BYDAY=1SU;BYMONTH=11
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:16010101T020000
TZOFFSETFROM:-0800
TZOFFSETTO:-0700
RRULE:FREQ=YEARLY;BYDAY=2SU;BYMONTH=3
END:DAYLIGHT
END:VTIMEZONE
"""


def calendar(*events: str, head: str = "") -> bytes:
    """A calendar of events, each given by its lines."""
    blocks = "".join(f"BEGIN:VEVENT\n{event.strip()}\nEND:VEVENT\n" for event in events)
    return f"BEGIN:VCALENDAR\nVERSION:2.0\n{head}{blocks}END:VCALENDAR\n".replace("\n", "\r\n").encode()


def load(*events: str, head: str = "", window: tuple[date, date] | None = None) -> Loaded:
    """What the events come to."""
    return files.load(calendar(*events, head=head), None, replace(SHOP, window=window), name="chair.ics")


def start(lines: str, head: str = "") -> datetime:
    """When the one event begins."""
    return only(load(f"UID:a\n{lines}", head=head), Booking)[0].starts_at


def utc(month: int, day: int, hour: int, minute: int = 0) -> datetime:
    """A time of 2026."""
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    "zone",
    [
        "America/New_York", "Eastern Standard Time", '"America/New_York"', "/mozilla.org/20070129_1/America/New_York",
        "/freeassociation.sourceforge.net/America/New_York",
    ],
)  # fmt: skip
def test_a_zone_is_known_by_any_of_its_names(zone: str) -> None:
    assert start(f"DTSTART;TZID={zone}:20260701T100000") == utc(7, 1, 14)


def test_a_zone_the_file_defines_is_used() -> None:
    line = "DTSTART;TZID=Customized Time Zone:2026{}T100000"
    assert start(line.format("0701"), CUSTOM) == utc(7, 1, 17)
    assert start(line.format("1201"), CUSTOM) == utc(12, 1, 18)


def test_a_zone_nobody_knows_is_a_problem() -> None:
    loaded = load("UID:a\nDTSTART;TZID=Middle Earth:20260701T100000")
    assert loaded.records == []
    assert [(p.line, p.column, p.value) for p in loaded.problems] == [(5, "DTSTART", "20260701T100000")]
    assert "nobody knows the time zone" in loaded.problems[0].why


def test_a_zone_defined_to_change_every_second_is_a_problem() -> None:
    evil = CUSTOM.replace("FREQ=YEARLY;BYDAY=1SU;BYMONTH=11", "FREQ=SECONDLY")
    loaded = load("UID:a\nDTSTART;TZID=Customized Time Zone:20260701T100000", head=evil)
    assert [p.column for p in loaded.problems] == ["DTSTART"]


def test_utc_and_floating_times_are_told_apart() -> None:
    assert start("DTSTART:20260701T100000Z") == utc(7, 1, 10)
    assert start("DTSTART:20260701T100000") == utc(7, 1, 17)


def test_local_times_around_clock_changes_are_read_as_the_standard_says() -> None:
    # Skipped at 02:30: by the offset before the change. Shown twice at 01:30: the first.
    assert start("DTSTART;TZID=America/Los_Angeles:20260308T023000") == utc(3, 8, 10, 30)
    assert start("DTSTART;TZID=America/Los_Angeles:20261101T013000") == utc(11, 1, 8, 30)


def test_all_day_events_last_from_midnight_to_midnight() -> None:
    [whole, one] = only(
        load("UID:a\nDTSTART;VALUE=DATE:20260308\nDTEND;VALUE=DATE:20260310", "UID:b\nDTSTART;VALUE=DATE:20260401"),
        Booking,
    )
    assert (whole.starts_at, whole.ends_at) == (utc(3, 8, 8), utc(3, 10, 7))
    assert (one.starts_at, one.ends_at) == (utc(4, 1, 7), utc(4, 2, 7))


def test_an_event_becomes_a_booking_with_all_it_says() -> None:
    loaded = load(
        "UID:a1@shop\nDTSTART;TZID=America/Los_Angeles:20260701T100000\nDURATION:PT45M\nSUMMARY:Skin fade\\, beard\n"
        "DESCRIPTION:Client: Ann Lee\\nEmail: ann@example.com\\nPhone: +1 206\n  555 0101\nLOCATION:Ballard\n"
        "CREATED:20260620T120000Z\nLAST-MODIFIED:20260621T120000Z\nSEQUENCE:2\nSTATUS:TENTATIVE"
    )
    [booking], [client] = only(loaded, Booking), only(loaded, Customer)
    assert booking.remote_id == "a1@shop"
    assert (booking.starts_at, booking.ends_at) == (utc(7, 1, 17), utc(7, 1, 17, 45))
    assert (booking.booked_at, booking.changed_at, booking.version) == (utc(6, 20, 12), utc(6, 21, 12), 2)
    assert booking.status is BookingStatus.PENDING
    assert (booking.service, booking.location) == ("name:skin fade beard", "name:ballard")
    assert (client.name, client.email, client.phone) == ("Ann Lee", "ann@example.com", "+1 206 555 0101")
    assert booking.customer == client.remote_id == "email:ann@example.com"


def test_the_client_is_the_attendee_who_does_not_organize() -> None:
    [client] = only(
        load(
            "UID:a\nDTSTART:20260701T100000Z\nORGANIZER:mailto:leo@example.com\nATTENDEE:mailto:leo@example.com\n"
            'ATTENDEE;CUTYPE=ROOM:mailto:chair@example.com\nATTENDEE;CN="Lee, Ann":mailto:ann@example.com'
        ),
        Customer,
    )
    assert (client.name, client.email) == ("Lee, Ann", "ann@example.com")


def test_of_two_versions_the_newer_counts_wherever_it_stands() -> None:
    newer = "UID:a\nDTSTART:20260701T120000Z\nSEQUENCE:1"
    older = "UID:a\nDTSTART:20260701T100000Z\nSEQUENCE:0"
    for order in ((newer, older), (older, newer)):
        assert [b.starts_at for b in only(load(*order), Booking)] == [utc(7, 1, 12)]


def test_cancelled_events_and_calendars_cancel_and_free_time_is_left_out() -> None:
    event = "UID:a\nDTSTART:20260701T100000Z"
    assert only(load(f"{event}\nSTATUS:CANCELLED"), Booking)[0].status is BookingStatus.CANCELLED
    assert only(load(event, head="METHOD:CANCEL\n"), Booking)[0].status is BookingStatus.CANCELLED
    loaded = load(event, "UID:b\nDTSTART:20260701T100000Z\nTRANSP:TRANSPARENT")
    assert len(only(loaded, Booking)) == 1
    assert "1 event(s) marked as free time were left out" in loaded.notes


WEEKLY = "UID:w\nDTSTART;TZID=America/Los_Angeles:20260302T090000\nDURATION:PT30M\nRRULE:FREQ=WEEKLY"


def test_a_repeating_event_without_a_window_is_a_problem_at_its_line() -> None:
    loaded = load(WEEKLY)
    assert loaded.records == []
    assert loaded.problems == [
        Problem(
            7,
            "RRULE",
            "FREQ=WEEKLY",
            "the event repeats; give the option window, its first and last day",
        )
    ]


def test_repetitions_keep_to_the_clock_on_the_wall_and_to_their_exceptions() -> None:
    moved = "UID:w\nRECURRENCE-ID;TZID=America/Los_Angeles:20260316T090000\nDTSTART:20260317T200000Z\nDURATION:PT30M"
    without = "EXDATE;TZID=America/Los_Angeles:20260323T090000"
    added = "RDATE:20260327T170000Z"
    loaded = load(f"{WEEKLY}\n{without}\n{added}", moved, window=(date(2026, 3, 1), date(2026, 3, 31)))
    found = {b.remote_id: (b.starts_at, b.ends_at) for b in only(loaded, Booking)}
    assert found == {
        "w/20260302T170000Z": (utc(3, 2, 17), utc(3, 2, 17, 30)),
        "w/20260309T160000Z": (utc(3, 9, 16), utc(3, 9, 16, 30)),
        "w/20260316T160000Z": (utc(3, 17, 20), utc(3, 17, 20, 30)),
        "w/20260327T170000Z": (utc(3, 27, 17), utc(3, 27, 17, 30)),
        "w/20260330T160000Z": (utc(3, 30, 16), utc(3, 30, 16, 30)),
    }


def test_repetitions_have_the_same_ids_in_another_window() -> None:
    def ids(first: date, last: date) -> set[str]:
        return {b.remote_id for b in only(load(WEEKLY, window=(first, last)), Booking)}

    assert ids(date(2026, 3, 1), date(2026, 3, 31)) & ids(date(2026, 3, 20), date(2026, 4, 10)) == {
        "w/20260323T160000Z", "w/20260330T160000Z",
    }  # fmt: skip


def test_too_many_repeating_days_are_a_problem() -> None:
    reading = Reading(window=(date(2026, 1, 1), date(2026, 12, 31)), limits=Limits(repeating_days=400))
    table = read_table(calendar(WEEKLY, WEEKLY.replace("UID:w", "UID:x")), "a", reading)
    assert [p.why for p in table.problems] == [
        "the calendar repeats too many events over too long a time; choose a smaller window"
    ]


@pytest.mark.parametrize(
    ("lines", "column", "why"),
    [
        ("SUMMARY:x", "DTSTART", "the event has no start"),
        ("DTSTART:20261301T000000Z", "DTSTART", "there is no such day or time"),
        ("DTSTART:tomorrow", "DTSTART", "not a calendar's day or time"),
        ("DTSTART:00010101T000000Z", "DTSTART", "0001-01-01T00:00:00+00:00 is outside 1990 to 2100"),
        ("DTSTART:20260701T100000Z\nDURATION:-PT1H", "DURATION", "not a duration"),
        ("DTSTART:20260701T100000Z\nDTEND:20260701T090000Z", "end", "it does not end in the month it begins"),
        ("DTSTART:20260701T100000Z\nSTATUS:MAYBE", "status", "unknown status"),
    ],
)
def test_an_event_that_cannot_be_read_is_a_problem_and_the_rest_is_read(lines: str, column: str, why: str) -> None:
    events = (f"UID:bad\n{lines}", "UID:good\nDTSTART:20260701T100000Z")
    loaded = load(*events)
    assert [p.column for p in loaded.problems] == [column]
    assert loaded.problems[0].why.startswith(why)
    assert loaded.records == []
    kept = files.load(calendar(*events), None, replace(SHOP, skip_bad_rows=True))
    assert [b.remote_id for b in only(kept, Booking)] == ["good"]


def test_a_file_cut_off_within_an_event_says_so() -> None:
    loaded = files.load(b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:a\r\nDTSTART:2026", None, SHOP, name="a.ics")
    assert [(p.line, p.why) for p in loaded.problems] == [(2, "the event does not end: the file is cut off")]


def test_an_empty_calendar_is_refused() -> None:
    with pytest.raises(Unreadable, match="no events"):
        read_table(calendar(), "a.ics")


def test_a_calendar_is_known_by_its_content_in_any_encoding() -> None:
    data = calendar("UID:a\nDTSTART:20260701T100000Z\nSUMMARY:Стрижка")
    for encoded in (data, data.decode().encode("utf-16"), b"\xef\xbb\xbf" + data):
        table = read_table(encoded, "download", Reading(time_zone=ZoneInfo("UTC")))
        assert table.format == "ics"
        assert table.rows[0].values[4] == "Стрижка"
