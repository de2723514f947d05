"""A mail's words become an appointment with its client, service and staff; what was known before is not forgotten.

Booksy's mails carry no number of the appointment for sure. It is known by what stays the same in all its mails: whose
it is, and the time it was first booked for. A mail that moves it names the time it had; see `memory` for the rest.
"""

from __future__ import annotations

import unicodedata
from datetime import datetime, timedelta
from hashlib import sha256

from bookingbridge.canonical import times
from bookingbridge.canonical.errors import Unreadable
from bookingbridge.canonical.ids import RemoteId
from bookingbridge.canonical.money import Money
from bookingbridge.canonical.records import Booking, BookingStatus, Customer, Record, Service, StaffMember
from bookingbridge.vendors.booksy import mails
from bookingbridge.vendors.booksy.mails import Letter, Told
from bookingbridge.vendors.booksy.wire import Known, MailPayload

UNKNOWN_LENGTH = timedelta(hours=1)
"""How long an appointment counts where no mail says when it ends."""


def letter(payload: MailPayload) -> Letter:
    """The mail's parts in our types. Unreadable where they are none."""
    currency = payload.currency
    Money(0, currency)
    return Letter(
        subject=_text(payload.subject),
        sender_name=_text(payload.sender_name),
        reply_to=_text(payload.reply_to),
        text=_text(payload.text)[:20_000],
        sent_at=times.rfc3339(payload.sent_at),
        zone=times.zone(payload.zone),
        currency=currency,
        shop=_text(payload.shop),
    )


def records(payload: MailPayload) -> list[Record]:
    """The appointment as it is after this mail. None for mails about something else.

    Unreadable where the receiving server saw that Booksy did not sign it.
    """
    if payload.proof == "failed":
        raise Unreadable("the mail server found that Booksy did not send this", where="Authentication-Results")
    said = letter(payload)
    told = mails.understand(said)
    if told is None:
        return []
    known = payload.known
    if known is None:
        return _slot(told, said.sent_at)
    return _records(told, said.sent_at, _checked(known))


def key(name: str, starts_at: datetime) -> str:
    """What an appointment without a number is called: by its client's name and the time it was booked for."""
    whose = " ".join(unicodedata.normalize("NFKC", name).casefold().split())
    return "mail:" + sha256(f"{whose}|{times.text(starts_at)}".encode("utf-8", "ignore")).hexdigest()[:24]


def own_id(told: Told, at: datetime) -> str:
    """The appointment's id: Booksy's number where the mail has one, else by client and time."""
    return f"booksy:{told.number}" if told.number else key(told.name, at)


def client_of(told: Told, appointment: str) -> str:
    """What the client is called: by e-mail or phone; never by name alone, so else by this one appointment."""
    if told.email:
        return f"email:{told.email}"
    digits = "".join(c for c in told.phone or "" if c.isdigit())
    return f"phone:{digits}" if digits else f"of:{appointment}"


def first_known(told: Told, sent_at: datetime) -> Known:
    """What is known of an appointment from the first mail about it that we have."""
    appointment = own_id(told, told.was_at or told.starts_at)
    return learned(Known(appointment, client_of(told, appointment), times.text(sent_at)), told)


def learned(known: Known, told: Told) -> Known:
    """The same with what this mail adds. The first way in which the client was known stays."""
    length = told.ends_at - told.starts_at if told.ends_at else None
    who = client_of(told, known.id) if known.who.startswith("of:") else known.who
    return Known(
        id=known.id,
        who=who,
        booked_at=known.booked_at,
        minutes=round(length.total_seconds() / 60) if length else known.minutes,
        email=told.email or known.email,
        phone=told.phone or known.phone,
        service=told.service or known.service,
        staff=told.staff or known.staff,
        price=told.price.minor if told.price else known.price,
        currency=told.price.currency if told.price else known.currency,
    )


def _slot(told: Told, sent_at: datetime) -> list[Record]:
    """Without memory: each (client, time) stands for itself, so a move ends one and begins another.

    So the order in which mails are read does not matter, and nothing that was moved away stays in the calendar.
    """
    if told.what == mails.MOVED and told.was_at is None and not told.number:
        raise Unreadable("it was moved, but not from which time", where="date")
    if told.what != mails.MOVED or told.number or told.was_at is None:
        return _records(told, sent_at, first_known(told, sent_at))
    old = key(told.name, told.was_at)
    now = key(told.name, told.starts_at)
    known = learned(Known(now, client_of(told, now), times.text(sent_at)), told)
    left = _booking(told, sent_at, Known(old, known.who, known.booked_at), BookingStatus.CANCELLED, told.was_at)
    return [left, *_records(told, sent_at, known)]


def _records(told: Told, sent_at: datetime, before: Known) -> list[Record]:
    known = learned(before, told)
    status = BookingStatus.CANCELLED if told.what == mails.CANCELLED else BookingStatus.CONFIRMED
    found: list[Record] = [
        Customer(RemoteId(known.who), None, sent_at, told.name, known.email, known.phone, None),
        _booking(told, sent_at, known, status, told.starts_at),
    ]
    if known.service:
        found.append(Service(_named(known.service), None, None, known.service, None, None))
    if known.staff:
        found.append(StaffMember(_named(known.staff), None, None, known.staff))
    return found


def _booking(told: Told, sent_at: datetime, known: Known, status: BookingStatus, starts_at: datetime) -> Booking:
    length = timedelta(minutes=known.minutes) if known.minutes else UNKNOWN_LENGTH
    return Booking(
        remote_id=RemoteId(known.id),
        version=None,
        changed_at=sent_at,
        status=status,
        starts_at=starts_at,
        ends_at=times.plausible(starts_at + length),
        booked_at=min(times.rfc3339(known.booked_at), sent_at),
        customer=RemoteId(known.who),
        location=None,
        staff=_named(known.staff) if known.staff else None,
        service=_named(known.service) if known.service else None,
        price=Money(known.price, known.currency) if known.price is not None and known.currency else None,
    )


def _checked(known: Known) -> Known:
    for raw in (known.id, known.who):
        if not raw or len(raw) > 300 or not raw.isprintable():
            raise Unreadable("an id is empty or no id", where="known")
    if known.minutes is not None and not 0 < known.minutes <= 1440:
        raise Unreadable("an impossible length", where="known")
    email, phone, service, staff = (
        _text(raw or "")[:200] or None for raw in (known.email, known.phone, known.service, known.staff)
    )
    booked_at = times.text(times.rfc3339(known.booked_at))
    return Known(
        known.id, known.who, booked_at, known.minutes, email, phone, service, staff, known.price, known.currency
    )


def _named(name: str) -> RemoteId:
    return RemoteId("name:" + " ".join(name.casefold().split())[:200])


def _text(raw: str) -> str:
    return raw.replace("\x00", "").encode("utf-8", "ignore").decode().strip()
