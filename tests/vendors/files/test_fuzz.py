"""Whatever a file holds, it is read, or refused with a reason: nothing else is ever raised."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.vendors.files.given import SAMPLES, SHOP, workbook

from bookingbridge.canonical.errors import Refused, Unreadable
from bookingbridge.canonical.records import RECORDS, Record
from bookingbridge.vendorkit.ical import recurrence
from bookingbridge.vendors import files
from bookingbridge.vendors.files import amounts, cells, dates, words
from bookingbridge.vendors.files.dates import DateOrder
from bookingbridge.vendors.files.mapping import Wishes
from bookingbridge.vendors.files.vocabulary import kinds

SKIPPING = replace(SHOP, skip_bad_rows=True, window=(date(2026, 1, 1), date(2026, 12, 31)))
NAMES = st.sampled_from(["a.csv", "a.tsv", "a.xlsx", "a.ics", ""])
ODD = st.sampled_from(
    ["", "-", "2026-03-08 02:30", "2026-11-01 01:30", "03/04/2026", "31/12/26", "13/13/2026", "1.200", "1,200.50",
     "$-4", "(5)", "9e99", "1" * 40, "yes", "Paid", "no-show", "a@b.co", "+1 206 555 0123", "2:30 PM", "25:00", "USD",
     "EUR", "Total", "\x00", "\ud7ff", "٣", "0001-01-01", "9999-12-31 23:59", "P1D", "america/new_york", "../../etc",
     "1e400", "-0", "٢٠٢٦-٠٣-٠٥", "2026-W10-4", "5 March 2026", "NaN", "inf", "86399.9", "99:99", "1700000000",
     "1700000000000"]
)  # fmt: skip


def check(data: bytes, name: str, wishes: Wishes | None = None) -> list[Record]:
    """The file's records, all of known kinds; none where the file is refused."""
    try:
        loaded = files.load(data, wishes, SKIPPING, name=name)
    except (Unreadable, Refused):
        return []
    assert all(record.kind in RECORDS and record.remote_id for record in loaded.records)
    assert loaded.bad_rows <= loaded.rows
    return loaded.records


@settings(deadline=None)
@given(st.binary(max_size=400), NAMES)
def test_any_bytes_are_read_or_refused(data: bytes, name: str) -> None:
    check(data, name)


@settings(deadline=None)
@given(st.text(max_size=400), st.sampled_from(["utf-8", "utf-16", "utf-8-sig"]))
def test_any_text_is_read_or_refused(text: str, encoding: str) -> None:
    check(text.encode(encoding, "replace"), "a.csv")


@given(st.data())
@settings(max_examples=90, deadline=None)
def test_any_cells_under_known_headings_are_read_or_become_problems(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(list(kinds().values())))
    fields = data.draw(st.lists(st.sampled_from(list(kind.fields)), min_size=1, max_size=8, unique=True))
    row = st.lists(ODD | st.text(max_size=12), min_size=1, max_size=len(fields) + 1)
    rows = data.draw(st.lists(row, max_size=6))
    lines = [fields, *rows]
    text = "\r\n".join(",".join('"' + cell.replace('"', '""') + '"' for cell in line) for line in lines)
    check(text.encode("utf-8", "replace"), f"{kind.name}.csv", Wishes(kind=kind.name))


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_any_cells_of_a_workbook_are_read_or_become_problems(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(list(kinds().values())))
    fields = data.draw(st.lists(st.sampled_from(list(kind.fields)), min_size=1, max_size=6, unique=True))
    cell = (
        st.none() | st.booleans() | st.integers(-(10**16), 10**16) | st.floats(allow_nan=False, allow_infinity=False)
        | st.datetimes(min_value=datetime(1900, 3, 1), max_value=datetime(2200, 1, 1))  # noqa: DTZ001
        | st.dates(min_value=date(1901, 1, 1)) | st.times()
        | st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=900))
        | st.sampled_from(["2026-03-05", "Paid", "a@b.co", "=1/0"])
    )  # fmt: skip
    rows = data.draw(st.lists(st.lists(cell, min_size=1, max_size=len(fields)), min_size=1, max_size=4))
    check(workbook(("Sheet", [fields, *rows])), f"{kind.name}.xlsx", Wishes(kind=kind.name))


WHOLE = {path.name: path.read_bytes() for path in sorted(SAMPLES.glob("*.[ci][sc][vs]"))}
WHOLE = {name: data[:3_000] for name, data in WHOLE.items()}
WHOLE["bookings.xlsx"] = workbook(("Sheet", [["Date", "Client", "Price"], [date(2026, 3, 5), "Ann", 45.5]]))


@given(st.sampled_from(sorted(WHOLE)), st.data())
@settings(max_examples=90, deadline=None)
def test_a_valid_file_with_some_bytes_changed_is_read_or_refused(name: str, data: st.DataObject) -> None:
    changed = bytearray(WHOLE[name])
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(changed) - 1))
        match data.draw(st.sampled_from(["set", "cut", "insert", "drop"])):
            case "set":
                changed[at] = data.draw(st.integers(0, 255))
            case "insert":
                changed[at:at] = data.draw(st.binary(min_size=1, max_size=8))
            case "drop":
                del changed[at : at + data.draw(st.integers(1, 40))]
            case "cut":
                del changed[max(1, at) :]
        if not changed:
            break
    check(bytes(changed), name)


