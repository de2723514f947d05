"""A conversation about one Google calendar: which calendars there are, its events, and what is written to it."""

from __future__ import annotations

from collections.abc import AsyncIterator

from bookingbridge.canonical.commands import Command
from bookingbridge.canonical.errors import AuthExpired, NotFound, Refused, Rejected
from bookingbridge.canonical.ids import RemoteId
from bookingbridge.canonical.ports import Ability, Account, Given, Json, Page, RawRecord, Reach, Receipt
from bookingbridge.vendorkit.paging import Trail
from bookingbridge.vendors.google_calendar import wire
from bookingbridge.vendors.google_calendar.api import Api
from bookingbridge.vendors.google_calendar.oauth import SCOPES
from bookingbridge.vendors.google_calendar.options import understood
from bookingbridge.vendors.google_calendar.streams import LOOK_BACK, Events
from bookingbridge.vendors.google_calendar.webhooks import CHANGES
from bookingbridge.vendors.google_calendar.writing import Writing

_MAY_WRITE = frozenset({"owner", "writer", "writerWithoutPrivateAccess"})


class CalendarClient:
    """See canonical.ports.Client and Writer. The transport belongs to who gave it and is not closed here."""

    def __init__(self, given: Given) -> None:
        self._given = given
        self._api = Api(given)
        options = understood(given.settings)
        self._events = Events(self._api, options)
        self._writing = Writing(self._api, self._events, options)

    async def check(self) -> Account:
        """The calendar, or while none is chosen the main one and all that could be.

        AuthExpired where a permission was not given, Rejected where the chosen calendar is out of reach.
        """
        granted = self._given.tokens.scopes
        missing = tuple(s.name for s in SCOPES if granted and s.name not in granted)
        if missing:
            raise AuthExpired("a permission is missing; reconnect and leave all of them ticked", code="missing_scope")
        calendars = await self._calendars()
        choices = tuple((RemoteId(c.id), _title(c)) for c in calendars)
        if not calendars:
            raise Rejected("this sign-in reaches no calendar", code="no_account")
        chosen = self._chosen(calendars)
        about = chosen or next((c for c in calendars if c.primary), calendars[0])
        is_writable = about.access_role in _MAY_WRITE
        why = f"{_title(about)} is shared with this person for reading only"
        return Account(
            remote_id=RemoteId(about.id),
            name=_title(about),
            granted=granted,
            time_zone=about.time_zone,
            choices=choices,
            without=() if is_writable or chosen is None else ((Ability.WRITE_BOOKINGS, why),),
        )

    def pages(self, stream: str, cursor: Json | None, reach: Reach) -> AsyncIterator[Page]:
        if stream != "events":
            raise Refused(f"Google Calendar has no stream {stream!r}")
        return self._events.pages(cursor, reach)

    async def fetch(self, kind: str, remote_id: RemoteId) -> list[RawRecord]:
        """The event as it is now; for `*` whatever changed within the last hour, two thousand events at most."""
        if kind not in ("booking", "block"):
            raise Rejected(f"Google Calendar has no {kind!r}")
        if remote_id == CHANGES:
            return await self._events.changed_lately((self._given.now() - LOOK_BACK).replace(microsecond=0))
        try:
            found = await self._api.event(remote_id)
        except NotFound:
            return []
        raw = self._events.raw(found, await self._api.zone())
        return [raw] if raw else []

    async def send(self, command: Command) -> Receipt:
        return await self._writing.send(command)

    async def find(self, command: Command) -> Receipt | None:
        return await self._writing.find(command)

    async def close(self) -> None:
        """Nothing is held open here."""

    async def _calendars(self) -> list[wire.Calendar]:
        found: list[wire.Calendar] = []
        trail, page = Trail("calendars", most=20), None
        while True:
            listed = await self._api.calendars(page)
            found += [calendar for calendar in listed.items if calendar.id]
            if listed.next_page_token is None:
                return found
            page = trail.step(listed.next_page_token, is_empty=not listed.items)

    def _chosen(self, calendars: list[wire.Calendar]) -> wire.Calendar | None:
        account = self._given.account
        if account is None:
            return calendars[0] if len(calendars) == 1 else None
        chosen = next((c for c in calendars if c.id == account), None)
        if chosen is None:
            why = "the calendar is gone, or no longer shared with the person who signed in"
            raise Rejected(why, code="calendar_gone")
        return chosen


def _title(calendar: wire.Calendar) -> str:
    return calendar.summary_override or calendar.summary or calendar.id
