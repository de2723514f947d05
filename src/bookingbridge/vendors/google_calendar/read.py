"""Events of a calendar as records: appointments with the guest as client, or times that are taken. Pure.

A payload is an envelope of ours (see wire.Envelope), because an all-day event has no zone of its own and because the
owner decides what the events of this calendar are.
"""

from __future__ import annotations

import html
import re
from datetime import date, datetime
from typing import Any, Literal, TypeVar

import msgspec

from bookingbridge.canonical import times
from bookingbridge.canonical.errors import Unreadable
from bookingbridge.canonical.ids import RemoteId
from bookingbridge.canonical.ports import Json
from bookingbridge.canonical.records import Block, Booking, BookingStatus, Customer, Record
from bookingbridge.vendors.google_calendar import wire

KEY, LAST, CLIENT, NAME, PHONE, EMAIL = "bb_key", "bb_last", "bb_client", "bb_name", "bb_phone", "bb_email"
"""Our own entries in an event's private extended properties: the command that made it, the one that last changed it,
and whom it is for. Only we see them, and only on this calendar's copy of the event."""

_AWAY = frozenset({"outOfOffice", "focusTime"})
NO_TIME = frozenset({"birthday", "workingLocation"})
_STATUS = {"confirmed": BookingStatus.CONFIRMED, "tentative": BookingStatus.PENDING}
_TAG = re.compile(r"<[^<>]{0,500}>")
_LONGEST_ID = 1024

_T = TypeVar("_T")


def read(kind: str, payload: Json) -> list[Record]:
    """The records in an event: an appointment and its client, a busy time, or nothing where it is neither.

    Unreadable where it cannot be understood. A deleted event of which Google no longer tells the times is nothing here:
    see streams, which then reads the calendar anew.
    """
    if kind not in ("booking", "block"):
        raise Unreadable(f"Google Calendar has no {kind[:40]!r}")
    given = converted(payload, wire.Envelope)
    facet = facet_of(given.event, given.taken_as)
    if facet is None or given.event.start is None or given.event.end is None:
        _id(given.event.id)
        return []
    return [_block(given)] if facet == "block" else _booking(given)


def facet_of(event: wire.Event, taken_as: str) -> Literal["booking", "block"] | None:
    """What the event is to us.

    Of appointments: what has a guest, or a time that is taken. An all-day entry without a guest is a note. An event's
    type never changes, so that absences stay busy times. Of busy times: all but birthdays and places of work; one
    that is free now is a busy time that no longer is.
    """
    if event.event_type in NO_TIME:
        return None
    if taken_as == "busy" or event.event_type in _AWAY:
        return "block"
    is_timed = event.start is not None and event.start.date_time is not None
    return "booking" if _guest(event) or (is_timed and event.transparency != "transparent") else None


def is_bare(event: wire.Event) -> bool:
    """Whether the event is deleted and Google tells no more than that."""
    return event.status == "cancelled" and (event.start is None or event.end is None)


def version_of(event: wire.Event) -> int | None:
    """The time of the last change in milliseconds: it only grows, where `sequence` keeps still for many a change."""
    changed = _time(event.updated)
    return None if changed is None else int(changed.timestamp() * 1000)


def converted(value: Any, shape: type[_T]) -> _T:
    """The value in that shape, or Unreadable."""
    try:
        return msgspec.convert(value, shape, strict=True)
    except (msgspec.ValidationError, RecursionError) as broken:
        raise Unreadable("another shape than Google documents", where=str(broken)[:200]) from broken


def _booking(given: wire.Envelope) -> list[Record]:
    event = given.event
    starts_at, ends_at = _span(given)
    changed_at = _time(event.updated)
    booked_at = _first_plausible(event.created, event.updated)
    if booked_at is None:
        raise Unreadable("the event does not say when it was made", where="created")
    client = _customer(event, changed_at)
    booking = Booking(
        remote_id=_id(event.id),
        version=version_of(event),
        changed_at=changed_at,
        status=_status(event),
        starts_at=starts_at,
        ends_at=ends_at,
        booked_at=booked_at,
        customer=client.remote_id if client else None,
        location=None,
        staff=None,
        service=None,
        price=None,
        note=_note(event),
    )
    return [client, booking] if client else [booking]


