"""What Trafft sends, as far as we read it. Unknown fields pass; a known field of another type is unreadable.

Trafft's own reference could not be read by us (November 2026). These shapes are what at least two independent readers
of it describe (API v2, read 2026-07 to 2026-11); where they are silent, a field is optional and `read` says what
must be there. Lists come as {data: [...], pagination: {total, page, limit, pages}}.
"""

from __future__ import annotations

import msgspec

API_VERSION = "v2"

Id = int | str
"""Numbers in every example; text is taken too."""


class Location(msgspec.Struct, frozen=True):
    id: Id
    name: str | None = None
    address: str | None = None
    timezone: str | None = None


class Employee(msgspec.Struct, frozen=True):
    id: Id
    first_name: str | None = None
    last_name: str | None = None


class Service(msgspec.Struct, frozen=True):
    id: Id
    name: str | None = None
    price: int | float | str | None = None
    """Major units; the currency is not said."""
    duration: int | float | None = None
    """Minutes or seconds: the unit is not documented."""


class OfferedService(msgspec.Struct, frozen=True):
    """Our envelope: a service with what Trafft does not say about it."""

    service: Service
    currency: str | None = None
    duration_unit: str | None = None
    """"minutes" or "seconds" where appointments of this account prove it."""


class Customer(msgspec.Struct, frozen=True):
    id: Id
    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None
    phone_country_code: str | None = None
    phone_number: str | None = None


class Named(msgspec.Struct, frozen=True):
    """A mention of something else; an empty object where there is none."""

    id: Id | None = None
    name: str | None = None


class Participant(msgspec.Struct, frozen=True):
    id: Id | None = None
    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None


class Booking(msgspec.Struct, frozen=True):
    """One client's place in an appointment."""

    id: Id
    status: str | int | None = None
    customer: Participant | None = None


class Appointment(msgspec.Struct, frozen=True):
    """A time with an employee; group services have several bookings in it."""

    id: Id
    status: str | int | None = None
    start_date_time: str | None = None
    end_date_time: str | None = None
    created_at: str | None = None
    note: str | None = None
    service: Named | None = None
    location: Named | None = None
    employees: list[Participant] | None = None


class Place(msgspec.Struct, frozen=True):
    """Our envelope: one booking with the appointment it is in, and the account's time zone."""

    appointment: Appointment
    booking: Booking | None = None
    time_zone: str | None = None


class Token(msgspec.Struct, frozen=True):
    access_token: str
    expires_in: int


class WebhookBody(msgspec.Struct, frozen=True, rename="camel"):
    """What a webhook is said to carry, as far as it helps to find the thing. Never applied."""

    appointment_status: str | int | None = None
    appointment_start_date_time: str | int | None = None
    service_name: str | None = None
    customer_email: str | None = None
    customer_full_name: str | None = None
