"""Trafft's objects as our records. Pure: the same payload gives the same records, or Unreadable."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import TypeVar

import msgspec

from bookingbridge.canonical import times
from bookingbridge.canonical.errors import Unreadable
from bookingbridge.canonical.ids import RemoteId
from bookingbridge.canonical.money import Money, digits
from bookingbridge.canonical.ports import Json
from bookingbridge.canonical.records import Booking, BookingStatus, Customer, Location, Record, Service, StaffMember
from bookingbridge.vendors.trafft import wire

# The five words one reader lists for API v2 (2026-10-09); the numbers of the older API are documented by nobody.
_STATUS = {
    "approved": BookingStatus.CONFIRMED,
    "pending": BookingStatus.PENDING,
    "canceled": BookingStatus.CANCELLED,
    "rejected": BookingStatus.DECLINED,
    "no-show": BookingStatus.NO_SHOW,
}
_CALLED_OFF = (BookingStatus.CANCELLED, BookingStatus.DECLINED)

_LONGEST = 24 * 60 * 31
"""Minutes. A service longer than a month is a misunderstanding of the unit."""

_CALLING_CODE = re.compile(r"\+?[1-9][0-9]{0,3}", re.ASCII)

T = TypeVar("T")


def read(kind: str, payload: Json) -> list[Record]:
    """The one record in an object of `kind`."""
    reader = _READERS.get(kind)
    if reader is None:
        raise Unreadable(f"Trafft has no {kind!r}", where="kind")
    return [reader(payload)]


def _location(payload: Json) -> Record:
    found = _shaped(payload, wire.Location)
    return Location(
        remote_id=_id(found.id),
        version=None,
        changed_at=None,
        name=_text(found.name) or "",
        time_zone=_zone_name(found.timezone),
        address=_text(found.address),
    )


def _staff(payload: Json) -> Record:
    found = _shaped(payload, wire.Employee)
    return StaffMember(
        remote_id=_id(found.id), version=None, changed_at=None, name=_joined(found.first_name, found.last_name)
    )


def _service(payload: Json) -> Record:
    offered = _shaped(payload, wire.OfferedService)
    found = offered.service
    return Service(
        remote_id=_id(found.id),
        version=None,
        changed_at=None,
        name=_text(found.name) or "",
        price=_price(found.price, offered.currency),
        duration_minutes=_minutes(found.duration, offered.duration_unit),
    )


def _customer(payload: Json) -> Record:
    found = _shaped(payload, wire.Customer)
    return Customer(
        remote_id=_id(found.id),
        version=None,
        changed_at=None,
        name=_joined(found.first_name, found.last_name),
        email=_text(found.email),
        phone=_phone(_text(found.phone_country_code), _text(found.phone_number)),
        created_at=None,
    )


def _booking(payload: Json) -> Record:
    place = _shaped(payload, wire.Place)
    found, booking = place.appointment, place.booking
    starts_at = _instant(found.start_date_time, place.time_zone, "start_date_time")
    ends_at = _instant(found.end_date_time, place.time_zone, "end_date_time")
    if ends_at < starts_at:
        raise Unreadable("an appointment that ends before it starts", where="end_date_time")
    return Booking(
        remote_id=_id(booking.id) if booking else RemoteId(f"appointment:{_id(found.id)}"),
        version=None,
        changed_at=None,
        status=_status(found.status, booking.status if booking else None),
        starts_at=starts_at,
        ends_at=ends_at,
        booked_at=_instant(found.created_at, place.time_zone, "created_at"),
        customer=_ref(booking.customer) if booking else None,
        location=_ref(found.location),
        staff=_ref(found.employees[0]) if found.employees else None,
        service=_ref(found.service),
        price=None,  # Trafft's API shows no price of an appointment; the service's may have changed since
        note=_text(found.note),
    )


_READERS: dict[str, Callable[[Json], Record]] = {
    "location": _location,
    "staff": _staff,
    "service": _service,
    "client": _customer,
    "booking": _booking,
}


def instant(raw: str, zone: str | None) -> datetime:
    """The instant, in UTC, that Trafft's text means: with its own offset, else in the account's time zone.

    Where a wall clock shows a time twice the first is meant. Unreadable where no zone is known or it is no time.
    """
    try:
        at = datetime.fromisoformat(raw.strip())
    except ValueError as broken:
        raise Unreadable(f"{raw[:40]!r} is not a time") from broken
    if len(raw.strip()) < len("2026-11-20 18:00"):
        raise Unreadable(f"{raw[:40]!r} names no hour")
    if at.tzinfo is None:
        if not zone:
            raise Unreadable("a time without a zone, and the account's zone is not known")
        at = at.replace(tzinfo=times.zone(zone))
    return times.plausible(at)


def status_of(raw: str | int | None) -> BookingStatus:
    """The status in our words. Unreadable for a word, or any number, that nobody documents."""
    if not isinstance(raw, str) or raw not in _STATUS:
        raise Unreadable(f"Trafft says {str(raw)[:40]!r}, which we do not know", where="status")
    return _STATUS[raw]


def _status(appointment: str | int | None, booking: str | int | None) -> BookingStatus:
    """The booking's own; an appointment that was called off is so for all in it."""
    whole = status_of(booking if appointment is None else appointment)
    own = whole if booking is None else status_of(booking)
    return whole if whole in _CALLED_OFF and own not in _CALLED_OFF else own


