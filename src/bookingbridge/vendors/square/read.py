"""Square's objects as our records. Pure: the same payload gives the same records, or Unreadable."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

import msgspec

from bookingbridge.canonical import times
from bookingbridge.canonical.errors import Unreadable
from bookingbridge.canonical.ids import RemoteId
from bookingbridge.canonical.money import Money
from bookingbridge.canonical.ports import Json
from bookingbridge.canonical.records import (
    Booking,
    BookingStatus,
    Customer,
    Location,
    Payment,
    PaymentStatus,
    Record,
    Refund,
    Service,
    StaffMember,
)
from bookingbridge.vendors.square import wire

_BOOKING = {
    "PENDING": BookingStatus.PENDING,
    "ACCEPTED": BookingStatus.CONFIRMED,
    "DECLINED": BookingStatus.DECLINED,
    "CANCELLED_BY_CUSTOMER": BookingStatus.CANCELLED,
    "CANCELLED_BY_SELLER": BookingStatus.CANCELLED,
    "NO_SHOW": BookingStatus.NO_SHOW,
}

# An approved payment is authorised, not taken; a refund is revenue given back only when completed.
_PAYMENT = {
    "APPROVED": PaymentStatus.PENDING,
    "PENDING": PaymentStatus.PENDING,
    "COMPLETED": PaymentStatus.COMPLETED,
    "CANCELED": PaymentStatus.CANCELLED,
    "FAILED": PaymentStatus.FAILED,
}
_REFUND = {
    "APPROVED": PaymentStatus.PENDING,
    "PENDING": PaymentStatus.PENDING,
    "COMPLETED": PaymentStatus.COMPLETED,
    "REJECTED": PaymentStatus.FAILED,
    "FAILED": PaymentStatus.FAILED,
}

_LONGEST_SEGMENT = 1500  # minutes (Bookings API, AppointmentSegment.duration_minutes, version 2025-08-20)

T = TypeVar("T")


def read(kind: str, payload: Json) -> list[Record]:
    """The records in one object of `kind`; none for what is not about a client's money or visit (unlinked refunds)."""
    reader = _READERS.get(kind)
    if reader is None:
        raise Unreadable(f"Square has no {kind!r}", where="kind")
    return reader(payload)


def _location(payload: Json) -> list[Record]:
    found = _shaped(payload, wire.Location)
    lines = found.address and (
        found.address.address_line_1,
        found.address.address_line_2,
        found.address.locality,
        found.address.administrative_district_level_1,
        found.address.postal_code,
    )
    return [
        Location(
            remote_id=_id(found.id),
            version=None,
            changed_at=None,
            name=_text(found.name) or "",
            time_zone=_zone(found.timezone),
            address=", ".join(line for raw in lines or () if (line := _text(raw))) or None,
            is_active=found.status != "INACTIVE",
        )
    ]


def _staff(payload: Json) -> list[Record]:
    found = _shaped(payload, wire.TeamMember)
    return [
        StaffMember(
            remote_id=_id(found.id),
            version=None,
            changed_at=_time(found.updated_at),
            name=_joined(found.given_name, found.family_name),
            is_active=found.status != "INACTIVE",
        )
    ]


def _service(payload: Json) -> list[Record]:
    found = _shaped(payload, wire.OfferedVariation)
    variation, item = found.variation, found.item
    offered = variation.item_variation_data or wire.VariationData()
    about = item.item_data or wire.ItemData()
    versions = [v for v in (_version(variation.version), _version(item.version)) if v is not None]
    changes = [t for t in (_time(variation.updated_at), _time(item.updated_at)) if t is not None]
    minutes = None if offered.service_duration is None else offered.service_duration // 60_000
    return [
        Service(
            remote_id=_id(variation.id),
            version=max(versions, default=None),
            changed_at=max(changes, default=None),
            name=_service_name(_text(about.name), _text(offered.name)),
            price=_money(offered.price_money) if offered.pricing_type != "VARIABLE_PRICING" else None,
            duration_minutes=minutes if minutes and 0 < minutes <= _LONGEST_SEGMENT else None,
            is_active=not (variation.is_deleted or item.is_deleted or about.is_archived),
        )
    ]


def _customer(payload: Json) -> list[Record]:
    found = _shaped(payload, wire.Customer)
    name = _joined(found.given_name, found.family_name)
    return [
        Customer(
            remote_id=_id(found.id),
            version=_version(found.version),
            changed_at=_time(found.updated_at),
            name=name or _text(found.nickname) or _text(found.company_name) or "",
            email=_text(found.email_address),
            phone=_text(found.phone_number),
            created_at=_time(found.created_at),
            is_deleted=found.is_deleted,
        )
    ]


def _booking(payload: Json) -> list[Record]:
    priced = _shaped(payload if "booking" in payload else {"booking": payload}, wire.PricedBooking)
    found = priced.booking
    segments = found.appointment_segments or []
    starts_at = times.rfc3339(found.start_at)
    first = segments[0] if segments else wire.Segment()
    return [
        Booking(
            remote_id=_id(found.id),
            version=_version(found.version),
            changed_at=_time(found.updated_at),
            status=_mapped(_BOOKING, found.status, "status"),
            starts_at=starts_at,
            ends_at=times.plausible(starts_at + _length(segments, is_all_day=bool(found.all_day))),
            booked_at=times.rfc3339(found.created_at),
            customer=_ref(found.customer_id),
            location=_ref(found.location_id),
            staff=_ref(first.team_member_id),
            service=_ref(first.service_variation_id),
            price=_price(priced.prices, len(segments)),
            note="\n".join(t for t in (_text(found.customer_note), _text(found.seller_note)) if t) or None,
        )
    ]


