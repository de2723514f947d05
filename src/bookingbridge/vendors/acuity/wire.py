"""Acuity's objects as they come over the wire; only what we read. Field names are Acuity's own.

Prices, amounts and lengths are strings in most answers and numbers in some (API v1, object examples, 2026-11).
"""

from __future__ import annotations

import msgspec

Number = str | int | float | None

CAP = 100
"""The most rows one list shows, and there is no second page (GET /appointments, `max`, API v1, 2026-11)."""


class Calendar(msgspec.Struct, frozen=True):
    id: int
    name: str | None = None
    location: str | None = None
    timezone: str | None = None


class Place(msgspec.Struct, frozen=True):
    """A place of ours: the text that one or more calendars give as their location."""

    location: str
    timezone: str | None = None


class AppointmentType(msgspec.Struct, frozen=True):
    id: int
    name: str | None = None
    active: bool | None = None
    deleted: bool | None = None
    duration: Number = None
    price: Number = None


class PricedType(msgspec.Struct, frozen=True):
    """What we keep of a type: beside it the currency, which Acuity's lists do not name."""

    type: AppointmentType
    currency: str


class Client(msgspec.Struct, frozen=True):
    firstName: str | None = None
    lastName: str | None = None
    email: str | None = None
    phone: str | None = None


class FormValue(msgspec.Struct, frozen=True):
    name: str | None = None
    value: str | bool | int | float | None = None


class Form(msgspec.Struct, frozen=True):
    values: list[FormValue] | None = None


class Appointment(msgspec.Struct, frozen=True):
    id: int
    datetime: str
    firstName: str | None = None
    lastName: str | None = None
    email: str | None = None
    phone: str | None = None
    dateCreated: str | None = None
    datetimeCreated: str | None = None
    duration: Number = None
    price: Number = None
    amountPaid: Number = None
    appointmentTypeID: int | None = None
    calendarID: int | None = None
    canceled: bool | None = None
    noShow: bool | None = None
    notes: str | None = None
    forms: list[Form] | None = None


class PlacedAppointment(msgspec.Struct, frozen=True):
    """What we keep of an appointment: beside it the currency, and the location of its calendar."""

    appointment: Appointment
    currency: str
    place: str | None = None


class Payment(msgspec.Struct, frozen=True):
    amount: Number
    created: str
    transactionID: str | None = None
    processor: str | None = None


class PlacedPayment(msgspec.Struct, frozen=True):
    """What we keep of a payment. `number` counts an appointment's payments; without `payment` it is there no more."""

    appointment: Appointment
    number: int
    currency: str
    payment: Payment | None = None
    place: str | None = None


class Block(msgspec.Struct, frozen=True):
    id: int
    start: str
    end: str
    calendarID: int | None = None
    notes: str | None = None
    description: str | None = None