def _instant(raw: str | None, zone: str | None, where: str) -> datetime:
    if not raw:
        raise Unreadable("an appointment without it", where=where)
    try:
        return instant(raw, zone)
    except Unreadable as broken:
        raise Unreadable(broken.why, where=where) from broken


def _shaped(payload: Json, shape: type[T]) -> T:
    try:
        return msgspec.convert(payload, shape)
    except (msgspec.ValidationError, RecursionError, OverflowError) as broken:
        raise Unreadable(f"not the shape of Trafft's {shape.__name__}: {str(broken)[:200]}") from broken


def _id(raw: wire.Id) -> RemoteId:
    text = str(raw)
    if not text or len(text) > 200 or not text.isprintable() or text.startswith("-"):
        raise Unreadable("an id is empty or no id", where="id")
    return RemoteId(text)


def _ref(mention: wire.Named | wire.Participant | None) -> RemoteId | None:
    return None if mention is None or mention.id is None or mention.id == "" else _id(mention.id)


def _text(raw: str | None) -> str | None:
    """Text a database can hold, trimmed; None where nothing is left."""
    if raw is None:
        return None
    return raw.replace("\x00", "").encode("utf-8", "ignore").decode().strip() or None


def _joined(*parts: str | None) -> str:
    return " ".join(t for part in parts if (t := _text(part)))


def _zone_name(name: str | None) -> str | None:
    try:
        return times.zone(name).key if name else None
    except Unreadable:
        return None  # a location without a usable zone is still a location


def _phone(code: str | None, number: str | None) -> str | None:
    """The number as it is there. The country's code goes before it where it is one (it may be a country's name)."""
    if number is None or code is None or number.startswith(("+", "00")) or not _CALLING_CODE.fullmatch(code):
        return number
    return f"+{code.removeprefix('+')} {number}"


def _price(raw: int | float | str | None, currency: str | None) -> Money | None:
    """None where either half is missing; Unreadable where it is no amount of that currency."""
    if raw is None or raw == "" or not currency:
        return None
    try:
        minor = Decimal(str(raw)).scaleb(digits(currency))
        if not minor.is_finite() or minor.adjusted() > 18 or minor != minor.to_integral_value() or minor < 0:
            raise Unreadable(f"{str(raw)[:40]!r} is not a price in {currency[:10]}", where="price")
    except InvalidOperation as broken:
        raise Unreadable(f"{str(raw)[:40]!r} is not a price", where="price") from broken
    return Money(int(minor), currency)


def _minutes(raw: float | None, unit: str | None) -> int | None:
    if raw is None or unit not in ("minutes", "seconds"):
        return None
    minutes = raw if unit == "minutes" else raw / 60
    return int(minutes) if 0 < minutes <= _LONGEST and minutes == int(minutes) else None
