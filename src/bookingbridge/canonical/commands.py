"""Commands: what shall happen at a vendor. Each is stored before it is sent, and its key stays the same over retries.

References are the vendor's own ids, as the connection knows them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from bookingbridge.canonical.ids import RemoteId
from bookingbridge.canonical.money import Money


@dataclass(frozen=True, slots=True)
class Person:
    """Who a booking is for: by the vendor's id where known, else as they said. Phone in E.164."""

    name: str
    remote_id: RemoteId | None = None
    email: str | None = None
    phone: str | None = None


@dataclass(frozen=True, slots=True)
class Command:
    """What all commands share. `key` makes a repetition harmless; at most 45 letters, digits and hyphens."""

    name: ClassVar[str]
    key: str


@dataclass(frozen=True, slots=True)
class CreateBooking(Command):
    """An appointment shall be there. Times are aware."""

    name: ClassVar[str] = "create_booking"
    starts_at: datetime
    ends_at: datetime
    person: Person
    service: RemoteId | None
    staff: RemoteId | None
    location: RemoteId | None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class MoveBooking(Command):
    """The appointment shall be at another time, perhaps with somebody else. `version` is the one last seen."""

    name: ClassVar[str] = "move_booking"
    booking: RemoteId
    version: int | None
    starts_at: datetime
    ends_at: datetime
    staff: RemoteId | None = None


@dataclass(frozen=True, slots=True)
class CancelBooking(Command):
    """The appointment shall not take place. `version` is the one last seen."""

    name: ClassVar[str] = "cancel_booking"
    booking: RemoteId
    version: int | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RequestPayment(Command):
    """A page shall exist where this amount can be paid; the receipt's `url` leads there.

    `reference` is our own id of what is paid for and comes back with the payment.
    """

    name: ClassVar[str] = "request_payment"
    amount: Money
    title: str
    reference: str
    person: Person
    return_url: str
    expires_at: datetime | None = None


COMMANDS: dict[str, type[Command]] = {c.name: c for c in (CreateBooking, MoveBooking, CancelBooking, RequestPayment)}
"""Every kind of command, by its name."""
