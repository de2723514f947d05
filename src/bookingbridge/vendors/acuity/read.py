"""Acuity's objects as our records. Pure: the same payload gives the same records, or Unreadable."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import TypeVar

import msgspec

from bookingbridge.canonical import times
from bookingbridge.canonical.errors import Unreadable
from bookingbridge.canonical.ids import RemoteId
from bookingbridge.canonical.money import Money
from bookingbridge.canonical.ports import Json
from bookingbridge.canonical.records import (
    Block,
    Booking,
    BookingStatus,
    Customer,
    Location,
    Payment,
    PaymentStatus,
    Record,
    Service,
    StaffMember,
)
from bookingbridge.canonical.tokens import find_token
from bookingbridge.vendors.acuity import wire
from bookingbridge.vendors.acuity.people import client_id, full_name, place_id, tidy

LONGEST = 14 * 24 * 60
"""Minutes. Whatever claims to be longer is a broken answer."""

# How forms ask it, in the words people use; the answer is the client's own.
_HEARD = re.compile(
    r"\b(hear|heard|find|found|learn|referred)\b.{0,30}\b(us|me|about|by|studio|salon)\b", re.IGNORECASE
)

_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip
_CREATED = re.compile(r"([A-Za-z]{3,9})\.? (\d{1,2}), (\d{4})")

T = TypeVar("T")


def read(kind: str, payload: Json) -> list[Record]:
    """The record in one object of `kind`. Unreadable where it cannot be understood."""
    reader = _READERS.get(kind)
    if reader is None:
        raise Unreadable(f"Acuity has no {kind!r}", where="kind")
    return [reader(payload)]


def is_about_hearing(question: str | None) -> bool:
    """Whether a form asks how the client heard of the business."""
    return bool(_HEARD.search((question or "")[:300]))


def amount(raw: wire.Number, currency: str, where: str) -> Money | None:
    """The money a text or number stands for; None where there is none."""
    if raw is None or isinstance(raw, bool) or (isinstance(raw, str) and not raw.strip()):
        return None
    try:
        return Money.parse(str(raw), currency)
    except (Unreadable, ValueError, ArithmeticError) as broken:
        raise Unreadable(f"{str(raw)[:40]!r} is no amount", where=where) from broken


def is_cancelled(canceled: bool | None, no_show: bool | None) -> bool:
    """Whether an appointment takes place no more. Older answers say so by having `noShow` at all (API v1, 2026-11)."""
    return canceled if canceled is not None else no_show is not None


def _location(payload: Json) -> Location:
    found = _shaped(payload, wire.Place)
    name = tidy(found.location)
    if not name:
        raise Unreadable("a place without a name", where="location")
    return Location(place_id(name), None, None, name=name, time_zone=_zone(found.timezone), address=name)


def _staff(payload: Json) -> StaffMember:
    found = _shaped(payload, wire.Calendar)
    return StaffMember(_id(found.id), None, None, name=tidy(found.name) or f"Calendar {found.id}")


def _service(payload: Json) -> Service:
    priced = _shaped(payload, wire.PricedType)
    found = priced.type
    minutes = _minutes(found.duration)
    return Service(
        remote_id=_id(found.id),
        version=None,
        changed_at=None,
        name=tidy(found.name) or f"Appointment type {found.id}",
        price=amount(found.price, priced.currency, "price"),
        duration_minutes=minutes,
        is_active=found.active is not False and not found.deleted,
    )


def _customer(payload: Json) -> Customer:
    found = _shaped(payload, wire.Client)
    remote_id = client_id(found.firstName, found.lastName, found.email, found.phone)
    if remote_id is None:
        raise Unreadable("a client without name, e-mail and phone", where="firstName")
    return Customer(
        remote_id=remote_id,
        version=None,
        changed_at=None,
        name=full_name(found.firstName, found.lastName),
        email=tidy(found.email) or None,
        phone=tidy(found.phone) or None,
        created_at=None,  # Acuity does not say since when it knows a client
    )


def _booking(payload: Json) -> Booking:
    placed = _shaped(payload, wire.PlacedAppointment)
    found = placed.appointment
    starts_at = times.rfc3339(found.datetime)
    minutes = _minutes(found.duration)
    if minutes is None:
        raise Unreadable("an appointment without a length", where="duration")
    status = BookingStatus.CONFIRMED
    if is_cancelled(found.canceled, found.noShow):
        status = BookingStatus.NO_SHOW if found.noShow else BookingStatus.CANCELLED
    return Booking(
        remote_id=_id(found.id),
        version=None,
        changed_at=None,
        status=status,
        starts_at=starts_at,
        ends_at=times.plausible(starts_at + timedelta(minutes=minutes)),
        booked_at=_booked_at(found, starts_at),
        customer=client_id(found.firstName, found.lastName, found.email, found.phone),
        location=_place(placed.place),
        staff=_ref(found.calendarID),
        service=_ref(found.appointmentTypeID),
        price=amount(found.price, placed.currency, "price"),
        note=_note(found),
        heard_from=_heard_from(found),
    )


def _payment(payload: Json) -> Payment:
    placed = _shaped(payload, wire.PlacedPayment)
    appointment, paid = placed.appointment, placed.payment
    nothing = Money(0, placed.currency)
    if not 0 < placed.number < 10_000:
        raise Unreadable("a payment without its number", where="number")
    total = nothing if paid is None else amount(paid.amount, placed.currency, "amount")
    if total is None or total.minor < 0:
        # Acuity documents no refunds in an appointment's payments (API v1, 2026-11); a guess would be revenue undone.
        raise Unreadable("a payment of no amount or below zero", where="amount")
    return Payment(
        remote_id=RemoteId(f"{_id(appointment.id)}:{placed.number}"),
        version=None,
        changed_at=None,
        status=PaymentStatus.CANCELLED if paid is None else PaymentStatus.COMPLETED,
        amount=total,
        tip=nothing,
        refunded=nothing,
        paid_at=times.rfc3339(appointment.datetime if paid is None else paid.created),
        method=(tidy(paid.processor) if paid else "").lower() or "unknown",
        customer=client_id(appointment.firstName, appointment.lastName, appointment.email, appointment.phone),
        location=_place(placed.place),
        booking=_id(appointment.id),
        reference=(tidy(paid.transactionID) or None) if paid else None,
    )


def _block(payload: Json) -> Block:
    found = _shaped(payload, wire.Block)
    starts_at, ends_at = times.rfc3339(found.start), times.rfc3339(found.end)
    if ends_at <= starts_at:
        raise Unreadable("a block that ends before it begins", where="end")
    return Block(
        remote_id=_id(found.id),
        version=None,
        changed_at=None,
        starts_at=starts_at,
        ends_at=ends_at,
        staff=_ref(found.calendarID),
        location=None,
        title=tidy(found.notes) or "Blocked",
    )


_READERS: dict[str, Callable[[Json], Record]] = {
    "location": _location,
    "staff": _staff,
    "service": _service,
    "client": _customer,
    "booking": _booking,
    "payment": _payment,
    "block": _block,
}


def _shaped(payload: Json, shape: type[T]) -> T:
    try:
        return msgspec.convert(payload, shape)
    except (msgspec.ValidationError, RecursionError, OverflowError) as broken:
        raise Unreadable(f"not the shape of Acuity's {shape.__name__}: {str(broken)[:200]}") from broken


def _id(raw: int) -> RemoteId:
    if not 0 < raw < 2**63:
        raise Unreadable("an id that is none", where="id")
    return RemoteId(str(raw))


def _ref(raw: int | None) -> RemoteId | None:
    return _id(raw) if raw else None


def _place(location: str | None) -> RemoteId | None:
    return place_id(location) if location and tidy(location) else None


def _minutes(raw: wire.Number) -> int | None:
    """Whole minutes; None where there are none or too many to be true."""
    try:
        minutes = int(str(raw).strip()) if raw is not None and len(str(raw)) < 12 else 0
    except ValueError:
        return None
    return minutes if 0 < minutes <= LONGEST else None


def _zone(name: str | None) -> str | None:
    try:
        return times.zone(name).key if name else None
    except Unreadable:
        return None  # a place without a usable zone is still a place


def _booked_at(found: wire.Appointment, starts_at: datetime) -> datetime:
    """When it was made, at the latest: Acuity names the day only, so the end of that day, never after the start.

    Taking the day's beginning would put every click of that day after the booking.
    """
    if found.datetimeCreated:
        return min(times.rfc3339(found.datetimeCreated), starts_at)
    named = _CREATED.fullmatch(tidy(found.dateCreated))
    if named is None:
        return starts_at
    month = next((n for n, name in enumerate(_MONTHS, 1) if name.startswith(named[1].lower())), 0)
    zone = datetime.fromisoformat(found.datetime.strip().replace("Z", "+00:00").replace("z", "+00:00")).tzinfo
    try:
        end = datetime.combine(date(int(named[3]), month, int(named[2])), time(23, 59, 59), tzinfo=zone)
    except ValueError as broken:
        raise Unreadable(f"{tidy(found.dateCreated)[:40]!r} is no day", where="dateCreated") from broken
    return min(times.plausible(end), starts_at)


def _answers(found: wire.Appointment) -> list[tuple[str, str]]:
    """(question, answer) of all forms."""
    return [
        (tidy(value.name), tidy(str(value.value)) if value.value is not None else "")
        for form in found.forms or []
        for value in form.values or []
    ]


def _note(found: wire.Appointment) -> str | None:
    """The notes, and answers that hold a visitor's token. Other answers are the client's own business."""
    lines = [(found.notes or "").replace("\x00", "").encode("utf-8", "ignore").decode().strip()]
    lines += [answer for _, answer in _answers(found) if find_token(answer) and answer not in lines[0]]
    return "\n".join(line for line in lines if line) or None


def _heard_from(found: wire.Appointment) -> str | None:
    told = (answer for question, answer in _answers(found) if answer and is_about_hearing(question))
    return next((answer[:500] for answer in told if not find_token(answer)), None)
