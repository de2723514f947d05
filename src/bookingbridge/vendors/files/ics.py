"""Calendar files (.ics): each event becomes a row with its times in UTC; what cannot be one becomes a problem."""

from __future__ import annotations

from typing import BinaryIO

from bookingbridge.canonical.errors import Unreadable
from bookingbridge.vendorkit.ical import events, lines
from bookingbridge.vendorkit.ical.lines import Flaw
from bookingbridge.vendors.files import encodings, ics_events
from bookingbridge.vendors.files.table import Problem, Reading, Table


def is_calendar(head: bytes) -> bool:
    """Whether a file that begins so is a calendar, in any encoding with Latin letters of one or two bytes."""
    plain = head.replace(b"\x00", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
    return plain[:15].upper() == b"BEGIN:VCALENDAR"


def read(stream: BinaryIO, name: str, how: Reading) -> Table:
    """The events of a calendar as a table with fixed columns; times with a zone or in UTC become UTC.

    Floating times take `how.time_zone`. Repeating events are expanded within `how.window`, else each is a problem.
    Local times that a clock change skips or repeats are read as RFC 5545, section 3.3.5, says: with the offset
    before the change.
    """
    data = stream.read(how.limits.calendar_bytes + 1)
    if len(data) > how.limits.calendar_bytes:
        raise Unreadable(f"the calendar has more than {how.limits.calendar_bytes:,} bytes", where=name)
    stream.seek(0)
    encoding = encodings.detect(stream, how.encoding, name)
    file = lines.parse(data.decode(encoding), how.limits.rows, name)
    terms = events.Terms(how.time_zone, how.window, how.limits.rows, how.limits.repeating_days)
    found = events.read(file, terms)
    if not found.occurrences and not file.flaws and not found.flaws:
        raise Unreadable("the calendar holds no events", where=name)
    rows = [ics_events.row(at, is_cancellation=file.is_cancellation) for at in found.occurrences]
    notes = [f"read as a calendar with {len(file.events):,} event(s)"]
    if found.free:
        notes.append(f"{found.free} event(s) marked as free time were left out")
    problems = tuple(map(_problem, (*file.flaws, *found.flaws)))
    return Table(name, "ics", ics_events.COLUMNS, rows, tuple(notes), problems)


def _problem(flaw: Flaw) -> Problem:
    return Problem(flaw.line, flaw.name, flaw.value, flaw.why)
