"""Appointments as several pages name them: who, what, with whom, and what became of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from bookingbridge.canonical.money import Money
from bookingbridge.domains.accounts.api import Permission, Who
from bookingbridge.domains.attribution.api import Conversion
from bookingbridge.domains.bookings.api import Booking
from bookingbridge.domains.catalog import api as catalog
from bookingbridge.domains.catalog.api import Service
from bookingbridge.domains.clients import api as clients
from bookingbridge.domains.clients.api import Client
from bookingbridge.domains.insights.api import Cause as Known
from bookingbridge.domains.journeys import api as journeys
from bookingbridge.domains.team import api as team
from bookingbridge.domains.team.api import StaffMember
from bookingbridge.infra.db import Tx
from bookingbridge.web import format as fmt
from bookingbridge.web.charts.base import hue
from bookingbridge.web.knowing import HOW, NO_TOUCH
from bookingbridge.web.ui.parts import Tag
from bookingbridge.web.ui.rows import Cause

UNKNOWN = Cause("Unknown", "c0")
PENDING = Cause("Counts once paid", "c0")

_STATUS = {
    "pending": Tag("To be confirmed", "warn"),
    "cancelled": Tag("Cancelled", "flat"),
    "declined": Tag("Declined", "flat"),
    "no_show": Tag("No-show", "bad"),
}


@dataclass(frozen=True, slots=True)
class Names:
    """What the ids in appointments stand for. Clients are nameless for who may not see them."""

    clients: Mapping[UUID, Client]
    services: Mapping[UUID, Service]
    staff: Mapping[UUID, StaffMember]
    may_see_clients: bool

    def client(self, client_id: UUID | None) -> str:
        """The client's name; `Walk-in` where the booking names nobody."""
        if client_id is None:
            return "Walk-in"
        found = self.clients.get(client_id)
        if not self.may_see_clients:
            return "A client"
        return found.name if found and found.name else "Nameless client"

    def service(self, booking: Booking) -> str:
        found = self.services.get(booking.service_id) if booking.service_id else None
        return found.name if found else "Appointment"

    def what(self, booking: Booking) -> str:
        """`Skin fade with Marcus Thorne`."""
        found = self.staff.get(booking.staff_id) if booking.staff_id else None
        return f"{self.service(booking)} with {found.name}" if found else self.service(booking)


async def names(tx: Tx, who: Who, client_ids: Iterable[UUID | None]) -> Names:
    """The names that these clients' appointments need."""
    wanted = {c for c in client_ids if c}
    return Names(
        await clients.clients(tx, wanted) if wanted else {},
        await catalog.services(tx),
        await team.staff(tx),
        who.may(Permission.SEE_CLIENTS),
    )


def status(booking: Booking, paid: Conversion | None, now: datetime) -> Tag:
    """What became of it, in a word."""
    if paid is not None:
        return Tag("Paid", "good") if paid.revenue_minor > 0 else Tag("Refunded", "warn")
    if booking.status in _STATUS:
        return _STATUS[booking.status]
    if booking.starts_at > now:
        return Tag("Booked", "info")
    return Tag("Now", "info") if booking.ends_at > now else Tag("Not paid", "warn")


def paid_words(paid: Conversion | None) -> str:
    """What the visit brought in, net of refunds."""
    return fmt.money(Money(paid.revenue_minor, paid.currency)) if paid else fmt.NOTHING


def cause(known: Known | None) -> Cause:
    """The visit's main cause as it is drawn."""
    if known is None:
        return UNKNOWN
    return Cause(journeys.title(known.channel), hue(known.channel), known.campaign)


def unpaid_cause(booking: Booking) -> Cause:
    """What stands where a cause would: it is told of paid visits only."""
    return PENDING if booking.status in ("pending", "confirmed", "completed") else Cause(fmt.NOTHING, "c0")


def how(known: Known | None, paid: Conversion | None) -> str:
    """How the cause is known; why none is."""
    if known is not None:
        return HOW[known.rule]
    return NO_TOUCH if paid else fmt.NOTHING
