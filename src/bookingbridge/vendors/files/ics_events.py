"""Calendar events as rows: one per event, or one per repetition within the window."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from bookingbridge.vendorkit.ical.events import Occurrence
from bookingbridge.vendorkit.ical.lines import RawEvent
from bookingbridge.vendorkit.ical.times import Moment
from bookingbridge.vendors.files.table import Cell, Row

COLUMNS = (
    "uid", "start", "end", "all day", "summary", "description", "location", "status", "client name", "client email",
    "client phone", "created", "last modified", "sequence",
)  # fmt: skip


def row(at: Occurrence, *, is_cancellation: bool) -> Row:
    """One time an event takes place, with its times in UTC where their zone is known."""
    event, raw = at.event, at.event.raw
    name, email, phone = _client(raw)
    cells: tuple[Cell, ...] = (
        at.uid or None, _utc(at.start), _utc(at.end), not isinstance(at.start, datetime), raw.text("SUMMARY"),
        raw.text("DESCRIPTION"), raw.text("LOCATION"), "CANCELLED" if is_cancellation else raw.text("STATUS"),
        name, email, phone, event.stamp("CREATED"), event.changed, event.sequence,
    )  # fmt: skip
    return Row(raw.line, cells)


def _utc(at: Moment | None) -> Cell:
    return at.astimezone(UTC) if isinstance(at, datetime) and at.tzinfo is not None else at


_MAIL = re.compile(r"^mailto:(\S+@\S+)$", re.IGNORECASE)
_LABELLED = re.compile(
    r"^[ \t*-]*(?:(?P<name>name|client|customer|invitee|cliente|nombre|kunde|klient|клієнт)"
    r"|(?P<email>e-?mail|correo|пошта)|(?P<phone>phone|tel|telephone|mobile|cell|tel[eé]fono|telefon|телефон))"
    r"[ \t]*:[ \t]*(?P<value>\S[^\n]{0,200})$",
    re.IGNORECASE | re.MULTILINE,
)


def _client(raw: RawEvent) -> tuple[str, str, str]:
    """(name, e-mail, phone) of who comes: the first attendee who is not the organizer, else labelled lines."""
    organizer = raw.text("ORGANIZER").casefold()
    name = email = phone = ""
    for line in raw.properties.get("ATTENDEE", []):
        mail = _MAIL.match(line.value.strip())
        is_person = line.params.get("CUTYPE", "INDIVIDUAL").upper() == "INDIVIDUAL"
        if mail and is_person and line.value.strip().casefold() != organizer:
            name, email = line.params.get("CN", "").strip('"'), mail[1]
            break
    for found in _LABELLED.finditer(raw.text("DESCRIPTION")[:20_000]):
        value = found["value"].strip()
        name = name or (value if found["name"] else "")
        email = email or (value if found["email"] and "@" in value else "")
        phone = phone or (value if found["phone"] else "")
    return ("" if name.casefold() == email.casefold() else name), email, phone
