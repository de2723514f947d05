"""A feed's text: its times in any form, its repetitions, when things were booked, and nothing it cannot be."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bookingbridge.canonical.errors import Unreadable
from bookingbridge.canonical.records import Booking
from bookingbridge.vendorkit import contract_fuzz
from bookingbridge.vendors.calendar_feed import VENDOR, happenings
from bookingbridge.vendors.calendar_feed.happenings import Asked, Read

NOW = datetime(2026, 11, 18, 20, tzinfo=UTC)
DAYS = date(2026, 10, 1), date(2027, 1, 31)
PACIFIC = ZoneInfo("America/Los_Angeles")


def text(*events: str, head: str = "", end: str = "END:VCALENDAR\n") -> bytes:
    """A calendar of events, each given by its lines."""
    blocks = "".join(f"BEGIN:VEVENT\n{event.strip()}\nEND:VEVENT\n" for event in events)
    return f"BEGIN:VCALENDAR\nVERSION:2.0\n{head}{blocks}{end}".replace("\n", "\r\n").encode()


def read(*events: str, head: str = "", zone: ZoneInfo | None = None, fallback: ZoneInfo | None = PACIFIC) -> Read:
    return happenings.read(text(*events, head=head), Asked(NOW, zone, fallback, DAYS))


def bookings(*events: str, head: str = "", fallback: ZoneInfo | None = PACIFIC) -> dict[str, Booking]:
    """What all readable events come to, by id."""
    found = {}
    for happening in read(*events, head=head, fallback=fallback).happenings:
        [record] = VENDOR.read("booking", msgspec.to_builtins(happening))
        assert isinstance(record, Booking)
        found[str(record.remote_id)] = record
    return found


def starts(*events: str, head: str = "") -> dict[str, datetime]:
    return {uid: booking.starts_at for uid, booking in bookings(*events, head=head).items()}


def utc(month: int, day: int, hour: int, minute: int = 0) -> datetime:
    """A time of 2026."""
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("DTSTART:20261120T180000Z", utc(11, 20, 18)),
        ("DTSTART;TZID=America/New_York:20261120T100000", utc(11, 20, 15)),
        ("DTSTART;TZID=Eastern Standard Time:20261120T100000", utc(11, 20, 15)),
        ("DTSTART:20261120T100000", utc(11, 20, 18)),
        ("DTSTART;VALUE=DATE:20261120", utc(11, 20, 8)),
        ("DTSTART;TZID=America/Los_Angeles:20261101T013000", utc(11, 1, 8, 30)),
    ],
)
def test_times_are_read_in_any_form(line: str, expected: datetime) -> None:
    assert starts(f"UID:a\n{line}") == {"a": expected}


def test_floating_times_take_the_owners_zone_then_the_calendars_then_the_businesss() -> None:
    event = "UID:a\nDTSTART:20261120T100000"
    berlin = "X-WR-TIMEZONE:Europe/Berlin\n"
    chosen = read(event, head=berlin, zone=ZoneInfo("Asia/Tokyo"))
    assert chosen.happenings[0].starts_at == "2026-11-20T01:00:00Z"
    assert read(event, head=berlin).happenings[0].starts_at == "2026-11-20T09:00:00Z"
    assert read(event).happenings[0].starts_at == "2026-11-20T18:00:00Z"
    assert read(event).floating == 1


def test_a_floating_time_without_any_zone_is_said_not_guessed() -> None:
    for line in ("DTSTART:20261120T100000", "DTSTART;VALUE=DATE:20261120"):
        found = read(f"UID:a\n{line}", fallback=None)
        assert found.happenings == []
        assert [h.id for h in found.unreadable] == ["a"]
        assert "choose one in the connection's settings" in found.unreadable[0].problem


def test_repetitions_their_exceptions_and_moves_are_followed() -> None:
    series = (
        "UID:w\nDTSTART;TZID=America/Los_Angeles:20261023T090000\nDURATION:PT30M\nRRULE:FREQ=WEEKLY;COUNT=5\n"
        "EXDATE;TZID=America/Los_Angeles:20261030T090000\nSEQUENCE:4\nLAST-MODIFIED:20261001T000000Z"
    )
    moved = (
        "UID:w\nRECURRENCE-ID;TZID=America/Los_Angeles:20261106T090000\nDTSTART:20261107T200000Z\nDURATION:PT1H\n"
        "SEQUENCE:1"
    )
    called_off = "UID:w\nRECURRENCE-ID:20261113T170000Z\nDTSTART:20261113T170000Z\nDURATION:PT1H\nSTATUS:CANCELLED"
    found = bookings(series, moved, called_off)
    assert {uid: (b.starts_at, str(b.status), b.version, b.changed_at) for uid, b in found.items()} == {
        "w/20261023T160000Z": (utc(10, 23, 16), "confirmed", None, None),
        "w/20261106T170000Z": (utc(11, 7, 20), "confirmed", None, None),
        "w/20261113T170000Z": (utc(11, 13, 17), "cancelled", None, None),
        "w/20261120T170000Z": (utc(11, 20, 17), "confirmed", None, None),
    }


def test_a_repetition_made_free_is_left_out() -> None:
    series = "UID:w\nDTSTART:20261102T090000Z\nDURATION:PT30M\nRRULE:FREQ=DAILY;COUNT=3"
    free = "UID:w\nRECURRENCE-ID:20261103T090000Z\nDTSTART:20261103T090000Z\nTRANSP:TRANSPARENT"
    assert set(starts(series, free)) == {"w/20261102T090000Z", "w/20261104T090000Z"}


def test_repetitions_keep_to_the_window_and_so_do_single_events() -> None:
    daily = "UID:d\nDTSTART:20200101T120000Z\nDURATION:PT30M\nRRULE:FREQ=DAILY"
    found = starts(daily, "UID:old\nDTSTART:20260901T120000Z", "UID:far\nDTSTART:20270301T120000Z")
    assert len(found) == 31 + 30 + 31 + 31
    assert (min(found.values()), max(found.values())) == (utc(10, 1, 12), datetime(2027, 1, 31, 12, tzinfo=UTC))


def test_only_single_events_tell_of_a_feeds_edges() -> None:
    shown = read(
        "UID:d\nDTSTART:20200101T120000Z\nDURATION:PT30M\nRRULE:FREQ=DAILY", "UID:a\nDTSTART:20261120T180000Z"
    ).shown
    assert (list(shown.spans), shown.count) == ([(utc(11, 20, 18), utc(11, 20, 18))], 2)


VISIT = "UID:a\nDTSTART:20261120T180000Z\nDURATION:PT45M"


@pytest.mark.parametrize(
    ("lines", "booked", "source"),
    [
        ("CREATED:20261101T100000Z\nDTSTAMP:20261020T100000Z", utc(11, 1, 10), "created"),
        ("CREATED:00001231T000000Z\nDTSTAMP:20261020T100000Z", utc(10, 20, 10), "stamp"),
        ("LAST-MODIFIED:20261103T100000Z\nDTSTAMP:20261118T200000Z", utc(11, 3, 10), "stamp"),
        ("DTSTAMP:20271118T200000Z", NOW, "first_seen"),
        ("", NOW, "first_seen"),
        ("CREATED:20261201T100000Z", utc(11, 20, 18), "created"),
    ],
)
def test_when_it_was_booked_is_the_best_that_the_feed_tells(lines: str, booked: datetime, source: str) -> None:
    [happening] = read(f"{VISIT}\n{lines}").happenings
    assert (happening.booked_at, happening.booked_from) == (booked.isoformat().replace("+00:00", "Z"), source)


def test_a_stamp_counts_as_a_change_only_where_it_is_the_events_own() -> None:
    generated = [f"UID:e{n}\nDTSTART:2026112{n}T180000Z\nDTSTAMP:20261118T19595{n}Z" for n in range(3)]
    assert [b.changed_at for b in bookings(*generated).values()] == [None] * 3
    own = [f"UID:e{n}\nDTSTART:2026112{n}T180000Z\nDTSTAMP:2026111{n}T195950Z" for n in range(3)]
    assert [b.changed_at for b in bookings(*own).values()] == [
        datetime(2026, 11, 10 + n, 19, 59, 50, tzinfo=UTC) for n in range(3)
    ]


def test_an_event_says_what_it_says_in_its_note_and_nothing_is_guessed() -> None:
    [found] = bookings(
        f"{VISIT}\nSUMMARY:Color\\, Ana R.\nLOCATION:Chair 2\nDESCRIPTION:Phone: +1 206 555 0123\\nbb_ref 7f3\n"
        "SEQUENCE:3\nSTATUS:TENTATIVE\nATTENDEE;CN=Ana:mailto:ana@example.com"
    ).values()
    assert found.note == "Color, Ana R.\nChair 2\nPhone: +1 206 555 0123\nbb_ref 7f3"
    assert (str(found.status), found.version, found.customer, found.service) == ("pending", 3, None, None)


def test_two_events_without_an_id_are_two_and_keep_theirs() -> None:
    events = "DTSTART:20261120T180000Z\nSUMMARY:One", "DTSTART:20261120T180000Z\nSUMMARY:Two"
    assert len(starts(*events)) == 2
    assert starts(*events) == starts(*reversed(events))


def test_a_whole_calendar_can_be_called_off() -> None:
    assert [str(b.status) for b in bookings(VISIT, head="METHOD:CANCEL\n").values()] == ["cancelled"]


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"<!DOCTYPE html><html><body>Sign in</body></html>", "a web page, perhaps a login"),
        (b"", "does not answer with a calendar"),
        (b'{"error":"not found"}', "does not answer with a calendar"),
        (text(VISIT, end=""), "cut off"),
        (text(VISIT)[:-40], "cut off"),
        (b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:\x00\r\n", "not a calendar's text"),
    ],
)
def test_what_is_not_a_whole_calendar_is_refused(body: bytes, why: str) -> None:
    with pytest.raises(Unreadable, match=why):
        happenings.read(body, Asked(NOW, None, PACIFIC, DAYS))


def test_old_encodings_are_read() -> None:
    body = text(f"{VISIT}\nSUMMARY:Frisör").decode().encode("cp1252")
    assert happenings.read(body, Asked(NOW, None, PACIFIC, DAYS)).happenings[0].title == "Frisör"
    assert happenings.read(b"\xef\xbb\xbf" + text(VISIT), Asked(NOW, None, PACIFIC, DAYS)).happenings


LINES = st.sampled_from(
    ["BEGIN:VEVENT", "END:VEVENT", "BEGIN:VTIMEZONE", "END:VTIMEZONE", "TZID:X", "BEGIN:STANDARD", "END:STANDARD",
     "BEGIN:VALARM", "END:VALARM", "END:VCALENDAR", "BEGIN:VCALENDAR", "RRULE:FREQ=DAILY", "RRULE:FREQ=SECONDLY",
     "RRULE:FREQ=WEEKLY;COUNT=3", "DTSTART:20261108T023000", "DTSTART;TZID=X:20261108T023000",
     "DTSTART:00010101T000000Z", "DTSTART;VALUE=DATE:20261108", "DTSTART:99991231T235959Z", "DTEND:20261108T033000Z",
     "DTEND:20250101T000000Z", "DURATION:P9999W", "UID:a", "UID:a/b", "UID:" + "u" * 700, "SEQUENCE:3",
     "SEQUENCE:99999999999999999999", "RECURRENCE-ID:20261108T023000", "RDATE:20261109T090000", "EXDATE:20261108",
     "STATUS:CANCELLED", "STATUS:ODD", "SUMMARY:Cut", "  folded", "TRANSP:TRANSPARENT", "METHOD:CANCEL",
     "X-WR-TIMEZONE:Nowhere", "CREATED:19000101T120000Z", "DTSTAMP:20261101T120000Z", "SUMMARY:\ud800"]
)  # fmt: skip


@given(st.lists(LINES | st.text(max_size=20), max_size=16))
@settings(max_examples=150, deadline=None)
def test_any_lines_become_records_in_good_form_or_problems(lines: list[str]) -> None:

    joined = "\r\n".join(["BEGIN:VCALENDAR", "BEGIN:VEVENT", "UID:z", *lines, "END:VEVENT", "END:VCALENDAR", ""])
    try:
        found = happenings.read(joined.encode("utf-8", "replace"), Asked(NOW, None, PACIFIC, DAYS))
    except Unreadable:
        return
    for happening in found.happenings + found.unreadable:
        try:
            records = VENDOR.read("booking", msgspec.to_builtins(happening))
        except Unreadable:
            continue
        assert [contract_fuzz.complaints(record) for record in records] == [[]]


def test_a_feed_of_the_greatest_size_is_read_in_seconds() -> None:
    events = [f"UID:e{n}\nDTSTART:{NOW + timedelta(minutes=n):%Y%m%dT%H%M%SZ}\nSUMMARY:Visit {n}" for n in range(5_000)]
    assert len(read(*events).happenings) == 5_000
