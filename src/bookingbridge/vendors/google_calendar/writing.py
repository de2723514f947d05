"""Writing to a calendar: appointments are made, moved and cancelled, each command once however often it is sent.

An event's id is made from the command's key, so that Google itself refuses a second one. A change is conditional on
the event's etag and leaves the command's key in the event, so that a repetition sees that it was done.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from hashlib import sha256

from bookingbridge.canonical import times
from bookingbridge.canonical.commands import CancelBooking, Command, CreateBooking, MoveBooking, Person
from bookingbridge.canonical.errors import NotFound, Rejected, Stale
from bookingbridge.canonical.ids import RemoteId
from bookingbridge.canonical.ports import Json, Receipt
from bookingbridge.vendors.google_calendar import read, wire
from bookingbridge.vendors.google_calendar.api import Api
from bookingbridge.vendors.google_calendar.faults import Taken
from bookingbridge.vendors.google_calendar.options import Options
from bookingbridge.vendors.google_calendar.read import converted
from bookingbridge.vendors.google_calendar.streams import Events

COMMANDS: frozenset[type[Command]] = frozenset({CreateBooking, MoveBooking, CancelBooking})


class Writing:
    """See canonical.ports.Writer."""

    def __init__(self, api: Api, events: Events, options: Options) -> None:
        self._api, self._events, self._options = api, events, options

    async def send(self, command: Command) -> Receipt:
        match command:
            case CreateBooking():
                return await self._create(command)
            case MoveBooking():
                return await self._move(command)
            case CancelBooking():
                return await self._cancel(command)
        raise Rejected(f"Google Calendar knows no {command.name}", code="unknown_command")

    async def find(self, command: Command) -> Receipt | None:
        match command:
            case CreateBooking():
                found = await self._found(event_id(command.key))
                return await self._receipt(found) if found and _ours(found).get(read.KEY) == command.key else None
            case MoveBooking():
                found = await self._found(command.booking)
                return await self._receipt(found) if found and _ours(found).get(read.LAST) == command.key else None
            case CancelBooking():
                found = await self._found(command.booking)
                is_gone = found is None or found.get("status") == "cancelled"
                return await self._gone(command.booking, found) if is_gone else None
        return None

    async def _create(self, command: CreateBooking) -> Receipt:
        made = await self.find(command)
        if made is not None:
            return made
        await self._must_be_free(command.starts_at, command.ends_at, besides=None)
        try:
            return await self._receipt(await self._api.insert(_event(command), sendUpdates=self._options.send_updates))
        except Taken as taken:
            made = await self.find(command)
            if made is None:
                raise Rejected("an event that is not ours has this id", code="id_taken") from taken
            return made

    async def _move(self, command: MoveBooking) -> Receipt:
        known = await self._there(command.booking)
        if _ours(known).get(read.LAST) == command.key:
            return await self._receipt(known)
        event = _current(known, command.version)
        if event.status == "cancelled":
            raise Stale("the appointment was cancelled at Google meanwhile", code="cancelled")
        await self._must_be_free(command.starts_at, command.ends_at, besides=command.booking)
        change: Json = {
            "start": _moment(command.starts_at, event.start),
            "end": _moment(command.ends_at, event.end),
            "extendedProperties": {"private": {read.LAST: command.key}},
        }
        updates = self._options.send_updates
        return await self._receipt(await self._api.patch(command.booking, change, etag=event.etag, sendUpdates=updates))

    async def _cancel(self, command: CancelBooking) -> Receipt:
        known = await self._found(command.booking)
        if known is None or known.get("status") == "cancelled":
            return await self._gone(command.booking, known)
        event = _current(known, command.version)
        with suppress(NotFound):  # somebody was quicker: it is gone, which is all that was wanted
            await self._api.delete(command.booking, etag=event.etag, sendUpdates=self._options.send_updates)
        return await self._gone(command.booking, await self._found(command.booking) or known)

    async def _must_be_free(self, starts_at: datetime, ends_at: datetime, *, besides: RemoteId | None) -> None:
        """Rejected (slot_taken) where another event takes this time. Google lets events overlap, so we look first."""
        if self._options.may_overlap:
            return
        page: str | None = None
        while True:
            listed = await self._api.events(
                timeMin=times.text(starts_at), timeMax=times.text(ends_at), showDeleted="false", pageToken=page
            )
            for item in listed.items:
                if item.get("id") != besides and _takes_time(item):
                    raise Rejected("another event takes this time", code="slot_taken")
            page = listed.next_page_token
            if page is None:
                return

    async def _there(self, event_id: str) -> Json:
        found = await self._found(event_id)
        if found is None:
            raise Stale("the appointment is gone at Google", code="gone")
        return found

    async def _found(self, event_id: str) -> Json | None:
        try:
            return await self._api.event(event_id)
        except NotFound:
            return None

    async def _receipt(self, found: Json) -> Receipt:
        event = converted(found, wire.Event)
        raw = self._events.raw(found, await self._api.zone() if _is_all_day(event) else "UTC")
        return Receipt(RemoteId(event.id), read.version_of(event), (raw,) if raw else ())

    async def _gone(self, event_id: RemoteId, known: Json | None) -> Receipt:
        if known is None:
            return Receipt(event_id)
        return await self._receipt(known | {"status": "cancelled"})


def event_id(key: str) -> str:
    """The id of the event that a command makes: base32hex letters only, as Google wants them, the same each time."""
    return "bb" + sha256(key.encode()).hexdigest()


def _event(command: CreateBooking) -> Json:
    person, email = command.person, _email(command.person)
    ours = {read.KEY: command.key, read.LAST: command.key, read.NAME: person.name[:1000]}
    ours |= {read.CLIENT: person.remote_id} if person.remote_id else {}
    ours |= {read.PHONE: person.phone} if person.phone else {}
    ours |= {read.EMAIL: email} if email else {}
    event: Json = {
        "id": event_id(command.key),
        "status": "confirmed",
        "summary": person.name,
        "start": {"dateTime": times.text(command.starts_at)},
        "end": {"dateTime": times.text(command.ends_at)},
        "extendedProperties": {"private": ours},
    }
    if command.note:
        event["description"] = command.note
    if email:
        event["attendees"] = [{"email": email, "displayName": person.name}]
    return event


def _email(person: Person) -> str | None:
    """The e-mail; a client who is known here is known by it."""
    known = person.remote_id or ""
    return person.email or (known if "@" in known else None)


def _current(known: Json, version: int | None) -> wire.Event:
    """The event, if it is still the version that the command names; else Stale."""
    event = converted(known, wire.Event)
    if version is not None and read.version_of(event) != version:
        raise Stale("the appointment was changed at Google meanwhile", code="changed")
    return event


def _moment(at: datetime, before: wire.Moment | None) -> Json:
    moment: Json = {"dateTime": times.text(at)}
    return moment | ({"date": None} if before is not None and before.date is not None else {})


def _takes_time(item: Json) -> bool:
    event = converted(item, wire.Event)
    is_away = event.event_type in read.NO_TIME
    return event.status != "cancelled" and event.transparency != "transparent" and not is_away


def _is_all_day(event: wire.Event) -> bool:
    return event.start is not None and event.start.date_time is None


def _ours(found: Json) -> dict[str, str]:
    return converted(found, wire.Event).extended_properties.private
