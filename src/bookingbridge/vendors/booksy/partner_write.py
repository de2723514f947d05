"""Changing appointments through the partner API: made, moved, cancelled, each at most once.

Booksy knows no idempotency key. Our key travels as `import_uid`, which Booksy gives back with the appointment: before
one is made, and after an answer that did not come, the shop's list of that time says whether it is there already.
"""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from bookingbridge.canonical import times
from bookingbridge.canonical.commands import CancelBooking, Command, CreateBooking, MoveBooking
from bookingbridge.canonical.errors import NotFound, Rejected, Stale, Unreadable
from bookingbridge.canonical.ids import RemoteId
from bookingbridge.canonical.ports import Json, RawRecord, Receipt
from bookingbridge.canonical.records import Booking
from bookingbridge.vendors.booksy.partner import PartnerReader
from bookingbridge.vendors.booksy.read import read

COMMANDS: frozenset[type[Command]] = frozenset({CreateBooking, MoveBooking, CancelBooking})
_OPEN = ("A", "M", "P", "W")
_CANCELLED = "C"


class PartnerWriter:
    """See canonical.ports.Writer."""

    def __init__(self, reader: PartnerReader, zone: str) -> None:
        self._reader = reader
        self._zone = zone

    async def send(self, command: Command) -> Receipt:
        match command:
            case CreateBooking():
                return await self.find(command) or await self._create(command)
            case MoveBooking():
                return await self._move(command)
            case CancelBooking():
                return await self._cancel(command)
        raise Rejected(f"Booksy cannot {command.name}")

    async def find(self, command: Command) -> Receipt | None:
        """What the command brought about: an appointment with our key, or one that is as it was to become."""
        match command:
            case CreateBooking():
                rows = await self._reader.appointments(command.starts_at, command.ends_at)
                return next((_receipt(row) for row in rows if row.get("import_uid") == command.key), None)
            case MoveBooking():
                row = await self._appointment(command.booking)
                return _receipt(row) if _is_at(row, command) else None
            case CancelBooking():
                row = await self._appointment(command.booking)
                return _receipt(row) if row.get("status") == _CANCELLED else None
        return None

    async def _create(self, command: CreateBooking) -> Receipt:
        zone = times.zone(self._zone) if self._zone else None
        if zone is None:
            raise Rejected("set the shop's time zone first: Booksy takes local times", code="no_time_zone")
        line = {
            "service_variant_id": _number(command.service, "service"),
            "staffer_id": _number(command.staff, "staff") if command.staff else None,
        }
        known = command.person.remote_id
        when = _span(command.starts_at, command.ends_at, zone)
        body: Json = {
            **when,
            "booked_for_id": int(known) if known and known.isdigit() else None,
            "customer_name": command.person.name,
            "customer_phone": command.person.phone or "",
            "customer_email": command.person.email or "",
            "business_note": command.note,
            "import_uid": command.key,
            "subbookings": [{**line, **when}],
        }
        return _receipt(await self._reader.api.send("POST", f"{self._reader.root}/appointment/", body))

    async def _move(self, command: MoveBooking) -> Receipt:
        row = await self._appointment(command.booking)
        if _is_at(row, command):
            return _receipt(row)
        lines = row.get("subbookings")
        if row.get("status") not in _OPEN:
            raise Stale("the appointment is over or cancelled at Booksy", code="not_open")
        if not isinstance(lines, list) or len(lines) != 1 or not isinstance(lines[0], dict):
            raise Rejected("an appointment of several services is moved at Booksy itself", code="repeating")
        zone = times.zone(str(row.get("business_timezone")))
        when = _span(command.starts_at, command.ends_at, zone)
        line = {**lines[0], **when}
        if command.staff:
            line["staffer_id"] = _number(command.staff, "staff")
        changed = {**row, **when, "subbookings": [line]}
        return _receipt(await self._reader.api.send("PUT", self._path(command.booking), changed))

    async def _cancel(self, command: CancelBooking) -> Receipt:
        row = await self._appointment(command.booking)
        if row.get("status") == _CANCELLED:
            return _receipt(row)
        if row.get("status") not in _OPEN:
            raise Stale("the appointment is over at Booksy", code="not_open")
        answered = await self._reader.api.send("PATCH", self._path(command.booking) + "status/cancel/", {})
        # What this call answers is not captured: where it is not the appointment, the appointment is asked for.
        return _receipt(answered if answered.get("id") else await self._appointment(command.booking))

    async def _appointment(self, booking: RemoteId) -> Json:
        _number(booking, "booking")
        try:
            found = await self._reader.api.get(self._path(booking))
        except NotFound as gone:
            raise Stale("Booksy no longer has this appointment", code="gone") from gone
        if not isinstance(found, dict):
            raise Unreadable("not an appointment", where="body")
        return found

    def _path(self, booking: RemoteId) -> str:
        return f"{self._reader.root}/appointment/{booking}/"


def _receipt(row: Json) -> Receipt:
    remote_id = row.get("id") if isinstance(row, dict) else None
    if not isinstance(remote_id, int) or isinstance(remote_id, bool) or remote_id < 1:
        raise Unreadable("Booksy's answer names no appointment", where="id")
    return Receipt(RemoteId(str(remote_id)), records=(RawRecord("booking", RemoteId(str(remote_id)), row),))


def _is_at(row: Json, command: MoveBooking) -> bool:
    now = next((r for r in read("booking", row) if isinstance(r, Booking)), None)
    if now is None or (now.starts_at, now.ends_at) != (command.starts_at, command.ends_at):
        return False
    return command.staff is None or now.staff == command.staff


def _span(starts: datetime, ends: datetime, zone: ZoneInfo) -> Json:
    return {"booked_from": _local(starts, zone), "booked_till": _local(ends, zone)}


def _local(at: datetime, zone: ZoneInfo) -> str:
    """The shop's wall clock. Rejected in the hour that comes twice: Booksy could take it for the other one."""
    there = at.astimezone(zone)
    if there.replace(fold=0).utcoffset() != there.replace(fold=1).utcoffset():
        raise Rejected("that hour comes twice on the shop's clock; choose another", code="ambiguous_time")
    return there.strftime("%Y-%m-%dT%H:%M")


def _number(remote_id: RemoteId | None, what: str) -> int:
    if remote_id is None or not remote_id.isascii() or not remote_id.isdigit() or len(remote_id) > 18:
        raise Rejected(f"Booksy needs to know which {what}", code=f"no_{what}")
    return int(remote_id)
