"""Stripe's objects as our records. Pure: the same payload gives the same records, or Unreadable.

A payment is a charge, not a payment intent: a charge is what refunds, disputes and balance entries refer to, an intent
may have several (each failed try is one), and charges made before intents existed have none.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from typing import TypeVar

import msgspec

from bookingbridge.canonical import times
from bookingbridge.canonical.errors import Unreadable
from bookingbridge.canonical.ids import RemoteId
from bookingbridge.canonical.money import Money
from bookingbridge.canonical.ports import Json
from bookingbridge.canonical.records import (
    Customer,
    Dispute,
    Payment,
    PaymentStatus,
    Payout,
    PayoutEntry,
    Record,
    Refund,
)
from bookingbridge.vendors.stripe import wire, words
from bookingbridge.vendors.stripe.amounts import money

GUEST = "guest:"
"""Before the id of somebody who paid without being a customer at Stripe, made from the e-mail address."""

_TELLING = ("reference", "book", "appointment", "reserv", "visit", "order")
"""Words in the names of metadata that hold what was paid for, whoever wrote them."""

T = TypeVar("T")


def read(kind: str, payload: Json) -> list[Record]:
    """The records in one object of `kind`: none for refunds of no payment, two for what a guest paid."""
    reader = _READERS.get(kind)
    if reader is None:
        raise Unreadable(f"Stripe has no {kind!r}", where="kind")
    return reader(payload)


def _customer(payload: Json) -> list[Record]:
    found = _shaped(payload, wire.Customer)
    return [
        Customer(
            remote_id=_id(found.id),
            version=None,
            changed_at=None,
            name=_text(found.name) or _text(found.description) or "",
            email=_text(found.email),
            phone=_text(found.phone),
            created_at=None if found.created is None else _time(found.created),
            is_deleted=found.deleted,
        )
    ]


def _charge(payload: Json) -> list[Record]:
    found = _shaped(payload, wire.Charge)
    guest = _guest(found)
    paid, refunded = _kept(found)
    tip = _tip(found, paid)
    return [
        *([guest] if guest else []),
        Payment(
            remote_id=_id(found.id),
            version=None,
            changed_at=None,  # Stripe says of nothing when it changed
            status=_status(found),
            amount=paid - tip,
            tip=tip,
            refunded=refunded,
            paid_at=_time(found.created),
            method=_method(found),
            customer=_ref(found.customer) or (guest.remote_id if guest else None),
            location=None,
            booking=None,  # Stripe knows payments, not what was booked
            reference=_reference(found),
        ),
    ]


def _status(found: wire.Charge) -> PaymentStatus:
    match found.status:
        case "succeeded" if found.captured:
            return PaymentStatus.COMPLETED
        case "succeeded":
            # Authorised, not taken; one that is given up counts as refunded in full.
            return PaymentStatus.CANCELLED if found.refunded else PaymentStatus.PENDING
        case "pending":
            return PaymentStatus.PENDING
        case "failed":
            return PaymentStatus.FAILED
        case unknown:
            raise Unreadable(f"Stripe says {unknown[:40]!r}, which we do not know", where="status")


def _method(found: wire.Charge) -> str:
    return _text(found.payment_method_details.type if found.payment_method_details else None) or "unknown"


def _kept(found: wire.Charge) -> tuple[Money, Money]:
    """What was taken and what of it was given back. What was authorised and not taken is neither.

    `amount_refunded` counts the part that a partial capture released (Charges API, capture; read 2026-11).
    """
    released = 0
    if found.captured and found.amount_captured is not None and 0 < found.amount_captured < found.amount:
        released = found.amount - found.amount_captured
    is_given_up = not found.captured
    back = 0 if is_given_up else max(0, found.amount_refunded - released)
    return money(found.amount - released, found.currency), money(back, found.currency, where="amount_refunded")


def _tip(found: wire.Charge, paid: Money) -> Money:
    """The tip inside the amount, which only card readers ask for; the intent holds it."""
    intent = found.payment_intent
    details = intent.amount_details if isinstance(intent, wire.PaymentIntent) else None
    tip = money((details and details.tip and details.tip.amount) or 0, found.currency, where="amount_details.tip")
    return tip if 0 <= tip.minor <= paid.minor else Money(0, paid.currency)


def _guest(found: wire.Charge) -> Customer | None:
    """Who paid without being a customer at Stripe: the same e-mail address is the same person."""
    billing = found.billing_details or wire.Billing()
    email = _text(billing.email) or _text(found.receipt_email)
    if found.customer is not None or email is None:
        return None
    return Customer(
        remote_id=RemoteId(GUEST + sha256(email.casefold().encode()).hexdigest()[:32]),
        version=None,
        changed_at=_time(found.created),
        name=_text(billing.name) or "",
        email=email,
        phone=_text(billing.phone),
        created_at=None,
    )


def _reference(found: wire.Charge) -> str | None:
    intent = found.payment_intent
    metadata = (intent.metadata or {}) if isinstance(intent, wire.PaymentIntent) else {}
    told = {**metadata, **(found.metadata or {})}
    named = [value for name, value in sorted(told.items()) if any(word in name.lower() for word in _TELLING)]
    lines = dict.fromkeys(line for text in (*named, found.description) if (line := _text(text)))
    return "\n".join(lines) or None


def _refund(payload: Json) -> list[Record]:
    found = _shaped(payload, wire.Refund)
    payment = _ref(found.charge)
    if payment is None:
        return []  # of a customer's balance at Stripe: no payment is given back
    return [
        Refund(
            remote_id=_id(found.id),
            version=None,
            changed_at=None,
            payment=payment,
            # Refunds of very old charges come without a status; they went through (Refund object, 2026-10-28.endive).
            status=PaymentStatus.COMPLETED if found.status is None else _mapped(words.REFUND, found.status, "status"),
            amount=money(found.amount, found.currency),
            refunded_at=_time(found.created),
        )
    ]


def _dispute(payload: Json) -> list[Record]:
    found = _shaped(payload, wire.Dispute)
    status = _mapped(words.DISPUTE, found.status, "status")
    due = found.evidence_details.due_by if found.evidence_details else None
    charge = _ref(found.charge)
    if charge is None:
        raise Unreadable("a dispute of no charge", where="charge")
    return [
        Dispute(
            remote_id=_id(found.id),
            version=None,
            changed_at=None,
            payment=charge,
            status=status,
            reason=_text(found.reason) or "general",
            amount=money(found.amount, found.currency),
            opened_at=_time(found.created),
            answer_by=_time(due) if due and status == "needs_response" else None,
        )
    ]


def _payout(payload: Json) -> list[Record]:
    found = _shaped(payload, wire.Payout)
    return [
        Payout(
            remote_id=_id(found.id),
            version=None,
            changed_at=None,
            status=_mapped(words.PAYOUT, found.status, "status"),
            amount=money(found.amount, found.currency),
            initiated_at=_time(found.created),
            # Midnight UTC of the day on which banks receive it.
            arrives_on=None if found.arrival_date is None else _time(found.arrival_date).date(),
            destination=_ref(found.destination),
        )
    ]


def _entry(payload: Json) -> list[Record]:
    envelope = _shaped(payload if "entry" in payload else {"entry": payload}, wire.Entry)
    found, source = envelope.entry, _ref(envelope.entry.source) or RemoteId("")
    gross, fee = money(found.amount, found.currency), money(found.fee, found.currency, where="fee")
    category = found.reporting_category or found.type
    return [
        PayoutEntry(
            remote_id=_id(found.id),
            version=None,
            changed_at=None,
            type=words.ENTRY.get(category) or words.ENTRY.get(found.type, "other"),
            gross=gross,
            fee=fee,
            net=gross - fee,
            at=_time(found.created),
            payout=_ref(envelope.payout),
            payment=_ref(envelope.payment) or (source if source.startswith(("ch_", "py_")) else None),
            refund=source if source.startswith(("re_", "pyr_")) else None,
            description=_text(found.description),
        )
    ]


_READERS: dict[str, Callable[[Json], list[Record]]] = {
    "client": _customer,
    "payment": _charge,
    "refund": _refund,
    "dispute": _dispute,
    "payout": _payout,
    "payout_entry": _entry,
}


def _shaped(payload: Json, shape: type[T]) -> T:
    try:
        return msgspec.convert(payload, shape)
    except (msgspec.ValidationError, RecursionError, OverflowError) as broken:
        raise Unreadable(f"not the shape of Stripe's {shape.__name__}: {str(broken)[:200]}") from broken


def _id(raw: str) -> RemoteId:
    if not raw or len(raw) > 255 or not raw.isprintable():
        raise Unreadable("an id is empty or no id", where="id")
    return RemoteId(raw)


def _ref(raw: str | wire.Named | None) -> RemoteId | None:
    found = raw.id if isinstance(raw, wire.Named) else raw
    return _id(found) if found else None


def _text(raw: str | None) -> str | None:
    """Text a database can hold, trimmed; None where nothing is left."""
    if raw is None:
        return None
    return raw.replace("\x00", "").encode("utf-8", "ignore").decode().strip() or None


def _time(raw: int) -> datetime:
    try:
        return times.plausible(datetime.fromtimestamp(raw, UTC))
    except (OverflowError, ValueError, OSError) as broken:
        raise Unreadable(f"{raw} is not a time in seconds", where="created") from broken


def _mapped(table: dict[str, T], raw: str, where: str) -> T:
    try:
        return table[raw]
    except KeyError as unknown:
        raise Unreadable(f"Stripe says {raw[:40]!r}, which we do not know", where=where) from unknown
