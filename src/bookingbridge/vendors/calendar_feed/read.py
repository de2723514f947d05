"""From one event of a feed to a booking or a time that cannot be booked. Pure and total: a record, or Unreadable.

Who comes is not guessed from a title: what an event says goes into the note, as it stands there.
"""

from __future__ import annotations

import msgspec

from bookingbridge.canonical import times
from bookingbridge.canonical.errors import Unreadable
from bookingbridge.canonical.ids import RemoteId
from bookingbridge.canonical.ports import Json
from bookingbridge.canonical.records import Block, Booking, BookingStatus, Record
from bookingbridge.vendors.calendar_feed.wire import Happening

LONGEST_NOTE = 4_000
_LONGEST_ID = 600
_LAST_VERSION = 2**62

# RFC 5545, section 3.8.1.11: an event without a status takes place.
_STATUS = {
    "": BookingStatus.CONFIRMED,
    "CONFIRMED": BookingStatus.CONFIRMED,
    "TENTATIVE": BookingStatus.PENDING,
    "CANCELLED": BookingStatus.CANCELLED,
}


def read(kind: str, payload: Json) -> list[Record]:
    """The one record in the payload, of the kind that was asked for."""
    if kind not in ("booking", "block"):
        raise Unreadable(f"a calendar has no {kind[:40]!r}")
    try:
        found = msgspec.convert(payload, Happening)
    except msgspec.ValidationError as broken:
        raise Unreadable("not an event of a calendar", where=str(broken)[:200]) from broken
    if found.problem:
        raise Unreadable(found.problem[:300])
    if not found.id or len(found.id) > _LONGEST_ID or found.id != _clean(found.id):
        raise Unreadable("the event has no usable id", where="UID")
    return [_block(found) if kind == "block" else _booking(found)]


def _booking(found: Happening) -> Booking:
    starts_at, ends_at = times.rfc3339(found.starts_at), times.rfc3339(found.ends_at)
    if ends_at < starts_at:
        raise Unreadable("the event ends before it begins", where="DTEND")
    return Booking(
        remote_id=RemoteId(found.id),
        version=_version(found),
        changed_at=times.rfc3339(found.changed_at) if found.changed_at else None,
        status=_status(found),
        starts_at=starts_at,
        ends_at=ends_at,
        booked_at=min(times.rfc3339(found.booked_at), starts_at),
        customer=None,
        location=None,
        staff=None,
        service=None,
        price=None,
        note=_note(found),
    )


def _block(found: Happening) -> Block:
    starts_at, ends_at = times.rfc3339(found.starts_at), times.rfc3339(found.ends_at)
    if ends_at < starts_at:
        raise Unreadable("the event ends before it begins", where="DTEND")
    return Block(
        remote_id=RemoteId(found.id),
        version=_version(found),
        changed_at=times.rfc3339(found.changed_at) if found.changed_at else None,
        starts_at=starts_at,
        ends_at=ends_at,
        staff=None,
        location=None,
        title=_clean(found.title)[:200] or "Busy",
        is_cancelled=_status(found) is BookingStatus.CANCELLED,
    )


def _status(found: Happening) -> BookingStatus:
    if found.is_retired:
        return BookingStatus.CANCELLED
    try:
        return _STATUS[found.status.strip().upper()]
    except KeyError as unknown:
        raise Unreadable(f"unknown status {found.status[:40]!r}", where="STATUS") from unknown


def _version(found: Happening) -> int | None:
    if found.sequence is not None and not 0 <= found.sequence < _LAST_VERSION:
        raise Unreadable("not a version", where="SEQUENCE")
    return found.sequence


def _note(found: Happening) -> str | None:
    said = (_clean(part) for part in (found.title, found.place, found.text))
    return "\n".join(part for part in said if part)[:LONGEST_NOTE] or None


def _clean(text: str) -> str:
    """Without what no database stores: the zero character and halves of characters."""
    return text.replace("\x00", "").encode("utf-8", "ignore").decode().strip()
