"""What we ask to be allowed, and which abilities fall away where part of it, or the paid plan, is missing."""

from __future__ import annotations

from collections.abc import Collection

from bookingbridge.canonical.ports import Ability, Json, Scope

_READING = (
    Scope("MERCHANT_PROFILE_READ", "To know your locations and their time zones."),
    Scope("APPOINTMENTS_READ", "To read bookings."),
    Scope("APPOINTMENTS_ALL_READ", "To read all bookings, not only those that this app made."),
    Scope("APPOINTMENTS_BUSINESS_SETTINGS_READ", "To tell you when online booking is switched off."),
    Scope("CUSTOMERS_READ", "To recognise that a click and a booking are the same person's."),
    Scope("ITEMS_READ", "To know your services and their prices."),
    Scope("EMPLOYEES_READ", "To know who gave the appointment."),
    Scope("PAYMENTS_READ", "To know which bookings were paid, and what was refunded."),
)
_WRITING = (
    Scope("APPOINTMENTS_WRITE", "Only to book, move and cancel appointments when you say so."),
    Scope("APPOINTMENTS_ALL_WRITE", "The same for appointments that were not made here, and as yourself."),
    Scope("CUSTOMERS_WRITE", "Only to add a client who books here and is not in your list yet."),
)
_PAYOUTS = (Scope("PAYOUTS_READ", "To show what reached your bank account, and what Square kept as its fees."),)
NEEDED = tuple(scope.name for scope in _READING)
SCOPES = (*_READING, *_PAYOUTS, *_WRITING)

_OPTIONAL = {Ability.PAYOUTS: _PAYOUTS, Ability.WRITE_BOOKINGS: _WRITING}


def without(granted: Collection[str], profile: Json) -> tuple[tuple[Ability, str], ...]:
    """The abilities this account lacks, each with the reason. `granted` empty: everything is allowed.

    `profile` is the BusinessBookingProfile, {} where it is not known: what is not known is not called absent.
    """
    found = []
    for ability, scopes in _OPTIONAL.items():
        absent = [scope.name for scope in scopes if granted and scope.name not in granted]
        if absent:
            found.append((ability, f"{', '.join(absent)} was not allowed; connect Square again and allow all"))
    # "Whether the seller's subscription supports creating, updating or canceling an appointment" (Bookings API,
    # BusinessBookingProfile.support_seller_level_writes, 2025-08-20).
    if profile.get("support_seller_level_writes") is False and Ability.WRITE_BOOKINGS not in dict(found):
        found.append((Ability.WRITE_BOOKINGS, "Square lets us change bookings only with Appointments Plus or Premium"))
    return tuple(found)
