"""What reaches `read`: our envelope around a mail's words, and what the partner API sends, as far as we read it.

Partner API: version 0.3 as captured from its documentation (archived July 2022, looked at again July 2026). Field names
of appointments are captured; of customers, resources and services only that they exist, so those are read tolerantly.
"""

from __future__ import annotations

from typing import Any

import msgspec

API_VERSION = "0.3"
"""Sent in the Accept header of every call; Booksy demands it."""


class Known(msgspec.Struct, frozen=True):
    """What earlier mails told of the same appointment. Times are RFC 3339."""

    id: str
    who: str
    booked_at: str
    minutes: int | None = None
    email: str | None = None
    phone: str | None = None
    service: str | None = None
    staff: str | None = None
    price: int | None = None
    """In minor units of `currency`."""
    currency: str | None = None


class MailPayload(msgspec.Struct, frozen=True):
    """A mail's parts that count, the shop's time zone and currency, and what was known when it was read."""

    sender: str
    subject: str
    sent_at: str
    text: str
    zone: str
    currency: str
    sender_name: str = ""
    reply_to: str = ""
    shop: str = ""
    proof: str = "none"
    """What the receiving server vouches for: passed, failed or none (vendorkit.mail_message.proof)."""
    known: Known | None = None


class Subbooking(msgspec.Struct, frozen=True):
    id: int | None = None
    booked_from: str | None = None
    booked_till: str | None = None
    staffer_id: int | None = None
    appliance_id: int | None = None
    service_variant_id: int | None = None
    service_name: str | None = None


class Appointment(msgspec.Struct, frozen=True):
    id: int
    booked_from: str
    booked_till: str
    status: str
    business_timezone: str
    business_id: int | None = None
    booked_for_id: int | None = None
    type: str | None = None
    customer_name: str | None = None
    customer_phone: str | None = None
    customer_email: str | None = None
    customer_note: str | None = None
    business_note: str | None = None
    import_uid: str | None = None
    subbookings: list[Subbooking] | None = None
    created: str | None = None
    """Audit field in UTC; the capture says there are some, not on which objects."""
    updated: str | None = None


class Customer(msgspec.Struct, frozen=True):
    id: int
    first_name: str | None = None
    last_name: str | None = None
    full_name: str | None = None
    email: str | None = None
    phone: str | None = None
    cell_phone: str | None = None
    created: str | None = None


class Resource(msgspec.Struct, frozen=True):
    """A member of staff (type S) or an appliance (type R)."""

    id: int
    name: str | None = None
    type: str | None = None
    active: bool | None = None


class Variant(msgspec.Struct, frozen=True):
    """One bookable form of a service; `type` X is a fixed price, others have none to rely on."""

    id: int
    type: str | None = None
    price: str | float | int | None = None
    duration: int | None = None
    """Minutes."""
    name: str | None = None
    active: bool | None = None


class Service(msgspec.Struct, frozen=True):
    id: int
    name: str | None = None
    active: bool | None = None


class OfferedVariant(msgspec.Struct, frozen=True):
    """Our envelope: a variant with the service it belongs to, and the currency the shop charges in."""

    service: Service
    variant: Variant
    currency: str


class Event(msgspec.Struct, frozen=True):
    """A webhook: unsigned, to be treated as a notification only."""

    action: str
    appointment: dict[str, Any]
