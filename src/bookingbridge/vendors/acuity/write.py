"""Appointments made, moved and cancelled at Acuity, which knows neither idempotency keys nor versions.

So every command looks first: what is there already is not done again, and what is no longer as the command takes it to
be is Stale. What remains is the moment between our look and our change, which Acuity gives no means to close.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from bookingbridge.canonical import times
from bookingbridge.canonical.commands import CancelBooking, Command, CreateBooking, MoveBooking, Person
from bookingbridge.canonical.errors import Ambiguous, BridgeError, NotFound, Rejected, Stale, Unreadable
from bookingbridge.canonical.ids import RemoteId
from bookingbridge.canonical.ports import Json, Receipt
from bookingbridge.canonical.records import Booking, BookingStatus
from bookingbridge.vendors.acuity import kept
from bookingbridge.vendors.acuity.answers import SLOT_TAKEN, an_object
from bookingbridge.vendors.acuity.api import Api, id_of_client, in_path
from bookingbridge.vendors.acuity.people import client_id, split_name
from bookingbridge.vendors.acuity.read import read
from bookingbridge.vendors.acuity.streams import APPOINTMENTS
from bookingbridge.vendors.acuity.wire import CAP

log = structlog.get_logger("vendors.acuity")

_OVER = (BookingStatus.CANCELLED, BookingStatus.NO_SHOW)
_DAY = timedelta(days=1)

# Rules for clients that do not bind the business, which asks here: forms to fill in, hours before which to change.
_FOR_CLIENTS = frozenset(
    {"required_field", "invalid_fields", "required_phone", "required_email", "reschedule_not_allowed",
     "reschedule_too_close", "cancel_not_allowed", "cancel_too_close"}
)  # fmt: skip


class Writing:
    """See canonical.ports.Writer."""

    def __init__(self, api: Api) -> None:
        self._api = api

    async def send(self, command: Command) -> Receipt:
        match command:
            case CreateBooking():
                return await self.find(command) or await self._create(command)
            case MoveBooking():
                return await self._move(command)
            case CancelBooking():
                return await self._cancel(command)
        raise Rejected(f"Acuity cannot {command.name.replace('_', ' ')}")

    async def find(self, command: Command) -> Receipt | None:
        match command:
            case CreateBooking():
                return await self._made(command)
            case MoveBooking():
                found, as_read = await self._read(command.booking)
                return await self._receipt(found) if _is_moved(command, as_read) else None
            case CancelBooking():
                found, as_read = await self._read(command.booking)
                return await self._receipt(found) if as_read.status in _OVER else None
        raise Rejected(f"Acuity cannot {command.name.replace('_', ' ')}")

    async def _made(self, command: CreateBooking) -> Receipt | None:
        """The appointment of that person, time and type, if there is one that takes place."""
        person = await self._person(command.person)
        day = command.starts_at.astimezone(await self._api.zone()).date()
        rows = await self._api.rows(
            APPOINTMENTS, "appointments", minDate=(day - _DAY).isoformat(), maxDate=(day + _DAY).isoformat(), max=CAP,
            appointmentTypeID=_whole_number(command.service, "appointment type"),
            firstName=person["firstName"], lastName=person["lastName"],
        )  # fmt: skip
        if len(rows) >= CAP:
            raise Unreadable("Acuity shows too many appointments of one name to tell them apart")
        for row in rows:
            as_read = await self._as_read(row)
            if id_of_client(row) == id_of_client(person) and _is_made(command, as_read):
                return await self._receipt(row)
        return None

    async def _create(self, command: CreateBooking) -> Receipt:
        await self._check_length(command)
        body: Json = {
            "datetime": await self._local(command.starts_at),
            "appointmentTypeID": _whole_number(command.service, "appointment type"),
            **await self._person(command.person),
        }
        if command.staff:
            body["calendarID"] = _whole_number(command.staff, "calendar")
        made = await self._book(body)
        if command.note:
            made = await self._noted(made, command.note)
        return await self._receipt(made)

    async def _book(self, body: Json) -> Json:
        """As a client would, so that Acuity itself keeps the time from being given twice; else as the business."""
        what = "the appointment"
        if not body["email"]:
            if "calendarID" not in body:
                raise Rejected("Acuity wants an e-mail address, or a calendar to book in", code="email_needed")
        else:
            try:
                return an_object(await self._api.write("POST", APPOINTMENTS, what, body), what)
            except Rejected as refused:
                if refused.code not in _FOR_CLIENTS or "calendarID" not in body:
                    raise
        await self._check_time(body)
        return an_object(await self._api.write("POST", APPOINTMENTS, what, body, admin="true"), what)

    async def _check_time(self, body: Json) -> None:
        """The time is free. The business may book any time, so Acuity would not refuse one that is taken."""
        asked = {name: body[name] for name in ("datetime", "appointmentTypeID", "calendarID")}
        answer = (await self._api.write("POST", "/availability/check-times", "the time", [asked])).json()
        said = answer[0] if isinstance(answer, list) and answer else answer
        if not isinstance(said, dict) or said.get("valid") is not True:
            raise Rejected("that time is taken at Acuity", code=SLOT_TAKEN)

    async def _check_length(self, command: CreateBooking) -> None:
        """The type takes as long as wanted: at Acuity the type alone says how long an appointment is."""
        lengths = {one.remote_id: one for one in [kept.service(t, "USD") for t in await self._api.types()]}
        if command.service not in lengths:
            raise Rejected("Acuity has no such appointment type", code="no_type")
        minutes = lengths[command.service].payload["type"].get("duration")
        wanted = (command.ends_at - command.starts_at) / timedelta(minutes=1)
        if str(minutes) != f"{wanted:g}":
            raise Rejected(
                f"this appointment type takes {minutes} minutes at Acuity, not {wanted:g}", code="length_fixed"
            )

    async def _noted(self, made: Json, note: str) -> Json:
        """The appointment with its note, which only the business may set; without it where that fails."""
        path = f"{APPOINTMENTS}/{in_path(kept.id_of(made))}"
        try:
            return an_object(await self._api.write("PUT", path, "the note", {"notes": note}, admin="true"), "the note")
        except BridgeError as failed:
            log.warning("appointment made without its note", appointment=kept.id_of(made), why=failed.why)
            return made

    async def _move(self, command: MoveBooking) -> Receipt:
        found, before = await self._read(command.booking)
        if before.status in _OVER:
            raise Stale("the appointment was cancelled at Acuity meanwhile", code="cancelled")
        if _is_moved(command, before):
            return await self._receipt(found)
        if before.ends_at - before.starts_at != command.ends_at - command.starts_at:
            raise Stale(
                "the appointment has another length at Acuity, which a move cannot change", code="length_changed"
            )
        body: Json = {"datetime": await self._local(command.starts_at)}
        if command.staff:
            body["calendarID"] = _whole_number(command.staff, "calendar")
        after = await self._reschedule(found, body)
        if not _is_moved(command, await self._as_read(after)):
            raise Ambiguous("Acuity answered with the appointment at another time", code="not_moved")
        return await self._receipt(after)

    async def _reschedule(self, found: Json, body: Json) -> Json:
        path, what = f"{APPOINTMENTS}/{in_path(kept.id_of(found))}/reschedule", "the new time"
        try:
            return an_object(await self._api.write("PUT", path, what, body), what)
        except NotFound as gone:
            raise Stale("the appointment is gone at Acuity", code="gone") from gone
        except Rejected as refused:
            if refused.code not in _FOR_CLIENTS:
                raise
        asked = {"appointmentTypeID": found.get("appointmentTypeID"), "calendarID": found.get("calendarID"), **body}
        await self._check_time(asked)
        return an_object(await self._api.write("PUT", path, what, body, admin="true"), what)

    async def _cancel(self, command: CancelBooking) -> Receipt:
        found, before = await self._read(command.booking)
        if before.status in _OVER:
            return await self._receipt(found)
        path, what = f"{APPOINTMENTS}/{in_path(command.booking)}/cancel", "the cancellation"
        body: Json = {"cancelNote": command.reason[:500]} if command.reason else {}
        try:
            answer = await self._api.write("PUT", path, what, body, admin="true")
        except NotFound as gone:
            raise Stale("the appointment is gone at Acuity", code="gone") from gone
        return await self._receipt(an_object(answer, what))

    async def _read(self, booking: RemoteId) -> tuple[Json, Booking]:
        """The appointment as it is now. Stale where it is gone."""
        try:
            found = await self._api.get(f"{APPOINTMENTS}/{in_path(booking)}", "appointments")
        except NotFound as gone:
            raise Stale("the appointment is gone at Acuity", code="gone") from gone
        return found, await self._as_read(found)

    async def _as_read(self, found: Json) -> Booking:
        (booking,) = read("booking", (await kept.booking(self._api, found)).payload)
        assert isinstance(booking, Booking)
        return booking

    async def _receipt(self, found: Json) -> Receipt:
        raw = await kept.booking(self._api, found)
        return Receipt(raw.remote_id, None, (raw,))

    async def _person(self, person: Person) -> Json:
        """Names, e-mail and phone as Acuity has them where it knows the client, so that the booking becomes theirs."""
        first, last = split_name(person.name)
        said = {"firstName": first, "lastName": last, "email": person.email or "", "phone": person.phone or ""}
        wanted = person.remote_id or client_id(first, last, person.email, person.phone)
        for one in await self._api.clients() if wanted else []:
            if id_of_client(one) == wanted:
                return {name: str(one.get(name) or "") or default for name, default in said.items()}
        return said

    async def _local(self, at: datetime) -> str:
        """In the business's zone and with its offset: without one Acuity would take it as local time."""
        return at.astimezone(await self._api.zone()).strftime("%Y-%m-%dT%H:%M:%S%z")


def _is_made(command: CreateBooking, there: Booking) -> bool:
    is_same = (there.starts_at, there.service) == (times.plausible(command.starts_at), command.service)
    return is_same and there.status not in _OVER and command.staff in (None, there.staff)


def _is_moved(command: MoveBooking, there: Booking) -> bool:
    is_there = there.starts_at == times.plausible(command.starts_at) and there.status not in _OVER
    return is_there and command.staff in (None, there.staff)


def _whole_number(remote_id: RemoteId | None, what: str) -> int:
    try:
        return int(in_path(remote_id or ""))
    except NotFound as absent:
        raise Rejected(f"Acuity needs to know which {what} is meant", code="incomplete") from absent
