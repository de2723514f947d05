"""Calendar files (.ics): each event becomes a row with its times in UTC; what cannot be one becomes a problem."""

from __future__ import annotations

from typing import BinaryIO

from bookingbridge.canonical.errors import Unreadable
from bookingbridge.vendors.files import encodings, ics_events, ics_lines
from bookingbridge.vendors.files.ics_times import Zones
from bookingbridge.vendors.files.table import Reading, Table


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
    file = ics_lines.parse(data.decode(encoding), how.limits.rows, name)
    found = ics_events.rows(file.events, Zones(file.zones), how, is_cancellation=file.is_cancellation)
    if not found.rows and not file.problems and not found.problems:
        raise Unreadable("the calendar holds no events", where=name)
    notes = (f"read as a calendar with {len(file.events):,} event(s)", *found.notes)
    return Table(name, "ics", ics_events.COLUMNS, found.rows, notes, (*file.problems, *found.problems))
