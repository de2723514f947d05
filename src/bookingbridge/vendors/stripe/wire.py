"""What Stripe sends, as far as we read it. Unknown fields pass; a known field of another type is unreadable.

Shapes: Stripe's published fixtures (August 2026) and the types of its own library for API version 2026-10-28.endive.
References come as an id, or as the object where it was asked for.
"""

from __future__ import annotations

import msgspec

API_VERSION = "2026-10-28.endive"
"""Sent as Stripe-Version with every request and given to webhook endpoints, so that answers keep this shape."""


class Named(msgspec.Struct, frozen=True):
    id: str


Expandable = str | Named | None


class Customer(msgspec.Struct, frozen=True):
    id: str
    created: int | None = None
    """Absent once the customer is deleted: all that is left is the id."""
    name: str | None = None
    email: str | None = None
    phone: str | None = None
    description: str | None = None
    deleted: bool = False


class Tip(msgspec.Struct, frozen=True):
    amount: int | None = None


class AmountDetails(msgspec.Struct, frozen=True):
    tip: Tip | None = None


class PaymentIntent(msgspec.Struct, frozen=True):
    id: str
    amount_details: AmountDetails | None = None
    metadata: dict[str, str] | None = None


class Billing(msgspec.Struct, frozen=True):
    email: str | None = None
    name: str | None = None
    phone: str | None = None


class MethodDetails(msgspec.Struct, frozen=True):
    type: str | None = None


class Charge(msgspec.Struct, frozen=True):
    id: str
    amount: int
    currency: str
    created: int
    status: str
    captured: bool = True
    amount_captured: int | None = None
    amount_refunded: int = 0
    refunded: bool = False
    customer: Expandable = None
    payment_intent: str | PaymentIntent | None = None
    payment_method_details: MethodDetails | None = None
    billing_details: Billing | None = None
    receipt_email: str | None = None
    description: str | None = None
    metadata: dict[str, str] | None = None


class Refund(msgspec.Struct, frozen=True):
    id: str
    amount: int
    currency: str
    created: int
    status: str | None = None
    charge: Expandable = None


class EvidenceDetails(msgspec.Struct, frozen=True):
    due_by: int | None = None


class Dispute(msgspec.Struct, frozen=True):
    id: str
    amount: int
    currency: str
    created: int
    charge: str | Named
    status: str
    reason: str
    evidence_details: EvidenceDetails | None = None


class Payout(msgspec.Struct, frozen=True):
    id: str
    amount: int
    currency: str
    created: int
    status: str
    arrival_date: int | None = None
    destination: Expandable = None


class BalanceTransaction(msgspec.Struct, frozen=True):
    id: str
    amount: int
    fee: int
    net: int
    currency: str
    created: int
    type: str
    reporting_category: str | None = None
    source: Expandable = None
    description: str | None = None


class Entry(msgspec.Struct, frozen=True):
    """Our envelope: a balance transaction names neither the payout it left with nor a disputed charge."""

    entry: BalanceTransaction
    payout: str | None = None
    payment: str | None = None


class EventObject(msgspec.Struct, frozen=True):
    """What an event is about. Rendered at the version of its creation, so no more of it is read."""

    id: str | None = None
    object: str | None = None
    created: int | None = None


class EventData(msgspec.Struct, frozen=True):
    object: EventObject


class Event(msgspec.Struct, frozen=True):
    """A snapshot event, from the list of events or as a webhook's body."""

    id: str
    type: str
    data: EventData
    account: str | None = None
    """Only on events of connected accounts that arrive at a platform's address."""


class Related(msgspec.Struct, frozen=True):
    id: str | None = None
    type: str | None = None


class ThinEvent(msgspec.Struct, frozen=True):
    """A thin event: it names an object and holds nothing of it."""

    id: str
    type: str
    related_object: Related | None = None
    context: str | None = None
