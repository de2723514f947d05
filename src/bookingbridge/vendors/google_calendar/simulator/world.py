"""What a simulated Google Calendar knows: calendars with their events, channels, and who signed in.

The world comes as JSON:

    {"calendars": [{"id": "robin@example.com", "summary": "Salon", "time_zone": "America/Los_Angeles",
                    "role": "owner", "is_primary": true,
                    "events": [{"id": "cut1", "summary": "Haircut", "start": {"dateTime": "2026-11-23T10:00:00-08:00"},
                                "end": {"dateTime": "2026-11-23T11:00:00-08:00"}, "attendees": [...]}]}],
     "tokens": [{"access": "…", "refresh": "…", "scopes": ["…"]}],
     "person": {"name": "Robin Vale", "email": "robin@example.com"},
     "rules": {"page_size": 250, "tells_deleted": true, "channel_seconds": 604800}}

Everybody has a calendar of their own at Google: an empty one is there until the world brings a primary one. Events are
in Google's own words. Loading again adds to it: an event whose id is known is changed as by PATCH (also
`{"id": "cut1", "status": "cancelled"}`), and its calendar's channels tell.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import msgspec

from bookingbridge.canonical import times
from bookingbridge.canonical.errors import Unreadable
from bookingbridge.canonical.ports import Json
from bookingbridge.vendorkit.simulated_google import Consents, Person
from bookingbridge.vendors.google_calendar.oauth import CALENDARS, EVENTS
from bookingbridge.vendors.google_calendar.simulator.answers import Refusal
from bookingbridge.vendors.google_calendar.simulator.events import Calendar


class CalendarGiven(msgspec.Struct):
    id: str
    summary: str = ""
    time_zone: str = "America/Los_Angeles"
    role: str = "owner"
    is_primary: bool = False
    is_gone: bool = False
    events: list[dict[str, Any]] = []


class TokenGiven(msgspec.Struct):
    access: str
    refresh: str = ""
    scopes: tuple[str, ...] = (EVENTS, CALENDARS)


class Rules(msgspec.Struct):
    page_size: int = 2500
    """The most events or calendars on a page, whatever is asked for."""
    tells_deleted: bool = True
    """Whether a deleted event is shown with what it was, or with its id alone."""
    channel_seconds: int = 7 * 86_400


class WorldGiven(msgspec.Struct):
    calendars: list[CalendarGiven] = []
    tokens: list[TokenGiven] = []
    person: Person | None = None
    rules: Rules | None = None


@dataclass(slots=True)
class Channel:
    """Who is told of a calendar's changes."""

    id: str
    calendar: str
    resource: str
    address: str
    token: str
    expires_at: datetime
    told: int = 0


@dataclass(slots=True)
class World(Consents):
    """The state. Times are the simulator's own."""

    rules: Rules = field(default_factory=Rules)
    calendars: dict[str, Calendar] = field(default_factory=dict)
    channels: dict[str, Channel] = field(default_factory=dict)
    channels_ever: set[str] = field(default_factory=set)
    era: int = 0
    """Tokens of an earlier era have run out."""
    refusals: list[Refusal] = field(default_factory=list)
    """What the next requests are answered with."""

    def __post_init__(self) -> None:
        own = self.person.email
        self.calendars[own] = Calendar(own, own, "America/Los_Angeles", "owner", is_primary=True)

    def load(self, given: Mapping[str, Any], now: datetime, changed: Callable[[Calendar], None]) -> dict[str, int]:
        """What `given` describes is there too; how many of each it named. Unreadable when it is not understood."""
        world = shaped(given, WorldGiven)
        for one in world.calendars:
            times.zone(one.time_zone)
        self.person = world.person or self.person
        self.rules = world.rules or self.rules
        for token in world.tokens:
            self.know(token.access, token.refresh, set(token.scopes))
        for one in world.calendars:
            self._add(one, now, changed)
        events = sum(len(c.events) for c in world.calendars)
        return {"calendars": len(world.calendars), "events": events, "tokens": len(world.tokens)}

    def _add(self, given: CalendarGiven, now: datetime, changed: Callable[[Calendar], None]) -> None:
        if given.is_gone:
            self.calendars.pop(given.id, None)
            return
        if given.is_primary:
            self.calendars = {i: c for i, c in self.calendars.items() if not c.is_primary or c.events}
        calendar = self.calendars.get(given.id)
        if calendar is None:
            calendar = Calendar(given.id, given.summary, given.time_zone, given.role, given.is_primary)
            self.calendars[given.id] = calendar
        try:
            for body in given.events:
                calendar.put(body, by=self.person.email, now=now)
        except Refusal as refused:
            raise Unreadable(refused.message) from refused
        if given.events:
            changed(calendar)


def shaped(given: Mapping[str, Any] | Json, shape: type[Any]) -> Any:
    """`given` in that shape. Unreadable, naming the field, otherwise."""
    try:
        return msgspec.convert(given, shape, strict=False)
    except (msgspec.ValidationError, RecursionError) as broken:
        raise Unreadable(str(broken)[:300]) from broken


def channel_end(asked: str | None, now: datetime, rules: Rules) -> datetime:
    """When a channel ends: as asked, but no later than the rules allow."""
    latest = now + timedelta(seconds=rules.channel_seconds)
    try:
        wanted = datetime.fromtimestamp(int(asked or "") / 1000, now.tzinfo)
    except (ValueError, OverflowError, OSError):
        return latest
    return min(wanted, latest)