LINES = st.sampled_from(
    ["BEGIN:VEVENT", "END:VEVENT", "BEGIN:VTIMEZONE", "END:VTIMEZONE", "TZID:X", "BEGIN:STANDARD", "END:STANDARD",
     "TZOFFSETFROM:-0700", "TZOFFSETTO:-0800", "TZOFFSETTO:+9999", "RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=1SU",
     "RRULE:FREQ=SECONDLY", "RRULE:FREQ=DAILY;INTERVAL=0", "RRULE:FREQ=WEEKLY;COUNT=3", "RRULE:FREQ=DAILY;UNTIL=x",
     "RRULE:FREQ=MONTHLY;BYMONTHDAY=31;BYMONTH=2", "RRULE:FREQ=DAILY;BYSETPOS=0", "DTSTART:20260308T023000",
     "DTSTART;TZID=X:20260308T023000", "DTSTART;TZID=America/New_York:20261101T013000", "DTSTART:00010101T000000Z",
     "DTSTART;VALUE=DATE:20260308", "DTSTART:99991231T235959Z", "DTSTART:19700101T000000", "DTEND:20260308T033000Z",
     "DTEND:20250101T000000Z", "DURATION:PT45M", "DURATION:-P1D", "DURATION:P9999W", "UID:a", "UID:b", "SEQUENCE:3",
     "RECURRENCE-ID:20260308T023000", "RDATE:20260401T090000,20260402T090000", "EXDATE:20260308T023000",
     "STATUS:CANCELLED", "STATUS:ODD", "ATTENDEE;CN=\"A\":mailto:a@b.co", "SUMMARY:Cut\\, wash", "  folded",
     "TRANSP:TRANSPARENT", "METHOD:CANCEL", "RRULE;X=\"y:FREQ=DAILY", "RDATE;VALUE=PERIOD:20260301T090000Z/PT1H"]
)  # fmt: skip


@given(st.lists(LINES | st.text(max_size=30), max_size=14))
@settings(max_examples=120, deadline=None)
def test_any_lines_of_a_calendar_are_read_or_become_problems(lines: list[str]) -> None:
    text = "\r\n".join(["BEGIN:VCALENDAR", "BEGIN:VEVENT", "UID:z", *lines, "END:VEVENT", "END:VCALENDAR"])
    check(text.encode("utf-8", "replace"), "a.ics")


RULE_PARTS = st.sampled_from(
    ["FREQ=DAILY", "FREQ=WEEKLY", "FREQ=MONTHLY", "FREQ=YEARLY", "INTERVAL=2", "COUNT=5", "BYDAY=MO,WE", "BYDAY=5FR",
     "BYMONTH=2", "BYMONTHDAY=30", "BYMONTHDAY=-1", "BYSETPOS=-1", "WKST=SU", "BYWEEKNO=53", "BYYEARDAY=366",
     "BYHOUR=9", "BYHOUR=99", "BYMINUTE=0", "BYSECOND=0", "UNTIL=20260601", "UNTIL=20260601T000000Z", "BYEASTER=1",
     "COUNT=0", "X=Y"]
)  # fmt: skip


@given(st.lists(RULE_PARTS, min_size=1, max_size=6, unique=True))
@settings(deadline=None)
def test_any_repetition_rule_gives_starts_within_the_window_or_is_refused(parts: list[str]) -> None:
    start = datetime(2026, 1, 5, 9)  # noqa: DTZ001
    window = datetime(2026, 2, 1), datetime(2026, 5, 1)  # noqa: DTZ001
    try:
        found = recurrence.occurrences(";".join(parts), start, None, window)
    except Unreadable:
        return
    assert found == sorted(found)
    assert all(window[0] <= at < window[1] for at in found)


@settings(deadline=None)
@given(st.text(max_size=40) | ODD, st.sampled_from([None, *DateOrder]))
def test_any_text_is_a_date_or_refused(text: str, order: DateOrder | None) -> None:
    for read in (lambda: dates.stamp(text, order), lambda: dates.clock(text), lambda: cells.minutes(text)):
        with suppress(Unreadable):
            read()


@settings(deadline=None)
@given(st.text(alphabet="0123456789.,-()$€ USD'", max_size=14) | ODD, st.sampled_from([None, ".", ","]))
def test_any_text_is_an_amount_or_refused(text: str, separator: str | None) -> None:
    for read in (
        lambda: amounts.money(text, "USD", separator),
        lambda: amounts.micros(text, "USD", separator),
        lambda: amounts.count(text),
    ):
        with suppress(Unreadable):
            read()


@settings(deadline=None)
@given(st.text(max_size=30))
def test_any_word_has_a_meaning_or_is_refused(text: str) -> None:
    for read in (words.booking_status, words.payment_status, words.flag, words.touch_kind):
        with suppress(Unreadable):
            read(text)
    assert words.channel(text) in words.CHANNELS
