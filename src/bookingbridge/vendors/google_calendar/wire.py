"""What Google Calendar sends, as far as we read it. Unknown fields pass; a known field of another type is unreadable.

Shapes: the published discovery document of calendar v3 (seen November 2026). Of a deleted event only the id is sure to
be there, so nearly everything is optional here and `read` decides what must be there.
"""

from __future__ import annotations

from typing import Any

import msgspec

API_VERSION = "v3"


class Moment(msgspec.Struct, frozen=True, rename="camel"):
    """A day, or a time with its offset; the zone counts only where the offset is missing."""

    date: str | None = None
    date_time: str | None = None
    time_zone: str | None = None


_NAMES = {
    "display_name": "displayName",
    "is_organizer": "organizer",
    "is_self": "self",
    "is_resource": "resource",
    "response_status": "responseStatus",
}


class Organizer(msgspec.Struct, frozen=True, rename=_NAMES):
    email: str | None = None
    is_self: bool = False


class Attendee(msgspec.Struct, frozen=True, rename=_NAMES):
    email: str | None = None
    display_name: str | None = None
    is_organizer: bool = False
    is_self: bool = False
    is_resource: bool = False
    response_status: str | None = None


class Extended(msgspec.Struct, frozen=True):
    private: dict[str, str] = {}


class Event(msgspec.Struct, frozen=True, rename="camel"):
    id: str
    status: str = "confirmed"
    etag: str | None = None
    created: str | None = None
    updated: str | None = None
    sequence: int | None = None
    summary: str | None = None
    description: str | None = None
    start: Moment | None = None
    end: Moment | None = None
    transparency: str = "opaque"
    event_type: str = "default"
    recurring_event_id: str | None = None
    organizer: Organizer | None = None
    attendees: list[Attendee] = []
    extended_properties: Extended = Extended()


class Envelope(msgspec.Struct, frozen=True):
    """Ours: an event, the zone of its calendar, in which its days begin, and what the owner takes events for."""

    event: Event
    time_zone: str
    taken_as: str


class Events(msgspec.Struct, frozen=True, rename="camel"):
    """A page of a list. Either of the tokens is there."""

    items: list[dict[str, Any]] = []
    time_zone: str = "UTC"
    next_page_token: str | None = None
    next_sync_token: str | None = None


class Calendar(msgspec.Struct, frozen=True, rename="camel"):
    id: str
    summary: str = ""
    summary_override: str = ""
    time_zone: str | None = None
    access_role: str = "reader"
    primary: bool = False


class Calendars(msgspec.Struct, frozen=True, rename="camel"):
    items: list[Calendar] = []
    next_page_token: str | None = None


class Channel(msgspec.Struct, frozen=True, rename="camel"):
    """`expiration` is a Unix time in milliseconds, written as text."""

    id: str
    resource_id: str
    expiration: str | None = None


class Reason(msgspec.Struct, frozen=True):
    reason: str = ""
    domain: str = ""


class Fault(msgspec.Struct, frozen=True):
    code: int = 0
    message: str = ""
    errors: list[Reason] = []
    details: list[Reason] = []


class FaultEnvelope(msgspec.Struct, frozen=True):
    error: Fault
