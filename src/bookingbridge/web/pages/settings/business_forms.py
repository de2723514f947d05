"""The business's own settings as forms: what they ask, and what is said beside each field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from zoneinfo import ZoneInfo

from bookingbridge.canonical.errors import BridgeError
from bookingbridge.domains.accounts.api import NAME_LONGEST, Business, Location
from bookingbridge.web import world
from bookingbridge.web.pages.settings.view import LocationRow
from bookingbridge.web.ui.parts import Choice, Field, Form, Problem, Tag

Given = Mapping[str, str]

MODELS: tuple[tuple[str, str, str], ...] = (
    ("first", "First touch", "What made people aware of you."),
    ("last", "Last touch", "What came right before the booking."),
    ("last_non_direct", "Last touch that was not direct", "As before, but typing your address does not count."),
    ("linear", "All alike", "Every touch gets the same share."),
    ("position", "First and last most", "40 % each; what is between shares the rest."),
    ("time_decay", "The later, the more", "A touch is worth half as much for every 7 days before the booking."),
)
"""Name, label and what it means, in the order of the pages."""

_PLACED = {
    "invalid_name": "name",
    "Unreadable": "time_zone",
    "invalid_currency": "currency",
    "invalid_country": "region",
    "invalid_window": "window_days",
}
"""Which field a refusal is about, by its code."""


def business_form(business: Business, given: Given, wrong: BridgeError | None = None) -> Form:
    """What everything else is counted by."""
    known = {
        "name": business.name,
        "time_zone": business.time_zone,
        "currency": business.currency,
        "region": business.region,
        **given,
    }
    fields = (
        Field("name", "Name", known["name"], autocomplete="organization", error=_error(wrong, "name")),
        Field(
            "time_zone",
            "Time zone",
            known["time_zone"],
            help="Days begin at midnight there.",
            suggestions=world.zones(),
            error=_error(wrong, "time_zone"),
        ),
        Field(
            "currency",
            "Currency",
            known["currency"],
            help="Shown first. What was paid in another stays in it.",
            suggestions=world.CURRENCIES,
            error=_error(wrong, "currency"),
        ),
        Field(
            "region",
            "Country",
            known["region"],
            help="How phone numbers without a country code are read.",
            suggestions=world.COUNTRIES,
            error=_error(wrong, "region"),
        ),
    )
    return Form("/settings/business", fields, "Save", _above(wrong), is_paired=True)


def attribution_form(business: Business, given: Given, wrong: BridgeError | None = None) -> Form:
    """How far back a touch counts, and which model the pages show first."""
    chosen = given.get("model", business.settings.default_model)
    fields = (
        Field(
            "window_days",
            "Window in days",
            given.get("window_days", str(business.settings.window_days)),
            "number",
            inputmode="numeric",
            help="Touches longer before the booking get nothing. From 1 to 365.",
            error=_error(wrong, "window_days"),
        ),
        Field(
            "model",
            "Shown first",
            kind="radio",
            choices=tuple(Choice(name, label, name == chosen, means) for name, label, means in MODELS),
        ),
    )
    return Form("/settings/attribution", fields, "Save", _above(wrong))


def location_row(place: Location, sources: Sequence[str], zone: ZoneInfo) -> LocationRow:
    """A place, who knows it, and the form that changes it."""
    source = Tag(", ".join(sources), "info") if sources else Tag("by hand")
    fields = (
        Field("name", "Name", place.name, key=str(place.id)),
        Field("address", "Address", place.address or "", is_required=False, key=str(place.id)),
        Field(
            "time_zone",
            "Time zone",
            place.time_zone or "",
            help="Empty: the business's.",
            is_required=False,
            key=str(place.id),
        ),
        Field(
            "is_active",
            "Open",
            kind="checkbox",
            is_required=False,
            choices=(Choice("on", "Open", place.is_active),),
            key=str(place.id),
        ),
    )
    note = f"{', '.join(sources)} may change the name and the address again." if sources else ""
    form = Form(f"/settings/locations/{place.id}", fields, "Save", note=note, is_quiet=True)
    name = place.name if place.is_active else f"{place.name} (closed)"
    return LocationRow(name, place.address or "", place.time_zone or zone.key, source, form)


def new_location_form(given: Given, wrong: BridgeError | None = None) -> Form:
    """A place that no booking system tells of."""
    fields = (
        Field("name", "Name", given.get("name", ""), error=_error(wrong, "name")),
        Field("address", "Address", given.get("address", ""), is_required=False),
    )
    return Form("/settings/locations", fields, "Add", _above(wrong), is_paired=True)


def whole(text: str) -> int:
    """The number typed, or one that no setting takes: the domain then says which ones it does."""
    digits = text.strip()
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < NAME_LONGEST else -1


def _error(wrong: BridgeError | None, field: str) -> str:
    return wrong.why if wrong and _PLACED.get(wrong.code) == field else ""


def _above(wrong: BridgeError | None) -> Problem | None:
    return Problem(wrong.why) if wrong and wrong.code not in _PLACED else None