def _payment(payload: Json) -> list[Record]:
    found = _shaped(payload, wire.Payment)
    amount = _money(found.amount_money)
    if amount is None:
        raise Unreadable("a payment without an amount", where="amount_money")
    nothing = Money(0, amount.currency)
    timeline = found.card_details and found.card_details.card_payment_timeline
    return [
        Payment(
            remote_id=_id(found.id),
            version=None,
            changed_at=_time(found.updated_at),
            status=_mapped(_PAYMENT, found.status, "status"),
            amount=amount,
            tip=_same_currency(_money(found.tip_money), nothing, "tip_money"),
            refunded=_same_currency(_money(found.refunded_money), nothing, "refunded_money"),
            paid_at=_time(timeline.captured_at if timeline else None) or times.rfc3339(found.created_at),
            method=(_text(found.source_type) or "unknown").lower(),
            customer=_ref(found.customer_id),
            location=_ref(found.location_id),
            booking=None,  # Square names no booking in a payment
            reference="\n".join(t for t in (_text(found.reference_id), _text(found.note)) if t) or None,
        )
    ]


def _refund(payload: Json) -> list[Record]:
    found = _shaped(payload, wire.Refund)
    amount = _money(found.amount_money)
    if amount is None:
        raise Unreadable("a refund without an amount", where="amount_money")
    if found.payment_id is None:
        return []  # unlinked: money given without a payment of Square's
    return [
        Refund(
            remote_id=_id(found.id),
            version=None,
            changed_at=_time(found.updated_at),
            payment=_id(found.payment_id),
            status=_mapped(_REFUND, found.status, "status"),
            amount=amount,
            refunded_at=times.rfc3339(found.created_at),
        )
    ]


_READERS: dict[str, Callable[[Json], list[Record]]] = {
    "location": _location,
    "staff": _staff,
    "service": _service,
    "client": _customer,
    "booking": _booking,
    "payment": _payment,
    "refund": _refund,
}


def _shaped(payload: Json, shape: type[T]) -> T:
    try:
        return msgspec.convert(payload, shape)
    except (msgspec.ValidationError, RecursionError, OverflowError) as broken:
        raise Unreadable(f"not the shape of Square's {shape.__name__}: {str(broken)[:200]}") from broken


def _id(raw: str) -> RemoteId:
    if not raw or len(raw) > 255 or not raw.isprintable():
        raise Unreadable("an id is empty or no id", where="id")
    return RemoteId(raw)


def _ref(raw: str | None) -> RemoteId | None:
    return _id(raw) if raw else None


def _text(raw: str | None) -> str | None:
    """Text a database can hold, trimmed; None where nothing is left."""
    if raw is None:
        return None
    return raw.replace("\x00", "").encode("utf-8", "ignore").decode().strip() or None


def _joined(*parts: str | None) -> str:
    return " ".join(t for part in parts if (t := _text(part)))


def _service_name(item: str | None, variation: str | None) -> str:
    # Square calls the only variation of a service "Regular" unless somebody renamed it.
    if variation is None or variation == item or (item and variation == "Regular"):
        return item or "Service"
    return f"{item}, {variation}" if item else variation


def _time(raw: str | None) -> datetime | None:
    return times.rfc3339(raw) if raw else None


def _zone(name: str | None) -> str | None:
    try:
        return times.zone(name).key if name else None
    except Unreadable:
        return None  # a location without a usable zone is still a location


def _version(raw: int | None) -> int | None:
    if raw is not None and not 0 <= raw < 2**63:
        raise Unreadable("a version out of range", where="version")
    return raw


def _money(raw: wire.Money | None) -> Money | None:
    if raw is None or raw.amount is None or raw.currency is None:
        return None
    return Money(raw.amount, raw.currency)


def _same_currency(found: Money | None, nothing: Money, where: str) -> Money:
    if found is None:
        return nothing
    if found.currency != nothing.currency:
        raise Unreadable("two currencies in one payment", where=where)
    return found


def _price(prices: list[wire.Money | None], segments: int) -> Money | None:
    """The sum over all services booked; None unless each has a fixed price in one currency."""
    known = [money for raw in prices if (money := _money(raw))]
    if not known or len(known) != segments or len({money.currency for money in known}) != 1:
        return None
    return Money(sum(money.minor for money in known), known[0].currency)


def _length(segments: list[wire.Segment], *, is_all_day: bool) -> timedelta:
    if is_all_day:
        return timedelta(days=1)
    minutes = 0
    for i, segment in enumerate(segments):
        pause = segment.intermission_minutes or 0 if i < len(segments) - 1 else 0
        for part in (segment.duration_minutes or 0, pause):
            if not 0 <= part <= _LONGEST_SEGMENT:
                raise Unreadable("a segment of impossible length", where="appointment_segments")
            minutes += part
    return timedelta(minutes=minutes)


def _mapped(table: dict[str, T], raw: str, where: str) -> T:
    try:
        return table[raw]
    except KeyError as unknown:
        raise Unreadable(f"Square says {raw[:40]!r}, which we do not know", where=where) from unknown
