"""Records: what is, as a vendor or a file says it, in our words. Frozen; references are the vendor's own ids.

Every record knows its `kind`, its `remote_id` within one connection, an optional `version` (greater wins) and
`changed_at` (later wins where there is no version).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar

from bookingbridge.canonical.ids import RemoteId
from bookingbridge.canonical.money import Money

Ref = tuple[str, RemoteId]
"""(kind, remote id): a mention of another record of the same connection."""


class BookingStatus(StrEnum):
    """Where a booking stands. `completed` is only said by vendors and files that know it."""

    PENDING = "pending"
    CONFIRMED = "confirmed"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    DECLINED = "declined"
    NO_SHOW = "no_show"


class PaymentStatus(StrEnum):
    """Whether money moved. Only `completed` is revenue."""

    PENDING = "pending"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Record:
    """What all records share."""

    kind: ClassVar[str]
    remote_id: RemoteId
    version: int | None
    changed_at: datetime | None

    def mentions(self) -> Iterator[Ref]:
        """The other records this one refers to."""
        return iter(())


def _some(*refs: tuple[str, RemoteId | None]) -> Iterator[Ref]:
    return ((kind, remote) for kind, remote in refs if remote)


@dataclass(frozen=True, slots=True)
class Location(Record):
    kind: ClassVar[str] = "location"
    name: str
    time_zone: str | None
    address: str | None
    is_active: bool = True


@dataclass(frozen=True, slots=True)
class StaffMember(Record):
    kind: ClassVar[str] = "staff"
    name: str
    is_active: bool = True


@dataclass(frozen=True, slots=True)
class Service(Record):
    """A bookable service at one price; vendors with variations give one record per variation."""

    kind: ClassVar[str] = "service"
    name: str
    price: Money | None
    duration_minutes: int | None
    is_active: bool = True


@dataclass(frozen=True, slots=True)
class Customer(Record):
    """A client as the vendor knows them. E-mail and phone are as written there; normal forms are ours to make."""

    kind: ClassVar[str] = "client"
    name: str
    email: str | None
    phone: str | None
    created_at: datetime | None
    is_deleted: bool = False


@dataclass(frozen=True, slots=True)
class Booking(Record):
    """One appointment. `booked_at` is when it was made: the moment marketing may have brought about.

    `note` may carry an attribution token that our script put there. `heard_from` is the client's own answer to
    "how did you hear about us", where the source has such a field.
    """

    kind: ClassVar[str] = "booking"
    status: BookingStatus
    starts_at: datetime
    ends_at: datetime
    booked_at: datetime
    customer: RemoteId | None
    location: RemoteId | None
    staff: RemoteId | None
    service: RemoteId | None
    price: Money | None
    note: str | None = None
    heard_from: str | None = None

    def mentions(self) -> Iterator[Ref]:
        return _some(
            ("client", self.customer), ("location", self.location), ("staff", self.staff), ("service", self.service)
        )


@dataclass(frozen=True, slots=True)
class Payment(Record):
    """Money from a client. `amount` is without the tip; `booking` only where the source names it outright."""

    kind: ClassVar[str] = "payment"
    status: PaymentStatus
    amount: Money
    tip: Money
    refunded: Money
    paid_at: datetime
    method: str
    customer: RemoteId | None
    location: RemoteId | None
    booking: RemoteId | None
    reference: str | None = None

    def mentions(self) -> Iterator[Ref]:
        return _some(("client", self.customer), ("location", self.location), ("booking", self.booking))


@dataclass(frozen=True, slots=True)
class Refund(Record):
    kind: ClassVar[str] = "refund"
    payment: RemoteId
    status: PaymentStatus
    amount: Money
    refunded_at: datetime

    def mentions(self) -> Iterator[Ref]:
        return _some(("payment", self.payment))


@dataclass(frozen=True, slots=True)
class Campaign(Record):
    kind: ClassVar[str] = "campaign"
    name: str
    channel: str
    status: str
    currency: str


@dataclass(frozen=True, slots=True)
class AdDay(Record):
    """What one campaign cost and did on one day of the ad account's own calendar.

    `spend_micros` are millionths of a major unit, exact as the platform counts; round totals only.
    `is_settling` while the platform may still change the figures.
    `remote_id` is "<campaign>:<day>".
    """

    kind: ClassVar[str] = "ad_day"
    campaign: RemoteId
    day: date
    spend_micros: int
    currency: str
    clicks: int
    impressions: int
    is_settling: bool

    def mentions(self) -> Iterator[Ref]:
        return _some(("campaign", self.campaign))


@dataclass(frozen=True, slots=True)
class Touchpoint(Record):
    """A contact between a person and the business's marketing, from a file or another system.

    `person` is whatever id the source uses for the person (stable within it); e-mail and phone as written there.
    Fields that the source does not have are None; the channel is worked out from the rest unless `channel` says it.
    """

    kind: ClassVar[str] = "touch"
    at: datetime
    touch_kind: str
    person: str | None
    client: RemoteId | None
    email: str | None
    phone: str | None
    channel: str | None
    source: str | None
    medium: str | None
    campaign: str | None
    campaign_ref: str | None
    content: str | None
    term: str | None
    url: str | None
    referrer: str | None

    def mentions(self) -> Iterator[Ref]:
        return _some(("client", self.client))


class PayoutStatus(StrEnum):
    """Where money on its way to the bank is. A payout that was paid may still fail."""

    PENDING = "pending"
    SENT = "sent"
    PAID = "paid"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Payout(Record):
    """A sum the payment system sends to the bank account; negative where it takes money back."""

    kind: ClassVar[str] = "payout"
    status: PayoutStatus
    amount: Money
    initiated_at: datetime
    arrives_on: date | None
    location: RemoteId | None = None
    destination: str | None = None

    def mentions(self) -> Iterator[Ref]:
        return _some(("location", self.location))


@dataclass(frozen=True, slots=True)
class PayoutEntry(Record):
    """One line of a balance: what came in or went out, what the system kept of it, and in which payout it left.

    `type` is one of charge, refund, dispute, fee, adjustment, payout, other. net = gross - fee.
    """

    kind: ClassVar[str] = "payout_entry"
    type: str
    gross: Money
    fee: Money
    net: Money
    at: datetime
    payout: RemoteId | None
    payment: RemoteId | None
    refund: RemoteId | None = None
    description: str | None = None

    def mentions(self) -> Iterator[Ref]:
        return _some(("payout", self.payout), ("payment", self.payment), ("refund", self.refund))


@dataclass(frozen=True, slots=True)
class Dispute(Record):
    """A payment that its payer's bank questions. `status` is one of needs_response, under_review, won, lost, closed."""

    kind: ClassVar[str] = "dispute"
    payment: RemoteId
    status: str
    reason: str
    amount: Money
    opened_at: datetime
    answer_by: datetime | None = None

    def mentions(self) -> Iterator[Ref]:
        return _some(("payment", self.payment))


@dataclass(frozen=True, slots=True)
class Block(Record):
    """Time in which nobody can be booked: a private appointment, a holiday. Without `staff` it is everybody's."""

    kind: ClassVar[str] = "block"
    starts_at: datetime
    ends_at: datetime
    staff: RemoteId | None
    location: RemoteId | None
    title: str
    is_cancelled: bool = False

    def mentions(self) -> Iterator[Ref]:
        return _some(("staff", self.staff), ("location", self.location))


RECORDS: dict[str, type[Record]] = {
    r.kind: r
    for r in (
        Location, StaffMember, Service, Customer, Booking, Block, Payment, Refund, Dispute, Payout, PayoutEntry,
        Campaign, AdDay, Touchpoint,
    )
}  # fmt: skip
"""Every kind of record, by its name."""