def _block(given: wire.Envelope) -> Block:
    event = given.event
    starts_at, ends_at = _span(given)
    return Block(
        remote_id=_id(event.id),
        version=version_of(event),
        changed_at=_time(event.updated),
        starts_at=starts_at,
        ends_at=ends_at,
        staff=None,
        location=None,
        title=_text(event.summary) or "Busy",
        is_cancelled=event.status == "cancelled" or event.transparency == "transparent" or _is_declined_by_us(event),
    )


def _status(event: wire.Event) -> BookingStatus:
    guest = _guest(event)
    if event.status == "cancelled" or (guest is not None and guest.response_status == "declined"):
        return BookingStatus.CANCELLED
    if _is_declined_by_us(event):
        return BookingStatus.DECLINED
    if event.status not in _STATUS:
        raise Unreadable(f"Google says {event.status[:40]!r}, which we do not know", where="status")
    return _STATUS[event.status]


def _is_declined_by_us(event: wire.Event) -> bool:
    return any(a.is_self and not a.is_organizer and a.response_status == "declined" for a in event.attendees)


def _guest(event: wire.Event) -> wire.Attendee | None:
    """The first of those invited who is neither the calendar itself, nor the host, nor a room."""
    host = _email(event.organizer.email) if event.organizer else None
    for attendee in event.attendees:
        is_other = not (attendee.is_self or attendee.is_organizer or attendee.is_resource)
        if is_other and (email := _email(attendee.email)) and email != host:
            return attendee
    return None


def _customer(event: wire.Event, changed_at: datetime | None) -> Customer | None:
    """Whom the appointment is for: the guest, or without one whom we booked it for ourselves."""
    ours = event.extended_properties.private
    guest = _guest(event)
    email = _email(guest.email) if guest else _email(ours.get(EMAIL))
    phone = _text(ours.get(PHONE))
    remote_id = email or (f"tel:{phone}" if phone else None) or _text(ours.get(CLIENT))
    if remote_id is None or len(remote_id) > _LONGEST_ID:
        return None
    name = (_text(guest.display_name) if guest else None) or _text(ours.get(NAME)) or email or phone or "Client"
    return Customer(RemoteId(remote_id), None, changed_at, name, email, phone, None)


def _span(given: wire.Envelope) -> tuple[datetime, datetime]:
    assert given.event.start is not None
    assert given.event.end is not None
    starts_at, ends_at = _moment(given.event.start, given.time_zone), _moment(given.event.end, given.time_zone)
    if ends_at < starts_at:
        raise Unreadable("the event ends before it starts", where="end")
    return starts_at, ends_at


def _moment(said: wire.Moment, zone: str) -> datetime:
    """The instant in UTC. A day begins at midnight of its calendar; the end's day is the one after the last."""
    if said.date_time is None:
        try:
            day = date.fromisoformat(said.date or "")
            return times.plausible(times.day_bounds(day, times.zone(zone))[0])
        except (ValueError, OverflowError) as broken:
            raise Unreadable(f"{str(said.date)[:40]!r} is no day", where="date") from broken
    try:
        at = datetime.fromisoformat(said.date_time.strip().upper().replace("Z", "+00:00"))
    except ValueError as broken:
        raise Unreadable(f"{said.date_time[:40]!r} is not a time", where="dateTime") from broken
    return times.plausible(at if at.tzinfo else at.replace(tzinfo=times.zone(said.time_zone or zone)))


def _time(raw: str | None) -> datetime | None:
    return times.rfc3339(raw) if raw else None


def _first_plausible(*raw: str | None) -> datetime | None:
    """Imported events are at times made in the year 0; the next best time is taken then."""
    for text in raw:
        try:
            if text:
                return times.rfc3339(text)
        except Unreadable:
            continue
    return None


def _note(event: wire.Event) -> str | None:
    """Title and description as text: the description may hold HTML."""
    described = html.unescape(_TAG.sub(" ", event.description or ""))
    return "\n".join(t for part in (event.summary, described) if (t := _text(part))) or None


def _email(raw: str | None) -> str | None:
    text = (_text(raw) or "").lower()
    return text if "@" in text and len(text) <= 320 and text.isprintable() and " " not in text else None


def _id(raw: str) -> RemoteId:
    if not 0 < len(raw) <= _LONGEST_ID or not raw.isascii() or not raw.isprintable() or " " in raw:
        raise Unreadable("no id of an event", where="id")
    return RemoteId(raw)


def _text(raw: str | None) -> str | None:
    """Text a database can hold, trimmed; None where nothing is left."""
    if raw is None:
        return None
    return raw.replace("\x00", "").encode("utf-8", "ignore").decode().strip() or None
