"""What Square sends, as far as we read it. Unknown fields pass; a known field of another type is unreadable.

Shapes: Square's published API description, version 2025-08-20. Square leaves out what is empty, and its own examples
send null here and there, so nearly everything is optional here and `read` decides what must be there.
"""

from __future__ import annotations

import msgspec

API_VERSION = "2025-08-20"
"""Sent as Square-Version with every request, so that answers keep this shape (newest published, seen 2026-11)."""


class Money(msgspec.Struct, frozen=True):
    amount: int | None = None
    currency: str | None = None


class Address(msgspec.Struct, frozen=True):
    address_line_1: str | None = None
    address_line_2: str | None = None
    locality: str | None = None
    administrative_district_level_1: str | None = None
    postal_code: str | None = None


class Location(msgspec.Struct, frozen=True):
    id: str
    name: str | None = None
    timezone: str | None = None
    address: Address | None = None
    status: str | None = None


class TeamMember(msgspec.Struct, frozen=True):
    id: str
    given_name: str | None = None
    family_name: str | None = None
    status: str | None = None
    updated_at: str | None = None


class ItemData(msgspec.Struct, frozen=True):
    name: str | None = None
    is_archived: bool | None = None


class VariationData(msgspec.Struct, frozen=True):
    name: str | None = None
    pricing_type: str | None = None
    price_money: Money | None = None
    service_duration: int | None = None
    """Milliseconds."""


class Item(msgspec.Struct, frozen=True):
    id: str
    version: int | None = None
    updated_at: str | None = None
    is_deleted: bool | None = None
    item_data: ItemData | None = None


class Variation(msgspec.Struct, frozen=True):
    id: str
    version: int | None = None
    updated_at: str | None = None
    is_deleted: bool | None = None
    item_variation_data: VariationData | None = None


class OfferedVariation(msgspec.Struct, frozen=True):
    """Our envelope: one variation with the item it belongs to, which holds the service's name."""

    variation: Variation
    item: Item


class Customer(msgspec.Struct, frozen=True):
    id: str
    given_name: str | None = None
    family_name: str | None = None
    nickname: str | None = None
    company_name: str | None = None
    email_address: str | None = None
    phone_number: str | None = None
    created_at: str | None = None
    updated_at: str | None = None
    version: int | None = None
    is_deleted: bool = False
    """Ours: Square answers 404 for deleted customers and says no more."""


class Segment(msgspec.Struct, frozen=True):
    duration_minutes: int | None = None
    intermission_minutes: int | None = None
    service_variation_id: str | None = None
    service_variation_version: int | None = None
    team_member_id: str | None = None


class Booking(msgspec.Struct, frozen=True):
    id: str
    status: str
    created_at: str
    start_at: str
    version: int | None = None
    updated_at: str | None = None
    location_id: str | None = None
    customer_id: str | None = None
    customer_note: str | None = None
    seller_note: str | None = None
    all_day: bool | None = None
    appointment_segments: list[Segment] | None = None


class PricedBooking(msgspec.Struct, frozen=True):
    """Our envelope: a booking with what its services cost in the catalogue version it was booked at."""

    booking: Booking
    prices: list[Money | None] = []
    """One per segment, in order; null where the price is not fixed or not known."""


class CardTimeline(msgspec.Struct, frozen=True):
    captured_at: str | None = None


class CardDetails(msgspec.Struct, frozen=True):
    card_payment_timeline: CardTimeline | None = None


class Payment(msgspec.Struct, frozen=True):
    id: str
    status: str
    created_at: str
    amount_money: Money
    updated_at: str | None = None
    tip_money: Money | None = None
    refunded_money: Money | None = None
    source_type: str | None = None
    card_details: CardDetails | None = None
    location_id: str | None = None
    customer_id: str | None = None
    reference_id: str | None = None
    note: str | None = None


class Refund(msgspec.Struct, frozen=True):
    id: str
    status: str
    created_at: str
    amount_money: Money
    updated_at: str | None = None
    payment_id: str | None = None


class PayoutMoney(msgspec.Struct, frozen=True):
    """Money; Square's published examples of payouts write `currency_code` (2025-08-20), its description `currency`."""

    amount: int | None = None
    currency: str | None = None
    currency_code: str | None = None


class Destination(msgspec.Struct, frozen=True):
    type: str | None = None


class Payout(msgspec.Struct, frozen=True):
    id: str
    status: str
    created_at: str
    amount_money: PayoutMoney
    updated_at: str | None = None
    version: int | None = None
    location_id: str | None = None
    arrival_date: str | None = None
    destination: Destination | None = None


class About(msgspec.Struct, frozen=True):
    """What an entry is about: the `type_..._details` of its type."""

    payment_id: str | None = None
    refund_id: str | None = None


class PayoutEntry(msgspec.Struct, frozen=True):
    id: str
    payout_id: str
    effective_at: str
    type: str
    gross_amount_money: PayoutMoney
    fee_amount_money: PayoutMoney | None = None
    net_amount_money: PayoutMoney | None = None


class EventData(msgspec.Struct, frozen=True):
    id: str | None = None


class Event(msgspec.Struct, frozen=True):
    """A webhook's body. Its object is not even decoded: it is never applied."""

    event_id: str
    type: str
    merchant_id: str | None = None
    data: EventData | None = None
