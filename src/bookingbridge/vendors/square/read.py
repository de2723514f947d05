"""Square's objects as our records. Pure: the same payload gives the same records, or Unreadable."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from bookingbridge.canonical import times
from bookingbridge.canonical.errors import Unreadable
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
from bookingbridge.vendors.square import read_payouts, wire
from bookingbridge.vendors.square.fields import a_version, an_id, mapped, money, ref, shaped, tidy, time

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


def read(kind: str, payload: Json) -> list[Record]:
    """The records in one object of `kind`; none for what is not about a client's money or visit (unlinked refunds)."""
    reader = _READERS.get(kind)
    if reader is None:
        raise Unreadable(f"Square has no {kind!r}", where="kind")
    return reader(payload)


def _location(payload: Json) -> list[Record]:
    found = shaped(payload, wire.Location)
    lines = found.address and (
        found.address.address_line_1,
        found.address.address_line_2,
        found.address.locality,
        found.address.administrative_district_level_1,
        found.address.postal_code,
    )
    return [
        Location(
            remote_id=an_id(found.id),
            version=None,
            changed_at=None,
            name=tidy(found.name) or "",
            time_zone=_zone(found.timezone),
            address=", ".join(line for raw in lines or () if (line := tidy(raw))) or None,
            is_active=found.status != "INACTIVE",
        )
    ]


def _staff(payload: Json) -> list[Record]:
    found = shaped(payload, wire.TeamMember)
    return [
        StaffMember(
            remote_id=an_id(found.id),
            version=None,
            changed_at=time(found.updated_at),
            name=_joined(found.given_name, found.family_name),
            is_active=found.status != "INACTIVE",
        )
    ]


def _service(payload: Json) -> list[Record]:
    found = shaped(payload, wire.OfferedVariation)
    variation, item = found.variation, found.item
    offered = variation.item_variation_data or wire.VariationData()
    about = item.item_data or wire.ItemData()
    versions = [v for v in (a_version(variation.version), a_version(item.version)) if v is not None]
    changes = [t for t in (time(variation.updated_at), time(item.updated_at)) if t is not None]
    minutes = None if offered.service_duration is None else offered.service_duration // 60_000
    return [
        Service(
            remote_id=an_id(variation.id),
            version=max(versions, default=None),
            changed_at=max(changes, default=None),
            name=_service_name(tidy(about.name), tidy(offered.name)),
            price=money(offered.price_money) if offered.pricing_type != "VARIABLE_PRICING" else None,
            duration_minutes=minutes if minutes and 0 < minutes <= _LONGEST_SEGMENT else None,
            is_active=not (variation.is_deleted or item.is_deleted or about.is_archived),
        )
    ]


def _customer(payload: Json) -> list[Record]:
    found = shaped(payload, wire.Customer)
    name = _joined(found.given_name, found.family_name)
    return [
        Customer(
            remote_id=an_id(found.id),
            version=a_version(found.version),
            changed_at=time(found.updated_at),
            name=name or tidy(found.nickname) or tidy(found.company_name) or "",
            email=tidy(found.email_address),
            phone=tidy(found.phone_number),
            created_at=time(found.created_at),
            is_deleted=found.is_deleted,
        )
    ]


def _booking(payload: Json) -> list[Record]:
    priced = shaped(payload if "booking" in payload else {"booking": payload}, wire.PricedBooking)
    found = priced.booking
    segments = found.appointment_segments or []
    starts_at = times.rfc3339(found.start_at)
    first = segments[0] if segments else wire.Segment()
    return [
        Booking(
            remote_id=an_id(found.id),
            version=a_version(found.version),
            changed_at=time(found.updated_at),
            status=mapped(_BOOKING, found.status, "status"),
            starts_at=starts_at,
            ends_at=times.plausible(starts_at + _length(segments, is_all_day=bool(found.all_day))),
            booked_at=times.rfc3339(found.created_at),
            customer=ref(found.customer_id),
            location=ref(found.location_id),
            staff=ref(first.team_member_id),
            service=ref(first.service_variation_id),
            price=_price(priced.prices, len(segments)),
            note="\n".join(t for t in (tidy(found.customer_note), tidy(found.seller_note)) if t) or None,
        )
    ]


def _payment(payload: Json) -> list[Record]:
    found = shaped(payload, wire.Payment)
    amount = money(found.amount_money)
    if amount is None:
        raise Unreadable("a payment without an amount", where="amount_money")
    nothing = Money(0, amount.currency)
    timeline = found.card_details and found.card_details.card_payment_timeline
    return [
        Payment(
            remote_id=an_id(found.id),
            version=None,
            changed_at=time(found.updated_at),
            status=mapped(_PAYMENT, found.status, "status"),
            amount=amount,
            tip=_same_currency(money(found.tip_money), nothing, "tip_money"),
            refunded=_same_currency(money(found.refunded_money), nothing, "refunded_money"),
            paid_at=time(timeline.captured_at if timeline else None) or times.rfc3339(found.created_at),
            method=(tidy(found.source_type) or "unknown").lower(),
            customer=ref(found.customer_id),
            location=ref(found.location_id),
            booking=None,  # Square names no booking in a payment
            reference="\n".join(t for t in (tidy(found.reference_id), tidy(found.note)) if t) or None,
        )
    ]


def _refund(payload: Json) -> list[Record]:
    found = shaped(payload, wire.Refund)
    amount = money(found.amount_money)
    if amount is None:
        raise Unreadable("a refund without an amount", where="amount_money")
    if found.payment_id is None:
        return []  # unlinked: money given without a payment of Square's
    return [
        Refund(
            remote_id=an_id(found.id),
            version=None,
            changed_at=time(found.updated_at),
            payment=an_id(found.payment_id),
            status=mapped(_REFUND, found.status, "status"),
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
    "payout": read_payouts.payout,
    "payout_entry": read_payouts.entry,
}


def _joined(*parts: str | None) -> str:
    return " ".join(t for part in parts if (t := tidy(part)))


def _service_name(item: str | None, variation: str | None) -> str:
    # Square calls the only variation of a service "Regular" unless somebody renamed it.
    if variation is None or variation == item or (item and variation == "Regular"):
        return item or "Service"
    return f"{item}, {variation}" if item else variation


def _zone(name: str | None) -> str | None:
    try:
        return times.zone(name).key if name else None
    except Unreadable:
        return None  # a location without a usable zone is still a location


def _same_currency(found: Money | None, nothing: Money, where: str) -> Money:
    if found is None:
        return nothing
    if found.currency != nothing.currency:
        raise Unreadable("two currencies in one payment", where=where)
    return found


def _price(prices: list[wire.Money | None], segments: int) -> Money | None:
    """The sum over all services booked; None unless each has a fixed price in one currency."""
    known = [found for raw in prices if (found := money(raw))]
    if not known or len(known) != segments or len({each.currency for each in known}) != 1:
        return None
    return Money(sum(each.minor for each in known), known[0].currency)


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
