"""Booksy's mails and the partner API's objects become our records. Pure, and total over anything: else Unreadable."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import TypeVar
from zoneinfo import ZoneInfo

import msgspec

from bookingbridge.canonical import times
from bookingbridge.canonical.errors import Unreadable
from bookingbridge.canonical.ids import RemoteId
from bookingbridge.canonical.money import Money
from bookingbridge.canonical.ports import Json
from bookingbridge.canonical.records import Block, Booking, BookingStatus, Customer, Record, Service, StaffMember
from bookingbridge.vendors.booksy import read_mail, wire

# Appointment status codes (Booksy Public API 0.3, captured July 2026). M waits for the shop to accept the client's
# change and P for the client to accept the shop's.
_STATUS = {
    "A": BookingStatus.CONFIRMED,
    "C": BookingStatus.CANCELLED,
    "D": BookingStatus.DECLINED,
    "F": BookingStatus.COMPLETED,
    "M": BookingStatus.PENDING,
    "N": BookingStatus.NO_SHOW,
    "P": BookingStatus.PENDING,
    "W": BookingStatus.PENDING,
}
_RESERVED = "R"
"""The type of an appointment that only keeps a resource's time free."""
_APPLIANCE = "R"
_FIXED, _FREE = "X", "F"
_MAX_ID = 2**63
_LOCAL = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2})?")

T = TypeVar("T")


def read(kind: str, payload: Json) -> list[Record]:
    """The records in one object of `kind`; none for a mail that is not about an appointment, or for an appliance."""
    reader = _READERS.get(kind)
    if reader is None:
        raise Unreadable(f"Booksy has no {kind!r}", where="kind")
    return reader(payload)


def _mail(payload: Json) -> list[Record]:
    return read_mail.records(_shaped(payload, wire.MailPayload))


def _booking(payload: Json) -> list[Record]:
    found = _shaped(payload, wire.Appointment)
    zone = times.zone(found.business_timezone)
    starts_at, ends_at = (_local(raw, zone) for raw in (found.booked_from, found.booked_till))
    if ends_at < starts_at:
        raise Unreadable("an appointment that ends before it begins", where="booked_till")
    remote_id = _id(found.id)
    changed_at = times.rfc3339(found.updated) if found.updated else None
    lines = found.subbookings or []
    first = lines[0] if lines else wire.Subbooking()
    status = _STATUS.get(found.status)
    if status is None:
        raise Unreadable(f"Booksy says {found.status[:20]!r}, which we do not know", where="status")
    gone = status in (BookingStatus.CANCELLED, BookingStatus.DECLINED)
    if found.type == _RESERVED:
        title = _text(found.business_note) or "Reserved"
        return [Block(remote_id, None, changed_at, starts_at, ends_at, _ref(first.staffer_id), None, title, gone)]
    walk_in = _walk_in(found, remote_id)
    booking = Booking(
        remote_id=remote_id,
        version=None,
        changed_at=changed_at,
        status=status,
        starts_at=starts_at,
        ends_at=ends_at,
        booked_at=times.rfc3339(found.created) if found.created else starts_at,
        customer=_ref(found.booked_for_id) or (walk_in.remote_id if walk_in else None),
        location=None,
        staff=_ref(first.staffer_id),
        service=_ref(first.service_variant_id),
        price=None,  # an appointment names no price; its service does
        note="\n".join(t for t in (_text(found.customer_note), _text(found.business_note)) if t) or None,
    )
    return [walk_in, booking] if walk_in else [booking]


def _walk_in(found: wire.Appointment, appointment: RemoteId) -> Customer | None:
    """Somebody who has no client record at Booksy, known from this appointment only."""
    parts = [_text(found.customer_name), _text(found.customer_email), _text(found.customer_phone)]
    if found.booked_for_id is not None or not any(parts):
        return None
    name, email, phone = parts
    return Customer(RemoteId(f"appointment:{appointment}"), None, None, name or "", email, phone, None)


def _client(payload: Json) -> list[Record]:
    found = _shaped(payload, wire.Customer)
    joined = " ".join(t for t in (_text(found.first_name), _text(found.last_name)) if t)
    return [
        Customer(
            remote_id=_id(found.id),
            version=None,
            changed_at=None,
            name=joined or _text(found.full_name) or "",
            email=_text(found.email),
            phone=_text(found.cell_phone) or _text(found.phone),
            created_at=times.rfc3339(found.created) if found.created else None,
        )
    ]


def _staff(payload: Json) -> list[Record]:
    found = _shaped(payload, wire.Resource)
    if found.type == _APPLIANCE:
        return []
    return [StaffMember(_id(found.id), None, None, _text(found.name) or "", found.active is not False)]


def _service(payload: Json) -> list[Record]:
    found = _shaped(payload, wire.OfferedVariant)
    service, variant = _text(found.service.name), _text(found.variant.name)
    named = f"{service}, {variant}" if service and variant and variant != service else service or variant
    minutes = found.variant.duration
    return [
        Service(
            remote_id=_id(found.variant.id),
            version=None,
            changed_at=None,
            name=named or "Service",
            price=_price(found.variant, found.currency),
            duration_minutes=minutes if minutes and 0 < minutes <= 1440 else None,
            is_active=found.service.active is not False and found.variant.active is not False,
        )
    ]


_READERS: dict[str, Callable[[Json], list[Record]]] = {
    "mail": _mail,
    "booking": _booking,
    "client": _client,
    "staff": _staff,
    "service": _service,
}


def _shaped(payload: Json, shape: type[T]) -> T:
    try:
        return msgspec.convert(payload, shape)
    except (msgspec.ValidationError, RecursionError, OverflowError) as broken:
        raise Unreadable(f"not the shape of Booksy's {shape.__name__}: {str(broken)[:200]}") from broken


def _id(raw: int) -> RemoteId:
    if not 0 < raw < _MAX_ID:
        raise Unreadable("an id out of range", where="id")
    return RemoteId(str(raw))


def _ref(raw: int | None) -> RemoteId | None:
    return None if raw is None else _id(raw)


def _text(raw: str | None) -> str | None:
    if raw is None:
        return None
    return raw.replace("\x00", "").encode("utf-8", "ignore").decode().strip() or None


def _local(raw: str, zone: ZoneInfo) -> datetime:
    """The instant of a local time as the API writes it, `2026-11-20T18:15`, in the shop's own zone."""
    if not _LOCAL.fullmatch(raw):
        raise Unreadable(f"{raw[:40]!r} is not a local time", where="booked_from")
    try:
        naive = datetime.fromisoformat(raw)
    except ValueError as broken:
        raise Unreadable(f"{raw[:40]!r} is not a local time", where="booked_from") from broken
    return times.plausible(naive.replace(tzinfo=zone).astimezone(UTC))


def _price(variant: wire.Variant, currency: str) -> Money | None:
    if variant.type == _FREE:
        return Money(0, currency)
    if variant.type != _FIXED or variant.price is None or isinstance(variant.price, bool):
        return None
    try:
        exact = Decimal(str(variant.price))
        return Money.parse(f"{exact:f}", currency) if exact.is_finite() and abs(exact) < 10**9 else None
    except (InvalidOperation, ValueError, Unreadable):
        return None
